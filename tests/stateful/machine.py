"""A town in which everybody takes steps on random days: the state machine of the procedure.

A day is one flush. Many cases move at once, as sweeps and batches move them, so that a walk of thousands of
steps costs seconds; whatever the table offers is either taken or refused with a reason, and after each day every
promise of ``promises.py`` is asked.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from accounts.sign_in.contacts import Contact, user_for
from authorities.calendar import import_year
from authorities.models import Policy
from complaints import handling
from complaints.handling.transition.recounting import recount_piece
from complaints.models import Complaint, Demand, Engagement, HandlingStep, Matter, Obligation, Offer, Participant
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import JointParty, OnBehalf
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import MUST_ACT, TABLE, Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record.verification import verify
from complaints.tables.many_cases import take_all
from tests import given
from tests.cast import WEDNESDAY, World
from tests.stateful import promises
from tests.stateful.words import Seen, moves

S = Status
CASES = 20
PAUSES = (
    *(timedelta(minutes=n) for n in (5, 9, 40)),
    *(timedelta(hours=n) for n in (2, 5, 9)),
    *(timedelta(days=n) for n in (1, 2, 5, 9, 31)),
)
#: Kind of an open matter → the steps that answer it.
ANSWERED_BY = {
    "consent": {"give_consent", "decline_consent"},
    "settled_elsewhere": {"confirm_settled_elsewhere", "deny_settled_elsewhere"},
    "question": {"answer_question"},
    "proposal": {"approve", "send_back"},
    "return": {"grant_return", "refuse_return"},
    "extension": {"agree_to_extension", "grant_extension", "refuse_extension"},
    "objection": {"answer_objection"},
    "signs": {"answer_signs"},
    "undo": {"undo"},
    "urge": {"answer_instruction"},
    "recusal": {"decide_recusal"},
    "appraisal": {"end_appraisal"},
    "delegation": {"recall_mediation"},
}
HOLDERS = {
    "authority": ("intake", "officer"),
    "enterprise": ("handler", "stranger"),
    "consumer": ("consumer",),
    "": ("consumer", "head"),
}
WHO = ("consumer", "handler", "manager", "stranger", "officer", "head", "intake", "superior", "system", "party")
#: Ends that come up everywhere: taken as often as the others they would leave nothing to walk on.
HASTY = {"withdraw": 0.1, "redirect": 0.1, "record_party_gone": 0.2, "pass_to_successor": 0.6}
HASTY |= dict.fromkeys(("refuse", "terminate", "claim_settled_elsewhere", "stop_negotiating", "recall"), 0.3)
BODYS_KEY = UUID(int=7)
_POWER: Any = {"relation": "朋友", "powers": "投诉", "valid_until": date(2027, 6, 1), "may_settle": False}
AGENT = OnBehalf(kind="agent", principal_name="王试", principal_phone="+8619900000013", is_declared=True, **_POWER)
_LI, _ZHAO = JointParty(name="李试", phone="+8619900000011"), JointParty(name="赵试", phone="+8619900000012")
JOINT = OnBehalf(kind="joint", is_declared=True, representatives=("李试",), parties=(_LI, _ZHAO))


#: Cases, what is tried on each, and by whom.
Batch = list[tuple[int, handling.Move, Actor]]


class Town(RuleBasedStateMachine):
    """``world`` is set by the test; what a walk did is added to ``walked`` and ``reached``."""

    world: World
    walked: int = 0
    reached: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.now = WEDNESDAY
        self.ledger = promises.Ledger(last_entry=_newest(HandlingStep))
        self.cases: list[int] = []
        self.parties: dict[int, Actor] = {}
        self.visits: Counter[str] = Counter()
        self.earlier = type(self).walked

    @rule(
        pause=st.sampled_from(PAUSES),
        event=st.integers(0, 2**16),
        choices=st.lists(st.integers(0, 2**24), min_size=CASES, max_size=CASES),
    )
    def a_day(self, pause: timedelta, event: int, choices: list[int]) -> None:
        """Some time passes; then somebody tries something on each case, and what is due is swept."""
        dice = random.Random(event)
        if not self.cases:
            self._begin(dice)
        happens = dice.random()
        if happens < 0.25:
            self._people_file(dice)
        elif happens < (0.4 if self.now.month == 12 else 0.27):
            self._a_calendar_comes(dice)
        self.now += pause
        seen = self._look()
        batch = [one for case, choice in zip(seen, choices, strict=False) for one in self._choose(case, choice)]
        elsewhere = self._the_other_way_round(batch) if choices[0] % 8 == 1 else None
        self._take(batch)
        if elsewhere is not None:
            same = promises.standing_of(self.cases) == elsewhere
            assert same, "I-18: what comes of a case hangs on the order of others"
        self._hold()

    def _begin(self, dice: random.Random) -> None:
        # Some towns live through the turn of a year whose holidays nobody knows yet.
        self.now += timedelta(days=dice.choice([0, 0, 38]))
        Policy.objects.filter(name__startswith="two_persons.").update(number=dice.randint(0, 1))
        Policy.objects.filter(name="extension").update(number=dice.randint(0, 1))
        self.cases = [self._file(dice) for _ in range(CASES)]

    def _people_file(self, dice: random.Random) -> None:
        """Some more complaints come in; the oldest closed ones are no longer walked."""
        closed = Complaint.objects.filter(pk__in=self.cases, status=S.CLOSED).order_by("closed_at", "pk")
        for pk in list(closed.values_list("pk", flat=True)[:4]):
            self.cases.remove(pk)
            self.cases.append(self._file(dice))

    def _a_calendar_comes(self, dice: random.Random) -> None:
        """The holidays of the next year are decreed: provisional dates are counted anew."""
        off = [date(2027, 1, 1), date(2027, 1, 4 + dice.randint(0, 2))]
        source = f"通知{dice.random()}"
        import_year([(day, False, "元旦", "New Year") for day in off], year=2027, source=source, now=self.now)
        after = 0
        while (piece := recount_piece(after, now=self.now, years=frozenset({2027}))) is not None:
            after = piece.after

    def _file(self, dice: random.Random) -> int:
        """Filed by its own form, alone, for somebody else, with others, with and without the consents; and brought by
        the real verbs to where the walk begins."""
        kind = dice.choice(["self", "self", "self", "agent", "joint"])
        consents = {
            **given.a_request(self.world).consents,
            "pass_to_regulator": dice.random() < 0.7,
            "share_with_enterprise": dice.random() < 0.85,
            "publish_masked": dice.random() < 0.5,
        }
        begins = [s for s in S if s != S.DRAFT] if consents["share_with_enterprise"] and kind != "agent" else [S.FILED]
        changes: dict[str, Any] = {"consents": consents, "contact_verified": dice.random() < 0.8}
        if kind != "self":
            changes["on_behalf"] = AGENT if kind == "agent" else JOINT
        case = given.a_complaint(self.world, status=dice.choice(begins), now=self.now, **changes)
        if dice.random() < 0.3:
            Complaint.objects.filter(pk=case.pk).update(facts={**case.facts, "voice": "ab" * 32})
        if kind != "self":
            self._invite(case)
        for step in HandlingStep.objects.filter(complaint=case).values_list("step", flat=True):
            self.ledger.taken[case.pk, step] += 1
        return case.pk

    def _invite(self, case: Complaint) -> None:
        """The others open their link: from now on they may come in."""
        Participant.objects.filter(complaint=case).update(expires_at=self.now + timedelta(days=30))
        row = list(Participant.objects.filter(complaint=case).order_by("ordinal"))[-1]
        self.parties[case.pk] = actors.participant(user_for(Contact("sms", row.phone), name=row.name), row)

    def _look(self) -> list[Seen]:
        """The cases as they lie before everybody: a handful of queries for all of them."""
        rows: dict[type, dict[int, list[Any]]] = {}
        for model in (Demand, Offer, Obligation, Matter, Participant):
            wanted = {"state": "open"} if model is Matter else {}
            kept: dict[int, list[Any]] = defaultdict(list)
            for row in model._default_manager.filter(complaint__in=self.cases, **wanted).order_by("pk"):
                kept[row.complaint_id].append(row)
            rows[model] = kept
        result = Complaint.objects.in_bulk(self.cases)
        numbers = [case.number for case in result.values()]
        return [
            Seen(
                self.world,
                result[pk],
                self.now,
                [n for n in numbers if n != result[pk].number],
                *(kept[pk] for kept in rows.values()),
            )
            for pk in self.cases
        ]

    def _choose(self, seen: Seen, choice: int) -> Batch:
        """What somebody tries on this case today; nothing where nothing stands open. 0: everybody rests.

        Whoever must act comes by, and three others; what was seldom done is done rather than what was done often.
        """
        if not choice:
            return []
        dice = random.Random(choice)
        open_ones, weights = [], []
        handed = ["body"] if seen.matter("delegation") is not None else []
        for who in dict.fromkeys([*HOLDERS[MUST_ACT[S(seen.case.status)]], *dice.sample(WHO, 3), *handed]):
            actor = self._actor(who, seen, dice)
            for step in self._offered(seen.case, actor) if actor is not None else ():
                open_ones.append((actor, step))
                # What leads on keeps being done, what only adds a word wears off.
                worn = (1 + self.visits[step]) ** (0.4 if TABLE[step].to else 1.1)
                weights.append(HASTY.get(step, 1) * self._likely(step, seen) / worn)
        if not open_ones:
            return []
        for actor, step in dice.choices(open_ones, weights, k=3):
            self.visits[step] += 1
            try:
                if results := [(seen.case.pk, move, actor) for move in moves(step, seen, dice, actor)]:
                    return results
            except StepNotAllowed as wrong:
                # Words that no case could make right.
                _has_words(step, wrong)
        return []

    def _likely(self, step: str, seen: Seen) -> float:
        """What somebody waits for is answered; what nobody asked is rarely answered."""
        kind = next((kind for kind, steps in ANSWERED_BY.items() if step in steps), None)
        return 1 if kind is None else 8 if seen.matter(kind) is not None else 0.05

    def _actor(self, who: str, seen: Seen, dice: random.Random) -> Actor | None:
        if who == "party":
            party = self.parties.get(seen.case.pk)
            row = next((row for row in seen.participants if party and row.ordinal == party.party), None)
            if row is None or party is None:
                return party
            role = actors._role_of(row, is_there=row.state == Participant.JOINED)
            return replace(party, role=role, roles=frozenset({role}))
        if who == "body":
            matter = seen.matter("delegation")
            return matter and actors.mediation_body(
                seen.case, organisation="鼓楼区消费者委员会", person_key=BODYS_KEY, delegation=matter.pk, channel="link"
            )
        actor = self.world.actor(who)
        if who == "consumer" and dice.random() < 0.15:
            # She rang: an officer writes down what she says.
            by: Any = {"by": self.world.officer, "channel": "phone", "recording": {"proof": "call_back"}}
            return actors.on_behalf_of(self.world.chen.pk, "陈试", seen.case.consumer_key, **by)
        return actor

    def _offered(self, case: Complaint, actor: Actor) -> list[str]:
        if actor is actors.SYSTEM:
            if case.status == S.FILED:
                return ["forward", "forward", "refer_to_triage", "assign_authority"]
            return ["pass_to_successor"] if case.status in (S.WITH_ENTERPRISE, S.NEGOTIATING) else []
        return list(handling.allowed_steps(case, actor))

    def _take(self, batch: Batch) -> None:
        """All of them in one flush; a refusal carries words, a step that was taken is remembered."""
        for (pk, move, _actor), result in zip(batch, take_all(batch, now=self.now), strict=True):
            if result.is_done:
                self.ledger.taken[pk, move.step] += 1
            else:
                _has_words(move.step, result.refusal)

    def _the_other_way_round(self, batch: Batch) -> dict[int, tuple[Any, ...]]:
        """Where the cases would stand had their people come in the other order; nothing of it stays."""
        backwards = sorted(batch, key=lambda one: -self.cases.index(one[0]))
        with transaction.atomic():
            take_all(backwards, now=self.now)
            result = promises.standing_of(self.cases)
            transaction.set_rollback(True)
        return result

    def _hold(self) -> None:
        handling.sweep_clocks(now=self.now)
        after = _newest(HandlingStep)
        assert handling.sweep_clocks(now=self.now) == 0, "I-17: a second sweep at the same moment found work"
        assert _newest(HandlingStep) == after, "I-17: a second sweep wrote something"
        conditions = Conditions.at(self.now)
        complaints = Complaint.objects.filter(pk__in={pk for pk, _step in self.ledger.taken})
        cases = list(complaints.select_related("enterprise", "branch", "handling_authority"))
        promises.hold(self.ledger, cases, now=self.now, calendar=conditions.calendar, consumer=self.world.consumer)
        # A reminder is no step.
        type(self).walked = self.earlier + self.ledger.steps

    def teardown(self) -> None:
        """At the end of the walk the whole record verifies, and everybody sees what is theirs and nothing else."""
        try:
            if self.cases:
                self._see()
                # A recording was put into some cases by hand.
                findings = [one for one in verify().findings if (one.row, one.column) != ("case", "facts")]
                assert not findings, f"I-09: {findings[:3]}"
                with connection.cursor() as cursor:
                    cursor.execute("set constraints all immediate")
            type(self).reached += self.ledger.reached
        finally:
            transaction.savepoint_rollback(self.savepoint)
            with connection.cursor() as cursor:
                cursor.execute("set constraints all deferred")

    def _told(self, pks: set[int]) -> list[list[str]]:
        """What happened to these cases, for whoever has to find out."""
        steps = HandlingStep.objects.order_by("pk")
        return [list(steps.filter(complaint=pk).values_list("step", flat=True)) for pk in pks]

    def _see(self) -> None:
        """I-01, I-13: filed once, seen by whom it concerns."""
        world, walked = self.world, {pk for pk, _step in self.ledger.taken}
        cases = list(Complaint.objects.filter(pk__in=walked))
        assert len({case.number for case in cases}) == len(walked), "I-01: a complaint is lost or has another's number"
        assert set(Complaint.objects.values_list("pk", flat=True)) == walked, "I-01: a complaint that nobody filed"
        today = self.now.astimezone(SHANGHAI).date()
        over = {case.pk for case in cases if case.represented_until is not None and case.represented_until < today}
        assert promises.seen_by(world.chen, cases, now=self.now) == walked - over, "I-13: not all of her own cases"
        assert not promises.seen_by(world.otto, cases, now=self.now), "I-13: another's case"
        for user, enterprise in ((world.hua, world.telecom), (world.lead, world.mobile)):
            had = set(Engagement.objects.filter(enterprise=enterprise).values_list("complaint_id", flat=True))
            holds = {case.pk for case in cases if case.enterprise_id == enterprise.pk}
            seen = promises.seen_by(user, cases, now=self.now)
            assert seen == had | holds, f"I-13, I-15: {enterprise.name} {self._told(seen ^ (had | holds))}"
        first, last = world.gulou.region_id, world.gulou.region.last
        here = {case.pk for case in cases if first <= case.handling_region_id <= last}
        assert promises.seen_by(world.rui, cases, now=self.now) == here, "I-13: another region's case"


def _has_words(step: str, refusal: StepNotAllowed | None) -> None:
    assert refusal.reason, f"{step} was refused without a word"


def _newest(model: Any) -> int:
    newest: int | None = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0
