"""What a counter counted, one by one: the cases behind a number.

The list has exactly as many lines as the number said, because both are the same rows under the same
window of days; a case with two stages stands there twice if both were counted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from database.sql_files import read_sql
from oversight.counters.figures import open_overdue
from oversight.counters.reads import Counters, counts_for, steadily
from oversight.counters.statements import RAN, Windows, narrowed
from oversight.counters.sums import TALLY
from oversight.figures.figures import RESULTS, Measure

PAGE = 25
_SQL = read_sql(__file__, tally=TALLY)
ENDED = "ended"
#: Stages that ran out and had not ended by the end of the period: no measure of its own, three of them together.
OPEN_OVERDUE = "open_overdue"
WHAT: Mapping[str, Any] = {
    "received": _("收到的投诉"),
    "closed": _("办结的投诉"),
    "ended_settled": _("确认和解的阶段"),
    "ended_unconfirmed": _("未获确认的阶段"),
    "ended_settled_elsewhere": _("另行和解的阶段"),
    "ended_failed": _("和解不成的阶段"),
    "ended_let_rest": _("一项也没同意、消费者不再坚持的阶段"),
    "ended_withdrawn": _("撤回的阶段"),
    "ended_returned": _("退回的阶段"),
    "in_part": _("部分和解的阶段"),
    "in_time": _("届满前结束的阶段"),
    "in_time_reported": _("届满前由企业自己报告和解不成的阶段"),
    "in_time_apart": _("届满前撤回或退回的阶段"),
    "ended_late": _("届满后才结束的阶段"),
    OPEN_OVERDUE: _("届满仍未结束的阶段"),
    "waiting": _("此刻还没有首次响应的阶段"),
    "responded": _("已首次响应的阶段"),
    "accepted": _("已受理的阶段"),
    "handled": _("计入办理时长的投诉"),
    "review_met": _("按时作出决定的审查"),
    "review_late": _("期限已过的审查"),
    "closed_mediated": _("达成调解的投诉"),
    "closed_not_kept": _("达成调解后没有做到的投诉"),
    "closed_mediation_terminated": _("终止调解的投诉"),
    "promise_kept": _("按时做到并经确认的约定"),
    "promise_late": _("逾期才做到的约定"),
    "promise_silent": _("消费者没有答复的约定"),
    "promise_broken": _("没有做到的约定"),
    "promise_waiting": _("到期待办或待确认的约定"),
    "recovered_n": _("经确认已退付的约定"),
    "routed": _("结束的阶段"),
    "misrouted": _("被退回的阶段"),
    "mended": _("按时再次分送的退回"),
    "answered": _("企业自己办结的阶段"),
    "ended_last_day": _("企业自己在最后一天才办结的阶段"),
    ENDED: _("结束的阶段"),
    "offered": _("提过方案的阶段"),
    "offered_last_day": _("最后一天才提方案的阶段"),
    "delivered": _("送达企业的阶段"),
    "again": _("60天内再次投诉的阶段"),
    "rated": _("评了分的投诉"),
}
#: What is no measure of its own, but several together.
_TOGETHER = {OPEN_OVERDUE: RAN, ENDED: tuple(f"ended_{result}" for result in RESULTS)}
_KEY = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})\.([a-z]{1,10})\.(\d{1,18})")
Key = tuple[date, int, str, int]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was counted: of which case, on which day."""

    day: date
    complaint_id: int
    kind: str
    ref: int

    @property
    def key(self) -> Key:
        return self.day, self.complaint_id, self.kind, self.ref

    @property
    def after(self) -> str:
        return f"{self.day.isoformat()}.{self.complaint_id}.{self.kind}.{self.ref}"


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of lines, newest first; ``n`` is how many there are in all, ``after`` the key of the next page."""

    lines: Sequence[Event]
    n: int
    after: str


def page_from(rows: Sequence[tuple[date, int, int]], skip: int) -> EventPage:
    """A page of a list that is no tally's: (day, case, how many in all) of one more than a page, ``skip`` before them.
    Its ``after`` is how many stand before the next page.
    """
    lines = [Event(day, complaint, "", 0) for day, complaint, _n in rows[:PAGE]]
    return EventPage(lines, rows[0][2] if rows else 0, str(skip + PAGE) if len(rows) > PAGE else "")


def read_key(text: str) -> Key | None:
    """The place where a page begins; None for the first page and for what cannot be read."""
    result = _KEY.fullmatch(text)
    if result is None:
        return None
    try:
        return date.fromisoformat(result[1]), int(result[2]), result[3], int(result[4])
    except ValueError:
        return None


def page(measure: Measure, what: str, after: Key | None = None) -> EventPage:
    """Four statements, six while steps wait to be folded. ``what`` is one of WHAT."""
    return steadily(lambda counters: _page(measure, what, after, counters), now=measure.now, calendar=measure.calendar)


def _page(measure: Measure, what: str, after: Key | None, counters: Counters) -> EventPage:
    names = _TOGETHER.get(what, (what,))
    sums = (counters.sums(measure.scope, measure.period, names=names) or {}).get("", dict.fromkeys(names, 0))
    n = open_overdue(sums) if what == OPEN_OVERDUE else sum(sums.values())
    windows = Windows.of(measure.period, now=measure.now, calendar=measure.calendar)
    fresh = sorted({row["complaint_id"] for row in counters.unfolded})
    lines = _folded(measure, what, windows, after, fresh)
    if fresh:
        lines += [one for one in _unfolded(measure, what, windows, counters, fresh) if after is None or one.key < after]
        lines.sort(key=lambda line: line.key, reverse=True)
    shown = lines[:PAGE]
    return EventPage(shown, n, shown[-1].after if len(lines) > PAGE else "")


def _is_counted(what: str, windows: Windows) -> tuple[str, dict[str, Any]]:
    if what != OPEN_OVERDUE:
        names = _TOGETHER.get(what, (what,))
        begin, end = windows.days(names[0])
        given = " or ".join(f"t.{name} is not null" for name in names)
        return f"({given}) and t.day between %(begin)s and %(end)s", {"begin": begin, "end": end}
    ends = {name: windows.days(name)[1] for name in RAN}
    return _SQL["open_overdue"], ends


def _folded(measure: Measure, what: str, windows: Windows, after: Key | None, without: Sequence[int]) -> list[Event]:
    ours, params = narrowed(measure.scope)
    counted, days = _is_counted(what, windows)
    params |= days | {"without": list(without), "limit": PAGE + 1}
    if after is not None:
        counted += " and (t.day, t.complaint_id, t.kind, t.ref) < (%(day)s, %(id)s, %(kind)s, %(ref)s)"
        params |= dict(zip(("day", "id", "kind", "ref"), after, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_SQL["page"].format(ours=ours, counted=counted), params)
        return [Event(*row) for row in cursor.fetchall()]


def _unfolded(measure: Measure, what: str, windows: Windows, counters: Counters, fresh: Sequence[int]) -> list[Event]:
    """The rows of cases whose last steps are not folded yet, as they will be."""
    names = _TOGETHER.get(what, (what,))
    columns = ("complaint_id", "kind", "ref", "day", "region", "enterprise", "problem", "object", "channel", *names)
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(columns)} from {TALLY} where complaint_id = any(%s)", [list(fresh)])
        rows = {row[:3]: dict(zip(columns, row, strict=True)) for row in cursor.fetchall()}
    for sign in (-1, 1):
        for row in counters.unfolded:
            key = (row["complaint_id"], row["kind"], row["ref"])
            if row["sign"] == sign == -1:
                rows.pop(key, None)
            elif row["sign"] == sign:
                rows[key] = row
    ended = {
        (row["complaint_id"], row["ref"])
        for row in rows.values()
        if what == OPEN_OVERDUE and row["ran_out_ended"] and windows.has("ran_out_ended", row["day"])
    }
    return [
        Event(row["day"], row["complaint_id"], row["kind"], row["ref"])
        for row in rows.values()
        if counts_for(measure.scope, row)
        and any(row[name] and windows.has(name, row["day"]) for name in names if name != "ran_out_ended")
        and (row["complaint_id"], row["ref"]) not in ended
    ]
