"""Who opens a page or sends a form at which moment; what the consumer does goes through the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts.models import User
from authorities.models import Policy
from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import consumer, enterprise, offers
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import address, send, shown, signed_in
from tests.complaints.pages.conftest import clock

__all__ = ["Person", "clock", "day", "granting", "home", "paid", "passed", "settled_with", "workspace"]

S = Status
Values = dict[str, Any] | None


def day(number: int, hour: int = 0) -> datetime:
    """So many days after the Wednesday on which every story begins."""
    return WEDNESDAY + timedelta(days=number, hours=1 + hour)


FIRST = day(0)


@dataclass
class Person:
    """Somebody at a browser; each visit is a new session, as after days away."""

    user: User
    clock: time_machine.Coordinates
    workspace: bool = False

    def _place(self, case: Complaint, name: str) -> str:
        return (address if self.workspace else place)(case, name)

    def sees(self, case: Complaint, name: str = "", *, at: datetime = FIRST, language: str = "zh-hans") -> str:
        self.clock.move_to(at, tick=False)
        answer = signed_in(self.user).get(self._place(case, name), headers={"accept-language": language}, follow=True)
        assert answer.status_code == 200, answer.status_code
        return shown(answer)

    def sends(self, case: Complaint, name: str, values: Values = None, *, at: datetime = FIRST) -> str:
        """The page after the form; it must have been taken."""
        self.clock.move_to(at, tick=False)
        client = signed_in(self.user)
        answer = send(client, self._place(case, name), values or {})
        assert answer.status_code == 302, (answer.status_code, shown(answer)[-3000:])
        case.refresh_from_db()
        return shown(client.get(answer["Location"], follow=True))

    def is_refused(self, case: Complaint, name: str, values: Values = None, *, at: datetime = FIRST) -> tuple[int, str]:
        """Status and words of a form that was not taken."""
        self.clock.move_to(at, tick=False)
        answer = send(signed_in(self.user), self._place(case, name), values or {})
        assert answer.status_code >= 400, answer.status_code
        return answer.status_code, shown(answer)


@pytest.fixture
def home(world: World, clock: time_machine.Coordinates) -> Person:
    """Chen, whose complaint it is. One person suffices for an officer's decisions here."""
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    return Person(world.chen, clock)


@pytest.fixture
def workspace(world: World, clock: time_machine.Coordinates) -> Person:
    """Ming at work, whose enterprise has it."""
    return Person(world.ming, clock, workspace=True)


def paid(world: World, case: Complaint, at: datetime, number: int = 1) -> None:
    """The enterprise says that it has kept this promise."""
    move = enterprise.report_performed(obligations=[number], proof=f"流水 {number}")
    given.step(case, move, world.handler, at)


def passed(case: Complaint, now: datetime) -> Complaint:
    """The sweep of the clocks at ``now``."""
    handling.sweep_clocks(now=now)
    case.refresh_from_db()
    return case


def granting(*promises: Promise) -> Move:
    """An offer that grants the money that is promised, and nothing else."""
    amount = sum(Decimal(p.amount or 0) for p in promises)
    verdict, reason = ("grant", "") if amount >= Decimal("128.50") else ("part", "按实际多扣的月份计算。")
    money = Answer(demand=1, verdict=verdict, amount=amount, reason=reason)
    other = Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)
    return offers.make_offer(answers=[money, other], promises=promises)


def settled_with(world: World, *promises: Promise) -> Complaint:
    """Chen has just accepted an offer with these promises."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, granting(*promises), world.handler, WEDNESDAY)
    return given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY)
