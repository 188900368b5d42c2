"""The dashboard: who may see it, numbers that open lists of that length, absurd wishes, queries."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer
from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from oversight.figures import figures
from oversight.figures.figures import Figure
from oversight.presenting import leagues, overview
from oversight.presenting.leagues import EnterpriseLine
from tests import given
from tests.cast import World, standing
from tests.complaints.pages.at_the_authority import officer_of, workspace

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


@pytest.fixture
def region_with_cases(world: World) -> World:
    return world


def add_cases(world: World) -> None:
    """One case of most kinds, as of now and of some weeks ago."""
    now = timezone.now()
    charge = "telecom.fees.unexplained_charge"
    for status in (S.TRIAGE, S.REVIEW, S.MEDIATING, S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER, S.CLOSED):
        given.a_complaint(world, status=status, now=now, problem_category=charge)
    given.a_complaint(world, status=S.NEGOTIATING, now=now - 40 * DAYS, channel="phone")
    withdrawn = given.a_complaint(world, status=S.NEGOTIATING, now=now - 9 * DAYS)
    given.step(withdrawn, consumer.withdraw(reason="mistake"), world.consumer, now - 8 * DAYS)
    failed = given.a_complaint(world, status=S.NEGOTIATING, now=now - 3 * DAYS)
    move = enterprise.log_contact(channel="phone", reached=True, note="谈不拢")
    given.step(failed, move, world.handler, now - 2 * DAYS)
    given.step(failed, enterprise.report_failure(reason="no_agreement", text="谈不拢"), world.handler, now - DAYS)


def test_only_officers_find_it_and_the_navigation_leads_there(world: World) -> None:
    for person in (world.chen, world.otto, world.ming, world.lead, world.hua):
        assert workspace(person).get(URL).status_code == 404
    assert Client().get(URL)["Location"].startswith("/account/sign-in/")
    Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    for person in (world.rui, world.su, officer_of(world, "far"), world.otto):
        assert workspace(person).get(URL).status_code == 200
    assert workspace(world.rui).post(URL, {"idempotency_key": "0f6c2a7e0f6c2a7e"}).status_code == 405
    assert not AnonymousUser().is_authenticated
    assert 'href="/oversight/"' in workspace(world.rui).get("/authority/").content.decode()


def test_who_needs_attention_leads_to_exactly_the_cases_that_are_counted(region_with_cases: World) -> None:
    """Of an enterprise and of an authority: late ones, and those that are due soon."""
    client, kinds = workspace(region_with_cases.su), set()
    for holder in client.get(f"{URL}?region={region_with_cases.region.code}").context["holders"]:
        for name in ("overdue", "soon"):
            n = holder["overdue" if name == "overdue" else "due_soon"]
            if n:
                listed = client.get(holder[f"{name}_url"])
                assert len(listed.context["rows"]) == n, (holder["name"], name)
                assert not listed.context["filter"].left_out
                kinds.add((holder["is_authority"], name))
    assert {(False, "overdue"), (True, "soon")} <= kinds
    assert client.get("/authority/cases/?officer=all-99999999").context["filter"].left_out


def test_who_holds_very_many_late_cases_is_counted_once_a_minute_and_says_when(
    region_with_cases: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each place and filter for itself; where there are few it is always of now."""
    client = workspace(region_with_cases.su)
    exact = client.get(URL).context
    assert exact["held_at"] is None
    monkeypatch.setattr(overview, "MANY", -1)
    cache.clear()
    first = client.get(URL)
    assert (first.context["held_at"], first.context["holders"]) == (None, exact["holders"])
    given.a_complaint(region_with_cases, status=S.NEGOTIATING, now=timezone.now() - 40 * DAYS)
    again = client.get(URL)
    assert again.context["totals"]["overdue"] == exact["totals"]["overdue"] + 1
    assert (again.context["holders"], again.context["held_at"]) == (exact["holders"], first.context["now"])
    late = sum(
        holder["overdue"] for holder in client.get(f"{URL}?enterprise={region_with_cases.mobile.pk}").context["holders"]
    )
    assert late == again.context["totals"]["overdue"], "another question is answered for itself"
    cache.clear()
    assert sum(holder["overdue"] for holder in client.get(URL).context["holders"]) == late


def test_a_year_without_cases_is_said_to_be_one(region_with_cases: World) -> None:
    """Beside what came in and what was closed alone, and not where there were cases."""
    cards = {
        card.code: [shift.text for shift in card.shifts]
        for card in workspace(region_with_cases.su).get(URL).context["first_cards"]
    }
    assert "去年同期没有数据" in cards["received"]
    assert "去年同期没有数据" in cards["closed"]
    assert not any(
        "没有数据" in texts for code, said in cards.items() if code not in ("received", "closed") for texts in said
    )
    given.a_complaint(region_with_cases, status=S.CLOSED, now=timezone.now() - 365 * DAYS)
    texts = [
        shift.text for card in workspace(region_with_cases.su).get(URL).context["first_cards"] for shift in card.shifts
    ]
    assert not any("去年同期没有数据" in one for one in texts)


def test_an_officer_sees_the_own_region_only(region_with_cases: World) -> None:
    world = region_with_cases
    everything = Complaint.objects.exclude(status=S.CLOSED).count()
    assert workspace(world.su).get(URL).context["totals"]["open"] == everything > 0
    far = workspace(officer_of(world, "far")).get(URL)
    assert (far.context["totals"]["open"], far.context["holders"]) == (0, [])
    table = workspace(officer_of(world, "far")).get(ENTERPRISES)
    assert table.context["rows"] == []
    assert "本辖区没有企业的案件" in table.content.decode()


def links_of(answer: Any) -> list[tuple[int, str]]:
    """(number shown, address of its list) of every link of the first page."""
    results = []
    for card in answer.context["first_cards"]:
        if card.url:
            results.append((int(card.value.replace(",", "")), card.url))
        results += [(int(part.value.rstrip("件项").replace(",", "")), part.url) for part in card.parts if part.url]
    for row in answer.context["parts"]:
        results += [(row[name], row[f"{name}_url"]) for name in ("open", "overdue", "received", "closed")]
        results += [(row["due_soon"], row["soon_url"]), (row["success"].numerator, row["settled_url"])]
        results += [(row["punctual"].numerator, row["in_time_url"])]
    for row in answer.context["hands"]:
        results += [(row["open"], row["open_url"]), (row["overdue"], row["overdue_url"])]
        results += [(row["due_soon"], row["soon_url"])]
    return results


def lines_of(answer: Any) -> list[tuple[int, str]]:
    return [
        pair
        for row in answer.context["rows"]
        for pair in (
            (row["line"].open, row["open_url"]),
            (row["line"].overdue, row["overdue_url"]),
            (row["line"].received, row["received_url"]),
            (row["line"].success.numerator or 0, row["settled_url"]),
            (row["line"].punctual.numerator or 0, row["in_time_url"]),
        )
    ]


def test_every_count_opens_a_list_of_that_length(region_with_cases: World) -> None:
    world = region_with_cases
    client = workspace(world.su)
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


def test_an_absurd_wish_gets_a_clear_answer_and_an_odd_address_the_page(region_with_cases: World) -> None:
    client = workspace(region_with_cases.su)
    for query, text in ABSURD:
        answer = client.get(URL + query)
        assert answer.status_code == 200, query
        page = answer.content.decode()
        assert text in page, query
        assert "error-summary" in page
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
    region_with_cases: World,
) -> None:
    answer = workspace(region_with_cases.su).get(URL)
    sentence = answer.context["sentence"]
    overdue = answer.context["totals"]["overdue"]
    assert sentence["lead"] == f"逾期{overdue}件"
    assert any(region_with_cases.mobile.name in phrase for phrase in sentence["phrases"])
    assert "都在期限内" not in answer.content.decode()
    page = answer.content.decode()
    cards = answer.context["first_cards"]
    assert len({card.code for card in cards}) == len(cards) == 9
    assert page.count("公式v1") == len(cards)
    for card in cards:
        assert str(card.definition.formula)[:12] in page


def test_the_number_of_queries_does_not_grow(world: World) -> None:
    """Fifteen statements for the whole page at the most, and who calls and what stays in a request beside them."""
    client = workspace(world.su)
    counts = []
    for number in (1, 5):
        for _ in range(number):
            given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - 40 * DAYS)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(URL).status_code == 200
        # The last is the test's own: nothing ends with a request here (tests/server.py).
        counts.append(len([q for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) - 1)
    assert counts[0] == counts[1] <= 15


def test_a_count_that_takes_too_long_says_so(region_with_cases: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(measure: figures.Measure) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '20ms'; select pg_sleep(20)")

    monkeypatch.setattr(leagues, "counted", forever)
    answer = workspace(region_with_cases.su).get(ENTERPRISES)
    assert (answer.status_code, "案件太多" in answer.content.decode()) == (200, True)
    assert answer.context["rows"] == []


def test_places_are_shared_where_wilsons_intervals_overlap() -> None:
    def line(pk: int, part: int, whole: int) -> EnterpriseLine:
        return EnterpriseLine(
            enterprise_id=pk, success=Figure(code="settled", n=whole, numerator=part, denominator=whole, upper=part)
        )

    results = [line(1, 95, 100), line(2, 93, 100), line(3, 20, 100), line(4, 29, 29)]
    leagues.rank(results)
    assert [one.place for one in results] == [(1, 2), (1, 2), (3, 3), None]
    assert [one.enterprise_id for one in leagues.in_order(results, "settled")] == [1, 2, 3, 4]
    assert [one.enterprise_id for one in leagues.in_order(results, "settled", turned=True)] == [3, 2, 1, 4]
    assert leagues.wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert leagues.wilson(0, 0) == (0.0, 1.0)
    low, high = leagues.wilson(30, 30)
    assert (low, high) == (pytest.approx(0.8864870, abs=1e-6), pytest.approx(1.0))
