"""Before an offer goes, what it lacks is shown once; who sends it nevertheless is kept in the record."""

import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from complaints.handling.steps import advising, consumer, enterprise, offers
from complaints.models import Complaint, HandlingStep, Matter, Offer
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Status as S
from complaints.settlement import answer_templates
from complaints.settlement.answer_templates import Rate, Says
from complaints.settlement.offer_terms import Answer, Promise
from enterprises.models import AnswerTemplate, Staff, TemplateVersion
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, checked, send, shown, signed_in
from tests.server import A_REQUEST

UNSEEN = {name: value for name, value in OFFER.items() if name != "anyway"}
PUT_OFF = "您好，经我司核实，您反映的业务为正常收费，系统无异常，无法为您办理退费，感谢您的理解与支持。"


def kept(case: Complaint) -> list[str]:
    """What the record says was missing."""
    entry = HandlingStep.objects.filter(complaint=case, step__in=["make_offer", "replace_offer"]).latest("sequence")
    return [f"{one['code']}:{one['field']}" for one in entry.data.get("advice", [])]


def refused(world: World, case: Complaint, reason: str = PUT_OFF, **more: Any) -> Complaint:
    answers = [Answer(demand=1, verdict="refuse", reason=reason), Answer(demand=2, verdict="grant")]
    offer = offers.make_offer(answers=answers, promises=given.promises()[1:], **more)
    return given.step(case, offer, world.handler, WEDNESDAY + timedelta(hours=1))


def test_what_is_missing_is_shown_before_it_is_sent_and_a_good_offer_goes_at_once(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    page = send(client, address(case, "offer"), UNSEEN)
    checked(page, 200, "还没有与消费者联系的记录", "仍要发送", 'value="no_contact:"')
    assert not Offer.objects.exists()
    assert page.context["form"]["message"].value() == OFFER["message"]
    # What was typed since then is looked at again.
    blank = send(client, address(case, "offer"), OFFER | {"message": "退还【请填：金额】。"})
    checked(blank, 422, "还有空着没填的地方：【请填：金额】", 'href="#id_message"', "退还【请填：金额】。")
    assert not Offer.objects.exists()
    assert send(client, address(case, "offer"), OFFER).status_code == 302
    assert kept(case) == ["no_contact:"]
    case = given.a_complaint(world, status=S.NEGOTIATING)
    move = enterprise.log_contact(channel="phone", reached=False, note="无人接听")
    given.step(case, move, world.handler, WEDNESDAY + timedelta(hours=2))
    assert "仍要发送" not in shown(send(client, address(case, "offer"), UNSEEN | {"preview": "1"}))
    assert send(client, address(case, "offer"), UNSEEN).status_code == 302
    assert kept(case) == []


def test_the_same_words_as_to_another_consumer_are_told_and_whose_are_compared(world: World) -> None:
    """Of this branch, to other cases, lately, at most so many; a measure for equal cases is not among them."""
    first = refused(world, given.a_complaint(world, status=S.NEGOTIATING))
    engagement, now = first.engagements.get(), WEDNESDAY + timedelta(hours=3)
    assert list(advising.earlier_texts(engagement, now=now)) == [first.pk]
    assert PUT_OFF in advising.earlier_texts(engagement, now=now)[first.pk]
    assert advising.earlier_texts(engagement, now=now + advising.WINDOW) == {}
    measured = refused(world, given.a_complaint(world, status=S.NEGOTIATING), measure_id=uuid.uuid4())
    assert kept(measured) == ["no_reason:reason-1"]
    assert list(advising.earlier_texts(engagement, now=now)) == [first.pk]
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    theirs = case.engagements.get()
    theirs.branch_id = None
    assert advising.earlier_texts(theirs, now=now) == {}
    theirs.branch_id, theirs.enterprise_id = engagement.branch_id, world.telecom.pk
    assert advising.earlier_texts(theirs, now=now) == {}
    typed = OFFER | {"reason-2": PUT_OFF}
    texts = ("与本单位近期对其他案件的答复几乎一样", 'href="#id_reason-2"')
    checked(send(client, address(case, "offer"), typed), 200, *texts)
    seen = "no_contact: copied:reason-2 no_reason:reason-2"
    assert send(client, address(case, "offer"), typed | {"anyway": seen}).status_code == 302
    assert kept(case) == seen.split()


def test_the_sums_stand_beside_the_fields_and_how_similar_cases_ended(world: World) -> None:
    bought = {"object_category": "goods.phones", "object_kind": "goods", "problem_category": "false_claims"}
    bought |= {"is_online": True, "bought_on": date(2026, 11, 9), "amount": Decimal("128.50")}
    case, client = given.a_complaint(world, status=S.NEGOTIATING, **bought), signed_in(world.ming)
    page = client.get(address(case, "offer"))
    figures, asked = page.context["figures"], Decimal("128.50")
    assert (figures["asked"], figures["offered"], figures["missing"]) == (asked, 0, asked)
    text = shown(page)
    assert not missing_in(text, *(f"《消费者权益保护法》第{number}条" for number in ("二十五", "五十五")))
    assert not missing_in(text, "至少¥128.50", "+¥500.00", "前提：经营者有欺诈行为。", "比要求少¥128.50")
    more = send(client, address(case, "offer"), {**UNSEEN, "amount-1": "100", "add": "1"})
    assert more.context["figures"]["missing"] == Decimal("28.50")
    part = {"answer-1": "part", "amount-1": "100", "reason-1": WHOLE}
    low = send(client, address(case, "offer"), {**UNSEEN, **part, "preview": "1"})
    assert "少于法律规定至少应退的金额" in shown(low)
    assert "与要求相同" in shown(send(client, address(case, "offer"), {**UNSEEN, "preview": "1"}))
    odd = send(client, address(case, "offer"), {**UNSEEN, "amount-1": "很多", "add": "1"})
    assert odd.context["figures"]["offered"] == 0
    ended = given.a_complaint(world, status=S.CLOSED)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    text = shown(signed_in(world.ming).get(address(case, "offer")))
    assert not missing_in(text, "同类问题的1件怎样办结", f'href="/enterprise/cases/{ended.number}/"')
    assert not missing_in(text, "退还货款或服务费 同意 ¥128.50", "和解成功 1", "中位数¥128.50")


DAY = date(2026, 12, 7)
WHOLE = "签收前拆封使用过，折旧按约定扣28.50元。"
#: Exactly so many, however much the enterprise answered before; four of them for who asks.
OFFER_QUERIES = 7 + 4 + A_REQUEST
#: Contacts and the last offers (with their answers) more, the draft less.
CHECK_QUERIES = OFFER_QUERIES + 1


def test_the_editor_asks_a_fixed_number_of_queries(world: World, django_assert_num_queries: Any) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    client.get(address(case, "offer"))
    for answered in (0, 3):
        for _ in range(answered):
            refused(world, given.a_complaint(world, status=S.NEGOTIATING))
        with django_assert_num_queries(OFFER_QUERIES):
            client.get(address(case, "offer"))
        with django_assert_num_queries(CHECK_QUERIES + (answered > 0)):
            send(client, address(case, "offer"), {**UNSEEN, "preview": "1"})


LIST = "/enterprise/templates/"
FILLED = "陈先生您好，宽带一事给您带来不便。我们将在12月7日前退还128.50元，经办人明试。"
BODY = "{消费者称呼}您好，{商品或服务}一事给您带来不便。我们将在{履行日}前退还{金额}，经办人{经办人}。"


def made(staff: Staff, name: str = "多扣费全退", body: str = BODY) -> AnswerTemplate:
    template = answer_templates.make(staff=staff, name=name, says=Says(body=body), now=WEDNESDAY)
    answer_templates.tried(template, number=1, now=WEDNESDAY)
    return template


def version(template: AnswerTemplate) -> TemplateVersion:
    return TemplateVersion.objects.get(template=template, number=reloaded(template).number)


def contacted(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    move = enterprise.log_contact(channel="phone", reached=True, note="同意全退")
    return given.step(case, move, world.handler, WEDNESDAY)


def test_a_manager_writes_one_and_everybody_reads_it(world: World) -> None:
    lead, ming = signed_in(world.lead), signed_in(world.ming)
    assert "还没有模板" in shown(ming.get(LIST))
    assert 'href="/enterprise/templates/new/"' not in shown(ming.get(LIST))
    response = send(lead, f"{LIST}new/", {"name": "多扣费全退", "body": BODY, "days": "5"})
    template = AnswerTemplate.objects.get()
    assert response["Location"] == f"{LIST}{template.pk}/"
    text = shown(ming.get(LIST))
    assert not missing_in(text, "多扣费全退", "我们将在{履行日}前退还{金额}", "第1版", "主管", "还没有")
    assert f"{LIST}{template.pk}/" not in text
    checked(send(lead, f"{LIST}new/", {"name": "多扣费全退", "body": BODY, "days": "5"}), 422, "已经有叫这个名称的模板")


def test_nobody_else_writes_and_an_unknown_variable_is_refused_by_its_name(world: World) -> None:
    template = made(world.lead_staff)
    for who in ("ming", "hua", "chen", "rui"):
        client = signed_in(getattr(world, who))
        for path in (f"{LIST}new/", f"{LIST}{template.pk}/"):
            assert client.get(path).status_code == 404
            assert send(client, path, {"what": "change", "name": "别的", "body": "别的"}).status_code == 404
        assert version(template).number == 1
        if who != "ming":
            assert "多扣费全退" not in shown(client.get(LIST))
    lead = signed_in(world.lead)
    for body, named in (("{姓名}您好", "{姓名}"), ("{金额}{钱}{日子}", "{钱}、{日子}")):
        for path, more in ((f"{LIST}new/", {"name": "新的"}), (f"{LIST}{template.pk}/", {"what": "change"})):
            texts = (f"没有这个变量：{named}", 'href="#id_body"', body)
            checked(send(lead, path, {"body": body, "days": "5"} | more), 422, *texts)
        assert TemplateVersion.objects.count() == 1


def test_a_change_is_a_new_version_and_old_offers_keep_theirs(world: World) -> None:
    template, case = made(world.lead_staff), contacted(world)
    old = version(template)
    refused = Answer(demand=1, verdict="refuse", reason="已经按您的要求于11月2日全部退还过了。")
    message = FILLED
    answers = [refused, Answer(demand=2, verdict="grant")]
    promises = given.promises()[1:]
    offer = offers.make_offer(answers=answers, promises=promises, message=message, template_version=old.pk)
    given.step(case, offer, world.handler, WEDNESDAY)
    path, lead = f"{LIST}{template.pk}/", signed_in(world.lead)
    for body, number in ((BODY, 1), (BODY + "再次致歉。", 2)):
        assert send(lead, path, {"what": "change", "body": body, "days": "5"}).status_code == 302
        assert (version(template).number, version(template).body) == (number, body)
    assert (Offer.objects.get().template_version, old.body) == (old, BODY)
    text = shown(lead.get(path))
    assert text.index("第2版") < text.index("第1版")
    assert send(lead, path, {"what": "retire"}).status_code == 302
    page = shown(signed_in(world.ming).get(address(contacted(world), "offer")))
    assert "套用模板" not in page.partition("<main")[2].partition("</main>")[0]
    assert send(lead, path, {"what": "again"}).status_code == 302
    assert send(lead, path, {"what": "burn"}).status_code == 404
    assert not AnswerTemplate.objects.get().is_retired


def test_a_template_is_used_without_a_script_and_words_of_ones_own_or_of_others_are_none(world: World) -> None:
    template, case, ming = made(world.lead_staff), contacted(world), signed_in(world.ming)
    path, pick = address(case, "offer"), str(version(template).pk)
    assert "多扣费全退" in shown(ming.get(path))
    written = {**OFFER, "message": "您好。"}
    bare = send(ming, path, {**written, "amount-1": "", "use": pick})
    text = bare.context["form"]["message"].value()
    assert (text.startswith("您好。\n陈先生/女士您好，宽带每月多扣费一事"), "【请填：金额】" in text) == (True, True)
    form = send(ming, path, {**written, "use": pick}).context["form"]
    message = form["message"].value()
    assert message.endswith("我们将在12月7日（周一）前退还¥128.50，经办人明试。")
    assert form["template"].value() == pick
    open_blank = message.replace("¥128.50", "【请填：金额】")
    for button in ("preview", "send"):
        left = send(ming, path, {**written, "template": pick, "message": open_blank, button: "1"})
        checked(left, 422, "还有空着没填的地方：【请填：金额】", 'href="#id_message"')
    assert not Offer.objects.exists()
    assert send(ming, path, {**written, "template": pick, "message": message}).status_code == 302
    assert Offer.objects.get(complaint=case).template_version_id == int(pick)
    case = contacted(world)
    own = OFFER | {"template": pick, "message": "三个月全退，明天到账。"}
    assert send(ming, address(case, "offer"), own).status_code == 302
    assert Offer.objects.get(complaint=case).template_version is None
    theirs, case = version(made(world.hua_staff, "别家的模板")), contacted(world)
    path = address(case, "offer")
    assert "别家的模板" not in shown(ming.get(path))
    used = send(ming, path, OFFER | {"use": str(theirs.pk)})
    assert used.context["form"]["message"].value() == OFFER["message"]
    typed = OFFER | {"template": str(theirs.pk), "message": BODY}
    assert send(ming, path, typed).status_code in (200, 422)
    answers = [Answer(demand=1, verdict="grant"), Answer(demand=2, verdict="grant")]
    offer = offers.make_offer(answers=answers, promises=given.promises(), message=BODY, template_version=theirs.pk)
    with pytest.raises(WrongInput):
        given.step(case, offer, world.handler, WEDNESDAY)
    assert not Offer.objects.filter(complaint=case).exists()


def test_how_often_it_was_accepted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    template = made(world.lead_staff)
    pick, now = version(template).pk, WEDNESDAY + timedelta(hours=3)

    answers = [Answer(demand=1, verdict="grant", amount="128.50"), Answer(demand=2, verdict="grant")]
    declined = consumer.decline_offer(reason="amount_too_low")
    for answer in (consumer.accept_offer(), consumer.accept_offer(), declined, None):
        offer = offers.make_offer(answers=answers, promises=given.promises(), message=FILLED, template_version=pick)
        case = contacted(world)
        given.step(case, offer, world.handler, WEDNESDAY)
        if answer is not None:
            given.step(case, answer, world.consumer, now)
    assert answer_templates.rates([template], now=now) == {template.pk: Rate(answered=3, accepted=2)}
    assert "3份中接受2份，不足30份，不列比率" in shown(signed_in(world.ming).get(LIST))
    monkeypatch.setattr(answer_templates, "ENOUGH", 3)
    assert "67%" in shown(signed_in(world.ming).get(LIST))
    assert answer_templates.rates([template], now=now + answer_templates.COUNTED + timedelta(days=1)) == {}


def test_the_list_asks_a_fixed_number_of_queries(world: World, django_assert_max_num_queries: Any) -> None:
    ming = signed_in(world.ming)
    for number in range(3):
        made(world.lead_staff, f"模板{number}")
        ming.get(LIST)
        with django_assert_max_num_queries(12 + A_REQUEST):
            assert ming.get(LIST).status_code == 200


THREAT = "再投诉就把您列入黑名单。"


def test_a_threat_is_shown_beside_its_field_and_goes_to_a_second_person_who_reads_it_quoted(world: World) -> None:
    """Whatever the enterprise's own setting: nobody guards anything here."""
    case, client = contacted(world), signed_in(world.ming)
    typed = UNSEEN | {"message": f"三个月合计全部退还。{THREAT}"}
    page = send(client, address(case, "offer"), typed)
    text = checked(page, 200, "提请第二人批准", "像威胁或者侮辱", "再投诉就把您列入黑名单</q>", 'href="#id_message"')
    # Beside the field stand the reason and a better example.
    assert "可以请监管部门调解" in text.partition('id="id_message"')[2]
    assert send(client, address(case, "offer"), typed | {"anyway": "threat:message"}).status_code == 302
    assert not Offer.objects.filter(complaint=case).exists()
    matter = Matter.objects.get(complaint=case, kind="proposal")
    assert matter.data["why"] == ["threat"]
    boss = signed_in(world.lead)
    checked(
        boss.get(f"/enterprise/approvals/{matter.pk}/"),
        200,
        "再投诉就把您列入黑名单</q>",
        "像威胁或者侮辱",
        "给消费者的话",
    )
    given_back = {"decision": "grant", "text": ""}
    assert send(boss, f"/enterprise/approvals/{matter.pk}/", given_back).status_code == 302
    assert kept(case) == ["threat:message"]
    # It stands quoted in the course of the case, for the enterprise and for the regulator; not for the consumer.
    assert "“再投诉就把您列入黑名单”" in shown(client.get(address(case)))
    assert "黑名单”" not in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_every_door_wants_a_second_person_for_a_condition(world: World) -> None:
    condition = "您先撤销投诉，60元再退。"
    for change in (
        {"message": condition},
        {"promises": [*given.promises()[:1], replace(given.promises()[1], what="撤诉后退订")]},
        {"promises": [*given.promises(), Promise(kind="other", what="撤回投诉", owed_by="consumer", due_on=DAY)]},
    ):
        case = contacted(world)
        answers = [Answer(demand=1, verdict="grant"), Answer(demand=2, verdict="grant")]
        offer = offers.make_offer(**{"answers": answers, "promises": given.promises()} | change)
        refusal = given.refusal(case, offer, world.handler, WEDNESDAY + timedelta(hours=1))
        assert (refusal.code, refusal.field in ("message", "promise-2-what", "promise-3-what")) == ("two_persons", True)
        assert "请改掉这一句" in refusal.reason
        assert not Offer.objects.filter(complaint=case).exists()


def test_where_nobody_else_could_approve_the_sentence_changes(world: World) -> None:
    people = Staff.objects.filter(enterprise=world.mobile, role__in=["manager", "reviewer"]).values("user")
    User.objects.filter(pk__in=people).update(is_active=False)
    case, client = contacted(world), signed_in(world.ming)
    typed = OFFER | {"message": f"三个月合计全部退还。{THREAT}", "anyway": "threat:message"}
    checked(send(client, address(case, "offer"), typed), 422, "请改掉这一句", THREAT)
    assert not Matter.objects.filter(complaint=case, kind="proposal").exists()
