"""Counters: what is folded or made anew says what the cases say; nothing is lost between steps taken at once."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from authorities.models import CalendarDay, CalendarVersion
from complaints.desks.authority_lists import SOON_DAYS, due_soon
from complaints.handling.steps import consumer, enterprise
from complaints.handling.transition import undoing
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure import deadlines
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from database import roles
from odr_portal import settings
from odr_portal.processes import embedded
from oversight.counters import making, reads, rollups
from oversight.counters.reads import Counters
from oversight.figures.definitions import Period, Scope
from oversight.models import DayRegion, MonthFacet, RollupState, Tally
from tests import given
from tests.cast import WEDNESDAY, World
from tests.oversight.counters.test_walked import everything, province
from tests.server import DATABASE

DAY = timedelta(days=1)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole test is one transaction, in which nothing is ever certain enough to be folded."""
    monkeypatch.setattr(reads, "MOST_UNFOLDED", 100_000)


def test_a_day_begins_at_midnight_in_shanghai(patient: None, world: World) -> None:
    last, first = (datetime(2026, 11, 30, 23, 59, 59, 999999, SHANGHAI), datetime(2026, 12, 1, 0, 0, tzinfo=SHANGHAI))
    for moment in (last, first):
        given.filed(world, now=first + timedelta(hours=1), received_at=moment)
    making.rebuild(now=first)
    days = {row.day: row.received for row in DayRegion.objects.filter(region=world.gulou.region_id) if row.received}  # type: ignore[attr-defined]
    assert days == {date(2026, 11, 30): 1, date(2026, 12, 1): 1}
    expected = {date(2026, 11, 1), date(2026, 12, 1)}
    assert set(MonthFacet.objects.filter(facet="", received__gt=0).values_list("month", flat=True)) == expected


def test_a_time_limit_that_ends_within_a_day_is_due_soon_where_the_list_says_so(patient: None, world: World) -> None:
    """A register of another country ends its limits at the midnights of its own zone."""
    calendar = current_calendar()
    end = deadlines.working_days(calendar.local_day(WEDNESDAY), SOON_DAYS, calendar, rule="due_soon").due_at
    for hours in (-9, 0, 15):
        case = given.a_complaint(world, status=Status.NEGOTIATING, now=WEDNESDAY)
        Complaint.objects.filter(pk=case.pk).update(next_due_at=end + timedelta(hours=hours))
    making.rebuild(now=WEDNESDAY)
    today = calendar.local_day(WEDNESDAY)
    sums = Counters.at(WEDNESDAY, calendar).sums(Scope(regions=(province(),)), Period(first=today, last=today))
    assert sums is not None
    listed = Complaint.objects.filter(due_soon(WEDNESDAY, calendar)).count()
    assert (sums[""]["due_soon"], sums[""]["late_outside"], listed) == (2, 0, 2)


def test_an_undone_step_counts_itself_back(patient: None, world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    making.rebuild(now=WEDNESDAY)
    before = everything()
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, WEDNESDAY + timedelta(hours=1))
    with connection.cursor() as cursor:
        assert rollups.fold_cases(cursor, [case.pk]).cases == 1
        assert everything() != before
        given.step(case, undoing.undo(), world.consumer, WEDNESDAY + timedelta(hours=2))
        rollups.fold_cases(cursor, [case.pk])
    assert (everything()[0], everything()[1]) == (before[0], before[1])


def test_a_new_calendar_counts_anew_and_is_no_alarm(patient: None, world: World) -> None:
    """Working days of past spans are those of the calendar that holds now."""
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, WEDNESDAY + 2 * DAY)
    making.rebuild(now=WEDNESDAY)
    assert list(Tally.objects.filter(kind="closed").values_list("handled_wd", flat=True)) == [2]
    newest = CalendarVersion.objects.filter(country="CN", year=2026).latest("number")
    loaded: Any = {"source": "x", "digest": "x", "loaded_at": WEDNESDAY}
    later = CalendarVersion.objects.create(country="CN", year=2026, number=newest.number + 1, **loaded)
    days = [*newest.days.values_list("day", "is_working", "name"), (date(2026, 11, 12), False, "假")]
    CalendarDay.objects.bulk_create(
        CalendarDay(version=later, day=day, is_working=is_working, name=name) for day, is_working, name in days
    )
    RollupState.objects.update(transaction=2**62)
    assert rollups.compare(now=WEDNESDAY) == rollups.alarms() == []
    assert list(Tally.objects.filter(kind="closed").values_list("handled_wd", flat=True)) == [1]
    with connection.cursor() as cursor:
        assert rollups.differing(cursor, after=0, upto=2**62) == []


@pytest.mark.django_db(transaction=True)
def test_only_what_is_certain_is_folded_and_nothing_is_folded_twice(world: World, superuser_connection: Any) -> None:
    """An entry of a transaction that began earlier may be committed later: the fold waits for it."""
    now = timezone.now()
    given.filed(world, now=now)
    superuser_connection.autocommit = False
    with superuser_connection.cursor() as open_one:
        open_one.execute("select pg_current_xact_id()")
        given.filed(world, now=now)
        assert rollups.fold(now=now) >= 1
        assert (rollups.fold(now=now), Tally.objects.filter(received=1).count()) == (0, 1)
        assert rollups.waiting() >= 1
        # Whoever reads sees both.
        scope, today = Scope(regions=(province(),)), now.astimezone(SHANGHAI).date()
        result = Counters.at(now, current_calendar()).sums(scope, Period(first=today, last=today))
        assert result is not None
        assert result[""]["received"] == 2
        superuser_connection.rollback()
    superuser_connection.autocommit = True
    assert rollups.fold(now=now) >= 1
    assert (Tally.objects.filter(received=1).count(), rollups.waiting()) == (2, 0)
    folded = everything()
    making.rebuild(now=now)
    assert everything() == folded
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=now)
    given.step(case, enterprise.send_message(text="您好"), world.handler, now)
    while rollups.fold(now=now, limit=2):
        pass
    assert rollups.compare(now=now) == []


NUMBER = "select 'oversight_tally'::regclass::oid"
#: Everything that makes a table of counters what it is, except its rows.
SHAPE = """
select c.oid::regclass::text, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
       (select array_agg(format('%s %s %s', a.attname, a.atttypid::regtype, a.attnotnull) order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
       (select array_agg(pg_get_indexdef(i.indexrelid) order by pg_get_indexdef(i.indexrelid))
        from pg_index i where i.indrelid = c.oid),
       (select array_agg(format('%s %s', o.conname, pg_get_constraintdef(o.oid)) order by o.conname)
        from pg_constraint o where o.conrelid = c.oid and o.contype <> 'n'),
       (select array_agg(format('%s %s %s %s %s', p.policyname, p.cmd, p.roles, p.qual,
           p.with_check) order by p.policyname)
        from pg_policies p where p.tablename = c.relname),
       (select array_agg(format('%s %s', a.grantee::regrole, a.privilege_type) order by 1) from aclexplode(c.relacl) a)
from pg_class c where c.relkind = 'r' and c.relname like 'oversight%' order by 1
"""


def rows_of(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.fixture
def as_the_owner(transactional_db: None) -> Iterator[Callable[[], None]]:
    """From the call on this process works as who owns the tables."""
    before = {**connection.settings_dict, "OPTIONS": {**connection.settings_dict["OPTIONS"]}}

    def become() -> None:
        connection.close()
        connection.settings_dict["USER"] = roles.OWNER
        connection.settings_dict["OPTIONS"].pop("options", None)

    yield become
    connection.close()
    connection.settings_dict.update(before)


@pytest.mark.django_db(transaction=True)
def test_tables_made_beside_are_those_that_stood_to_the_last_grant_and_what_was_stopped_goes_on(
    world: World, as_the_owner: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The command works as the owner: what a rebuild by anybody else leaves, it leaves as well."""
    assert "rebuild_rollups" in settings.OWNER_COMMANDS
    now = timezone.now()
    for status in (Status.NEGOTIATING, Status.NEGOTIATING, Status.REVIEW, Status.CLOSED, Status.FILED):
        given.a_complaint(world, status=status, now=now)
    making.rebuild(now=now)
    right, stood = everything(), rows_of(SHAPE)
    assert all(right)
    before = rows_of(NUMBER)
    Tally.objects.filter(kind="received").update(received=2)
    DayRegion.objects.all().delete()
    as_the_owner()
    call_command("rebuild_rollups")
    assert "5 cases are counted." in capsys.readouterr().out
    assert (everything(), rows_of(SHAPE)) == (right, stood)
    assert rows_of(NUMBER) != before, "a new table stands there"
    assert rollups.compare(now=now) == []
    stopped, shown = list[int](), list[int]()

    def stop(done: int, whole: int) -> None:
        stopped.append(done)
        raise KeyboardInterrupt

    # One that was stopped goes on, and pages show what was before.
    with pytest.raises(KeyboardInterrupt):
        making.rebuild(now=now, piece=2, tell=stop)
    assert everything() == right
    assert making.rebuild(now=now, piece=2, tell=lambda done, whole: shown.append(done)) == 5
    assert shown[0] == stopped[0] + 2, "the first piece was done"
    assert everything() == right
    # One that an older version left has other columns and begins again.
    with pytest.raises(KeyboardInterrupt):
        making.rebuild(now=now, piece=2, tell=stop)
    with connection.cursor() as cursor:
        cursor.execute(f"alter table {making.TALLY}_anew drop column received")
    assert making.rebuild(now=now) == 5
    assert (everything(), rows_of(SHAPE)) == (right, stood)
    assert not any(row[0].endswith("_anew") for row in rows_of(SHAPE))


def test_too_many_that_wait_are_an_alarm(patient: None, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        given.filed(world)
    monkeypatch.setattr(rollups, "ALARM", 2)
    assert (rollups.waiting(most=2), rollups.alarms()) == (3, ["more than 2 steps are not counted yet"])


@pytest.fixture
def far_ids(postgres_server: embedded.ThrowAwayPostgres) -> Iterator[None]:
    """New cases have ids far behind those that stand, as where a province is named when cases stand already."""
    counted = "select setval('complaints_complaint_id_seq', %s)"
    with closing(psycopg2.connect(postgres_server.dsn(user=roles.OWNER, database=DATABASE))) as line:
        line.autocommit = True
        with line.cursor() as cursor:
            cursor.execute("select nextval('complaints_complaint_id_seq')")
            (before,) = cursor.fetchone() or (1,)
            cursor.execute(counted, [before + 10**13])
            yield
            cursor.execute(counted, [before])


def test_a_comparison_and_a_rebuild_go_by_cases_however_far_their_ids_lie_apart(
    world: World, request: pytest.FixtureRequest
) -> None:
    near = given.filed(world).pk
    request.getfixturevalue("far_ids")
    far = given.filed(world).pk
    assert far > near + 10**13
    ends: list[int] = []
    assert making.rebuild(now=WEDNESDAY, tell=lambda upto, last: ends.append(upto), piece=1) == 2
    assert ends[-1] == far
    assert len(ends) == 2
    night = datetime(2027, 3, 1, 2, 30, tzinfo=SHANGHAI)
    pieces = 1
    while rollups.sweep_comparison(now=night):
        pieces += 1
        assert pieces < 60
    assert making.read_state().compared_at == night
