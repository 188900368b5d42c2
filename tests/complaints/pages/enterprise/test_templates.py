"""A template sets verdict, obligation and text of an answer; it is tried before it is used and writes over nothing."""

from typing import Any

from complaints.handling.steps import enterprise, offers
from complaints.models import Complaint, Obligation, Offer
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Status as S
from complaints.settlement import answer_templates
from complaints.settlement.answer_templates import Says
from complaints.settlement.offer_terms import Answer
from enterprises.models import AnswerTemplate, Branch, TemplateVersion
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, checked, send, sent_anyway, shown, signed_in

LIST = "/enterprise/templates/"
FULL = Says(body="{消费者称呼}您好，{金额}将在{履行日}前退还。", verdict="grant", way="bill_credit", days=3)
NO = Says(body="{商品或服务}在合约期内不能单独退订，合同第六条写明了。", verdict="refuse")


def made(world: World, name: str, says: Says, **where: Any) -> str:
    """The version, as its button sends it."""
    template = answer_templates.make(staff=world.lead_staff, name=name, says=says, now=WEDNESDAY, **where)
    answer_templates.tried(template, number=1, now=WEDNESDAY)
    return str(TemplateVersion.objects.get(template=template).pk)


def contacted(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    called = enterprise.log_contact(channel="phone", reached=True, note="谈过。")
    return given.step(case, called, world.handler, WEDNESDAY)


def values(response: Any) -> dict[str, str]:
    """What the browser would send back."""
    form = response.context["form"]
    return {name: "" if (value := form[name].value()) in (None, False) else str(value) for name in form.fields}


def test_one_press_writes_the_whole_answer_with_the_sum_of_the_demand_and_a_last_day(world: World) -> None:
    pick, case, ming = made(world, "全额退", FULL), contacted(world), signed_in(world.ming)
    opened = ming.get(address(case, "offer"))
    assert not missing_in(shown(opened), "全额退", "同意 · 账单抵扣 · 3个工作日内")
    filled = values(send(ming, address(case, "offer"), values(opened) | {"use": pick}))
    assert [filled[f"answer-{n}"] for n in (1, 2)] == ["grant", "grant"]
    # The way of money is for money alone; three working days after Wednesday 11 November.
    assert [filled[f"kind-{n}"] for n in (1, 2)] == ["bill_credit", "service_change"]
    assert (filled["amount-1"], filled["due_on-1"]) == ("128.50", "2026-11-16")
    assert filled["message"] == "陈先生/女士您好，¥128.50将在11月16日（周一）前退还。"
    assert send(ming, address(case, "offer"), filled | {"send": "1"}).status_code == 302
    assert Offer.objects.get().template_version_id == int(pick)
    assert [row.kind for row in Obligation.objects.order_by("ordinal")] == ["bill_credit", "service_change"]


def test_it_writes_over_nothing_that_somebody_typed_and_nothing_twice(world: World) -> None:
    pick, no = made(world, "全额退", FULL), made(world, "不同意", NO)
    case, ming = contacted(world), signed_in(world.ming)
    path, own = address(case, "offer"), "已经在11月2日全部退还过了。"
    typed = values(ming.get(path)) | {"answer-1": "part", "amount-1": "20", "reason-1": own, "due_on-2": "2026-11-30"}
    once = values(send(ming, path, typed | {"message": "您好。", "use": pick}))
    assert (once["answer-1"], once["amount-1"], once["reason-1"]) == ("part", "20", own)
    assert (once["answer-2"], once["due_on-2"], once["due_on-1"]) == ("grant", "2026-11-30", typed["due_on-1"])
    assert once["message"].startswith("您好。\n陈先生/女士您好，¥20.00")
    again = values(send(ming, path, once | {"use": pick}))
    assert again["message"] == once["message"]
    refused = values(send(ming, path, typed | {"answer-1": "", "use": no}))
    assert (refused["answer-1"], refused["answer-2"], refused["reason-1"]) == ("refuse", "refuse", own)
    assert refused["reason-2"] == "宽带每月多扣费在合约期内不能单独退订，合同第六条写明了。"
    assert refused["message"] == ""
    assert sent_anyway(ming, path, refused | {"send": "1"}).status_code == 302
    assert Offer.objects.get().template_version_id == int(no)


def test_what_it_leaves_open_stops_every_way_of_sending(world: World) -> None:
    pick = made(world, "退还", Says(body="因为【请填：原因】，现在退还。", verdict="grant"))
    case, ming = contacted(world), signed_in(world.ming)
    path = address(case, "offer")
    filled = values(send(ming, path, values(ming.get(path)) | {"use": pick}))
    left = send(ming, path, filled | {"send": "1", "anyway": "blanks:message"})
    checked(left, 422, "还有空着没填的地方：【请填：原因】", 'href="#id_message"')
    answers = [Answer(demand=n, verdict="refuse", reason="因为【请填：原因】不能退还这笔钱。") for n in (1, 2)]
    refusal = given.refusal(case, offers.make_offer(answers=answers), world.handler, WEDNESDAY, WrongInput)
    assert (refusal.code, refusal.field) == ("blanks", "reason-1")
    assert not Offer.objects.exists()


def test_it_is_tried_on_past_cases_before_anybody_uses_it_and_offered_where_it_is_meant(world: World) -> None:
    past = given.a_complaint(world, status=S.CLOSED)
    lead, ming = signed_in(world.lead), signed_in(world.ming)
    body = {"name": "全额退", "verdict": "grant", "way": "", "days": "3", "body": FULL.body + "因为【请填：原因】。"}
    checked(send(lead, f"{LIST}new/", body | {"days": "61"}), 422, "请填0到60之间的整数", 'href="#id_days"')
    assert send(lead, f"{LIST}new/", body).status_code == 302
    template = AnswerTemplate.objects.get()
    path, editor = f"{LIST}{template.pk}/", address(contacted(world), "offer")
    page = shown(lead.get(path))
    assert not missing_in(page, past.number, "退还货款或服务费 同意 ¥128.50", "同意 · 3个工作日内", "【请填：原因】")
    assert not missing_in(page, "最近1份答复里，", "1份会有空着要手填的。")
    assert "全额退" not in shown(ming.get(editor))
    assert send(lead, path, {"what": "use", "number": "1"}).status_code == 302
    assert "看过了，启用这一版" not in shown(lead.get(path))
    assert "全额退" in shown(ming.get(editor))
    # A change is tried anew; until then the one before is offered.
    assert send(lead, path, body | {"what": "change", "body": "改过的。"}).status_code == 302
    assert [row.number for row in answer_templates.in_use(world.mobile.pk)] == [1]
    assert not missing_in(shown(ming.get(LIST)), "新版还没有启用", "改过的。")
    assert send(lead, path, {"what": "use", "number": "2"}).status_code == 302
    assert [row.number for row in answer_templates.in_use(world.mobile.pk)] == [2]
    elsewhere = Branch.objects.get(name="中国移动福清分公司").pk
    for name, where in (("别的问题", {"problem": "privacy"}), ("别的网点", {"branch_id": elsewhere})):
        made(world, name, FULL, **where)
        assert name not in shown(ming.get(editor))
        assert name in shown(ming.get(LIST))
    made(world, "这个网点", FULL, branch_id=world.fuzhou.pk)
    names = [one["name"] for one in ming.get(editor).context["macros"]]
    assert names == ["这个网点", "全额退"]


def test_a_text_of_former_days_leaves_the_verdicts_alone(world: World) -> None:
    pick = made(world, "道歉", Says(body="给您带来不便，非常抱歉。"))
    case, ming = contacted(world), signed_in(world.ming)
    used = values(send(ming, address(case, "offer"), OFFER | {"answer-2": "", "message": "", "use": pick}))
    assert (used["answer-1"], used["answer-2"], used["message"]) == ("grant", "", "给您带来不便，非常抱歉。")
