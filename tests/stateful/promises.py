"""What must hold whatever happens to a case: the promises, by their I-numbers.

A promise reads only rows, as somebody who audits the portal would; what the machine itself knows (which
steps it saw taken) is handed in. Promises that need a browser, a broker or the network are kept elsewhere (ELSEWHERE).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from authorities.policies import Policies
from complaints import handling
from complaints.acceptance.remedies import remedies
from complaints.models import Complaint, Deadline, Engagement, HandlingStep, Notice, Obligation, Offer
from complaints.parties.actors import Actor
from complaints.procedure.workflow import (
    ANY_E,
    CLOCKS,
    HAS_RESPONDENT,
    LOOK,
    MUST_ACT,
    OPEN,
    TABLE,
    Audience,
    Clock,
    Outcome,
    Role,
    Status,
)
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from complaints.wording import next_action
from oversight.counters import rollups
from oversight.models import COUNTS, MonthEnterprise
from tests.complaints.procedure import oracle

S = Status
#: Steps that nobody takes: the clock does.
BY_ITSELF = {row.step for row in TABLE.values() if row.by == {Role.SYSTEM}} - {"refer_to_triage", "pass_to_successor"}
#: What the change to a successor brings with it.
WITH_A_SUCCESSOR = frozenset({"assign", "send_back"})
#: Clocks that outlive their case: a notice still owed, a lead, an objection.
AFTER_CLOSING = frozenset({Clock.NOTICE, Clock.LEAD, Clock.OBJECTION})
#: Only these words of the consumer make a success.
CONFIRMING = frozenset({"accept_offer", "confirm_performed", "waive_obligation", "answer_late"})

COUNTED = ("received", "open", *(name for name in COUNTS if name.startswith("closed")))

#: Which promise is kept where: what this machine cannot see, or what a slower look sees better.
ELSEWHERE = {
    "I-08": "tests/complaints/handling/test_clocks.py",
    "I-11": "tests/faults/test_sweepers.py",
    "I-12": "tests/complaints/evidence/test_quarantine.py",
    "I-14": "tests/access/test_permissions.py",
    "I-16": "tests/walls/test_the_database_itself.py",
    "I-19": "tests/accounts/keys/test_erasing.py",
    "I-22": "tests/api/test_tokens.py",
    "I-23": "tests/walls/sweep/test_matrix.py",
    "I-24": "tests/web/test_odd_text.py",
    "I-25": "tests/accounts/keys/test_ciphers.py",
    "I-26": "tests/walls/sweep/test_matrix.py",
}


@dataclass
class Ledger:
    """What was seen so far of each chain, so that a round looks at new entries only."""

    last_entry: int = 0
    heads: dict[tuple[int, str], tuple[int, str, str]] = field(default_factory=dict)
    written: dict[tuple[int, str], datetime] = field(default_factory=dict)
    last_clock: int = 0
    calendar: str = ""
    taken: Counter[tuple[int, str]] = field(default_factory=Counter)
    told: Counter[tuple[int, str]] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)

    @property
    def steps(self) -> int:
        """How many steps were taken, by people and by clocks; a reminder is none."""
        return sum(self.reached[step] for step in TABLE if step != "remind")


def hold(ledger: Ledger, cases: list[Complaint], *, now: datetime, calendar: Calendar, consumer: Actor) -> None:
    """Every promise about these cases, once all that was due has been swept at ``now``."""
    entries = _record(ledger, cases, now)
    clocks: dict[int, list[Deadline]] = defaultdict(list)
    for clock in Deadline.objects.filter(complaint__in=cases, ended_at=None):
        clocks[clock.complaint_id].append(clock)
    _dates(ledger, cases)
    _owners(cases, clocks, now)
    _clocks(cases, clocks, now)
    _kept_for_lists(cases, clocks)
    _one_enterprise(cases)
    _settlements(cases)
    _ends(cases, entries, now=now, calendar=calendar, consumer=consumer)
    _counts(ledger, {entry.complaint_id for entry in entries}, calendar)


def _record(ledger: Ledger, cases: list[Complaint], now: datetime) -> list[HandlingStep]:
    """I-02, I-03, I-09, I-10: the record alone tells where the case stands, who might do what, and misses nothing."""
    entries = list(HandlingStep.objects.filter(pk__gt=ledger.last_entry).defer("body").order_by("pk"))
    entries.sort(key=lambda e: (e.complaint_id, e.audience, e.sequence))
    for entry in entries:
        ledger.last_entry = max(ledger.last_entry, entry.pk)
        chain = (entry.complaint_id, entry.audience)
        row = TABLE[entry.step]
        sequence, status, _outcome = ledger.heads.get(chain, (0, S.DRAFT, ""))
        assert entry.sequence == sequence + 1, f"I-09 {entry}: a gap in the chain"
        assert entry.happened_at <= entry.written_at <= now, f"I-21 {entry}: written before it happened"
        before = ledger.written.get(chain, entry.written_at)
        assert entry.written_at >= before, f"I-09 {entry}: before the one it follows"
        assert S(entry.from_status) in row.at, f"I-02 {entry}: the table knows no such step at {entry.from_status}"
        if entry.to_status != entry.from_status:
            target = (S(entry.to_status), Outcome(entry.outcome) if entry.outcome else None)
            assert target in row.to, f"I-02 {entry}: the table leads nowhere like {target}"
        if entry.audience == Audience.PARTIES:
            assert entry.from_status == status, f"I-02 {entry}: the case stood at {status}"
        role = Role(entry.actor_role)
        assert role in row.by or role == Role.REVIEWER, f"I-03 {entry}: not for {role}"
        ledger.heads[chain] = (entry.sequence, entry.to_status, entry.outcome)
        ledger.written[chain] = entry.written_at
        ledger.reached[entry.step] += 1
        ledger.reached[entry.to_status] += 1
        if entry.step not in BY_ITSELF and not (role == Role.SYSTEM and entry.step in WITH_A_SUCCESSOR):
            ledger.told[entry.complaint_id, entry.step] += 1
    assert ledger.told == ledger.taken, f"I-10: {ledger.told - ledger.taken} or {ledger.taken - ledger.told}"
    for case in cases:
        sequence, status, outcome = ledger.heads[case.pk, Audience.PARTIES]
        stands = (case.last_sequence, case.status, case.outcome)
        assert stands == (sequence, status, outcome), f"I-02 {case.number}: the case says other than its record"
    return entries


def _dates(ledger: Ledger, cases: list[Complaint]) -> None:
    """I-06: each new date is the one that a slow walk day by day finds."""
    for clock in Deadline.objects.filter(pk__gt=ledger.last_clock, complaint__in=cases).order_by("pk"):
        ledger.last_clock = clock.pk
        facts = clock.derivation
        if not clock.length or facts.get("pauses") or "extended_from" in facts or facts.get("extended"):
            continue
        day = oracle.due(clock.started_at.astimezone(SHANGHAI).date(), clock.unit, clock.length)
        is_right = clock.last_day == day or clock.last_day.year > 2026
        assert is_right, f"I-06 {clock.clock} from {clock.started_at}: {clock.last_day}, not {day}"


def _owners(cases: list[Complaint], clocks: dict[int, list[Deadline]], now: datetime) -> None:
    """I-04: an open case has somebody who must act, a clock that is looked at, and words for both."""
    for case in cases:
        status, live = S(case.status), clocks[case.pk]
        if status not in OPEN:
            assert {Clock(c.clock) for c in live} <= AFTER_CLOSING, f"I-04 {case.number}: a clock runs on after the end"
            continue
        assert live, f"I-04 {case.number} {status}: nobody is chased"
        is_looked_at = any(c.chase_at is not None for c in live)
        assert is_looked_at, f"I-04 {case.number} {status}: no clock is ever looked at again"
        # A respondent that no case was forwarded to performs what it promised in a mediation.
        respondent = case.enterprise_id or case.picked_enterprise_id or case.respondent_named
        owner = {"authority": case.handling_authority_id, "enterprise": respondent, "consumer": case.consumer_key}
        assert owner[MUST_ACT[status]], f"I-04 {case.number} {status}: nobody holds it"
        if status in (S.NEGOTIATING, S.AWAITING_CONSUMER) and case.branch_id is not None:
            assert case.handler_id is not None, f"I-04 {case.number}: no named handler"
        given = next_action.next_action_of(complaint=case, clocks=live, viewer_side="", now=now)
        assert given.holder, f"I-04 {case.number}: the page names nobody"
        assert given.sentence, f"I-04 {case.number}: the page says nothing"


def _clocks(cases: list[Complaint], clocks: dict[int, list[Deadline]], now: datetime) -> None:
    """I-05: what was due has lapsed, once and not before its time; a clock runs only where the table says."""
    status_of = {case.pk: S(case.status) for case in cases}
    for pk, live in clocks.items():
        for clock in live:
            rule, where = CLOCKS[Clock(clock.clock)], f"{clock.clock} of {pk} at {status_of[pk]}"
            if clock.state == "running":
                assert clock.due_at > now, f"I-05 {where}: due {clock.due_at} and not lapsed"
                in_time = status_of[pk] in rule.runs_while | rule.paused_while
                assert in_time or clock.obligation_id is not None, f"I-04 {where}: runs outside of its time"
            if clock.lapsed_at is not None:
                assert clock.lapsed_at == clock.due_at <= now, f"I-05 {where}: lapsed at {clock.lapsed_at}"
            if clock.state in ("running", "lapsed"):
                assert clock.chase_at is not None, f"I-05 {where}: never looked at again"
            if clock.state == "paused":
                remaining = -1 if clock.remaining is None else clock.remaining
                assert remaining >= 0, f"I-07 {where}: rests without its rest"


def _kept_for_lists(cases: list[Complaint], clocks: dict[int, list[Deadline]]) -> None:
    """What the lists of an enterprise read of a case itself is what its clocks and its record say."""
    spoken = dict(
        HandlingStep.objects.filter(complaint__in=cases, audience="parties")
        .exclude(actor_role="system")
        .exclude(step__in=["file", LOOK])
        .order_by("sequence")
        .values_list("complaint_id", "actor_role")
    )
    for case in cases:
        owed = [c.due_at for c in clocks[case.pk] if c.owed_by == "enterprise" and c.state in ("running", "lapsed")]
        due_at, last_word, spoke = case.enterprise_due_at, case.last_word, spoken.get(case.pk, "")
        assert due_at == min(owed, default=None), f"{case.number}: owed by {due_at}, not {owed}"
        assert last_word == spoke, f"{case.number}: {last_word} spoke last, not {spoke}"
    holds = {case.pk: (case.enterprise_id, case.branch_id) for case in cases if case.status in HAS_RESPONDENT}
    newest = {}
    for time in Engagement.objects.filter(complaint__in=cases).order_by("-pk"):
        branch = (time.enterprise_id, time.branch_id)
        is_over = time.until_at is not None and holds.get(time.complaint_id) != branch
        is_past = is_over and newest.setdefault((time.complaint_id, branch), time) is time
        assert time.is_past == is_past, f"{time}: past {time.is_past}"


def _one_enterprise(cases: list[Complaint]) -> None:
    """I-15: never with two enterprises, never with none while an enterprise must act; one open offer at most."""
    held: dict[int, list[int]] = defaultdict(list)
    engagements = Engagement.objects.filter(complaint__in=cases, until_at=None)
    for pk, enterprise in engagements.values_list("complaint_id", "enterprise_id"):
        held[pk].append(enterprise)
    offers = Counter(Offer.objects.filter(complaint__in=cases, state="open").values_list("complaint_id", flat=True))
    for case in cases:
        has, said = held[case.pk], case.enterprise_id
        assert case.status not in ANY_E or has == [said], f"I-15 {case.number}: with {has}, said {said}"
        assert len(has) <= 1, f"I-15 {case.number}: with two at once"
        assert offers[case.pk] <= (1 if case.status in ANY_E else 0), f"{case.number}: an offer nobody can answer"
        if case.status in (S.FILED, S.TRIAGE):
            assert not has, f"I-15 {case.number}: still with an enterprise while it is distributed"


def _settlements(cases: list[Complaint]) -> None:
    """Silence is never success; performing means that something is still owed."""
    obligations = Obligation.objects.filter(complaint__in=cases, state__in=["due", "reported"])
    owed = set(obligations.values_list("complaint_id", flat=True))
    settled = [case.pk for case in cases if case.outcome == Outcome.SETTLED]
    handling_steps = HandlingStep.objects.filter(complaint__in=settled, step__in=CONFIRMING)
    confirmed = set(handling_steps.values_list("complaint_id", flat=True))
    for case in cases:
        if case.status == S.PERFORMING:
            assert case.pk in owed, f"{case.number}: nothing is owed while it is performed"
        if case.outcome == Outcome.SETTLED:
            assert case.pk in confirmed, f"{case.number}: a success that no consumer confirmed"
            assert case.pk not in owed, f"{case.number}: a success that is still owed"


def _ends(
    cases: list[Complaint], entries: list[HandlingStep], *, now: datetime, calendar: Calendar, consumer: Actor
) -> None:
    """A closed case has an outcome, a reason, notices of the same moment, and a next way where it did not end well.

    An enterprise that gave the case back before hears nothing of its end: that is with somebody else.
    """
    by_pk = {case.pk: case for case in cases}
    closings = [e for e in entries if e.to_status == S.CLOSED != e.from_status and e.audience == Audience.PARTIES]
    engagements = Engagement.objects.filter(complaint__in=[e.complaint_id for e in closings])
    results = dict(engagements.order_by("pk").values_list("complaint_id", "odr_result"))
    had = {pk for pk, result in results.items() if result != "returned" or by_pk[pk].enterprise_id is not None}
    notices = Notice.objects.filter(complaint__in=[e.complaint_id for e in closings], audience=Audience.PARTIES)
    rows = notices.values_list("complaint_id", "sequence", "addressee", "created_at")
    values = {(pk, sequence, to): at for pk, sequence, to, at in rows}
    for entry in closings:
        number = by_pk[entry.complaint_id].number
        assert entry.outcome, f"{number}: closed without outcome"
        assert entry.reason, f"{number}: closed without reason"
        for side in ("consumer", "enterprise") if entry.complaint_id in had else ("consumer",):
            told_at = values.get((entry.complaint_id, entry.sequence, side))
            assert told_at == entry.written_at, f"{number}: {side} was not told of the end"
    today = calendar.local_day(now)
    for case in cases:
        is_closed = case.status == S.CLOSED
        assert is_closed == bool(case.outcome) == (case.closed_at is not None), f"{case.number}: half closed"
        if not is_closed or (case.outcome == Outcome.MEDIATED and not case.is_not_kept):
            continue
        may = frozenset(handling.allowed_steps(case, consumer))
        ways = remedies(case, today=today, policies=Policies.load(today), calendar=calendar, may=may, is_broken=False)
        assert ways, f"{case.number} {case.outcome}: no next way is named"


def _counts(ledger: Ledger, changed: set[int], calendar: Calendar) -> None:
    """I-20: what a case counts for changes with its record or the calendar only; the counters add it up."""
    if ledger.calendar != calendar.version:
        ledger.calendar, changed = calendar.version, set(Complaint.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        rollups.fold_cases(cursor, changed)
        assert rollups.differing(cursor, after=0, upto=2**62) == [], "I-20: counts otherwise, and no entry says why"
    values: Counter[tuple[str, int]] = Counter()
    for enterprise, *numbers in MonthEnterprise.objects.filter(branch=0).values_list("enterprise", *COUNTED):
        values.update({(name, enterprise): n for name, n in zip(COUNTED, numbers, strict=True) if n})
    slow: Counter[tuple[str, int]] = Counter()
    columns = ("status", "outcome", "is_not_kept", "enterprise_id", "reason", "accepted_refusal")
    rows = Complaint.objects.exclude(enterprise=None).values_list(*columns)
    for status, outcome, broken, enterprise, reason, is_refused in rows:
        slow["received", enterprise] += 1
        slow["open" if status != S.CLOSED else "closed", enterprise] += 1
        if outcome:
            # Where the consumer let a complete refusal rest it is neither settled nor merely withdrawn.
            is_let_rest = reason == "refusal_let_rest" or is_refused
            is_broken = outcome == Outcome.MEDIATED and broken
            name = "let_rest" if is_let_rest else "not_kept" if is_broken else outcome
            slow[f"closed_{name}", enterprise] += 1
    assert values == slow, f"I-20: {values - slow} or {slow - values}"


def seen_by(user: Any, cases: Iterable[Complaint], *, now: datetime) -> set[int]:
    """Which of these cases the list of this person may show (I-13)."""
    pks = [case.pk for case in cases]
    on = now.astimezone(SHANGHAI).date()
    return set(Complaint.objects.visible_to(user, on=on).filter(pk__in=pks).values_list("pk", flat=True))


def standing_of(pks: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """Where these cases stand, without what tells one run from another: for I-18."""
    wanted = list(pks)
    clocks: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    columns = ("complaint_id", "clock", "state", "due_at", "lapsed_at", "ended_at")
    for row in Deadline.objects.filter(complaint__in=wanted).values_list(*columns):
        clocks[row[0]].append(row[1:])
    steps: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    entries = HandlingStep.objects.filter(complaint__in=wanted).order_by("audience", "sequence")
    for entry in entries.values_list(
        "complaint_id", "audience", "step", "from_status", "to_status", "outcome", "reason"
    ):
        steps[entry[0]].append(entry[1:])
    columns = ("pk", "status", "outcome", "reason", "enterprise_id", "next_due_at", "returns")
    rows = Complaint.objects.filter(pk__in=wanted).values_list(*columns)
    return {row[0]: (*row[1:], sorted(clocks[row[0]], key=str), steps[row[0]]) for row in rows}
