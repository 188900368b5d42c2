"""What single step pages of the enterprise bring; that each is drawn and taken, test_every_step.py says."""

from datetime import timedelta

from django.utils import timezone

from complaints.handling.steps import both, consumer, enterprise
from complaints.models import Contact, InternalNote, Matter, Obligation, Offer
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Staff
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import steps_of
from tests.complaints.pages.at_the_desk import address, send, shown, signed_in
from tests.complaints.pages.step_walks.enterprise import sent_back

S = Status
LATER = WEDNESDAY + timedelta(hours=3)


def test_a_step_that_waits_for_something_says_for_what(world: World) -> None:
    """The status alone would let it: it is no reason."""
    waiting, client = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.ming)
    assert "已经有一份方案等消费者答复。" in shown(client.get(address(waiting, "offer"), follow=True))
    given.step(waiting, consumer.ask_about_offer(text="退到哪里？"), world.consumer, WEDNESDAY)
    assert "已经有一份方案等消费者答复。消费者提了问题，请先回答。" in shown(
        client.get(address(waiting, "offer"), follow=True)
    )
    talking = given.a_complaint(world, status=S.NEGOTIATING)
    page = shown(client.get(address(talking, "extension"), follow=True))
    assert page.count("本地区的规定不允许延期，请在期限内办完。") == 2
    assert "现在不能办" not in page
    reported = given.a_complaint(world, status=S.PERFORMING)
    given.step(reported, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, WEDNESDAY)
    assert "“报告已履行”现在没有要办的。" in shown(client.get(address(reported, "performed"), follow=True))
    assert "“受理”现在不能办：案件是“和解待履行”。" in shown(client.get(address(reported, "accept"), follow=True))


def test_accepting_names_a_handler_of_the_branch_or_above_who_may_then_look_at_the_number(world: World) -> None:
    other = Branch.objects.exclude(pk=world.fuzhou.pk).filter(
        enterprise=world.mobile, parent=world.fuzhou
    ).first() or Branch.objects.create(enterprise=world.mobile, name="别处分公司")
    far = Staff.objects.create(user=world.otto, enterprise=world.mobile, branch=other, role="handler")
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    assert f'value="{far.pk}"' not in shown(client.get(address(case, "accept")))
    assert send(client, address(case, "accept"), {"handler": far.pk}).status_code == 422
    assert "13800000001" not in shown(client.get(address(case)))
    send(client, address(case, "accept"), {"handler": world.ming_staff.pk})
    case.refresh_from_db()
    assert (case.status, case.handler) == (S.NEGOTIATING, world.ming_staff)
    assert "13800000001" not in shown(client.get(address(case)))
    send(client, address(case, "reveal"), {"reason": "look_call"})
    assert "13800000001" in shown(client.get(address(case)))


def test_contacts_and_notes_are_kept_and_a_failure_without_a_contact_is_refused_with_the_reason(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    response = send(
        client, address(case, "failure"), {"reason": "no_agreement", "text": "谈了很久，换了三个方案也没有谈拢。"}
    )
    assert response.status_code == 409
    assert "请先记录与消费者的联系" in shown(response)
    assert "谈了很久，换了三个方案也没有谈拢。" in shown(response)
    call = {"channel": "phone", "reached": "no", "note": "没有人接。", "at": "2026-11-11T10:00"}
    send(client, address(case, "contact"), call)
    contact = Contact.objects.get(complaint=case)
    assert (contact.reached, timezone.localtime(contact.at).hour, contact.by_name) == (False, 10, "明试")
    send(client, address(case, "note"), {"text": "内部才知道的话"})
    assert InternalNote.objects.get().text == "内部才知道的话"
    assert "内部才知道的话" in shown(client.get(address(case)))


def test_the_consumers_claim_is_confirmed_or_denied(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    given.step(case, both.claim_settled_elsewhere(text="店里解决了"), world.consumer, WEDNESDAY)
    asked = shown(client.get(address(case)))
    assert "消费者称已经另行和解，请您答复。" in asked
    assert "是否已经另行和解" in asked
    assert "确认已另行和解" not in asked, "the button of a page that answers either way"
    page = client.get(address(case, "settled-elsewhere"))
    assert "消费者称已经另行和解" in shown(page)
    assert send(client, address(case, "settled-elsewhere"), {"answer": "deny", "text": "没有"}).status_code == 302
    assert Matter.objects.get(kind="settled_elsewhere").state == "refused"


def test_a_return_finds_its_target(world: World) -> None:
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    result = send(
        client, address(case, "return"), {"reason": "wrong_entity", "q": "电信", "text": "号码是电信的", "search": "1"}
    )
    assert result.status_code == 200
    assert "号码是电信的" in shown(result)
    assert "中国电信福州分公司" in shown(result)
    target = next(value for value, words in result.context["form"].fields["target"].choices if "中国电信福州" in words)
    assert steps_of(case)[-1] == "forward"
    sent = {"reason": "wrong_entity", "q": "电信", "target": target, "text": "", "send": "1"}
    assert send(client, address(case, "return"), sent).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.picked_enterprise) == (S.FILED, world.telecom)
    assert "已不由贵单位办理" in shown(client.get(address(case)))


def test_the_consumers_own_promise_is_confirmed(world: World) -> None:
    case, client = sent_back(world), signed_in(world.ming)
    assert send(client, address(case, "confirm"), {"obligations": ["1"]}).status_code == 302
    assert [o.state for o in Obligation.objects.order_by("ordinal")] == ["confirmed", "due"]
    assert Obligation.objects.get(ordinal=2).due_on is not None
    assert Offer.objects.get().state == "accepted"
