"""What the case page asks of the consumer now, and what else may be done.

Every button stands for a step that ``page.may`` offers; the first call is the banner, the most urgent one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from complaints import wording
from complaints.handling.steps import mediation
from complaints.parties import powers
from complaints.procedure.workflow import Status
from complaints.reading.case import CasePage
from web.dates import last_day_text, moment

S = Status


@dataclass(frozen=True, slots=True)
class Call:
    title: str
    text: str
    url: str
    action: str
    tone: str = "warn"


def address(page: CasePage, name: str) -> str:
    return reverse("complaints:case-step", args=[page.complaint.number, name])


def _until(page: CasePage, clock: str, *, obligation: bool | None = None) -> str:
    """请在…24:00前 of a live clock; empty when there is none."""
    moments = [
        c.row.due_at
        for c in page.clocks
        if c.row.clock == clock
        and c.row.state != "paused"
        and (obligation is None or (c.row.obligation_id is not None) == obligation)
    ]
    return last_day_text(min(moments)) if moments else ""


def calls_of(page: CasePage) -> list[Call]:
    """The most urgent first."""
    return [*_settlement(page), *_asked(page)]


def _settlement(page: CasePage) -> Iterator[Call]:
    offer = page.open_offer
    if offer is not None and offer.offer.grants_nothing:
        if page.may("decline_offer"):
            yield Call(
                _("轮到您了：企业一项也没有同意"),
                _("没有方案可以接受。请在%(day)s选一个：交监管部门、继续谈，或者算了。")
                % {"day": _until(page, "confirmation", obligation=False)},
                reverse("complaints:case-offer", args=[page.complaint.number, offer.number]),
                _("看清再选"),
            )
    elif offer is not None and page.may("accept_offer"):
        yield Call(
            _("轮到您了：企业提出了方案"),
            _("请在%(day)s答复。等您答复期间，企业的期限暂停。")
            % {"day": _until(page, "confirmation", obligation=False)},
            reverse("complaints:case-offer", args=[page.complaint.number, offer.number]),
            _("查看方案并答复"),
        )
    elif offer is not None and page.actor is not None and powers.is_representative(page.actor, page.complaint):
        yield Call(
            _("企业提出了方案：须由委托人本人接受"),
            powers.why_not(page.complaint),
            reverse("complaints:case-offer", args=[page.complaint.number, offer.number]),
            _("查看方案"),
            "info",
        )
    if page.may("answer_as_party"):
        text = _("代表人接受的方案，只约束代表人和同意的人。不答复就不受约束。")
        yield Call(_("您自己接受这个方案吗？"), text, address(page, "party"), _("答复方案"), "info")
    if any(p.state_code == "reported" and p.owed_by == "enterprise" for p in page.obligations) and page.may(
        "confirm_performed"
    ):
        yield Call(
            _("轮到您了：企业说做到了"),
            _("请在%(day)s确认收到没有。不确认，不算和解成功。")
            % {"day": _until(page, "confirmation", obligation=True)},
            address(page, "performed"),
            _("确认或说明没有收到"),
        )
    if page.may("report_performed"):
        title = _("轮到您了：请做好您的部分")
        yield Call(title, _("做好之后在这里报告，企业的约定才开始计时。"), address(page, "did"), _("报告已做到"))
    if page.may("report_breach") and any(
        p.state_code == "due" and p.owed_by == "enterprise" and p.due_on is not None and p.due_on < page.today
        for p in page.obligations
    ):
        title = _("企业的约定期限已过")
        yield Call(title, _("收到了请确认；没有做到的，交市场监管局。"), address(page, "breach"), _("没有做到"), "bad")


def _asked(page: CasePage) -> Iterator[Call]:
    redate = page.matters.get("redate")
    if redate is not None and redate.opened_by != "consumer" and page.may("resume_performance"):
        text = _("您同意，约定恢复有效；不答复或不同意，监管部门照常审查。")
        yield Call(_("轮到您了：企业提出新的日期"), text, address(page, "new-dates"), _("查看新的日期"))
    if page.may("give_consent"):
        text = _("请在%(day)s答复；不答复视为不同意。") % {"day": _until(page, "consent")}
        yield Call(_("轮到您了：是否同意转交企业"), text, address(page, "consent"), _("同意或不同意"))
    if page.may("supply_material"):
        text = _("请在%(day)s提交；没有也请说明。") % {"day": _until(page, "material")}
        yield Call(_("轮到您了：请补充材料"), text, address(page, "material"), _("补充材料"))
    if "unreachable" in page.matters and page.may("add_statement"):
        text = _("请说明怎样、什么时间能联系上您。")
        yield Call(_("企业说联系不上您"), text, address(page, "statement"), _("回复企业"))
    if page.may("deny_settled_elsewhere"):
        text = _("请在%(day)s确认或否认。") % {"day": _until(page, "settled_elsewhere")}
        yield Call(_("企业说双方已经另行和解"), text, address(page, "settled-elsewhere"), _("确认或否认"))
    if page.may("agree_to_extension"):
        text = _("您同意之后，还要监管部门批准。不同意的不用操作。")
        yield Call(_("企业申请延期"), text, address(page, "extension"), _("查看申请"))
    suggestion = page.matters.get("suggestion")
    if suggestion is not None and page.may("answer_suggestion") and "consumer" not in mediation.answers_of(suggestion):
        title = _("轮到您了：工作人员提出了调解方案")
        yield Call(title, _("看一看，同意或者不同意都可以。"), address(page, "suggestion"), _("查看方案并答复"))
    if (
        page.complaint.status in (S.REVIEW, S.MEDIATING)
        and page.may("agree_to_mediation")
        and page.may("decline_mediation")
    ):
        title = _("您同意调解吗")
        yield Call(title, _("双方都同意，监管部门才能组织调解。"), address(page, "mediation"), _("答复"), "authority")
    session = page.matters.get("session")
    if session is not None and page.may("add_statement") and (at := datetime.fromisoformat(session.subject)) > page.now:
        yield Call(
            _("调解会：%(moment)s") % {"moment": moment(at)},
            _("%(mode)s，%(place)s。请按时参加；不能参加的，请提前说明。")
            % {
                "mode": wording.label(session.data.get("mode", ""), kind="session_mode"),
                "place": session.data.get("place", ""),
            },
            address(page, "statement"),
            _("说明不能参加"),
            "info",
        )


#: Further steps in the order of the page: step, address.
_MORE = (
    ("stop_negotiating", "stop"),
    ("resume_performance", "new-dates"),
    ("confirm_performed", "performed"),
    ("report_breach", "breach"),
    ("claim_settled_elsewhere", "settled-elsewhere"),
    ("correct_facts", "correct"),
    ("agree_to_mediation", "mediation"),
    ("decline_mediation", "mediation"),
    ("answer_suggestion", "suggestion"),
    ("answer_as_party", "party"),
    ("withdraw_party", "leave"),
    ("end_power", "power"),
    ("request_recusal", "recusal"),
    ("object_to_signs", "signs"),
    ("withdraw_consent", "consents"),
    ("withdraw", "withdraw"),
)


def more_of(page: CasePage) -> list[dict[str, str]]:
    """What else may be done; each address once."""
    labels: dict[str, str] = {}
    for step, name in _MORE:
        if page.may(step):
            labels.setdefault(name, _("调解意见") if name == "mediation" else wording.action(step))
    if page.may("give_publication_consent") or page.may("withdraw_publication_consent"):
        is_public = page.complaint.publication_consent
        labels["publication"] = _("公开设置：隐去姓名后公开") if is_public else _("公开设置：不公开")
    dossier = reverse("complaints:case-dossier", args=[page.complaint.number])
    return [
        *({"url": address(page, name), "label": label} for name, label in labels.items()),
        {"url": dossier, "label": _("案件档案（PDF、ZIP）")},
    ]
