"""Letters to directors: chosen on a page, one a week or month, with the figures of the own offices and no others."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import OutgoingMessage, User
from complaints.procedure.workflow import Status
from oversight import letters
from oversight.models import DirectorLetter
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import key, workspace

#: A Monday, nine in the morning in Fuzhou, and the Wednesday before it.
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
BEFORE = MONDAY - timedelta(days=5)
WEEK = timedelta(days=7)


@pytest.fixture
def cases(world: World) -> World:
    for number in range(3):
        given.a_complaint(world, status=Status.NEGOTIATING, now=BEFORE + timedelta(minutes=number))
    return world


def letters_to(person: User) -> list[OutgoingMessage]:
    return [one for one in OutgoingMessage.objects.order_by("pk") if one.address == person.email]


def test_it_is_chosen_on_a_page_and_given_up_there(world: World) -> None:
    rui = workspace(world.rui)
    assert "每周一早上" in rui.get("/oversight/letters/").content.decode()
    assert rui.post("/oversight/letters/", {"every": "week", **key()}).status_code == 302
    assert DirectorLetter.objects.get().every == "week"
    assert rui.post("/oversight/letters/", {"every": "day", **key()}).status_code == 422
    assert rui.post("/oversight/letters/", {"every": "none", **key()}).status_code == 302
    assert not DirectorLetter.objects.exists()
    assert workspace(world.ming).get("/oversight/letters/").status_code == 404
    assert "/oversight/letters/" in rui.get("/oversight/").content.decode()


def test_one_letter_a_week_with_the_figures_of_the_own_region(cases: World) -> None:
    world, day = cases, MONDAY.date()
    for person in (world.rui, world.far_officer.user):
        letters.choose(person, "week", now=BEFORE)
    assert letters.sweep_director_letters(now=BEFORE + timedelta(days=1)) == 0, "the first one comes with the next week"
    assert letters.sweep_director_letters(now=MONDAY - timedelta(hours=2)) == 0, "not before eight"
    assert letters.sweep_director_letters(now=MONDAY) == 2
    assert letters.sweep_director_letters(now=MONDAY + timedelta(hours=1)) == 0
    mine, theirs = letters_to(world.rui)[-1], letters_to(world.far_officer.user)[-1]
    assert "收到3件。" in mine.body
    assert "在办3件" in mine.body
    assert f"first={day - WEEK}&last={day - timedelta(days=1)}" in mine.body
    assert "收到0件。" in theirs.body
    assert "陈" not in mine.body
    assert letters.sweep_director_letters(now=MONDAY + WEEK) == 2
    assert "收到0件。" in letters_to(world.rui)[-1].body


def test_a_month_and_who_left_gets_none(cases: World) -> None:
    world = cases
    letters.choose(world.rui, "month", now=BEFORE)
    letters.choose(world.su, "month", now=BEFORE)
    count = OutgoingMessage.objects.count()
    world.su_officer.ends_on = MONDAY.date()
    world.su_officer.save()
    assert letters.sweep_director_letters(now=MONDAY) == 0
    assert letters.sweep_director_letters(now=datetime(2026, 12, 1, 1, 0, tzinfo=UTC)) == 2
    assert OutgoingMessage.objects.count() == count + 1
    assert "收到3件。" in letters_to(world.rui)[-1].body


def test_periods_are_whole_weeks_and_months() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC).date()
    week, month = letters.period_before("week", day), letters.period_before("month", day)
    assert (str(week.first), str(week.last)) == ("2026-02-16", "2026-02-22")
    assert (str(month.first), str(month.last)) == ("2026-02-01", "2026-02-28")
