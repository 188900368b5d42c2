"""Pure date arithmetic for every clock, with its derivation.

No clock reading, no database, no framework. A start and a calendar go in, a last day and the reason for it come out.
Counting follows article 45 of Order 121: the day of the event is not counted, a period ends at 24:00 of its last day,
so the first late instant is 00:00 of the following day. Days are local days of the calendar's zone; a naive moment is
refused. Years without a published calendar count Monday–Friday and make the date provisional."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from complaints.procedure.working_calendar import Calendar

#: Units: working days, calendar days, a day that somebody named.
WORKING, CALENDAR, FIXED = "WD", "CD", "day"

#: JSON-able; complaints/procedure/derivation.py lists its keys.
Derivation = dict[str, Any]

#: A mark above this is the n-th working day overdue: 101, 102, …
OVERDUE = 100
_FRACTIONS = (50, 80)
_MORNING = time(8, 30)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """``last_day`` is what people are told; ``due_at`` (UTC) the first instant that is late."""

    last_day: date
    due_at: datetime
    provisional: bool
    derivation: Derivation


def working_days(start: date | datetime, length: int, calendar: Calendar, *, rule: str = "") -> Due:
    """``length`` working days after the day of ``start`` (art. 45)."""
    day = calendar.local_day(start)
    last = calendar.after(day, length)
    derivation = _begin(rule, WORKING, day, length)
    return _due(calendar, last, derivation, counted_from=day, depends_on=day + _ONE_DAY)


def calendar_days(
    start: date | datetime, length: int, calendar: Calendar, *, weekend_roll: bool = True, rule: str = ""
) -> Due:
    """``length`` days after the day of ``start``. A last day on a holiday moves to the first day after it (art. 45);
    with ``weekend_roll`` (policy) one on a weekend too, to the first working day. The strict day is kept."""
    if length < 1:
        raise ValueError("count at least one day")
    day = calendar.local_day(start)
    derivation = _begin(rule, CALENDAR, day, length)
    derivation["weekend_roll"] = weekend_roll
    return _rolled(day + timedelta(days=length), derivation, calendar)


def period(
    start: date | datetime, length: int, unit: str, calendar: Calendar, *, weekend_roll: bool, rule: str = ""
) -> Due:
    """``length`` days of this unit after the day of ``start``."""
    if unit == CALENDAR:
        return calendar_days(start, length, calendar, weekend_roll=weekend_roll, rule=rule)
    return working_days(start, length, calendar, rule=rule)


def fixed_day(last_day: date, calendar: Calendar, *, rule: str = "") -> Due:
    """A day that somebody named: nothing is counted, so no calendar can change it."""
    return _due(calendar, last_day, _begin(rule, FIXED), depends_on=None)


def remaining(due_last_day: date, day: date, calendar: Calendar, *, unit: str = WORKING) -> int:
    """R: working days after ``day`` up to and including the due day; 0 when it has passed. For a calendar-day clock
    give ``unit=CALENDAR`` and its strict day."""
    if unit == CALENDAR:
        return max(0, (due_last_day - day).days)
    return calendar.count(day, due_last_day)


def resume(day: date, remaining: int, calendar: Calendar, *, earlier: Mapping[str, Any], paused_from: date) -> Due:
    """A paused clock goes on: ``remaining`` days of its unit after ``day``.

    ``remaining`` 0 means it has run out: it keeps the day that it had when it was paused
    (``derivation["has_run_out"]``), and the step that resumes it leads on as the lapse would."""
    pause = {
        "from": paused_from.isoformat(),
        "to": day.isoformat(),
        "remaining": remaining,
        "working_days": calendar.count(paused_from, day),
    }
    derivation = _paused(earlier, pause)
    if remaining < 1:
        last = date.fromisoformat(earlier.get("last_day", paused_from.isoformat()))
        return _due(calendar, last, derivation, depends_on=None)
    if derivation["unit"] == CALENDAR:
        return _rolled(day + timedelta(days=remaining), derivation, calendar)
    last = calendar.after(day, remaining)
    return _due(calendar, last, derivation, counted_from=day, depends_on=day + _ONE_DAY)


def with_allowance(
    pause_day: date, remaining: int, allowance: int, calendar: Calendar, *, earlier: Mapping[str, Any] | None = None
) -> Due:
    """The latest due day when a pause from ``pause_day`` may last ``allowance`` working days."""
    until = calendar.after(pause_day, allowance) if allowance > 0 else pause_day
    last = calendar.after(until, remaining) if remaining > 0 else until
    pause = {
        "from": pause_day.isoformat(),
        "to": until.isoformat(),
        "remaining": remaining,
        "working_days": calendar.count(pause_day, until),
        "allowance": allowance,
    }
    derivation = _paused(earlier or _begin("", WORKING), pause)
    depends_on = min(last, pause_day + _ONE_DAY)
    return _due(calendar, last, derivation, counted_from=until, depends_on=depends_on)


def recompute(derivation: Mapping[str, Any], calendar: Calendar, *, changed_on: date, floor: int | None) -> Due:
    """The same clock under a newly loaded calendar; an unmoved date comes back unmoved.

    ``floor``: a date may move later freely, but earlier never to less than so many working days from the change; None
    for a clock that an authority owes, which moves as it is counted. The remaining days of a paused clock are a promise
    and stay."""
    old = date.fromisoformat(derivation["last_day"])
    if derivation["has_run_out"]:
        same = copy.deepcopy(dict(derivation))
        return Due(old, calendar.moment(old + _ONE_DAY), False, same)
    new = _counted_again(derivation, old, calendar)
    changed = new.derivation
    if new.last_day == old:
        if "earlier" in derivation:
            changed["earlier"] = derivation["earlier"]
        return new
    last = new.last_day
    if last < old and floor is not None:
        last = max(last, min(old, calendar.after(changed_on, floor)))
    if last != new.last_day:
        changed["counted_to"] = new.last_day.isoformat()
        changed["last_day"] = last.isoformat()
    changed["earlier"] = {
        "last_day": old.isoformat(),
        "calendar": derivation["calendar"],
        "changed_on": changed_on.isoformat(),
    }
    return Due(last, calendar.moment(last + _ONE_DAY), new.provisional, changed)


def _counted_again(derivation: Mapping[str, Any], old: date, calendar: Calendar) -> Due:
    rule, length, unit = derivation["rule"], derivation["length"], derivation["unit"]
    if derivation["start"] is None:
        due = _due(calendar, old, _begin(rule, unit), depends_on=None)
    else:
        start, roll = date.fromisoformat(derivation["start"]), derivation.get("weekend_roll", True)
        due = period(start, length, unit, calendar, weekend_roll=roll, rule=rule)
    for pause in derivation["pauses"]:
        paused_from, until = date.fromisoformat(pause["from"]), date.fromisoformat(pause["to"])
        left, before = pause["remaining"], due.derivation
        if "allowance" in pause:
            due = with_allowance(paused_from, left, pause["allowance"], calendar, earlier=before)
        else:
            due = resume(until, left, calendar, earlier=before, paused_from=paused_from)
    return due


def replayed(derivation: Mapping[str, Any], calendar: Calendar, *, length: int, unit: str, weekend_roll: bool) -> Due:
    """A recorded period under other rules: its start and the days of its pauses stay, all else is counted anew.

    Unlike ``recompute`` nothing is promised any more: what was left at a pause is what this length would have left.
    ``derivation`` has a start (no day that somebody named), else ValueError."""
    if derivation["start"] is None:
        raise ValueError("a named day is not counted")
    start, rule = date.fromisoformat(derivation["start"]), derivation["rule"]
    due = period(start, length, unit, calendar, weekend_roll=weekend_roll, rule=rule)
    for pause in derivation["pauses"]:
        paused_from, until = date.fromisoformat(pause["from"]), date.fromisoformat(pause["to"])
        if paused_from > due.last_day:
            # It would have run out before that pause could begin.
            break
        last = date.fromisoformat(due.derivation["strict_day"]) if unit == CALENDAR else due.last_day
        left = remaining(last, paused_from, calendar, unit=unit)
        if "allowance" in pause:
            due = with_allowance(paused_from, left, pause["allowance"], calendar, earlier=due.derivation)
        else:
            due = resume(until, left, calendar, earlier=due.derivation, paused_from=paused_from)
    return due


def milestones(
    started: datetime, due: Due | datetime, calendar: Calendar, *, overdue: int = 0
) -> tuple[tuple[int, datetime], ...]:
    """(mark, moment) of the reminders at 50, 80 and 100 %, then ``overdue`` days past due.

    Every moment is 08:30 local: of the day on which that share of the period is reached, of the last day (100), of each
    working day overdue (101, 102, …). A working-day clock is shared out by working days, without its pauses; every
    other by calendar days. Moments not after ``started`` are left out: nobody is reminded of what they have just been
    told."""
    first, last = calendar.local_day(started), _last_day(due, calendar)
    days = [(mark, _day_of(mark, first, last, due, calendar)) for mark in _FRACTIONS]
    days.append((OVERDUE, last))
    days += [(OVERDUE + n, calendar.after(last, n)) for n in range(1, overdue + 1)]
    moments = ((mark, calendar.moment(day, _MORNING)) for mark, day in days)
    return tuple((mark, moment) for mark, moment in moments if moment > started)


def next_milestone(after: datetime, started: datetime, due: Due | datetime, calendar: Calendar) -> tuple[int, datetime]:
    """The first reminder later than ``after``; of several at one moment the highest mark."""
    coming = [(moment, mark) for mark, moment in milestones(started, due, calendar) if moment > after]
    if coming:
        moment = min(coming)[0]
        return max(mark for at, mark in coming if at == moment), moment
    last = _last_day(due, calendar)
    number = max(1, calendar.count(last, calendar.local_day(after)))
    moment = calendar.moment(calendar.after(last, number), _MORNING)
    if moment <= after:
        number += 1
        moment = calendar.moment(calendar.after(last, number), _MORNING)
    return OVERDUE + number, moment


def latest_milestone(
    now: datetime, started: datetime, due: Due | datetime, calendar: Calendar
) -> tuple[int, datetime] | None:
    """The newest reminder already due at ``now``: of several due at once only this is sent."""
    overdue = calendar.count(_last_day(due, calendar), calendar.local_day(now))
    known = milestones(started, due, calendar, overdue=overdue)
    return max((pair for pair in known if pair[1] <= now), default=None)


def _last_day(due: Due | datetime, calendar: Calendar) -> date:
    if isinstance(due, Due):
        return due.last_day
    return calendar.local_day(due - timedelta(microseconds=1))


def _day_of(mark: int, first: date, last: date, due: Due | datetime, calendar: Calendar) -> date:
    derivation = due.derivation if isinstance(due, Due) else {}
    if derivation.get("unit", WORKING) != WORKING:
        length = (last - first).days
        return min(last, first + timedelta(days=length * mark // 100 + 1))
    length = derivation.get("length") or calendar.count(first, last)
    number, base = length * mark // 100 + 1, first
    for pause in derivation.get("pauses", ()):
        counted = length - pause["remaining"]
        if length * mark // 100 < counted:
            break
        base, number = date.fromisoformat(pause["to"]), length * mark // 100 + 1 - counted
    return min(last, calendar.after(base, number))


def _begin(rule: str, unit: str, start: date | None = None, length: int | None = None) -> Derivation:
    return {
        "rule": rule,
        "unit": unit,
        "start": start.isoformat() if start else None,
        "length": length,
        "left_out": [],
        "made_up": [],
        "rolled_from": None,
        "pauses": [],
        "has_run_out": False,
    }


def _paused(earlier: Mapping[str, Any], pause: dict[str, Any]) -> Derivation:
    """Days named after the pause began were not counted after all: they leave the list."""
    derivation = {**_begin("", WORKING), **copy.deepcopy(dict(earlier))}
    for key in ("left_out", "made_up"):
        derivation[key] = [row for row in derivation[key] if row["day"] <= pause["from"]]
    derivation["pauses"].append(pause)
    derivation["has_run_out"] = pause["remaining"] < 1 and "allowance" not in pause
    return derivation


def _rolled(strict: date, derivation: Derivation, calendar: Calendar) -> Due:
    last, roll = strict, derivation["weekend_roll"]
    while calendar.is_holiday(last) or (roll and not calendar.is_working(last)):
        last += _ONE_DAY
    derivation["left_out"] = []
    derivation["strict_day"] = strict.isoformat()
    derivation["rolled_from"] = strict.isoformat() if last != strict else None
    return _due(calendar, last, derivation, counted_from=strict - _ONE_DAY, depends_on=strict)


def _due(
    calendar: Calendar, last: date, derivation: Derivation, *, counted_from: date | None = None, depends_on: date | None
) -> Due:
    """Complete the derivation. Named in it are the days met after ``counted_from``; the years from ``depends_on`` to
    the last day decide whether the date is provisional (None: no calendar can change it)."""
    day = counted_from or last
    while (day := day + _ONE_DAY) <= last:
        works = calendar.is_working(day)
        if (works and day.weekday() < 5) or (not works and day == last):
            continue
        name, name_en = calendar.names_of(day)
        row = {"day": day.isoformat(), "name": name, "name_en": name_en}
        derivation["made_up" if works else "left_out"].append(row)
    years: set[int] = set()
    if depends_on is not None and not calendar.has_no_source:
        years = set(range(depends_on.year, last.year + 1)) - calendar.known_years
    derivation["last_day"] = last.isoformat()
    derivation["calendar"] = calendar.version
    derivation["calendar_source"] = calendar.source
    derivation["has_no_calendar"] = calendar.has_no_source
    derivation["provisional_years"] = sorted(years)
    return Due(last, calendar.moment(last + _ONE_DAY), bool(years), derivation)
