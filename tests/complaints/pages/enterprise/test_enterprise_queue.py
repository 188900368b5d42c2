"""The queue: views with counts, sort by the next deadline, pages by key, a fixed number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from complaints.desks import case_search, keyset
from complaints.handling.steps import consumer, enterprise, supervision
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in
from tests.server import A_REQUEST
from web.templatetags import portal

S = Status
QUEUE = "/enterprise/queue/"
#: Who asks: session, person, what may be opened, jobs, branches 5; what may be chosen, own views and calendar 1; counts
#: 1;
#: rows 1; their names and clocks 1. With who calls the database, in A_REQUEST, it is the goal of ten.
QUERIES = 9 + A_REQUEST


def numbers(response: Any) -> list[str]:
    return [row["complaint"].number for row in response.context["rows"]]


def counts(response: Any) -> dict[str, int]:
    return {tab["url"].partition("view=")[2]: tab["value"] for tab in response.context["tabs"]}


def test_a_row_shows_the_clock_that_put_it_there(world: World) -> None:
    """An instruction is due before the negotiation is: the case stands first, and its chip says why."""
    later, first = (given.a_complaint(world, status=S.NEGOTIATING) for _ in range(2))
    move = supervision.urge(text="请在期限内答复消费者。", last_day=f"{WEDNESDAY + timedelta(days=2):%Y-%m-%d}")
    given.step(first, move, world.officer, WEDNESDAY)
    page = signed_in(world.ming).get(QUEUE)
    assert numbers(page)[:2] == [first.number, later.number]
    chips = [str(portal.chip(row["clock"])) for row in page.context["rows"][:2]]
    assert "督办答复期限：" in chips[0]
    assert "：" not in chips[1]


def test_what_burns_elsewhere_says_where(world: World) -> None:
    """The office owes an answer: the case stands by that date, and the chip says whose it is."""
    asked, later = (given.a_complaint(world, status=S.NEGOTIATING) for _ in range(2))
    given.step(asked, enterprise.ask_authority(text="这项业务按什么规定？"), world.handler, WEDNESDAY)
    with time_machine.travel(WEDNESDAY + timedelta(days=5), tick=False):
        page = signed_in(world.ming).get(QUEUE)
    assert numbers(page) == [asked.number, later.number]
    chips = [str(portal.chip(row["clock"])) for row in page.context["rows"]]
    assert "监管部门答复咨询：已逾期" in chips[0]
    assert "督办" not in chips[0]
    assert "：" not in chips[1]


def test_views_count_what_they_show(world: World) -> None:
    made = {
        status: given.a_complaint(world, status=status)
        for status in (S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED, S.TRIAGE)
    }
    replied = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(replied, consumer.add_statement(text="账单第二页有。"), world.consumer, WEDNESDAY)
    gone = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(gone, consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    client = signed_in(world.ming)
    result = counts(client.get(QUEUE))
    expected = {"new": 1, "today": 0, "soon": 1, "overdue": 0, "fresh": 5, "replied": 2, "performing": 1, "waiting": 1}
    expected |= {"breached": 0, "urged": 0, "mine": 5, "unassigned": 1, "all": 6, "past": None}
    assert result == expected
    for view in result:
        page = client.get(QUEUE, {"view": view})
        assert page.status_code == 200
        if result[view] is not None:
            assert len(numbers(page)) == result[view]
    assert numbers(client.get(QUEUE, {"view": "past"})) == [made[S.CLOSED].number]
    assert made[S.TRIAGE].number not in shown(client.get(QUEUE))
    new = client.get(QUEUE, {"view": "replied"})
    assert [row["is_new"] for row in new.context["rows"]] == [True, True]


def test_pages_by_key_show_every_case_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "PAGE", 2)
    made = [given.a_complaint(world, status=S.NEGOTIATING, now=WEDNESDAY - timedelta(days=n % 3)) for n in range(5)]
    Complaint.objects.filter(pk=made[0].pk).update(next_due_at=None)
    client, seen, url, pages = signed_in(world.ming), [], QUEUE, []
    while url:
        page = client.get(url)
        pages.append(numbers(page))
        seen += numbers(page)
        url = page.context["next_url"]
    assert sorted(seen) == sorted(case.number for case in made)
    assert len(seen) == 5
    assert seen[-1] == made[0].number
    back = client.get(page.context["previous_url"])
    assert numbers(back) == pages[-2]
    assert numbers(client.get(back.context["previous_url"])) == pages[0]


def test_an_odd_key_or_condition_shows_a_page(world: World) -> None:
    given.a_complaint(world, status=S.NEGOTIATING)
    for key in ("x", "x.", "1.2.3", "99999999999999999999.1", "-1.5", "'.1", "x.99999999999999999999"):
        for name in ("after", "before"):
            assert signed_in(world.ming).get(QUEUE, {name: key}).status_code == 200
    given.a_complaint(world, status=S.NEGOTIATING)
    for query in ({"view": "none"}, {"q": "长" * 500}, {"handler": "7"}, {"view": "长"}):
        assert signed_in(world.ming).get(QUEUE, query).status_code == 200


def test_conditions_narrow_and_can_be_taken_away_and_the_next_deadline_comes_first(world: World) -> None:
    one = given.a_complaint(world, status=S.NEGOTIATING)
    two = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    client = signed_in(world.ming)
    assert numbers(client.get(QUEUE, {"q": one.number[:15]})) == [one.number]
    unassigned = client.get(QUEUE, {"handler": "none"})
    assert numbers(unassigned) == [two.number]
    assert len(numbers(client.get(unassigned.context["active"][0]["remove_url"]))) == 2
    assert "没有符合条件的案件" in shown(client.get(QUEUE, {"q": "没有这样的"}))
    assert numbers(client.get(QUEUE)) == [two.number, one.number]


def test_a_word_finds_open_and_ended_cases_however_old(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_search, "LOOKED_THROUGH", 1)
    old, fresh = (
        given.a_complaint(world, status=S.CLOSED, now=WEDNESDAY - timedelta(days=9)),
        given.a_complaint(world, status=S.CLOSED),
    )
    held = given.a_complaint(world, status=S.NEGOTIATING)
    for case, item in ((old, "琉璃灯"), (fresh, "青瓷瓶"), (held, "铜 Kettle")):
        Complaint.objects.filter(pk=case.pk).update(item_name=item)
    client = signed_in(world.ming)
    assert numbers(client.get(QUEUE, {"q": "琉璃", "view": "past"})) == [old.number]
    assert numbers(client.get(QUEUE, {"q": "铜kettle"})) == numbers(client.get(QUEUE, {"q": "铜"})) == [held.number]
    for number in ("20261111-1W7XSEPTSEJN-W", "20261111-70123W5E6N9K-4"):
        Complaint.objects.filter(pk=held.pk).update(number=number)
        for piece in (number[-9:], number[-9:].lower(), number[13:17]):
            assert numbers(client.get(QUEUE, {"q": piece})) == [number], piece
    # Of a word that very many have only the newest are looked through, of the open ones all.
    Complaint.objects.filter(pk__in=[old.pk, fresh.pk, held.pk]).update(item_name="琉璃灯")
    assert numbers(client.get(QUEUE, {"q": "琉璃", "view": "past"})) == [fresh.number]
    assert numbers(client.get(QUEUE, {"q": "琉璃"})) == [number]


def test_words_cost_one_statement_more(world: World, django_assert_num_queries: Any) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    for text in ("宽带", "没有这样的", "宽", case.number[-9:], "陈试"):
        client.get(QUEUE, {"q": text})
        is_found = bool(numbers(client.get(QUEUE, {"q": text})))
        # The names and clocks of no rows are not read.
        with django_assert_num_queries(QUERIES + 1 - (not is_found)):
            client.get(QUEUE, {"q": text})


def test_due_today_and_overdue_and_an_empty_view_says_why(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    page = shown(signed_in(world.ming).get(QUEUE, {"view": "overdue"}))
    assert "没有逾期的案件，都在期限内。" in page
    assert 'href="/enterprise/queue/"' in page
    with time_machine.travel(WEDNESDAY + timedelta(days=2), tick=False):
        client = signed_in(world.ming)
        assert (counts(client.get(QUEUE))["today"], counts(client.get(QUEUE))["overdue"]) == (1, 0)
    with time_machine.travel(WEDNESDAY + timedelta(days=5), tick=False):
        client = signed_in(world.ming)
        page = client.get(QUEUE, {"view": "overdue"})
        assert numbers(page) == [case.number]
        assert counts(page)["today"] == 0
        assert "逾期" in page.context["sentence"]


def test_the_number_of_queries_does_not_grow(world: World, django_assert_num_queries: Any) -> None:
    client = signed_in(world.ming)
    for more in ([S.PERFORMING], [S.NEGOTIATING, S.PERFORMING] * 3):
        for status in more:
            given.a_complaint(world, status=status)
        client.get(QUEUE)
        with django_assert_num_queries(QUERIES):
            assert client.get(QUEUE, {"size": "100"}).status_code == 200


def test_the_time_of_an_authority_is_called_by_its_name_and_a_contact_answers_the_consumer(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, consumer.add_statement(text="还有一张。"), world.consumer, WEDNESDAY)
    client = signed_in(world.ming)
    assert counts(client.get(QUEUE))["replied"] == 1
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过"), world.handler, WEDNESDAY)
    assert counts(client.get(QUEUE))["replied"] == 0
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    page = client.get(QUEUE)
    assert numbers(page) == [case.number]
    assert "审查期限：" in str(portal.chip(page.context["rows"][0]["clock"]))
