"""Tries changes on recorded cases and carries calendars out, piece by piece, in a worker: a piece and how far the row
came are one transaction. Only ids, days and codes are kept of a case."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from accounts.letters import tell_of_the_end
from authorities import calendar as loaded
from authorities.models import Policy
from authorities.policies import Policies
from complaints.handling.transition.recounting import floor_of, hangs_on, open_clocks, recount_piece
from complaints.law import changing
from complaints.law.numbers import moves
from complaints.law.replaying import FIELDS, PAUSE_CAP, WEEKEND_ROLL, RecordedDeadline, Rest, Rules, outcome, rests_of
from complaints.models import Deadline, HandlingStep, LawChange, LawEffect
from complaints.parties.conditions import current_calendar
from complaints.procedure import deadlines
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from database.sweeping import MOST_ATTEMPTS, WORKS_FOR, Overtaken, hand_back, save_progress, work_off

#: Clocks looked at in one transaction. Effects kept of one change: the first; all of them are counted.
PIECE, MOST_EFFECTS = 2000, 5000
#: What is told case by case; the rest is only counted.
LISTED = frozenset(LawEffect.VERDICTS)


def sweep_law(*, now: datetime) -> int:
    """How many changes were worked on. Any number of sweeps may run; each takes what no other one holds."""

    def go_on(change: LawChange, passed: Callable[[], float]) -> None:
        # What is being carried out goes on, however often it was begun: half a calendar would be worse.
        if change.attempts > MOST_ATTEMPTS and change.state == "trying":
            change.state = "failed"
            with transaction.atomic():
                change.save(update_fields=["state"])
                _tell(change, since=change.asked_at, now=now)
        work(change, now=now, is_late=lambda: passed() > WORKS_FOR)

    return work_off(queue(), go_on, now=now)


def queue() -> QuerySet[LawChange]:
    """What waits for a worker. What was decided ("applying" stands first) does not wait for questions."""
    return LawChange.objects.filter(state__in=changing.WORKING).select_related("region").order_by("state", "id")


def work(change: LawChange, *, now: datetime, is_late: Callable[[], bool] = lambda: False) -> None:
    """As far as the time goes: to the end of the trial, or of carrying out."""
    pieces: dict[str, Callable[[], None]] = {
        "trying": _trial_of(change, now=now),
        "applying": lambda: _apply(change, now=now),
    }
    while change.state in pieces and not is_late():
        pieces[change.state]()
    hand_back(change)


@contextmanager
def _holding(change: LawChange) -> Iterator[None]:
    with transaction.atomic():
        held = LawChange.objects.select_for_update(no_key=True).filter(pk=change.pk)
        if held.values_list("state", "after").first() != (change.state, change.after):
            raise Overtaken
        yield


# --- trying -----------------------------------------------------------------------------------------------------------


def _trial_of(change: LawChange, *, now: datetime) -> Callable[[], None]:
    """One piece of the trial; a calendar is tried on what runs, all else on what is recorded."""
    if change.state != "trying":
        return lambda: None
    calendar = other_calendar(change)
    if change.kind == "calendar":
        years = frozenset({change.change["year"]})
        return lambda: _try_calendar(change, calendar, years, now=now)
    rules = rules_of(change, calendar, now=now)
    return lambda: _try_replay(change, rules, now=now)


def other_calendar(change: LawChange) -> Calendar:
    """The calendar as it would be; the one of today where the change is none of the calendar."""
    shown = change.change
    if "days" not in shown:
        return current_calendar()
    rows = loaded.rows_with(
        changing.days_of(change), year=shown["year"], source=shown["source"], number=shown.get("base", 0) + 1
    )
    return Calendar.build(rows.days, rows.known_years, source=rows.source, version=rows.version)


def rules_of(change: LawChange, calendar: Calendar, *, now: datetime) -> Rules:
    rows = Policy.objects.values_list("name", "region__code", "version", "number", "unit")
    numbers = {f"{name}@{code or '-'}.{version}": (number, unit) for name, code, version, number, unit in rows}
    return Rules(
        today=current_calendar(),
        calendar=calendar,
        numbers=numbers,
        policies=changing.other_policies(change, on=timezone.localdate(now)),
        caps_rests=change.change.get("name") == PAUSE_CAP,
    )


def recorded(change: LawChange) -> QuerySet[Deadline]:
    """The recorded clocks that a change or a replay is about."""
    rows = Deadline.objects.order_by("pk")
    if change.since and change.until:
        day_before, until = change.since - timedelta(days=1), change.until
        first, end = (deadlines.fixed_day(day, current_calendar()).due_at for day in (day_before, until))
        rows = rows.filter(started_at__gte=first, started_at__lt=end)
    if change.region is not None:
        rows = rows.filter(
            complaint__handling_region_id__gte=change.region_id, complaint__handling_region_id__lte=change.region.last
        )
    name = change.change.get("name")
    if name == WEEKEND_ROLL:
        return rows.filter(unit="CD")
    return rows if name is None else rows.filter(clock__in=moves(name))


def _try_replay(change: LawChange, rules: Rules, *, now: datetime) -> None:
    with _holding(change):
        if change.total is None:
            change.total = recorded(change).count()
        waiting = recorded(change).filter(pk__gt=change.after).values_list(*FIELDS)[:PIECE]
        rows = [RecordedDeadline(*row) for row in waiting]
        rests = _rests({row.complaint_id for row in rows}) if rules.caps_rests else {}
        effects, counted = [], []
        for row in rows:
            verdict, day = outcome(row, rules, now=now, rests=rests.get(row.complaint_id, ()))
            counted.append((row.clock, row.enterprise_id, row.authority_id, verdict))
            if verdict in LISTED:
                ended_on = row.ended_at.astimezone(SHANGHAI).date() if row.ended_at else None
                effects.append(_effect(change, row, verdict, day, ended_on=ended_on))
        _count(change, counted, effects)
        _go_on(change, [row.id for row in rows], now=now)


def _effect(
    change: LawChange, row: Deadline | RecordedDeadline, verdict: str, day: date, *, ended_on: date | None = None
) -> LawEffect:
    return LawEffect(
        change=change,
        complaint_id=row.complaint_id,
        clock=row.clock,
        owed_by=row.owed_by,
        verdict=verdict,
        before=row.last_day,
        after=day,
        ended_on=ended_on,
    )


def _rests(cases: set[int]) -> dict[int, list[Rest]]:
    """When the consumers of these cases had an offer before them; one query."""
    waiting = Status.AWAITING_CONSUMER
    changes: dict[int, list[tuple[str, str, str, datetime]]] = {}
    for case, step, old, new, at in (
        HandlingStep.objects.filter(Q(from_status=waiting) | Q(to_status=waiting), complaint_id__in=cases)
        .exclude(from_status=waiting, to_status=waiting)
        .order_by("pk")
        .values_list("complaint_id", "step", "from_status", "to_status", "happened_at")
    ):
        changes.setdefault(case, []).append((step, old, new, at))
    return {case: rests_of(rows) for case, rows in changes.items()}


def _try_calendar(change: LawChange, calendar: Calendar, years: frozenset[int], *, now: datetime) -> None:
    """Exactly what carrying out would do, by the same function, without doing it."""
    with _holding(change):
        if change.total is None:
            change.total = open_clocks(years).count()
        rows = open_clocks(years).filter(pk__gt=change.after).order_by("pk").select_related("complaint")[:PIECE]
        today = timezone.localdate(now)
        policies = Policies.load(today)
        effects, counted = [], []
        for row in rows:
            verdict = "same"
            if hangs_on(row, years):
                floor = floor_of(row, policies, row.complaint.handling_region_id)
                due = deadlines.recompute(row.derivation, calendar, changed_on=today, floor=floor)
                verdict = _moved(row.last_day, due.last_day, is_kept="counted_to" in due.derivation)
                if verdict != "same":
                    effects.append(_effect(change, row, verdict, due.last_day))
                elif row.is_provisional and not due.provisional:
                    verdict = "settled"
            case = row.complaint
            counted.append((row.clock, case.enterprise_id, case.handling_authority_id, verdict))
        _count(change, counted, effects)
        _go_on(change, [row.pk for row in rows], now=now)


def _moved(before: date, after: date, *, is_kept: bool) -> str:
    """``kept``: the new calendar says earlier still, but a party keeps some days from the change."""
    if is_kept:
        return "kept"
    return "same" if after == before else "later" if after > before else "earlier"


def _count(
    change: LawChange, counted: Sequence[tuple[str, int | None, int | None, str]], effects: list[LawEffect]
) -> None:
    shown = sum(change.counts.get(verdict, 0) for verdict in LISTED)
    counts = Counter(change.counts)
    counts.update(verdict for *_of, verdict in counted)
    groups: dict[str, dict[str, int]] = change.groups
    for clock, enterprise_id, authority_id, verdict in counted:
        if verdict in LISTED:
            group = groups.setdefault(f"{clock}|{enterprise_id or ''}|{authority_id or ''}", {})
            group[verdict] = group.get(verdict, 0) + 1
    change.counts = dict(counts)
    LawEffect.objects.bulk_create(effects[: max(0, MOST_EFFECTS - shown)])


def _go_on(change: LawChange, ids: list[int], *, now: datetime) -> None:
    change.looked_at += len(ids)
    fields = ["looked_at", "total", "counts", "groups"]
    if len(ids) < PIECE:
        change.state, change.tried_at, change.after = "tried", now, 0
        if change.kind == "replay":
            change.done_at = now
        fields += ["state", "tried_at", "done_at"]
        _tell(change, since=change.asked_at, now=now)
    else:
        change.after = ids[-1]
    save_progress(change, "after", *fields, now=now)


def _tell(change: LawChange, *, since: datetime, now: datetime) -> None:
    """That it was tried, carried out or given up."""
    path = reverse("complaints:authority-law-change", args=[change.mark])
    what = format_lazy("{} {}", gettext_lazy("规则改动的试算"), change.mark)
    tell_of_the_end(change.asked_by, what, path, since=since, now=now, is_failed=change.state == "failed")


# --- carrying out -----------------------------------------------------------------------------------------------------


def _apply(change: LawChange, *, now: datetime) -> None:
    """The dates of the next cases; a case that was counted is not counted again."""
    with _holding(change):
        piece = recount_piece(change.after, now=now, years=frozenset({change.change["year"]}))
        if piece is None:
            change.state, change.done_at = "done", now
            _tell(change, since=change.decided_at or change.asked_at, now=now)
            return save_progress(change, "after", "state", "done_at", now=now)
        change.after, change.moved = piece.after, change.moved + piece.moved
        save_progress(change, "after", "moved", now=now)


def counts_of(change: LawChange) -> dict[str, Any]:
    """The counts of a change by verdict, with nought where there is none."""
    return {
        verdict: change.counts.get(verdict, 0) for verdict in (*LawEffect.VERDICTS, "moved", "same", "set", "settled")
    }
