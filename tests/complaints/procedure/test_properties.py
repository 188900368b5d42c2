"""What must hold on every day and every calendar, against a walk day by day; pauses, allowances, a new calendar."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.procedure.deadlines import (
    CALENDAR,
    Due,
    calendar_days,
    fixed_day,
    latest_milestone,
    milestones,
    next_milestone,
    recompute,
    remaining,
    resume,
    with_allowance,
    working_days,
)
from complaints.procedure.derivation import day_by_day, explain
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from tests.complaints.procedure import oracle
from tests.complaints.procedure.years import CHINA, NONE, WITH_2027, rows
from tests.languages import in_language

DAY = timedelta(days=1)
ANY_DAY = st.dates(date(1950, 1, 1), date(2120, 12, 31))
NEAR = st.dates(date(2024, 12, 1), date(2027, 3, 31))
LENGTH = st.integers(1, 60)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any year's days may be off or worked, a decree may name a day that it does not change."""
    days = draw(st.dictionaries(st.dates(date(2010, 1, 1), date(2040, 12, 31)), st.booleans(), max_size=40))
    spans = draw(st.lists(st.tuples(NEAR, st.integers(1, 9)), max_size=4))
    for first, length in spans:
        days |= {first + n * DAY: False for n in range(length)}
    rows = [(day, works, "节", "feast") for day, works in days.items()]
    return Calendar.build(rows, [2025, 2026], source="s", version="v")


def walk(calendar: Calendar, day: date, number: int, step: timedelta = DAY) -> date:
    while number:
        day += step
        number -= calendar.is_working(day)
    return day


@settings(max_examples=150, deadline=None)
@given(calendar=calendars(), pairs=st.lists(st.tuples(ANY_DAY | NEAR, LENGTH), min_size=5, max_size=20))
def test_the_tables_equal_the_walk(calendar: Calendar, pairs: list[tuple[date, int]]) -> None:
    for day, number in pairs:
        last = calendar.after(day, number)
        assert (last, calendar.count(day, last)) == (walk(calendar, day, number), number)
        assert calendar.before(day, number) == walk(calendar, day, number, -DAY)
        assert (remaining(last, day, calendar), calendar.count(last, day)) == (number, 0)


def test_the_tables_equal_the_walk_on_every_day_and_end_without_a_seam() -> None:
    for calendar in (CHINA, NONE):
        for ordinal in range(date(2024, 12, 1).toordinal(), date(2027, 3, 1).toordinal()):
            day = date.fromordinal(ordinal)
            for number in (1, 2, 7, 10, 60):
                assert calendar.after(day, number) == walk(calendar, day, number)
    # They cover 2015 to 2035; beyond them the numbers come from division.
    for edge in (date(2015, 1, 1), date(2035, 12, 31), date(1, 6, 1)):
        for shift in range(-20, 21):
            day = edge + shift * DAY
            for number in range(1, 20):
                assert NONE.after(day, number) == walk(NONE, day, number)
                assert NONE.before(day, number) == walk(NONE, day, number, -DAY)


@settings(max_examples=150, deadline=None)
@given(calendar=calendars(), day=NEAR, length=LENGTH, roll=st.booleans())
def test_calendar_days_roll_as_little_as_allowed(calendar: Calendar, day: date, length: int, roll: bool) -> None:
    due = calendar_days(day, length, calendar, weekend_roll=roll)
    strict = day + length * DAY
    assert due.derivation["strict_day"] == str(strict)
    passed = [strict + n * DAY for n in range((due.last_day - strict).days)]
    assert all(not calendar.is_working(one) for one in passed)
    if roll:
        assert calendar.is_working(due.last_day)
    else:
        assert not calendar.is_holiday(due.last_day)
        assert all(calendar.is_holiday(one) for one in passed)


@settings(max_examples=200, deadline=None)
@given(
    calendar=calendars(),
    start=NEAR,
    length=LENGTH,
    pauses=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 15)), max_size=3),
)
def test_what_ran_and_what_is_left_make_the_length(
    calendar: Calendar, start: date, length: int, pauses: list[tuple[int, int]]
) -> None:
    due, since, ran = working_days(start, length, calendar), start, 0
    for wait, rest in pauses:
        paused = since + wait * DAY
        left = remaining(due.last_day, paused, calendar)
        if left == 0:
            break
        ran += calendar.count(since, paused)
        assert ran + left == length
        since = paused + rest * DAY
        again = resume(since, left, calendar, earlier=due.derivation, paused_from=paused)
        assert again.last_day >= due.last_day
        due = again
    assert ran + calendar.count(since, due.last_day) == length
    counted = [row for row in in_language("en", day_by_day, due.derivation) if row.number]
    assert [row.number for row in counted] == list(range(1, length + 1))
    assert counted[-1].day == due.last_day
    assert all(calendar.is_working(row.day) for row in counted)
    stored = json.loads(json.dumps(due.derivation))
    assert stored == due.derivation
    assert recompute(stored, calendar, changed_on=since, floor=2) == due
    for language in ("zh-hans", "en"):
        assert in_language(language, explain, stored) == in_language(language, explain, due.derivation) != []


@settings(max_examples=100, deadline=None)
@given(day=st.dates(date(2026, 10, 1), date(2027, 2, 1)), length=LENGTH, change=st.integers(0, 30))
def test_a_new_calendar_takes_no_time_away_by_surprise(day: date, length: int, change: int) -> None:
    due, changed_on = working_days(day, length, CHINA), day + change * DAY
    exact = recompute(due.derivation, WITH_2027, changed_on=changed_on, floor=None)
    assert exact.last_day == working_days(day, length, WITH_2027).last_day
    kind = recompute(due.derivation, WITH_2027, changed_on=changed_on, floor=2)
    assert kind.last_day >= exact.last_day
    assert kind.last_day >= min(due.last_day, WITH_2027.after(changed_on, 2))
    assert kind.last_day <= max(due.last_day, exact.last_day)


@settings(max_examples=150, deadline=None)
@given(
    calendar=calendars(),
    started=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 31), timezones=st.just(UTC)),
    length=LENGTH,
    of_days=st.booleans(),
)
def test_reminders_come_in_order_each_once(calendar: Calendar, started: datetime, length: int, of_days: bool) -> None:
    due = (calendar_days if of_days else working_days)(started, length, calendar)
    known = milestones(started, due, calendar, overdue=5)
    assert [mark for mark, _ in known] == sorted({mark for mark, _ in known})
    assert [moment for _, moment in known] == sorted(moment for _, moment in known)
    assert known[-1][0] == 105
    assert all((mark > 100) == (moment >= due.due_at) for mark, moment in known)
    at, seen = started, []
    assert latest_milestone(started, started, due, calendar) is None
    while not seen or seen[-1][0] < 105:
        before, (mark, at) = at, next_milestone(at, started, due, calendar)
        assert at > before
        assert latest_milestone(at, started, due, calendar) == (mark, at)
        seen.append((mark, at))
    newest = {moment: mark for mark, moment in known}
    assert seen == [(mark, moment) for moment, mark in newest.items()]


def at(month: int, day: int, hour: int = 8, minute: int = 30) -> datetime:
    return CHINA.moment(date(2026, month, day)).replace(tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


def test_reminders_of_ten_working_days_move_with_a_pause_and_only_the_latest_is_given() -> None:
    started = at(11, 11, 16)
    due = working_days(started, 10, CHINA)
    expected = ((50, at(11, 19)), (80, at(11, 24)), (100, at(11, 25)), (101, at(11, 26)), (102, at(11, 27)))
    assert milestones(started, due, CHINA, overdue=2) == expected
    assert milestones(started, due.due_at, CHINA, overdue=2) == expected
    again = resume(date(2026, 11, 20), 5, CHINA, earlier=due.derivation, paused_from=date(2026, 11, 18))
    assert milestones(started, again, CHINA) == ((50, at(11, 23)), (80, at(11, 26)), (100, at(11, 27)))
    # One working day: half, four fifths and the last day begin on the same morning.
    due = working_days(started, 1, CHINA)
    assert next_milestone(started, started, due, CHINA) == (100, at(11, 12))
    assert latest_milestone(at(11, 12, 8, 29), started, due, CHINA) is None
    assert latest_milestone(at(11, 12), started, due, CHINA) == (100, at(11, 12))
    # After an outage over a weekend: three working days late, one reminder.
    assert latest_milestone(at(11, 17, 12), started, due, CHINA) == (103, at(11, 17))
    assert next_milestone(at(11, 17, 12), started, due, CHINA) == (104, at(11, 18))
    due = fixed_day(date(2026, 11, 11), CHINA)
    assert (milestones(started, due, CHINA), next_milestone(started, started, due, CHINA)) == ((), (101, at(11, 12)))


HERE = Path(__file__).parent
Vector = tuple[str, str, int, str, str]


def read(name: str) -> list[Vector]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row["event"], row["unit"], int(row["length"]), row["weekend_roll"], row["due"]) for row in rows]


PROCEDURE, GENERATED = read("procedure.csv"), read("generated.csv")


def test_vectors() -> None:
    for event, unit, length, roll, due in PROCEDURE + GENERATED:
        start = date.fromisoformat(event)
        if unit == "WD":
            result = working_days(start, length, CHINA)
        else:
            result = calendar_days(start, length, CHINA, weekend_roll=roll == "yes")
            assert result.derivation["strict_day"] == str(start + timedelta(days=length))
        assert str(result.last_day) == due, (event, unit, length, roll)
        assert result.due_at == datetime.combine(result.last_day + DAY, datetime.min.time(), SHANGHAI)
        assert (result.due_at.tzinfo, result.provisional) == (UTC, result.last_day.year == 2027)


def test_the_generated_file_is_what_the_walk_gives_and_it_agrees_with_the_procedure() -> None:
    assert oracle.vectors() == GENERATED
    assert len(GENERATED) >= 200
    for event, unit, length, roll, due in PROCEDURE:
        assert str(oracle.due(date.fromisoformat(event), unit, length, roll=roll != "no")) == due


def test_a_committed_year_is_the_decree_and_ten_working_days_never_take_more_than_three_weeks() -> None:
    for year in (2025, 2026):
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
        assert [CHINA.is_working(day) for day in days] == [oracle.works(day) for day in days]
        assert [CHINA.is_holiday(day) for day in days] == [day in oracle.OFF for day in days]
        assert sum(map(CHINA.is_working, days)) == 248
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(700)]
    assert max((CHINA.after(day, 10) - day).days for day in days) == 21


def test_a_moment_belongs_to_its_local_day_which_begins_where_its_zone_says_so() -> None:
    """16:00 UTC is midnight in Shanghai: a microsecond decides the day."""
    midnight = datetime(2026, 11, 10, 16, tzinfo=UTC)
    assert working_days(midnight, 10, CHINA).last_day == date(2026, 11, 25)
    assert working_days(midnight - timedelta(microseconds=1), 10, CHINA).last_day == date(2026, 11, 24)
    # In Havana the clock goes from 00:00 to 01:00 on 2026-03-08: the day begins at 05:00 UTC.
    havana = Calendar.weekdays_only(ZoneInfo("America/Havana"))
    assert fixed_day(date(2026, 3, 7), havana).due_at == datetime(2026, 3, 8, 5, tzinfo=UTC)
    seattle = Calendar.weekdays_only(ZoneInfo("America/Los_Angeles"))
    assert working_days(datetime(2024, 7, 2, 6, tzinfo=UTC), 1, seattle).last_day == date(2024, 7, 2)
    with pytest.raises(ValueError, match="time zone"):
        working_days(datetime(2026, 11, 11, 9), 10, CHINA)


def test_nothing_to_count_and_a_day_with_two_answers_are_refused() -> None:
    for length in [0, -1]:
        for count in (working_days, calendar_days):
            with pytest.raises(ValueError, match="at least one"):
                count(date(2026, 11, 11), length, CHINA)
        with pytest.raises(ValueError, match="at least one"):
            CHINA.before(date(2026, 11, 11), length)
    twice = [(date(2026, 10, 10), False, "国庆节", "National Day")]
    with pytest.raises(ValueError, match="2026-10-10"):
        Calendar.build(rows(2026) + twice, [2026], source="s", version="v")


def test_a_year_not_loaded_is_provisional_and_no_calendar_counts_monday_to_friday() -> None:
    due = working_days(date(2026, 12, 25), 10, CHINA)
    assert (due.last_day, due.provisional) == (date(2027, 1, 8), True)
    assert due.derivation["provisional_years"] == [2027]
    assert not working_days(date(2026, 12, 31), 1, NONE).provisional
    # The event day itself is not counted, so its year does not matter.
    assert working_days(date(2024, 12, 31), 1, CHINA).provisional is False
    due = working_days(date(2026, 9, 30), 7, NONE)
    assert (due.last_day, due.provisional) == (date(2026, 10, 9), False)
    assert due.derivation["has_no_calendar"] is True


def test_a_holiday_moves_the_last_day_a_make_up_saturday_rolls_nothing_and_a_named_day_stays() -> None:
    """2026-10-07 is a holiday; the first day after it is 10-08. 2026-04-04 to 04-06 likewise."""
    assert calendar_days(date(2026, 9, 7), 30, CHINA, weekend_roll=False).last_day == date(2026, 10, 8)
    due = calendar_days(date(2026, 3, 5), 30, CHINA, weekend_roll=False)
    assert (due.derivation["rolled_from"], due.last_day) == ("2026-04-04", date(2026, 4, 7))
    due = calendar_days(date(2026, 10, 3), 7, CHINA)
    assert (due.last_day, due.derivation["rolled_from"]) == (date(2026, 10, 10), None)
    due = fixed_day(date(2027, 1, 2), CHINA, rule="performance")
    assert (due.last_day, due.provisional) == (date(2027, 1, 2), False)


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
    assert with_allowance(date(2026, 11, 18), 5, 5, CHINA, earlier=delivered().derivation).last_day == date(2026, 12, 2)
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
