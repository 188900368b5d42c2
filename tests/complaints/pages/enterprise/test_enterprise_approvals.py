"""Four eyes at an enterprise's desk: the form proposes, somebody else decides, the case page says that time runs on."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts.models import User
from complaints.handling.steps import consumer, enterprise
from complaints.models import Matter, Offer
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Staff, TwoPersons
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, send, shown, signed_in

S = Status
LATER = WEDNESDAY + timedelta(hours=3)
LIST = "/enterprise/approvals/"


def guarded(world: World, **row: Any) -> TwoPersons:
    typed = {"offers_above": Decimal(100), "refusals": True, "failures": True, "returns": True} | row
    return TwoPersons.objects.create(enterprise=world.mobile, set_by=world.lead, set_at=WEDNESDAY, **typed)


def reviewer(world: World, branch: Branch | None = None) -> User:
    user = User.objects.create_user(email="rev@example.com", password="x" * 20, name="审试")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=branch, role="reviewer")
    return user


def sent(world: World) -> tuple[Any, Matter]:
    """Ming sends an offer with a refusal; what he gets is a proposal."""
    guarded(world)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    ming = signed_in(world.ming)
    # What an offer lacks is said once; he sends it nevertheless.
    first = send(ming, address(case, "offer"), OFFER)
    anyway = {} if first.status_code == 302 else {"anyway": first.context["preview"]["seen"]}
    answer = first if first.status_code == 302 else send(ming, address(case, "offer"), OFFER | anyway)
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
    client = signed_in(reviewer(world, world.fuzhou))
    assert "1项等您批准" in shown(client.get(LIST))
    page = shown(client.get(f"{LIST}{matter.pk}/"))
    for text in (
        *("消费者会看到", "合约期内不能单独退订这一项业务。", "¥128.50"),
        *("金额超过本企业规定的数；有不同意的诉求", "案件的期限不停", "明试"),
    ):
        assert text in page
    key = "once-and-again-1234"
    for _turn in range(2):
        answer = send(client, f"{LIST}{matter.pk}/", {"decision": "grant", "text": ""}, key=key)
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
    names = (
        "answer-1",
        "answer-2",
        "reason-2",
        "message",
        *(f"promise-1-{n}" for n in ("kind", "what", "due_on", "proof")),
    )
    for name in names:
        assert str(form[name].value() or "") == OFFER[name], name
    assert Decimal(str(form["promise-1-amount"].value())) == Decimal(OFFER["promise-1-amount"])
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
    elsewhere = reviewer(world, Branch.objects.create(enterprise=world.mobile, name="另一家分公司"))
    for user in (elsewhere, world.hua, world.rui, world.chen):
        client = signed_in(user)
        missing = client.get(f"{LIST}999999/")
        assert client.get(f"{LIST}{matter.pk}/").status_code == missing.status_code == 404
        assert send(client, f"{LIST}{matter.pk}/", {"decision": "grant", "text": ""}).status_code == 404
    assert "没有待批准的事项" in shown(signed_in(elsewhere).get(LIST))
    Staff.objects.filter(pk=world.ming_staff.pk).update(role="manager")
    own = signed_in(world.ming)
    assert "不能批准自己提请的" in shown(own.get(f"{LIST}{matter.pk}/"))
    assert send(own, f"{LIST}{matter.pk}/", {"decision": "grant", "text": ""}).status_code == 409
    Staff.objects.filter(pk=world.ming_staff.pk).update(role="handler")
    other = User.objects.create_user(email="other@example.com", password="x" * 20, name="另试")
    Staff.objects.create(user=other, enterprise=world.mobile, branch=world.fuzhou, role="handler")
    assert "由审核人员或者管理员批准" in shown(signed_in(other).get(f"{LIST}{matter.pk}/"))
    assert send(signed_in(other), f"{LIST}{matter.pk}/", {"decision": "grant", "text": ""}).status_code == 409
    assert Matter.objects.get(pk=matter.pk).state == "open"
    with time_machine.travel("2026-12-08 02:00+00:00", tick=False):
        # The last day that was promised has passed, and so has the time for negotiating.
        answer = send(signed_in(world.lead), f"{LIST}{matter.pk}/", {"decision": "grant", "text": ""})
    assert answer.status_code in (409, 422)
    assert Matter.objects.get(pk=matter.pk).state in ("open", "fallen")
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("slug", "said", "words"),
    [
        ("failure", {"reason": "no_agreement", "text": "谈不拢。"}, "谈不拢。"),
        ("return", {"reason": "not_customer", "target": "none", "text": "查无此用户。", "send": "1"}, "查无此用户。"),
    ],
)
def test_other_steps_wait_as_well(world: World, slug: str, said: dict[str, Any], words: str) -> None:
    guarded(world)
    case = given.a_complaint(world, status=S.NEGOTIATING if slug == "failure" else S.WITH_ENTERPRISE)
    if slug == "failure":
        given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, WEDNESDAY)
    before = case.status
    assert send(signed_in(world.ming), address(case, slug), said).status_code == 302
    assert reloaded(case).status == before
    matter = Matter.objects.get(complaint=case, kind="proposal")
    client = signed_in(world.lead)
    assert words in shown(client.get(f"{LIST}{matter.pk}/"))
    assert send(client, f"{LIST}{matter.pk}/", {"decision": "grant", "text": ""}).status_code == 302
    assert reloaded(case).status != before


def test_the_list_asks_a_fixed_number_of_queries(world: World, django_assert_max_num_queries: Any) -> None:
    sent(world)
    client = signed_in(world.lead)
    client.get(LIST)
    with django_assert_max_num_queries(22) as one:
        client.get(LIST)
    asked = len(one)
    for _ in range(4):
        case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
        typed = {"reason": "not_customer", "target": "none", "text": "查无。", "send": "1"}
        send(signed_in(world.ming), address(case, "return"), typed)
    with django_assert_max_num_queries(asked):
        assert "5项等您批准" in shown(client.get(LIST))


def test_a_program_is_told_the_way_and_may_go_it(world: World) -> None:
    from tests.api.conftest import Program, token_for

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
