"""The consumer's case page and list: what they say in each status, to whom, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import Http404

from complaints import handling
from complaints.handling.steps import authority, both, consumer, enterprise
from complaints.handling.transition import contact_access
from complaints.models import Deadline
from complaints.pages.consumer import views
from complaints.procedure.derivation import day_by_day, explain
from complaints.procedure.workflow import Status
from complaints.reading.case import AUTHORITY, CONSUMER, ENTERPRISE, open_case
from database.row_security import seeing_as
from tests import found_in, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import shown, signed_in
from tests.languages import in_language
from tests.server import A_REQUEST

S = Status
STATUSES = [s for s in Status if s != Status.DRAFT]
SOON = WEDNESDAY + timedelta(hours=1)
#: Session and person; the case, all that hangs on it, and whether rules and calendar changed. The same for the smallest
#: and the largest case. The goal is 12 with what begins and ends a request.
QUERIES_OF_A_CASE = 2 + 3 + A_REQUEST
QUERIES_OF_THE_LIST = 7 + A_REQUEST


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(SOON, tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize("status", STATUSES)
def test_the_page_says_who_does_what_by_when_and_every_button_leads_on(world: World, status: Status) -> None:
    case, client = given.a_complaint(world, status=status), signed_in(world.chen)
    for language in ("en", "zh-hans"):
        answer = client.get(place(case), headers={"accept-language": language})
        assert answer.status_code == 200
        text, next_action = shown(answer), answer.context["page"].next_action
        assert not missing_in(text, case.number, next_action.status, next_action.holder, next_action.if_missed)
        if next_action.deadline is not None:
            assert f"{place(case)}why/" in text
        if not answer.context["calls"]:
            assert next_action.sentence in text
    addresses = [c.url for c in answer.context["calls"]] + [m["url"] for m in answer.context["more"]]
    assert addresses
    for address in addresses:
        assert client.get(address).status_code == 200, address
    # No step is offered that the table does not allow.
    steps = open_case(world.chen, case.number, side=CONSUMER, now=SOON).steps
    assert set(steps) <= set(handling.allowed_steps(case, world.consumer))


def test_the_page_costs_the_same_however_much_has_happened(world: World, django_assert_num_queries: Any) -> None:
    small = given.a_complaint(world, status=S.NEGOTIATING)
    large = given.a_complaint(world, status=S.NEGOTIATING)
    for number in range(4):
        given.step(large, given.an_offer(), world.handler, WEDNESDAY)
        given.step(large, consumer.decline_offer(reason="other", text=f"还是不够 {number}"), world.consumer, WEDNESDAY)
        given.step(large, enterprise.send_message(text="再商量。"), world.handler, WEDNESDAY)
        given.step(large, consumer.add_statement(text="补充。"), world.consumer, WEDNESDAY)
    given.step(large, given.an_offer(), world.handler, WEDNESDAY)
    client = signed_in(world.chen)
    client.get(place(small))
    for case in (small, large):
        with django_assert_num_queries(QUERIES_OF_A_CASE):
            assert client.get(place(case)).status_code == 200


def test_the_list_costs_the_same_however_many_there_are(world: World, django_assert_num_queries: Any) -> None:
    client = signed_in(world.chen)
    given.a_complaint(world, status=S.NEGOTIATING)
    client.get("/cases/")
    for more in (0, 5):
        for _ in range(more):
            given.a_complaint(world, status=S.PERFORMING)
        with django_assert_num_queries(QUERIES_OF_THE_LIST):
            assert client.get("/cases/").status_code == 200


def test_the_list_reads_the_cases_of_one_person_and_not_the_table(world: World) -> None:
    """However many there are of others, as the database sees the person itself: by an index."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    with seeing_as(world.chen, day=WEDNESDAY.date(), is_at_job=False), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        plans = [
            views.filed_by.build(world.chen.pk, WEDNESDAY.date()).explain(),
            views.cases_of.build([case.pk]).explain(),
        ]
        cursor.execute("set local enable_seqscan = on")
    assert "cases_of_a_consumer" in plans[0]
    assert [plan for plan in plans if "Seq Scan on complaints_complaint" in plan] == []


def test_a_case_that_waits_for_the_consumer_is_always_first_and_who_has_none_is_shown_the_way(world: World) -> None:
    made = [
        given.a_complaint(world, status=s)
        for s in (S.CLOSED, S.NEGOTIATING, S.FILED, S.AWAITING_CONSUMER, S.PERFORMING, S.AWAITING_MATERIAL)
    ]
    groups = signed_in(world.chen).get("/cases/").context["groups"]
    assert [g["title"] for g in groups] == ["轮到您了", "正在办理", "已办结"]
    assert {c["complaint"].pk for c in groups[0]["cards"]} == {made[3].pk, made[5].pk}
    for group in groups[:2]:
        days = [c["next_action"].deadline.due_at for c in group["cards"]]
        assert days == sorted(days)
    assert [c["complaint"].pk for c in groups[2]["cards"]] == [made[0].pk]
    assert not missing_in(shown(signed_in(world.otto).get("/cases/")), "您还没有投诉", 'href="/file/"')


@pytest.mark.parametrize("status", [S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER])
def test_two_taps_end_the_negotiation(world: World, status: Status) -> None:
    case = given.a_complaint(world, status=status)
    client = signed_in(world.chen)
    assert f'href="{place(case, "stop")}"' in shown(client.get(place(case)))
    assert client.post(place(case, "stop"), {"idempotency_key": "k" * 20, "text": ""}).status_code == 302
    assert reloaded(case).status == S.REVIEW


def test_why_this_date_equals_the_stored_derivation_and_each_promise_has_a_date_of_its_own(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    clocks = Deadline.objects.filter(complaint=case)
    client = signed_in(world.chen)
    for clock in clocks:
        for language in ("zh-hans", "en"):
            page = client.get(place(case, f"why/{clock.clock}"), headers={"accept-language": language})
            text = shown(page)
            for line in in_language(language, explain, clock.derivation):
                assert line in text, (clock.clock, line)
            assert page.context["days"] == in_language(language, day_by_day, clock.derivation)
            counted = [c for week in page.context["weeks"] for c in week if c["kind"] in ("is-count", "is-last")]
            assert (len(counted), counted[-1]["day"]) == (clock.length, clock.last_day)
    case = given.a_complaint(world, status=S.PERFORMING)
    page = signed_in(world.chen).get(place(case, "why/performance-1"))
    assert (page.status_code, page.context["clock"].last_day) == (200, date(2026, 12, 7))


def test_staff_who_follow_a_notice_are_sent_to_their_own_page_and_an_unknown_word_is_no_page(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    answer = signed_in(world.ming).get(place(case))
    assert (answer.status_code, answer["Location"]) == (302, f"/enterprise/cases/{case.number}/")
    assert signed_in(world.ming).get(place(case, "why/negotiation")).status_code == 200
    assert signed_in(world.rui).get(place(case, "why/negotiation")).status_code == 200
    assert signed_in(world.hua).get(place(case, "why/negotiation")).status_code == 404
    for name in ("why/nonsense", "why/negotiation-4", "files/99999"):
        assert signed_in(world.chen).get(place(case, name)).status_code == 404


def test_a_former_enterprise_reads_its_own_time_only(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    moves: list[tuple[handling.Move, Any]] = [
        (enterprise.return_case(reason="wrong_entity", text="不是我们的用户。"), world.handler),
        (authority.ask_consent(enterprise_id=world.telecom.pk), world.intake),
        (both.give_consent(), world.consumer),
        (authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=given.BECAUSE), world.intake),
        (enterprise.accept_case(handler_id=world.hua_staff.pk), world.stranger),
        (enterprise.send_message(text="我们来处理。"), world.stranger),
        (given.an_offer(), world.stranger),
    ]
    for minute, (move, actor) in enumerate(moves, start=1):
        given.step(case, move, actor, WEDNESDAY + timedelta(minutes=minute))
    page = open_case(world.ming, case.number, side=ENTERPRISE, now=SOON)
    assert page.is_former
    assert page.actor is None
    assert (page.steps, page.clocks, page.files, page.offers, page.person.phone) == ((), [], [], [], "")
    text = " ".join(part.text for message in page.thread for part in message.parts)
    assert "我们来处理" not in text
    assert "不是我们的用户" in text
    assert {e.step for e in page.timeline} >= {"file", "return_case"}
    assert "accept_case" not in {e.step for e in page.timeline}
    new = open_case(world.hua, case.number, side=ENTERPRISE, now=SOON)
    assert "不是我们的用户" not in " ".join(p.text for m in new.thread for p in m.parts)
    with pytest.raises(Http404):
        open_case(world.hua, case.number, side=CONSUMER, now=SOON)


def test_what_only_one_side_may_know_stays_there_and_each_sees_of_the_person_what_it_may(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, enterprise.add_internal_note(text="先查计费。"), world.handler, WEDNESDAY)
    given.step(case, enterprise.flag_concern(text="像是索赔。"), world.handler, WEDNESDAY)
    seen = {
        side: open_case(user, case.number, side=side, now=SOON)
        for side, user in ((CONSUMER, world.chen), (ENTERPRISE, world.ming), (AUTHORITY, world.rui))
    }
    steps = {side: {e.step for e in page.timeline} for side, page in seen.items()}
    assert not steps[CONSUMER] & {"add_internal_note", "flag_concern"}
    assert "add_internal_note" in steps[ENTERPRISE]
    assert "flag_concern" not in steps[ENTERPRISE]
    assert "add_internal_note" not in steps[AUTHORITY]
    assert "flag_concern" in steps[AUTHORITY]
    assert "concern" not in seen[CONSUMER].matters
    assert not found_in(shown(signed_in(world.chen).get(place(case))), "先查计费", "像是索赔")
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    page = open_case(world.ming, case.number, side=ENTERPRISE, now=SOON)
    text = " ".join(e.actor for e in page.timeline)
    assert "陈试" not in text
    assert "消费者" in text
    assert "您" in " ".join(e.actor for e in open_case(world.chen, case.number, side=CONSUMER, now=SOON).timeline)
    own = open_case(world.chen, case.number, side=CONSUMER, now=SOON).person
    assert (own.name, own.phone, own.is_masked) == ("陈试", "13800000001", False)
    before = open_case(world.ming, case.number, side=ENTERPRISE, now=SOON).person
    assert (before.name, before.phone, before.address) == ("陈**", "138****0001", "福州市鼓楼区***")
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, WEDNESDAY)
    masked = open_case(world.ming, case.number, side=ENTERPRISE, now=SOON).person
    assert (masked.name, masked.phone) == ("陈**", "138****0001")
    given.step(case, contact_access.reveal_contact(reason="look_call"), world.handler, SOON)
    after = open_case(world.ming, case.number, side=ENTERPRISE, now=SOON).person
    assert (after.name, after.phone) == ("陈试", "13800000001")
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    ended = open_case(world.ming, case.number, side=ENTERPRISE, now=SOON).person
    assert (ended.name, ended.phone) == ("陈**", "138****0001")
    assert open_case(world.rui, case.number, side=AUTHORITY, now=SOON).person.is_masked
    given.step(case, contact_access.reveal_contact(reason="look_identity"), world.officer, SOON)
    officer = open_case(world.rui, case.number, side=AUTHORITY, now=SOON).person
    assert (officer.name, officer.phone) == ("陈试", "13800000001")
    assert open_case(world.su, case.number, side=AUTHORITY, now=SOON).person.is_masked
