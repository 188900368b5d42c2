"""What the tests of the authority's pages share: signed-in officers, cases as of now, keys."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from authorities.models import Policy
from complaints.handling.steps import enterprise
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_desk import key, officer_of, shown
from tests.complaints.pages.at_the_desk import signed_in as workspace

__all__ = ["key", "officer_of", "shown", "workspace"]
S = Status
TEXT = "这里写明事实和理由，供核对。"
DAYS = timedelta(days=1)


def now() -> Any:
    return timezone.now()


def ahead(days: int) -> str:
    return (timezone.localdate() + days * DAYS).isoformat()


def case_at(world: World, status: Status, **changes: Any) -> Complaint:
    return given.a_complaint(world, status=status, now=now(), **changes)


def one_person_suffices() -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)


def step_url(case: Complaint, slug: str) -> str:
    return f"/authority/cases/{case.number}/{slug}/"


def asked_return(world: World, case: Complaint) -> None:
    """The enterprise asks to give the case back."""
    given.step(case, enterprise.request_return(text=TEXT), world.handler, now())
