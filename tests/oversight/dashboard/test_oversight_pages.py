"""The pages beside the first one: lists behind numbers, comparing, workload, flow, saved views; and absurd wishes."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.desks.authority_lists import due_soon
from complaints.desks.authority_workspace import workspace_for
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from database.row_security import working_as_steps
from oversight.counters import behind, making
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Figure, Measure
from oversight.models import OversightView
from oversight.presenting import flow, shifts
from oversight.presenting.choosing import outermost, places_of
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of, workspace
from tests.complaints.pages.at_the_desk import send
from tests.oversight import slow_count
from tests.oversight.counters.test_rollups import WHOLE, patient, province, walk
from tests.oversight.worlds import CHANNELS, Walk

S = Status
DAYS = timedelta(days=1)
PAGES = (
    *("/oversight/", "/oversight/compare/", "/oversight/enterprises/", "/oversight/workload/"),
    *("/oversight/flow/", "/oversight/system/"),
)
__all__ = ["patient", "walk"]


@pytest.fixture
def cases(world: World) -> World:
    now = timezone.now()
    for status in (S.TRIAGE, S.REVIEW, S.MEDIATING, S.NEGOTIATING, S.CLOSED):
        given.a_complaint(world, status=status, now=now)
    given.a_complaint(world, status=S.NEGOTIATING, now=now - 40 * DAYS)
    return world


def test_each_page_opens_for_officers_and_for_nobody_else(cases: World) -> None:
    for page in PAGES:
        assert workspace(cases.su).get(page).status_code == 200, page
        assert workspace(cases.ming).get(page).status_code == 404, page
        assert workspace(cases.chen).get(page).status_code == 404, page


ABSURD = (
    *("?period=decade", "?first=9999-01-01&last=0001-01-01", "?first=2026-02-30", "?region=²"),
    *("?channel=" + "网" * 4000, "?channel=web'--&channel=phone", "?enterprise=" + "9" * 400, "?against=never"),
    *("?against=chosen", "?against=chosen&other_first=2999-01-01", "?with_region=x'--", "?page=1e9"),
    *("?after=2026-13-99.1.ended.1", "?" + "&".join(f"category=x{n}&f{n}=1" for n in range(1001))),
    "?first=2000-01-01",
)


def test_an_absurd_wish_gets_an_answer_a_number_without_counter_none_and_costs_no_more(cases: World) -> None:
    client = workspace(cases.su)
    usual = {}
    for page in (*PAGES, "/oversight/cases/?what=closed"):
        with CaptureQueriesContext(connection) as seen:
            client.get(page)
        usual[page] = len(seen)
    for page, most in usual.items():
        for wish in ABSURD:
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(page + (wish.replace("?", "&", 1) if "?" in page else wish))
            # A thousand conditions are no question: the frame refuses them before anything is read.
            assert answer.status_code == (400 if "f999" in wish else 200), (page, wish)
            assert len(seen) <= most + 4, (page, wish)
    for wish in ("?what=open%20union", "?what=response_minutes", "?what=" + "x" * 5000):
        assert client.get("/oversight/cases/" + wish).status_code == 404, wish
    assert client.get("/oversight/cases/?what=closed&after=zzz").context["is_first"] is False
    assert client.get("/oversight/cases/?what=closed").context["n"] == 1
    far = workspace(officer_of(cases, "far")).get("/oversight/cases/?what=closed")
    assert (far.context["n"], far.context["rows"]) == (0, [])


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
                    lines, after = [], None
                    while True:
                        result = behind.page(measure, what, after)
                        lines += result.lines
                        if not result.after:
                            break
                        after = behind.read_key(result.after)
                    assert len(lines) == len({line.key for line in lines}) == result.n, (what, period)
                    some += result.n
        making.rebuild(now=walk.now)
    assert some > 100


def test_the_flow_is_what_a_slow_count_says(walk: Walk) -> None:
    """Days in a status, weeks, and what ended on its last day: counted again case by case."""
    measure = Measure(Scope(regions=(province(),)), WHOLE, walk.now, current_calendar())
    results = {stay.status: stay for stay in flow.stays(measure)}
    days: dict[str, list[int]] = {}
    for case in Complaint.objects.exclude(status__in=["closed", "draft"]):
        gone = walk.now.astimezone(SHANGHAI).date() - case.status_since.astimezone(SHANGHAI).date()
        days.setdefault(case.status, []).append(gone.days)
    assert {status: (stay.n, stay.longest) for status, stay in results.items()} == {
        status: (len(values), max(values)) for status, values in days.items()
    }
    for status, stay in results.items():
        assert stay.median == pytest.approx(slow_count.quantile(days[status], 0.5))
        assert stay.p90 == pytest.approx(slow_count.quantile(days[status], 0.9))
    went = flow.flow(measure)
    assert len(went.weeks) == flow.WEEKS
    for week in went.weeks:
        slow = slow_count.World(week.first, week.last, walk.now, (0, 2**31 - 1))
        assert (week.received, week.closed) == (slow.received(), len(slow.closed()))
    whole = slow_count.World(WHOLE.first, WHOLE.last, walk.now, (0, 2**31 - 1))
    assert went.ended == sum(
        whole.settled().get(result, 0)
        for result in ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")
    )
    assert went.ended_last_day <= went.ended


def test_the_workload_is_every_open_case_of_an_authority_once(walk: Walk) -> None:
    measure = Measure(Scope(regions=(province(),)), WHOLE, walk.now, current_calendar())
    loads = flow.workload(measure, due_soon(walk.now, measure.calendar))
    expected: Counter[tuple[Any, Any]] = Counter()
    ages: Counter[int] = Counter()
    here = walk.now.astimezone(SHANGHAI).date()
    for case in Complaint.objects.filter(
        status__in=["triage", "review", "awaiting_material", "mediating", "mediation_suspended"]
    ):
        expected[case.officer_id, None if case.officer_id else case.handling_authority_id] += 1
        gone = (here - case.authority_received_at.astimezone(SHANGHAI).date()).days
        ages[sum(gone > edge for edge in flow.AGES)] += 1
    assert {(load.officer_id, load.authority_id): load.open for load in loads} == dict(expected)
    assert [sum(load.ages[n] for load in loads) for n in range(4)] == [ages[n] for n in range(4)]
    assert [load.overdue for load in loads] == sorted((load.overdue for load in loads), reverse=True)


def test_each_number_of_the_workload_opens_a_list_of_that_length(cases: World) -> None:
    handled = Officer.objects.filter(user=officer_of(cases, "officer")).first()
    with working_as_steps():
        # Of the two that an enterprise negotiates one was given to an officer before it was handed over.
        Complaint.objects.filter(status__in=[S.REVIEW, S.MEDIATING]).update(officer=handled)
        Complaint.objects.filter(status=S.NEGOTIATING).update(officer=handled)
    client = workspace(cases.su)
    rows = client.get("/oversight/workload/").context["rows"]
    assert {bool(row["load"].officer_id) for row in rows} == {True, False}
    for row in rows:
        for n, url in (
            (row["load"].open, row["open_url"]),
            (row["load"].overdue, row["overdue_url"]),
            (row["load"].due_soon, row["soon_url"]),
        ):
            assert not n or len(client.get(url).context["rows"]) == n, (row["name"], url)
    unassigned = next(row["open_url"] for row in rows if not row["load"].officer_id)
    assert "未指派 · " in client.get(unassigned).content.decode()
    # What the city still has to distribute of a county opens there as well.
    below = workspace(cases.rui)
    triage = next(
        row for row in below.get("/oversight/workload/").context["rows"] if row["load"].authority_id == cases.city.pk
    )
    assert [row.complaint.status for row in below.get(triage["open_url"]).context["rows"]] == [S.TRIAGE]
    # An office elsewhere is no condition, and shows nothing of what lies there.
    path = f"/authority/cases/?officer=none-{cases.gulou.pk}"
    assert "没有用“经办人”这个条件" in workspace(officer_of(cases, "far")).get(path).content.decode()


def test_a_comparison_shows_both_sides_how_much_longer_it_took_and_what_is_chance(cases: World) -> None:
    slower, quicker = (Figure(code="first_response", n=40, spread={"minutes_median": n}) for n in (180.0, 60.0))
    change = shifts.of_figures(slower, quicker, days=7, days_before=7)
    assert (shifts.shift("first_response", change, "对比").text, change.is_chance) == ("比对比慢2工作小时", None)
    days = [Figure(code="handling_time", n=9, spread={"wd_mean": n}) for n in (8.0, 9.5)]
    change = shifts.of_figures(*days, days=7, days_before=7)
    assert change is not None
    assert shifts.shift("handling_time", change, "对比").text == "比对比快1.5个工作日"
    client = workspace(cases.su)
    answer = client.get("/oversight/compare/?period=year&against=same&with_region=350102")
    lines = {line["here"].code: line for line in answer.context["lines"]}
    assert lines["received"]["here"].value == lines["received"]["there"].value
    assert "Newcombe" in answer.content.decode()
    year = client.get("/oversight/compare/?period=30&against=year")
    assert {line["here"].code: line["there"].value for line in year.context["lines"]}["received"] == "0"
    for line in answer.context["lines"]:
        for card in (line["here"], line["there"]):
            for value, url in ((card.value, card.url), *((part.value, part.url) for part in card.parts)):
                if url and (n := value.removesuffix("件").replace(",", "")).isdigit():
                    assert len(client.get(url).context["rows"]) == int(n), url


def test_a_saved_view_opens_for_colleagues_and_never_widens(cases: World) -> None:
    colleague = Officer.objects.create(
        user=cases.otto, authority=cases.su.offices.get().authority, role=Role.ANALYST.post
    ).user
    mine = workspace(cases.su)
    page = mine.get("/oversight/views/?page=enterprises&query=period%3Dmonth%26sort%3Dopen%26evil%3D1")
    assert page.context["query"] == "period=month&sort=open"
    refused = send(mine, "/oversight/views/", {"page": "enterprises", "query": "period=month", "name": ""})
    assert (refused.status_code, "请写一个名称" in refused.content.decode()) == (422, True)
    values = {"page": "enterprises", "query": "period=month&region=350102", "name": "鼓楼本月"}
    assert send(mine, "/oversight/views/", values).status_code == 302
    kept = OversightView.objects.get()
    opened = workspace(colleague).get(f"/oversight/views/{kept.key}/")
    assert opened["Location"] == "/oversight/enterprises/?period=month&region=350102"
    assert "鼓楼本月" in workspace(colleague).get("/oversight/views/").content.decode()
    for stranger in (officer_of(cases, "far"), cases.rui, cases.ming):
        assert workspace(stranger).get(f"/oversight/views/{kept.key}/").status_code == 404
    assert send(workspace(officer_of(cases, "far")), "/oversight/views/", {"remove": str(kept.key)}).status_code == 404
    send(mine, "/oversight/views/", values | {"query": "period=year"})
    assert OversightView.objects.get().query == "period=year", "the same name keeps its address"
    send(mine, "/oversight/views/", {"remove": str(kept.key)})
    assert not OversightView.objects.exists()


def test_data_that_are_old_say_so(cases: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from oversight.counters import reads as rollup_reads
    from oversight.models import RollupState

    then = timezone.now() - timedelta(minutes=16)
    RollupState.objects.update_or_create(pk=1, defaults={"folded_at": then})
    client = workspace(cases.su)
    assert "比15分钟更旧" not in client.get("/oversight/").content.decode()
    monkeypatch.setattr(rollup_reads, "MOST_UNFOLDED", 1)
    answer = client.get("/oversight/")
    assert "比15分钟更旧" in answer.content.decode()
    assert isinstance(answer.context["data_at"], datetime)


URL = "/oversight/"


def region(code: str) -> Region:
    return Region.objects.get(code=code)


def test_a_city_is_looked_at_with_its_counties_and_a_place_elsewhere_is_nowhere(world: World) -> None:
    result = places_of(workspace_for(world.su, now=timezone.now()))
    assert [place.code for place in result.own] == ["350100"]
    assert {place.code for place in result.parts} >= {"350102", "350104"}
    assert result.chosen is None
    one = places_of(workspace_for(world.su, now=timezone.now()), "350102")
    assert (one.chosen, one.above) == (region("350102"), region("350100"))
    assert one.regions == (region("350102"),)
    here = workspace_for(world.su, now=timezone.now())
    for code in ("350200", "350000", "100000", "999999", "x" * 60, "350102'--", "²"):
        result = places_of(here, code)
        assert result.chosen is None
        assert result.regions == result.own


def test_the_page_says_that_a_place_is_not_ones_own_and_a_case_of_two_offices_counts_once(world: World) -> None:
    given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    alone = workspace(world.su).get(URL).context["totals"]["open"]
    Officer.objects.create(user=world.su, authority=world.gulou, role=Role.ANALYST.post)
    assert workspace(world.su).get(URL).context["totals"]["open"] == alone > 0
    places = [region("350102"), region("350100"), region("350102"), region("350200")]
    assert {place.code for place in outermost(places)} == {"350100", "350200"}
    client = workspace(world.su)
    answer = client.get(URL + "?region=350200")
    assert "没有这个地区" in answer.content.decode()
    assert answer.context["totals"]["open"] == client.get(URL).context["totals"]["open"] > 0
    far = workspace(officer_of(world, "far"))
    assert far.get(URL + "?region=350102").context["totals"]["open"] == 0
    assert far.get("/oversight/compare/?with_region=350102").context["other"].errors
