"""The team page: how much lies with whom, who is away; leave, rules for new cases, settings and 工号."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import SecurityEvent, User
from complaints.assignment import assigning
from complaints.procedure.workflow import Status
from enterprises.models import Absence, AssignmentRule, Branch, Staff, TwoPersons
from enterprises.team import organising, team
from enterprises.team.rights import Post, TeamActor, enterprise_reach
from enterprises.team.team import TeamRefusal
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in

S = Status
LATER = WEDNESDAY + timedelta(hours=3)
TEAM = "/enterprise/team/"
LEAVE, RULES, SETTING = f"{TEAM}leave/", f"{TEAM}rules/", f"{TEAM}two-persons/"


def somebody(world: World, name: str, *, role: str = "handler", branch: Branch | None = None) -> Staff:
    user = User.objects.create_user(email=f"{name}@example.com", password="x" * 20, name=name)
    return Staff.objects.create(user=user, enterprise=world.mobile, branch=branch, role=role)


def manages(world: World) -> TeamActor:
    now = timezone.now()
    return TeamActor(user=world.lead, reach=enterprise_reach(world.lead.pk, on=timezone.localdate(now)), now=now)


def test_each_number_is_that_of_the_list_behind_it_and_a_branch_sees_its_own_people_only(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    for _ in range(2):
        given.a_complaint(world, status=S.NEGOTIATING)
    given.a_complaint(world, status=S.AWAITING_CONSUMER)
    for day, expected in (
        (LATER, [3, 0, 0]),
        (LATER + timedelta(days=12), [3, 2, 0]),
        (LATER + timedelta(days=16), [3, 0, 2]),
    ):
        with time_machine.travel(day, tick=False):
            client = signed_in(world.lead)
            lines = {line["row"].pk: line for line in client.get(TEAM).context["rows"]}
            load = lines[world.ming_staff.pk]["load"]
            assert [cell["count"] for cell in load] == expected, day
            for cell in load:
                assert len(client.get(cell["url"]).context["rows"]) == cell["count"], cell["url"]
            assert [cell["count"] for cell in lines[second.pk]["load"]] == [0, 0, 0]
    elsewhere = somebody(world, "elsewhere", branch=Branch.objects.create(enterprise=world.mobile, name="另一家分公司"))
    given.a_complaint(world, status=S.NEGOTIATING)
    page = signed_in(elsewhere.user).get(TEAM)
    assert [line["row"].pk for line in page.context["rows"]] == [elsewhere.pk]
    assert page.context["left_behind"] == 0


def test_the_page_costs_the_same_for_a_few_and_for_many(world: World, django_assert_max_num_queries: Any) -> None:
    client = signed_in(world.lead)
    client.get(TEAM)
    with django_assert_max_num_queries(30) as one:
        client.get(TEAM)
    asked = len(one)
    for number in range(6):
        somebody(world, f"n{number}", branch=world.fuzhou)
        given.a_complaint(world, status=S.NEGOTIATING)
    with django_assert_max_num_queries(asked):
        client.get(TEAM)


def test_leave_is_entered_shown_and_hands_over(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.lead)
    values = {"staff": world.ming_staff.pk, "starts_on": "2026-11-11", "ends_on": "2026-11-13", "deputy": second.pk}
    key = "leave-once-1234"
    for _turn in range(2):
        assert send(client, LEAVE, values, key=key).status_code == 302
    row = Absence.objects.get()
    assert (row.staff, row.deputy, row.entered_by) == (world.ming_staff, second, world.lead)
    assert "请假中" in shown(client.get(LEAVE))
    assert not missing_in(shown(client.get(TEAM)), "请假至11月13日", "1件案件的处理人现在不在岗")
    assert assigning.sweep_assignments(now=LATER) == 1
    assert "现在不在岗" not in shown(client.get(TEAM))
    assert reloaded(case).handler == second
    assert "原处理人请假" in shown(client.get(f"/enterprise/cases/{case.number}/"))
    assert send(client, f"{LEAVE}{row.pk}/cancel/", {}).status_code == 302
    assert "没有人请假" in shown(client.get(LEAVE))
    assert list(
        SecurityEvent.objects.filter(kind__startswith="leave_").values_list("kind", flat=True).order_by("pk")
    ) == ["leave_entered", "leave_cancelled"]


def test_leave_typed_wrong_is_told_and_kept(world: World) -> None:
    away = {"starts_on": date(2026, 12, 3), "ends_on": date(2026, 12, 9)}
    Absence.objects.create(staff=world.ming_staff, entered_by=world.lead, entered_at=LATER, **away)
    own = str(world.ming_staff.pk)
    for change, words in (
        ({"ends_on": "2026-11-10"}, "最后一天不能早于第一天"),
        ({"starts_on": "2026-11-01", "ends_on": "2026-11-05"}, "这段时间已经过去"),
        ({"starts_on": "bad"}, "日期请写成"),
        ({"deputy": own}, "请选一位在岗的同事代办"),
        ({"deputy": "999999"}, "请从列出的选项中选一项"),
        ({"staff": str(world.hua_staff.pk)}, "请从列出的选项中选一项"),
        ({"starts_on": "2026-12-01", "ends_on": "2026-12-05"}, "这段时间里已经有一次请假"),
    ):
        values = {"staff": own, "starts_on": "2026-11-11", "ends_on": "2026-11-13", "deputy": ""} | change
        answer = send(signed_in(world.lead), LEAVE, values)
        assert (answer.status_code, words in shown(answer)) == (422, True)
        assert Absence.objects.count() == 1


def test_everybody_enters_the_own_leave_and_nobody_elses(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    client = signed_in(world.ming)
    values = {"starts_on": "2026-11-12", "ends_on": "2026-11-13", "deputy": ""}
    assert send(client, LEAVE, values | {"staff": second.pk}).status_code == 422
    assert send(client, LEAVE, values | {"staff": world.ming_staff.pk}).status_code == 302
    row = Absence.objects.get()
    assert send(signed_in(second.user), f"{LEAVE}{row.pk}/cancel/", {}).status_code == 404
    assert send(signed_in(world.hua), f"{LEAVE}{row.pk}/cancel/", {}).status_code == 404
    assert signed_in(world.chen).get(LEAVE).status_code == 404


def test_a_rule_is_tried_then_made_moved_and_ended(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    client = signed_in(world.lead)
    whole = Post(enterprise=world.mobile)
    organising.add_rule(whole, category="price", handler=world.ming_staff, by=manages(world))
    typed = {"post": f"enterprise-{world.mobile.pk}", "category": "", "handler": second.pk}
    tried = send(client, RULES, typed | {"do": "try"})
    assert tried.status_code == 200
    expected = [(case.number, "second", True)]
    assert [(row["number"], row["would"], row["is_new"]) for row in tried.context["tried"]] == expected
    assert AssignmentRule.objects.count() == 1
    assert send(client, RULES, typed | {"do": "save"}).status_code == 302
    rule = AssignmentRule.objects.get(category="")
    assert send(client, f"{RULES}{rule.pk}/", {"do": "up"}).status_code == 302
    assert next(row.pk for row in organising.rules_at(whole)) == rule.pk
    assert assigning.sweep_assignments(now=LATER) == 1
    assert reloaded(case).handler == second
    assert "按本企业的分派规则" in shown(client.get(f"/enterprise/cases/{case.number}/"))
    # Who accepts finds the name already chosen.
    assert f'value="{second.pk}" selected' in shown(client.get(f"/enterprise/cases/{case.number}/accept/"))
    assert send(client, f"{RULES}{rule.pk}/", {"do": "end"}).status_code == 302
    assert reloaded(rule).ended_by == world.lead
    assert send(client, f"{RULES}{rule.pk}/", {"do": "end"}).status_code == 404


def test_rules_and_the_setting_are_for_those_who_manage_the_place(world: World) -> None:
    local = somebody(world, "local", role="manager", branch=world.fuzhou)
    rule = organising.add_rule(Post(enterprise=world.mobile), category="", handler=None, by=manages(world))
    for user in (world.ming, world.hua, world.chen):
        assert signed_in(user).get(RULES).status_code == 404
    client = signed_in(local.user)
    typed = {"category": "", "handler": "", "do": "save"}
    assert send(client, RULES, typed | {"post": f"enterprise-{world.mobile.pk}"}).status_code == 422
    assert send(client, f"{RULES}{rule.pk}/", {"do": "end"}).status_code == 404
    assert send(client, RULES, typed | {"post": f"branch-{world.fuzhou.pk}"}).status_code == 302
    assert AssignmentRule.objects.filter(branch=world.fuzhou).count() == 1
    typed = {"refusals": "on", "do": "set"}
    assert send(client, SETTING, typed | {"post": f"enterprise-{world.mobile.pk}"}).status_code == 422
    nothing: Any = {"offers_above": None, **dict.fromkeys(("refusals", "failures", "returns"), False)}
    by = TeamActor(user=local.user, reach=enterprise_reach(local.user_id, on=timezone.localdate()), now=LATER)
    with pytest.raises(TeamRefusal):
        organising.set_two_persons(Post(enterprise=world.mobile), **nothing, by=by)
    assert send(client, SETTING, typed | {"post": f"branch-{world.fuzhou.pk}"}).status_code == 302


def test_the_setting_is_saved_shown_and_dropped(world: World) -> None:
    client = signed_in(world.lead)
    here = f"enterprise-{world.mobile.pk}"
    values = {"post": here, "offers_above": "500", "refusals": "on", "do": "set"}
    assert send(client, SETTING, values).status_code == 302
    assert send(client, SETTING, values | {"offers_above": "1000.50"}).status_code == 302
    first, row = TwoPersons.objects.order_by("pk")
    assert (first.ended_by, row.ended_at) == (world.lead, None)
    assert (str(row.offers_above), row.refusals, row.failures, row.returns) == ("1000.50", True, False, False)
    assert "方案总额超过¥1,000.50" in shown(client.get(SETTING))
    assert send(client, SETTING, values | {"offers_above": "viel"}).status_code == 422
    assert send(client, SETTING, {"post": here, "do": "drop"}).status_code == 302
    assert not TwoPersons.objects.filter(ended_at=None).exists()
    assert "现在一个人就可以办理" in shown(client.get(SETTING))
    assert SecurityEvent.objects.filter(kind="two_persons_set").count() == 2


def test_a_number_is_one_persons_and_comes_back_with_them(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    client = signed_in(world.lead)
    page = f"{TEAM}{world.ming_staff.pk}/"
    assert send(client, page, {"do": "number", "number": "A-017"}).status_code == 302
    assert "工号 A-017" in shown(client.get(TEAM))
    told = manages(world)
    for number, code in (("A-017", "number_taken"), ("a b", "bad_number"), ("x" * 21, "bad_number")):
        with pytest.raises(TeamRefusal) as refused:
            organising.set_number(second, number, by=told)
        assert refused.value.code == code
    Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=date(2026, 11, 1))
    again = Staff.objects.create(
        user=world.ming, enterprise=world.mobile, branch=world.fuzhou, role="handler", starts_on=date(2026, 11, 10)
    )
    organising.set_number(again, "A-017", by=told)
    assert Staff.objects.get(number="A-017") == again


def test_who_holds_cases_hands_over_before_leaving(world: World) -> None:
    given.a_complaint(world, status=S.NEGOTIATING)
    told = manages(world)
    for change in (
        lambda: team.end(world.ming_staff, timezone.localdate(), by=told),
        lambda: team.change_role(world.ming_staff, "reviewer", by=told),
    ):
        with pytest.raises(TeamRefusal) as refused:
            change()
        assert refused.value.code == "holds_cases"
    # Out at once is always possible; what was open goes to a head.
    team.end(world.ming_staff, None, by=told)
    assert assigning.sweep_assignments(now=LATER) == 1
