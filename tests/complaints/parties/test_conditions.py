"""Conditions are read once and kept, and every change of their tables counts at once."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from authorities.models import Authority, CalendarDay, CalendarVersion, Policy
from complaints.parties.conditions import Conditions
from tests.cast import WEDNESDAY, World


def acceptance() -> int:
    return Conditions.at(WEDNESDAY).policies.number("acceptance", None).number


def test_what_did_not_change_is_not_read_again(world: World, django_assert_num_queries: Any) -> None:
    first = Conditions.at(WEDNESDAY)
    with django_assert_num_queries(1):
        again = Conditions.at(WEDNESDAY)
    assert again.jurisdiction is first.jurisdiction
    assert again.policies is first.policies
    assert Conditions.at(WEDNESDAY + timedelta(days=30)).policies.on > first.policies.on


def test_a_changed_policy_counts_at_once_and_what_was_rolled_back_never(world: World) -> None:
    before = acceptance()
    Policy.objects.filter(name="acceptance").update(number=before + 3)
    assert acceptance() == before + 3
    Policy.objects.filter(name="acceptance").update(number=before)
    assert acceptance() == before
    row = Policy.objects.filter(name="acceptance").first()
    columns = {"region": None, "unit": row.unit, "legal_basis": "test", "version": 99}
    Policy.objects.create(name="acceptance", number=before + 7, **columns)
    assert acceptance() == before + 7
    Policy.objects.filter(name="acceptance", version=99).delete()
    assert acceptance() == before
    before = acceptance()
    for number in (before + 1, before + 2):
        with transaction.atomic():
            Policy.objects.filter(name="acceptance").update(number=number)
            assert acceptance() == number
            transaction.set_rollback(True)
        assert acceptance() == before


def test_a_changed_authority_and_a_new_calendar_count_at_once(world: World) -> None:
    def workspace() -> Authority:
        return Conditions.at(WEDNESDAY).jurisdiction.intake(world.region.pk)

    was = workspace()
    Authority.objects.filter(pk=was.pk).update(has_intake=False)
    assert workspace() != was
    Authority.objects.filter(pk=was.pk).update(has_intake=True)
    assert workspace() == was
    calendar = Conditions.at(WEDNESDAY).calendar
    day = WEDNESDAY.date()
    assert calendar.is_working(day)
    last = CalendarVersion.objects.filter(country="CN", year=day.year).latest("number")
    columns = {"number": last.number + 1, "source": "test", "digest": "-", "loaded_at": WEDNESDAY}
    version = CalendarVersion.objects.create(country="CN", year=day.year, **columns)
    CalendarDay.objects.create(version=version, day=day, is_working=False, name="测试")
    assert not Conditions.at(WEDNESDAY).calendar.is_working(day)
