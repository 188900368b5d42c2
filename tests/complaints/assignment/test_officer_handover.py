"""Nobody absent holds an open case: leave of officers, its start, what becomes of orphans, and many cases at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer, OfficerAbsence
from complaints.assignment import assigning, owners
from complaints.handling.steps import authority
from complaints.models import Complaint, HandlingStep, Notice
from complaints.record.verification import verify
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_authority import S, ahead, case_at, key, shown, workspace

LEAVE = "/authority/team/leave/"


def another(world: World, name: str, role: str = Role.OFFICER.post) -> Officer:
    user = User.objects.create_user(email=f"{name}@example.com", password="x" * 20, name=name)
    return Officer.objects.create(user=user, authority=world.gulou, role=role)


def away(officer: Officer, by: User, *, deputy: Officer | None = None, on: date | None = None) -> OfficerAbsence:
    day = on or timezone.localdate(WEDNESDAY)
    ends_on = day + timedelta(days=5)
    return OfficerAbsence.objects.create(
        officer=officer, deputy=deputy, starts_on=day, ends_on=ends_on, entered_by=by, entered_at=WEDNESDAY
    )


def with_rui(world: World, status: str = S.REVIEW, now: Any = WEDNESDAY) -> Complaint:
    case = given.a_complaint(world, status=S.REVIEW, now=now)
    given.step(case, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, now)
    if status == S.AWAITING_MATERIAL:
        given.step(case, authority.request_material(what="请补充账单。"), world.officer, now)
    return case


@pytest.mark.parametrize("status", [S.REVIEW, S.AWAITING_MATERIAL])
@pytest.mark.parametrize("kind", ["deputy", "head", "left", "off"])
def test_what_lies_with_somebody_who_is_not_there_goes_to_somebody_who_is(world: World, kind: str, status: str) -> None:
    case, deputy = with_rui(world, status), another(world, "代试")
    if kind == "deputy":
        away(world.rui_officer, world.rui, deputy=deputy)
    elif kind == "head":
        away(world.rui_officer, world.rui)
    elif kind == "left":
        officers = Officer.objects.filter(pk=world.rui_officer.pk)
        officers.update(ends_on=timezone.localdate(WEDNESDAY) - timedelta(days=1))
    else:
        User.objects.filter(pk=world.rui.pk).update(is_active=False)
    assert assigning.sweep_officers(now=WEDNESDAY) == 1
    assert reloaded(case).officer == (deputy if kind == "deputy" else world.head_officer)
    entry = HandlingStep.objects.filter(complaint=case, step="assign_officer").latest("sequence")
    because, why = entry.data["because"], "leave" if kind in ("deputy", "head") else "left"
    assert (because["why"], because["to"]) == (why, "deputy" if kind == "deputy" else "head")
    assert entry.actor_role == "system"
    notices = Notice.objects.filter(complaint=case, kind="assign_officer", addressee="authority")
    assert notices.exists(), "who gets it is told"
    assert assigning.sweep_officers(now=WEDNESDAY) == 0
    assert verify(number=case.number).is_unbroken


def test_a_deputy_who_was_recused_is_passed_over(world: World) -> None:
    case, deputy = with_rui(world), another(world, "代试")
    Complaint.objects.filter(pk=case.pk).update(facts={**case.facts, "recused": [deputy.user_id]})
    away(world.rui_officer, world.rui, deputy=deputy)
    assert assigning.sweep_officers(now=WEDNESDAY) == 1
    assert reloaded(case).officer == world.head_officer


def test_a_deputy_who_is_away_too_is_no_deputy(world: World) -> None:
    case, deputy = with_rui(world), another(world, "代试")
    away(world.rui_officer, world.rui, deputy=deputy)
    away(deputy, world.rui)
    assigning.sweep_officers(now=WEDNESDAY)
    assert reloaded(case).officer == world.head_officer


def test_leave_counts_on_its_days_and_for_every_office_of_the_person_there(world: World) -> None:
    with_rui(world)
    away(world.rui_officer, world.rui, on=timezone.localdate(WEDNESDAY) + timedelta(days=1))
    assert assigning.sweep_officers(now=WEDNESDAY) == 0
    assert assigning.sweep_officers(now=WEDNESDAY + timedelta(days=9)) == 0
    assert assigning.sweep_officers(now=WEDNESDAY + timedelta(days=1)) == 1
    case = with_rui(world)
    away(Officer.objects.create(user=world.rui, authority=world.gulou, role=Role.INTAKE.post), world.rui)
    assert assigning.sweep_officers(now=WEDNESDAY) == 1
    assert reloaded(case).officer == world.head_officer


def test_an_orphan_lies_with_nobody_until_somebody_is_there(world: World) -> None:
    case = with_rui(world)
    away(world.rui_officer, world.rui)
    away(world.head_officer, world.rui)
    assert assigning.sweep_officers(now=WEDNESDAY) == 1
    assert reloaded(case).officer is None
    assert owners.sweep_owners(now=WEDNESDAY) == 0
    newcomer = another(world, "新试")
    assert owners.sweep_owners(now=WEDNESDAY) == 1
    assert reloaded(case).officer == newcomer


@pytest.mark.parametrize(("status", "to_intake"), [(S.TRIAGE, True), (S.REVIEW, False)])
def test_intake_takes_over_triage_and_else_only_if_nobody_is_there(world: World, status: str, to_intake: bool) -> None:
    case = given.a_complaint(world, status=status, now=WEDNESDAY)
    gone, there = another(world, "走试", Role.INTAKE.post), another(world, "收试", Role.INTAKE.post)
    away(gone, world.rui)
    Complaint.objects.filter(pk=case.pk).update(officer=gone, handling_authority=world.gulou)
    assert assigning.sweep_officers(now=WEDNESDAY) == 1
    assert reloaded(case).officer == (there if to_intake else world.head_officer)
    away(world.head_officer, world.rui)
    away(world.rui_officer, world.rui)
    Complaint.objects.filter(pk=case.pk).update(officer=gone)
    assert assigning.sweep_officers(now=WEDNESDAY) == 1
    assert reloaded(case).officer == there


def test_a_heap_is_shared_among_the_heads_and_nobody_on_leave_is_given_a_case(world: World) -> None:
    second = another(world, "二长", Role.APPROVER.post)
    cases = [with_rui(world) for _ in range(4)]
    away(world.rui_officer, world.rui)
    assert assigning.sweep_officers(now=WEDNESDAY) == 4
    holders = [Complaint.objects.get(pk=case.pk).officer for case in cases]
    assert sorted(holders.count(officer) for officer in (world.head_officer, second)) == [2, 2]
    case = given.a_complaint(world, status=S.REVIEW, now=WEDNESDAY)
    move = authority.assign_officer(officer_id=world.rui_officer.pk)
    assert given.refused(case, move, world.actor("head"), WEDNESDAY) == "on_leave"


def test_leave_is_entered_by_oneself_or_the_head_and_taken_back(world: World) -> None:
    own, head = workspace(world.rui), workspace(world.head_officer.user)
    values = {"staff": str(world.rui_officer.pk), "starts_on": ahead(0), "ends_on": ahead(4), "deputy": ""}
    assert "没有，交给负责人" in shown(own.get(LEAVE))
    assert own.post(LEAVE, values | key()).status_code == 302
    assert own.post(LEAVE, values | key()).status_code == 422, "already away"
    case = with_rui(world, now=timezone.now() - timedelta(days=1))
    assigning.sweep_officers(now=timezone.now())
    assert reloaded(case).officer == world.head_officer
    assert "请假至" in shown(head.get("/authority/team/"))
    row = OfficerAbsence.objects.get()
    assert workspace(world.su).post(f"{LEAVE}{row.pk}/cancel/", key()).status_code == 404
    assert head.post(f"{LEAVE}{row.pk}/cancel/", key()).status_code == 302
    assert reloaded(row).cancelled_by == world.head_officer.user
    others = values | {"staff": str(world.head_officer.pk)}
    assert own.post(LEAVE, others | key()).status_code == 422, "not one's own, and no head"


def test_each_number_of_the_team_opens_as_many_cases(world: World) -> None:
    late = timezone.now() - timedelta(days=20)
    for moment in (late, timezone.now()):
        with_rui(world, now=moment)
    case = with_rui(world, S.AWAITING_MATERIAL, now=timezone.now())
    client = workspace(world.head_officer.user)
    page = client.get("/authority/team/")
    line = next(line for line in page.context["rows"] if line["row"] == world.rui_officer)
    numbers = [cell["count"] for cell in line["load"]]
    assert numbers == [3, numbers[1], 1, 0, 1, 20]
    for cell in line["load"][:5]:
        if cell["count"]:
            assert len(client.get(cell["url"]).context["rows"]) == cell["count"]
    assert case.number in shown(client.get(line["load"][4]["url"]))
    assert page.context["unowned"] == 0
    Complaint.objects.filter(officer=world.rui_officer).update(officer=None, status_since=late)
    page = client.get("/authority/team/")
    assert page.context["unowned"] == len(client.get(page.context["unowned_url"]).context["rows"]) == 3


def test_the_page_of_the_team_costs_the_same_however_much_there_is(world: World) -> None:
    client, cost = workspace(world.head_officer.user), []
    for _round in range(2):
        for _ in range(3):
            with_rui(world)
        client.get("/authority/team/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/authority/team/")
        cost.append(len(asked))
    assert cost[0] == cost[1]


def test_many_cases_go_to_somebody_else_each_with_its_result(world: World) -> None:
    cases = [with_rui(world, now=timezone.now()) for _ in range(3)]
    elsewhere = case_at(world, S.TRIAGE)
    client, url = workspace(world.head_officer.user), f"/authority/team/assign/?officer={world.rui_officer.pk}"
    page = shown(client.get(url))
    assert all(case.number in page for case in cases)
    body = {"to": str(world.head_officer.pk), "case": [*(case.number for case in cases), elsewhere.number]} | key()
    for _ in range(2):
        result = client.post(url, body)
    assert "已改派3件，1件没有办" in shown(result)
    assert Complaint.objects.filter(officer=world.head_officer).count() == 3
    empty = client.post(url, {"to": "", "case": []} | key())
    assert (empty.status_code, {"to", "case"} <= set(empty.context["form"].errors)) == (422, True)


def test_the_first_page_leads_to_what_lies_elsewhere_and_came_back(world: World) -> None:
    case_at(world, S.NEGOTIATING)
    given.step(case_at(world, S.NEGOTIATING), authority.recall(text="企业没有处理。"), world.officer, timezone.now())
    client = workspace(world.rui)
    day = client.get("/authority/").context
    groups = (day["burning"], *day["groups"])
    numbers = {str(number["title"]): number for group in groups for number in group["numbers"]}
    for name, wanted in (("企业没有谈成", 1), ("等对方办理", 1), ("督办等答复", 0), ("逾期上报", 0), ("等我回访", 0)):
        assert numbers[name]["value"] == wanted, name
        if wanted:
            assert len(client.get(numbers[name]["url"]).context["rows"]) == wanted
