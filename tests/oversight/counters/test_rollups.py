"""Counters: folding, making anew and counting slowly give the same; nothing is lost between steps that were taken at
once.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from authorities.models import CalendarDay, CalendarVersion, Region
from complaints import handling
from complaints.handling.steps import consumer, enterprise
from complaints.handling.transition import undoing
from complaints.models import Complaint, Engagement
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from database import roles
from odr_portal import settings
from oversight.counters import making, reads, rollups
from oversight.counters.reads import Counters
from oversight.counters.statements import COLUMN_OF, NAMES, Windows
from oversight.figures.definitions import Period, Scope
from oversight.models import (
    DayFacet,
    DayRegion,
    DaySpread,
    MonthEnterprise,
    MonthFacet,
    MonthSpread,
    RollupState,
    Tally,
)
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.oversight import slow_count
from tests.oversight.worlds import BEGINS, Walk

DAY = timedelta(days=1)
TABLES: tuple[Any, ...] = (Tally, DayRegion, DayFacet, MonthFacet, MonthEnterprise, MonthSpread, DaySpread)
WHOLE = Period(first=date(2026, 9, 10), last=date(2027, 6, 12))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole test is one transaction, in which nothing is ever certain enough to be folded."""
    monkeypatch.setattr(reads, "MOST_UNFOLDED", 100_000)


def sums(model: Any) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Every row that counts something."""
    key = model._meta.pk.field_names
    columns = [field.name for field in model._meta.get_fields() if field.name not in (*key, "pk")]
    rows = model.objects.values_list(*key, *columns)
    return {row[: len(key)]: row[len(key) :] for row in rows if any(row[len(key) :])}


def everything() -> list[Any]:
    return [sums(model) for model in TABLES]


@pytest.fixture
def walk(patient: None, world: World) -> Walk:
    return Walk(world, seed=4, cases=12, ticks=12)


def province() -> Region:
    return Region.objects.get(code="350000")


def counted(walk: Walk, scope: Scope, *, by: str = "", period: Period = WHOLE) -> dict[str, reads.Sums]:
    result = Counters.at(walk.now, current_calendar()).sums(scope, period, by=by)
    assert result is not None
    return result


def test_folded_piece_by_piece_is_what_is_made_anew(walk: Walk) -> None:
    """A walk of many steps, folded on the way; then all of it anew, equal to the row."""
    making.rebuild(now=walk.now, piece=5)
    assert Tally.objects.filter(kind="received").count() == len(walk.cases)
    handling.sweep_clocks(now=walk.now + 8 * DAY)
    with connection.cursor() as cursor:
        assert rollups.fold_cases(cursor, walk.cases) > 0
        assert rollups.fold_cases(cursor, walk.cases) == 0, "to fold a case twice does no harm"
    folded = everything()
    assert all(folded)
    making.rebuild(now=walk.now)
    assert (everything(), rollups.compare(now=walk.now)) == (folded, [])


def test_children_add_up_and_so_do_months_and_categories(walk: Walk) -> None:
    """Folded or not; whatever one asks by, the parts are the whole."""
    places = tuple(Region.objects.filter(pk__in=set(Complaint.objects.values_list("handling_county", flat=True))))
    assert len(places) > 1
    for _is_folded in (False, True):
        whole = counted(walk, Scope(regions=(province(),)))[""]
        assert whole["received"] == len(walk.cases)
        for scope, by in (
            (Scope(regions=places), "region"),
            (Scope(regions=(province(),)), "problem"),
            (Scope(regions=(province(),)), "channel"),
        ):
            parts = counted(walk, scope, by=by)
            assert len(parts) >= 2
            for name, n in whole.items():
                assert sum(part[name] for part in parts.values()) == n, (by, name)
        months = counted(walk, Scope(regions=(province(),)), by="month")
        for name in ("received", "ended_settled", "closed", "response_minutes"):
            assert sum(part[name] for part in months.values()) == whole[name], name
        problems = counted(walk, Scope(regions=(province(),)), by="problem")
        problem = max(problems.items(), key=lambda row: row[1]["received"])
        assert counted(walk, Scope(regions=(province(),), category=problem[0]))[""] == problem[1]
        channels = counted(walk, Scope(regions=(province(),)), by="channel")
        both: Counter[str] = Counter()
        for channel, sums in channels.items():
            assert counted(walk, Scope(regions=(province(),), channel=channel))[""] == sums
            at = counted(walk, Scope(regions=places, channel=channel), by="region")
            assert sum(part["received"] for part in at.values()) == sums["received"] > 0, channel
            named = counted(walk, Scope(regions=(province(),), channel=channel), by="problem")
            assert (
                named[problem[0]]
                == counted(walk, Scope(regions=(province(),), channel=channel, category=problem[0]))[""]
            )
            both.update(named[problem[0]])
        assert both == Counter(problem[1]), "a problem is what came of it by each channel"
        making.rebuild(now=walk.now)


def test_an_enterprise_is_its_branches_and_those_without_one(walk: Walk) -> None:
    for _is_folded in (False, True):
        for side in walk.sides:
            enterprise = side.enterprise
            whole = counted(walk, Scope(enterprise_id=enterprise.pk))[""]
            slow = slow_count.World(WHOLE.first, WHOLE.last, walk.now, (0, 2**31 - 1), enterprise.pk)
            assert {name: whole[name] for name in ("open", "overdue", "due_soon")} == slow.open_now()
            assert (whole["received"], whole["in_time"]) == (slow.received(), slow.on_time()["in_time"])
            there = Engagement.objects.filter(enterprise=enterprise, branch__isnull=False)
            branches = frozenset(there.values_list("branch_id", flat=True))
            own = counted(walk, Scope(enterprise_id=enterprise.pk, branch_ids=branches))[""]
            tallied = Tally.objects.filter(enterprise=enterprise.pk, branch__in=branches, delivered=1)
            assert own["delivered"] == tallied.count() or not _is_folded
            assert own["ended_settled"] <= whole["ended_settled"]
        making.rebuild(now=walk.now)


def test_whole_months_and_days_at_the_edges_are_the_days(walk: Walk) -> None:
    """However a period is cut into months and days, it counts what its days count."""
    making.rebuild(now=walk.now)
    for period in [
        Period(first=date(2026, 9, 1), last=date(2026, 9, 30)),
        Period(first=date(2026, 9, 24), last=date(2026, 10, 31)),
        Period(first=date(2026, 9, 24), last=date(2026, 9, 25)),
        Period(first=date(2026, 10, 1), last=date(2026, 12, 31)),
        Period(first=date(2026, 8, 31), last=date(2026, 11, 30)),
    ]:
        windows = Windows.of(period, now=walk.now, calendar=current_calendar())
        expected: Counter[str] = Counter()
        for row in Tally.objects.values():
            expected.update(
                {name: row[COLUMN_OF[name]] for name in NAMES if row[COLUMN_OF[name]] and windows.has(name, row["day"])}
            )
        result = counted(walk, Scope(regions=(province(),)), period=period)[""]
        assert {name: n for name, n in result.items() if n} == dict(expected)


def test_a_day_begins_at_midnight_in_shanghai(patient: None, world: World) -> None:
    last, first = (datetime(2026, 11, 30, 23, 59, 59, 999999, SHANGHAI), datetime(2026, 12, 1, 0, 0, tzinfo=SHANGHAI))
    for moment in (last, first):
        given.filed(world, now=first + timedelta(hours=1), received_at=moment)
    making.rebuild(now=first)
    days = {row.day: row.received for row in DayRegion.objects.filter(region=world.gulou.region_id) if row.received}  # type: ignore[attr-defined]
    assert days == {date(2026, 11, 30): 1, date(2026, 12, 1): 1}
    expected = {date(2026, 11, 1), date(2026, 12, 1)}
    assert set(MonthFacet.objects.filter(facet="", received__gt=0).values_list("month", flat=True)) == expected


def test_an_undone_step_counts_itself_back(patient: None, world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    making.rebuild(now=WEDNESDAY)
    before = everything()
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, WEDNESDAY + timedelta(hours=1))
    with connection.cursor() as cursor:
        assert rollups.fold_cases(cursor, [case.pk]) == 1
        assert everything() != before
        given.step(case, undoing.undo(), world.consumer, WEDNESDAY + timedelta(hours=2))
        rollups.fold_cases(cursor, [case.pk])
    assert (everything()[0], everything()[1]) == (before[0], before[1])


def test_a_difference_is_an_alarm_that_names_the_case_and_is_mended(
    walk: Walk, caplog: pytest.LogCaptureFixture
) -> None:
    making.rebuild(now=walk.now)
    right = everything()
    Tally.objects.filter(complaint_id=walk.cases[3], kind="received").update(received=2)
    DayRegion.objects.filter(region=province().pk, day=BEGINS.date()).update(received=77)
    RollupState.objects.update(transaction=2**62)
    with caplog.at_level(logging.ERROR):
        result = rollups.compare(now=walk.now)
    number = Complaint.objects.get(pk=walk.cases[3]).number
    assert not missing_in(result, number, f"oversight_dayregion {province().pk} {BEGINS.date()}")
    assert number in caplog.text
    assert rollups.alarms() == ["counters differed from the cases"]
    rollups.compare(now=walk.now)
    assert rollups.compare(now=walk.now) == rollups.alarms() == []
    assert everything() == right


def test_a_new_calendar_counts_anew_and_is_no_alarm(patient: None, world: World) -> None:
    """Working days of past spans are those of the calendar that holds now."""
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, WEDNESDAY + 2 * DAY)
    making.rebuild(now=WEDNESDAY)
    assert list(Tally.objects.filter(kind="closed").values_list("handled_wd", flat=True)) == [2]
    newest = CalendarVersion.objects.filter(country="CN", year=2026).latest("number")
    later = CalendarVersion.objects.create(
        country="CN", year=2026, number=newest.number + 1, source="x", digest="x", loaded_at=WEDNESDAY
    )
    CalendarDay.objects.bulk_create(
        [
            *(
                CalendarDay(version=later, day=day.day, is_working=day.is_working, name=day.name)
                for day in newest.days.all()
            ),
            CalendarDay(version=later, day=date(2026, 11, 12), is_working=False, name="假"),
        ]
    )
    RollupState.objects.update(transaction=2**62)
    assert rollups.compare(now=WEDNESDAY) == rollups.alarms() == []
    assert list(Tally.objects.filter(kind="closed").values_list("handled_wd", flat=True)) == [1]
    with connection.cursor() as cursor:
        assert rollups.differing(cursor, after=0, upto=2**62) == []


def test_it_compares_once_a_night(walk: Walk) -> None:
    making.rebuild(now=walk.now)
    night = datetime(2027, 3, 1, 2, 30, tzinfo=SHANGHAI)
    assert rollups.sweep_comparison(now=night - timedelta(hours=1)) == 0
    pieces = 1
    while rollups.sweep_comparison(now=night):
        pieces += 1
    assert pieces >= 1 + len(TABLES) - 1
    assert rollups.sweep_comparison(now=night + timedelta(hours=5)) == 0


def test_a_rebuild_that_was_stopped_goes_on(walk: Walk) -> None:
    def stop(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        making.rebuild(now=walk.now, piece=4, tell=stop)
    assert rollups.fold(now=walk.now) == 0, "nobody folds into what is being made"
    assert not Counters.at(walk.now, current_calendar()).is_complete
    shown: list[int] = []
    making.rebuild(now=walk.now, piece=4, tell=lambda done, whole: shown.append(done))
    assert shown[0] == 8, "the first piece was done"
    assert Tally.objects.filter(kind="received").count() == len(walk.cases)
    call_command("rebuild_rollups", "--compare")


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


SHAPE = """
select c.oid::regclass::text, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
       (select array_agg(format('%s %s %s', a.attname, a.atttypid::regtype, a.attnotnull) order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
       (select array_agg(pg_get_indexdef(i.indexrelid) order by 1) from pg_index i where i.indrelid = c.oid),
       (select array_agg(format('%s %s', o.conname, pg_get_constraintdef(o.oid)) order by o.conname)
        from pg_constraint o where o.conrelid = c.oid and o.contype <> 'n'),
       (select array_agg(format('%s %s %s %s %s', p.policyname, p.cmd, p.roles, p.qual,
           p.with_check) order by p.policyname)
        from pg_policies p where p.tablename = c.relname),
       (select array_agg(format('%s %s', a.grantee::regrole, a.privilege_type) order by 1) from aclexplode(c.relacl) a)
from pg_class c where c.relkind = 'r' and c.relname like 'oversight%' order by 1
"""


def shape() -> list[tuple[Any, ...]]:
    """Everything that makes a table of counters what it is, except its rows."""
    with connection.cursor() as cursor:
        cursor.execute(SHAPE)
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


def some_cases(world: World, now: datetime) -> None:
    for status in (Status.NEGOTIATING, Status.NEGOTIATING, Status.REVIEW, Status.CLOSED):
        given.a_complaint(world, status=status, now=now)
    given.filed(world, now=now)


@pytest.mark.django_db(transaction=True)
def test_tables_made_beside_are_those_that_stood_to_the_last_grant(
    world: World, as_the_owner: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The command works as the owner: what a rebuild by anybody else leaves, it leaves as well."""
    assert "rebuild_rollups" in settings.OWNER_COMMANDS
    now = timezone.now()
    some_cases(world, now)
    making.rebuild(now=now)
    right, stood = everything(), shape()
    assert all(right)
    with connection.cursor() as cursor:
        cursor.execute("select 'oversight_tally'::regclass::oid")
        before = cursor.fetchone()
    Tally.objects.filter(kind="received").update(received=2)
    DayRegion.objects.all().delete()
    as_the_owner()
    call_command("rebuild_rollups")
    assert "5 cases are counted." in capsys.readouterr().out
    assert (everything(), shape()) == (right, stood)
    with connection.cursor() as cursor:
        cursor.execute("select 'oversight_tally'::regclass::oid")
        assert cursor.fetchone() != before, "a new table stands there"
    assert rollups.compare(now=now) == []


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_beside_that_was_stopped_goes_on_and_pages_show_what_was_before(
    world: World, as_the_owner: Callable[[], None]
) -> None:
    now = timezone.now()
    some_cases(world, now)
    making.rebuild(now=now)
    right = everything()
    as_the_owner()

    def stop(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        making.rebuild(now=now, piece=2, tell=stop)
    assert everything() == right
    shown: list[int] = []
    assert making.rebuild(now=now, piece=2, tell=lambda done, whole: shown.append(done)) == 5
    assert shown[0] > 2, "the first piece was done"
    assert everything() == right
    assert not any(row[0].endswith("_anew") for row in shape())


def test_too_many_that_wait_are_an_alarm(patient: None, world: World, rf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        given.filed(world)
    monkeypatch.setattr(rollups, "ALARM", 2)
    assert (rollups.waiting(most=2), rollups.alarms()) == (3, ["more than 2 steps are not counted yet"])
