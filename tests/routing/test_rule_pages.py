"""The pages of the routing rules: from a correction to a rule, who reads what, what is said where it cannot be."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints.models import Complaint
from routing.forwarding import forwarding
from routing.models import Lesson, RoutingRule, RuleChange
from routing.rule_desk import learning, trying
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.routing.rules_at_work import WRITTEN, approved, corrected, drafted, head_of_city, written

HOME = "/authority/routing/"


def test_from_corrections_to_a_rule_that_routes(world: World) -> None:
    now = timezone.now()
    cases = corrected(world, now)
    learning.sweep_lessons(now=now)
    su, head = signed_in(world.su), signed_in(world.head_officer.user)
    page = shown(su.get(f"{HOME}learned/"))
    assert WRITTEN in page
    assert "3次人工分送里，3次（100%）选了这一家" in page
    assert all(case.number in page for case in cases)
    lesson = Lesson.objects.get()
    form = shown(su.get(f"{HOME}new/?lesson={lesson.pk}"))
    for text in (f'value="{WRITTEN}"', "鼓楼区 350102", "中国移动福州分公司"):
        assert text in form
    today = timezone.localdate()
    values = {
        "named": WRITTEN,
        "region": "鼓楼区 350102",
        "category": "service.other",
        "priority": "50",
        "target_enterprise": world.mobile.uscc or world.mobile.name,
        "target_branch": world.fuzhou.name,
        "starts_on": today.isoformat(),
        "why": "消费者这样称呼福州移动。",
    }
    key = "b" * 32
    answers = [send(su, f"{HOME}new/?lesson={lesson.pk}", values, key=key) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302], shown(answers[0])
    change = RuleChange.objects.get()
    url = f"{HOME}{change.pk}/"
    assert {answer["Location"] for answer in answers} == {url}
    assert WRITTEN not in shown(su.get(f"{HOME}learned/")), "it is drafted"
    page = shown(su.get(url))
    assert "还没有试运行" in page
    assert "提交批准" not in page
    assert send(su, f"{url}file/", {"do": "file"}).status_code == 409
    assert send(su, f"{url}try/", {"days": "other", "number": "400"}).status_code == 422
    assert send(su, f"{url}try/", {"days": "30"}).status_code == 302
    assert "正在用最近30天的案件试运行" in shown(su.get(f"{url}try/"))
    trying.sweep_trials(now=now)
    page = shown(su.get(f"{url}try/"))
    for text in ("其中3件原来须人工分送", "人工分送（没有找到对应的企业）", "100.0%", cases[0].number):
        assert text in page
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
    for text in ("苏试", "长试", "消费者这样称呼福州移动。", "生效中"):
        assert text in page


def test_a_rule_is_seen_where_it_may_apply_and_changed_in_its_region(world: World) -> None:
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


def test_what_cannot_be_is_said_at_its_field(world: World) -> None:
    rui, today = signed_in(world.rui), timezone.localdate()
    good: dict[str, Any] = {
        "named": WRITTEN,
        "region": "350102",
        "priority": "50",
        "target_enterprise": world.mobile.name,
        "starts_on": today.isoformat(),
        "why": "x",
    }
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
        assert answer.status_code == 422, wrong
        assert text in shown(answer), wrong
    assert not RuleChange.objects.exists()


def test_a_lesson_is_dismissed_with_a_reason(world: World) -> None:
    now = timezone.now()
    corrected(world, now)
    learning.sweep_lessons(now=now)
    lesson, su = Lesson.objects.get(), signed_in(world.su)
    assert send(su, f"{HOME}learned/{lesson.pk}/dismiss/", {"reason": ""}).status_code == 422
    assert (
        send(signed_in(world.far_officer.user), f"{HOME}learned/{lesson.pk}/dismiss/", {"reason": "x"}).status_code
        == 404
    )
    assert send(su, f"{HOME}learned/{lesson.pk}/dismiss/", {"reason": "只是巧合。"}).status_code == 302
    assert "现在没有可以学的" in shown(su.get(f"{HOME}learned/"))
    learning.sweep_lessons(now=now + timedelta(hours=2))
    lesson.refresh_from_db()
    assert (lesson.state, lesson.reason) == ("dismissed", "只是巧合。")
    assert su.get(f"{HOME}new/?lesson={lesson.pk}").status_code == 404


def test_an_analyst_reads_and_drafts_nothing(world: World) -> None:
    world.rui_officer.role = "analyst"
    world.rui_officer.save()
    rui = signed_in(world.rui)
    assert "起草新规则" not in shown(rui.get(HOME))
    assert rui.get(f"{HOME}new/").status_code == 404
    assert Complaint.objects.count() == 0
    forwarding.sweep_filed(now=timezone.now())


def test_pages_ask_as_much_for_many_rules_as_for_few(world: World) -> None:
    su, counts = signed_in(world.su), []
    # What is read once a process is not counted.
    su.get(HOME)
    for many in (1, 30):
        for nth in range(many):
            RoutingRule.objects.create(
                code=f"N{many}-{nth}",
                named=f"名称{many}{nth}",
                region=world.region,
                priority=nth + 1,
                reason="x",
                target_enterprise=world.mobile,
                target_branch=world.fuzhou,
            )
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
