"""Two who decide at the same moment: one wins, the other is told who."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from enterprises.enrolment import enrolled, enrolling
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import Enterprise
from enterprises.models.enrolment import EnrolmentEntry
from tests import PATIENCE
from tests.cast import WEDNESDAY, World
from tests.enterprises.enrolments import PLACE, code, submitted, wanted

pytestmark = pytest.mark.django_db(transaction=True)
LATER = WEDNESDAY + timedelta(hours=1)


def at_once(*ways: Callable[[], Any]) -> list[str]:
    """What each was told; empty for who won."""
    start = Barrier(len(ways))

    def attempt(way: Callable[[], Any]) -> str:
        connections["default"].ensure_connection()
        try:
            start.wait(PATIENCE)
            way()
        except EnrolmentRefusal as refusal:
            return str(refusal)
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(len(ways)) as pool:
        return list(pool.map(attempt, ways))


def test_of_two_heads_who_decide_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    held = submitted(world)
    head = world.head_officer.user

    def grant() -> None:
        enrolling.grant(held.pk, wanted(world), by=head, version=held.version, place=PLACE, now=LATER)

    def refuse() -> None:
        enrolling.refuse(held.pk, by=head, ground="conditions", text="没有电话。", version=held.version, now=LATER)

    shown = at_once(grant, refuse, grant, refuse)
    assert sorted(map(bool, shown)) == [False, True, True, True]
    assert all("长试" in words for words in shown if words)
    assert EnrolmentEntry.objects.filter(application=held, kind__in=["enrolled", "refused"]).count() == 1
    assert Enterprise.objects.filter(uscc=code()).exists() == (shown[0] == "" or shown[2] == "")


def test_of_two_who_suspend_at_once_one_does(world: World) -> None:
    def suspend() -> None:
        enrolled.suspend(
            world.mobile, by=world.head_officer.user, ground="misses", text="三次逾期。", keeps_cases=True, now=LATER
        )

    assert sorted(map(bool, at_once(suspend, suspend, suspend))) == [False, True, True]
    assert EnrolmentEntry.objects.filter(kind="suspended").count() == 1


def test_of_two_mailboxes_with_one_credit_code_one_is_told(world: World) -> None:
    drafts = [enrolling.begin(f"m{number}@example.com", language="zh-hans", now=WEDNESDAY) for number in range(2)]
    shown = at_once(*[lambda draft=draft: enrolling.submit(draft, wanted(world), now=LATER) for draft in drafts])  # type: ignore[misc]
    assert sorted(map(bool, shown)) == [False, True]
