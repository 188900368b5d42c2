"""The dashboard: who may see it, numbers that open lists of that length, absurd wishes, queries."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.desks.authority_workspace import workspace_for
from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from database.row_security import working_as_steps
from oversight.counters import reads
from oversight.figures import figures
from oversight.models import OversightView, RollupState
from oversight.presenting import holders, leagues
from oversight.presenting.cards import Card
from oversight.presenting.places import outermost, places_of
from tests import given, missing_in
from tests.cast import World, standing
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight.looking import browser, cost, page_of, sent

S = Status
DAYS = timedelta(days=1)
URL, ENTERPRISES = "/oversight/", "/oversight/enterprises/"


@pytest.fixture(scope="module")
def cases_stand(directory: None, django_db_blocker: Any) -> Iterator[World]:
    with standing(django_db_blocker, add_cases) as (world, _):
        yield world


@pytest.fixture
def world(cases_stand: World, db: None) -> World:
    return deepcopy(cases_stand)


def add_cases(world: World) -> None:
    """One case of most kinds, as of now and of some weeks ago."""
    now = timezone.now()
    charge = "telecom.fees.unexplained_charge"
    for status in (S.TRIAGE, S.REVIEW, S.MEDIATING, S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER, S.CLOSED):
        # What is over lies in the usual period, which ends yesterday.
        then = now - DAYS if status == S.CLOSED else now
        given.a_complaint(world, status=status, now=then, problem_category=charge)
    given.a_complaint(world, status=S.NEGOTIATING, now=now - 40 * DAYS, channel="phone")
    withdrawn = given.a_complaint(world, status=S.NEGOTIATING, now=now - 9 * DAYS)
    given.step(withdrawn, consumer.withdraw(reason="mistake"), world.consumer, now - 8 * DAYS)
    failed = given.a_complaint(world, status=S.NEGOTIATING, now=now - 3 * DAYS)
    move = enterprise.log_contact(channel="phone", reached=True, note="谈不拢")
    given.step(failed, move, world.handler, now - 2 * DAYS)
    given.step(failed, enterprise.report_failure(reason="no_agreement", text="谈不拢"), world.handler, now - DAYS)


def test_only_officers_find_it_the_navigation_leads_there_and_each_sees_the_own_region(world: World) -> None:
    for person in (world.chen, world.otto, world.ming, world.lead, world.hua):
        assert browser(person).get(URL).status_code == 404
    assert Client().get(URL)["Location"].startswith("/account/sign-in/")
    Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    for person in (world.rui, world.su, officer_of(world, "far"), world.otto):
        assert browser(person).get(URL).status_code == 200
    for page, (person, status) in product(PAGES, ((world.su, 200), (world.ming, 404), (world.chen, 404))):
        assert browser(person).get(page).status_code == status, page
    assert sent(world.rui, URL).status_code == 405
    assert 'href="/oversight/"' in page_of(world.rui, "/authority/")
    everything = Complaint.objects.exclude(status=S.CLOSED).count()
    assert browser(world.su).get(URL).context["totals"]["open"] == everything > 0
    far = browser(officer_of(world, "far"))
    seen, table = far.get(URL).context, far.get(ENTERPRISES)
    assert (seen["totals"]["open"], seen["holders"], table.context["rows"]) == (0, [], [])
    assert "本辖区没有企业的案件" in table.content.decode()


def test_who_needs_attention_leads_to_exactly_the_cases_that_are_counted(world: World) -> None:
    """Of an enterprise and of an authority: late ones, and those that are due soon."""
    client, kinds = browser(world.su), set()
    for holder in client.get(f"{URL}?region={world.region.code}").context["holders"]:
        for name in ("overdue", "soon"):
            if n := holder["overdue" if name == "overdue" else "due_soon"]:
                listed = client.get(holder[f"{name}_url"])
                assert len(listed.context["rows"]) == n, (holder["name"], name)
                assert not listed.context["filter"].left_out
                kinds.add((holder["is_authority"], name))
    assert {(False, "overdue"), (True, "soon")} <= kinds
    assert client.get("/authority/cases/?officer=all-99999999").context["filter"].left_out


def test_who_holds_very_many_late_cases_is_counted_once_a_minute_and_says_when(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each place and filter for itself; where there are few it is always of now."""
    client = browser(world.su)
    exact = client.get(URL).context
    assert exact["held_at"] is None
    monkeypatch.setattr(holders, "MANY", -1)
    cache.clear()
    first = client.get(URL)
    assert (first.context["held_at"], first.context["holders"]) == (None, exact["holders"])
    given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - 40 * DAYS)
    again = client.get(URL)
    assert again.context["totals"]["overdue"] == exact["totals"]["overdue"] + 1
    assert (again.context["holders"], again.context["held_at"]) == (exact["holders"], first.context["now"])

    def late(query: str = "") -> int:
        return sum(holder["overdue"] for holder in client.get(URL + query).context["holders"])

    of_mobile = late(f"?enterprise={world.mobile.pk}")
    assert of_mobile == again.context["totals"]["overdue"], "another question is answered for itself"
    cache.clear()
    assert late() == of_mobile


def test_a_year_without_cases_is_said_to_be_one(world: World) -> None:
    """Beside what came in and what was closed alone, and not where there were cases."""

    def without_data() -> dict[str, str]:
        shifts = ((card.code, shift.text) for card in cards_of(browser(world.su).get(URL)) for shift in card.shifts)
        return {code: text for code, text in shifts if "没有数据" in text}

    assert without_data() == dict.fromkeys(("received", "closed"), "去年同期没有数据")
    given.a_complaint(world, status=S.CLOSED, now=timezone.now() - 365 * DAYS)
    assert without_data() == {}


def cards_of(answer: Any) -> list[Card]:
    """The figures at the head of the first page."""
    return [one["card"] for one in answer.context["strip"]]


def links_of(answer: Any) -> list[tuple[int, str]]:
    """(number shown, address of its list) of every link of the first page."""
    results = []
    for card in cards_of(answer):
        if card.url:
            results.append((int(card.value.replace(",", "")), card.url))
        results += [(int(part.value.rstrip("件项").replace(",", "")), part.url) for part in card.parts if part.url]
    for row in answer.context["parts"]:
        results += [(row[name], row[f"{name}_url"]) for name in ("received", "closed")]
        results += [(row["success"].numerator, row["settled_url"]), (row["punctual"].numerator, row["in_time_url"])]
    for row in (*answer.context["parts"], *answer.context["hands"]):
        results += [(row["open"], row["open_url"]), (row["overdue"], row["overdue_url"])]
        results += [(row["due_soon"], row["soon_url"])]
    return results


def lines_of(answer: Any) -> list[tuple[int, str]]:
    """The same of the table of enterprises."""
    results = []
    for row in answer.context["rows"]:
        line = row["line"]
        results += [(getattr(line, name), row[f"{name}_url"]) for name in ("open", "overdue", "received")]
        results += [(line.success.numerator or 0, row["settled_url"])]
        results += [(line.punctual.numerator or 0, row["in_time_url"])]
    return results


def test_every_count_opens_a_list_of_that_length(world: World) -> None:
    client = browser(world.su)
    some_days = (timezone.localdate() - 4 * DAYS).isoformat()
    for query in (
        *("", "?period=year", "?category=telecom.fees.unexplained_charge", "?channel=web", "?region=350102"),
        *(f"?enterprise={world.mobile.pk}", f"?first={some_days}"),
    ):
        first = client.get(URL + query)
        # Who has how much is said where no smaller place is: in a county.
        assert bool(first.context["hands"]) == ("region=" in query), query
        links = links_of(first) + lines_of(client.get(ENTERPRISES + query))
        assert sum(number > 0 for number, _ in links) >= 10, query
        for number, url in {(number, url) for number, url in links if number}:
            assert len(client.get(url).context["rows"]) == number, url


ABSURD = (
    ("?period=chosen&first=2026-11-20&last=2026-11-02", "结束的日期不能早于开始的日期"),
    ("?period=chosen&first=9999-01-01&last=9999-12-31", "请填2000年以后、今天以前的日期"),
    ("?period=chosen&first=0001-01-01", "请填2000年以后、今天以前的日期"),
    ("?period=chosen&first=2026-02-30", "请填年-月-日"),
    ("?period=chosen", "请填开始的日期"),
    ("?period=decade", "请从列出的时间段中选"),
    ("?enterprise=abc", "没有这家企业"),
    ("?enterprise=999999999", "没有这家企业"),
    ("?enterprise=" + "9" * 400, "没有这家企业"),
    ("?category=nonsense", "没有这个类别"),
    ("?channel=pigeon", "没有这个渠道"),
)


def test_an_absurd_wish_gets_a_clear_answer_and_an_odd_address_the_page(world: World) -> None:
    client = browser(world.su)
    for query, text in ABSURD:
        answer = client.get(URL + query)
        assert (answer.status_code, missing_in(answer.content.decode(), text, "error-summary")) == (200, []), query
        assert answer.context["totals"]["open"] > 0, "the usual figures are shown all the same"
    for query in ODD:
        for page in (URL, ENTERPRISES):
            assert client.get(page + query).status_code == 200, query
        assert client.get(ENTERPRISES + query).context["rows"], query


ODD = (
    *("?page=0", "?page=-1", "?page=1e9", "?page=999999", "?page=²", "?sort=drop", "?sort=--overdue"),
    *("?sort=-response&page=2", "?period=chosen&first=2001-01-01&last=9999-12-31", "?first=2026-11-01"),
    "?x=" + "y" * 9000,
)


def test_the_first_sentence_says_what_burns_each_number_has_its_definition_and_the_menu_leads_there(
    world: World,
) -> None:
    answer = browser(world.su).get(URL)
    sentence, page, cards = answer.context["sentence"], answer.content.decode(), cards_of(answer)
    assert sentence["lead"] == f"逾期{answer.context['totals']['overdue']}件"
    assert any(world.mobile.name in phrase for phrase in sentence["phrases"])
    assert "都在期限内" not in page
    assert len({card.code for card in cards}) == len(cards) == 8
    # Two are counted otherwise than at first: what is overdue, and what is a settlement.
    assert (page.count("公式v1"), page.count("公式v2")) == (6, 2)
    soon = answer.context["totals"]["due_soon"]
    assert not missing_in(page, f"2个工作日内还有{soon}件到期")
    assert len(browser(world.su).get(sentence["due_url"]).context["rows"]) == soon > 0
    assert {card.code for card in cards if card.version == 2} == {"overdue", "settled"}
    assert not missing_in(page, *(str(card.definition.formula)[:12] for card in cards))


def test_the_number_of_queries_does_not_grow(world: World) -> None:
    """Fifteen statements for the whole page at the most, and who calls and what stays in a request beside them."""
    client = browser(world.su)
    counts = []
    for number in (0, 1, 5):  # The first page of a day reads two statements more, which are then kept.
        for _ in range(number):
            given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - 40 * DAYS)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(URL).status_code == 200
        # The last is the test's own: nothing ends with a request here (tests/server.py).
        counts.append(len([q for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) - 1)
    assert counts[0] <= 17
    assert counts[1] == counts[2] <= 15


def test_a_count_that_takes_too_long_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(measure: figures.Measure) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '20ms'; select count(*) from generate_series(1, 1000000000)")

    monkeypatch.setattr(leagues, "counted", forever)
    answer = browser(world.su).get(ENTERPRISES)
    assert (answer.status_code, "案件太多" in answer.content.decode()) == (200, True)
    assert answer.context["rows"] == []


PAGES = [URL + p for p in ("", "compare/", "enterprises/", "workload/", "flow/", "fairness/", "further/", "system/")]
WISHES = (
    *("?period=decade", "?first=9999-01-01&last=0001-01-01", "?first=2026-02-30", "?region=²"),
    *("?channel=" + "网" * 4000, "?channel=web'--&channel=phone", "?enterprise=" + "9" * 400, "?against=never"),
    *("?against=chosen", "?against=chosen&other_first=2999-01-01", "?with_region=x'--", "?page=1e9"),
    *("?after=2026-13-99.1.ended.1", "?" + "&".join(f"category=x{n}&f{n}=1" for n in range(1001))),
    "?first=2000-01-01",
)


def test_an_absurd_wish_gets_an_answer_a_number_without_counter_none_and_costs_no_more(world: World) -> None:
    client = browser(world.su)
    for page in (*PAGES, "/oversight/cases/?what=closed"):
        usual = cost(client, page)
        for wish in WISHES:
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(page + (wish.replace("?", "&", 1) if "?" in page else wish))
            # A thousand conditions are no question: the frame refuses them before anything is read.
            assert answer.status_code == (400 if "f999" in wish else 200), (page, wish)
            assert len(seen) <= usual + 4, (page, wish)
    for wish in ("?what=open%20union", "?what=response_minutes", "?what=" + "x" * 5000):
        assert client.get("/oversight/cases/" + wish).status_code == 404, wish
    assert client.get("/oversight/cases/?what=closed&after=zzz").context["is_first"] is False
    assert client.get("/oversight/cases/?what=closed").context["n"] == 1
    far = browser(officer_of(world, "far")).get("/oversight/cases/?what=closed")
    assert (far.context["n"], far.context["rows"]) == (0, [])


def test_each_number_of_the_workload_opens_a_list_of_that_length(world: World) -> None:
    handled = Officer.objects.filter(user=officer_of(world, "officer")).first()
    with working_as_steps():
        # Of the two that an enterprise negotiates one was given to an officer before it was handed over.
        Complaint.objects.filter(status__in=[S.REVIEW, S.MEDIATING]).update(officer=handled)
        Complaint.objects.filter(status=S.NEGOTIATING).update(officer=handled)
    client = browser(world.su)
    rows = client.get("/oversight/workload/").context["rows"]
    assert {bool(row["load"].officer_id) for row in rows} == {True, False}
    for row in rows:
        for name, url in (("open", "open_url"), ("overdue", "overdue_url"), ("due_soon", "soon_url")):
            if n := getattr(row["load"], name):
                assert len(client.get(row[url]).context["rows"]) == n, (row["name"], url)
    unassigned = next(row["open_url"] for row in rows if not row["load"].officer_id)
    assert "未指派 · " in page_of(client, unassigned)
    # What the city still has to distribute of a county opens there as well.
    below = browser(world.rui)
    rows = below.get("/oversight/workload/").context["rows"]
    triage = next(row for row in rows if row["load"].authority_id == world.city.pk)
    assert [row.complaint.status for row in below.get(triage["open_url"]).context["rows"]] == [S.TRIAGE]
    # An office elsewhere is no condition, and shows nothing of what lies there.
    path = f"/authority/cases/?officer=none-{world.gulou.pk}"
    assert "没有用“经办人”这个条件" in page_of(officer_of(world, "far"), path)


def test_a_comparison_shows_both_sides_and_what_is_called_a_change(world: World) -> None:
    client = browser(world.su)
    answer = client.get("/oversight/compare/?period=year&against=same&with_region=350102")
    lines = {line["here"].code: line for line in answer.context["lines"]}
    assert lines["received"]["here"].value == lines["received"]["there"].value
    assert "超出平常波动" in answer.content.decode()
    year = client.get("/oversight/compare/?period=30&against=year")
    assert {line["here"].code: line["there"].value for line in year.context["lines"]}["received"] == "0"
    for line in answer.context["lines"]:
        for card in (line["here"], line["there"]):
            for value, url in ((card.value, card.url), *((part.value, part.url) for part in card.parts)):
                if url and (n := value.removesuffix("件").replace(",", "")).isdigit():
                    assert len(client.get(url).context["rows"]) == int(n), url


def test_a_saved_view_opens_for_colleagues_and_never_widens(world: World) -> None:
    Officer.objects.create(user=world.otto, authority=world.su.offices.get().authority, role=Role.ANALYST.post)
    mine, colleague, views = browser(world.su), browser(world.otto), "/oversight/views/"
    page = mine.get("/oversight/views/?page=enterprises&query=period%3Dmonth%26sort%3Dopen%26evil%3D1")
    assert page.context["query"] == "period=month&sort=open"
    refused = sent(mine, views, page="enterprises", query="period=month", name="")
    assert (refused.status_code, "请写一个名称" in refused.content.decode()) == (422, True)
    values = {"page": "enterprises", "query": "period=month&region=350102", "name": "鼓楼本月"}
    assert sent(mine, views, **values).status_code == 302
    kept = OversightView.objects.get()
    assert colleague.get(f"{views}{kept.key}/").url == "/oversight/enterprises/?period=month&region=350102"
    assert "鼓楼本月" in page_of(colleague, views)
    for stranger in (officer_of(world, "far"), world.rui, world.ming):
        assert browser(stranger).get(f"{views}{kept.key}/").status_code == 404
    assert sent(officer_of(world, "far"), views, remove=str(kept.key)).status_code == 404
    sent(mine, views, **values | {"query": "period=year"})
    assert OversightView.objects.get().query == "period=year", "the same name keeps its address"
    sent(mine, views, remove=str(kept.key))
    assert not OversightView.objects.exists()


def test_data_that_are_old_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    then = timezone.now() - timedelta(minutes=16)
    RollupState.objects.update_or_create(pk=1, defaults={"folded_at": then})
    client = browser(world.su)
    assert "比15分钟更旧" not in page_of(client, "/oversight/")
    monkeypatch.setattr(reads, "MOST_UNFOLDED", 1)
    answer = client.get("/oversight/")
    assert "比15分钟更旧" in answer.content.decode()
    assert isinstance(answer.context["data_at"], datetime)


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
    places = [region("350102"), region("350100"), region("350102"), region("350200")]
    assert {place.code for place in outermost(places)} == {"350100", "350200"}
    client = browser(world.su)
    alone = client.get(URL).context["totals"]["open"]
    Officer.objects.create(user=world.su, authority=world.gulou, role=Role.ANALYST.post)
    assert client.get(URL).context["totals"]["open"] == alone > 0, "a case of two offices counts once"
    answer = client.get(URL + "?region=350200")
    assert ("没有这个地区" in answer.content.decode(), answer.context["totals"]["open"]) == (True, alone)
    far = browser(officer_of(world, "far"))
    assert far.get(URL + "?region=350102").context["totals"]["open"] == 0
    assert far.get("/oversight/compare/?with_region=350102").context["other"].errors
