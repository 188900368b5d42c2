"""The consumer's step pages: whoever filed takes them, an officer or a station writes them down, a token opens some."""

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from complaints.handling.steps import both, consumer, parties
from complaints.pages.consumer import explaining, forms, offer_form
from complaints.pages.shared.step_pages import Data, StepPage, plain, table
from complaints.procedure.categories import problem_label
from complaints.reading.case import CasePage
from complaints.reading.case_settlement import with_law
from enterprises.directory.expectations import similar_ended

Asked = StepPage[CasePage]
SUBMIT = _("提交")
#: Its address names which offer.
OFFER = "offer"


def of_case(kind: Callable[..., Form]) -> Callable[[CasePage, Data], Form]:
    return lambda page, data: kind(data, page=page)


def essay(label: Any, **options: Any) -> Callable[[CasePage, Data], Form]:
    return lambda page, data: forms.EssayForm(data, label=label, **options)


def yes_no(yes: Any, no: Any, **options: Any) -> Callable[[CasePage, Data], Form]:
    return lambda page, data: forms.YesNoForm(data, yes=yes, no=no, **options)


def last_message_of(*steps: str) -> Callable[[CasePage, Form], dict[str, Any]]:
    """The last words of somebody else to which the page answers."""
    return lambda page, form: {"answered": [m for m in page.thread if m.step in steps and not m.is_mine][-1:]}


def _publication_form(page: CasePage, data: Data) -> Form:
    form = forms.YesNoForm(data, label=_("您的选择"), yes=_("同意隐去姓名后公开"), no=_("不公开"))
    form.initial["answer"] = "yes" if page.complaint.publication_consent else "no"
    return form


def _beside_the_answers(page: CasePage, form: Any) -> dict[str, Any]:
    """What the law gives at least, and how similar cases ended: what the enterprise saw when it answered."""
    complaint = page.complaint
    form.ways = explaining.ways(page)
    return {
        "offer": with_law(form.offer, complaint, page.demands),
        "ended": similar_ended(complaint.enterprise_id, complaint.problem_category, on=page.today),
        "problem": problem_label(complaint.problem_category),
    }


def _settled_elsewhere(form: Form) -> Any:
    text = form.cleaned_data["text"]
    if "answer" not in form.fields:
        return both.claim_settled_elsewhere(text=text)
    if form.cleaned_data["answer"] == "yes":
        return both.confirm_settled_elsewhere()
    return both.deny_settled_elsewhere(text=text)


PAGES: dict[str, Asked] = table(
    # --- the settlement -------------------------------------------------------------------
    Asked(
        name=OFFER,
        steps=("accept_offer", "let_rest", "decline_offer", "ask_about_offer"),
        title=explaining.question,
        button=_("提交答复"),
        form=of_case(offer_form.OfferForm),
        build=offer_form.OfferForm.move,
        explain=explaining.offer,
        more=_beside_the_answers,
        may_be_undone=True,
        is_guarded=True,
    ),
    Asked(
        name="performed",
        steps=("confirm_performed", "dispute_performance", "waive_obligation"),
        title=_("企业做到了吗？"),
        button=SUBMIT,
        form=of_case(forms.PerformedForm),
        build=forms.PerformedForm.moves,
        explain=(
            _("只有您确认的才算做到；暂时不清楚的可以不选。"),
            _("选“没有收到”，企业须在%(performance_dispute_answer)s内出示凭证。"),
            _("全部确认后，案件按“和解成功”办结。"),
        ),
        may_be_undone=True,
        is_guarded=True,
        thanks=_("已记录，企业会收到通知。"),
    ),
    Asked(
        name="breach",
        steps=("report_breach",),
        title=_("企业没有做到？"),
        button=_("报告没有做到"),
        form=of_case(forms.BreachForm),
        build=forms.BreachForm.move,
        explain=explaining.breach,
    ),
    Asked(
        name="did",
        steps=("report_performed",),
        title=_("您的部分做好了吗？"),
        button=_("报告已做到"),
        form=of_case(forms.DoneForm),
        explain=_("企业须在%(confirmation)s内确认；之后企业的约定开始计时。"),
        decides=False,
    ),
    # --- more words -----------------------------------------------------------------------
    Asked(
        name="statement",
        steps=("add_statement",),
        title=_("补充说明或材料"),
        button=_("发送"),
        form=plain(forms.StatementForm),
        decides=False,
        thanks=_("已发送。"),
    ),
    Asked(
        name="material",
        steps=("supply_material",),
        title=_("补充材料"),
        button=SUBMIT,
        form=plain(forms.MaterialForm),
        explain=(_("提交后监管部门继续审查。"), _("没有材料也可以照实说；按现有材料审查，可能不予受理。")),
        more=last_message_of("request_material"),
        decides=False,
        thanks=_("材料已提交，监管部门继续审查。"),
    ),
    # --- ends, and ways on ----------------------------------------------------------------
    Asked(
        name="stop",
        steps=("stop_negotiating",),
        title=_("不再协商，交市场监管局？"),
        button=_("不再协商"),
        form=essay(_("想说明原因吗"), required=False, rows=3),
        explain=explaining.stop,
        may_be_undone=True,
        is_guarded=True,
    ),
    Asked(
        name="undo",
        steps=("undo",),
        title=_("撤销刚才的一步？"),
        button=_("撤销"),
        explain=explaining.undo,
        thanks=_("已撤销，案件回到之前的状态。"),
    ),
    Asked(
        name="withdraw",
        steps=("withdraw",),
        title=_("撤回这件投诉？"),
        button=_("撤回投诉"),
        form=plain(forms.WithdrawForm),
        explain=explaining.withdraw,
        is_danger=True,
        may_be_undone=True,
        is_guarded=True,
    ),
    Asked(
        name="refer",
        steps=("refer_to_regulator",),
        title=_("交市场监管局？"),
        button=_("交市场监管局"),
        explain=explaining.refer,
        thanks=_("已交市场监管局。"),
    ),
    Asked(
        name="settled-elsewhere",
        steps=("claim_settled_elsewhere", "confirm_settled_elsewhere", "deny_settled_elsewhere"),
        title=_("已经另行和解？"),
        button=SUBMIT,
        form=of_case(forms.SettledElsewhereForm),
        build=_settled_elsewhere,
        explain=explaining.settled_elsewhere,
        more=last_message_of("claim_settled_elsewhere"),
        is_guarded=True,
    ),
    # --- questions of the authority -------------------------------------------------------
    Asked(
        name="consent",
        steps=("give_consent", "decline_consent"),
        title=_("同意把投诉转交这家企业吗？"),
        button=SUBMIT,
        form=yes_no(_("同意转交"), _("不同意，由监管部门办理")),
        build=lambda form: both.give_consent() if form.is_yes else both.decline_consent(),
        explain=(
            _("同意：企业会看到投诉内容，受理后可以联系您，在监管部门监督下和解。"),
            _("不同意：监管部门自己办理，对您没有不利。"),
            _("不回答，视为不同意。"),
        ),
        more=last_message_of("ask_consent"),
    ),
    Asked(
        name="objection",
        steps=("object",),
        title=_("对处理结果有异议？"),
        button=_("提出异议"),
        form=essay(_("哪里不对，您希望怎样"), rows=5),
        explain=(
            _("由另一名工作人员在%(objection)s内答复您。"),
            _("提出异议不影响您起诉、申请行政复议的期限，请留意。"),
        ),
        decides=False,
        thanks=_("异议已提交。"),
    ),
    Asked(
        name="rate",
        steps=("rate",),
        title=_("这次办理怎么样？"),
        button=_("提交评价"),
        form=plain(forms.RateForm),
        build=forms.RateForm.move,
        explain=_("评价一次，不影响结果；可以不评。"),
        decides=False,
        thanks=_("谢谢您的评价。"),
    ),
    Asked(
        name="mediation",
        steps=("agree_to_mediation", "decline_mediation"),
        title=_("您同意由监管部门调解吗？"),
        button=SUBMIT,
        form=yes_no(_("同意调解"), _("不同意调解")),
        build=lambda form: both.agree_to_mediation() if form.is_yes else both.decline_mediation(),
        explain=(
            _("调解要双方都同意，随时可以改变主意。"),
            _("不同意调解的，监管部门会终止调解；您仍可起诉或者申请仲裁。"),
        ),
    ),
    Asked(
        name="suggestion",
        steps=("answer_suggestion",),
        title=_("您同意这个调解方案吗？"),
        button=_("提交答复"),
        form=lambda page, data: forms.SuggestionForm(data, matter=page.matters.get("suggestion")),
        build=forms.SuggestionForm.move,
        explain=explaining.suggestion,
        more=last_message_of("suggest_settlement"),
        is_guarded=True,
        thanks=_("已记下您的答复，工作人员会接着办。"),
    ),
    Asked(
        name="late",
        steps=("answer_late",),
        title=_("现在答复"),
        button=_("提交答复"),
        form=of_case(forms.LateForm),
        build=lambda form: consumer.answer_late(
            accept=form.cleaned_data["answer"] == "yes", text=form.cleaned_data["text"]
        ),
        explain=explaining.late,
    ),
    Asked(
        name="publication",
        steps=("give_publication_consent", "withdraw_publication_consent"),
        title=_("公开这件投诉吗？"),
        button=_("保存"),
        form=_publication_form,
        build=lambda form: both.give_publication_consent() if form.is_yes else both.withdraw_publication_consent(),
        explain=(
            _("公开的只有：哪家企业、什么问题、怎么解决的。不公开您的姓名、电话和原文。"),
            _("随时可以改。改为不公开后，内容会从公开页面撤下。"),
        ),
    ),
    Asked(
        name="extension",
        steps=("agree_to_extension",),
        title=_("同意企业延期吗？"),
        button=_("同意延期"),
        explain=explaining.extension,
        more=last_message_of("request_extension"),
    ),
    Asked(
        name="correct",
        steps=("correct_facts",),
        title=_("更正您提交的内容"),
        button=_("提交更正"),
        form=essay(_("原来怎么写的，应该是什么")),
        explain=_("原来的内容会保留，更正记在旁边，企业和监管部门都能看到。"),
        decides=False,
    ),
    Asked(
        name="signs",
        steps=("object_to_signs",),
        title=_("监管部门看到的提示"),
        button=_("提出异议"),
        form=essay(_("哪里不对"), rows=4),
        explain=explaining.signs,
        decides=False,
        thanks=_("异议已交给工作人员。"),
    ),
    Asked(
        name="recusal",
        steps=("request_recusal",),
        title=_("申请工作人员回避"),
        button=_("提交申请"),
        form=plain(forms.RecusalForm),
        explain=_("由另一名工作人员决定；决定之前暂停调解会，期限照常计算。"),
        decides=False,
    ),
    Asked(
        name="consents",
        steps=("withdraw_consent",),
        title=_("收回哪一项同意？"),
        button=_("收回"),
        form=of_case(forms.WithdrawConsentForm),
        explain=(
            _("从现在起有效，收回前已经做的不受影响。"),
            _("收回“提供给企业”后，不会再交给别的企业；正在办的企业仍办到结束。不想让它办的，请停止协商。"),
        ),
    ),
    Asked(
        name="new-dates",
        steps=("resume_performance",),
        title=_("重新约定日期？"),
        button=_("提交新的日期"),
        form=of_case(forms.RedateForm),
        build=forms.RedateForm.move,
        explain=explaining.new_dates,
        thanks=_("已记录。双方写的日期一样，约定就恢复有效。"),
    ),
    # --- several complainants, and who acts for another -----------------------------------
    Asked(
        name="party",
        steps=("answer_as_party",),
        title=_("您自己接受这个方案吗？"),
        button=_("提交我的答复"),
        form=yes_no(_("同意"), _("不同意"), name="agrees"),
        build=lambda form: parties.answer_as_party(agrees=form.is_yes),
        explain=(
            _("方案由代表人统一接受。接受以后，只对代表人和同意的人有约束力。"),
            _("不同意的人不受约束，可以退出，自己另外投诉或起诉。"),
        ),
    ),
    Asked(
        name="leave",
        steps=("withdraw_party",),
        title=_("退出共同投诉？"),
        button=_("退出"),
        explain=(_("其他人的投诉照常办理，您以后看不到这件投诉。"), _("您自己的要求不再办理；可以自己另外投诉。")),
        is_danger=True,
    ),
    Asked(
        name="power",
        steps=("end_power",),
        title=_("收回委托，自己办理？"),
        button=_("收回委托"),
        explain=(_("代理人马上看不到这件投诉，也不能再办任何一步。"), _("他以前办过的仍然有效，记录里写明是谁办的。")),
    ),
)
