"""Letters: one notice as one letter, or many notices of one person folded into a digest.

The one rule: which notices a digest holds is fixed when it is first taken up, so that trying again
sends the same letter; heads read one line a unit, everybody else one line a case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from authorities.models import named
from complaints import wording as labels
from complaints.models import Notice
from complaints.notices.channels.letter import Letter
from complaints.notices.notice_choices import ALL, group_of, off_address
from complaints.notices.writing import is_breach
from complaints.procedure.working_calendar import SHANGHAI

Pair = tuple[str, str]
#: More lines than this nobody reads; the rest is a number.
LINES = 100
SUBJECT: Pair = ("【12315】{part}汇总：{n}件", "[12315] {part} digest: {n}")
MORNING: Pair = ("上午", "Morning")
AFTERNOON: Pair = ("下午", "Afternoon")
SHORT: Pair = ("【12315】您有{n}件投诉有新进展", "[12315] There is news in {n} complaints")
LINE: Pair = ("· {what}\n  {path}", "· {what}\n  {path}")
MORE: Pair = ("另有{n}条，请登录查看。", "And {n} more: please sign in.")
OFF: Pair = ("不想再收这类通知：{address}", "No more letters like this: {address}")
UNITS: Pair = ("各单位：", "By unit:")
UNIT: Pair = ("· {unit}：{n}件{late}", "· {unit}: {n}{late}")
LATE: Pair = ("，其中{n}件已逾期", ", {n} of them overdue")
_PATH = re.compile(r"(?<![\w/])/(?:cases|enterprise|authority)/[\w\-/]*")
_HEAD = re.compile(r"^(?:【12315】|\[12315\] )")


def key_of(rows: Sequence[Notice]) -> str:
    """Named by its first row; asked for again it is a new letter."""
    first = rows[0]
    return f"{first.letter or first.pk}:{first.channel}:{first.user_id or 0}:{max(row.again for row in rows)}"


def letter_of(rows: Sequence[Notice], *, site: str = "", now: datetime | None = None) -> Letter:
    """``rows`` have the same person and channel; several only when they are a digest."""
    first = rows[0]
    is_consumer = first.addressee == "consumer"
    group = "" if not is_consumer else group_of(first.kind) if first.form == "single" else ALL
    off = off_address(first, group=group, site=site)
    language = first.language
    foot = "\n\n" + labels.pick(OFF, language).format(address=off) if off else ""
    if first.form == "single":
        return Letter(
            key=key_of(rows),
            subject=first.subject,
            body=with_site(first.body, site) + foot,
            short=first.short,
            unsubscribe=off,
        )
    n = len({row.complaint_id for row in rows})
    part = labels.pick(MORNING if _hour(first, now) < 12 else AFTERNOON, language)
    return Letter(
        key=key_of(rows),
        subject=labels.pick(SUBJECT, language).format(part=part, n=n),
        body=with_site("\n".join(_lines(rows, language)), site) + foot,
        short=labels.pick(SHORT, language).format(n=n),
        unsubscribe=off,
    )


def _hour(row: Notice, now: datetime | None) -> int:
    at = now or row.sent_at or row.send_after
    return at.astimezone(SHANGHAI).hour


def _lines(rows: Sequence[Notice], language: str) -> list[str]:
    own = [row for row in rows if row.form == "digest"]
    found = [
        labels.pick(LINE, language).format(what=_HEAD.sub("", row.subject), path=path_of(row.body))
        for row in own[:LINES]
    ]
    if len(own) > LINES:
        found.append(labels.pick(MORE, language).format(n=len(own) - LINES))
    summed = [row for row in rows if row.form == "summary"]
    if summed:
        found += [labels.pick(UNITS, language), *_units(summed, language)]
    return found


def _units(rows: Sequence[Notice], language: str) -> list[str]:
    """One line a unit: how many cases, and how many of them are late."""
    units: dict[str, dict[int, bool]] = {}
    for row in rows:
        cases = units.setdefault(_unit(row), {})
        cases[row.complaint_id] = cases.get(row.complaint_id, False) or row.complaint.is_overdue or is_breach(row.kind)
    found = []
    for unit, cases in units.items():
        late = sum(cases.values())
        words = labels.pick(LATE, language).format(n=late) if late else ""
        found.append(labels.pick(UNIT, language).format(unit=unit, n=len(cases), late=words))
    return found


def _unit(row: Notice) -> str:
    unit = row.authority if row.addressee == "authority" else row.complaint.branch or row.enterprise
    return named(unit) if unit is not None else row.addressee


def path_of(body: str) -> str:
    """Where to read on: the last path of a notice."""
    found = _PATH.findall(body)
    return found[-1] if found else ""


def with_site(body: str, site: str) -> str:
    """Paths become addresses that can be clicked."""
    return _PATH.sub(lambda found: site + found.group(), body) if site else body
