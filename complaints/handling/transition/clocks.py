"""The clocks of a file: started, paused, resumed, ended and reminded of, as the table declares. A clock follows the
status; a verb only starts those that hang on an obligation, a matter or a date in a notice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from complaints.casefile.case_file import CaseFile, is_internal
from complaints.models import Deadline, Matter, Obligation, Reminder
from complaints.parties.actors import SYSTEM
from complaints.procedure import deadlines
from complaints.procedure.deadlines import Due
from complaints.procedure.urgency import urgent_of
from complaints.procedure.workflow import CLOCKS, ENTERPRISE_SIDE, OPEN, Audience, Clock, Status

S = Status
_INSTANT = timedelta(microseconds=1)


def live(
    file: CaseFile, clock: Clock, *, obligation: Obligation | None = None, matter: Matter | None = None
) -> Deadline | None:
    """The clock of this kind that is running, paused or overdue, if any."""
    for row in file.clocks:
        if row.clock != clock or row.ended_at is not None:
            continue
        # What is not saved yet has no number to go by.
        if (
            obligation is not None
            and row.obligation is not obligation
            and (row.obligation_id is None or row.obligation_id != obligation.pk)
        ):
            continue
        if matter is not None and row.matter is not matter and (row.matter_id is None or row.matter_id != matter.pk):
            continue
        return row
    return None


def counted_due(file: CaseFile, clock: Clock, start: datetime, *, days: int | None = None) -> tuple[Due, int, str, str]:
    """Due date by the policy of the place: (due, length, unit, policy version)."""
    name = CLOCKS[clock].policy_for(is_urgent=bool(urgent_of(file.complaint.facts)))
    policy = file.conditions.policies.number(name, file.complaint.handling_region_id)
    length = policy.number if days is None else days
    rule = f"{clock}"
    calendar, policies = file.conditions.calendar, file.conditions.policies
    roll = policy.unit == "CD" and policies.flag("weekend_roll", file.complaint.handling_region_id)
    due = deadlines.period(start, length, policy.unit, calendar, weekend_roll=roll, rule=rule)
    return due, length, policy.unit, policy.version


def start(
    file: CaseFile,
    clock: Clock,
    at: datetime,
    *,
    due: Due | None = None,
    days: int | None = None,
    owed_by: str = "",
    obligation: Obligation | None = None,
    matter: Matter | None = None,
) -> Deadline:
    """Start a clock at ``at``; its length comes from the policy unless a day was named."""
    if due is None:
        due, length, unit, version = counted_due(file, clock, at, days=days)
    else:
        length, unit, version = 0, "day", ""
    _make_room(file, clock, at, obligation, matter)
    row = Deadline(
        complaint=file.complaint,
        clock=clock,
        obligation=obligation,
        matter=matter,
        owed_by=owed_by or CLOCKS[clock].owed_by,
        state="running",
        started_at=at,
        length=length,
        unit=unit,
        policy_version=version,
        due_at=due.due_at,
        last_day=due.last_day,
        is_provisional=due.provisional,
        derivation=due.derivation,
    )
    if row.due_at <= at:
        # A day that had passed when it was named is late at once, never before it began.
        row.started_at = row.due_at - _INSTANT
    _chase(file, row, at)
    file.add(row)
    if row.owed_by == "consumer" and clock != Clock.HEIRS and live(file, Clock.HEIRS):
        # The consumer has died: his clocks rest until an heir comes forward.
        pause(file, row, at, capped=False)
    return row


def _make_room(
    file: CaseFile, clock: Clock, at: datetime, obligation: Obligation | None, matter: Matter | None
) -> None:
    """One live clock of a kind for one thing: an older one ends, its notice is given anew."""
    for row in file.clocks:
        if (
            row.clock == clock
            and row.ended_at is None
            and row.obligation_id == (obligation.pk if obligation else None)
            and row.matter_id == (matter.pk if matter else None)
            and (obligation is None or obligation.pk is not None)
            and (matter is None or matter.pk is not None)
        ):
            end(file, row, at, met=False)


def _chase(file: CaseFile, row: Deadline, after: datetime) -> None:
    """When somebody must look next: the next reminder or the lapse, whichever is first."""
    if row.state == "paused":
        pauses = row.derivation.get("pauses") or [{}]
        allowance = pauses[-1].get("allowance")
        row.chase_at = row.due_at if allowance is not None else None
        return
    if row.ended_at is not None:
        row.chase_at = None
        return
    due = Due(row.last_day, row.due_at, row.is_provisional, row.derivation)
    _, moment = deadlines.next_milestone(after, row.started_at, due, file.conditions.calendar)
    others = row.due_at if row.lapsed_at is None else row.escalate_at
    row.chase_at = moment if others is None else min(moment, others)


def chase_again(file: CaseFile, row: Deadline, after: datetime) -> None:
    _chase(file, row, after)
    file.change(row)


def end(file: CaseFile, row: Deadline, at: datetime, *, met: bool = True) -> None:
    """The clock is over: met in time, or lapsed and now done, or simply left."""
    state = "lapsed" if row.lapsed_at is not None else ("met" if met else "ended")
    file.change(row, state=state, ended_at=at, chase_at=None, remaining=None, paused_on=None)


def end_live(
    file: CaseFile,
    clock: Clock,
    at: datetime | None = None,
    *,
    obligation: Obligation | None = None,
    matter: Matter | None = None,
    met: bool = True,
) -> None:
    """End the clock of this kind where one is live; ``at``: now."""
    row = live(file, clock, obligation=obligation, matter=matter)
    if row is not None:
        end(file, row, at or file.now, met=met)


def move(file: CaseFile, row: Deadline, due: Due, after: datetime, **values: Any) -> None:
    """Another last day, and when somebody looks next ``after`` that; ``values``: what else changes of the row."""
    values = {"derivation": due.derivation} | values
    file.change(row, due_at=due.due_at, last_day=due.last_day, is_provisional=due.provisional, **values)
    _chase(file, row, after)


def _runs_and_rests(file: CaseFile, row: Deadline) -> tuple[frozenset[Status], frozenset[Status]]:
    """The statuses in which this clock runs, and those in which it rests."""
    if row.obligation_id is not None or row.obligation is not None:
        return OPEN, frozenset()
    rule = CLOCKS[Clock(row.clock)]
    if row.clock != Clock.REVIEW:
        return rule.runs_while, rule.paused_while
    last = file.latest_engagement
    is_supervised = last is not None and last.is_supervised
    return rule.runs_while, (ENTERPRISE_SIDE | {S.FILED, S.TRIAGE} if is_supervised else frozenset({S.TRIAGE}))


def pause(file: CaseFile, row: Deadline, at: datetime, *, capped: bool) -> None:
    """Keep R. A capped pause has a latest day: from there the clock runs by itself."""
    calendar = file.conditions.calendar
    day = calendar.local_day(at)
    left = deadlines.remaining(row.last_day, day, calendar)
    if not capped:
        file.change(row, state="paused", remaining=left, paused_on=day)
        _chase(file, row, at)
        return
    cap = file.number("negotiation_pause_cap")
    allowance = cap - row.allowance_used
    if allowance <= 0:
        return
    latest = deadlines.with_allowance(day, left, allowance, calendar, earlier=row.derivation)
    move(file, row, latest, at, state="paused", remaining=left, paused_on=day)


def resume(file: CaseFile, row: Deadline, at: datetime) -> None:
    """Go on: due R working days after the day of ``at`` (procedure, section 4)."""
    calendar = file.conditions.calendar
    day = calendar.local_day(at)
    if row.paused_on is None or row.remaining is None:
        raise ValueError(f"clock {row.pk} is not paused")
    pauses = row.derivation.get("pauses", [])
    allowance = pauses[-1].get("allowance") if pauses else None
    rested = calendar.count(row.paused_on, day)
    going_on = {"state": "running", "remaining": None, "paused_on": None}
    if allowance is not None and rested >= allowance:
        # The pause ended by itself: the latest day stands already.
        file.change(row, **going_on, allowance_used=row.allowance_used + allowance)
        _chase(file, row, at)
        return
    earlier, used = dict(row.derivation), row.allowance_used
    if allowance is not None:
        # The last day that it had when it was paused: R working days after that day.
        last_day = calendar.after(row.paused_on, row.remaining) if row.remaining else row.paused_on
        earlier |= {"pauses": pauses[:-1], "last_day": last_day.isoformat()}
        used += rested
    due = deadlines.resume(day, row.remaining, calendar, earlier=earlier, paused_from=row.paused_on)
    move(file, row, due, at, **going_on, allowance_used=used)


def has_run_out(file: CaseFile, clock: Clock, at: datetime) -> bool:
    """R = 0 at the pause, or overdue: a refusal then leads on as the lapse would."""
    row = live(file, clock)
    return row is not None and (row.lapsed_at is not None or (row.state == "paused" and row.remaining == 0))


def follow(file: CaseFile, old: Status, at: datetime, written: datetime, *, met: bool) -> None:
    """After the status changed: end, pause, resume and start what the table says. Only a rest that the old status
    caused ends here; an appraisal or an unmet part of the consumer holds a clock until its own step."""
    status = file.status
    for row in list(file.clocks):
        if row.ended_at is not None:
            continue
        runs, rests = _runs_and_rests(file, row)
        if status == S.TRIAGE and row.clock == Clock.REVIEW and _has_power(file):
            runs = runs | {S.TRIAGE}
        if status in runs:
            if row.state == "paused" and old not in runs:
                resume(file, row, at)
        elif status in rests:
            if row.state == "running":
                pause(file, row, at, capped=status == S.AWAITING_CONSUMER)
        else:
            end(file, row, at, met=met)
            let_fall(file, row)
    _start_on_entry(file, at, written)


def let_fall(file: CaseFile, row: Deadline) -> None:
    """What waited for an answer in a status that was left is no longer asked."""
    for matter in file.matters:
        if matter.state == "open" and (row.matter is matter or (matter.pk is not None and row.matter_id == matter.pk)):
            file.end_matter(matter, "fallen")


def _has_power(file: CaseFile) -> bool:
    authority = file.conditions.jurisdiction.known(file.complaint.handling_authority_id)
    return authority is not None and authority.has_power


def _start_on_entry(file: CaseFile, at: datetime, written: datetime) -> None:
    status = file.status
    wanted: tuple[Clock, ...] = {
        S.FILED: (Clock.FORWARDING,),
        S.TRIAGE: (Clock.FORWARDING,),
        S.WITH_ENTERPRISE: (Clock.ACCEPTANCE, Clock.NEGOTIATION),
        S.AWAITING_CONSUMER: (Clock.CONFIRMATION,),
        S.REVIEW: (Clock.REVIEW,),
        S.MEDIATING: (Clock.MEDIATION,),
    }.get(status, ())
    if status == S.TRIAGE and _has_power(file):
        wanted = (*wanted, Clock.REVIEW)
    for clock in wanted:
        if any(
            row.clock == clock and row.ended_at is None and row.obligation_id is None and row.obligation is None
            for row in file.clocks
        ):
            continue
        start(file, clock, _beginning(file, clock, at, written))


def _beginning(file: CaseFile, clock: Clock, at: datetime, written: datetime) -> datetime:
    """``review`` counts from the day on which the authority got the case by any channel."""
    if clock == Clock.REVIEW and file.complaint.authority_received_at is not None:
        return file.complaint.authority_received_at
    return written if clock in (Clock.REVIEW, Clock.CONFIRMATION) else at


def start_for_obligation(
    file: CaseFile, obligation: Obligation, at: datetime, *, after_day: date | None = None
) -> None:
    """The performance clock of one open obligation, once its day is known."""
    calendar = file.conditions.calendar
    if obligation.due_on is not None:
        due = deadlines.fixed_day(obligation.due_on, calendar, rule="performance")
    elif after_day is not None and obligation.days_after is not None:
        due = deadlines.working_days(after_day, obligation.days_after, calendar, rule="performance")
        file.change(obligation, due_on=due.last_day)
    else:
        return
    if live(file, Clock.PERFORMANCE, obligation=obligation) is None:
        row = start(file, Clock.PERFORMANCE, at, due=due, owed_by=obligation.owed_by, obligation=obligation)
        if _held_back(file, obligation):
            pause(file, row, at, capped=False)


def _held_back(file: CaseFile, obligation: Obligation) -> bool:
    """The consumer's own part comes first: until it is done nobody else is late."""
    return obligation.owed_by == "enterprise" and any(
        o.owed_by == "consumer" and o.state in ("due", "reported") and o.ordinal < obligation.ordinal
        for o in file.obligations
    )


def release_obligations(file: CaseFile, done: Obligation, at: datetime) -> None:
    """``done`` is confirmed: clocks that waited for it start or go on."""
    day = file.conditions.calendar.local_day(at)
    for obligation in file.obligations_in("due"):
        if obligation.after_ordinal == done.ordinal and obligation.due_on is None:
            start_for_obligation(file, obligation, at, after_day=day)
        row = live(file, Clock.PERFORMANCE, obligation=obligation)
        if row is not None and row.state == "paused" and not _held_back(file, obligation):
            resume(file, row, at)


def remind(files: Sequence[CaseFile]) -> None:
    """Give the newest reminder of each clock that is due for one, and look ahead."""
    ids = [row.pk for file in files for row in file.clocks if row.pk is not None and row.ended_at is None]
    given = set(Reminder.objects.filter(deadline_id__in=ids).values_list("deadline_id", "mark"))
    for file, row in [(one, row) for one in files for row in one.clocks]:
        if row.ended_at is not None or row.state == "paused" or row.chase_at is None or row.chase_at > file.now:
            continue
        due = Due(row.last_day, row.due_at, row.is_provisional, row.derivation)
        newest = deadlines.latest_milestone(file.now, row.started_at, due, file.conditions.calendar)
        if newest is not None and row.pk is not None and (row.pk, str(newest[0])) not in given:
            file.add(Reminder(deadline=row, mark=str(newest[0]), at=file.now))
            _enter(file, row, newest[0])
        chase_again(file, row, file.now)


def _enter(file: CaseFile, row: Deadline, mark: int) -> None:
    rule = CLOCKS[Clock(row.clock)]
    data = {"clock": row.clock, "mark": mark, "last_day": row.last_day.isoformat(), "basis": rule.basis}
    tells = row.owed_by if row.owed_by in ("consumer", "enterprise", "authority") else "both"
    file.enter("remind", SYSTEM, Audience.AUTHORITY if is_internal(row) else Audience.PARTIES, data, tells=tells)
