"""What counters, lists, the flow and an enterprise's own mirror say of one random world, folded or not."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from authorities.models import Region
from complaints import handling
from complaints.desks.authority_lists import due_soon
from complaints.models import Complaint, Engagement
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from oversight.counters import behind, making, reads, rollups
from oversight.counters import figures as rollup_figures
from oversight.counters.reads import Counters
from oversight.counters.statements import COLUMN_OF, NAMES, OPEN_NAMES, Windows
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.mirror import mirror, mirror_views
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
from oversight.presenting import cards, flow
from tests import missing_in
from tests.audit.core import last_day
from tests.audit.core.counting import quantile, within
from tests.cast import standing
from tests.oversight import slow_count
from tests.oversight.worlds import BEGINS, CHANNELS, PROBLEMS, Walk

DAY = timedelta(days=1)
TABLES: tuple[Any, ...] = (Tally, DayRegion, DayFacet, MonthFacet, MonthEnterprise, MonthSpread, DaySpread)
WHOLE = Period(first=date(2026, 9, 10), last=date(2027, 6, 12))


def sums(model: Any) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Every row that counts something."""
    key = model._meta.pk.field_names
    columns = [field.name for field in model._meta.get_fields() if field.name not in (*key, "pk")]
    rows = model.objects.values_list(*key, *columns)
    return {row[: len(key)]: row[len(key) :] for row in rows if any(row[len(key) :])}


def everything() -> list[Any]:
    return [sums(model) for model in TABLES]


def province() -> Region:
    return Region.objects.get(code="350000")


def counted(
    walk: Walk, scope: Scope | None = None, *, by: str = "", period: Period = WHOLE, **of: str
) -> dict[str, reads.Sums]:
    """In the province where no other scope is told, of all or of a category, of a channel."""
    scope = scope or Scope(regions=(province(),), **of)
    result = Counters.at(walk.now, current_calendar()).sums(scope, period, by=by)
    assert result is not None
    return result


@pytest.fixture(scope="module")
def walked(directory: None, django_db_blocker: Any) -> Iterator[Walk]:
    with standing(django_db_blocker, lambda world: Walk(world, seed=6, cases=12, ticks=12)) as (_, result):
        yield result


@pytest.fixture
def walk(walked: Walk, db: None, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """All of it is one transaction, in which nothing is ever certain enough to be folded."""
    monkeypatch.setattr(reads, "MOST_UNFOLDED", 100_000)
    return walked


def test_a_rebuild_that_was_stopped_goes_on_and_what_is_folded_piece_by_piece_is_what_is_made_anew(walk: Walk) -> None:
    """A walk of many steps, folded on the way; then all of it anew, equal to the row."""
    stopped, shown = list[int](), list[int]()

    def stop(done: int, whole: int) -> None:
        stopped.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        making.rebuild(now=walk.now, piece=4, tell=stop)
    assert rollups.fold(now=walk.now) == 0, "nobody folds into what is being made"
    assert not Counters.at(walk.now, current_calendar()).is_complete
    making.rebuild(now=walk.now, piece=4, tell=lambda done, whole: shown.append(done))
    assert shown[0] == stopped[0] + 4, "the first piece was done"
    assert Tally.objects.filter(kind="received").count() == len(walk.cases)
    # What a migration marked before entries carried a state is in the record once it was taken over.
    marked = Engagement.objects.filter(accepted_refusal=True).values_list("complaint_id", flat=True)
    handling.take_each([(case, handling.MOVES["keep_state"](), SYSTEM) for case in marked], now=walk.now)
    call_command("rebuild_rollups", "--compare")
    handling.sweep_clocks(now=walk.now + 8 * DAY)
    with connection.cursor() as cursor:
        assert rollups.fold_cases(cursor, walk.cases).cases > 0
        assert rollups.fold_cases(cursor, walk.cases).cases == 0, "to fold a case twice does no harm"
    folded = everything()
    assert all(folded)
    making.rebuild(now=walk.now)
    assert (everything(), rollups.compare(now=walk.now)) == (folded, [])


def test_children_add_up_and_so_do_months_and_categories(walk: Walk) -> None:
    """Folded or not; whatever one asks by, the parts are the whole."""
    places = tuple(Region.objects.filter(pk__in=set(Complaint.objects.values_list("handling_county", flat=True))))
    assert len(places) > 1
    for _is_folded in (False, True):
        whole = counted(walk)[""]
        assert whole["received"] == len(walk.cases)
        for scope, by in ((Scope(regions=places), "region"), (None, "problem"), (None, "channel")):
            parts = counted(walk, scope, by=by)
            assert len(parts) >= 2
            for name, n in whole.items():
                assert sum(part[name] for part in parts.values()) == n, (by, name)
        months = counted(walk, by="month")
        for name in ("received", "ended_settled", "closed", "response_minutes"):
            assert sum(part[name] for part in months.values()) == whole[name], name
        problem, of_it = max(counted(walk, by="problem").items(), key=lambda row: row[1]["received"])
        assert counted(walk, category=problem)[""] == of_it
        both: Counter[str] = Counter()
        for channel, sums in counted(walk, by="channel").items():
            assert counted(walk, channel=channel)[""] == sums
            at = counted(walk, Scope(regions=places, channel=channel), by="region")
            assert sum(part["received"] for part in at.values()) == sums["received"] > 0, channel
            named = counted(walk, channel=channel, by="problem")[problem]
            assert named == counted(walk, channel=channel, category=problem)[""]
            both.update(named)
        assert both == Counter(of_it), "a problem is what came of it by each channel"
        making.rebuild(now=walk.now)


def test_an_enterprise_is_its_branches_and_those_without_one(walk: Walk) -> None:
    for _is_folded in (False, True):
        for side in walk.sides:
            enterprise = side.enterprise
            whole = counted(walk, Scope(enterprise_id=enterprise.pk))[""]
            slow = slow_count.counted(WHOLE.first, WHOLE.last, walk.now, (0, 2**31 - 1), enterprise.pk)
            assert figures.standing({name: whole[name] for name in OPEN_NAMES}) == slow.open_now()
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
    for first, last in (
        ("2026-09-01", "2026-09-30"),
        ("2026-09-24", "2026-10-31"),
        ("2026-09-24", "2026-09-25"),
        ("2026-10-01", "2026-12-31"),
        ("2026-08-31", "2026-11-30"),
    ):
        period = Period(first=date.fromisoformat(first), last=date.fromisoformat(last))
        windows = Windows.of(period, now=walk.now, calendar=current_calendar())
        expected: Counter[str] = Counter()
        for row in Tally.objects.values():
            names = [name for name in NAMES if row[COLUMN_OF[name]] and windows.has(name, row["day"])]
            expected.update({name: row[COLUMN_OF[name]] for name in names})
        result = counted(walk, period=period)[""]
        assert {name: n for name, n in result.items() if n} == dict(expected)


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


def test_it_compares_once_a_night(walk: Walk) -> None:
    making.rebuild(now=walk.now)
    night = datetime(2027, 3, 1, 2, 30, tzinfo=SHANGHAI)
    assert rollups.sweep_comparison(now=night - timedelta(hours=1)) == 0
    pieces = 1
    while rollups.sweep_comparison(now=night):
        pieces += 1
    assert pieces >= len(TABLES)
    assert rollups.sweep_comparison(now=night + timedelta(hours=5)) == 0


def test_lists_behind_numbers_have_as_many_lines_folded_or_not(walk: Walk) -> None:
    """Every kind of list, page by page, in the whole and in one county; and once with an enterprise."""
    county = Complaint.objects.values_list("handling_county", flat=True).first()
    scopes = [
        Scope(regions=(province(),)),
        Scope(regions=tuple(province().children.model.objects.filter(pk=county))),
        Scope(regions=(province(),), enterprise_id=walk.world.mobile.pk),
        Scope(regions=(province(),), channel=CHANNELS[1]),
    ]
    some = 0
    for _is_folded in (False, True):
        for scope in scopes:
            for period in (WHOLE, Period(first=WHOLE.first, last=walk.now.date() - 5 * DAY)):
                measure = Measure(scope, period, walk.now, current_calendar())
                for what in behind.WHAT:
                    result = behind.page(measure, what, None)
                    lines = [*result.lines]
                    while result.after:
                        result = behind.page(measure, what, behind.read_key(result.after))
                        lines += result.lines
                    assert len(lines) == len({line.key for line in lines}) == result.n, (what, period)
                    some += result.n
        making.rebuild(now=walk.now)
    assert some > 100


def test_the_flow_and_the_workload_are_what_a_slow_count_says(walk: Walk) -> None:
    """Days in a status, weeks, and what ended on its last day: counted again case by case."""
    measure = Measure(Scope(regions=(province(),)), WHOLE, walk.now, current_calendar())
    results = {stay.status: stay for stay in flow.stays(measure)}
    days: defaultdict[str, list[int]] = defaultdict(list)
    for case in Complaint.objects.exclude(status__in=["closed", "draft"]):
        gone = walk.now.astimezone(SHANGHAI).date() - case.status_since.astimezone(SHANGHAI).date()
        days[case.status].append(gone.days)
    assert results.keys() == days.keys()
    for status, stay in results.items():
        values = days[status]
        median, nine = pytest.approx(quantile(values, 0.5)), within(values, 0.9)
        assert (stay.n, stay.longest, stay.median, stay.p90) == (len(values), max(values), median, nine)
    went = flow.flow(measure)
    assert len(went.weeks) == flow.WEEKS
    for week in went.weeks:
        slow = slow_count.counted(week.first, week.last, walk.now, (0, 2**31 - 1))
        assert (week.received, week.closed) == (slow.received(), len(slow.closed()))
    whole = slow_count.counted(WHOLE.first, WHOLE.last, walk.now, (0, 2**31 - 1))
    answered, on_last = last_day.answered(whole)
    assert (went.answered, went.ended_last_day) == (len(answered), len(on_last))
    offered, on_last = last_day.offered(whole)
    assert (went.offered, went.offered_last_day) == (len(offered), len(on_last))
    assert went.answered, "a world in which no enterprise ends anything proves nothing"
    assert went.offered, "nor one without offers"
    # The workload is every open case of an authority once.
    loads = flow.workload(measure, due_soon(walk.now, measure.calendar))
    expected: Counter[tuple[Any, Any]] = Counter()
    ages: Counter[int] = Counter()
    here = walk.now.astimezone(SHANGHAI).date()
    at_an_authority = ["triage", "review", "awaiting_material", "mediating", "mediation_suspended"]
    for case in Complaint.objects.filter(status__in=at_an_authority):
        expected[case.officer_id, None if case.officer_id else case.handling_authority_id] += 1
        gone = (here - case.authority_received_at.astimezone(SHANGHAI).date()).days
        ages[sum(gone > edge for edge in flow.AGES)] += 1
    assert {(load.officer_id, load.authority_id): load.open for load in loads} == dict(expected)
    assert [sum(load.ages[n] for load in loads) for n in range(4)] == [ages[n] for n in range(4)]
    assert [load.overdue for load in loads] == sorted((load.overdue for load in loads), reverse=True)


def number(text: str) -> int:
    return int("".join(c for c in text if c.isdigit()))


def test_an_enterprise_reads_the_same_of_itself_as_its_authority_under_each_same_name(walk: Walk) -> None:
    """The mirror beside the cards of a dashboard that asks for that enterprise alone, folded or not."""
    making.rebuild(now=walk.now)
    country, seen = Region.objects.get(level=Region.Level.COUNTRY), Counter[str]()
    looking: Any = SimpleNamespace(url=lambda code, **_: f"list={code}")
    for side in walk.sides[1:]:
        for period in (WHOLE, Period(first=WHOLE.first, last=walk.now.date() - timedelta(days=5))):
            own, theirs = (
                Measure(Scope(enterprise_id=side.enterprise.pk, **which), period, walk.now, current_calendar())
                for which in ({"is_own": True}, {"regions": (country,)})
            )
            was = mirror.reflected(own)
            mirrored = {card.code: card for card in mirror_views._cards(was, was, looking)}
            figures_ = rollup_figures.flow_of(theirs) | flow.counted(theirs)
            lists = cards.Lists(period)
            shown = {card.code: card for card in cards.flow_cards(figures_, lists) + flow.cards_of(figures_, lists)}
            same = mirrored.keys() & shown.keys()
            assert same == {"first_response", "on_time", "settled", "kept", "again", "last_day"}
            assert mirrored.keys() - same == {"delivered"}
            for code in same:
                assert mirrored[code].value == shown[code].value, code
                labels = {part.label: part.value for part in shown[code].parts}
                common = [part for part in mirrored[code].parts if part.label in labels]
                assert len(common) >= 1, code
                assert {part.label: part.value for part in common} == {
                    part.label: labels[part.label] for part in common
                }
            # Parts make their whole: what came due, what ended, what was promised.
            for code, first in (("on_time", 3), ("settled", 4), ("kept", 5)):
                parts = mirrored[code].parts[:first]
                assert sum(number(part.value) for part in parts) == figures_[code].n, code
                seen[code] += figures_[code].n
            repeats, delivered = (number(part.value) for part in mirrored["again"].parts)
            assert (repeats, delivered) == (figures_["again"].numerator, number(mirrored["delivered"].value))
    assert min(seen["on_time"], seen["settled"]) > 0, "a world in which nothing ends proves nothing"


def test_counters_say_what_the_lists_say(walk: Walk) -> None:
    """Of each enterprise, folded or not, of all of it and of one problem or channel; over a whole year and up to a day
    in the middle.
    """
    calendar, some = current_calendar(), 0
    for _is_folded in (False, True):
        for side in walk.sides:
            for which in ({}, {"category": PROBLEMS[0]}, {"channel": CHANNELS[1]}):
                for period in (WHOLE, Period(first=WHOLE.first, last=walk.now.date() - timedelta(days=5))):
                    scope = Scope(enterprise_id=side.enterprise.pk, is_own=True, **which)
                    asked = Measure(scope, period, walk.now, calendar)
                    result, spread = mirror.reflected(asked), figures.lengths(asked, "first_contact_at")
                    assert result.counts == mirror.counted(asked), (which, period)
                    assert (result.kept, result.response.n) == (figures.kept_figure(asked), spread.n)
                    if spread.n:
                        median = pytest.approx(spread.values["minutes_median"], rel=0.0101)
                        assert result.response.spread["minutes_median"] == median
                    some += sum(result.counts.values())
        making.rebuild(now=walk.now)
    assert some > 100
