"""Pauses with R, the allowance of a case, and what a newly loaded calendar does."""

import json
from datetime import date, timedelta

from complaints.procedure.deadlines import (
    CALENDAR,
    Due,
    calendar_days,
    fixed_day,
    recompute,
    remaining,
    resume,
    with_allowance,
    working_days,
)
from tests.complaints.procedure.years import CHINA, WITH_2027


def delivered() -> Due:
    return working_days(date(2026, 11, 11), 10, CHINA, rule="negotiation@1")


def test_the_example_of_the_procedure_and_two_pauses_that_add_up() -> None:
    """Delivered 11-11, due 11-25; offer 11-18 (R = 5), declined 11-20: due 11-27."""
    due = delivered()
    left = remaining(due.last_day, date(2026, 11, 18), CHINA)
    assert (due.last_day, left) == (date(2026, 11, 25), 5)
    again = resume(date(2026, 11, 20), left, CHINA, earlier=due.derivation, paused_from=date(2026, 11, 18))
    assert again.last_day == date(2026, 11, 27)
    (pause,) = again.derivation["pauses"]
    assert pause == {"from": "2026-11-18", "to": "2026-11-20", "remaining": 5, "working_days": 2}
    assert due.derivation["pauses"] == []
    first = resume(date(2026, 11, 16), 8, CHINA, earlier=due.derivation, paused_from=date(2026, 11, 13))
    assert first.last_day == date(2026, 11, 26)
    left = remaining(first.last_day, date(2026, 11, 19), CHINA)
    second = resume(date(2026, 11, 24), left, CHINA, earlier=first.derivation, paused_from=date(2026, 11, 19))
    assert (left, second.last_day) == (5, date(2026, 12, 1))
    assert len(second.derivation["pauses"]) == 2


def test_a_pause() -> None:
    for paused, left, resumed, last in [
        ("2026-11-11", 10, "2026-11-11", "2026-11-25"),  # the same day: nothing is lost
        ("2026-11-18", 5, "2026-11-18", "2026-11-25"),
        ("2026-11-21", 3, "2026-11-22", "2026-11-25"),  # a weekend costs nothing
        ("2026-11-21", 3, "2026-11-23", "2026-11-26"),
        ("2026-11-24", 1, "2026-12-01", "2026-12-02"),
        ("2026-11-25", 0, "2026-11-27", "2026-11-25"),  # run out: the day it had
        ("2026-11-26", 0, "2026-11-27", "2026-11-25"),
    ]:
        due, day = delivered(), date.fromisoformat(paused)
        assert remaining(due.last_day, day, CHINA) == left
        again = resume(date.fromisoformat(resumed), left, CHINA, earlier=due.derivation, paused_from=day)
        assert str(again.last_day) == last
        assert again.derivation["has_run_out"] is (left == 0)


def test_mediation_pauses_in_calendar_days_and_an_allowance_caps_the_pause() -> None:
    due = calendar_days(date(2026, 9, 30), 60, CHINA)
    left = remaining(date.fromisoformat(due.derivation["strict_day"]), date(2026, 10, 30), CHINA, unit=CALENDAR)
    again = resume(date(2026, 11, 9), left, CHINA, earlier=due.derivation, paused_from=date(2026, 10, 30))
    assert (left, again.derivation["strict_day"], again.last_day) == (30, "2026-12-09", date(2026, 12, 9))
    # Five working days after 11-18 is 11-25; five more are 12-02.
    due = with_allowance(date(2026, 11, 18), 5, 5, CHINA, earlier=delivered().derivation)
    assert due.last_day == date(2026, 12, 2)
    assert with_allowance(date(2026, 11, 18), 5, 0, CHINA).last_day == date(2026, 11, 25)
    assert with_allowance(date(2026, 11, 18), 0, 5, CHINA).last_day == date(2026, 11, 25)


def test_the_same_calendar_changes_nothing_and_a_published_year_moves_a_provisional_date() -> None:
    paused = resume(date(2026, 11, 20), 5, CHINA, earlier=delivered().derivation, paused_from=date(2026, 11, 18))
    run_out = resume(date(2026, 11, 27), 0, CHINA, earlier=delivered().derivation, paused_from=date(2026, 11, 25))
    capped = with_allowance(date(2026, 11, 18), 5, 5, CHINA, earlier=delivered().derivation)
    for due in (
        delivered(),
        paused,
        run_out,
        capped,
        with_allowance(date(2026, 11, 18), 5, 5, CHINA),
        calendar_days(date(2026, 9, 30), 60, CHINA),
        fixed_day(date(2026, 12, 5), CHINA),
    ):
        stored = json.loads(json.dumps(due.derivation))
        assert recompute(stored, CHINA, changed_on=date(2026, 11, 20), floor=None) == due
    # 1 January 2027 turns out to be off and Saturday the 9th worked.
    due = working_days(date(2026, 12, 25), 10, CHINA)
    again = recompute(due.derivation, WITH_2027, changed_on=date(2026, 11, 26), floor=2)
    assert (due.last_day, due.provisional) == (date(2027, 1, 8), True)
    assert (again.last_day, again.provisional) == (date(2027, 1, 9), False)
    assert again.derivation["earlier"] == {"last_day": "2027-01-08", "calendar": "2026.1", "changed_on": "2026-11-26"}
    assert recompute(again.derivation, WITH_2027, changed_on=date(2026, 11, 27), floor=2) == again


def test_a_date_moves_forward_with_two_working_days_of_notice() -> None:
    """From 4 January five working days: until the 11th, or the 9th when that Saturday is worked."""
    for changed_on, exactly, last in [
        ("2027-01-04", False, "2027-01-09"),  # room enough: the new date
        ("2027-01-08", False, "2027-01-11"),  # two working days left: 9 and 11 January
        ("2027-01-11", False, "2027-01-11"),  # never later than it was
        ("2027-01-08", True, "2027-01-09"),  # an authority: exactly
    ]:
        due = working_days(date(2027, 1, 4), 5, CHINA)
        assert due.last_day == date(2027, 1, 11)
        floor = None if exactly else 2
        again = recompute(due.derivation, WITH_2027, changed_on=date.fromisoformat(changed_on), floor=floor)
        assert (str(again.last_day), again.derivation["last_day"]) == (last, last)
        assert again.due_at == WITH_2027.moment(again.last_day + timedelta(days=1))
