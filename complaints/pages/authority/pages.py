"""The list of the authority's step pages: address, step, form, and what the step is built with.

The one rule: a new page is a line here; how a page is shown and taken is the business of
authority_steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority, Officer
from complaints.acceptance import delegating, termination
from complaints.acceptance.publication import SHOWN, state_of
from complaints.desks.authority_setting import Data, Payload, Setting, StepPage
from complaints.forms.contact_access_form import LookForm
from complaints.forms.decision_form import DecisionForm
from complaints.forms.fields import StepForm
from complaints.forms.supervision_forms import OverdueForm, TakeUpForm, UrgeForm
from complaints.handling.steps.documents import DRAWN_UP
from complaints.handling.transition.platform_numbers import expected
from complaints.handling.transition.saying import LONGEST
from complaints.pages.authority.documents.document_forms import DrawUpForm
from complaints.pages.authority.forms import (
    AppraisalForm,
    BodyForm,
    CallForm,
    ContactForm,
    MinutesForm,
    OfficerForm,
    PartyGoneForm,
    PlainForm,
    PowerForm,
    PublicationForm,
    RecusalForm,
    RedirectForm,
    ReopenForm,
    SaidForm,
    ServeForm,
    SessionForm,
    TerminationForm,
)
from complaints.pages.authority.platform.platform_forms import PlatformNumberForm
from complaints.pages.authority.review import review_building
from complaints.pages.authority.triage.targets import because_of, first_of, ranking
from complaints.pages.authority.triage.triage_forms import AuthorityForm
from complaints.parties import recusals
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from complaints.reading.case_people import by_name
from complaints.reading.mediation_facts import mediation_clock

Build = Callable[[Setting, Data], StepForm]


def said(*names: str) -> Callable[[StepForm], Payload]:
    """The named fields as they were typed; days as ISO text, so that a proposal can keep them."""

    def payload(form: StepForm) -> Payload:
        values = {name: form.cleaned_data[name] for name in names}
        return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}

    return payload


def text_page(
    slug: str,
    step: str,
    label: Any,
    effect: Any,
    *,
    hint: Any = "",
    is_danger: bool = False,
    name: str = "text",
    longest: int = LONGEST,
) -> StepPage:
    """A step that is one text; ``name`` is what the verb calls it."""
    return StepPage(
        slug=slug,
        steps=(step,),
        effect=effect,
        is_danger=is_danger,
        form=lambda setting, data: SaidForm(data, label=label, hint=hint, longest=longest),
        payload=lambda form: {name: form.cleaned_data["text"]},
    )


def plain(kind: type[StepForm]) -> Build:
    return lambda setting, data: kind(data)


def _officers(setting: Setting) -> list[Officer]:
    return by_name(
        Officer.objects.on(setting.desk.today)
        .select_related("user")
        .filter(
            authority_id=setting.found.complaint.handling_authority_id,
            user__is_active=True,
            role__in=[Officer.Role.HANDLER, Officer.Role.APPROVER],
        )
        .exclude(user__in=recusals.recused(setting.found.complaint))
        .order_by("pk")
    )


def _body_form(setting: Setting, data: Data) -> StepForm:
    case = setting.found.complaint
    rows = list(delegating.bodies_for(case, on=setting.desk.today))
    return BodyForm(data, bodies=[row for row in rows if not delegating.why_not(case, row)])


def _termination_form(setting: Setting, data: Data) -> StepForm:
    clock = mediation_clock(setting.found.complaint)
    live = clock if clock is not None and clock.ended_at is None else None
    return TerminationForm(
        data,
        grounds=list(
            termination.grounds(
                setting.found.complaint, matters=list(setting.around.matters.values()), sixty=live, now=setting.desk.now
            ).values()
        ),
    )


def _officer_form(setting: Setting, data: Data) -> StepForm:
    people, actor = _officers(setting), setting.found.actor
    offices = {p.pk for p in people if actor is not None and p.user_id == actor.user_id}
    return OfficerForm(data, people=people, chosen=setting.found.complaint.officer_id or min(offices, default=None))


def _authority_form(setting: Setting, data: Data) -> StepForm:
    actor, case = setting.found.actor, setting.found.complaint
    first, last = actor.region if actor is not None and actor.region else (0, 0)
    rows = [
        a
        for a in Jurisdiction.load().authorities
        if first <= a.region_id <= last and (a.has_power or a.level == Authority.Level.OFFICE)
    ]
    rows.sort(key=lambda a: (not a.region.covers(case.handling_region_id), a.region_id))
    asked = setting.query.get("authority", "")
    chosen = next((a.pk for a in rows if str(a.pk) == asked), None) or next(
        (a.pk for a in rows if a.region.covers(case.handling_region_id) and a.has_power), None
    )
    ranked = ranking(case, setting.desk, conditions=Conditions.at(setting.desk.now))
    return AuthorityForm(data, authorities=rows, chosen=chosen, first=first_of(ranked))


def _designation_form(setting: Setting, data: Data) -> StepForm:
    actor, case = setting.found.actor, setting.found.complaint
    first, last = actor.region if actor is not None and actor.region else (0, 0)
    rows = [
        row
        for row in Jurisdiction.load().authorities
        if row.has_power
        and first <= row.region_id <= last
        and row.pk != (actor.authority_id if actor is not None else None)
    ]
    rows.sort(key=lambda row: (not row.region.covers(case.handling_region_id), row.region_id))
    form = AuthorityForm(data, authorities=rows)
    form.fields["text"].required = True
    form.fields["text"].label = _("为什么指定这个机关")
    return form


def _assigned(form: StepForm) -> Payload:
    said = form.cleaned_data
    payload = {"authority_id": int(said["authority"]), "text": said["text"]}
    first = form.first if isinstance(form, AuthorityForm) else ""
    if first:
        chosen = f"a{said['authority']}"
        payload["because"] = because_of(chosen, first, note=said["note"], why=said["why"])
    return payload


def _take_up_form(setting: Setting, data: Data) -> StepForm:
    """Below whoever takes it up: authorities of the place of the case, and their neighbours."""
    actor, case = setting.found.actor, setting.found.complaint
    own, jurisdiction = (actor.authority_id if actor is not None else None) or 0, Jurisdiction.load()
    below = jurisdiction.below(own)
    rows = [a for a in jurisdiction.authorities if a.has_power and a.pk in below]
    near = {a.parent_id for a in rows if a.region.covers(case.handling_region_id)}
    rows = [a for a in rows if a.parent_id in near and a.pk != case.handling_authority_id]
    rows.sort(key=lambda a: (not a.region.covers(case.handling_region_id), a.region_id))
    return TakeUpForm(data, authorities=rows, may_keep=case.handling_authority_id != own)


def _taken_up(form: StepForm) -> Payload:
    chosen = form.cleaned_data["authority"]
    return {"text": form.cleaned_data["text"], "authority_id": int(chosen) if chosen else None}


def _decided(grant: str, refuse: str) -> Callable[[StepForm], str]:
    return lambda form: grant if form.cleaned_data.get("decision") == "grant" else refuse


def _return_decision(form: StepForm) -> Payload:
    return {} if form.cleaned_data["decision"] == "grant" else {"text": form.cleaned_data["text"]}


def _session(form: StepForm) -> Payload:
    return {name: form.cleaned_data[name] for name in ("at", "place", "mode")}


def _minutes(form: StepForm) -> Payload:
    files = form.digests if isinstance(form, MinutesForm) else ()
    return {"minutes": form.cleaned_data["minutes"], "present": list(form.cleaned_data["present"]), "files": files}


def _served(form: StepForm) -> Payload:
    given = form.cleaned_data
    return {
        "document": given["document"],
        "channel": given["channel"],
        "is_served": given["arrived"] == "yes",
        "text": given["text"],
    }


def _drawn_up(form: StepForm) -> Payload:
    return {"form": int(form.cleaned_data["form"]), "text": form.cleaned_data["text"]}


def _objection(form: StepForm) -> Payload:
    return {"upheld": form.cleaned_data["decision"] == "grant", "text": form.cleaned_data["text"]}


def _power(form: StepForm) -> Payload:
    said = form.cleaned_data
    if said["decision"] == "refuse":
        return {"text": said["text"]}
    return {
        "seen": said["seen"],
        "may_settle": said["may_settle"] == "yes",
        "valid_until": said["valid_until"].isoformat(),
        "text": said["text"],
    }


def _platform(form: StepForm) -> Payload:
    given = form.cleaned_data
    return {
        "platform_number": given["platform_number"],
        "received_at": given["received_at"],
        "state": given["state"],
        "text": given.get("text", ""),
    }


_ALL = (
    # --- triage ---------------------------------------------------------------------------
    StepPage(
        slug="authority",
        steps=("assign_authority",),
        form=_authority_form,
        effect=gettext_lazy("交给有处理权限的机关，审查期限7个工作日。"),
        payload=_assigned,
    ),
    StepPage(
        slug="redirect",
        steps=("redirect",),
        form=plain(RedirectForm),
        is_danger=True,
        effect=gettext_lazy("只用于不是消费者投诉的事项。案件就此办结，消费者会收到告知。"),
        payload=said("matter", "body", "text"),
    ),
    # --- review ---------------------------------------------------------------------------
    StepPage(
        slug="assign-officer",
        steps=("assign_officer",),
        form=_officer_form,
        effect=gettext_lazy("责任到人；期限不停。"),
        payload=lambda form: {"officer_id": int(form.cleaned_data["officer"])},
    ),
    text_page(
        "return",
        "return_to_intake",
        gettext_lazy("为什么本机关没有处理权限"),
        gettext_lazy("退回分送机构，不能直接转给其他单位。第二次退回由共同的上级决定。"),
        is_danger=True,
    ),
    StepPage(
        slug="material",
        steps=("request_material",),
        form=review_building.material_form,
        effect=gettext_lazy("消费者会收到通知。审查期限不停。"),
        payload=said("what", "last_day", "is_identity"),
    ),
    StepPage(
        slug="accept",
        steps=("accept",),
        form=plain(PlainForm),
        payload=lambda form: {},
        effect=gettext_lazy("受理后60日内调解结束。双方都会收到受理决定。"),
    ),
    StepPage(
        slug="refuse",
        steps=("refuse",),
        form=review_building.refusal_form,
        is_danger=True,
        template="authority/refuse.html",
        payload=review_building.refusal_payload,
        effect=gettext_lazy("案件就此办结。决定书写明情形、事实和五条途径。"),
    ),
    text_page(
        "jurisdiction",
        "dispute_jurisdiction",
        gettext_lazy("为什么管辖有争议"),
        gettext_lazy("7个工作日内协商；协商不成，由共同的上级指定。"),
    ),
    StepPage(
        slug="designate",
        steps=("designate_authority",),
        form=_designation_form,
        is_danger=True,
        effect=gettext_lazy("由共同的上级指定；审查期限从指定时起重新计算。双方会收到通知。"),
        payload=lambda form: {"authority_id": int(form.cleaned_data["authority"]), "text": form.cleaned_data["text"]},
    ),
    # --- mediation ------------------------------------------------------------------------
    StepPage(
        slug="session",
        steps=("schedule_session",),
        payload=_session,
        form=lambda setting, data: SessionForm(data, now=setting.desk.now),
        effect=gettext_lazy("双方都会收到调解通知。"),
    ),
    StepPage(
        slug="session-record",
        steps=("record_session",),
        form=plain(MinutesForm),
        payload=_minutes,
        effect=gettext_lazy("写进案件记录。"),
    ),
    StepPage(
        slug="recusal",
        steps=("decide_recusal",),
        payload=said("decision", "text"),
        form=lambda setting, data: RecusalForm(data, may_suspend=setting.found.complaint.status == Status.MEDIATING),
        effect=gettext_lazy("由另一名人员决定。中止只停调解，60日照常计算。"),
    ),
    StepPage(
        slug="appraisal",
        steps=("order_appraisal",),
        payload=said("laboratory", "until", "cost_borne_by"),
        form=lambda setting, data: AppraisalForm(data, today=setting.desk.today),
        effect=gettext_lazy("调解中止，60日暂停计算，到鉴定、检测结束为止。"),
    ),
    text_page(
        "appraisal-end",
        "end_appraisal",
        gettext_lazy("鉴定、检测的结果"),
        gettext_lazy("60日按剩下的天数继续计算。"),
        name="result",
    ),
    StepPage(
        slug="delegate",
        steps=("delegate_mediation",),
        form=_body_form,
        effect=gettext_lazy("以本机关的名义调解，60日照常计算；受委托的组织不能再委托。双方会收到通知，随时可以收回。"),
        payload=lambda form: {"body_id": int(form.cleaned_data["body_id"])},
    ),
    text_page("delegate-end", "recall_mediation", gettext_lazy("为什么收回"), gettext_lazy("由本机关继续调解。")),
    StepPage(
        slug="terminate",
        steps=("terminate",),
        form=_termination_form,
        is_danger=True,
        template="authority/terminate.html",
        payload=said("ground", "facts"),
        effect=gettext_lazy("案件就此办结，7个工作日内告知双方。"),
    ),
    # --- supervision ----------------------------------------------------------------------
    text_page(
        "recall",
        "recall",
        gettext_lazy("为什么收回"),
        gettext_lazy("案件离开企业，转入受理审查。双方会收到通知。"),
        is_danger=True,
    ),
    StepPage(
        slug="urge",
        steps=("urge",),
        payload=said("text", "last_day"),
        form=lambda setting, data: UrgeForm(data, today=setting.desk.today),
        effect=gettext_lazy("对方须在期限内答复；不改变案件的其他期限。"),
    ),
    StepPage(
        slug="take-up",
        steps=("take_up",),
        form=_take_up_form,
        payload=_taken_up,
        is_danger=True,
        effect=gettext_lazy("案件改由本机关办理，或者由本机关指定的下级机关办理。"),
    ),
    StepPage(
        slug="overdue",
        steps=("explain_overdue",),
        form=plain(OverdueForm),
        payload=said("reason", "text"),
        effect=gettext_lazy("只写进监管部门自己的记录，每项逾期说明一次。期限不因此延长。"),
    ),
    text_page("answer", "answer_instruction", gettext_lazy("答复"), gettext_lazy("答复上级的督办或者企业的咨询。")),
    StepPage(
        slug="return-decision",
        steps=("grant_return", "refuse_return"),
        payload=_return_decision,
        decides=gettext_lazy("决定退回申请"),
        choose=_decided("grant_return", "refuse_return"),
        form=lambda setting, data: DecisionForm(
            data, grant=_("同意退回，重新分送"), refuse=_("不同意，由这家企业继续办理")
        ),
        effect=gettext_lazy("企业在受理后申请退回。协商期限没有停。"),
    ),
    StepPage(
        slug="extension",
        steps=("grant_extension", "refuse_extension"),
        payload=said("text"),
        template="authority/extension.html",
        decides=gettext_lazy("决定延期申请"),
        choose=_decided("grant_extension", "refuse_extension"),
        form=lambda setting, data: DecisionForm(data, grant=_("准予延期"), refuse=_("不予延期")),
        effect=gettext_lazy("只有消费者同意了才能准予延期。"),
    ),
    StepPage(
        slug="reveal",
        steps=("reveal_contact",),
        payload=said("reason", "text"),
        form=lambda setting, data: LookForm(data, chosen=setting.query.get("reason", "")),
        effect=gettext_lazy(
            "完整的姓名、电话和地址只显示一段时间。谁、何时、为什么查看，都写进案件记录，消费者看得到。"
        ),
    ),
    # --- what else ------------------------------------------------------------------------
    StepPage(
        slug="serve",
        steps=("serve_notice",),
        form=plain(ServeForm),
        payload=_served,
        effect=gettext_lazy("没有送到的，换下一种方式再送。有文号的文书在它自己的页面上记录送达。"),
    ),
    StepPage(
        slug="draw-up",
        steps=("draw_up_document",),
        payload=_drawn_up,
        form=lambda setting, data: DrawUpForm(data, forms=DRAWN_UP),
        effect=gettext_lazy("多数文书由办理步骤自动制作；这里制作没有对应步骤的。"),
    ),
    StepPage(
        slug="verify",
        steps=("verify_contact",),
        form=plain(CallForm),
        payload=said("result"),
        effect=gettext_lazy("先在案件页查看联系电话，再打过去核实。核实后，这件投诉按本人提交办理。"),
    ),
    StepPage(
        slug="contact",
        steps=("change_contact",),
        form=plain(ContactForm),
        payload=said("how", "proof", "phone", "email", "address"),
        effect=gettext_lazy("先拨打登记的电话或者当面核对本人。改动写进记录，原来的号码会收到通知。"),
    ),
    text_page(
        "write-down",
        "write_down_statement",
        gettext_lazy("消费者说了什么"),
        gettext_lazy("听录音，照原话写下来。消费者会收到通知，写得不对可以更正。"),
    ),
    StepPage(
        slug="power",
        steps=("confirm_power", "refuse_power"),
        payload=_power,
        decides=gettext_lazy("核验委托书"),
        choose=_decided("confirm_power", "refuse_power"),
        form=lambda setting, data: PowerForm(data, until=setting.found.complaint.represented_until),
        effect=gettext_lazy(
            "代理人只能在认可的权限和期限内办理。不认可的，只能补充说明和材料；委托人本人随时可以自己办理。"
        ),
    ),
    StepPage(
        slug="platform",
        steps=("record_platform_number",),
        payload=_platform,
        form=lambda setting, data: PlatformNumberForm(
            data, case=setting.found.complaint, expected=expected(setting.found.complaint)
        ),
        effect=gettext_lazy("写进监管部门内部的记录，不改变案件的状态和期限。一个平台编号只能登记在一件投诉上。"),
    ),
    text_page(
        "split",
        "split_report",
        gettext_lazy("举报的内容"),
        gettext_lazy("另立一份只有监管部门看得到的记录，案件记录里看不出来。"),
    ),
    text_page(
        "separate",
        "separate_case",
        gettext_lazy("为什么分开办理"),
        gettext_lazy("不再关联或者合并，各自办理。合并过的，各方会收到通知。"),
    ),
    text_page(
        "lead",
        "open_lead",
        gettext_lazy("涉嫌违法的线索"),
        gettext_lazy("15个工作日内核查（第二十七条）；当事人看不到。"),
    ),
    StepPage(
        slug="lead-extend",
        steps=("extend_lead",),
        form=review_building.lead_form(gettext_lazy("为什么延长")),
        payload=review_building.lead_payload,
        effect=gettext_lazy("由负责人批准，延长15个工作日，只能延长一次（第二十七条）。"),
    ),
    StepPage(
        slug="lead-close",
        steps=("close_lead",),
        form=review_building.lead_result_form,
        payload=review_building.lead_payload,
        effect=gettext_lazy("由两名人员具名；当事人看不到。"),
    ),
    text_page(
        "police",
        "refer_to_police",
        gettext_lazy("移送的事由"),
        gettext_lazy("两名经办人员和负责人都签署后才移送。移送不等于办结，案件继续办理；只有监管部门看得到。"),
        is_danger=True,
    ),
    StepPage(
        slug="party-gone",
        steps=("record_party_gone",),
        form=plain(PartyGoneForm),
        payload=said("party", "text"),
        effect=gettext_lazy("消费者死亡的，他的期限停止计算，继承人有30天。调解中可以据此终止调解。"),
    ),
    StepPage(
        slug="objection",
        steps=("answer_objection",),
        payload=_objection,
        form=lambda setting, data: DecisionForm(data, grant=_("异议成立"), refuse=_("异议不成立")),
        effect=gettext_lazy("由没有办理过这件投诉的人员答复。"),
    ),
    StepPage(
        slug="publication",
        steps=("publish", "withhold"),
        template="authority/publication_case.html",
        decides=gettext_lazy("决定是否公示"),
        choose=lambda form: str(form.cleaned_data.get("decision", "publish")) if form.is_bound else "publish",
        payload=lambda form: {"text": form.cleaned_data["text"]} if form.cleaned_data["decision"] == "withhold" else {},
        form=lambda setting, data: PublicationForm(data, is_shown=state_of(setting.found.complaint) == SHOWN),
        effect=gettext_lazy("公众看到的只有下面这些。不予公示的，写明理由。"),
    ),
    StepPage(
        slug="reopen",
        steps=("reopen",),
        payload=said("ground", "text"),
        form=lambda setting, data: ReopenForm(data, chosen=setting.query.get("ground", "")),
        effect=gettext_lazy("案件回到受理审查。双方会收到通知。"),
    ),
)

PAGES: dict[str, StepPage] = {page.slug: page for page in _ALL}
