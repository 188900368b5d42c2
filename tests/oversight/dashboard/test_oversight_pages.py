"""The pages beside the first one: lists behind numbers, comparing, workload, flow, saved views; and absurd wishes."""

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.desks.authority_lists import due_soon
from complaints.desks.authority_workspace import workspace_for
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from oversight.counters import behind, making
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.presenting import flow
from oversight.presenting.choosing import outermost, places_of
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight import slow_count
from tests.oversight.counters.test_rollups import WHOLE, patient, province, walk
from tests.oversight.looking import browser
from tests.oversight.worlds import CHANNELS, Walk

S = Status
DAYS = timedelta(days=1)
URL = "/oversight/"
__all__ = ["patient", "walk"]


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
            for period in (WHOLE, Period(first=WHOLE.first, last=walk.now.date() - 5 * DAYS)):
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
        median, nine = (pytest.approx(slow_count.quantile(values, share)) for share in (0.5, 0.9))
        assert (stay.n, stay.longest, stay.median, stay.p90) == (len(values), max(values), median, nine)
    went = flow.flow(measure)
    assert len(went.weeks) == flow.WEEKS
    for week in went.weeks:
        slow = slow_count.World(week.first, week.last, walk.now, (0, 2**31 - 1))
        assert (week.received, week.closed) == (slow.received(), len(slow.closed()))
    whole = slow_count.World(WHOLE.first, WHOLE.last, walk.now, (0, 2**31 - 1)).settled()
    results_ = ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")
    assert went.ended == sum(whole.get(result, 0) for result in results_) >= went.ended_last_day
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


def region(code: str) -> Region:
    return Region.objects.get(code=code)


def test_a_city_is_looked_at_with_its_counties_and_a_place_elsewhere_is_nowhere(world: World) -> None:
    here = workspace_for(world.su, now=timezone.now())
    result = places_of(here)
    assert ([place.code for place in result.own], result.chosen) == (["350100"], None)
    assert {place.code for place in result.parts} >= {"350102", "350104"}
    one = places_of(here, "350102")
    assert (one.chosen, one.above, one.regions) == (region("350102"), region("350100"), (region("350102"),))
    for code in ("350200", "350000", "100000", "999999", "x" * 60, "350102'--", "²"):
        result = places_of(here, code)
        assert (result.chosen, result.regions) == (None, result.own)


def test_the_page_says_that_a_place_is_not_ones_own_and_a_case_of_two_offices_counts_once(world: World) -> None:
    given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    client = browser(world.su)
    alone = client.get(URL).context["totals"]["open"]
    Officer.objects.create(user=world.su, authority=world.gulou, role=Role.ANALYST.post)
    assert client.get(URL).context["totals"]["open"] == alone > 0
    places = [region("350102"), region("350100"), region("350102"), region("350200")]
    assert {place.code for place in outermost(places)} == {"350100", "350200"}
    answer = client.get(URL + "?region=350200")
    assert ("没有这个地区" in answer.content.decode(), answer.context["totals"]["open"]) == (True, alone)
    far = browser(officer_of(world, "far"))
    assert far.get(URL + "?region=350102").context["totals"]["open"] == 0
    assert far.get("/oversight/compare/?with_region=350102").context["other"].errors
