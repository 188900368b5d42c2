"""The authority's step pages."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.acceptance.publication import SHOWN, state_of
from complaints.desks.officer_case import OfficerCase
from complaints.forms.contact_access_form import ContactAccessForm
from complaints.forms.decision_form import DecisionForm
from complaints.forms.fields import StepForm
from complaints.forms.supervision_forms import InstructionForm, OverdueForm
from complaints.handling.steps import authority, casework, documents, jurisdiction, mediation
from complaints.handling.steps.documents import DRAWN_UP
from complaints.handling.steps.platform import expected
from complaints.pages.authority import agreement, form_building
from complaints.pages.authority.documents.document_forms import DrawUpForm
from complaints.pages.authority.forms import (
    AppraisalForm,
    CallForm,
    ContactForm,
    MinutesForm,
    PartyGoneForm,
    PowerForm,
    PublicationForm,
    RecusalForm,
    RedirectForm,
    ReopenForm,
    ServeForm,
    SessionForm,
)
from complaints.pages.authority.platform.platform_forms import PlatformNumberForm
from complaints.pages.authority.publication import preview
from complaints.pages.authority.review import review_building
from complaints.pages.authority.review.review_case import grounds_of
from complaints.pages.authority.triage import forward
from complaints.pages.shared.step_pages import StepPage, plain, table, text_page, verb
from complaints.procedure.workflow import Status
from complaints.wording.reasons import ROUTES

Asked = StepPage[OfficerCase]
#: On the button of a page that decides either way: the words of one step would say how.
DECIDE = gettext_lazy("提交决定")


PAGES: dict[str, Asked] = table(
    # --- triage ---------------------------------------------------------------------------
    Asked(
        name="authority",
        steps=("assign_authority",),
        form=form_building.authority_form,
        build=form_building.authority_move,
        explain=gettext_lazy("交给有处理权限的机关，审查期限%(review)s。"),
    ),
    *forward.PAGES,
    Asked(
        name="redirect",
        steps=("redirect",),
        form=plain(RedirectForm),
        build=verb("redirect", "matter", "body", "text"),
        explain=gettext_lazy("只用于不是消费者投诉的事项。案件就此办结，消费者会收到告知。"),
        is_danger=True,
    ),
    # --- review ---------------------------------------------------------------------------
    Asked(
        name="assign-officer",
        steps=("assign_officer",),
        form=form_building.officer_form,
        build=lambda form: authority.assign_officer(officer_id=int(form.cleaned_data["officer"])),
        explain=gettext_lazy("责任到人；期限不停。"),
    ),
    text_page(
        "return",
        "return_to_intake",
        gettext_lazy("为什么本机关没有处理权限"),
        gettext_lazy("退回分送机构，不能直接转给其他单位。第二次退回由共同的上级决定。"),
        is_danger=True,
    ),
    Asked(
        name="material",
        steps=("request_material",),
        form=review_building.material_form,
        build=verb("request_material", "what", "last_day", "is_identity"),
        explain=gettext_lazy("消费者会收到通知。审查期限不停。"),
    ),
    Asked(
        name="accept",
        steps=("accept",),
        form=plain(StepForm),
        build=lambda form: authority.accept(),
        explain=gettext_lazy("受理后%(mediation)s内调解结束。双方都会收到受理决定。"),
    ),
    Asked(
        name="refuse",
        steps=("refuse",),
        form=review_building.refusal_form,
        build=form_building.refusal_move,
        explain=gettext_lazy("案件就此办结。决定书写明情形、事实和五条途径。"),
        template="authority/refuse.html",
        more=lambda officer_case, form: {**grounds_of(officer_case, form), "routes": list(ROUTES.values())},
        is_danger=True,
    ),
    text_page(
        "jurisdiction",
        "dispute_jurisdiction",
        gettext_lazy("为什么管辖有争议"),
        gettext_lazy("%(jurisdiction)s内协商；协商不成，由共同的上级指定。"),
    ),
    Asked(
        name="designate",
        steps=("designate_authority",),
        form=form_building.designation_form,
        build=lambda form: jurisdiction.designate_authority(
            authority_id=int(form.cleaned_data["authority"]), text=form.cleaned_data["text"]
        ),
        explain=gettext_lazy("由共同的上级指定；审查期限从指定时起重新计算。双方会收到通知。"),
        is_danger=True,
    ),
    # --- mediation ------------------------------------------------------------------------
    Asked(
        name="session",
        steps=("schedule_session",),
        form=lambda officer_case, data: SessionForm(data, now=officer_case.workspace.now),
        build=verb("schedule_session", "at", "place", "mode"),
        explain=gettext_lazy("双方都会收到调解通知。"),
    ),
    Asked(
        name="session-record",
        steps=("record_session",),
        form=plain(MinutesForm),
        build=form_building.minutes_move,
        explain=gettext_lazy("写进案件记录。"),
    ),
    *agreement.PAGES,
    Asked(
        name="recusal",
        steps=("decide_recusal",),
        form=lambda officer_case, data: RecusalForm(
            data, may_suspend=officer_case.found.complaint.status == Status.MEDIATING
        ),
        build=verb("decide_recusal", "decision", "text"),
        explain=gettext_lazy("由另一名人员决定。中止只停调解，调解期限照常计算。"),
    ),
    Asked(
        name="appraisal",
        steps=("order_appraisal",),
        form=lambda officer_case, data: AppraisalForm(data, today=officer_case.workspace.today),
        build=verb("order_appraisal", "laboratory", "until", "cost_borne_by"),
        explain=gettext_lazy("调解中止，调解期限暂停计算，到鉴定、检测结束为止。"),
    ),
    text_page(
        "appraisal-end",
        "end_appraisal",
        gettext_lazy("鉴定、检测的结果"),
        gettext_lazy("调解期限按剩下的天数继续计算。"),
        argument="result",
    ),
    Asked(
        name="delegate",
        steps=("delegate_mediation",),
        form=form_building.body_form,
        build=lambda form: mediation.delegate_mediation(body_id=int(form.cleaned_data["body_id"])),
        explain=gettext_lazy(
            "以本机关的名义调解，调解期限照常计算；受委托的组织不能再委托。双方会收到通知，随时可以收回。"
        ),
    ),
    text_page("delegate-end", "recall_mediation", gettext_lazy("为什么收回"), gettext_lazy("由本机关继续调解。")),
    Asked(
        name="terminate",
        steps=("terminate",),
        form=form_building.termination_form,
        build=verb("terminate", "ground", "facts"),
        explain=gettext_lazy("案件就此办结，%(termination_notice)s内告知双方。"),
        template="authority/terminate.html",
        is_danger=True,
    ),
    # --- supervision ----------------------------------------------------------------------
    text_page(
        "recall",
        "recall",
        gettext_lazy("为什么收回"),
        gettext_lazy("案件离开企业，转入受理审查。双方会收到通知。"),
        is_danger=True,
    ),
    Asked(
        name="urge",
        steps=("urge",),
        form=lambda officer_case, data: InstructionForm(data, today=officer_case.workspace.today),
        build=verb("urge", "text", "last_day"),
        explain=gettext_lazy("对方须在期限内答复；不改变案件的其他期限。"),
    ),
    Asked(
        name="take-up",
        steps=("take_up",),
        form=form_building.take_up_form,
        build=form_building.take_up_move,
        explain=gettext_lazy("案件改由本机关办理，或者由本机关指定的下级机关办理。"),
        is_danger=True,
    ),
    Asked(
        name="overdue",
        steps=("explain_overdue",),
        form=plain(OverdueForm),
        build=verb("explain_overdue", "reason", "text"),
        explain=gettext_lazy("只写进监管部门自己的记录，每项逾期说明一次。期限不因此延长。"),
    ),
    text_page("answer", "answer_instruction", gettext_lazy("答复"), gettext_lazy("答复上级的督办或者企业的咨询。")),
    Asked(
        name="return-decision",
        steps=("grant_return", "refuse_return"),
        title=gettext_lazy("决定退回申请"),
        button=DECIDE,
        form=lambda officer_case, data: DecisionForm(
            data, grant=_("同意退回，重新分送"), refuse=_("不同意，由这家企业继续办理")
        ),
        build=form_building.either("grant_return", "refuse_return"),
        explain=gettext_lazy("企业在受理后申请退回。协商期限没有停。"),
    ),
    Asked(
        name="extension",
        steps=("grant_extension", "refuse_extension"),
        title=gettext_lazy("决定延期申请"),
        button=DECIDE,
        form=lambda officer_case, data: DecisionForm(data, grant=_("准予延期"), refuse=_("不予延期")),
        build=form_building.either("grant_extension", "refuse_extension", "text"),
        explain=gettext_lazy("只有消费者同意了才能准予延期。"),
        template="authority/extension.html",
    ),
    Asked(
        name="reveal",
        steps=("reveal_contact",),
        form=lambda officer_case, data: ContactAccessForm(data, chosen=officer_case.query.get("reason", "")),
        build=verb("reveal_contact", "reason", "text"),
        explain=gettext_lazy(
            "完整的姓名、电话和地址只显示一段时间。谁、何时、为什么查看，都写进案件记录，消费者看得到。"
        ),
    ),
    # --- what else ------------------------------------------------------------------------
    Asked(
        name="serve",
        steps=("serve_notice",),
        form=plain(ServeForm),
        build=form_building.service_move,
        explain=gettext_lazy("没有送到的，换下一种方式再送。有文号的文书在它自己的页面上记录送达。"),
    ),
    Asked(
        name="draw-up",
        steps=("draw_up_document",),
        form=lambda officer_case, data: DrawUpForm(data, forms=DRAWN_UP),
        build=lambda form: documents.draw_up_document(
            form=int(form.cleaned_data["form"]), text=form.cleaned_data["text"]
        ),
        explain=gettext_lazy("多数文书由办理步骤自动制作；这里制作没有对应步骤的。"),
    ),
    Asked(
        name="verify",
        steps=("verify_contact",),
        form=plain(CallForm),
        build=verb("verify_contact", "result"),
        explain=gettext_lazy("先在案件页查看联系电话，再打过去核实。核实后，这件投诉按本人提交办理。"),
    ),
    Asked(
        name="contact",
        steps=("change_contact",),
        form=plain(ContactForm),
        build=verb("change_contact", "how", "proof", "phone", "email", "address"),
        explain=gettext_lazy("先拨打登记的电话或者当面核对本人。改动写进记录，原来的号码会收到通知。"),
    ),
    text_page(
        "write-down",
        "write_down_statement",
        gettext_lazy("消费者说了什么"),
        gettext_lazy("听录音，照原话写下来。消费者会收到通知，写得不对可以更正。"),
    ),
    Asked(
        name="power",
        steps=("confirm_power", "refuse_power"),
        title=gettext_lazy("核验委托书"),
        button=DECIDE,
        form=lambda officer_case, data: PowerForm(data, until=officer_case.found.complaint.represented_until),
        build=form_building.power_move,
        explain=gettext_lazy(
            "代理人只能在认可的权限和期限内办理。不认可的，只能补充说明和材料；委托人本人随时可以自己办理。"
        ),
    ),
    Asked(
        name="platform",
        steps=("record_platform_number",),
        form=lambda officer_case, data: PlatformNumberForm(
            data, case=officer_case.found.complaint, expected=expected(officer_case.found.complaint)
        ),
        build=form_building.platform_move,
        explain=gettext_lazy("写进监管部门内部的记录，不改变案件的状态和期限。一个平台编号只能登记在一件投诉上。"),
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
        gettext_lazy("%(lead)s内核查（第二十七条）；当事人看不到。"),
    ),
    Asked(
        name="lead-extend",
        steps=("extend_lead",),
        form=review_building.lead_form,
        build=review_building.lead_extended,
        explain=gettext_lazy("由负责人批准，延长%(lead_extension)s，只能延长一次（第二十七条）。"),
    ),
    Asked(
        name="lead-close",
        steps=("close_lead",),
        form=review_building.lead_result_form,
        build=review_building.lead_closed,
        explain=gettext_lazy("由两名人员具名；当事人看不到。"),
    ),
    text_page(
        "police",
        "refer_to_police",
        gettext_lazy("移送的事由"),
        gettext_lazy("两名经办人员和负责人都签署后才移送。移送不等于办结，案件继续办理；只有监管部门看得到。"),
        is_danger=True,
    ),
    Asked(
        name="party-gone",
        steps=("record_party_gone",),
        form=plain(PartyGoneForm),
        build=verb("record_party_gone", "party", "text"),
        explain=gettext_lazy("消费者死亡的，他的期限停止计算，继承人有%(heirs_answer)s。调解中可以据此终止调解。"),
    ),
    Asked(
        name="objection",
        steps=("answer_objection",),
        form=lambda officer_case, data: DecisionForm(data, grant=_("异议成立"), refuse=_("异议不成立")),
        build=lambda form: casework.answer_objection(
            upheld=form.cleaned_data["decision"] == "grant", text=form.cleaned_data["text"]
        ),
        explain=gettext_lazy("由没有办理过这件投诉的人员答复。"),
    ),
    Asked(
        name="publication",
        steps=("publish", "withhold"),
        title=gettext_lazy("决定是否公示"),
        button=DECIDE,
        form=lambda officer_case, data: PublicationForm(data, is_shown=state_of(officer_case.found.complaint) == SHOWN),
        build=form_building.publication_move,
        explain=gettext_lazy("公众看到的只有下面这些。不予公示的，写明理由。"),
        template="authority/publication_case.html",
        more=lambda officer_case, form: {"preview": preview(officer_case.found.complaint)},
    ),
    Asked(
        name="reopen",
        steps=("reopen",),
        form=lambda officer_case, data: ReopenForm(data, chosen=officer_case.query.get("ground", "")),
        build=verb("reopen", "ground", "text"),
        explain=gettext_lazy("案件回到受理审查。双方会收到通知。"),
    ),
)
