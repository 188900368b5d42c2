"""The columns of an export: which there are, who may have them, and what stands in them.

A column that is not listed here for a side does not leave the portal. Texts of people
(statement, messages) are no columns; what leads to a person is a column that needs a second person.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.masking import masked_name
from complaints import wording
from complaints.handling.steps import platform
from complaints.handling.steps.enterprise import CONTACT_CHANNELS
from complaints.models import Complaint, Engagement
from complaints.models.settlement import OBLIGATION_KINDS
from complaints.procedure.urgency import urgent_text
from complaints.reading.case_people import label_of
from complaints.record.events import plain_version
from complaints.wording.standing import standing
from web.languages import named

ENTERPRISE, AUTHORITY = "enterprise", "authority"
BOTH = frozenset({ENTERPRISE, AUTHORITY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case as its row is made. ``time``: the enterprise's own time with it, on the enterprise's side.

    ``is_former``: that time is over and the case is somebody else's; only the time is theirs to know.
    ``person``: kind → text of name, phone, e-mail and address where they may go out, else empty.
    """

    case: Complaint
    name: str
    demands: str
    asked: Sequence[str] = ()
    time: Engagement | None = None
    is_former: bool = False
    person: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """``stays``: a former enterprise may still read it. ``kind``: the personal text that it shows.
    ``comes_back``: only in a table that is filled in and sent back. ``choice``: the words that may stand there, a kind
    of CHOICES, or "yes"."""

    code: str
    title: Any
    of: Callable[[CaseRow], Any]
    sides: frozenset[str] = BOTH
    stays: bool = False
    kind: str = ""
    comes_back: bool = False
    choice: str = ""

    @property
    def is_personal(self) -> bool:
        return bool(self.kind)

    def text(self, row: CaseRow) -> str:
        if row.is_former and not self.stays:
            return ""
        if self.kind:
            return row.person.get(self.kind, "")
        value = self.of(row)
        if isinstance(value, datetime):
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
        return "" if value is None else str(value)


def _status(row: CaseRow) -> str:
    return standing(row.case).text


def _next_day(row: CaseRow) -> date | None:
    """The last day, as people say it: the clock ends at its midnight."""
    due = row.case.next_due_at
    return None if due is None else timezone.localdate(due - timedelta(microseconds=1))


def _result(row: CaseRow) -> str:
    return wording.label(row.time.result, kind="odr_result") if row.time and row.time.odr_result else ""


def _uscc(row: CaseRow) -> str:
    enterprise = row.case.enterprise or row.case.picked_enterprise
    return (enterprise.uscc or "") if enterprise else ""


def _respondent(row: CaseRow) -> str:
    place = row.case.branch or row.case.enterprise or row.case.picked_enterprise
    return named(place) if place else row.case.respondent_named


def _yes(value: bool) -> str:
    return str(_("是")) if value else ""


def _column(code: str, title: Any, of: Callable[[CaseRow], Any], **more: Any) -> Column:
    return Column(code=code, title=title, of=of, **more)


def _personal(kind: str, title: Any) -> Column:
    return Column(code=kind, title=title, of=lambda row: "", kind=kind)


def _filled_in(code: str, title: Any, of: Callable[[CaseRow], Any] = lambda row: "", *, choice: str = "") -> Column:
    return Column(code=code, title=title, of=of, sides=_E, comes_back=True, choice=choice)


def _facts(row: CaseRow) -> str:
    """What somebody who fills in the row has to know of the case beside its other cells."""
    case, time = row.case, row.time
    first = time.first_contact_at if time else None
    facts = [
        urgent_text(case.facts or {}),
        _("购买于%(day)s") % {"day": case.bought_on} if case.bought_on else "",
        _("争议发生于%(day)s") % {"day": case.disputed_on} if case.disputed_on else "",
        _("首次联系%(day)s") % {"day": timezone.localdate(first)} if first else _("还没有联系过消费者"),
        ngettext("退回过%(n)s次", "退回过%(n)s次", case.returns) % {"n": case.returns} if case.returns else "",
    ]
    return str(_("；")).join(str(fact) for fact in facts if fact)


def _nth(title: Any, n: int) -> Any:
    return format_lazy("{}{}", title, n)


def _of_demand(n: int) -> list[Column]:
    """What was asked for, and the cells of its answer."""
    return [
        _filled_in(
            f"demand_{n}",
            _nth(pgettext_lazy("before a number", "诉求"), n),
            lambda row: row.asked[n - 1] if len(row.asked) >= n else "",
        ),
        _filled_in(f"answer_{n}", _nth(pgettext_lazy("before a number", "答复"), n), choice="verdict"),
        _filled_in(f"amount_{n}", _nth(pgettext_lazy("before a number", "答复金额"), n)),
        _filled_in(f"reason_{n}", _nth(pgettext_lazy("before a number", "答复理由"), n)),
        _filled_in(f"by_{n}", _nth(pgettext_lazy("before a number", "履行方式"), n), choice="obligation_kind"),
        _filled_in(f"due_{n}", _nth(pgettext_lazy("before a number", "最后一天"), n)),
    ]


#: What a table can ask for.
STEPS = ("accept_case", "assign", "log_contact", "make_offer", "report_performed")
#: The codes that may stand in a cell, by kind.
CHOICES: dict[str, Sequence[str]] = {
    "step": STEPS,
    "contact_channel": CONTACT_CHANNELS,
    "verdict": ("grant", "part", "refuse"),
    "obligation_kind": OBLIGATION_KINDS,
}


def labels_for(kind: str) -> list[str]:
    """What may stand in such a cell, in the active language."""
    if kind == "yes":
        return [str(_("是")), str(_("否"))]
    return [wording.action(code) if kind == "step" else wording.label(code, kind=kind) for code in CHOICES[kind]]


#: So many demands of a case can be answered in a table.
MOST_DEMANDS = 8
_A, _E = frozenset({AUTHORITY}), frozenset({ENTERPRISE})

COLUMNS: dict[str, Column] = {
    column.code: column
    for column in (
        _column("number", _("编号"), lambda row: row.case.number, stays=True),
        _column(
            "external_ref",
            _("贵单位的编号"),
            lambda row: row.time.external_ref if row.time else "",
            sides=_E,
            stays=True,
        ),
        _column("status", _("状态"), _status),
        _column("received", _("收到时间"), lambda row: row.case.received_at, stays=True),
        _column("due", _("下一个期限"), _next_day),
        _column("overdue", _("已逾期"), lambda row: _yes(row.case.is_overdue)),
        _column("consumer", _("消费者（隐去）"), lambda row: masked_name(row.name), stays=True),
        _column("respondent", _("被投诉人"), _respondent),
        _column("object", _("商品或服务类别"), lambda row: label_of(row.case.object_category), stays=True),
        _column("item", _("商品或服务"), lambda row: row.case.item_name, stays=True),
        _column("problem", _("问题"), lambda row: label_of(row.case.problem_category), stays=True),
        _column("amount", _("金额"), lambda row: row.case.amount, stays=True),
        _column("currency", _("币种"), lambda row: row.case.currency, stays=True),
        _column("demands", _("诉求"), lambda row: row.demands),
        _column("bought", _("购买日期"), lambda row: row.case.bought_on),
        _column("disputed", _("争议发生日"), lambda row: row.case.disputed_on),
        _column("branch", _("办理单位"), lambda row: named(row.case.branch) if row.case.branch else "", sides=_E),
        _column("handler", _("处理人"), lambda row: row.case.handler.user.name if row.case.handler else "", sides=_E),
        _column("handler_number", _("工号"), lambda row: row.case.handler.number if row.case.handler else "", sides=_E),
        _column(
            "accepted", _("受理时间"), lambda row: row.time.accepted_at if row.time else None, sides=_E, stays=True
        ),
        _column("result", _("企业阶段的结果"), _result, sides=_E, stays=True),
        _column("ended", _("企业阶段结束"), lambda row: row.time.until_at if row.time else None, sides=_E, stays=True),
        _column("region", _("办理地区"), lambda row: named(row.case.handling_region), sides=_A),
        _column("authority", _("办理机关"), lambda row: named(row.case.handling_authority), sides=_A),
        _column("officer", _("经办人"), lambda row: row.case.officer.user.name if row.case.officer else "", sides=_A),
        _column("uscc", _("统一社会信用代码"), _uscc, sides=_A),
        _column("platform_number", _("平台编号"), lambda row: row.case.platform_number, sides=_A),
        _column("platform_received", _("平台接收时间"), lambda row: row.case.platform_received_at, sides=_A),
        _column(
            "platform_state", _("平台状态"), lambda row: platform.STATES.get(row.case.platform_state, ""), sides=_A
        ),
        _column(
            "platform_expected", _("应有的平台状态"), lambda row: platform.STATES[platform.expected(row.case)], sides=_A
        ),
        _column("channel", _("来源渠道"), lambda row: row.case.channel, sides=_A),
        _column("closed", _("办结时间"), lambda row: row.case.closed_at),
        _column("latest", _("最近一次"), lambda row: row.case.last_event_at),
        _filled_in("version", _("版本（请勿改动）"), lambda row: plain_version(row.case)),
        _filled_in("facts", _("要点"), _facts),
        _filled_in("step", _("步骤"), choice="step"),
        _filled_in("to_handler", _("交给谁（工号、邮箱或姓名）")),
        _filled_in("contact_channel", _("联系方式"), choice="contact_channel"),
        _filled_in("contact_at", _("联系时间")),
        _filled_in("contact_reached", _("联系上了吗"), choice="yes"),
        _filled_in("contact_note", _("联系内容")),
        *(column for n in range(1, MOST_DEMANDS + 1) for column in _of_demand(n)),
        _filled_in("offer_message", _("给消费者的话")),
        _filled_in("obligations", _("已履行的约定序号")),
        _filled_in("performed_by", _("怎么做到的")),
        _filled_in("proof", _("履行证明")),
        _personal("consumer_name", _("姓名")),
        _personal("consumer_phone", _("手机")),
        _personal("consumer_email", _("邮箱")),
        _personal("consumer_address", _("地址")),
    )
}
#: What stands beside the columns that are filled in.
_TO_READ = ("number", "external_ref", "status", "due", "item", "problem", "amount", "handler", "handler_number")
#: What the rows are read with.
RELATED: tuple[str, ...] = ("enterprise", "branch", "picked_enterprise", "handling_region", "handling_authority")
RELATED += ("handler__user", "officer__user")
PERSONAL = tuple(code for code, column in COLUMNS.items() if column.is_personal)


def offered(side: str, *, with_personal: bool) -> list[Column]:
    """What somebody of this side may choose from, in the order of the file."""
    return [
        column
        for column in COLUMNS.values()
        if side in column.sides and not column.comes_back and (with_personal or not column.is_personal)
    ]


def coming_back(*, demands: int) -> list[Column]:
    """The columns of a table to be filled in, for cases of at most so many demands."""
    left = {
        f"{kind}_{n}"
        for n in range(demands + 1, MOST_DEMANDS + 1)
        for kind in ("demand", "answer", "amount", "reason", "by", "due")
    }
    back = [column for column in COLUMNS.values() if column.comes_back and column.code not in left]
    return [*(COLUMNS[code] for code in _TO_READ), *back]
