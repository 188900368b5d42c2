"""What a person has read, who else has a case open, and views kept under a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import time_machine

from accounts.models import User
from accounts.roles import Role
from complaints.assignment import assigning
from complaints.handling.steps import consumer
from complaints.models import Complaint, Reading, SavedView
from complaints.privacy import erasing
from complaints.procedure.workflow import Status
from database import row_security
from enterprises.models import Branch, Staff
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import address, moved_to_telecom, send, shown, signed_in

S = Status
QUEUE, VIEWS = "/enterprise/queue/", "/enterprise/views/"
NOON = WEDNESDAY + timedelta(hours=3)


def new_ones(page: Any) -> dict[str, bool]:
    return {row["complaint"].number: row["is_new"] for row in page.context["rows"]}


def colleague(world: World, branch: Branch | None = None) -> User:
    user = User.objects.create_user("wang@example.com", "a long pass phrase", name="王强")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=branch or world.fuzhou, role=Role.HANDLER.post)
    return user


def test_new_is_what_i_have_not_opened_whatever_a_colleague_read_said_or_looked_at(world: World) -> None:
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


def test_a_colleague_who_has_it_open_is_named_for_some_minutes(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    wang = signed_in(colleague(world))
    ming = signed_in(world.ming)
    assert "打开了这件" not in shown(ming.get(address(case)))
    assert "明试在13:00打开了这件" in shown(wang.get(address(case)))
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        assert "王强在13:00打开了这件" in shown(ming.get(address(case)))
        # Nobody sees himself, and the consumer sees none of them.
        assert "明试在" not in shown(ming.get(address(case)))
        assert "王强" not in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    with time_machine.travel(NOON + assigning.IS_THERE_FOR + timedelta(minutes=3), tick=False):
        assert "王强在" not in shown(signed_in(world.ming).get(address(case)))


def test_who_had_the_case_before_does_not_see_who_reads_it_now(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    signed_in(world.lead).get(address(case))
    assert signed_in(world.hua).get(address(case)).status_code == 404
    assert not Reading.objects.exclude(user=world.lead).exists()


def test_who_read_a_case_at_another_firm_opens_it_anew_at_this_one(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    signed_in(world.ming).get(address(case))
    moved_to_telecom(world, case)
    ming = signed_in(world.ming)
    assert new_ones(ming.get(QUEUE)) == {case.number: True}
    assert ming.get(address(case)).status_code == 200
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
    assert "我的" in shown(offered)
    assert "流量超额费用" in shown(offered)
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


def test_the_same_name_gets_new_conditions_and_a_form_sent_twice_saves_once(world: World) -> None:
    client = signed_in(world.ming)
    for _ in range(2):
        assert save(client, "专班", "view=mine", key="k" * 20).status_code == 302
    save(client, "专班", "view=today&q=宽带")
    row = SavedView.objects.get()
    assert row.query == "view=today&q=%E5%AE%BD%E5%B8%A6"
    # What is searched for by words is not counted.
    assert [tab["count"] for tab in client.get(QUEUE).context["tabs"] if tab["title"] == "专班"] == [""]


def test_a_bad_name_is_said_at_its_field_and_odd_conditions_are_left_out(world: World) -> None:
    for name, query in (("", "view=mine"), ("长" * 21, "view=mine")):
        answer = save(signed_in(world.ming), name, query)
        assert answer.status_code == 422
        assert "error-summary" in shown(answer)
        assert not SavedView.objects.exists()
    for query in ("view=nothing&handler=99999999999&branch=x&problem=y", "after=1.1&evil=1", "%00&&==", "x" * 5000):
        assert save(signed_in(world.ming), "专班", query).status_code == 302
        assert SavedView.objects.get().query == "view=all"


def test_there_is_room_for_some_views_only(world: World) -> None:
    client = signed_in(world.ming)
    for n in range(12):
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


def test_what_was_read_is_forgotten_a_while_after_a_case_was_closed(world: World) -> None:
    case, running = given.a_complaint(world, status=S.CLOSED), given.a_complaint(world, status=S.NEGOTIATING)
    for one in (case, running):
        signed_in(world.ming).get(address(one))
    assert Reading.objects.count() == 2
    erasing.sweep_expired(now=NOON + erasing.READ_KEPT_FOR + timedelta(days=1))
    assert [row.complaint_id for row in Reading.objects.all()] == [running.pk]
