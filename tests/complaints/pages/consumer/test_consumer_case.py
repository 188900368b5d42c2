"""The consumer's case page and list: what they say in each status, to whom, and at what cost."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import Http404

from accounts.models import User
from complaints import handling
from complaints.handling.steps import authority, both, consumer, enterprise
from complaints.handling.transition import contact_access
from complaints.models import Deadline, Evidence
from complaints.pages.consumer import views
from complaints.procedure.derivation import day_by_day, explain
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.reading.case import AUTHORITY, CONSUMER, ENTERPRISE, open_case
from database.row_security import seeing_as
from tests import found_in, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.files import png as a_png
from tests.complaints.pages.at_home import accepted, at, place, reported, withdrawn
from tests.complaints.pages.at_the_desk import checked, send, shown, signed_in
from tests.languages import in_language

pytestmark = pytest.mark.usefixtures("clock")
SOON = WEDNESDAY + timedelta(hours=1)
#: Session with person; the case, all that hangs on it, and whether rules and calendar changed. The same for the
#: smallest and the largest case. The goal is 12 with what begins and ends a request.
QUERIES_OF_A_CASE = 1 + 3
QUERIES_OF_THE_LIST = 6


def test_the_page_says_who_does_what_by_when_and_every_button_leads_on(world: World) -> None:
    for status in (status for status in S if status != S.DRAFT):
        case, client = given.a_complaint(world, status=status), signed_in(world.chen)
        for language in ("en", "zh-hans"):
            answer = client.get(place(case), headers={"accept-language": language})
            assert answer.status_code == 200
            text, next_action = shown(answer), answer.context["page"].next_action
            # Of a closed case the card says how it ended.
            who = next_action.sentence if status == S.CLOSED else next_action.holder
            assert not missing_in(text, case.number, next_action.status, who, next_action.if_missed)
            if next_action.deadline is not None:
                assert f"{place(case)}why/" in text
            if not answer.context["calls"]:
                assert next_action.sentence in text
        addresses = [c.url for c in answer.context["calls"]] + [m["url"] for m in answer.context["more"]]
        if answer.context["closed"] is not None:
            addresses += [door.url for door in answer.context["closed"].doors]
        assert addresses, status
        for address in addresses:
            assert client.get(address).status_code == 200, address
        # No step is offered that the table does not allow.
        steps = open_case(world.chen, case.number, side=CONSUMER, now=SOON).steps
        assert set(steps) <= set(handling.allowed_steps(case, world.consumer))


def test_page_and_list_cost_the_same_however_much_has_happened(world: World, django_assert_num_queries: Any) -> None:
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
        queries = (views.filed_by.build(world.chen.pk, WEDNESDAY.date()), views.cases_of.build([case.pk]))
        plans = [query.explain() for query in queries]
        cursor.execute("set local enable_seqscan = on")
    assert "cases_of_a_consumer" in plans[0]
    assert [plan for plan in plans if "Seq Scan on complaints_complaint" in plan] == []


def test_a_case_that_waits_for_the_consumer_is_always_first_and_who_has_none_is_shown_the_way(world: World) -> None:
    statuses = (S.CLOSED, S.NEGOTIATING, S.FILED, S.AWAITING_CONSUMER, S.PERFORMING, S.AWAITING_MATERIAL)
    made = [given.a_complaint(world, status=status) for status in statuses]
    groups = signed_in(world.chen).get("/cases/").context["groups"]
    assert [g["title"] for g in groups] == ["轮到您了", "正在办理", "已办结"]
    assert {c["complaint"].pk for c in groups[0]["cards"]} == {made[3].pk, made[5].pk}
    for group in groups[:2]:
        days = [c["next_action"].deadline.due_at for c in group["cards"]]
        assert days == sorted(days)
    assert [c["complaint"].pk for c in groups[2]["cards"]] == [made[0].pk]
    assert not missing_in(shown(signed_in(world.otto).get("/cases/")), "您还没有投诉", 'href="/file/"')


def test_two_taps_end_the_negotiation(world: World) -> None:
    client = signed_in(world.chen)
    for status in (S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER):
        case = given.a_complaint(world, status=status)
        assert f'href="{place(case, "stop")}"' in shown(client.get(place(case)))
        assert send(client, place(case, "stop"), {"text": ""}).status_code == 302
        assert reloaded(case).status == S.REVIEW


def test_why_this_date_equals_the_stored_derivation_and_each_promise_has_a_date_of_its_own(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    clocks, client = Deadline.objects.filter(complaint=case), signed_in(world.chen)
    for deadline in clocks:
        for language in ("zh-hans", "en"):
            page = client.get(place(case, f"why/{deadline.clock}"), headers={"accept-language": language})
            text = shown(page)
            for line in in_language(language, explain, deadline.derivation):
                assert line in text, (deadline.clock, line)
            assert page.context["days"] == in_language(language, day_by_day, deadline.derivation)
            counted = [c for week in page.context["weeks"] for c in week if c["kind"] in ("is-count", "is-last")]
            assert (len(counted), counted[-1]["day"]) == (deadline.length, deadline.last_day)
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
    assert (page.is_former, page.actor) == (True, None)
    assert (page.steps, page.clocks, page.files, page.offers, page.person.phone) == ((), [], [], [], "")
    text = " ".join(part.text for message in page.thread for part in message.parts)
    assert ("我们来处理" in text, "不是我们的用户" in text) == (False, True)
    steps = {e.step for e in page.timeline}
    assert (steps >= {"file", "return_case"}, "accept_case" in steps) == (True, False)
    new = open_case(world.hua, case.number, side=ENTERPRISE, now=SOON)
    assert "不是我们的用户" not in " ".join(p.text for m in new.thread for p in m.parts)
    with pytest.raises(Http404):
        open_case(world.hua, case.number, side=CONSUMER, now=SOON)


def test_what_only_one_side_may_know_stays_there_and_each_sees_of_the_person_what_it_may(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, enterprise.add_internal_note(text="先查计费。"), world.handler, WEDNESDAY)
    given.step(case, enterprise.flag_concern(text="像是索赔。"), world.handler, WEDNESDAY)
    sides = ((CONSUMER, world.chen), (ENTERPRISE, world.ming), (AUTHORITY, world.rui))
    seen = {side: open_case(user, case.number, side=side, now=SOON) for side, user in sides}
    inner = {"add_internal_note", "flag_concern"}
    steps = {side: inner & {e.step for e in page.timeline} for side, page in seen.items()}
    assert steps == {CONSUMER: set(), ENTERPRISE: {"add_internal_note"}, AUTHORITY: {"flag_concern"}}
    assert "concern" not in seen[CONSUMER].matters
    assert not found_in(shown(signed_in(world.chen).get(place(case))), "先查计费", "像是索赔")
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    known, masked = ("陈试", "13800000001"), ("陈**", "138****0001")

    def named(user: User, side: str) -> str:
        return " ".join(e.actor for e in open_case(user, case.number, side=side, now=SOON).timeline)

    def person(user: User, side: str) -> tuple[str, str]:
        row = open_case(user, case.number, side=side, now=SOON).person
        assert row.is_masked == (row.name != known[0])
        return row.name, row.phone

    names = named(world.ming, ENTERPRISE)
    assert ("陈试" in names, "消费者" in names, "您" in named(world.chen, CONSUMER)) == (False, True, True)
    assert (person(world.chen, CONSUMER), person(world.ming, ENTERPRISE)) == (known, masked)
    assert open_case(world.ming, case.number, side=ENTERPRISE, now=SOON).person.address == "福州市鼓楼区***"
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, WEDNESDAY)
    assert person(world.ming, ENTERPRISE) == masked
    given.step(case, contact_access.reveal_contact(reason="look_call"), world.handler, SOON)
    assert person(world.ming, ENTERPRISE) == known
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    assert (person(world.ming, ENTERPRISE), person(world.rui, AUTHORITY)) == (masked, masked)
    given.step(case, contact_access.reveal_contact(reason="look_identity"), world.officer, SOON)
    assert (person(world.rui, AUTHORITY), person(world.su, AUTHORITY)) == (known, masked)


def test_each_deciding_step_is_undone_and_names_the_authority_that_gets_it(world: World, clock: Any) -> None:
    refusal = {"answer": "decline", "reason": "other", "counter_demand": "全退"}
    ways = [
        (at(S.AWAITING_CONSUMER), "offer/1", {"answer": "accept", "rest": "give_up"}, "退还多扣费用 ¥128.50"),
        (at(S.AWAITING_CONSUMER), "offer/1", refusal, "您希望：全退"),
        (at(S.NEGOTIATING), "stop", {}, "您不再与企业协商"),
        (at(S.NEGOTIATING), "withdraw", {"reason": "other"}, "您撤回了投诉"),
        (reported, "performed", {"answer-1": "done"}, "退还多扣费用：做到了"),
    ]
    client = signed_in(world.chen)
    for prepare, name, text, label in ways:
        case = prepare(world)
        before = case.status
        assert send(client, place(case, name), text)["Location"] == place(case, "done")
        assert not missing_in(shown(client.get(place(case, "done"))), label, "点错了？")
        assert send(client, place(case, "undo"), {}).status_code == 302
        assert reloaded(case).status == before
        # Once only: the same step cannot be taken back again.
        assert client.get(place(case, "done"))["Location"] == place(case)
    # What is promised before the button is what the step does.
    for prepare, name in ((at(S.NEGOTIATING), "stop"), (withdrawn, "refer")):
        case = prepare(world)
        page = shown(client.get(place(case, name)))
        assert send(client, place(case, name), {}).status_code == 302
        assert reloaded(case).status == S.REVIEW
        assert case.handling_authority.name in page


def test_files_come_with_a_statement_or_none_is_kept(world: World, clock: Any, tmp_path: Any, settings: Any) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.chen)
    page = shown(client.get(place(case, "statement")))
    assert 0 < page.index('name="text"') < page.index('name="uploads"')
    png = a_png()
    good, bad = SimpleUploadedFile("账单.png", png), SimpleUploadedFile("x.exe", b"MZ\x90\x00\x01\x02")
    typed: dict[str, Any] = {"text": "账单见附件，第二页。", "uploads": [good, bad]}
    checked(send(client, place(case, "statement"), typed), 422, "账单见附件，第二页。", "x.exe")
    assert not Evidence.objects.filter(complaint=case).exists()
    typed = {"uploads": [SimpleUploadedFile("账单.png", png)]}
    assert send(client, place(case, "statement"), typed).status_code == 302
    page, row = shown(client.get(place(case))), Evidence.objects.get(complaint=case)
    assert place(case, f"files/{row.pk}") in page
    handed = client.get(place(case, f"files/{row.pk}"))
    assert b"".join(handed.streaming_content).startswith(b"\x89PNG")
    assert handed["Content-Disposition"].startswith("attachment")
    assert handed["X-Content-Type-Options"] == "nosniff"
    # The parties to the case have it too, strangers do not.
    assert signed_in(world.ming).get(place(case, f"files/{row.pk}")).status_code == 200
    assert signed_in(world.hua).get(place(case, f"files/{row.pk}")).status_code == 404
    case, settings.EVIDENCE_ROOT = given.a_complaint(world, status=S.AWAITING_MATERIAL), str(tmp_path)
    clock.move_to(WEDNESDAY + timedelta(days=14), tick=False)
    typed = {"text": "这是补充的账单，请查收。", "uploads": [SimpleUploadedFile("a.png", a_png(1))]}
    assert send(signed_in(world.chen), place(case, "material"), typed).status_code == 409
    assert not Evidence.objects.filter(complaint=case).exists()
    assert not [f for f in tmp_path.rglob("*") if f.is_file()]
    assert reloaded(case).status == S.REVIEW


def test_undo_ends_at_midnight_and_an_answer_is_judged_after_the_lapse(world: World, clock: Any) -> None:
    case = accepted(world)
    clock.move_to(datetime(2026, 11, 12, 15, 59, 59, tzinfo=UTC), tick=False)
    assert signed_in(world.chen).get(place(case, "undo")).status_code == 200
    clock.move_to(datetime(2026, 11, 12, 16, 0, tzinfo=UTC), tick=False)
    client = signed_in(world.chen)
    assert client.get(place(case, "undo")).status_code == 302
    assert send(client, place(case, "undo"), {}).status_code == 409
    # The page still shows the offer as no sweep ran; the clock decides all the same.
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    clock.move_to(WEDNESDAY + timedelta(days=10), tick=False)
    client, typed = (
        signed_in(world.chen),
        {"answer": "accept", "rest": "give_up", "text": "我当时在医院，现在接受这个方案。"},
    )
    checked(send(client, place(case, "offer/1"), typed), 409, "我当时在医院")
    assert (reloaded(case).status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    assert "现在仍可以答复企业的方案" in shown(client.get(place(case)))
