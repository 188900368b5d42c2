"""Small worlds of many cases: people of two enterprises and three counties take likely steps.

Every step goes through handling.take; a refusal is an answer, a crash is a bug.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer, Policy
from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import authority, both, casework, consumer, enterprise, mediation, offers, supervision
from complaints.handling.transition import undoing
from complaints.models import Complaint, Demand
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import ANY_E, Status
from enterprises.models import Branch, Enterprise, Staff
from tests import given
from tests.cast import World, a_new_phone

S = Status
#: Before the National Day holidays, so that make-up days and seven free days lie in every world.
BEGINS = datetime(2026, 9, 23, 1, 30, tzinfo=UTC)
#: So many cases move at the same moment.
AT_ONCE = 12
TEXT = "这里写明事实和理由，供核对。"
CHANNELS = ("web", "phone")
PROBLEMS = ("telecom.fees.unexplained_charge", "telecom.broadband.repair", "telecom.contract.penalty")


@dataclass
class Side:
    """One enterprise with a branch and somebody who works there."""

    enterprise: Enterprise
    branch: Branch
    staff: Staff

    @property
    def actor(self) -> Actor:
        return actors.staff_member(self.staff)


class Walk:
    """One random world; the seed makes it the same again."""

    def __init__(self, world: World, *, seed: int, cases: int, ticks: int) -> None:
        Policy.objects.filter(name__startswith="two_persons.").update(number=0)
        Policy.objects.filter(name="extension").update(number=1)
        self.dice, self.world, self.now = random.Random(seed), world, BEGINS
        lian = User.objects.create(email="lian@example.com", name="联试", own_phone=a_new_phone())
        pin = User.objects.create(email="pin@example.com", name="平试", own_phone=a_new_phone())
        self.sides = [Side(world.mobile, world.fuzhou, world.ming_staff)]
        for user, firm, place in (
            (pin, world.mobile, "中国移动平潭分公司"),
            (lian, world.telecom, "中国电信闽侯分公司"),
        ):
            staff = Staff.objects.create(user=user, enterprise=firm, role=Role.MANAGER.post)
            self.sides.append(Side(firm, Branch.objects.get(name=place), staff))
        self.officers = {
            row.pk: self._officer(row)
            for row in Authority.objects.filter(has_power=True, region_id__gte=350100000, region_id__lte=350199999)
        }
        self.cases: list[int] = []
        self.chen = world.consumer
        for _tick in range(ticks):
            self.now += timedelta(minutes=self.dice.choice([19, 130, 670, 1100, 1900, 2900]))
            if len(self.cases) < cases:
                self._file(min(4, cases - len(self.cases)))
            if self.dice.random() < 0.4:
                handling.sweep_clocks(now=self.now)
            self._some_act(self.dice.sample(self.cases, min(len(self.cases), AT_ONCE)))
        given.marked_as_old()

    def _officer(self, row: Authority) -> Actor:
        user = User.objects.create(email=f"officer{row.pk}@example.com", name=f"员{row.pk}", own_phone=a_new_phone())
        return actors.officer([Officer.objects.create(user=user, authority=row, role=Role.OFFICER.post)])

    def _file(self, number: int) -> None:
        for _ in range(number):
            side = self.dice.choice(self.sides)
            case = given.filed(
                self.world,
                now=self.now,
                disputed_on=self.now.date() - timedelta(days=9),
                received_at=self.now - timedelta(hours=self.dice.choice([0, 0, 30])),
                amount=Decimal(self.dice.randrange(1, 900)),
                problem_category=self.dice.choice(PROBLEMS),
                channel=CHANNELS[len(self.cases) % len(CHANNELS)],
                respondents=(RespondentRequest(enterprise_id=side.enterprise.pk, branch_id=side.branch.pk),),
                consents={
                    **given.a_request(self.world).consents,
                    "pass_to_regulator": self.dice.random() < 0.7,
                    "entities": [self.world.mobile.pk, self.world.telecom.pk],
                },
            )
            self.cases.append(case.pk)

    def _some_act(self, ids: list[int]) -> None:
        """Different steps on different cases in one transaction."""
        moves = []
        for case in Complaint.objects.filter(pk__in=ids).prefetch_related("obligations", "demands").order_by("pk"):
            is_neglected = self.cases.index(case.pk) % 3 == 0 and case.status in ANY_E
            if is_neglected and self.dice.random() < 0.95:
                # Nobody looks after these: their clocks run out.
                continue
            options = self._options(case)
            _, actor, build = self.dice.choices(options, [weight for weight, _, _ in options])[0]
            with suppress(WrongInput):
                moves.append((case.pk, build(), actor))
        for taken in handling.take_each(moves, now=self.now):
            assert taken.refusal is None or taken.refusal.reason

    def _side(self, case: Complaint) -> Side:
        return next((s for s in self.sides if s.branch.pk == case.branch_id), self.sides[0])

    def _options(self, case: Complaint) -> list[tuple[float, Actor, Callable[[], Move]]]:
        side, chen = self._side(case), self.chen
        staff = side.actor
        officer = self.officers.get(case.handling_authority_id, self.world.officer)
        states = ("due", "reported", "broken", "silent")
        promises = {state: [o.ordinal for o in case.obligations.all() if o.state == state] for state in states}
        heir = {"enterprise_id": self.world.telecom.pk, "branch_id": self.sides[2].branch.pk}
        return [
            *self._at(case, side, staff, officer, chen, promises),
            (0.15, chen, undoing.undo),
            (0.1, chen, lambda: consumer.withdraw(reason="mistake")),
            (0.15, chen, lambda: both.claim_settled_elsewhere(text=TEXT)),
            (0.1, chen, both.confirm_settled_elsewhere),
            (0.4, staff, both.confirm_settled_elsewhere),
            (0.05, actors.SYSTEM, lambda: authority.pass_to_successor(**heir)),
        ]

    def _at(
        self, case: Complaint, side: Side, staff: Actor, officer: Actor, chen: Actor, promises: dict[str, list[int]]
    ) -> list[Any]:
        dice, world = self.dice, self.world
        to = dice.choice(self.sides)
        where = {"enterprise_id": to.enterprise.pk, "branch_id": to.branch.pk}
        forward = partial(authority.forward, **where, because=given.BECAUSE)

        def call() -> Move:
            reached, at = dice.random() < 0.6, self.now - timedelta(hours=dice.choice([0, 0, 5, 40]))
            return enterprise.log_contact(channel="phone", reached=reached, note="已联系", at=at)

        stop = (0.2, chen, consumer.stop_negotiating)
        wait = (3, chen, lambda: consumer.add_statement(text=TEXT))
        done = [o.ordinal for o in case.obligations.all() if o.state == "proposed" and o.reported_at is not None]
        redate = {n: (self.now + timedelta(days=6)).date().isoformat() for n in promises["broken"]}
        match Status(case.status):
            case S.FILED:
                why: Any = {"reason": "nothing_matched", "explanation": given.BECAUSE}
                return [(6, actors.SYSTEM, forward), (1, actors.SYSTEM, lambda: authority.refer_to_triage(**why))]
            case S.TRIAGE:
                county = dice.choice(list(self.officers))
                return [
                    (2, world.intake, forward),
                    (3, world.intake, lambda: authority.assign_authority(authority_id=county)),
                    (0.2, world.intake, lambda: authority.redirect(matter="consultation", body="12345", text=TEXT)),
                ]
            case S.WITH_ENTERPRISE:
                other = dice.choice(self.sides)
                back = {"enterprise_id": other.enterprise.pk, "branch_id": other.branch.pk}
                return [
                    (6, staff, lambda: enterprise.accept_case(handler_id=side.staff.pk)),
                    (0.7, staff, call),
                    stop,
                    wait,
                    (0.8, staff, lambda: enterprise.return_case(reason="wrong_branch", text=TEXT, **back)),
                    (0.2, officer, lambda: authority.recall(text=TEXT)),
                ]
            case S.NEGOTIATING:
                reasons = ["no_agreement", "unreachable"]
                return [
                    (2, staff, call),
                    (1, staff, lambda: enterprise.send_message(text=TEXT)),
                    (1, staff, lambda: enterprise.ask_consumer(text=TEXT)),
                    (5, staff, lambda: self._offer(case)),
                    stop,
                    wait,
                    (1, staff, lambda: enterprise.report_failure(reason=dice.choice(reasons), text=TEXT)),
                    (1, staff, lambda: enterprise.answer_question(text=TEXT)),
                    (0.3, staff, lambda: enterprise.request_return(text=TEXT)),
                    (0.5, world.intake, supervision.grant_return),
                ]
            case S.AWAITING_CONSUMER:
                rest = ["give_up", "go_on", "regulator"]
                return [
                    (4, chen, lambda: consumer.accept_offer(confirmed=done if dice.random() < 0.5 else ())),
                    (1, chen, lambda: consumer.accept_offer(separable=[1], rest=dice.choice(rest))),
                    (2, chen, consumer.let_rest),
                    (1, chen, given.accept_of_old),
                    (1.5, chen, lambda: consumer.decline_offer(reason="amount_too_low")),
                    (1, chen, lambda: consumer.ask_about_offer(text=TEXT)),
                    stop,
                    wait,
                ]
            case S.PERFORMING:
                due, reported = promises["due"], promises["reported"]
                paid: Any = {"channel": "转账", "last4": "1234", "paid_on": self.now.date()}
                return [
                    (3, staff, lambda: enterprise.report_performed(obligations=due[:1], proof="流水")),
                    (1, chen, lambda: enterprise.report_performed(obligations=due[:1], proof="已寄回")),
                    (4, chen, lambda: consumer.confirm_performed(obligations=reported[:1])),
                    (1, staff, lambda: consumer.confirm_performed(obligations=reported[:1])),
                    (0.8, chen, lambda: consumer.dispute_performance(obligation=(reported or [1])[0], text=TEXT)),
                    (0.8, staff, lambda: enterprise.show_payment(obligation=(due or [1])[0], **paid)),
                    (0.6, chen, lambda: consumer.report_breach(obligation=(reported or due or [1])[0], text=TEXT)),
                    (0.2, chen, lambda: consumer.waive_obligation(obligation=(due or [1])[0])),
                ]
            case S.REVIEW:
                return [
                    (3, officer, authority.accept),
                    (0.7, officer, lambda: authority.refuse(ground="not_consumption", facts=TEXT)),
                    (0.4, officer, lambda: authority.request_material(what=TEXT)),
                    (0.4, officer, forward),
                    (0.3, officer, lambda: authority.return_to_intake(text=TEXT)),
                    (1, chen, lambda: consumer.resume_performance(dates=redate)),
                    (1, staff, lambda: consumer.resume_performance(dates=redate)),
                    (0.5, chen, lambda: consumer.confirm_performed(obligations=promises["due"][:1])),
                ]
            case S.AWAITING_MATERIAL:
                return [(1, chen, lambda: both.supply_material(text=TEXT))]
            case S.MEDIATING:
                until = (self.now + timedelta(days=9)).date()
                appraisal: Any = {"laboratory": "某中心", "until": until, "cost_borne_by": "shared"}
                return [
                    (2, chen, both.agree_to_mediation),
                    (2, staff, both.agree_to_mediation),
                    (2, officer, lambda: mediation.record_agreement(promises=self._promises(), text=TEXT)),
                    (0.7, officer, lambda: mediation.terminate(ground="other_law", facts=TEXT)),
                    (0.3, officer, lambda: mediation.order_appraisal(**appraisal)),
                ]
            case S.MEDIATION_SUSPENDED:
                return [(1, officer, lambda: mediation.end_appraisal(result=TEXT))]
            case S.CLOSED:
                return [
                    (0.5, chen, lambda: consumer.refer_to_regulator()),
                    (2, chen, lambda: consumer.answer_late(accept=dice.random() < 0.6)),
                    (0.2, officer, lambda: casework.reopen(ground="clerical_error", text=TEXT)),
                ]
        return []

    def _promises(self) -> list[Promise]:
        dice = self.dice
        results = []
        for _ in range(dice.choice([0, 1, 1, 2])):
            kind = dice.choice(["original_channel", "transfer", "voucher", "apology"])
            due = (self.now + timedelta(days=dice.choice([1, 4, 9, 16]))).date()
            amount = None if kind == "apology" else Decimal(dice.randrange(1, 500))
            results.append(Promise(kind=kind, what="退还费用", due_on=due, amount=amount))
        if results and dice.random() < 0.3:
            due = (self.now + timedelta(days=3)).date()
            results = [Promise(kind="return_by_consumer", what="寄回设备", owed_by="consumer", due_on=due), *results]
        return results

    def _offer(self, case: Complaint) -> Move:
        left = [d for d in case.demands.all() if not d.is_settled and not d.is_given_up]
        if self.dice.random() < 0.2:
            return offers.make_offer(answers=[Answer(demand=d.ordinal, verdict="refuse", reason=TEXT) for d in left])
        answers = [Answer(demand=d.ordinal, verdict="grant", amount=d.amount, is_separable=True) for d in left]
        return offers.make_offer(answers=answers, promises=[p for d in left for p in self._for_demand(d)])

    def _for_demand(self, demand: Demand) -> list[Promise]:
        """What is owed once it is granted: in one part or two, at times done already, at times after a return."""
        dice = self.dice
        due = (self.now + timedelta(days=dice.choice([1, 4, 9, 16]))).date()
        kind, amount = "service_change", demand.amount
        if amount:
            kind = dice.choice(["original_channel", "transfer", "voucher"])
        if dice.random() < 0.2:
            return [Promise(kind=kind, what=TEXT, amount=amount, demand=demand.ordinal, is_done=True, proof="流水")]
        parts = [amount / 2, amount - amount / 2] if amount and dice.random() < 0.3 else [amount]
        results = [Promise(kind=kind, what=TEXT, amount=part, due_on=due, demand=demand.ordinal) for part in parts]
        if dice.random() < 0.2:
            results.append(Promise(kind="return_by_consumer", what="寄回设备", owed_by="consumer", due_on=due))
        return results
