"""The run: a clock that moves from four months ago to now, a tick or two a day, everything in batches.

At each tick complaints are filed, forwarded and chased as the portal does it, then people act; nothing
is written but through the verbs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings

from complaints import handling
from complaints.handling import Move, StepResult
from complaints.models import Complaint
from complaints.notices import delivery
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import Calendar
from demo import consumers, officers, staff
from demo.changes import add_what_was_granted, draft_a_number, draft_a_rule, organise, wish_a_change
from demo.enrolments import add_papers, make_enrolments
from demo.filings import Case, Places, Plan, compose, plans
from demo.measures import call_back_last_month, make_sets, tag_causes
from demo.people import Cast, invite_newcomer, make_people, write_log, write_templates
from demo.scene import Scene, pace, take_all, whose_turn
from demo.workspaces import WRITTEN_BEFORE, fill_workspaces, instruct
from routing.forwarding.forwarding import sweep_filed

DAYS = 120
#: Older notices would only flood the mailbox.
NOTIFIED = timedelta(days=3)
#: The worker prints each document after the start, so that there are some and not thousands.
ISSUED = timedelta(days=14)
#: Before that nobody was reminded in writing: a reminder of last month is read by nobody.
REMINDED = timedelta(days=30)
#: Ticks of a working day by turns, and the one of a day off: hour, whether offices are open.
WORKDAYS = (((9, True), (14, True)), ((10, True), (19, False)), ((8, True), (16, True)))
EARLIER = (((9, True),), ((14, True),), ((10, True),), ((16, True),))
DAY_OFF = ((15, False),)
#: Filed after the last sweep, so that the worker has something to forward when it starts.
LAST = 3
_LOCAL = ZoneInfo("Asia/Shanghai")
_ACT = {"consumer": consumers.act, "enterprise": staff.act, "authority": officers.act}
_SEEN = (
    *("id", "status", "status_since", "outcome", "enterprise_id", "branch_id", "handler_id"),
    *("handling_authority_id", "handling_region_id", "picked_enterprise_id"),
)


@dataclass(slots=True)
class RunCounts:
    """What came of a run."""

    filed: int = 0
    people: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class World:
    """The state of the run between two ticks."""

    seed: int
    cast: Cast
    places: Places
    until: datetime
    live: dict[int, Case] = field(default_factory=dict)
    counts: RunCounts = field(default_factory=RunCounts)
    conditions: Conditions | None = None
    conditions_on: date | None = None

    def conditions_at(self, now: datetime) -> Conditions:
        """Loaded once a day: nothing in the directory changes within one."""
        day = now.astimezone(_LOCAL).date()
        if self.conditions is None or self.conditions_on != day:
            ago = self.until - now
            self.conditions = replace(
                Conditions.at(now), tells=ago <= NOTIFIED, issues=ago <= ISSUED, reminds=ago <= REMINDED
            )
            self.conditions_on = day
        return self.conditions

    def file(self, batch: Sequence[tuple[int, Plan]], *, now: datetime, conditions: Conditions) -> None:
        if not batch:
            return
        today = conditions.calendar.local_day(now)
        made = [
            compose(plan, nth=nth, seed=self.seed, cast=self.cast, places=self.places, now=now, today=today)
            for nth, plan in batch
        ]
        filed = handling.file(
            [request for _, request in made],
            actor=[case.consumer.actor for case, _ in made],
            now=now,
            conditions=conditions,
        )
        for complaint, (case, _) in zip(filed, made, strict=True):
            case.pk = complaint.pk
            self.live[case.pk] = case
        self.counts.filed += len(filed)

    def tick(self, now: datetime, *, is_office: bool, conditions: Conditions) -> None:
        """Sweeps first, as the worker would have done; then whoever is due acts."""
        sweep(now=now, conditions=conditions)
        # Only into the demo's own mailbox: nobody is written to because a demonstration is loaded.
        if conditions.tells and settings.DEMO:
            delivery.sweep_notices(now=now)
        awake = self._look(now)
        if not awake:
            return
        scene = Scene(now=now, conditions=conditions, cast=self.cast, is_office=is_office)
        scene.observe(awake)
        moves: list[tuple[int, Move, Actor]] = []
        for case in awake:
            moves += self._acts(case, scene)
        for start in range(0, len(moves), handling.BATCH):
            part = moves[start : start + handling.BATCH]
            self._count(part, take_all(part, now=now, conditions=conditions))

    def _look(self, now: datetime) -> list[Case]:
        """Cases whose next step is due; a case that has moved is thought of anew."""
        awake = []
        rows = Complaint.objects.filter(pk__in=list(self.live)).order_by("id").values_list(*_SEEN)
        for pk, status, since, outcome, enterprise, branch, handler, authority, region, picked in rows:
            case = self.live[pk]
            case.status, case.outcome = status, outcome
            case.enterprise_id, case.branch_id, case.handler_id = enterprise, branch, handler
            case.authority_id, case.region_id, case.picked_id = authority, region, picked
            if case.seen != (status, since, outcome):
                case.seen = (status, since, outcome)
                case.wake = pace(case, now)
            if case.story.stays_at != status and case.wake is not None and case.wake <= now:
                awake.append(case)
        return awake

    def _acts(self, case: Case, scene: Scene) -> list[tuple[int, Move, Actor]]:
        turn = whose_turn(case, scene)
        if turn != "consumer" and not scene.is_office:
            return []
        case.wake = None
        acts = _ACT[turn](case, scene)
        if case.wake is None and acts:
            case.wake = pace(case, scene.now)
        elif case.wake is None and case.status == Status.PERFORMING:
            case.wake = scene.now + timedelta(days=2)
        elif case.wake is None and case.status == Status.CLOSED:
            del self.live[case.pk]
        return [(case.pk, move, actor) for move, actor in acts]

    def _count(self, moves: Sequence[tuple[int, Move, Actor]], done: Sequence[StepResult]) -> None:
        for (_, move, _), taken in zip(moves, done, strict=True):
            if taken.refusal is None:
                self.counts.taken[move.step] += 1
            else:
                self.counts.refused[f"{move.step}: {taken.refusal.code}"] += 1


def sweep(*, now: datetime, conditions: Conditions) -> None:
    while sweep_filed(now=now, conditions=conditions) >= handling.BATCH:
        pass
    handling.sweep_clocks(now=now, conditions=conditions)


def moments(*, until: datetime, rng: Random, calendar: Calendar) -> list[tuple[datetime, bool]]:
    """Ticks with whether offices are open, the last one at ``until`` itself."""
    first = until.astimezone(_LOCAL).date() - timedelta(days=DAYS)
    results = []
    for nth in range(DAYS + 1):
        day = first + timedelta(days=nth)
        turns = WORKDAYS if nth > DAYS - REMINDED.days else EARLIER
        for hour, is_office in turns[nth % len(turns)] if calendar.is_working(day) else DAY_OFF:
            at = datetime.combine(day, time(hour), _LOCAL) + timedelta(seconds=rng.randint(0, 6600))
            if at < until:
                results.append((at, is_office))
    return [*results, (until, False)]


def load(*, cases: int, seed: int, until: datetime, say: Callable[[str], None] = lambda line: None) -> RunCounts:
    """Make the people and walk the run; the directory must stand already."""
    rng = Random(seed)  # noqa: S311
    cast = make_people(rng=rng, consumers=max(20, cases * 3 // 4))
    world = World(seed=seed, cast=cast, places=Places.load(cast), until=until)
    calendar = Conditions.at(until).calendar
    ticks = moments(until=until, rng=rng, calendar=calendar)
    rows = list(enumerate(plans(rng=rng, cases=cases - LAST, ticks=[at for at, _ in ticks], calendar=calendar)))
    place, is_instructed = 0, False
    for nth, (now, is_office) in enumerate(ticks):
        batch = []
        while place < len(rows) and rows[place][1].tick == nth:
            batch.append(rows[place])
            place += 1
        conditions = world.conditions_at(now)
        world.file(batch, now=now, conditions=conditions)
        world.tick(now, is_office=is_office, conditions=conditions)
        if is_office and not is_instructed and until - now < timedelta(days=WRITTEN_BEFORE):
            is_instructed = True
            still = [case.pk for case in world.live.values() if case.story.stays_at == case.status]
            instruct(cast, among=still, now=now, conditions=conditions)
        if nth % 50 == 49:
            say(f"{now.astimezone(_LOCAL):%Y-%m-%d}: {world.counts.filed}")
    last = [(len(rows) + nth, Plan(len(ticks), is_rung_in=not nth)) for nth in range(LAST)]
    world.file(last, now=until, conditions=world.conditions_at(until))
    invite_newcomer(now=until)
    wish_a_change(now=until)
    draft_a_number(now=until)
    draft_a_rule(now=until)
    write_templates(now=until)
    tag_causes(cast, now=until)
    call_back_last_month(now=until)
    fill_workspaces(cast, now=until, conditions=world.conditions_at(until))
    write_log(now=until)
    organise(now=until)
    add_what_was_granted(cast, now=until)
    add_papers(now=until, conditions=world.conditions_at(until))
    make_sets(now=until, conditions=world.conditions_at(until))
    make_enrolments(now=until)
    world.counts.people = len(cast.consumers) + len(cast.staff) + sum(map(len, cast.officers.values()))
    return world.counts
