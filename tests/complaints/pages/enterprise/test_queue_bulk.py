"""One step for many cases of the queue: each judged for itself, each answered for."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from complaints.handling.steps import both, consumer, enterprise
from complaints.models import Complaint, Contact, HandlingStep, InternalNote, Matter, Obligation, Offer, Reading
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Staff
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import steps_of
from tests.complaints.pages.at_the_desk import address, send, shown, signed_in
from tests.complaints.pages.step_walks.enterprise import sent_back

S = Status
QUEUE = "/enterprise/queue/"


def bulk(client: Client, do: str, cases: list[Any], key: str = "", **more: Any) -> Any:
    numbers = [case if isinstance(case, str) else case.number for case in cases]
    return send(client, QUEUE, {"do": do, "case": numbers} | more, key=key)


def statuses(cases: list[Complaint]) -> list[str]:
    return [Complaint.objects.get(pk=case.pk).status for case in cases]


def test_accepted_together_everybody_keeps_the_own_cases(world: World) -> None:
    """Rules or people gave them out already; whoever accepts a whole list takes what nobody has."""
    hers, nobodys = (given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2))
    given.step(hers, enterprise.assign(handler_id=world.lead_staff.pk), world.handler, WEDNESDAY)
    client = signed_in(world.ming)
    assert client.get(QUEUE).context["bulk"].fields["handler"].choices[0] == ("", "各自的处理人，没有的由我")
    assert "已受理2件" in shown(bulk(client, "accept", [hers, nobodys], handler=""))
    result = dict(Complaint.objects.values_list("pk", "handler_id"))
    assert result == {hers.pk: world.lead_staff.pk, nobodys.pk: world.ming_staff.pk}


def test_what_can_be_accepted_is_the_rest_says_why_and_sent_twice_it_takes_effect_once(world: World) -> None:
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2)]
    client, text = signed_in(world.ming), {"handler": str(world.ming_staff.pk)}
    first = bulk(client, "accept", new, key="k" * 20, **text)
    again = bulk(client, "accept", new, key="k" * 20, **text)
    assert "已受理2件" in shown(first)
    assert again.context["run"] == first.context["run"]
    assert HandlingStep.objects.filter(step="accept_case").count() == 2
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(3)]
    later, theirs = given.a_complaint(world, status=S.NEGOTIATING), given.a_complaint(world, status=S.TRIAGE)
    rows = [*new, later, theirs, "20260101-AAAAAAAAAAAA-0"]
    answer = bulk(signed_in(world.ming), "accept", rows, handler=str(world.ming_staff.pk))
    page = shown(answer)
    assert answer.status_code == 200
    assert "已受理3件，3件没有办" in page
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
    elsewhere = (
        Branch.objects.filter(enterprise=world.mobile)
        .exclude(pk__in=[world.fuzhou.pk])
        .exclude(parent=world.fuzhou)
        .first()
    )
    user = User.objects.create_user("sibling@example.com", "a long pass phrase", name="旁试")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=elsewhere, role=Role.MANAGER.post)
    for stranger, staff in ((user, Staff.objects.get(user=user)), (world.hua, world.hua_staff)):
        for do in ("accept", "assign", "read"):
            answer = bulk(signed_in(stranger), do, [case], handler=str(staff.pk))
            assert list(dict(answer.context["groups"])) == ["没有这件投诉，或者它不在贵单位办理。"]
    assert statuses([case]) == ["with_enterprise"]
    assert not Reading.objects.exists()
    user = User.objects.create_user("reviewer@example.com", "a long pass phrase", name="审试")
    Staff.objects.create(user=user, enterprise=world.mobile, role=Role.REVIEWER.post)
    answer = bulk(signed_in(user), "accept", [case], handler=str(world.ming_staff.pk))
    assert dict(answer.context["groups"]) == {"这一步由其他人办理。": [case.number]}
    assert "已标为已读1件" in shown(bulk(signed_in(user), "read", [case]))


def test_the_whole_list_is_what_the_address_means(world: World) -> None:
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2)]
    other = given.a_complaint(world, status=S.WITH_ENTERPRISE, item_name="别的商品")
    client = signed_in(world.ming)
    typed = {"do": "assign", "all": "on", "handler": str(world.lead_staff.pk), "idempotency_key": "k" * 20}
    answer = client.post(f"{QUEUE}?view=new&q=宽带", typed)
    assert "已分派2件" in shown(answer)
    assert set(Complaint.objects.filter(handler=world.lead_staff)) == set(new)
    answer = client.post(f"{QUEUE}?view=new&q=宽带", {"do": "read", "all": "on", "idempotency_key": "m" * 20})
    assert sorted(answer.context["run"].done) == sorted(case.number for case in new)
    assert other.number not in shown(answer)


def test_what_is_missing_is_said_on_the_list(world: World) -> None:
    given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for said, words in (
        ({"do": "accept", "handler": "1"}, "请先选中要办的案件"),
        ({"do": "nothing", "case": "x"}, "步骤"),
        ({"do": "assign", "case": "x"}, "请选一位处理人"),
        ({"do": "assign", "case": "x", "handler": "9999999"}, "交给谁"),
    ):
        answer = send(signed_in(world.ming), QUEUE, said)
        assert (answer.status_code, words in shown(answer)) == (422, True)


def test_chosen_cases_lead_to_their_export(world: World) -> None:
    cases = [given.a_complaint(world, status=S.NEGOTIATING) for _ in range(3)]
    answer = bulk(signed_in(world.ming), "export", cases[:2])
    assert answer["Location"] == f"/enterprise/exports/new/?view=all&only={cases[0].number}.{cases[1].number}"


LATER = WEDNESDAY + timedelta(hours=3)


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
    other = Branch.objects.exclude(pk=world.fuzhou.pk).filter(
        enterprise=world.mobile, parent=world.fuzhou
    ).first() or Branch.objects.create(enterprise=world.mobile, name="别处分公司")
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
    response = send(client, address(case, "failure"), typed)
    assert (response.status_code, "请先记录与消费者的联系" in shown(response)) == (409, True)
    assert "谈了很久，换了三个方案也没有谈拢。" in shown(response)
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
    case, client = sent_back(world), signed_in(world.ming)
    assert send(client, address(case, "confirm"), {"obligations": ["1"]}).status_code == 302
    assert [o.state for o in Obligation.objects.order_by("ordinal")] == ["confirmed", "due"]
    assert Obligation.objects.get(ordinal=2).due_on is not None
    assert Offer.objects.get().state == "accepted"


def test_a_return_finds_its_target(world: World) -> None:
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    typed = {"reason": "wrong_entity", "q": "电信", "text": "号码是电信的", "search": "1"}
    result = send(client, address(case, "return"), typed)
    assert (result.status_code, "号码是电信的" in shown(result)) == (200, True)
    assert "中国电信福州分公司" in shown(result)
    target = next(value for value, words in result.context["form"].fields["target"].choices if "中国电信福州" in words)
    assert steps_of(case)[-1] == "forward"
    sent = {"reason": "wrong_entity", "q": "电信", "target": target, "text": "", "send": "1"}
    assert send(client, address(case, "return"), sent).status_code == 302
    assert (reloaded(case).status, case.picked_enterprise) == (S.FILED, world.telecom)
    assert "已不由贵单位办理" in shown(client.get(address(case)))
