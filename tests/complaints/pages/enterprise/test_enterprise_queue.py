"""The queue: views with counts, sort by the own deadline, pages by key, a fixed number of queries."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from complaints.assignment import assigning
from complaints.desks import case_search, keyset
from complaints.handling.steps import consumer, enterprise, supervision
from complaints.models import Complaint, Reading, SavedView
from complaints.privacy import erasing
from complaints.procedure.workflow import Status as S
from database import row_security
from enterprises.models import Staff
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import address, checked, colleague, moved_to_telecom, send, shown, signed_in
from tests.server import A_REQUEST
from web.templatetags import portal

QUEUE = "/enterprise/queue/"
#: Who asks: session with person, what may be opened, jobs, branches 4; what may be chosen, own views and calendar 1;
#: counts 1; rows 1; their names and clocks 1. With who calls the database, in A_REQUEST, it is the goal of ten.
QUERIES = 8 + A_REQUEST


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
    assert numbers(page) == [first.number, later.number]
    chips = [str(portal.chip(row["clock"])) for row in page.context["rows"]]
    assert ("督办答复期限：" in chips[0], "：" in chips[1]) == (True, False)


def test_what_burns_elsewhere_moves_nothing_and_is_named_where_nothing_of_ours_runs(world: World) -> None:
    """The office is late with an answer: both stand by our own date; what waits for the consumer alone stands last."""
    waits = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    later, asked = (given.a_complaint(world, status=S.NEGOTIATING) for _ in range(2))
    given.step(asked, enterprise.ask_authority(text="这项业务按什么规定？"), world.handler, WEDNESDAY)
    with time_machine.travel(WEDNESDAY + timedelta(days=5), tick=False):
        page = signed_in(world.ming).get(QUEUE)
    assert numbers(page) == [later.number, asked.number, waits.number]
    chips = [str(portal.chip(row["clock"])) for row in page.context["rows"]]
    assert [("监管部门" in chip, "消费者：" in chip, "is-theirs" in chip) for chip in chips] == [
        (False, False, False),
        (False, False, False),
        (False, True, True),
    ]


def test_views_count_what_they_show(world: World) -> None:
    statuses = (S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED, S.TRIAGE)
    made = {status: given.a_complaint(world, status=status) for status in statuses}
    replied = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(replied, consumer.add_statement(text="账单第二页有。"), world.consumer, WEDNESDAY)
    given.step(given.a_complaint(world, status=S.NEGOTIATING), consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    client = signed_in(world.ming)
    result = counts(client.get(QUEUE))
    expected = {"new": 1, "today": 0, "soon": 1, "overdue": 0, "fresh": 5, "replied": 2, "performing": 1, "waiting": 1}
    expected |= {"breached": 0, "urged": 0, "mine": 5, "unassigned": 1, "unowned": 0, "all": 6, "past": None}
    # Mine that I owe something for, and mine that wait for the consumer and for the authority.
    expected |= {"work": 3, "others": 2}
    assert result == expected
    for view, number in result.items():
        page = client.get(QUEUE, {"view": view})
        assert (page.status_code, number in (None, len(numbers(page)))) == (200, True)
    assert numbers(client.get(QUEUE, {"view": "past"})) == [made[S.CLOSED].number]
    assert made[S.TRIAGE].number not in shown(client.get(QUEUE))
    assert list(new_ones(client.get(QUEUE, {"view": "replied"})).values()) == [True, True]


def test_pages_by_key_show_every_case_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "PAGE", 2)
    made = [given.a_complaint(world, status=S.NEGOTIATING, now=WEDNESDAY - timedelta(days=n % 3)) for n in range(5)]
    Complaint.objects.filter(pk=made[0].pk).update(enterprise_due_at=None)
    client, url, pages = signed_in(world.ming), QUEUE, []
    while url:
        page = client.get(url)
        pages.append(numbers(page))
        url = page.context["next_url"]
    seen = [number for chosen in pages for number in chosen]
    assert (sorted(seen), seen[-1]) == (sorted(case.number for case in made), made[0].number)
    back = client.get(page.context["previous_url"])
    assert numbers(back) == pages[-2]
    assert numbers(client.get(back.context["previous_url"])) == pages[0]


def test_conditions_narrow_and_are_taken_away_the_next_deadline_first_and_odd_ones_show_a_page(world: World) -> None:
    one = given.a_complaint(world, status=S.NEGOTIATING)
    two, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    assert numbers(client.get(QUEUE, {"q": one.number[:15]})) == [one.number]
    unassigned = client.get(QUEUE, {"handler": "none"})
    assert numbers(unassigned) == [two.number]
    assert len(numbers(client.get(unassigned.context["active"][0]["remove_url"]))) == 2
    assert "没有符合条件的案件" in shown(client.get(QUEUE, {"q": "没有这样的"}))
    assert numbers(client.get(QUEUE)) == [two.number, one.number]
    for key in ("x", "x.", "1.2.3", "99999999999999999999.1", "-1.5", "'.1", "x.99999999999999999999"):
        for name in ("after", "before"):
            assert client.get(QUEUE, {name: key}).status_code == 200
    for query in ({"view": "none"}, {"q": "长" * 500}, {"handler": "7"}, {"view": "长"}):
        assert client.get(QUEUE, query).status_code == 200


def test_a_word_finds_open_and_ended_cases_however_old(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_search, "LOOKED_THROUGH", 1)
    old = given.a_complaint(world, status=S.CLOSED, now=WEDNESDAY - timedelta(days=9))
    fresh, held = (given.a_complaint(world, status=status) for status in (S.CLOSED, S.NEGOTIATING))
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


def test_due_today_and_overdue_and_an_empty_view_says_why(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    page = shown(signed_in(world.ming).get(QUEUE, {"view": "overdue"}))
    assert not missing_in(page, "没有逾期的案件，都在期限内。", 'href="/enterprise/queue/"')
    with time_machine.travel(WEDNESDAY + timedelta(days=2), tick=False):
        client = signed_in(world.ming)
        assert (counts(client.get(QUEUE))["today"], counts(client.get(QUEUE))["overdue"]) == (1, 0)
    with time_machine.travel(WEDNESDAY + timedelta(days=5), tick=False):
        client = signed_in(world.ming)
        page = client.get(QUEUE, {"view": "overdue"})
        assert (numbers(page), counts(page)["today"]) == ([case.number], 0)
        assert "逾期" in page.context["sentence"]


def test_neither_more_cases_nor_words_cost_more_statements(world: World, django_assert_num_queries: Any) -> None:
    client = signed_in(world.ming)
    for more in ([S.PERFORMING], [S.NEGOTIATING, S.PERFORMING] * 3):
        for status in more:
            given.a_complaint(world, status=status)
        client.get(QUEUE)
        with django_assert_num_queries(QUERIES):
            assert client.get(QUEUE, {"size": "100"}).status_code == 200
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for text in ("宽带", "没有这样的", "宽", case.number[-9:], "陈试"):
        client.get(QUEUE, {"q": text})
        is_found = bool(numbers(client.get(QUEUE, {"q": text})))
        # The names and clocks of no rows are not read.
        with django_assert_num_queries(QUERIES + 1 - (not is_found)):
            client.get(QUEUE, {"q": text})


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


VIEWS = "/enterprise/views/"
NOON = WEDNESDAY + timedelta(hours=3)


def new_ones(page: Any) -> dict[str, bool]:
    return {row["complaint"].number: row["is_new"] for row in page.context["rows"]}


def test_new_is_what_i_have_not_opened_whatever_a_colleague_did_until_a_while_after_the_end(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    ming, lead = signed_in(world.ming), signed_in(world.lead)
    assert new_ones(ming.get(QUEUE)) == {case.number: True}
    assert ming.get(address(case)).status_code == 200
    assert new_ones(ming.get(QUEUE)) == {case.number: False}
    assert new_ones(lead.get(QUEUE)) == {case.number: True}
    given.step(case, consumer.add_statement(text="账单第二页有。"), world.consumer, NOON)
    assert new_ones(ming.get(QUEUE)) == {case.number: True}
    # Whoever only asks whether it is there has not read it.
    assert ming.head(address(case)).status_code == 200
    assert new_ones(ming.get(QUEUE)) == {case.number: True}
    assert lead.get(address(case)).status_code == 200
    before = lead.get(QUEUE).context["rows"][0]["last_event"]
    assert before
    assert send(ming, address(case, "reveal"), {"reason": "look_call", "text": ""}).status_code == 302
    row = lead.get(QUEUE).context["rows"][0]
    assert (row["last_event"], row["is_new"]) == (before, False)
    case, running = given.a_complaint(world, status=S.CLOSED), given.a_complaint(world, status=S.NEGOTIATING)
    for one in (case, running):
        signed_in(world.ming).get(address(one))
    read = Reading.objects.filter(complaint__in=[case, running])
    assert read.count() == 2
    erasing.sweep_expired(now=NOON + erasing.READ_KEPT_FOR + timedelta(days=1))
    assert [row.complaint_id for row in read.all()] == [running.pk]


def test_a_colleague_who_has_it_open_is_named_for_some_minutes_to_those_who_have_it(world: World) -> None:
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    wang = signed_in(colleague(world, "王强", branch=world.fuzhou).user)
    assert "打开了这件" not in shown(ming.get(address(case)))
    assert "明试在13:00打开了这件" in shown(wang.get(address(case)))
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        assert "王强在13:00打开了这件" in shown(ming.get(address(case)))
        # Nobody sees himself, and the consumer sees none of them.
        assert "明试在" not in shown(ming.get(address(case)))
        assert "王强" not in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    with time_machine.travel(NOON + assigning.IS_THERE_FOR + timedelta(minutes=3), tick=False):
        assert "王强在" not in shown(signed_in(world.ming).get(address(case)))
    case = given.a_complaint(world, status=S.NEGOTIATING)
    signed_in(world.lead).get(address(case))
    assert signed_in(world.hua).get(address(case)).status_code == 404
    assert [row.user for row in Reading.objects.filter(complaint=case)] == [world.lead]


def test_who_read_a_case_at_another_firm_opens_it_anew_at_this_one(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    signed_in(world.ming).get(address(case))
    moved_to_telecom(world, case)
    ming = signed_in(world.ming)
    assert new_ones(ming.get(QUEUE)) == {case.number: True}
    for _time in range(2):
        assert ming.get(address(case)).status_code == 200
    assert new_ones(ming.get(QUEUE)) == {case.number: False}
    expected = {(world.ming.pk, world.mobile.pk), (world.ming.pk, world.telecom.pk)}
    assert set(Reading.objects.values_list("user", "enterprise")) == expected


def test_many_are_marked_as_read_by_who_read_them_at_another_firm(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    signed_in(world.ming).get(address(case))
    moved_to_telecom(world, case)
    with row_security.seeing_as(world.ming, day=NOON.date(), is_at_job=True):
        for _time in range(2):
            assigning.mark_read([case.pk], user=world.ming)
    assert Reading.objects.count() == 2


def save(client: Any, name: str, query: str, key: str = "") -> Any:
    return send(client, VIEWS, {"name": name, "query": query}, key=key)


def test_conditions_are_kept_under_a_name_and_counted(world: World) -> None:
    one = given.a_complaint(world, status=S.NEGOTIATING)
    given.a_complaint(world, status=S.PERFORMING)
    Complaint.objects.filter(pk=one.pk).update(problem_category="telecom.fees.excess_data")
    client = signed_in(world.ming)
    here = client.get(QUEUE, {"view": "mine", "problem": "telecom.fees.excess_data"})
    assert new_ones(here) == {one.number: True}
    offered = client.get(f"{VIEWS}?{here.context['save_query']}")
    assert not missing_in(shown(offered), "我的", "流量超额费用")
    answer = save(client, "资费专班", offered.context["query"])
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    assert [(tab["title"], tab["value"]) for tab in page.context["tabs"] if tab["is_current"]] == [("资费专班", 1)]
    # It is his alone, and nobody takes it away for him.
    assert "资费专班" not in shown(signed_in(world.lead).get(QUEUE))
    row = SavedView.objects.get()
    assert send(signed_in(world.lead), VIEWS, {"remove": str(row.pk)}).status_code == 404
    assert send(client, VIEWS, {"remove": str(row.pk)}).status_code == 302
    assert not SavedView.objects.exists()
    assert "还没有保存的视图。" in shown(client.get(VIEWS))


def test_a_saved_view_gets_new_conditions_by_its_name_and_there_is_room_for_some(world: World) -> None:
    client = signed_in(world.ming)
    for name, query in (("", "view=mine"), ("长" * 21, "view=mine")):
        checked(save(client, name, query), 422, "error-summary")
        assert not SavedView.objects.exists()
    for _ in range(2):
        assert save(client, "专班", "view=mine", key="k" * 20).status_code == 302
    save(client, "专班", "view=today&q=宽带")
    assert SavedView.objects.get().query == "view=today&q=%E5%AE%BD%E5%B8%A6"
    # What is searched for by words is not counted.
    assert [tab["count"] for tab in client.get(QUEUE).context["tabs"] if tab["title"] == "专班"] == [""]
    for query in ("view=nothing&handler=99999999999&branch=x&problem=y", "after=1.1&evil=1", "%00&&==", "x" * 5000):
        assert save(client, "专班", query).status_code == 302
        assert SavedView.objects.get().query == "view=all"
    for n in range(11):
        assert save(client, f"视图{n}", "view=mine").status_code == 302
    assert save(client, "还有一个", "view=mine").status_code == 422
    assert "已经存满" in shown(client.get(VIEWS, {"query": "view=mine"}))
    assert SavedView.objects.count() == 12


def test_conditions_by_person_branch_and_problem(world: World) -> None:
    mine = given.a_complaint(world, status=S.NEGOTIATING)
    given.a_complaint(world, status=S.WITH_ENTERPRISE)
    lead = signed_in(world.lead)
    page = lead.get(QUEUE, {"handler": str(world.ming_staff.pk), "branch": str(world.fuzhou.pk)})
    assert new_ones(page) == {mine.number: True}
    expected = ["处理人：明试", "网点：中国移动福州分公司"]
    assert [one["label"].partition(" ·")[0] for one in page.context["active"]] == expected
    # Who has left is still found by what lies with him; a stranger's number is no condition.
    Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=(NOON - timedelta(days=1)).date())
    assert list(new_ones(lead.get(QUEUE, {"handler": str(world.ming_staff.pk)}))) == [mine.number]
    assert len(new_ones(lead.get(QUEUE, {"handler": str(world.hua_staff.pk)}))) == 2
