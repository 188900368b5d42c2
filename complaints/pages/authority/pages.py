"""The authority's step pages."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.desks.officer_case import OfficerCase
from complaints.forms.fields import StepForm
from complaints.forms.mediation_forms import AgreementForm, SuggestionForm, promises_form, rearranged, suggestion_move
from complaints.forms.staff_forms import ContactAccessForm, DecisionForm, InstructionForm, OverdueForm
from complaints.handling import Move
from complaints.handling.steps import authority, casework, mediation
from complaints.pages.authority import forms
from complaints.pages.authority.platform import PlatformNumberForm
from complaints.pages.authority.review import review
from complaints.pages.authority.review.review import grounds_of
from complaints.pages.authority.triage import forward
from complaints.pages.public.open_pages import as_public
from complaints.pages.shared.step_pages import StepPage, plain, table, text_page
from complaints.reading.mediation_facts import mediation_clock
from complaints.wording.reasons import ROUTES

AuthorityPage = StepPage[OfficerCase]
#: On the button of a page that decides either way: the words of one step would say how.
DECIDE = _("提交决定")


def _page(name: str, step: str, form: Any, explain: Any, **more: Any) -> AuthorityPage:
    """One step by one ``form``: a class, whose ``move`` is what it means, or a function that builds it."""
    is_plain = isinstance(form, type) and not issubclass(form, forms.CaseForm)
    more = {"build": getattr(form, "move", None), **more}
    return AuthorityPage(name=name, steps=(step,), form=plain(form) if is_plain else form, explain=explain, **more)


def _decision(grant: Any, refuse: Any) -> Callable[[Any, Any], DecisionForm]:
    return lambda officer_case, data: DecisionForm(data, grant=grant, refuse=refuse)


def _agreement_page(
    name: str, step: str, kind: type[SuggestionForm], build: Callable[[Any], Move], explain: Any
) -> AuthorityPage:
    """What the mediator suggests, or what both agreed to: the same words and obligations, another step."""
    return AuthorityPage(
        name=name,
        steps=(step,),
        form=lambda officer_case, data: promises_form(
            kind, data, suggested=officer_case.around.matters.get("suggestion"), today=officer_case.workspace.today
        ),
        redraw=lambda officer_case, typed: rearranged(kind, typed, today=officer_case.workspace.today),
        build=build,
        explain=explain,
        template="authority/agreement.html",
        more=_agreement_context,
        thanks=lambda officer_case: wording.label(step, kind="step"),
    )


def _agreement_context(officer_case: OfficerCase, form: SuggestionForm) -> dict[str, Any]:
    suggested = officer_case.around.matters.get("suggestion")
    is_agreement = isinstance(form, AgreementForm)
    return {
        "is_agreement": is_agreement,
        "is_agreed": is_agreement and suggested is not None and mediation.is_agreed(suggested),
        "is_prefilled": form.is_prefilled,
        "back_text": _("调解台"),
    }


PAGES: dict[str, AuthorityPage] = table(
    # --- triage ---------------------------------------------------------------------------
    _page("authority", "assign_authority", forward.AuthorityForm, _("交给有处理权限的机关，审查期限%(review)s。")),
    *forward.PAGES,
    _page(
        "redirect",
        "redirect",
        forms.RedirectForm,
        _("只用于不是消费者投诉的事项。案件就此办结，消费者会收到告知。"),
        is_danger=True,
    ),
    # --- review ---------------------------------------------------------------------------
    _page("assign-officer", "assign_officer", forms.OfficerForm, _("责任到人；期限不停。")),
    text_page(
        "return",
        "return_to_intake",
        _("为什么本机关没有处理权限"),
        _("退回分送机构，不能直接转给其他单位。第二次退回由共同的上级决定。"),
        is_danger=True,
    ),
    _page("material", "request_material", review.MaterialForm, _("消费者会收到通知。审查期限不停。")),
    _page(
        "accept",
        "accept",
        StepForm,
        _("受理后%(mediation)s内调解结束。双方都会收到受理决定。"),
        # It may be looked at before anything is sent.
        build=lambda form: authority.accept(),
    ),
    _page(
        "refuse",
        "refuse",
        review.RefusalForm,
        _("案件就此办结。决定书写明情形、事实和五条途径。"),
        template="authority/refuse.html",
        more=lambda officer_case, form: {**grounds_of(officer_case, form), "routes": list(ROUTES.values())},
        is_danger=True,
    ),
    text_page(
        "jurisdiction",
        "dispute_jurisdiction",
        _("为什么管辖有争议"),
        _("%(jurisdiction)s内协商；协商不成，由共同的上级指定。"),
    ),
    _page(
        "designate",
        "designate_authority",
        forward.DesignationForm,
        _("由共同的上级指定；审查期限从指定时起重新计算。双方会收到通知。"),
        is_danger=True,
    ),
    # --- mediation ------------------------------------------------------------------------
    _page(
        "session",
        "schedule_session",
        lambda officer_case, data: forms.SessionForm(
            data, now=officer_case.workspace.now, until=mediation_clock(officer_case.access.complaint)
        ),
        _("双方都会收到调解通知。"),
    ),
    _page("session-record", "record_session", forms.MinutesForm, _("写进案件记录。")),
    _agreement_page(
        "suggestion",
        "suggest_settlement",
        SuggestionForm,
        suggestion_move,
        _("双方都会收到通知，各自答复同意或者不同意。答复同意还不是协议；没有约束力。"),
    ),
    _agreement_page(
        "agreement",
        "record_agreement",
        AgreementForm,
        lambda form: mediation.record_agreement(
            promises=form.promises(),
            text=form.cleaned_data["message"],
            without_document=form.cleaned_data["without_document"],
        ),
        _("双方签字的协议。约定的事项逐项到期；没有要做的事时，案件就此办结。"),
    ),
    _page("recusal", "decide_recusal", forms.RecusalForm, _("由另一名人员决定。中止只停调解，调解期限照常计算。")),
    _page("appraisal", "order_appraisal", forms.AppraisalForm, _("调解中止，调解期限暂停计算，到鉴定、检测结束为止。")),
    text_page(
        "appraisal-end", "end_appraisal", _("鉴定、检测的结果"), _("调解期限按剩下的天数继续计算。"), argument="result"
    ),
    _page(
        "delegate",
        "delegate_mediation",
        forms.BodyForm,
        _("以本机关的名义调解，调解期限照常计算；受委托的组织不能再委托。双方会收到通知，随时可以收回。"),
    ),
    text_page("delegate-end", "recall_mediation", _("为什么收回"), _("由本机关继续调解。")),
    _page(
        "terminate",
        "terminate",
        forms.TerminationForm,
        _("案件就此办结，%(termination_notice)s内告知双方。"),
        template="authority/terminate.html",
        is_danger=True,
    ),
    # --- supervision ----------------------------------------------------------------------
    text_page("recall", "recall", _("为什么收回"), _("案件离开企业，转入受理审查。双方会收到通知。"), is_danger=True),
    _page(
        "urge",
        "urge",
        lambda officer_case, data: InstructionForm(data, today=officer_case.workspace.today),
        _("对方须在期限内答复；不改变案件的其他期限。"),
    ),
    _page(
        "take-up",
        "take_up",
        forward.take_up_form,
        _("案件改由本机关办理，或者由本机关指定的下级机关办理。"),
        build=forward.take_up_move,
        is_danger=True,
    ),
    _page("overdue", "explain_overdue", OverdueForm, _("只写进监管部门自己的记录，每项逾期说明一次。期限不因此延长。")),
    text_page("answer", "answer_instruction", _("答复"), _("答复上级的督办或者企业的咨询。")),
    AuthorityPage(
        name="return-decision",
        steps=("grant_return", "refuse_return"),
        title=_("决定退回申请"),
        button=DECIDE,
        form=_decision(_("同意退回，重新分送"), _("不同意，由这家企业继续办理")),
        build=forms.either("grant_return", "refuse_return"),
        explain=_("企业在受理后申请退回。协商期限没有停。"),
    ),
    AuthorityPage(
        name="extension",
        steps=("grant_extension", "refuse_extension"),
        title=_("决定延期申请"),
        button=DECIDE,
        form=_decision(_("准予延期"), _("不予延期")),
        build=forms.either("grant_extension", "refuse_extension", "text"),
        explain=_("只有消费者同意了才能准予延期。"),
        template="authority/extension.html",
    ),
    _page(
        "reveal",
        "reveal_contact",
        lambda officer_case, data: ContactAccessForm(data, chosen=officer_case.query.get("reason", "")),
        _("完整的姓名、电话和地址只显示一段时间。谁、何时、为什么查看，都写进案件记录，消费者看得到。"),
    ),
    # --- what else ------------------------------------------------------------------------
    _page(
        "serve",
        "serve_notice",
        forms.ServeForm,
        _("没有送到的，换下一种方式再送。有文号的文书在它自己的页面上记录送达。"),
    ),
    _page("draw-up", "draw_up_document", forms.DrawUpForm, _("多数文书由办理步骤自动制作；这里制作没有对应步骤的。")),
    _page(
        "verify",
        "verify_contact",
        forms.CallForm,
        _("先在案件页查看联系电话，再打过去核实。核实后，这件投诉按本人提交办理。"),
    ),
    _page(
        "contact",
        "change_contact",
        forms.ContactForm,
        _("先拨打登记的电话或者当面核对本人。改动写进记录，原来的号码会收到通知。"),
    ),
    text_page(
        "write-down",
        "write_down_statement",
        _("消费者说了什么"),
        _("听录音，照原话写下来。消费者会收到通知，写得不对可以更正。"),
    ),
    AuthorityPage(
        name="power",
        steps=("confirm_power", "refuse_power"),
        title=_("核验委托书"),
        button=DECIDE,
        form=forms.PowerForm,
        build=forms.PowerForm.move,
        explain=_("代理人只能在认可的权限和期限内办理。不认可的，只能补充说明和材料；委托人本人随时可以自己办理。"),
    ),
    _page(
        "platform",
        "record_platform_number",
        PlatformNumberForm,
        _("写进监管部门内部的记录，不改变案件的状态和期限。一个平台编号只能登记在一件投诉上。"),
    ),
    text_page("split", "split_report", _("举报的内容"), _("另立一份只有监管部门看得到的记录，案件记录里看不出来。")),
    text_page(
        "separate", "separate_case", _("为什么分开办理"), _("不再关联或者合并，各自办理。合并过的，各方会收到通知。")
    ),
    text_page("lead", "open_lead", _("涉嫌违法的线索"), _("%(lead)s内核查（第二十七条）；当事人看不到。")),
    _page(
        "lead-extend",
        "extend_lead",
        review.LeadForm,
        _("由负责人批准，延长%(lead_extension)s，只能延长一次（第二十七条）。"),
    ),
    _page("lead-close", "close_lead", review.LeadResultForm, _("由两名人员具名；当事人看不到。")),
    text_page(
        "police",
        "refer_to_police",
        _("移送的事由"),
        _("两名经办人员和负责人都签署后才移送。移送不等于办结，案件继续办理；只有监管部门看得到。"),
        is_danger=True,
    ),
    _page(
        "party-gone",
        "record_party_gone",
        forms.PartyGoneForm,
        _("消费者死亡的，他的期限停止计算，继承人有%(heirs_answer)s。调解中可以据此终止调解。"),
    ),
    _page(
        "objection",
        "answer_objection",
        _decision(_("异议成立"), _("异议不成立")),
        _("由没有办理过这件投诉的人员答复。"),
        build=lambda form: casework.answer_objection(
            upheld=form.cleaned_data["decision"] == "grant", text=form.cleaned_data["text"]
        ),
    ),
    _page("signs", "answer_signs", forms.SignsForm, _("消费者看得到答复，企业看不到。去掉的提示，这件案件不再显示。")),
    AuthorityPage(
        name="publication",
        steps=("publish", "withhold"),
        title=_("决定是否公示"),
        button=DECIDE,
        form=forms.PublicationForm,
        build=forms.PublicationForm.move,
        explain=_("公众看到的只有下面这些。不予公示的，写明理由。"),
        template="authority/publication_case.html",
        more=lambda officer_case, form: {"preview": as_public([officer_case.access.complaint])[0]},
    ),
    _page("reopen", "reopen", forms.ReopenForm, _("案件回到受理审查。双方会收到通知。")),
)
