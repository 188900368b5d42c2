"""The workspace: one press after a call, what came before, similar cases, files, causes, returns."""

import json
from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from authorities.models import Policy
from complaints import handling
from complaints.handling.steps import authority, consumer, enterprise, supervision
from complaints.handling.transition import contact_access
from complaints.models import Complaint, Contact, Evidence, ForwardingDecision, HandlingStep, RootCause
from complaints.pages.authority.triage.targets import latest_decision, suggested
from complaints.parties import actors
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status as S
from enterprises.models import Branch, Staff
from tests import found_in, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.files import pdf, png, recording
from tests.complaints.pages.at_the_desk import address, checked, colleague, send, shown, signed_in
from tests.walls.conftest import ask, seeing_as
from tests.walls.forms import forms_of

LATER = WEDNESDAY + timedelta(hours=3)
QUICK = {"quick": "1", "channel": "phone"}


def elsewhere(world: World) -> User:
    """Otto works at another branch of the same enterprise."""
    other = Branch.objects.exclude(pk=world.fuzhou.pk).filter(enterprise=world.mobile, parent=None).first()
    Staff.objects.create(user=world.otto, enterprise=world.mobile, branch=other, role="handler")
    return world.otto


def forward(enterprise: Any, branch: Branch | None = None) -> handling.Move:
    return authority.forward(enterprise_id=enterprise.pk, branch_id=branch and branch.pk, because=given.BECAUSE)


def section(page: str, title: str) -> str:
    return page.partition(f">{title}</h2>")[2].partition("</section>")[0]


def test_one_press_after_a_call_says_what_lacks_until_it_is_enough_for_a_failure(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    assert "打通了" in section(shown(client.get(address(case))), "联系消费者")
    for _twice in range(2):
        pressed = send(client, address(case, "contact"), QUICK | {"reached": "no"}, key="one-press")
        assert (pressed.status_code, pressed["Location"]) == (302, address(case))
    expected = [("phone", False, LATER, "")]
    assert [(c.channel, c.reached, c.at, c.note) for c in Contact.objects.filter(complaint=case)] == expected
    page = section(shown(client.get(address(case))), "联系消费者")
    assert not missing_in(page, "没接通1次，须3次", "分在1天，须2天", "用过1种方式，须2种", "须这三样都够")
    case = given.a_complaint(world, status=S.NEGOTIATING)
    assert send(client, address(case, "contact"), QUICK | {"reached": "yes"}).status_code == 302
    assert case.engagements.get().first_contact_at == LATER
    assert "须这三样都够" not in shown(client.get(address(case)))
    assert send(client, address(case, "contact"), {"channel": "phone", "reached": "yes"}).status_code == 422
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for days, channel in ((0, "phone"), (1, "phone"), (1, "sms")):
        move = enterprise.log_contact(channel=channel, reached=False)
        given.step(case, move, world.handler, LATER + timedelta(days=days))
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        client = signed_in(world.ming)
        assert "已经够“联系不上消费者”的条件" in shown(client.get(address(case)))
        sent = send(client, address(case, "failure"), {"reason": "unreachable", "text": "三次都没有接通。"})
        assert sent.status_code == 302
    case = given.a_complaint(world, status=S.NEGOTIATING)
    failed = enterprise.report_failure(reason="no_agreement", text="谈不拢。")
    moves = (enterprise.log_contact(channel="phone", reached=True), failed)
    taken = handling.take_each([(case.pk, move, world.handler) for move in moves], now=LATER)
    assert [one.refusal for one in taken] == [None, None]


def test_taking_a_case_on_is_one_press_in_the_name_of_who_has_it(world: World) -> None:
    """A rule gave the second to Ming: one press of the manager does not take it away."""
    case, client = given.a_complaint(world, status=S.WITH_ENTERPRISE), signed_in(world.ming)
    assert "受理，由我处理" in shown(client.get(address(case)))
    assert send(client, address(case, "accept"), {"handler": world.ming_staff.pk}).status_code == 302
    assert (reloaded(case).status, case.handler) == (S.NEGOTIATING, world.ming_staff)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.step(case, enterprise.assign(handler_id=world.ming_staff.pk), world.handler, LATER)
    lead = signed_in(world.lead)
    page = checked(lead.get(address(case)), 200, "受理，由明试处理")
    assert "由我处理" not in page
    form = next(form for form in forms_of(page) if form.action == address(case, "accept"))
    assert send(lead, address(case, "accept"), form.values).status_code == 302
    assert (reloaded(case).status, case.handler) == (S.NEGOTIATING, world.ming_staff)


def test_the_history_of_this_consumer_is_the_own_desks_alone_and_similar_cases_say_what_settled(world: World) -> None:
    done = given.a_complaint(world, status=S.PERFORMING)
    given.step(done, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, WEDNESDAY)
    given.step(done, consumer.confirm_performed(obligations=[1]), world.consumer, WEDNESDAY)
    here = given.a_complaint(world, status=S.NEGOTIATING)
    result = section(shown(signed_in(world.ming).get(address(here))), "同类投诉怎样结束")
    assert not missing_in(result, "和解成功 1", "中位数¥128.50", "退还货款或服务费 同意 ¥128.50", address(done))
    settled = given.a_complaint(world, status=S.CLOSED, item_name="上次多扣的流量费")
    by_phone = given.a_complaint(world, status=S.NEGOTIATING, item_name="打电话投诉的那件", consumer_id=None)
    who: dict[str, Any] = {"consumer_id": world.otto.pk, "consumer_phone": "+8613800000009"}
    request = given.a_request(world, item_name="别人的宽带", **who)
    stranger = handling.file([request], actor=actors.consumer(world.otto), now=WEDNESDAY)[0]
    given.step(stranger, forward(world.mobile, world.fuzhou), SYSTEM, WEDNESDAY)
    respondents = (RespondentRequest(enterprise_id=world.telecom.pk),)
    theirs = given.filed(world, item_name="在电信的那件", respondents=respondents)
    given.step(theirs, forward(world.telecom), SYSTEM, WEDNESDAY)
    here = given.a_complaint(world, status=S.NEGOTIATING)
    listed = section(shown(signed_in(world.ming).get(address(here))), "这位消费者以前的投诉")
    for case in (settled, by_phone):
        assert not missing_in(listed, f'href="{address(case)}"', case.item_name)
    assert "和解成功" in listed
    assert not found_in(listed, stranger.number, theirs.number, here.number)
    assert "在本单位没有别的投诉" in shown(signed_in(world.ming).get(address(stranger)))
    given.a_complaint(world, status=S.CLOSED)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="not_customer", text="查无此人。"), world.handler, WEDNESDAY)
    page = checked(signed_in(world.ming).get(address(case)), 200, "已不由贵单位办理")
    assert not found_in(page, "这位消费者以前的投诉", "同类投诉怎样结束", "投诉的原因", "刚打过电话")


def with_files(world: World, case: Complaint, *files: tuple[str, bytes]) -> list[Evidence]:
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    typed = {"idempotency_key": f"files-of-{case.pk}", "text": "见附件。", "uploads": uploads}
    sent = signed_in(world.chen).post(f"/cases/{case.number}/statement/", typed)
    assert sent.status_code == 302, shown(sent)
    return list(Evidence.objects.filter(complaint=case, audience="parties").order_by("pk"))


def test_files_are_looked_at_one_after_the_other(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    files = (("账单.png", png()), ("合同.pdf", pdf()), ("录像.mp4", recording("mp4")))
    first, second, film = with_files(world, case, *files)
    mine, raw = f"{address(case)}files/", f"/cases/{case.number}/files/"
    checked(client.get(address(case)), 200, f'href="{mine}{first.pk}/"', f"{raw}{first.pk}/thumbnail/")
    look = shown(client.get(f"{mine}{first.pk}/"))
    assert not missing_in(look, f'<img src="{raw}{first.pk}/"', "第1份，共3份", f'rel="next" href="{mine}{second.pk}/"')
    assert 'rel="prev"' not in look
    picture = f'<img src="{raw}{second.pk}/thumbnail/" alt="第一页">'
    checked(client.get(f"{mine}{second.pk}/"), 200, "这是第一页。看全文请下载。", picture, 'rel="prev"')
    assert reloaded(film).seconds is not None
    assert "秒" in shown(client.get(f"{mine}{film.pk}/"))
    assert client.get(f"{raw}{first.pk}/")["Content-Disposition"].startswith("attachment")
    assert client.get(f"{mine}{first.pk + 99}/").status_code == 404
    assert signed_in(world.hua).get(f"{mine}{first.pk}/").status_code == 404


def test_a_concern_with_its_files_is_for_the_authority_alone(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    before = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    typed = {"text": "十件投诉文字相同。", "uploads": [SimpleUploadedFile("对照.png", png())]}
    checked(send(client, address(case, "concern"), typed), 302)
    row = Evidence.objects.get(complaint=case)
    assert row.audience == "authority"
    assert json.loads(HandlingStep.objects.get(complaint=case, step="flag_concern").body)["files"] == [row.sha256]
    officer = shown(signed_in(world.rui).get(f"/authority/cases/{case.number}/"))
    assert not missing_in(officer, "十件投诉文字相同。", f"/cases/{case.number}/files/{row.pk}/")
    assert signed_in(world.rui).get(f"/cases/{case.number}/files/{row.pk}/").status_code == 200
    for who, place in ((world.chen, f"/cases/{case.number}/"), (world.ming, address(case))):
        assert not found_in(shown(signed_in(who).get(place)), "对照.png", f"/files/{row.pk}/")
        assert signed_in(who).get(f"/cases/{case.number}/files/{row.pk}/").status_code == 404
        with seeing_as(who, path="/enterprise/" if who == world.ming else "/"):
            assert ask("select count(*) from complaints_evidence") == [(0,)]
    with seeing_as(world.rui, path="/authority/"):
        assert ask("select count(*) from complaints_evidence") == [(1,)]
    # The same picture from the consumer is no file that is there already: that would tell of it.
    assert with_files(world, case, ("对照.png", png()))
    assert "对照.png" not in before


def test_more_time_is_offered_where_the_policy_allows_and_a_public_reply_needs_something_public(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    assert address(case, "extension") not in checked(client.get(address(case)), 200, "本地区的规定不允许延期")
    assert send(client, address(case, "extension"), {"days": "3", "text": "等总部。"}).status_code in (409, 422)
    Policy.objects.filter(name="extension").update(number=1)
    assert f'href="{address(case, "extension")}"' in shown(client.get(address(case)))
    assert send(client, address(case, "extension"), {"days": "6", "text": "等总部。"}).status_code == 422
    assert send(client, address(case, "extension"), {"days": "3", "text": "等总部核对账单。"}).status_code == 302
    assert address(case, "extension") not in checked(client.get(address(case)), 200, "延期申请在等消费者同意")
    case = given.a_complaint(world, status=S.CLOSED)
    assert address(case, "reply") not in shown(client.get(address(case)))


def test_causes_are_asked_where_a_case_is_closed_and_in_a_list_and_nobody_else_learns_of_one(world: World) -> None:
    case = given.a_complaint(world, status=S.CLOSED)
    given.step(case, enterprise.tag_cause(cause="staff_conduct"), world.handler, LATER)
    for who, place in ((world.chen, f"/cases/{case.number}/"), (world.rui, f"/authority/cases/{case.number}/")):
        assert not found_in(shown(signed_in(who).get(place)), "员工操作不当", "标记投诉原因")
    far = elsewhere(world)
    assert case.number not in shown(signed_in(far).get("/enterprise/causes/"))
    for who, path, sees in (
        (world.ming, "/enterprise/", 1),
        (world.lead, "/enterprise/", 1),
        (far, "/enterprise/", 0),
        (world.hua, "/enterprise/", 0),
        (world.chen, "/", 0),
        (world.rui, "/authority/", 0),
    ):
        with seeing_as(who, path=path):
            assert ask("select count(*) from complaints_rootcause") == [(sees,)], who.name
    assert RootCause.objects.get().enterprise == world.mobile
    first, second = (given.a_complaint(world, status=S.CLOSED) for _ in range(2))
    running, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    assert 'name="cause"' in section(shown(client.get(address(first))), "投诉的原因")
    assert 'name="cause"' not in shown(client.get(address(running)))
    listed = shown(client.get("/enterprise/causes/"))
    assert (first.number in listed, second.number in listed, running.number in listed) == (True, True, False)
    tagged = send(client, address(first, "cause"), {"cause": "billing_error", "back": "causes"})
    assert (tagged.status_code, tagged["Location"]) == (302, "/enterprise/causes/")
    listed = shown(client.get("/enterprise/causes/"))
    assert (first.number in listed, second.number in listed) == (False, True)
    assert '<option value="billing_error" selected>' in shown(client.get(address(first)))
    assert send(client, address(second, "cause"), {"cause": "made_up"}).status_code == 422
    send(client, address(second, "cause"), {"cause": "fault"})
    assert "都标记过了" in shown(client.get("/enterprise/causes/"))


def choices(answer: Any) -> list[str]:
    return [text for value, text in answer.context["form"].fields["target"].choices if value != "none"]


def test_a_return_suggests_whom_the_complaint_mentions_and_the_branch_that_answers_for_the_place(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, statement="我在中国电信办的宽带，多扣了三个月。")
    client = signed_in(world.ming)
    page = client.get(address(case, "return"))
    first = choices(page)[0]
    assert (first.startswith("中国电信福州分公司"), missing_in(first, "投诉里提到“中国电信”", "把握")) == (True, [])
    value = page.context["form"].fields["target"].choices[0][0]
    typed = {"reason": "wrong_entity", "q": "", "target": value, "text": "", "send": "1"}
    assert send(client, address(case, "return"), typed).status_code == 302
    assert (reloaded(case).status, case.picked_enterprise) == (S.FILED, world.telecom)
    far = Branch.objects.exclude(pk=world.fuzhou.pk).filter(enterprise=world.mobile).order_by("pk").first()
    assert far is not None
    case = given.filed(world)
    given.step(case, forward(world.mobile, far), SYSTEM, WEDNESDAY)
    texts = choices(signed_in(world.lead).get(address(case, "return")))
    assert (texts[0].startswith("中国移动福州分公司"), "鼓楼区由中国移动福州分公司答复" in texts[0]) == (True, True)
    assert not [text for text in texts if text.startswith(far.name)]


def test_after_acceptance_whom_the_enterprise_names_is_suggested_first(world: World) -> None:
    """Granted, it is suggested to whom it was said to belong to, with why, not to who gave it back."""
    for names in (True, False):
        case = given.a_complaint(world, status=S.NEGOTIATING, statement="我在中国电信办的宽带，多扣了三个月。")
        client, workspace = signed_in(world.ming), signed_in(world.su)
        page = client.get(address(case, "request-return"))
        value, text = page.context["form"].fields["target"].choices[0]
        assert text.startswith("中国电信福州分公司")
        assert 'name="reason"' not in shown(page)
        url = address(case, "request-return")
        assert send(client, url, {"target": value, "text": "", "send": "1"}).status_code == 422
        typed = {"target": value if names else "none", "text": "办的是电信的宽带。", "send": "1"}
        assert send(client, address(case, "request-return"), typed).status_code == 302
        assert ("申请退回，应由中国电信福州分公司答复" in shown(workspace.get("/authority/urges/decisions/"))) is names
        given.step(case, supervision.grant_return(), world.intake, LATER)
        first = suggested(case, latest_decision(case), conditions=Conditions.at(LATER))[0]
        assert first.value == value
        assert (first.why[0] == "中国移动福州分公司退回时指出应由它答复") is names
        assert "投诉里提到“中国电信”" in first.why
        triage = shown(workspace.get(f"/authority/triage/{case.number}/"))
        assert "中国移动福州分公司退回了这件投诉" in triage
        assert f'name="target" value="{world.mobile.pk}-{world.fuzhou.pk}"' not in triage


def test_a_second_return_without_suggestions_leaves_the_others_of_the_ranking(world: World) -> None:
    """By a program: what routing said before counts on, without whoever gave the case back."""
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    mobile = {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "score": 90, "why": []}
    telecom = {"enterprise_id": world.telecom.pk, "branch_id": None, "score": 40, "why": []}
    said = {"verdict": "forward", "explanation": {"candidates": [mobile, telecom]}}
    ForwardingDecision.objects.create(complaint=case, at=WEDNESDAY, **said)
    given.step(case, enterprise.return_case(reason="wrong_entity", text="不是我们的用户。"), world.handler, LATER)
    result = suggested(case, latest_decision(case), conditions=Conditions.at(LATER))
    assert [target.value for target in result] == [f"{world.telecom.pk}-"]


def test_another_branch_sees_nothing_and_headquarters_all_masked_and_an_ended_job_opens_nothing(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    other = Branch.objects.create(enterprise=world.mobile, name="中国移动别处分公司")
    client = signed_in(colleague(world, "别处", branch=other).user)
    assert client.get(address(case)).status_code == 404
    assert case.number not in shown(client.get("/enterprise/queue/"))
    assert client.get("/enterprise/queue/").status_code == 200
    head = signed_in(world.lead)
    assert head.get(address(case)).status_code == 200
    assert case.number in shown(head.get("/enterprise/queue/"))
    page = shown(signed_in(world.ming).get("/enterprise/queue/"))
    assert "陈**" in page
    assert not found_in(page, "陈试", "13800000001")
    world.ming_staff.ends_on = (WEDNESDAY - timedelta(days=1)).date()
    world.ming_staff.save(update_fields=["ends_on"])
    assert signed_in(world.ming).get(address(case)).status_code == 404
    assert signed_in(world.ming).get("/enterprise/queue/").status_code == 404


def test_the_number_is_masked_before_acceptance_and_for_others_and_who_files_is_no_party(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    page = shown(signed_in(world.ming).get(address(case)))
    assert not found_in(page, "13800000001", "陈试")
    assert "陈**" in page
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, LATER)
    assert "13800000001" not in shown(signed_in(world.ming).get(address(case)))
    given.step(case, contact_access.reveal_contact(reason="look_call"), world.handler, LATER)
    assert "13800000001" in shown(signed_in(world.ming).get(address(case)))
    assert "13800000001" not in shown(signed_in(colleague(world, "同事", branch=world.fuzhou).user).get(address(case)))
    # Hua complains about the other carrier as a consumer: at her own desk it is not there.
    case, client = given.filed(world, consumer_id=world.hua.pk), signed_in(world.hua)
    assert client.get(address(case)).status_code == 404
    assert case.number not in shown(client.get("/enterprise/queue/"))


def goes_to_telecom(world: World, case: Complaint, now: datetime) -> None:
    """Where Hua takes it on."""
    Complaint.objects.filter(pk=case.pk).update(consents={**case.consents, "entities": [world.telecom.pk]})
    given.step(case, forward(world.telecom), world.intake, now)
    given.step(case, enterprise.accept_case(handler_id=world.hua_staff.pk), world.stranger, now + timedelta(minutes=1))


def test_a_former_enterprise_reads_its_own_time_without_contact_and_nothing_of_the_next_one(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY + timedelta(minutes=2))
    back = authority.return_to_intake(text="应由另一家答复。")
    given.step(case, back, world.officer, WEDNESDAY + timedelta(minutes=3))
    goes_to_telecom(world, case, WEDNESDAY + timedelta(minutes=4))
    client = signed_in(world.ming)
    page = checked(client.get(address(case)), 200, "已不由贵单位办理")
    assert "三个月合计全部退还" not in page.split("已不由贵单位办理")[0]
    assert not found_in(page, "13800000001", "138****0001", "陈试", "华试", "可以做的步骤")
    assert case.number not in shown(client.get("/enterprise/queue/"))
    assert case.number in shown(client.get("/enterprise/queue/?view=past"))
    typed = {"text": "还想说一句话。", "channel": "phone", "reached": "yes", "note": "谈过"}
    for slug in ("contact", "offer", "return", "concern"):
        assert client.get(address(case, slug)).status_code == 302
        assert send(client, address(case, slug), typed | {"reason": "other", "target": "none"}).status_code == 409
    assert signed_in(world.hua).get(address(case)).status_code == 200
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="wrong_entity", text="不是我们的用户。"), world.handler, WEDNESDAY)
    goes_to_telecom(world, case, WEDNESDAY + timedelta(minutes=1))

    page = shown(signed_in(world.ming).get("/enterprise/queue/?view=past"))
    assert case.number in page
    assert not found_in(page, "华试", "协商中")
    assert "已退回" in page
    # Nor on its own page of the case: who answers now, how much was written since.
    own = shown(signed_in(world.ming).get(address(case)))
    assert "共3条" in own
    assert world.telecom.name not in own
    for who in ("mine", "none"):
        assert case.number not in shown(signed_in(world.ming).get(f"/enterprise/queue/?view=past&handler={who}"))
