"""Letters: one notice as one letter, or many notices of one person folded into a digest. What a digest holds is fixed
when it is first taken up, so that trying again sends the same letter."""

import re
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from complaints.models import Notice
from complaints.notices.channels.letter import Letter
from complaints.notices.notice_choices import ALL, group_of, off_address
from complaints.notices.writing import SHORT, is_breach
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record.anchors import Receipt
from web.languages import named
from web.listing import labelled

#: More lines than this nobody reads; the rest is a number.
LINES = 100
_PATH = re.compile(r"(?<![\w/])/(?:cases|enterprise|authority)/[\w\-/]*")
_HEAD = re.compile(r"^(?:【12315】|\[12315\] )")
_SCHEME = re.compile(r"^https?://")
#: So much of a case number stands in a short link: the day, a dash, four letters.
CODE = 13
#: Less of the name of a firm tells nobody which it is.
LEAST_OF_A_NAME = 5


def key_of(rows: Sequence[Notice]) -> str:
    """Named by its first row; asked for again it is a new letter."""
    first = rows[0]
    return f"{first.letter or first.pk}:{first.channel}:{first.user_id or 0}:{max(row.again for row in rows)}"


def letter_of(
    rows: Sequence[Notice], *, site: str = "", now: datetime | None = None, receipt: Receipt | None = None
) -> Letter:
    """``rows`` have the same person and channel; several only when they are a digest."""
    first = rows[0]
    is_consumer = first.addressee == "consumer"
    group = "" if not is_consumer else group_of(first.kind) if first.form == "single" else ALL
    off = off_address(first, group=group, site=site)
    with override(first.language):
        return _letter(rows, off, site, now, receipt)


def _letter(rows: Sequence[Notice], off: str, site: str, now: datetime | None, receipt: Receipt | None) -> Letter:
    first = rows[0]
    subject, body, short = first.subject, first.body, first.short
    if first.form != "single":
        n, at = len({row.complaint_id for row in rows}), now or first.sent_at or first.send_after
        part = _("上午") if at.astimezone(SHANGHAI).hour < 12 else _("下午")
        subject, body = _("【12315】%(part)s汇总：%(n)s件") % {"part": part, "n": n}, "\n".join(_lines(rows))
        short = ngettext("【12315】您有%(n)s件投诉有新进展", "【12315】您有%(n)s件投诉有新进展", n) % {"n": n}
    else:
        body, short = f"{_about(first)}\n{body}", shortened(first, site)
    foot = "\n\n" + _("存证（请保存，可用来核对记录）：") + f"\n{receipt}" if receipt is not None else ""
    foot += "\n\n" + _("不想再收这类通知：%(address)s") % {"address": off} if off else ""
    return Letter(key=key_of(rows), subject=subject, body=with_site(body, site) + foot, short=short, unsubscribe=off)


def firm_of(row: Notice) -> str:
    """Against whom the case is, by the directory; "" where a consumer named somebody freely: what one person typed
    stands in no letter to another."""
    firm = row.complaint.branch or row.complaint.enterprise
    return " ".join(named(firm).split()) if firm is not None else ""


def _about(row: Notice) -> str:
    """The first line of a letter: which case, against whom."""
    firm, number = firm_of(row), row.complaint.number
    text = _("投诉%(number)s，被投诉的是%(firm)s。") if firm else _("投诉%(number)s。")
    return text % {"number": number, "firm": firm}


def shortened(row: Notice, site: str) -> str:
    """The short message with firm and link, at most 70 characters. The link says which case, so the number falls away;
    a long name of a firm is cut, and where nothing fits there is news."""
    head, number = _HEAD.match(row.short), row.complaint.number
    if head is None or number not in row.short:
        return row.short
    what = " ".join(row.short[head.end() :].replace(number, "").split()).strip("：: ")
    link = f" {_SCHEME.sub('', site)}/c/{code_of(number)}" if site else f" {number}"
    for text in (what, _("有新进展")):
        room, firm = SHORT - len(labelled(head.group(), text)) - len(link), firm_of(row)
        if len(firm) > room >= LEAST_OF_A_NAME:
            firm = f"{firm[: room - 1]}…"
        if len(firm) <= room:
            return f"{head.group()}{labelled(firm, text) if firm else text}{link}"
    return row.short


def code_of(number: str) -> str:
    """Day and first letters of a case number: enough to find it among one's own cases, and no secret."""
    return number[:9] + number[-14:-10]


def _lines(rows: Sequence[Notice]) -> list[str]:
    own = [row for row in rows if row.form == "digest"]
    results = [f"· {_titled(row)}\n  {path_of(row.body)}" for row in own[:LINES]]
    if len(own) > LINES:
        n = len(own) - LINES
        results.append(ngettext("另有%(n)s条，请登录查看。", "另有%(n)s条，请登录查看。", n) % {"n": n})
    summed = [row for row in rows if row.form == "summary"]
    if summed:
        results += [_("各单位："), *_units(summed)]
    return results


def _titled(row: Notice) -> str:
    """Number, what, and against whom."""
    return " · ".join(filter(None, (_HEAD.sub("", row.subject), firm_of(row))))


def _units(rows: Sequence[Notice]) -> list[str]:
    """One line a unit: how many cases, and how many of them are late."""
    units: dict[str, dict[int, bool]] = {}
    for row in rows:
        unit = row.authority if row.addressee == "authority" else row.complaint.branch or row.enterprise
        cases = units.setdefault(named(unit) if unit is not None else row.addressee, {})
        cases[row.complaint_id] = cases.get(row.complaint_id, False) or row.complaint.is_overdue or is_breach(row.kind)
    results = []
    for name, cases in units.items():
        late = sum(cases.values())
        slots = {"unit": name, "n": len(cases), "late": late}
        results.append((_("· %(unit)s：%(n)s件，其中%(late)s件已逾期") if late else _("· %(unit)s：%(n)s件")) % slots)
    return results


def path_of(body: str) -> str:
    """Where to read on: the last path of a notice."""
    result = _PATH.findall(body)
    return result[-1] if result else ""


def with_site(body: str, site: str) -> str:
    """Paths become addresses that can be clicked."""
    return _PATH.sub(lambda match: site + match.group(), body) if site else body
