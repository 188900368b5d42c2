"""Four eyes at an enterprise's desk: the form proposes, somebody else decides, the case page says that time runs on."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import SecurityEvent, User
from complaints.assignment import assigning
from complaints.handling.steps import consumer, enterprise
from complaints.models import Matter, Offer
from complaints.procedure.workflow import Status as S
from enterprises.models import Absence, AssignmentRule, Branch, Staff, TwoPersons
from enterprises.team import organising, team
from enterprises.team.rights import Post, TeamActor, enterprise_reach
from enterprises.team.team import TeamRefusal
from tests import given, missing_in, reloaded
from tests.api.conftest import Program, token_for
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import (
    OFFER,
    address,
    checked,
    colleague,
    costs_the_same,
    send,
    shown,
    signed_in,
)

LATER = WEDNESDAY + timedelta(hours=3)
LIST, GRANTED = "/enterprise/approvals/", {"decision": "grant", "text": ""}


def guarded(world: World) -> TwoPersons:
    typed = {"offers_above": Decimal(100), "refusals": True, "failures": True, "returns": True}
    return TwoPersons.objects.create(enterprise=world.mobile, set_by=world.lead, set_at=WEDNESDAY, **typed)


def sent(world: World) -> tuple[Any, Matter]:
    """Ming sends an offer with a refusal; what he gets is a proposal."""
    guarded(world)
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    answer = send(ming, address(case, "offer"), OFFER)
    assert (answer.status_code, "已提请批准" in shown(ming.get(answer.url))) == (302, True)
    return case, Matter.objects.get(complaint=case, kind="proposal")


def test_the_form_proposes_while_time_runs_on_and_a_reviewer_sees_and_sends_the_offer(world: World) -> None:
    case, matter = sent(world)
    assert not Offer.objects.filter(complaint=case).exists()
    assert matter.data["why"] == ["amount", "refusal"]
    page = shown(signed_in(world.ming).get(address(case)))
    assert "等第二人批准：提出方案" in page
    assert f'href="{address(case, "offer")}"' not in page
    assert "期限不停，仍是" in page
    # Who complained and who supervises see nothing of it.
    for user, path in ((world.chen, f"/cases/{case.number}/"), (world.rui, f"/authority/cases/{case.number}/")):
        assert "批准" not in shown(signed_in(user).get(path)).split("<main")[1]
    client = signed_in(colleague(world, "审试", role="reviewer", branch=world.fuzhou).user)
    assert "1项等您批准" in shown(client.get(LIST))
    texts = (OFFER["reason-2"], "金额超过本企业规定的数；有不同意的要求")
    checked(client.get(f"{LIST}{matter.pk}/"), 200, "消费者会看到", "¥128.50", "案件的期限不停", "明试", *texts)
    for _turn in range(2):
        answer = send(client, f"{LIST}{matter.pk}/", GRANTED, key="once-and-again-1234")
        assert (answer.status_code, answer.url) == (302, LIST)
    offer = Offer.objects.get(complaint=case)
    assert (offer.state, offer.made_by_name) == ("open", "审试")
    assert "没有待批准的事项" in shown(client.get(LIST))
    # Whoever opens the link of the letter afterwards is led to the case.
    assert client.get(f"{LIST}{matter.pk}/").url == address(case)


def test_sent_back_with_the_reason_the_case_shows_it_and_nothing_need_be_typed_again(world: World) -> None:
    case, matter = sent(world)
    ming, boss, url = signed_in(world.ming), signed_in(world.lead), f"{LIST}{matter.pk}/"
    # While it waits there is nothing to write.
    assert "已经提请第二人批准，正在等决定。" in shown(ming.get(address(case, "offer"), follow=True))
    assert send(boss, url, {"decision": "refuse", "text": ""}).status_code == 422
    assert send(boss, url, {"decision": "refuse", "text": "退订可以同意，请改。"}).status_code == 302
    assert not missing_in(shown(ming.get(address(case))), "退回修改：提出方案", "退订可以同意，请改。")
    assert "退订可以同意" not in shown(signed_in(world.rui).get(f"/authority/cases/{case.number}/"))
    # He may send another one.
    assert Matter.objects.get(complaint=case, kind="proposal").state == "refused"
    editor = ming.get(address(case, "offer"))
    assert "已填上被退回的方案" in shown(editor)
    form = editor.context["form"]
    promise = [f"{name}-1" for name in ("kind", "what", "due_on", "proof")]
    for name in ("answer-1", "answer-2", "reason-2", "message", *promise):
        assert str(form[name].value() or "") == OFFER[name], name
    assert Decimal(str(form["amount-1"].value())) == Decimal(OFFER["amount-1"])
    # What is written since counts; and an offer that went out leaves nothing behind.
    send(ming, address(case, "offer"), OFFER | {"message": "改过了。", "save": "1"})
    assert ming.get(address(case, "offer")).context["form"]["message"].value() == "改过了。"
    send(ming, address(case, "offer"), {"forget": "1"})
    given.step(case, enterprise.send_message(text="合同截图已发。"), world.handler, LATER)
    assert "已填上被退回的方案" in shown(ming.get(address(case, "offer")))
    TwoPersons.objects.update(ended_at=LATER)
    given.step(case, given.an_offer(), world.handler, LATER)
    given.step(case, consumer.decline_offer(reason="amount_too_low"), world.consumer, LATER)
    assert "已填上被退回的方案" not in shown(ming.get(address(case, "offer")))


def test_strangers_find_nothing_nobody_decides_on_the_own_and_nothing_is_half_done(world: World) -> None:
    _case, matter = sent(world)
    branch, url = Branch.objects.create(enterprise=world.mobile, name="另一家分公司"), f"{LIST}{matter.pk}/"
    elsewhere = colleague(world, "审试", role="reviewer", branch=branch).user
    for user in (elsewhere, world.hua, world.rui, world.chen):
        client = signed_in(user)
        assert client.get(url).status_code == client.get(f"{LIST}999999/").status_code == 404
        assert send(client, url, GRANTED).status_code == 404
    assert "没有待批准的事项" in shown(signed_in(elsewhere).get(LIST))
    Staff.objects.filter(pk=world.ming_staff.pk).update(role="manager")
    own = signed_in(world.ming)
    assert "不能批准自己提请的" in shown(own.get(url))
    assert send(own, url, GRANTED).status_code == 409
    Staff.objects.filter(pk=world.ming_staff.pk).update(role="handler")
    other = signed_in(colleague(world, "另试", branch=world.fuzhou).user)
    assert "由审核人员或者管理员批准" in shown(other.get(url))
    assert send(other, url, GRANTED).status_code == 409
    assert reloaded(matter).state == "open"
    with time_machine.travel("2026-12-08 02:00+00:00", tick=False):
        # The last day that was promised has passed, and so has the time for negotiating.
        assert send(signed_in(world.lead), url, GRANTED).status_code in (409, 422)
    assert reloaded(matter).state in ("open", "fallen")
    assert not Offer.objects.exists()


def test_other_steps_wait_as_well_and_a_longer_list_asks_no_more_queries(world: World) -> None:
    guarded(world)
    ming, lead = signed_in(world.ming), signed_in(world.lead)
    back = {"reason": "not_customer", "target": "none", "text": "查无此用户。", "send": "1"}
    talked = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(talked, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, WEDNESDAY)
    for case, slug, said in (
        (talked, "failure", {"reason": "no_agreement", "text": "谈不拢。"}),
        (given.a_complaint(world, status=S.WITH_ENTERPRISE), "return", back),
    ):
        before = case.status
        assert send(ming, address(case, slug), said).status_code == 302
        assert reloaded(case).status == before
        url = f"{LIST}{Matter.objects.get(complaint=case, kind='proposal').pk}/"
        assert said["text"] in shown(lead.get(url))
        assert send(lead, url, GRANTED).status_code == 302
        assert reloaded(case).status != before

    def wait(n: int) -> None:
        for _ in range(n):
            send(ming, address(given.a_complaint(world, status=S.WITH_ENTERPRISE), "return"), back)

    wait(1)
    assert "5项等您批准" in costs_the_same(lead, LIST, lambda: wait(4), at_most=22)


def test_a_program_is_told_the_way_and_may_go_it(world: World) -> None:

    guarded(world)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    ming, lead = (Program(token_for(user, world=world, place="enterprise").secret) for user in (world.ming, world.lead))
    steps, text = f"/complaints/{case.number}/steps", {"reason": "not_customer", "text": "查无此用户。"}
    refused = ming.post(f"{steps}/return_case/", text)
    assert (refused.status_code, refused.json()["code"]) == (409, "two_persons")
    assert "propose" in refused.json()["allowed_steps"]
    assert ming.post(f"{steps}/propose/", {"step": "return_case", "input": text}).status_code == 200
    assert ming.post(f"{steps}/approve/", {}).status_code == 409
    assert lead.post(f"{steps}/approve/", {}).status_code == 200
    assert reloaded(case).status == S.TRIAGE


THREAT = "再投诉就把您列入黑名单。"


def test_a_threat_by_message_waits_for_a_reviewer_who_reads_it_quoted_and_sent_back_it_is_written_on(
    world: World,
) -> None:
    """Nobody guards anything here: the words alone want a second person."""
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    boss, page = signed_in(world.lead), address(case, "message")
    answer = send(ming, page, {"text": f"账单查过了。{THREAT}"})
    assert (answer.status_code, "已提请批准" in shown(ming.get(answer.url))) == (302, True)
    url = f"{LIST}{Matter.objects.get(complaint=case, kind='proposal').pk}/"
    quoted = ("像威胁或者侮辱", "再投诉就把您列入黑名单</q>", "账单查过了", "消费者看得到")
    checked(boss.get(url), 200, *quoted)
    assert send(boss, url, {"decision": "refuse", "text": "请改掉最后一句。"}).status_code == 302
    assert ming.get(page).context["form"]["text"].value() == f"账单查过了。{THREAT}"
    assert send(ming, page, {"text": f"账单查过了，没有错。{THREAT}"}).status_code == 302
    url = f"{LIST}{Matter.objects.get(complaint=case, kind='proposal', state='open').pk}/"
    assert send(boss, url, GRANTED).status_code == 302
    assert "账单查过了，没有错。" in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    assert "“再投诉就把您列入黑名单”" in shown(ming.get(address(case)))
    assert not ming.get(page).context["form"]["text"].value()
    # A harmless one goes at once.
    assert send(ming, page, {"text": "60元12月5日前退。"}).status_code == 302
    assert not Matter.objects.filter(complaint=case, kind="proposal", state="open").exists()


def test_where_nobody_else_could_approve_what_was_typed_stays_with_the_sentence_named(world: World) -> None:
    people = Staff.objects.filter(enterprise=world.mobile, role__in=["manager", "reviewer"]).values("user")
    User.objects.filter(pk__in=people).update(is_active=False)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    checked(send(signed_in(world.ming), address(case, "ask"), {"text": THREAT}), 422, "请改掉这一句", THREAT)
    assert not Matter.objects.filter(complaint=case, kind="proposal").exists()


def test_a_program_says_no_threat_alone_and_may_propose_it(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    ming, lead = (Program(token_for(user, world=world, place="enterprise").secret) for user in (world.ming, world.lead))
    steps, said = f"/complaints/{case.number}/steps", {"text": THREAT}
    refused = ming.post(f"{steps}/send_message/", said).json()
    assert (refused["code"], refused["field"]) == ("two_persons", "text")
    assert ming.post(f"{steps}/propose/", {"step": "send_message", "input": said}).status_code == 200
    assert lead.post(f"{steps}/approve/", {}).status_code == 200
    called = {"channel": "phone", "reached": True, "note": THREAT, "at": timezone.now().isoformat()}
    assert ming.post(f"{steps}/log_contact/", called).json()["code"] == "two_persons"
    assert ming.post(f"{steps}/propose/", {"step": "log_contact", "input": called}).status_code == 200
    assert lead.post(f"{steps}/approve/", {}).status_code == 200


TEAM = "/enterprise/team/"
LEAVE, RULES, SETTING = f"{TEAM}leave/", f"{TEAM}rules/", f"{TEAM}two-persons/"


def manages(world: World) -> TeamActor:
    now = timezone.now()
    return TeamActor(user=world.lead, reach=enterprise_reach(world.lead.pk, on=timezone.localdate(now)), now=now)


def test_each_number_is_that_of_the_list_behind_it_and_a_branch_sees_its_own_people_only(world: World) -> None:
    second = colleague(world, "second", branch=world.fuzhou)
    for _ in range(2):
        given.a_complaint(world, status=S.NEGOTIATING)
    given.a_complaint(world, status=S.AWAITING_CONSUMER)
    for days, expected in ((0, [3, 0, 0]), (12, [3, 2, 0]), (16, [3, 0, 2])):
        with time_machine.travel(LATER + timedelta(days), tick=False):
            client = signed_in(world.lead)
            lines = {line["row"].pk: line for line in client.get(TEAM).context["rows"]}
            load = lines[world.ming_staff.pk]["load"]
            assert [cell["count"] for cell in load] == expected, days
            for cell in load:
                assert len(client.get(cell["url"]).context["rows"]) == cell["count"], cell["url"]
            assert [cell["count"] for cell in lines[second.pk]["load"]] == [0, 0, 0]
    branch = Branch.objects.create(enterprise=world.mobile, name="另一家分公司")
    elsewhere = colleague(world, "elsewhere", branch=branch)
    given.a_complaint(world, status=S.NEGOTIATING)
    page = signed_in(elsewhere.user).get(TEAM)
    assert [line["row"].pk for line in page.context["rows"]] == [elsewhere.pk]
    assert page.context["unowned"] == 0


def test_the_page_costs_the_same_for_a_few_and_for_many(world: World) -> None:
    def more() -> None:
        for _ in range(6):
            colleague(world, "多试", branch=world.fuzhou)
            given.a_complaint(world, status=S.NEGOTIATING)

    costs_the_same(signed_in(world.lead), TEAM, more, at_most=30)


def test_leave_is_entered_shown_and_hands_over_and_everybody_enters_the_own(world: World) -> None:
    second = colleague(world, "second", branch=world.fuzhou)
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.lead)
    values = {"staff": world.ming_staff.pk, "starts_on": "2026-11-11", "ends_on": "2026-11-13", "deputy": second.pk}
    for _turn in range(2):
        assert send(client, LEAVE, values, key="leave-once-1234").status_code == 302
    row = Absence.objects.get()
    assert (row.staff, row.deputy, row.entered_by) == (world.ming_staff, second, world.lead)
    assert "请假中" in shown(client.get(LEAVE))
    assert "请假至11月13日" in shown(client.get(TEAM))
    assert client.get("/enterprise/queue/").context["rows"][0]["handler"] is None, "nobody away is shown with a case"
    assert assigning.sweep_assignments(now=LATER) == 1
    assert client.get("/enterprise/queue/").context["rows"][0]["handler"] == second.user.name
    assert reloaded(case).handler == second
    assert "原处理人请假" in shown(client.get(f"/enterprise/cases/{case.number}/"))
    assert send(client, f"{LEAVE}{row.pk}/cancel/", {}).status_code == 302
    assert "没有人请假" in shown(client.get(LEAVE))
    events = SecurityEvent.objects.filter(kind__startswith="leave_").order_by("pk")
    assert [event.kind for event in events] == ["leave_entered", "leave_cancelled"]
    second, client = colleague(world, "second", branch=world.fuzhou), signed_in(world.ming)
    values = {"starts_on": "2026-11-12", "ends_on": "2026-11-13", "deputy": ""}
    assert send(client, LEAVE, values | {"staff": second.pk}).status_code == 422
    assert send(client, LEAVE, values | {"staff": world.ming_staff.pk}).status_code == 302
    row = Absence.objects.latest("pk")
    assert send(signed_in(second.user), f"{LEAVE}{row.pk}/cancel/", {}).status_code == 404
    assert send(signed_in(world.hua), f"{LEAVE}{row.pk}/cancel/", {}).status_code == 404
    assert signed_in(world.chen).get(LEAVE).status_code == 404


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
        checked(send(signed_in(world.lead), LEAVE, values), 422, words)
        assert Absence.objects.count() == 1


def test_a_rule_is_tried_then_made_moved_and_ended(world: World) -> None:
    second = colleague(world, "second", branch=world.fuzhou)
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.lead)
    whole = Post(enterprise=world.mobile)
    organising.add_rule(whole, category="price", handler=world.ming_staff, by=manages(world))
    typed = {"post": f"enterprise-{world.mobile.pk}", "category": "", "handler": second.pk}
    (tried,) = send(client, RULES, typed | {"do": "try"}).context["tried"]
    assert (tried["number"], tried["would"], tried["is_new"]) == (case.number, "second", True)
    assert AssignmentRule.objects.count() == 1
    assert send(client, RULES, typed | {"do": "save"}).status_code == 302
    rule = AssignmentRule.objects.get(category="")
    assert send(client, f"{RULES}{rule.pk}/", {"do": "up"}).status_code == 302
    assert next(row.pk for row in organising.rules_at(whole)) == rule.pk
    assert assigning.sweep_assignments(now=LATER) == 1
    assert reloaded(case).handler == second
    assert "按本企业的分派规则" in shown(client.get(address(case)))
    # Who accepts finds the name already chosen.
    assert f'value="{second.pk}" selected' in shown(client.get(address(case, "accept")))
    assert send(client, f"{RULES}{rule.pk}/", {"do": "end"}).status_code == 302
    assert reloaded(rule).ended_by == world.lead
    assert send(client, f"{RULES}{rule.pk}/", {"do": "end"}).status_code == 404


def test_rules_and_the_setting_are_for_those_who_manage_the_place(world: World) -> None:
    local = colleague(world, "local", role="manager", branch=world.fuzhou)
    rule = organising.add_rule(Post(enterprise=world.mobile), category="", handler=None, by=manages(world))
    for user in (world.ming, world.hua, world.chen):
        assert signed_in(user).get(RULES).status_code == 404
    client, typed = signed_in(local.user), {"category": "", "handler": "", "do": "save"}
    assert send(client, RULES, typed | {"post": f"enterprise-{world.mobile.pk}"}).status_code == 422
    assert send(client, f"{RULES}{rule.pk}/", {"do": "end"}).status_code == 404
    assert send(client, RULES, typed | {"post": f"branch-{world.fuzhou.pk}"}).status_code == 302
    assert AssignmentRule.objects.filter(branch=world.fuzhou).count() == 1
    typed = {"refusals": "on", "do": "set"}
    assert send(client, SETTING, typed | {"post": f"enterprise-{world.mobile.pk}"}).status_code == 422
    nothing: Any = {"offers_above": None, **dict.fromkeys(("refusals", "failures", "returns"), False)}
    by = TeamActor(user=local.user, reach=enterprise_reach(local.user_id, on=timezone.localdate()), now=LATER)
    assert refused(organising.set_two_persons, Post(enterprise=world.mobile), **nothing, by=by)
    assert send(client, SETTING, typed | {"post": f"branch-{world.fuzhou.pk}"}).status_code == 302


def test_the_setting_is_saved_shown_and_dropped(world: World) -> None:
    client, here = signed_in(world.lead), f"enterprise-{world.mobile.pk}"
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
    second, client = colleague(world, "second", branch=world.fuzhou), signed_in(world.lead)
    page = f"{TEAM}{world.ming_staff.pk}/"
    assert send(client, page, {"do": "number", "number": "A-017"}).status_code == 302
    assert "工号 A-017" in shown(client.get(TEAM))
    told = manages(world)
    for number, code in (("A-017", "number_taken"), ("a b", "bad_number"), ("x" * 21, "bad_number")):
        assert refused(organising.set_number, second, number, by=told) == code
    Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=date(2026, 11, 1))
    again = Staff(user=world.ming, enterprise=world.mobile, branch=world.fuzhou, role="handler")
    again.starts_on = date(2026, 11, 10)
    again.save()
    organising.set_number(again, "A-017", by=told)
    assert Staff.objects.get(number="A-017") == again


def test_who_holds_cases_hands_over_before_leaving(world: World) -> None:
    given.a_complaint(world, status=S.NEGOTIATING)
    assert refused(team.end, world.ming_staff, timezone.localdate(), by=manages(world)) == "holds_cases"
    assert refused(team.change_role, world.ming_staff, "reviewer", by=manages(world)) == "holds_cases"
    # Out at once is always possible; what was open goes to a head.
    team.end(world.ming_staff, None, by=manages(world))
    assert assigning.sweep_assignments(now=LATER) == 1


def refused(change: Callable[..., object], *args: Any, **options: Any) -> str:
    with pytest.raises(TeamRefusal) as raised:
        change(*args, **options)
    return raised.value.code
