"""What a change of the rules needs, and what each refusal is called."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authorities.models import Authority, Region
from complaints.models import Complaint
from enterprises.directory.change_kinds import ChangeRefused
from enterprises.models import Enterprise
from routing.forwarding import forwarding
from routing.models import Lesson, RoutingRule, RuleChange
from routing.rule_desk import learning, rule_changing, trying
from routing.rule_desk.rule_forms import RuleForm
from routing.rules import directory
from tests import missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.routing.rules_at_work import (
    WRITTEN,
    approved,
    columns,
    corrected,
    drafted,
    filed_change,
    head_of_city,
    reach,
    tried,
    written,
)

TODAY = WEDNESDAY.date()
DAY = timedelta(days=1)
#: What is asked for → by which name it is refused.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "past_day": ({}, {"starts_on": TODAY - DAY}),
    "far_day": ({}, {"starts_on": TODAY + 367 * DAY}),
    "end_before_start": ({}, {"starts_on": TODAY + 3 * DAY, "ends_on": TODAY + 2 * DAY}),
    "too_wide": ({"named": ""}, {}),
    "two_respondents": ({"brand": 1}, {}),
    "one_target": ({"target_enterprise": None, "target_branch": None}, {}),
    "no_branch": ({"target_branch": 999_999}, {}),
    "sideways": ({"target_enterprise": None, "target_branch": None, "target_authority": "far"}, {}),
    "not_yours": ({"region": None}, {}),
    "not_enrolled": ({"target_enterprise": "suspended", "target_branch": None}, {}),
}


def draft(world: World, *, by: str = "su", at: Any = None, **said: Any) -> RuleChange:
    values = {"kind": "set", "rule": None, "starts_on": TODAY, "ends_on": None, "why": "x", "why_en": ""}
    values |= {"by": getattr(world, by), "reach": at or reach(world.gulou), "now": WEDNESDAY, "today": TODAY}
    what = columns(world, **said.pop("what", {}))
    return rule_changing.draft(what=what, **values | said)


def refused(act: Callable[..., Any], *values: Any, **said: Any) -> str:
    """The name of the refusal."""
    with pytest.raises(ChangeRefused) as raised:
        act(*values, **said)
    return raised.value.code


def test_what_may_not_be_is_refused_by_its_name(world: World) -> None:
    Enterprise.objects.filter(pk=world.telecom.pk).update(enrolment="suspended")
    there = {"far": Authority.objects.get(name="闽侯县市场监督管理局").pk, "suspended": world.telecom.pk}
    for code, (what, days) in REFUSED.items():
        what = {name: there.get(value, value) for name, value in what.items()}
        assert refused(draft, world, what=what, **days) == code
        assert not RuleChange.objects.exists()


def test_no_rule_without_a_trial_of_just_this_rule_and_approved_late_it_begins_with_the_approval(world: World) -> None:
    change = draft(world)
    options = {"by": world.su, "reach": reach(world.gulou), "today": TODAY}

    def edit(why: str, **changes: Any) -> None:
        values = {"what": columns(world, **changes), "starts_on": TODAY, "ends_on": None, "why_en": ""}
        rule_changing.edit(change, why=why, **values, **options)

    with pytest.raises(ChangeRefused, match="试运行"):
        rule_changing.file(change, now=WEDNESDAY, **options)
    tried(change, WEDNESDAY)
    # Changed after its trial: it has to be tried again. Another wording of the reason is no other rule.
    edit("x", priority=40)
    change.refresh_from_db()
    assert refused(rule_changing.file, change, now=WEDNESDAY, **options) == "not_tried"
    tried(change, WEDNESDAY)
    edit("y", priority=40)
    rule_changing.file(change, now=WEDNESDAY, **options)
    with pytest.raises(ChangeRefused, match="只有起草人"):
        edit("z")
    assert decided(world, change, by=world.head_officer.user, at=reach(world.gulou), days=3) == ""
    assert versions(change.final_code) == [(1, TODAY + 3 * DAY, None, False)]


def decided(world: World, change: RuleChange, *, by: Any, at: Any, agrees: bool = True, days: int = 0) -> str:
    """The name of the refusal; empty if it was done."""
    try:
        when = {"now": WEDNESDAY + days * DAY, "today": TODAY + days * DAY}
        rule_changing.decide(change, agrees=agrees, reason="不需要。", by=by, reach=at, **when)
    except ChangeRefused as refused:
        return refused.code
    return ""


def test_a_second_person_with_this_region_decides_once(world: World) -> None:
    head, above = world.head_officer.user, head_of_city(world)
    own = draft(world)
    own.made_by = head
    own.save()
    filed_change(world, own, WEDNESDAY)
    assert decided(world, own, by=head, at=reach(world.gulou)) == "own_proposal"
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleChange.objects.filter(pk=own.pk).update(decided_by=head, decided_at=WEDNESDAY)
    far = Authority.objects.get(name="闽侯县市场监督管理局")
    assert decided(world, own, by=above, at=reach(far)) == "not_yours"
    assert decided(world, own, by=above, at=reach(far), agrees=False) == "not_yours"
    assert decided(world, own, by=above, at=reach(world.city)) == ""
    assert decided(world, own, by=above, at=reach(world.city)) == "decided"
    # A draft that nobody filed, and one that was taken back, are decided by nobody.
    assert decided(world, draft(world), by=head, at=reach(world.gulou)) == "not_waiting"


def test_two_changes_of_one_version_and_the_second_is_told(world: World) -> None:
    rule = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    first, second = (drafted(world, WEDNESDAY, rule=rule, priority=n, starts_on=TODAY + 5 * DAY) for n in (40, 30))
    for change in (first, second):
        filed_change(world, change, WEDNESDAY)
    head = world.head_officer.user
    assert decided(world, first, by=head, at=reach(world.gulou)) == ""
    assert decided(world, second, by=head, at=reach(world.gulou)) == "moved_on"
    assert decided(world, second, by=head, at=reach(world.gulou), agrees=False) == ""


def versions(code: str) -> list[tuple[int, Any, Any, bool]]:
    rules = RoutingRule.objects.filter(code=code).order_by("version")
    return list(rules.values_list("version", "starts_on", "ends_on", "is_taken_back"))


def test_versions_follow_each_other_without_a_gap_and_never_overlap(world: World) -> None:
    first = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    code = first.code
    second = approved(world, drafted(world, WEDNESDAY, rule=first, priority=40, starts_on=TODAY + 10 * DAY), WEDNESDAY)
    assert versions(code) == [(1, TODAY, TODAY + 9 * DAY, False), (2, TODAY + 10 * DAY, None, False)]
    # A third one that begins before the second: that one never holds.
    approved(world, drafted(world, WEDNESDAY, rule=second, priority=30, starts_on=TODAY + 5 * DAY), WEDNESDAY)
    assert versions(code) == [
        (1, TODAY, TODAY + 4 * DAY, False),
        (2, TODAY + 10 * DAY, None, True),
        (3, TODAY + 5 * DAY, None, False),
    ]
    assert {(rule.code, rule.version) for rule in directory.rules() if rule.code == code} == {(code, 1), (code, 3)}
    # An end in between takes back what was still to come.
    third = RoutingRule.objects.get(code=code, version=3)
    approved(world, drafted(world, WEDNESDAY, rule=third, kind="end", ends_on=TODAY + 2 * DAY), WEDNESDAY)
    expected = [(1, TODAY, TODAY + 2 * DAY, False), (2, TODAY + 10 * DAY, None, True), (3, TODAY + 5 * DAY, None, True)]
    assert versions(code) == expected
    ending = {"rule": reloaded(first), "kind": "end", "ends_on": TODAY + 3 * DAY}
    assert refused(drafted, world, WEDNESDAY, **ending) == "ended"


def test_what_is_taken_back_or_changes_nothing(world: World) -> None:
    rule = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    assert refused(drafted, world, WEDNESDAY, rule=rule) == "nothing_new"
    change = filed_change(world, drafted(world, WEDNESDAY, rule=rule, priority=1), WEDNESDAY)
    refused(rule_changing.withdraw, change, by=world.rui, now=WEDNESDAY)
    rule_changing.withdraw(change, by=world.su, now=WEDNESDAY)
    change.refresh_from_db()
    assert decided(world, change, by=world.head_officer.user, at=reach(world.gulou)) == "not_waiting"
    refused(rule_changing.withdraw, change, by=world.su, now=WEDNESDAY)
    assert versions(rule.code) == [(1, TODAY, None, False)]


HOME = "/authority/routing/"


def test_from_corrections_to_a_rule_that_routes(world: World) -> None:
    now = timezone.now()
    cases = corrected(world, now)
    learning.sweep_lessons(now=now)
    su, head = signed_in(world.su), signed_in(world.head_officer.user)
    page = shown(su.get(f"{HOME}learned/"))
    assert not missing_in(page, WRITTEN, "3次人工分送里，3次选了这一家")
    assert all(case.number in page for case in cases)
    lesson = Lesson.objects.get()
    form = shown(su.get(f"{HOME}new/?lesson={lesson.pk}"))
    assert not missing_in(form, f'value="{WRITTEN}"', "鼓楼区 350102", "中国移动福州分公司")
    today = timezone.localdate()
    values: dict[str, Any] = {"named": WRITTEN, "region": "鼓楼区 350102", "category": "service.other"}
    values |= {"priority": "50", "target_enterprise": world.mobile.uscc or world.mobile.name}
    values |= {"target_branch": world.fuzhou.name, "starts_on": today.isoformat(), "why": "消费者这样称呼福州移动。"}
    key = "b" * 32
    answers = [send(su, f"{HOME}new/?lesson={lesson.pk}", values, key=key) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302], shown(answers[0])
    change = RuleChange.objects.get()
    url = f"{HOME}{change.pk}/"
    assert {answer["Location"] for answer in answers} == {url}
    assert WRITTEN not in shown(su.get(f"{HOME}learned/")), "it is drafted"
    page = shown(su.get(url))
    assert ("还没有试运行" in page, "提交批准" in page) == (True, False)
    assert send(su, f"{url}file/", {"do": "file"}).status_code == 409
    assert send(su, f"{url}try/", {"days": "other", "number": "400"}).status_code == 422
    assert send(su, f"{url}try/", {"days": "30"}).status_code == 302
    assert "正在用最近30天的案件试运行" in shown(su.get(f"{url}try/"))
    trying.sweep_trials(now=now)
    page = shown(su.get(f"{url}try/"))
    assert not missing_in(page, "其中3件原来须人工分送", "人工分送（没有找到对应的企业）", "3/3", cases[0].number)
    assert send(su, f"{url}file/", {"do": "file"}).status_code == 302
    assert "等待批准" in shown(su.get(url))
    # The author does not decide, nor does who holds no such office or sits elsewhere.
    assert "提交决定" not in shown(su.get(url))
    for user in (world.su, world.rui, world.far_officer.user, world.lead, world.chen):
        assert send(signed_in(user), f"{url}decide/", {"decision": "agree"}).status_code == 404
    assert WRITTEN in shown(head.get(f"{HOME}changes/"))
    assert "提交决定" in shown(head.get(url))
    assert send(head, f"{url}decide/", {"decision": "refuse"}).status_code == 422
    for _twice in range(2):
        assert send(head, f"{url}decide/", {"decision": "agree"}, key="c" * 32).status_code == 302
    rule = RoutingRule.objects.get(code=f"G{change.pk}")
    assert (rule.version, rule.starts_on, rule.named) == (1, today, WRITTEN)
    assert send(head, f"{url}decide/", {"decision": "refuse", "reason": "晚了。"}).status_code == 409
    case = written(world, now + timedelta(days=1))
    assert (case.enterprise_id, case.branch_id) == (world.mobile.pk, world.fuzhou.pk)
    decision = case.decisions.get()
    assert (decision.rule, decision.rule_version) == (rule.code, 1)
    assert rule.code in shown(su.get(HOME))
    page = shown(head.get(f"{HOME}rules/{rule.code}/"))
    assert not missing_in(page, "苏试", "长试", "消费者这样称呼福州移动。", "生效中")


def test_a_rule_is_seen_where_it_may_apply_changed_in_its_region_and_by_no_analyst(world: World) -> None:
    now = timezone.now()
    rule = approved(world, drafted(world, now), now)
    change = RuleChange.objects.get()
    far, rui = signed_in(world.far_officer.user), signed_in(world.rui)
    above = signed_in(head_of_city(world))
    for client in (far, signed_in(world.chen), signed_in(world.lead)):
        for path in (f"rules/{rule.code}/", f"{change.pk}/", f"{change.pk}/try/"):
            assert client.get(HOME + path).status_code == 404
    assert rule.code not in shown(far.get(HOME))
    for client in (rui, above):
        assert "起草新版本" in shown(client.get(f"{HOME}rules/{rule.code}/"))
    # A rule of the whole city is read in the county, and changed in the city.
    wide = RoutingRule.objects.get(code="RM-WX")
    assert wide.code in shown(rui.get(HOME))
    assert "起草新版本" not in shown(rui.get(f"{HOME}rules/{wide.code}/"))
    assert rui.get(f"{HOME}new/?rule={wide.code}").status_code == 404
    assert "起草新版本" in shown(above.get(f"{HOME}rules/{wide.code}/"))
    # The form of another version is filled in with the rule as it stands.
    assert WRITTEN in shown(rui.get(f"{HOME}new/?rule={rule.code}"))
    assert rui.get(f"{HOME}new/?rule=nix&do=end").status_code == 404
    world.rui_officer.role = "analyst"
    world.rui_officer.save()
    rui = signed_in(world.rui)
    assert "起草新规则" not in shown(rui.get(HOME))
    assert rui.get(f"{HOME}new/").status_code == 404
    assert Complaint.objects.count() == 0
    forwarding.sweep_filed(now=timezone.now())


def test_what_cannot_be_is_said_at_its_field(world: World) -> None:
    rui, today = signed_in(world.rui), timezone.localdate()
    good: dict[str, Any] = {"named": WRITTEN, "region": "350102", "priority": "50"}
    good |= {"target_enterprise": world.mobile.name, "starts_on": today.isoformat(), "why": "x"}
    for wrong, text in (
        ({"region": "福州市 350100"}, "规则的范围超出您的辖区。"),
        ({"region": ""}, "规则的范围超出您的辖区。"),
        ({"named": ""}, "请至少写明被投诉人或者类别"),
        ({"brand": "动感地带"}, "只能写一项"),
        ({"starts_on": "2020-01-01"}, "日期不能早于今天"),
        ({"starts_on": "2099-01-01"}, "日期太远，最多一年以后"),
        ({"ends_on": (today - timedelta(days=1)).isoformat()}, "最后一天不能早于第一天"),
        ({"priority": "0"}, "priority"),
        ({"target_authority": "闽侯县市场监督管理局"}, "只选一个"),
        ({"target_enterprise": "", "target_authority": "闽侯县市场监督管理局"}, "只能交给本辖区内的部门"),
        ({"target_branch": "没有的分公司"}, "这个企业没有这个分支机构"),
        ({"why": ""}, "请填写这一项"),
    ):
        answer = send(rui, f"{HOME}new/", good | wrong)
        assert (answer.status_code, text in shown(answer)) == (422, True), wrong
    assert not RuleChange.objects.exists()


def test_a_lesson_is_dismissed_with_a_reason(world: World) -> None:
    now = timezone.now()
    corrected(world, now)
    learning.sweep_lessons(now=now)
    lesson, su = Lesson.objects.get(), signed_in(world.su)
    path = f"{HOME}learned/{lesson.pk}/dismiss/"
    assert send(su, path, {"reason": ""}).status_code == 422
    assert send(signed_in(world.far_officer.user), path, {"reason": "x"}).status_code == 404
    assert send(su, path, {"reason": "只是巧合。"}).status_code == 302
    assert "现在没有可以学的" in shown(su.get(f"{HOME}learned/"))
    learning.sweep_lessons(now=now + timedelta(hours=2))
    assert (reloaded(lesson).state, lesson.reason) == ("dismissed", "只是巧合。")
    assert su.get(f"{HOME}new/?lesson={lesson.pk}").status_code == 404


def test_pages_ask_as_much_for_many_rules_as_for_few(world: World) -> None:
    su, counts = signed_in(world.su), []
    same = {"region": world.region, "reason": "x", "target_enterprise": world.mobile, "target_branch": world.fuzhou}
    # What is read once a process is not counted.
    su.get(HOME)
    for many in (1, 30):
        for nth in range(many):
            own = {"code": f"N{many}-{nth}", "named": f"名称{many}{nth}", "priority": nth + 1}
            RoutingRule.objects.create(**own, **same)
        with CaptureQueriesContext(connection) as seen:
            page = shown(su.get(HOME))
        counts.append(len(seen))
    # Fewer where the page speaks of fewer tables of the directory, never more.
    assert counts[1] <= counts[0] <= 24
    # A page is 25, and the next begins where it ends.
    assert page.count("/authority/routing/rules/N") <= 25
    assert "?after=" in page
    assert "N30-29" in shown(su.get(f"{HOME}?after=20.1"))
    for odd in ("?after=x", "?before=1.2.3", "?on=2026-02-30", "?on=9999-12-31", "?after=99999999999999999999.1"):
        assert su.get(HOME + odd).status_code == 200, odd


def test_of_several_regions_of_one_name_the_one_where_the_officer_works_is_meant(world: World) -> None:
    def typed(*near: Region) -> RuleForm:
        form = RuleForm({"region": "鼓楼区"}, regions=near)
        form.is_valid()
        return form

    assert "请写代码或全名" in str(typed().errors["region"])
    there = typed(Region.objects.get(code="350100"))
    assert (there.cleaned_data["region"].code, "region" in there.errors) == ("350102", False)
    assert "region" in typed(Region.objects.get(code="350104")).errors, "of the others none lies there"
