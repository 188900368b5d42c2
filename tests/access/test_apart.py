"""三员: three duties that nobody holds together, nor with any other work; refused by the database itself."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Administrator, User
from authorities.models import Officer
from enterprises.models import Staff
from tests.cast import WEDNESDAY, World

KINDS = ("system", "security", "audit")


@pytest.fixture
def keeper(world: World) -> User:
    return User.objects.create_user(email="keeper@example.com", password="x" * 20, name="管试")


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_T13_nobody_holds_two_duties(keeper: User, first: str, second: str) -> None:
    Administrator.objects.create(user=keeper, kind=first, since=WEDNESDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Administrator.objects.create(user=keeper, kind=second, since=WEDNESDAY)


def test_T13_there_is_no_fourth_duty(keeper: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Administrator.objects.create(user=keeper, kind="all", since=WEDNESDAY)


def test_T13_no_administrator_has_an_office_or_a_job_whichever_came_first(world: World, keeper: User) -> None:
    for user in (world.rui, world.ming):
        with pytest.raises(IntegrityError), transaction.atomic():
            Administrator.objects.create(user=user, kind="audit", since=WEDNESDAY)
    ended = timezone.localdate() - timedelta(days=1)
    Staff.objects.filter(user=world.ming).update(ends_on=ended)
    Administrator.objects.create(user=world.ming, kind="audit", since=WEDNESDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Staff.objects.filter(user=world.ming).update(ends_on=None)
    Administrator.objects.create(user=keeper, kind="system", since=WEDNESDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Officer.objects.create(user=keeper, authority=world.gulou, role="analyst")
    with pytest.raises(IntegrityError), transaction.atomic():
        Staff.objects.create(user=keeper, enterprise=world.mobile, role="handler", starts_on=date(2030, 1, 1))
