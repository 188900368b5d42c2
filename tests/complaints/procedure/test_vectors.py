"""The vectors of procedure.md §4, the generated ones, and the two years themselves."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from complaints.procedure.deadlines import calendar_days, fixed_day, working_days
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from tests.complaints.procedure import oracle
from tests.complaints.procedure.years import CHINA, NONE, rows

HERE = Path(__file__).parent
Vector = tuple[str, str, int, str, str]


def read(name: str) -> list[Vector]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return [
            (row["event"], row["unit"], int(row["length"]), row["weekend_roll"], row["due"])
            for row in csv.DictReader(file)
        ]


PROCEDURE, GENERATED = read("procedure.csv"), read("generated.csv")


@pytest.mark.parametrize(("event", "unit", "length", "roll", "due"), PROCEDURE + GENERATED)
def test_vector(event: str, unit: str, length: int, roll: str, due: str) -> None:
    start = date.fromisoformat(event)
    if unit == "WD":
        result = working_days(start, length, CHINA)
    else:
        result = calendar_days(start, length, CHINA, weekend_roll=roll == "yes")
        assert result.derivation["strict_day"] == str(start + timedelta(days=length))
    assert str(result.last_day) == due
    assert result.due_at == datetime.combine(result.last_day + timedelta(days=1), datetime.min.time(), SHANGHAI)
    assert result.due_at.tzinfo is UTC
    assert result.provisional == (result.last_day.year == 2027)


def test_the_generated_file_is_what_the_walk_gives() -> None:
    assert oracle.vectors() == GENERATED
    assert len(GENERATED) >= 200


@pytest.mark.parametrize("vector", PROCEDURE)
def test_the_walk_itself_agrees_with_the_procedure(vector: Vector) -> None:
    event, unit, length, roll, due = vector
    assert str(oracle.due(date.fromisoformat(event), unit, length, roll=roll != "no")) == due


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_committed_year_is_the_decree(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [CHINA.is_working(day) for day in days] == [oracle.works(day) for day in days]
    assert [CHINA.is_holiday(day) for day in days] == [day in oracle.OFF for day in days]
    assert sum(map(CHINA.is_working, days)) == 248


def test_ten_working_days_never_take_more_than_three_weeks() -> None:
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(700)]
    assert max((CHINA.after(day, 10) - day).days for day in days) == 21


def test_a_moment_belongs_to_its_local_day() -> None:
    """16:00 UTC is midnight in Shanghai: a microsecond decides the day."""
    midnight = datetime(2026, 11, 10, 16, tzinfo=UTC)
    assert working_days(midnight, 10, CHINA).last_day == date(2026, 11, 25)
    before = midnight - timedelta(microseconds=1)
    assert working_days(before, 10, CHINA).last_day == date(2026, 11, 24)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        working_days(datetime(2026, 11, 11, 9), 10, CHINA)


@pytest.mark.parametrize("length", [0, -1])
def test_nothing_to_count_is_refused(length: int) -> None:
    for count in (working_days, calendar_days):
        with pytest.raises(ValueError, match="at least one"):
            count(date(2026, 11, 11), length, CHINA)
    with pytest.raises(ValueError, match="at least one"):
        CHINA.before(date(2026, 11, 11), length)


def test_a_day_with_two_answers_is_refused() -> None:
    twice = [(date(2026, 10, 10), False, "国庆节", "National Day")]
    with pytest.raises(ValueError, match="2026-10-10"):
        Calendar.build(rows(2026) + twice, [2026], source="s", version="v")


def test_a_year_not_loaded_is_provisional_and_says_which() -> None:
    due = working_days(date(2026, 12, 25), 10, CHINA)
    assert (due.last_day, due.provisional) == (date(2027, 1, 8), True)
    assert due.derivation["provisional_years"] == [2027]
    assert not working_days(date(2026, 12, 31), 1, NONE).provisional
    # The event day itself is not counted, so its year does not matter.
    assert working_days(date(2024, 12, 31), 1, CHINA).provisional is False


def test_no_calendar_counts_monday_to_friday_and_says_so() -> None:
    due = working_days(date(2026, 9, 30), 7, NONE)
    assert (due.last_day, due.provisional) == (date(2026, 10, 9), False)
    assert due.derivation["has_no_calendar"] is True


def test_a_holiday_moves_the_last_day_even_without_weekend_roll() -> None:
    """2026-10-07 is a holiday; the first day after it is 10-08. 2026-04-04 to 04-06 likewise."""
    assert calendar_days(date(2026, 9, 7), 30, CHINA, weekend_roll=False).last_day == date(2026, 10, 8)
    due = calendar_days(date(2026, 3, 5), 30, CHINA, weekend_roll=False)
    assert (due.derivation["rolled_from"], due.last_day) == ("2026-04-04", date(2026, 4, 7))


def test_a_make_up_saturday_is_no_weekend_to_roll_over() -> None:
    due = calendar_days(date(2026, 10, 3), 7, CHINA)
    assert (due.last_day, due.derivation["rolled_from"]) == (date(2026, 10, 10), None)


def test_a_named_day_stays() -> None:
    due = fixed_day(date(2027, 1, 2), CHINA, rule="performance")
    assert (due.last_day, due.provisional) == (date(2027, 1, 2), False)


def test_a_day_begins_where_its_zone_says_so() -> None:
    """In Havana the clock goes from 00:00 to 01:00 on 2026-03-08: the day begins at 05:00 UTC."""
    havana = Calendar.weekdays_only(ZoneInfo("America/Havana"))
    due = fixed_day(date(2026, 3, 7), havana)
    assert due.due_at == datetime(2026, 3, 8, 5, tzinfo=UTC)
    seattle = Calendar.weekdays_only(ZoneInfo("America/Los_Angeles"))
    assert working_days(datetime(2024, 7, 2, 6, tzinfo=UTC), 1, seattle).last_day == date(2024, 7, 2)
