"""Teams: who may give which role where, and that the last head stays."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import SecurityEvent, User
from authorities.models import Authority, Officer
from enterprises.models import Branch, Staff
from enterprises.team import team
from enterprises.team.rights import Post, TeamActor, authority_reach, enterprise_reach
from enterprises.team.team import TeamRefusal
from tests import PATIENCE, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in


def person(name: str) -> User:
    return User.objects.create_user(email=f"{name}@example.com", password="x" * 20, name=name)


def manager(user: User, reach: Any) -> TeamActor:
    now = timezone.now()
    return TeamActor(user=user, reach=reach(user.pk, on=timezone.localdate(now)), now=now)


def branch_manager(world: World) -> User:
    user = person("店长")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=world.fuzhou, role="manager")
    return user


def test_T12_nobody_gives_more_than_they_hold(world: World) -> None:
    new, today = person("new"), timezone.localdate()
    local = branch_manager(world)
    assert not enterprise_reach(world.ming.pk, on=today).posts
    sibling = (
        Branch.objects.filter(enterprise=world.mobile).exclude(pk=world.fuzhou.pk).exclude(parent=world.fuzhou).first()
    )
    elsewhere = [Post(enterprise=world.mobile), Post(enterprise=world.telecom)]
    if sibling is not None:
        elsewhere.append(Post(enterprise=world.mobile, branch=sibling))
    for post in elsewhere:
        with pytest.raises(TeamRefusal):
            team.give(new, post, "handler", by=manager(local, enterprise_reach))
    with pytest.raises(TeamRefusal):
        team.give(new, Post(authority=world.gulou), "analyst", by=manager(local, enterprise_reach))
    team.give(new, Post(enterprise=world.mobile, branch=world.fuzhou), "handler", by=manager(local, enterprise_reach))
    assert Staff.objects.filter(user=new).count() == 1
    assert SecurityEvent.objects.get(kind="role_given").subject == str(new.person_key)


def test_T12_a_head_names_no_second_head_and_the_superior_does(world: World) -> None:
    new, head = person("new"), world.head_officer.user
    for role, post in (("approver", Post(authority=world.gulou)), ("handler", Post(authority=world.city))):
        with pytest.raises(TeamRefusal):
            team.give(new, post, role, by=manager(head, authority_reach))
    above = person("above")
    Officer.objects.create(user=above, authority=world.city, role="approver")
    assert world.gulou.parent_id == world.city.pk
    with pytest.raises(TeamRefusal):
        team.give(new, Post(authority=world.gulou), "handler", by=manager(above, authority_reach))
    team.give(new, Post(authority=world.gulou), "approver", by=manager(above, authority_reach))
    assert Officer.objects.filter(user=new, role="approver").exists()


def test_T12_the_last_manager_is_neither_removed_nor_demoted(world: World) -> None:
    local = branch_manager(world)
    by = manager(world.lead, enterprise_reach)
    job = world.lead_staff
    for change in (
        lambda: team.end(job, None, by=by),
        lambda: team.change_role(job, "handler", by=by),
        lambda: team.end(job, timezone.localdate() + timedelta(days=30), by=by),
    ):
        with pytest.raises(TeamRefusal):
            change()
    assert (reloaded(job).role, job.ends_on) == ("manager", None)
    # Headquarters reaches the branch: its own manager may go.
    team.end(Staff.objects.get(user=local), None, by=by)
    second = Staff.objects.create(user=person("second"), enterprise=world.mobile, role="manager")
    team.end(second, timezone.localdate() + timedelta(days=3), by=by)
    with pytest.raises(TeamRefusal):
        team.end(job, timezone.localdate() + timedelta(days=3), by=by)


def test_T12_the_last_head_of_an_authority_stays(world: World) -> None:
    above = person("above")
    Officer.objects.create(user=above, authority=world.city, role="approver")
    with pytest.raises(TeamRefusal):
        team.end(world.head_officer, None, by=manager(above, authority_reach))
    Officer.objects.create(user=person("second"), authority=world.gulou, role="approver")
    team.end(world.head_officer, None, by=manager(above, authority_reach))
    world.head_officer.refresh_from_db()
    assert not world.head_officer.holds(timezone.localdate())


@pytest.mark.django_db(transaction=True)
def test_T12_two_managers_who_remove_each_other_at_once_leave_one(world: World) -> None:
    second = Staff.objects.create(user=person("second"), enterprise=world.mobile, role="manager")
    both = threading.Barrier(2, timeout=PATIENCE)
    refused: list[str] = []

    def remove(by: User, row: Staff) -> None:
        try:
            given = manager(by, enterprise_reach)
            both.wait()
            team.end(row, None, by=given)
        except TeamRefusal as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=remove, args=pair) for pair in ((world.lead, second), (second.user, world.lead_staff))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    left = [
        row for row in Staff.objects.filter(enterprise=world.mobile, role="manager") if row.holds(timezone.localdate())
    ]
    assert (len(left), refused) == (1, ["last_head"])


def test_the_lists_are_read_by_all_at_work_and_by_the_head_above(world: World) -> None:
    page = shown(signed_in(world.ming).get("/enterprise/team/"))
    assert "明试" in page
    assert "邀请同事" not in page
    client = signed_in(world.lead)
    page = shown(client.get("/enterprise/team/"))
    assert not missing_in(page, "邀请同事", f'href="/enterprise/team/{world.ming_staff.pk}/"')
    assert "华试" not in page
    for stranger in (world.chen, world.rui):
        assert signed_in(stranger).get("/enterprise/team/").status_code == 404
    assert signed_in(world.ming).get(f"/enterprise/team/{world.ming_staff.pk}/").status_code == 404
    assert client.get(f"/enterprise/team/{world.hua_staff.pk}/").status_code == 404
    assert client.get("/enterprise/team/99999999/").status_code == 404
    office = Authority.objects.filter(parent=world.gulou, level="office").first()
    if office is None:
        office = Authority.objects.create(
            name="鼓楼东街所", region=world.gulou.region, parent=world.gulou, level="office"
        )
    Officer.objects.create(user=person("所员"), authority=office, role="handler")
    head = shown(signed_in(world.head_officer.user).get("/authority/team/"))
    assert not missing_in(head, "所员", "瑞试")
    assert "远试" not in head
    assert "所员" not in shown(signed_in(world.rui).get("/authority/team/"))


def test_a_manager_changes_a_role_and_stops_somebody_at_once(world: World) -> None:
    client, address = signed_in(world.lead), f"/enterprise/team/{world.ming_staff.pk}/"
    working = signed_in(world.ming)
    assert working.get("/enterprise/queue/").status_code == 200
    assert send(client, address, {"do": "role", "role": "owner"}).status_code == 422
    assert send(client, address, {"do": "role", "role": "reviewer"}).status_code == 302
    world.ming_staff.refresh_from_db()
    assert world.ming_staff.role == "reviewer"
    past = send(client, address, {"do": "end", "last_day": "2020-01-01"})
    assert (past.status_code, "2020-01-01" in shown(past)) == (422, True)
    assert send(client, address, {"do": "stop"}).status_code == 302
    assert working.get("/enterprise/queue/").status_code == 404
    kinds = list(
        SecurityEvent.objects.filter(subject=str(world.ming.person_key)).order_by("pk").values_list("kind", flat=True)
    )
    assert kinds == ["role_taken", "role_given", "role_taken"]
    last = send(client, f"/enterprise/team/{world.lead_staff.pk}/", {"do": "stop"})
    assert (last.status_code, "最后一位" in shown(last)) == (409, True)
    row = team.give(person("new"), Post(enterprise=world.mobile), "handler", by=manager(world.lead, enterprise_reach))
    team.end(row, None, by=manager(world.lead, enterprise_reach))
    assert not row.holds(timezone.localdate())


def test_changes_of_a_team_ask_for_a_fresh_factor(world: World) -> None:
    client = Client()
    client.force_login(world.lead)
    session = client.session
    for name in ("confirmed_at",):
        session.pop(name, None)
    session.save()
    answer = client.get("/enterprise/team/invite/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/confirm/")
    assert send(client, f"/enterprise/team/{world.ming_staff.pk}/", {"do": "stop"}).status_code == 403
    world.ming_staff.refresh_from_db()
    assert world.ming_staff.ends_on is None
