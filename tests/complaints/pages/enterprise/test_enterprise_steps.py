"""Every step page of the enterprise: offered, taken once, refused with the reason, typed wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from authorities.models import Policy
from complaints.handling.steps import authority, both, consumer, enterprise, suggesting, supervision
from complaints.models import Contact, HandlingStep, InternalNote, Matter, Obligation, Offer
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, send, shown, signed_in

S = Status
LATER = WEDNESDAY + timedelta(hours=3)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


def steps_of(case: Any) -> list[str]:
    return list(HandlingStep.objects.filter(complaint=case).order_by("pk").values_list("step", flat=True))


def prepared(world: World, slug: str) -> Any:
    """A case in which the step of this page stands open."""
    status = {
        "accept": S.WITH_ENTERPRISE,
        "return": S.WITH_ENTERPRISE,
        "replace": S.AWAITING_CONSUMER,
        "performed": S.PERFORMING,
        "payment": S.PERFORMING,
        "new-dates": S.PERFORMING,
        "mediation": S.REVIEW,
        "answer": S.AWAITING_CONSUMER,
        "cause": S.CLOSED,
    }.get(slug, S.NEGOTIATING)
    if slug == "mediation":
        case = given.a_complaint(world, status=S.NEGOTIATING)
        return given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    if slug == "suggestion":
        case = given.a_complaint(world, status=S.NEGOTIATING)
        for who, move in (
            (world.consumer, consumer.stop_negotiating()),
            (world.officer, authority.accept()),
            (world.consumer, both.agree_to_mediation()),
            (world.handler, both.agree_to_mediation()),
            (world.officer, suggesting.suggest_settlement(text="退还两个月的费用。")),
        ):
            given.step(case, move, who, WEDNESDAY)
        return case
    case = given.a_complaint(world, status=status)
    if slug == "extension":
        Policy.objects.filter(name="extension").update(number=1)
    if slug == "reply":
        given.step(case, both.give_publication_consent(), world.consumer, WEDNESDAY)
    if slug == "answer":
        given.step(case, consumer.ask_about_offer(text="退到哪里？"), world.consumer, WEDNESDAY)
    if slug == "failure":
        given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, WEDNESDAY)
    if slug == "instruction":
        given.step(case, supervision.urge(text="请尽快答复。", last_day="2026-11-20"), world.officer, WEDNESDAY)
    if slug == "new-dates":
        given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, WEDNESDAY)
        given.step(case, consumer.report_breach(obligation=1, text="没有收到。"), world.consumer, WEDNESDAY)
    if slug == "payment":
        given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, WEDNESDAY)
        given.step(case, consumer.dispute_performance(obligation=1, text="没有收到。"), world.consumer, WEDNESDAY)
    return case


def good(world: World, slug: str) -> dict[str, Any]:
    return {
        "accept": {"handler": world.ming_staff.pk},
        "assign": {"handler": world.lead_staff.pk},
        "contact": {"channel": "phone", "reached": "no", "note": "没有人接。", "at": "2026-11-11T10:00"},
        "ask": {"text": "请问是哪一天扣的？"},
        "message": {"text": "正在核实。"},
        "note": {"text": "计费已查。"},
        "offer": OFFER,
        "replace": OFFER | {"answer-2": "grant", "reason-2": "", "separable-1": "on"},
        "answer": {"text": "原路退回。"},
        "failure": {"reason": "no_agreement", "text": "谈不拢。"},
        "return": {"reason": "not_customer", "target": "none", "text": "查无此用户。", "send": "1"},
        "request-return": {"target": "none", "text": "不是本公司的业务。", "send": "1"},
        "performed": {"obligations": ["1"], "proof": "退款流水0001", "channel": "原路退回"},
        "payment": {"obligation": "1", "channel": "银行转账", "last4": "6620", "paid_on": "2026-11-11"},
        "reveal": {"reason": "look_call", "text": ""},
        "concern": {"text": "多件投诉文字相同。"},
        "settled-elsewhere": {"text": "已在营业厅当面解决。"},
        "instruction": {"text": "本周内答复。"},
        "mediation": {"answer": "agree"},
        "suggestion": {"answer": "yes"},
        "ask-authority": {"text": "这项业务按什么规定？"},
        "new-dates": {"day-1": "2026-12-18"},
        "extension": {"days": "3", "text": "要等总部核对账单。"},
        "reply": {"text": "已经核实并退费。"},
        "cause": {"cause": "billing_error"},
    }[slug]


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


TAKEN = {
    "accept": "accept_case",
    "assign": "assign",
    "contact": "log_contact",
    "ask": "ask_consumer",
    "message": "send_message",
    "note": "add_internal_note",
    "offer": "make_offer",
    "replace": "replace_offer",
    "answer": "answer_question",
    "failure": "report_failure",
    "return": "return_case",
    "request-return": "request_return",
    "performed": "report_performed",
    "payment": "show_payment",
    "reveal": "reveal_contact",
    "concern": "flag_concern",
    "settled-elsewhere": "claim_settled_elsewhere",
    "instruction": "answer_instruction",
    "mediation": "agree_to_mediation",
    "suggestion": "answer_suggestion",
    "ask-authority": "ask_authority",
    "new-dates": "resume_performance",
    "extension": "request_extension",
    "reply": "reply_publicly",
    "cause": "tag_cause",
}


@pytest.mark.parametrize("slug", TAKEN)
def test_each_step_is_shown_and_taken_once(world: World, slug: str) -> None:
    case, client = prepared(world, slug), signed_in(world.ming)
    page = client.get(address(case))
    assert f'href="{address(case, slug)}"' in shown(page)
    form = client.get(address(case, slug))
    assert form.status_code == 200
    assert 'name="idempotency_key"' in shown(form)
    said = good(world, slug) | ({"matter_id": case.matters.get(kind="suggestion").pk} if slug == "suggestion" else {})
    for _time in range(2):
        response = send(client, address(case, slug), said, key="twice-the-same-key")
        assert (response.status_code, response.headers["Location"]) == (302, address(case)), shown(response)
    assert steps_of(case).count(TAKEN[slug]) == 1
    assert client.get(address(case)).status_code == 200


#: These are open where everything else is over.
AFTERWARDS = {"reply", "cause"}


@pytest.mark.parametrize("slug", sorted(set(TAKEN) - AFTERWARDS))
def test_each_step_is_refused_where_the_table_does_not_offer_it(world: World, slug: str) -> None:
    case, client = given.a_complaint(world, status=S.CLOSED), signed_in(world.ming)
    page = client.get(address(case))
    assert f'href="{address(case, slug)}"' not in shown(page)
    # The page leads back with the reason, and the step is refused for it.
    why = "只有受理后的处理人、管理员和经办机关可以查看联系方式。" if slug == "reveal" else "已办结"
    assert why in shown(client.get(address(case, slug), follow=True)).partition("<h1")[0]
    response = send(client, address(case, slug), good(world, slug))
    assert response.status_code == 409
    assert why in shown(response)
    assert TAKEN[slug] not in steps_of(case)[6:] or slug in ("accept", "offer")


@pytest.mark.parametrize("slug", TAKEN)
def test_a_reviewer_reads_and_takes_no_step(world: World, slug: str) -> None:
    case, client = prepared(world, slug), signed_in(world.ming)
    before = steps_of(case)
    world.ming_staff.role = "reviewer"
    world.ming_staff.save(update_fields=["role"])
    assert address(case, slug) not in shown(client.get(address(case)))
    assert send(client, address(case, slug), good(world, slug)).status_code == 409
    assert steps_of(case) == before


WRONG: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("accept", {"handler": ""}, "handler", "请从列出的选项中选一项"),
    ("accept", {"handler": "999999"}, "handler", "请从列出的选项中选一项"),
    ("accept", {"handler": "'; drop table"}, "handler", "请从列出的选项中选一项"),
    ("contact", {"channel": "pigeon", "reached": "yes", "note": "x"}, "channel", "请从列出的选项中选一项"),
    ("contact", {"channel": "phone", "note": "谈过了"}, "reached", "请从列出的选项中选一项"),
    ("contact", {"channel": "phone", "reached": "yes", "note": " "}, "note", "请填写这一项"),
    ("contact", {"channel": "phone", "reached": "yes", "note": "谈过", "at": "2026-11-12T09:00"}, "at", "不能晚于现在"),
    ("contact", {"channel": "phone", "reached": "yes", "note": "谈过", "at": "昨天下午"}, "at", "时间请写成"),
    ("contact", {"channel": "phone", "reached": "yes", "note": "字" * 1001}, "note", "最多1000个字，现在有1001个"),
    ("ask", {"text": ""}, "text", "请填写这一项"),
    ("ask", {"text": "字" * 4001}, "text", "最多4000个字"),
    ("note", {"text": "\n \t"}, "text", "请填写这一项"),
    ("failure", {"reason": "", "text": "谈不拢"}, "reason", "请从列出的选项中选一项"),
    ("return", {"reason": "wrong_branch", "target": "none", "text": ""}, "text", "请写明理由"),
    (
        "return",
        {"reason": "wrong_branch", "target": "1-2", "text": "别家的", "q": ""},
        "target",
        "请从列出的选项中选一项",
    ),
    ("performed", {"proof": "流水"}, "obligations", "请至少选一项约定"),
    ("performed", {"obligations": ["7"], "proof": "流水"}, "obligations", "请从列出的选项中选一项"),
    ("payment", {"obligation": "1", "channel": "转账", "last4": "12", "paid_on": "2026-11-11"}, "last4", "末4位"),
    (
        "payment",
        {"obligation": "1", "channel": "转账", "last4": "6620", "paid_on": "2026-11-12"},
        "paid_on",
        "不能晚于今天",
    ),
    ("payment", {"obligation": "1", "channel": "转账", "last4": "6620", "paid_on": "11/12"}, "paid_on", "日期请写成"),
    ("mediation", {}, "answer", "请从列出的选项中选一项"),
)


@pytest.mark.parametrize(("slug", "said", "field", "words"), WRONG)
def test_bad_input_stands_at_its_field_and_stays_typed(
    world: World, slug: str, said: dict[str, Any], field: str, words: str
) -> None:
    case, client = prepared(world, slug), signed_in(world.ming)
    before = steps_of(case)
    response = send(client, address(case, slug), said)
    assert response.status_code == 422
    text = shown(response)
    assert "有误：" in text
    assert 'class="error-summary"' in text
    assert field in response.context["form"].errors
    assert words in str(response.context["form"].errors[field])
    for name, value in said.items():
        if name in ("text", "note", "proof", "at", "last4", "paid_on", "q") and value.strip() and value.isprintable():
            assert value in text
    assert steps_of(case) == before


def test_accepting_names_the_handler_who_may_then_look_at_the_number(world: World) -> None:
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    assert "13800000001" not in shown(client.get(address(case)))
    send(client, address(case, "accept"), {"handler": world.ming_staff.pk})
    case.refresh_from_db()
    assert (case.status, case.handler) == (S.NEGOTIATING, world.ming_staff)
    assert "13800000001" not in shown(client.get(address(case)))
    send(client, address(case, "reveal"), {"reason": "look_call"})
    assert "13800000001" in shown(client.get(address(case)))


def test_only_people_of_the_branch_and_above_can_be_named(world: World) -> None:
    from enterprises.models import Branch, Staff

    other = Branch.objects.exclude(pk=world.fuzhou.pk).filter(
        enterprise=world.mobile, parent=world.fuzhou
    ).first() or Branch.objects.create(enterprise=world.mobile, name="别处分公司")
    far = Staff.objects.create(user=world.otto, enterprise=world.mobile, branch=other, role="handler")
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    assert f'value="{far.pk}"' not in shown(client.get(address(case, "accept")))
    assert send(client, address(case, "accept"), {"handler": far.pk}).status_code == 422


def test_a_failure_without_a_contact_is_refused_with_the_reason(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    response = send(
        client, address(case, "failure"), {"reason": "no_agreement", "text": "谈了很久，换了三个方案也没有谈拢。"}
    )
    assert response.status_code == 409
    assert "请先记录与消费者的联系" in shown(response)
    assert "谈了很久，换了三个方案也没有谈拢。" in shown(response)


def test_a_contact_log_is_kept_with_its_moment(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    send(client, address(case, "contact"), good(world, "contact"))
    contact = Contact.objects.get(complaint=case)
    assert (contact.reached, timezone.localtime(contact.at).hour, contact.by_name) == (False, 10, "明试")


def test_notes_are_for_the_enterprise_alone(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
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
    found = send(
        client, address(case, "return"), {"reason": "wrong_entity", "q": "电信", "text": "号码是电信的", "search": "1"}
    )
    assert found.status_code == 200
    assert "号码是电信的" in shown(found)
    assert "中国电信福州分公司" in shown(found)
    target = next(value for value, words in found.context["form"].fields["target"].choices if "中国电信福州" in words)
    assert steps_of(case)[-1] == "forward"
    sent = {"reason": "wrong_entity", "q": "电信", "target": target, "text": "", "send": "1"}
    assert send(client, address(case, "return"), sent).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.picked_enterprise) == (S.FILED, world.telecom)
    assert "已不由贵单位办理" in shown(client.get(address(case)))


def test_the_consumers_own_promise_is_confirmed(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    said = OFFER | {
        "rows": "2",
        "answer-2": "grant",
        "promise-1-kind": "return_by_consumer",
        "promise-1-owed_by": "consumer",
        "promise-1-amount": "",
        "promise-1-what": "寄回设备",
        "promise-2-kind": "transfer",
        "promise-2-what": "退款",
        "promise-2-amount": "128.50",
        "promise-2-owed_by": "enterprise",
        "promise-2-after": "1",
        "promise-2-days_after": "3",
    }
    assert send(client, address(case, "offer"), said).status_code == 302
    case.refresh_from_db()
    given.step(case, consumer.accept_offer(), world.consumer, LATER)
    given.step(case, enterprise.report_performed(obligations=[1], proof="快递单号"), world.consumer, LATER)
    assert send(client, address(case, "confirm"), {"obligations": ["1"]}).status_code == 302
    assert [o.state for o in Obligation.objects.order_by("ordinal")] == ["confirmed", "due"]
    assert Obligation.objects.get(ordinal=2).due_on is not None
    assert Offer.objects.get().state == "accepted"
