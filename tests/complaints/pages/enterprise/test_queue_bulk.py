"""One step for many cases of the queue: each judged for itself, each answered for."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import both, consumer, enterprise
from complaints.models import Complaint, Contact, HandlingStep, InternalNote, Matter, Obligation, Offer, Reading
from complaints.procedure.workflow import Status as S
from enterprises.models import Branch, Staff
from tests import at_once, found_in, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import steps_of
from tests.complaints.pages.at_the_desk import OFFER, address, checked, colleague, send, shown, signed_in
from tests.complaints.pages.step_walks.parties import sent_back
from tests.walls.forms import forms_of

QUEUE = "/enterprise/queue/"


def bulk(client: Client, do: str, cases: list[Any], key: str = "", **more: Any) -> Any:
    numbers = [case if isinstance(case, str) else case.number for case in cases]
    return send(client, QUEUE, {"do": do, "case": numbers} | more, key=key)


def statuses(cases: list[Complaint]) -> list[str]:
    return [Complaint.objects.get(pk=case.pk).status for case in cases]


def test_what_can_be_accepted_is_everybody_keeps_the_own_cases_and_sent_twice_it_is_once(world: World) -> None:
    """Rules or people gave them out already; whoever accepts a whole list takes what nobody has."""
    hers, nobodys = (given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2))
    given.step(hers, enterprise.assign(handler_id=world.lead_staff.pk), world.handler, WEDNESDAY)
    client = signed_in(world.ming)
    assert client.get(QUEUE).context["bulk"].fields["handler"].choices[0] == ("", "各自的处理人，没有的由我")
    assert "已受理2件" in shown(bulk(client, "accept", [hers, nobodys], handler=""))
    result = dict(Complaint.objects.values_list("pk", "handler_id"))
    assert result == {hers.pk: world.lead_staff.pk, nobodys.pk: world.ming_staff.pk}
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2)]
    text = {"handler": str(world.ming_staff.pk)}
    first = bulk(client, "accept", new, key="k" * 20, **text)
    again = bulk(client, "accept", new, key="k" * 20, **text)
    assert ("已受理2件" in shown(first), again.context["run"]) == (True, first.context["run"])
    assert HandlingStep.objects.filter(step="accept_case", complaint__in=new).count() == 2
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(3)]
    later, theirs = given.a_complaint(world, status=S.NEGOTIATING), given.a_complaint(world, status=S.TRIAGE)
    rows = [*new, later, theirs, "20260101-AAAAAAAAAAAA-0"]
    answer = bulk(client, "accept", rows, **text)
    checked(answer, 200, "已受理3件，3件没有办")
    # A case that lies elsewhere is answered like one that was never there.
    groups = dict(answer.context["groups"])
    assert sorted(map(len, groups.values())) == [1, 2]
    assert groups["没有这件投诉，或者它不在贵单位办理。"] == [theirs.number, "20260101-AAAAAAAAAAAA-0"]
    assert (groups["已是“协商和解中”，处理人：明试。"], statuses(new)) == ([later.number], ["negotiating"] * 3)
    assert HandlingStep.objects.filter(step="accept_case", complaint__in=new).count() == 3
    # What I did myself is not new to me.
    assert Reading.objects.filter(user=world.ming, complaint__in=new).count() == 3


def test_another_branchs_cases_are_not_there_and_a_reviewer_reads_and_takes_no_step(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    others = Branch.objects.filter(enterprise=world.mobile).exclude(pk=world.fuzhou.pk)
    elsewhere = others.exclude(parent=world.fuzhou).first()
    for staff in (colleague(world, "旁试", role="manager", branch=elsewhere), world.hua_staff):
        for do in ("accept", "assign", "read"):
            answer = bulk(signed_in(staff.user), do, [case], handler=str(staff.pk))
            assert list(dict(answer.context["groups"])) == ["没有这件投诉，或者它不在贵单位办理。"]
    assert statuses([case]) == ["with_enterprise"]
    assert not Reading.objects.exists()
    reviewer = signed_in(colleague(world, "审试", role="reviewer").user)
    answer = bulk(reviewer, "accept", [case], handler=str(world.ming_staff.pk))
    assert dict(answer.context["groups"]) == {"这一步由其他人办理。": [case.number]}
    assert "已标为已读1件" in shown(bulk(reviewer, "read", [case]))


def test_the_whole_list_is_what_the_address_means_chosen_ones_are_exported_and_nothing_is_said(world: World) -> None:
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2)]
    other = given.a_complaint(world, status=S.WITH_ENTERPRISE, item_name="别的商品")
    client = signed_in(world.ming)
    typed = {"do": "assign", "all": "on", "handler": str(world.lead_staff.pk), "idempotency_key": "k" * 20}
    assert "已分派2件" in shown(client.post(f"{QUEUE}?view=new&q=宽带", typed))
    assert set(Complaint.objects.filter(handler=world.lead_staff)) == set(new)
    answer = client.post(f"{QUEUE}?view=new&q=宽带", {"do": "read", "all": "on", "idempotency_key": "m" * 20})
    assert sorted(answer.context["run"].done) == sorted(case.number for case in new)
    assert other.number not in shown(answer)
    cases = [given.a_complaint(world, status=S.NEGOTIATING) for _ in range(3)]
    answer = bulk(signed_in(world.ming), "export", cases[:2])
    assert answer["Location"] == f"/enterprise/exports/new/?view=all&only={cases[0].number}.{cases[1].number}"
    given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for said, words in (
        ({"do": "accept", "handler": "1"}, "请先选中要办的案件"),
        ({"do": "nothing", "case": "x"}, "步骤"),
        ({"do": "assign", "case": "x"}, "请选一位处理人"),
        ({"do": "assign", "case": "x", "handler": "9999999"}, "交给谁"),
    ):
        checked(send(client, QUEUE, said), 422, words)


def test_a_step_that_waits_for_something_says_for_what(world: World) -> None:
    """The status alone would let it: it is no reason."""
    waiting, client = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.ming)
    assert "已经有一份方案等消费者答复。" in shown(client.get(address(waiting, "offer"), follow=True))
    given.step(waiting, consumer.ask_about_offer(text="退到哪里？"), world.consumer, WEDNESDAY)
    path = address(waiting, "offer")
    assert "已经有一份方案等消费者答复。消费者提了问题，请先回答。" in shown(client.get(path, follow=True))
    page = shown(client.get(address(given.a_complaint(world, status=S.NEGOTIATING), "extension"), follow=True))
    assert page.count("本地区的规定不允许延期，请在期限内办完。") == 2
    assert "现在不能办" not in page
    reported = given.a_complaint(world, status=S.PERFORMING)
    given.step(reported, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, WEDNESDAY)
    assert "“报告已履行”现在没有要办的。" in shown(client.get(address(reported, "performed"), follow=True))
    assert "“受理”现在不能办：案件是“和解待履行”。" in shown(client.get(address(reported, "accept"), follow=True))


def test_accepting_names_a_handler_of_the_branch_or_above_who_may_then_look_at_the_number(world: World) -> None:
    below = Branch.objects.exclude(pk=world.fuzhou.pk).filter(enterprise=world.mobile, parent=world.fuzhou)
    other = below.first() or Branch.objects.create(enterprise=world.mobile, name="别处分公司")
    far = Staff.objects.create(user=world.otto, enterprise=world.mobile, branch=other, role="handler")
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    assert f'value="{far.pk}"' not in shown(client.get(address(case, "accept")))
    assert send(client, address(case, "accept"), {"handler": far.pk}).status_code == 422
    assert "13800000001" not in shown(client.get(address(case)))
    send(client, address(case, "accept"), {"handler": world.ming_staff.pk})
    assert (reloaded(case).status, case.handler) == (S.NEGOTIATING, world.ming_staff)
    assert "13800000001" not in shown(client.get(address(case)))
    send(client, address(case, "reveal"), {"reason": "look_call"})
    assert "13800000001" in shown(client.get(address(case)))


def test_contacts_and_notes_are_kept_and_a_failure_without_a_contact_is_refused_with_the_reason(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    typed = {"reason": "no_agreement", "text": "谈了很久，换了三个方案也没有谈拢。"}
    checked(send(client, address(case, "failure"), typed), 409, "请先记录与消费者的联系", typed["text"])
    call = {"channel": "phone", "reached": "no", "note": "没有人接。", "at": "2026-11-11T10:00"}
    send(client, address(case, "contact"), call)
    contact = Contact.objects.get(complaint=case)
    assert (contact.reached, timezone.localtime(contact.at).hour, contact.by_name) == (False, 10, "明试")
    send(client, address(case, "note"), {"text": "内部才知道的话"})
    assert InternalNote.objects.get().text == "内部才知道的话"
    assert "内部才知道的话" in shown(client.get(address(case)))


def test_the_consumers_claim_and_the_consumers_own_promise_are_confirmed_or_denied(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    given.step(case, both.claim_settled_elsewhere(text="店里解决了"), world.consumer, WEDNESDAY)
    asked = shown(client.get(address(case)))
    assert not missing_in(asked, "消费者称已经另行和解，请您答复。", "是否已经另行和解")
    assert "确认已另行和解" not in asked, "the button of a page that answers either way"
    assert "消费者称已经另行和解" in shown(client.get(address(case, "settled-elsewhere")))
    assert send(client, address(case, "settled-elsewhere"), {"answer": "deny", "text": "没有"}).status_code == 302
    assert Matter.objects.get(kind="settled_elsewhere").state == "refused"
    case = sent_back(world)
    assert send(client, address(case, "confirm"), {"obligations": ["1"]}).status_code == 302
    assert [o.state for o in Obligation.objects.order_by("ordinal")] == ["confirmed", "due"]
    assert Obligation.objects.get(ordinal=2).due_on is not None
    assert Offer.objects.get().state == "accepted"


def test_a_return_finds_its_target(world: World) -> None:
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    typed = {"reason": "wrong_entity", "q": "电信", "text": "号码是电信的", "search": "1"}
    result = send(client, address(case, "return"), typed)
    checked(result, 200, "号码是电信的", "中国电信福州分公司")
    target = next(value for value, words in result.context["form"].fields["target"].choices if "中国电信福州" in words)
    assert steps_of(case)[-1] == "forward"
    sent = {"reason": "wrong_entity", "q": "电信", "target": target, "text": "", "send": "1"}
    assert send(client, address(case, "return"), sent).status_code == 302
    assert (reloaded(case).status, case.picked_enterprise) == (S.FILED, world.telecom)
    assert "已不由贵单位办理" in shown(client.get(address(case)))


NOON, NEWS = WEDNESDAY + timedelta(hours=3), "案件刚有变化：消费者 11月11日 13:00：补充说明。"


def wang(world: World) -> Staff:
    return colleague(world, "王强", branch=world.fuzhou)


def versions(page: str) -> list[str]:
    """Those that its forms carry."""
    return [form.values["version"] for form in forms_of(page) if "version" in form.values]


def opened(client: Client, case: Complaint, step: str) -> str:
    return versions(shown(client.get(address(case, step))))[0]


def test_who_comes_second_is_told_who_was_first_also_with_handing_on(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    first, second = signed_in(wang(world).user), signed_in(world.ming)
    seen = [opened(client, case, "accept") for client in (first, second)]
    values = {"handler": str(world.ming_staff.pk)}
    assert send(first, address(case, "accept"), values | {"version": seen[0]}).status_code == 302
    answer = send(second, address(case, "accept"), values | {"version": seen[1]})
    page = checked(answer, 409, "现在是“协商和解中”", "王强 11月11日 13:00：受理投诉。")
    assert HandlingStep.objects.filter(complaint=case, step="accept_case").count() == 1
    # The number of the state, the choices: nothing to copy for somebody who comes second with one press.
    assert not found_in(page, seen[1], "您写的内容还在")
    # Handing on stands in the enterprise's own chain.
    case, staff = given.a_complaint(world, status=S.NEGOTIATING), wang(world)
    version = opened(second, case, "assign")
    with time_machine.travel(NOON + timedelta(seconds=30), tick=False):
        assert send(signed_in(world.lead), address(case, "assign"), {"handler": str(staff.pk)}).status_code == 302
        answer = send(second, address(case, "assign"), {"handler": str(world.lead_staff.pk), "version": version})
    checked(answer, 409, "主管 11月11日 13:00：")
    assert reloaded(case).handler == staff


def test_a_step_on_a_case_that_moved_on_waits_for_a_second_look_and_keeps_the_text(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client, text = signed_in(world.ming), "谈了三次，账单的差额谈不拢。"
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过"), world.handler, NOON)
    version = opened(client, case, "failure")
    given.step(case, consumer.add_statement(text="我同意只退一半。"), world.consumer, NOON + timedelta(seconds=1))
    values = {"reason": "no_agreement", "text": text}
    page = checked(send(client, address(case, "failure"), values | {"version": version}), 409, NEWS, text)
    assert reloaded(case).status == S.NEGOTIATING
    # Seen, and sent once more.
    newer = versions(page)[0]
    assert newer != version
    assert send(client, address(case, "failure"), values | {"version": newer}).status_code == 302
    assert reloaded(case).status == S.REVIEW


def spoken_since(world: World, step: str) -> tuple[Complaint, Any, str]:
    """Ming opened the page of a step; a minute later the consumer wrote."""
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    version = opened(client, case, step)
    given.step(case, consumer.add_statement(text="我同意只退一半。"), world.consumer, NOON + timedelta(seconds=1))
    return case, client, version


def test_a_page_with_another_reason_for_a_second_press_hides_no_news_and_a_note_is_not_held_up(world: World) -> None:
    lacks = (
        ({"anyway": ""}, "还没有与消费者联系的记录"),
        ({"preview": "1"}, "消费者会看到"),
        ({"answer-1": ""}, "还没有答复第1项要求"),
    )
    for said, what in lacks:
        case, client, version = spoken_since(world, "offer")
        page = checked(send(client, address(case, "offer"), OFFER | said | {"version": version}), 409, NEWS, what)
        # It is then sent as it stands.
        assert send(client, address(case, "offer"), OFFER | {"version": versions(page)[0]}).status_code == 302
    case, client, version = spoken_since(world, "failure")
    checked(send(client, address(case, "failure"), {"reason": "", "text": "", "version": version}), 409, NEWS)
    case, client, version = spoken_since(world, "note")
    assert send(client, address(case, "note"), {"text": "已查计费系统。", "version": version}).status_code == 302


def test_a_page_that_is_only_rearranged_keeps_what_its_reader_knew(world: World) -> None:
    text = {"text": "号码不是在福州开的户，请转开户地。", "target": "", "reason": "other"}
    offers = (("offer", {button: "1"}) for button in ("add", "use", "save"))
    for step, more in (*offers, ("request-return", {"search": "1", "q": "移动"})):
        case, client, version = spoken_since(world, step)
        assert versions(shown(send(client, address(case, step), OFFER | more | {"version": version}))) == [version]
        checked(send(client, address(case, step), OFFER | text | {"version": version}), 409, NEWS)


def test_an_odd_version_hinders_nobody(world: World) -> None:
    for version in ("", "x", "1", "1.", "-1.5", "99999999999999.1", "1.99999999999999", "0.99999999999"):
        case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
        typed = {"handler": str(world.ming_staff.pk), "version": version}
        assert send(signed_in(world.ming), address(case, "accept"), typed).status_code in (302, 409)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_accepts_and_the_other_hears_who_it_was(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    clients = [signed_in(wang(world).user), signed_in(world.ming)]
    typed = {"handler": str(world.ming_staff.pk), "version": opened(clients[0], case, "accept")}
    answers = at_once(*(partial(send, client, address(case, "accept"), typed) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    refused = next(shown(answer) for answer in answers if answer.status_code == 409)
    winner = HandlingStep.objects.select_related("name").get(complaint=case, step="accept_case").name
    assert f"{winner.name} 11月11日 13:00：受理投诉。" in refused
