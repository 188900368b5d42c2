"""My work: what I owe, by my own clock; headline, groups, tab and "next" mean the same cases."""

import random
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine

from complaints.desks.enterprise_workspace import case_url
from complaints.handling import Move
from complaints.handling.steps import consumer, enterprise, supervision
from complaints.models import Complaint, Deadline
from complaints.procedure.workflow import ENTERPRISE_SIDE, HAS_RESPONDENT
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import address, moved_to_telecom, shown, signed_in
from tests.server import A_REQUEST
from web.templatetags import portal

WORK, QUEUE = "/enterprise/mine/", "/enterprise/queue/"
#: As the queue (test_enterprise_queue.py): who asks 4; choices 1; counts 1; rows 1; their names and clocks 1.
QUERIES = 8 + A_REQUEST
STATUSES = (S.WITH_ENTERPRISE, S.NEGOTIATING, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING, S.REVIEW, S.CLOSED)


def numbers(page: Any) -> list[str]:
    return [row["complaint"].number for row in page.context["rows"]]


def walked(client: Any, page: Any) -> list[str]:
    """What "next" leads through, from the first case to the end of the list."""
    first = page.context["next_row"]
    results = []
    at = first["url"] if first else ""
    while "/cases/" in at:
        results.append(at.split("/")[-2])
        query = urlencode({"list": page.context["list"], "from": at, "by": 1})
        at = client.get(f"{QUEUE}?{query}").headers["Location"].partition("?at=")[0]
    return results


def a_world(world: World, chance: random.Random) -> None:
    """Cases in any status, some handed to somebody else, some with a word of the consumer, a question, an urge."""
    for _ in range(7):
        at = WEDNESDAY - timedelta(days=chance.randrange(6))
        case = given.a_complaint(world, status=chance.choice(STATUSES), now=at)
        urged = supervision.urge(text="请在期限内答复。", last_day=f"{at + timedelta(days=2):%Y-%m-%d}")
        after: list[tuple[Move, Any]] = [
            (consumer.add_statement(text="账单第二页有。"), world.consumer),
            (enterprise.ask_authority(text="这项业务按什么规定？"), world.handler),
            (urged, world.officer),
            (enterprise.assign(handler_id=world.lead_staff.pk), world.manager),
        ]
        for move, who in chance.sample(after, chance.randrange(3)):
            if case.status == S.NEGOTIATING or (case.status in ENTERPRISE_SIDE and move.step == "add_statement"):
                given.step(case, move, who, at + timedelta(hours=1))


def owed(case: Complaint) -> datetime | None:
    """From the clocks themselves, not from the column that lists read."""
    rows = Deadline.objects.filter(
        complaint=case, owed_by="enterprise", ended_at=None, state__in=["running", "lapsed"]
    ).exclude(clock__in=["lead", "jurisdiction"])
    return min((row.due_at for row in rows), default=None)


@pytest.mark.parametrize("seed", range(3))
def test_headline_list_and_next_are_the_same_cases_and_the_rest_of_mine_waits_for_others(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    a_world(world, chance)
    now = WEDNESDAY + timedelta(days=chance.randrange(9), hours=3)
    with time_machine.travel(now, tick=False):
        client = signed_in(world.ming)
        page = client.get(WORK)
        rows = page.context["rows"]
        said, late, today = map(int, re.findall(r"\d+", page.context["sentence"]))
        assert said == len(rows) == next(tab["value"] for tab in page.context["tabs"] if tab["is_current"])
        assert walked(client, page) == numbers(page)
        mine = Complaint.objects.filter(handler=world.ming_staff, status__in=list(HAS_RESPONDENT))
        dates = {case.number: owed(case) for case in mine}
        to_do = {
            case.number
            for case in mine
            if dates[case.number] or (case.status in ENTERPRISE_SIDE and case.last_word == "consumer")
        }
        assert set(numbers(page)) == to_do
        assert set(numbers(client.get(QUEUE, {"view": "others"}))) == set(dates) - to_do
        assert set(numbers(client.get(QUEUE, {"view": "mine"}))) == set(dates)
        for row in rows:
            said = client.get(row["url"]).context["page"].next_action.sentence
            is_late = said.startswith(("您这边已逾期：", "已逾期："))
            assert is_late == (row["group"] == 0), (row["complaint"].status, said)
        night = (now + timedelta(hours=8)).replace(hour=0, minute=0) + timedelta(hours=16)
        assert late == sum(at is not None and at <= now for at in dates.values())
        assert today == sum(at is not None and now < at <= night for at in dates.values())
        groups = [row["group"] for row in rows]
        assert groups == sorted(groups)
        for row in rows:
            chip = str(portal.chip(row["clock"]))
            is_late = dates[row["complaint"].number] is not None and row["group"] == 0
            assert ('data-tone="bad"' in chip) == is_late, "red is for my own clock alone"
        for row in client.get(QUEUE, {"view": "others"}).context["rows"]:
            chip = str(portal.chip(row["clock"]))
            assert not row["clock"] or 'data-tone="neutral"' in chip


def test_the_page_says_first_why_the_case_is_on_the_list_where_others_must_act_now(world: World) -> None:
    urged = given.a_complaint(world, status=S.NEGOTIATING)
    last = (WEDNESDAY + timedelta(days=2)).date()
    given.step(urged, supervision.urge(text="请答复。", last_day=f"{last}"), world.officer, WEDNESDAY)
    given.step(urged, given.an_offer(), world.handler, WEDNESDAY)
    asked = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(asked, consumer.add_statement(text="账单第二页有。"), world.consumer, WEDNESDAY)
    for days, first in (
        (1, "您这边还有督办答复期限，须在11月13日24:00前完成。"),
        (3, "您这边已逾期：督办答复期限应于11月13日完成。"),
    ):
        with time_machine.travel(WEDNESDAY + timedelta(days=days), tick=False):
            client = signed_in(world.ming)
            assert set(numbers(client.get(WORK))) == {urged.number, asked.number}
            for case, why in ((urged, first), (asked, "消费者有新的回复。")):
                page = client.get(address(case))
                assert f'<p class="lead">{why}企业提出了方案，等消费者在' in shown(page)
            assert client.get(address(urged)).context["page"].next_action.tone == ("bad" if days == 3 else "warn")


def test_what_others_owe_is_grey_and_named_and_a_filter_holds_with_the_view(world: World) -> None:
    waits = given.a_complaint(world, status=S.AWAITING_CONSUMER, item_name="等消费者的")
    late = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=WEDNESDAY - timedelta(days=7))
    given.step(late, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, WEDNESDAY)
    with time_machine.travel(WEDNESDAY + timedelta(days=14), tick=False):
        client = signed_in(world.ming)
        [row] = client.get(QUEUE, {"view": "others"}).context["rows"]
        assert row["complaint"] == waits
        chip = str(portal.chip(row["clock"]))
        assert ("消费者：" in chip, 'class="chip is-theirs"' in chip, 'data-tone="neutral"' in chip) == (
            True,
            True,
            True,
        )
        # Mine and overdue at once.
        assert numbers(client.get(QUEUE, {"view": "overdue", "handler": "mine"})) == [late.number]
        assert client.get(QUEUE, {"view": "overdue", "handler": "mine"}).context["sentence"] == "逾期1件"
        assert numbers(client.get(WORK)) == [late.number]


@pytest.mark.parametrize("seed", range(2))
def test_every_view_stands_by_what_we_owe_and_names_what_others_owe(world: World, seed: int) -> None:
    chance = random.Random(seed)
    a_world(world, chance)
    with time_machine.travel(WEDNESDAY + timedelta(days=chance.randrange(9), hours=3), tick=False):
        client = signed_in(world.ming)
        for view in ("all", "overdue", "soon", "replied", "waiting", "performing", "mine", "urged"):
            rows = client.get(QUEUE, {"view": view}).context["rows"]
            dates = [(owed(row["complaint"]), row["complaint"].pk) for row in rows]
            assert dates == sorted(dates, key=lambda one: (one[0] is None, one[0] or WEDNESDAY, one[1])), view
            for row, (date, _pk) in zip(rows, dates, strict=True):
                chip = str(portal.chip(row["clock"])) if row["clock"] else ""
                assert ("is-theirs" in chip) is (date is None and bool(chip)), (view, chip)


def test_the_day_begins_there_and_an_empty_one_says_so(world: World, django_assert_num_queries: Any) -> None:
    client = signed_in(world.ming)
    assert client.get("/enterprise/").headers["Location"] == WORK
    assert "现在没有等您办的案件。" in shown(client.get(WORK))
    for more in (1, 4):
        for _ in range(more):
            given.a_complaint(world, status=S.NEGOTIATING)
        client.get(WORK)
        with django_assert_num_queries(QUERIES):
            page = client.get(WORK)
        assert page.context["sentence"].startswith(f"我的活{len(page.context['rows'])}件")
    first, second = client.get(WORK, {"size": "25", "after": "2"}), client.get(QUEUE, {"view": "work"})
    assert numbers(first) == numbers(second)[2:]
    for odd in ("x", "-1", "99999", "1.5"):
        assert client.get(WORK, {"after": odd}).status_code == 200


def test_whoever_gave_a_case_back_is_told_nobodys_turn_as_his_own(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    moved_to_telecom(world, case)
    page = signed_in(world.lead).get(address(case)).context["page"]
    assert case.status == S.WITH_ENTERPRISE
    assert (page.is_former, page.next_action.is_your_turn, page.next_action.tone) == (True, False, "info")
    assert page.next_action.holder_detail == ""
    assert case_url(case) not in shown(signed_in(world.lead).get(WORK)).partition("<main")[2]


def test_a_case_stands_beside_its_list_and_leads_on_in_its_order(world: World, django_assert_num_queries: Any) -> None:
    cases = [given.a_complaint(world, status=S.NEGOTIATING, item_name=f"套餐{n}") for n in range(3)]
    client = signed_in(world.ming)
    rows = numbers(client.get(WORK))
    assert sorted(rows) == sorted(case.number for case in cases)
    page = client.get(client.get(WORK).context["split_url"])
    assert (page.context["shown_number"], list(page.context["beside"])) == (rows[0], ["j"])
    second = client.get(page.context["beside"]["j"])
    assert (second.context["shown_number"], second.context["complaint"].number) == (rows[1], rows[1])
    with django_assert_num_queries(SPLIT_QUERIES):
        last = client.get(second.context["beside"]["j"])
    assert (last.context["shown_number"], list(last.context["beside"])) == (rows[2], ["k"])
    assert 'aria-current="true"' in shown(last)
    stranger = given.a_complaint(world, status=S.TRIAGE)
    assert client.get(WORK, {"split": "1", "open": stranger.number}).status_code == 404
    assert client.get(WORK, {"split": "1", "open": "x"}).status_code == 404


#: The list, and the page of a case without who asks and without the calendar, which came with the list.
SPLIT_QUERIES = QUERIES + 2 + 3 + 1
