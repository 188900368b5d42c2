"""Notices as people read them: what, to whom, by which way, when, and what became of it. No address is shown, and
nobody sees what was told in a chain that they do not read."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording
from complaints.models import Complaint, Notice, NoticeOrder
from complaints.notices import superseded
from complaints.notices.delivery import ORDERS
from complaints.reading.case import AUTHORITY, CONSUMER, case_url
from complaints.reading.case_rows import CaseRows
from web.languages import language_tag, named

CHANNELS: dict[str, Any] = {"": gettext_lazy("未定"), "sms": gettext_lazy("短信"), "email": gettext_lazy("邮件")}
#: Words and tone of a state.
STATES: dict[str, tuple[Any, str]] = {
    "queued": (gettext_lazy("等待发送"), "neutral"),
    "leased": (gettext_lazy("正在发送"), "info"),
    "sent": (gettext_lazy("已发出"), "ok"),
    "bounced": (gettext_lazy("退回，已换方式"), "warn"),
    "set_aside": (gettext_lazy("没有送到"), "bad"),
    "told": (gettext_lazy("已另行告知"), "ok"),
    "in_portal": (gettext_lazy("只在这里显示"), "neutral"),
}
_ERRORS: dict[str, Any] = {
    "nobody": gettext_lazy("这个单位没有可以通知的人员。"),
    "no_address": gettext_lazy("没有可用的手机号或者邮箱。"),
    "no_channel": gettext_lazy("没有可用的手机号或者邮箱。"),
    "bad_address": gettext_lazy("邮箱地址写法不对。"),
    "no_short_form": gettext_lazy("内容放不进一条短信。"),
    "sms_number": gettext_lazy("短信平台说这个号码收不了短信。"),
    "sms_content": gettext_lazy("短信平台不收这样的内容。"),
    "sms_limit": gettext_lazy("这个号码今天收到的短信已达上限。"),
    "sms_account": gettext_lazy("短信平台的账户、签名或者模板需要处理。"),
    "sms_refused": gettext_lazy("短信平台没有收。"),
    "timeout": gettext_lazy("对方服务器没有及时应答。"),
    "refused": gettext_lazy("连不上对方服务器。"),
    "unreachable": gettext_lazy("连不上对方服务器。"),
    "hung_up": gettext_lazy("对方服务器中途断开。"),
    "tls": gettext_lazy("与对方服务器的加密连接不成立。"),
}
_RELATED = ("complaint", "user", "enterprise", "authority")
_ORDERS = Prefetch("orders", NoticeOrder.objects.select_related("by"))
_CODE = re.compile(r"(smtp|http)_(\d{3})")
_HEAD = re.compile(r"^(?:【12315】|\[12315\] )[\w-]+(?:：|: )")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """One notice, ready to be shown."""

    pk: int
    complaint: Complaint
    url: str
    what: str
    to: str
    way: str
    at: datetime
    state: str
    tone: str
    error: str
    #: Of the words that were sent, where they are not the reader's.
    lang: str = ""
    orders: list[str] = field(default_factory=list)
    may: tuple[str, ...] = ()


def of_case(complaint: Complaint, side: str, rows: CaseRows) -> list[NoticeRow]:
    """What was told about a case, newest first, as far as this side may know it."""
    orders: dict[int, list[NoticeOrder]] = defaultdict(list)
    for order in rows.orders:
        orders[order.notice_id].append(order)
    for row in rows.notices:
        row.complaint = complaint
    return [notice_row(row, side, orders[row.pk]) for row in rows.notices]


def in_cases(cases: QuerySet[Complaint], condition: Q) -> QuerySet[Notice]:
    """Notices of these cases for people of an authority."""
    rows = Notice.objects.filter(condition, complaint__in=cases, audience__in=("parties", AUTHORITY))
    return rows.select_related(*_RELATED).prefetch_related(_ORDERS)


def notice_row(row: Notice, side: str, orders: Iterable[NoticeOrder] | None = None) -> NoticeRow:
    """``orders``: of this notice, where they were not fetched with it."""
    text, tone = STATES[row.state]
    return NoticeRow(
        pk=row.pk,
        complaint=row.complaint,
        url=case_url(row.complaint, side),
        what=wording.label(row.kind, kind="step") if not row.subject else _HEAD.sub("", row.subject),
        to="" if side == CONSUMER else _to(row),
        way=_way(row, side),
        at=row.sent_at or (row.send_after if row.state == "queued" else row.created_at),
        state=str(text),
        tone=tone,
        error="" if side == CONSUMER or row.last_error == superseded.CODE else error_text(row.last_error),
        lang=language_tag(row.language) if row.subject else "",
        orders=[_ordered(o) for o in (row.orders.all() if orders is None else orders)] if side == AUTHORITY else [],
        may=ORDERS.get(row.state, ()) if side == AUTHORITY else (),
    )


def _way(row: Notice, side: str) -> str:
    if row.state != "in_portal":
        return str(CHANNELS.get(row.channel, row.channel))
    if row.last_error == superseded.CODE:
        return _("已有更新的消息，没有再发")
    return _("按您的选择没有发送") if side == CONSUMER else str(CHANNELS.get(row.channel, row.channel))


def _to(row: Notice) -> str:
    if row.addressee == CONSUMER:
        return _("消费者")
    organisation = named(row.enterprise) if row.enterprise else named(row.authority) if row.authority else ""
    return " ".join(part for part in (organisation, row.user.name if row.user else "") if part)


def _ordered(order: NoticeOrder) -> str:
    text = _("%(name)s要求再次发送") if order.what == "again" else _("%(name)s记录已另行告知")
    return text % {"name": order.by.name}


def error_text(code: str) -> str:
    """The codes of complaints/channels in words; nothing of the other side's own words is kept."""
    if not code:
        return ""
    if code in _ERRORS:
        return str(_ERRORS[code])
    if result := _CODE.fullmatch(code):
        who = _("邮件服务器") if result[1] == "smtp" else _("短信平台")
        if result[2] < "500" and result[1] == "smtp":
            return _("%(who)s暂时不收（%(code)s）。") % {"who": who, "code": result[2]}
        return _("%(who)s拒收（%(code)s）。") % {"who": who, "code": result[2]}
    return _("程序出错，已记入日志。")
