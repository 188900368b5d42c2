"""Teams: who may give which role where, that the last head stays, and who leaves is out with the next request."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Administrator, SecurityEvent, User
from authorities.models import Authority, Officer
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Staff
from enterprises.team import team
from enterprises.team.rights import Post, TeamActor, authority_reach, enterprise_reach
from enterprises.team.team import TeamRefusal
from tests import at_once, found_in, given, missing_in, reloaded, undone
from tests.api.conftest import Program, token_for
from tests.cast import WEDNESDAY, World, a_new_phone
from tests.complaints.pages.at_the_desk import send, shown, signed_in


def person(name: str) -> User:
    return User.objects.create_user(email=f"{name}@example.com", password="x" * 20, name=name, own_phone=a_new_phone())


def manager(user: User, reach: Any) -> TeamActor:
    now = timezone.now()
    return TeamActor(user=user, reach=reach(user.pk, on=timezone.localdate(now)), now=now)


def branch_manager(branch: Branch) -> User:
    user = person("店长")
    Staff.objects.create(user=user, enterprise=branch.enterprise, branch=branch, role="manager")
    return user


def refused(act: Callable[..., Any], *values: Any, by: TeamActor) -> None:
    with pytest.raises(TeamRefusal):
        act(*values, by=by)


def test_T12_nobody_gives_more_than_they_hold(world: World) -> None:
    new, local = person("new"), manager(branch_manager(world.fuzhou), enterprise_reach)
    assert not enterprise_reach(world.ming.pk, on=timezone.localdate()).posts
    others = Branch.objects.filter(enterprise=world.mobile).exclude(pk=world.fuzhou.pk).exclude(parent=world.fuzhou)
    for branch in (None, *others[:1]):
        refused(team.give, new, Post(enterprise=world.mobile, branch=branch), "handler", by=local)
    refused(team.give, new, Post(enterprise=world.telecom), "handler", by=local)
    refused(team.give, new, Post(authority=world.gulou), "analyst", by=local)
    team.give(new, Post(enterprise=world.mobile, branch=world.fuzhou), "handler", by=local)
    assert Staff.objects.filter(user=new).count() == 1
    assert SecurityEvent.objects.get(kind="role_given").subject == str(new.person_key)


def test_T12_a_head_names_no_second_head_the_superior_does_and_the_last_one_stays(world: World) -> None:
    new, head, above = person("new"), manager(world.head_officer.user, authority_reach), person("above")
    Officer.objects.create(user=above, authority=world.city, role="approver")
    above = manager(above, authority_reach)
    for role, authority in (("approver", world.gulou), ("handler", world.city)):
        refused(team.give, new, Post(authority=authority), role, by=head)
    assert world.gulou.parent_id == world.city.pk
    refused(team.give, new, Post(authority=world.gulou), "handler", by=above)
    refused(team.end, world.head_officer, None, by=above)
    team.give(new, Post(authority=world.gulou), "approver", by=above)
    assert Officer.objects.filter(user=new, role="approver").exists()
    team.end(world.head_officer, None, by=above)
    assert not reloaded(world.head_officer).holds(timezone.localdate())


def test_T12_the_last_manager_is_neither_removed_nor_demoted(world: World) -> None:
    local, by = branch_manager(world.fuzhou), manager(world.lead, enterprise_reach)
    job, today = world.lead_staff, timezone.localdate()
    refused(team.end, job, None, by=by)
    refused(team.change_role, job, "handler", by=by)
    refused(team.end, job, today + timedelta(days=30), by=by)
    assert (reloaded(job).role, job.ends_on) == ("manager", None)
    # Headquarters reaches the branch: its own manager may go.
    team.end(Staff.objects.get(user=local), None, by=by)
    second = Staff.objects.create(user=person("second"), enterprise=world.mobile, role="manager")
    team.end(second, today + timedelta(days=3), by=by)
    refused(team.end, job, today + timedelta(days=3), by=by)


@pytest.mark.django_db(transaction=True)
def test_T12_two_managers_who_remove_each_other_at_once_leave_one(world: World) -> None:
    second = Staff.objects.create(user=person("second"), enterprise=world.mobile, role="manager")
    ways = [
        partial(team.end, row, None, by=manager(by, enterprise_reach))
        for by, row in ((world.lead, second), (second.user, world.lead_staff))
    ]
    told = [answer.code for answer in at_once(*ways, refusal=TeamRefusal) if isinstance(answer, TeamRefusal)]
    managers = Staff.objects.filter(enterprise=world.mobile, role="manager")
    assert (sum(row.holds(timezone.localdate()) for row in managers), told) == (1, ["last_head"])


def test_the_lists_are_read_by_all_at_work_and_by_the_head_above(world: World) -> None:
    page = shown(signed_in(world.ming).get("/enterprise/team/"))
    assert ("明试" in page, "邀请同事" in page) == (True, False)
    page = shown(signed_in(world.lead).get("/enterprise/team/"))
    assert not missing_in(page, "邀请同事", f'href="/enterprise/team/{world.ming_staff.pk}/"')
    assert "华试" not in page
    for user, path in (
        *((world.chen, ""), (world.rui, ""), (world.ming, f"{world.ming_staff.pk}/")),
        *((world.lead, f"{world.hua_staff.pk}/"), (world.lead, "99999999/")),
    ):
        assert signed_in(user).get(f"/enterprise/team/{path}").status_code == 404
    office = {"region": world.gulou.region, "parent": world.gulou, "level": "office"}
    below = Authority.objects.create(name="鼓楼东街所", **office)
    Officer.objects.create(user=person("所员"), authority=below, role="handler")
    head = shown(signed_in(world.head_officer.user).get("/authority/team/"))
    assert (missing_in(head, "所员", "瑞试"), found_in(head, "远试")) == ([], [])
    assert "所员" not in shown(signed_in(world.rui).get("/authority/team/"))


def test_a_manager_changes_a_role_and_stops_somebody_at_once(world: World) -> None:
    client, working, address = signed_in(world.lead), signed_in(world.ming), f"/enterprise/team/{world.ming_staff.pk}/"
    assert working.get("/enterprise/queue/").status_code == 200
    assert send(client, address, {"do": "role", "role": "owner"}).status_code == 422
    assert send(client, address, {"do": "role", "role": "reviewer"}).status_code == 302
    assert reloaded(world.ming_staff).role == "reviewer"
    past = send(client, address, {"do": "end", "last_day": "2020-01-01"})
    assert (past.status_code, "2020-01-01" in shown(past)) == (422, True)
    assert send(client, address, {"do": "stop"}).status_code == 302
    assert working.get("/enterprise/queue/").status_code == 404
    noted = SecurityEvent.objects.filter(subject=str(world.ming.person_key)).order_by("pk")
    assert [event.kind for event in noted] == ["role_taken", "role_given", "role_taken"]
    last = send(client, f"/enterprise/team/{world.lead_staff.pk}/", {"do": "stop"})
    assert (last.status_code, "最后一位" in shown(last)) == (409, True)
    lead = manager(world.lead, enterprise_reach)
    row = team.give(person("new"), Post(enterprise=world.mobile), "handler", by=lead)
    team.end(row, None, by=lead)
    assert not row.holds(timezone.localdate())


def test_changes_of_a_team_ask_for_a_fresh_factor(world: World) -> None:
    client = signed_in(world.lead)
    session = client.session
    session.pop("confirmed_at")
    session.save()
    assert client.get("/enterprise/team/invite/")["Location"].startswith("/account/confirm/")
    assert send(client, f"/enterprise/team/{world.ming_staff.pk}/", {"do": "stop"}).status_code == 403
    assert reloaded(world.ming_staff).ends_on is None


def test_T11_staff_and_programs_of_a_suspended_or_ended_enterprise_are_out_with_the_next_request(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client, program = signed_in(world.ming), Program(token_for(world.ming, world=world, place="enterprise").secret)
    own, read = (f"/enterprise/cases/{case.number}/", "/enterprise/queue/"), f"/complaints/{case.number}/"
    for enrolment in ("suspended", "ended"):
        assert {client.get(page).status_code for page in own} == {program.get(read).status_code} == {200}
        world.mobile.enrolment, world.mobile.ended_on = enrolment, timezone.localdate()
        world.mobile.save()
        assert {client.get(page).status_code for page in (*own, f"/cases/{case.number}/")} == {404}
        assert program.get(read).status_code == 401
        assert program.post(f"{read}steps/add_internal_note/", {"text": "x"}).status_code == 401
        assert not Complaint.objects.visible_to(world.ming).exists()
        world.mobile.enrolment, world.mobile.ended_on = "enrolled", None
        world.mobile.save()
    assert client.get(own[0]).status_code == 200


def test_T11_who_left_the_office_or_the_enterprise_or_has_a_new_role_is_so_with_the_next_request(world: World) -> None:
    case = given.a_complaint(world, status=Status.REVIEW)
    client = signed_in(world.rui)
    address = f"/authority/cases/{case.number}/"
    assert client.get(address).status_code == 200
    world.rui_officer.ends_on = timezone.localdate() - timedelta(days=1)
    world.rui_officer.save()
    assert client.get(address).status_code == 404
    assert client.get("/authority/").status_code == 404
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = signed_in(world.ming)
    note = f"/enterprise/cases/{case.number}/note/"
    assert "idempotency_key" in client.get(note).content.decode()
    world.ming_staff.role = "reviewer"
    world.ming_staff.save()
    assert client.post(note, {"text": "x", "idempotency_key": "roles-0001"}).status_code == 409
    address = f"/enterprise/cases/{case.number}/"
    assert client.get(address).status_code == 200
    world.ming_staff.ends_on = timezone.localdate() - timedelta(days=1)
    world.ming_staff.save()
    assert client.get(address).status_code == 404


def test_T11_programs_are_out_with_the_next_call(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    program = Program(token_for(world.ming, world=world, place="enterprise").secret)
    path = f"/complaints/{case.number}/"
    for table, columns in (
        (Staff.objects.filter(user=world.ming), {"ends_on": timezone.localdate() - timedelta(days=1)}),
        (User.objects.filter(pk=world.ming.pk), {"is_active": False}),
    ):
        assert program.get(path).status_code == 200
        with undone():
            table.update(**columns)
            assert program.get(path).status_code == 401
            assert program.post(f"{path}steps/add_internal_note/", {"text": "x"}).status_code == 401


def test_T13_a_program_of_an_administrator_reads_no_case(world: World) -> None:
    keeper = User.objects.create_user(
        email="keeper@example.com", password="x" * 20, name="管试", own_phone=a_new_phone()
    )
    Administrator.objects.create(user=keeper, kind="audit", since=WEDNESDAY)
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    program = Program(token_for(keeper, world=world).secret)
    assert program.get(f"/complaints/{case.number}/").status_code in (403, 404)
    assert case.number not in program.get("/complaints/").content.decode()
