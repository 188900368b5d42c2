"""A respondent without account: the link to its one case, what it shows and decides, what an officer notes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import OutgoingMessage
from complaints.documents import kinds
from complaints.handling import Promise
from complaints.handling.steps import authority, both, contact, enterprise, mediation
from complaints.links import answer_links as answering
from complaints.models import AnswerLink, Complaint, Evidence, HandlingStep, OfficialDocument
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status as S
from complaints.record.verification import verify
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.evidence import files
from tests.complaints.filing.test_drafts import PNG
from tests.complaints.pages.at_the_authority import DAYS, TEXT, ahead, case_at, now, one_person_suffices
from tests.complaints.pages.at_the_desk import key, shown, signed_in
from tests.following import follow

PHONE = "+8613900000123"


@pytest.fixture
def case(world: World) -> Complaint:
    """Against a shop that is not enrolled, accepted; nobody was asked yet."""
    respondents = (RespondentRequest(named="鼓楼区好又多小店", phone="13900000123"),)
    result = given.a_complaint(world, status=S.REVIEW, now=now() - timedelta(hours=1), respondents=respondents)
    return given.step(result, authority.accept(), world.officer, now() - timedelta(minutes=30))


def invited(world: World, case: Complaint, *, phone: str = PHONE, channel: str = "sms") -> str:
    secret = answering.new_secret()
    move = contact.invite_respondent(digest=secret.digest, channel=channel, phone=phone)
    given.step(case, move, world.officer, now())
    return secret.token


def opened(token: str) -> Client:
    client = Client()
    response = follow(client, f"/answer/{token}/")
    assert (response.status_code, token in response["Location"]) == (302, False)
    return client


def with_code(client: Client, case: Complaint, name: str) -> None:
    page = f"/answer/case/{case.number}/code/"
    assert client.post(page, {"send": "1", "for": name} | key()).status_code == 302
    result = re.search(r"\d{6}", OutgoingMessage.objects.latest("id").body.replace("12315", ""))
    assert result
    done = client.post(page, {"code": result.group(), "for": name} | key())
    assert done["Location"] == f"/answer/case/{case.number}/{name}/"


def text(response: Any) -> str:
    return " ".join(shown(response).split())


def home(case: Complaint) -> str:
    return f"/answer/case/{case.number}/"


def test_the_link_shows_its_own_case_only_what_an_answer_needs_and_nobody(world: World, case: Complaint) -> None:
    client = opened(invited(world, case))
    page = text(client.get(home(case)))
    assert not missing_in(page, "智家体验包", "您同意由监管部门调解吗？")
    assert not found_in(page, "陈试", "13800000001", "138****0001", "某路1号")
    assert "提交投诉" not in page, "nothing from before acceptance"
    assert client.get(home(case_at(world, S.MEDIATING))).status_code == 404
    assert client.get(f"/cases/{case.number}/").status_code == 302, "no account of the consumer's"
    bill = {"text": "这是账单。", "uploads": SimpleUploadedFile("账单.png", PNG, "image/png")}
    signed_in(world.chen).post(f"/cases/{case.number}/statement/", bill | key())
    theirs = Evidence.objects.get(complaint=case)
    given.step(case, both.agree_to_mediation(), world.consumer, now())
    client = opened(invited(world, case))
    with_code(client, case, "mediation")
    client.post(f"{home(case)}mediation/", {"answer": "agree"} | key())
    slip = SimpleUploadedFile("小票.png", files.png(9), "image/png")
    client.post(f"{home(case)}statement/", {"text": "已经退过一次。", "uploads": slip} | key())
    session = mediation.schedule_session(at=now() + 3 * DAYS, place="鼓楼区市场监管局三楼", mode="site")
    given.step(case, session, world.officer, now())
    own = Evidence.objects.exclude(pk=theirs.pk).get(complaint=case)
    papers = {row.form: row for row in OfficialDocument.objects.filter(complaint=case)}
    page = text(client.get(home(case)))
    assert not missing_in(page, "智家体验包”。我没有开通过", "账单.png", "小票.png", "已经退过一次。", "投诉调解通知书")
    assert f"{home(case)}why/mediation/" in page
    assert "受理决定书</a>" not in page, "that goes to the consumer alone"
    assert "怎么算的" in text(client.get(f"{home(case)}why/mediation/"))
    assert client.get(f"{home(case)}files/{theirs.pk}/").status_code == 200
    assert client.get(f"{home(case)}files/{theirs.pk}/original/").status_code == 404, "our copy only"
    assert client.get(f"{home(case)}files/{own.pk}/original/").status_code == 200
    paper = f"{home(case)}documents/{papers[kinds.INVITATION].pk}/"
    assert "鼓楼区市场监管局三楼" in text(client.get(paper))
    assert client.get(f"{paper}print/")["Content-Type"] == "application/pdf"
    assert client.get(f"{home(case)}documents/{papers[kinds.ACCEPTANCE].pk}/").status_code == 404
    for page in (f"files/{theirs.pk}/", f"documents/{papers[kinds.INVITATION].pk}/", "why/mediation/"):
        assert Client().get(home(case) + page).status_code == 404


def test_after_an_enterprise_gave_it_back_documents_go_to_who_answers_and_not_there(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now() - timedelta(hours=1))
    move = enterprise.return_case(reason="not_customer", text=TEXT)
    given.step(case, move, world.handler, now() - timedelta(minutes=50))
    move = authority.assign_authority(authority_id=world.gulou.pk)
    given.step(case, move, world.intake, now() - timedelta(minutes=40))
    given.step(case, authority.accept(), world.officer, now() - timedelta(minutes=30))
    given.step(case, both.agree_to_mediation(), world.consumer, now())
    client = opened(invited(world, case))
    with_code(client, case, "mediation")
    client.post(f"{home(case)}mediation/", {"answer": "agree"} | key())
    given.step(case, mediation.schedule_session(at=now() + 3 * DAYS, place="三楼", mode="site"), world.officer, now())
    paper = OfficialDocument.objects.get(complaint=case, form=kinds.INVITATION)
    assert (paper.to_enterprise, paper.enterprise_id) == (False, None)
    assert paper.reference in text(client.get(home(case)))


def test_consent_takes_a_code_and_stands_in_the_record(world: World, case: Complaint) -> None:
    client, page = opened(invited(world, case)), f"{home(case)}mediation/"
    assert client.get(page)["Location"] == f"{home(case)}code/?for=mediation"
    assert client.post(page, {"answer": "agree"} | key()).status_code in (302, 403), "not without the code"
    assert "mediation_enterprise" not in reloaded(case).consents
    with_code(client, case, "mediation")
    same = {"answer": "agree"} | key()
    assert [client.post(page, same)["Location"] for _ in range(2)] == [home(case), home(case)]
    assert reloaded(case).consents["mediation_enterprise"] is True
    step = HandlingStep.objects.get(complaint=case, step="agree_to_mediation")
    assert (step.actor_role, '"channel":"link"' in step.body) == ("respondent", True)
    assert verify(number=case.number).is_unbroken
    assert "凭本案链接办理" in text(signed_in(world.rui).get(f"/authority/mediation/{case.number}/"))


def test_a_statement_takes_the_link_alone_and_is_not_the_consumers_own(world: World, case: Complaint) -> None:
    client, picture = opened(invited(world, case)), SimpleUploadedFile("小票.png", PNG, "image/png")
    done = client.post(f"{home(case)}statement/", {"text": "已经退过一次。", "uploads": picture} | key())
    assert (done.status_code, Evidence.objects.filter(complaint=case, audience="parties").count()) == (302, 1)
    assert "已经退过一次。" in text(signed_in(world.chen).get(f"/cases/{case.number}/"))
    # Its original may say where a picture was taken.
    other = SimpleUploadedFile("小票.png", files.png(9), "image/png")
    client.post(f"{home(case)}statement/", {"text": "", "uploads": other} | key())
    sent = Evidence.objects.filter(complaint=case, uploaded_by=None, uploaded_at__gt=case.filed_at).latest("pk")
    consumer = signed_in(world.chen)
    assert consumer.get(f"/cases/{case.number}/files/{sent.pk}/").status_code == 200
    assert consumer.get(f"/cases/{case.number}/files/{sent.pk}/original/").status_code == 404
    assert client.get(f"{home(case)}files/{sent.pk}/original/").status_code == 200


def test_a_suggestion_is_answered_and_a_promise_reported(world: World, case: Complaint) -> None:
    given.step(case, both.agree_to_mediation(), world.consumer, now())
    client = opened(invited(world, case))
    with_code(client, case, "mediation")
    client.post(f"{home(case)}mediation/", {"answer": "agree"} | key())
    refund = Promise(kind="transfer", what="退款", amount="128.50", due_on=ahead(5))
    given.step(case, mediation.suggest_settlement(text="退还多扣的钱。", promises=[refund]), world.officer, now())
    assert "退还多扣的钱。" in text(client.get(f"{home(case)}suggestion/"))
    old = case.matters.get(kind="suggestion", state="open").pk
    given.step(case, mediation.suggest_settlement(text="退还一半。", promises=[refund]), world.officer, now())
    values = {"answer": "yes", "text": "这样可以。"}
    late = client.post(f"{home(case)}suggestion/", values | {"matter_id": old} | key())
    new = case.matters.get(kind="suggestion", state="open").pk
    assert late.status_code == 422
    assert not missing_in(text(late), "换了调解方案", "退还一半。", "这样可以。", f'name="matter_id" value="{new}"')
    assert "checked" not in text(late)
    assert client.post(f"{home(case)}suggestion/", values | {"matter_id": new} | key()).status_code == 302
    given.step(case, mediation.record_agreement(promises=[refund], text="退还多扣的钱。"), world.officer, now())
    assert client.post(f"{home(case)}performed/", {"obligations": "1", "proof": "流水0001"} | key()).status_code == 302
    assert case.obligations.get().state == "reported"


def test_a_dead_link_looks_like_no_link(world: World, case: Complaint) -> None:
    for how in ("wrong", "expired", "revoked", "replaced"):
        token = invited(world, case)
        client = opened(token)
        if how == "expired":
            AnswerLink.objects.filter(complaint=case).update(expires_at=now())
        elif how == "revoked":
            given.step(case, contact.end_invitation(), world.officer, now())
        elif how == "replaced":
            invited(world, case)
        stranger = Client()
        tried = "x" * 22 if how == "wrong" else token
        answer, nothing = follow(stranger, f"/answer/{tried}/"), follow(Client(), f"/answer/{'y' * 22}/")
        assert answer.status_code == nothing.status_code == 404
        if how != "wrong":
            assert client.get(home(case)).status_code == 404
            assert client.post(f"{home(case)}statement/", {"text": "还在吗"} | key()).status_code == 404
        assert stranger.get(home(case)).status_code == 404


def test_without_a_phone_nothing_is_decided_and_the_link_is_told_the_news(world: World, case: Complaint) -> None:
    client = opened(invited(world, case, phone="", channel="letter"))
    assert client.get(f"{home(case)}mediation/").status_code == 403
    assert client.post(f"{home(case)}mediation/", {"answer": "agree"} | key()).status_code == 403
    assert client.get(f"{home(case)}statement/").status_code == 200
    invited(world, case)
    given.step(case, both.agree_to_mediation(), world.consumer, now())
    assert not OutgoingMessage.objects.exists(), "that was for the authority"
    one_person_suffices()
    given.step(case, mediation.terminate(ground="other_law", facts=TEXT), world.officer, now())
    message = OutgoingMessage.objects.latest("id")
    assert (message.address, case.number in message.body) == (PHONE, True)
    assert len(message.body) <= 70


def test_an_officer_sends_the_link_by_text_message_and_a_letter_shows_it_once(world: World, case: Complaint) -> None:
    client, page = signed_in(world.rui), f"/authority/mediation/{case.number}/respondent/"
    assert "13900000123" in text(client.get(page)), "the phone that the complaint named"
    assert client.post(page, {"channel": "sms", "phone": ""} | key()).status_code == 422
    same = {"channel": "sms", "phone": "13900000123"} | key()
    assert [client.post(page, same).status_code for _ in range(2)] == [302, 302]
    message = OutgoingMessage.objects.get()
    assert message.address == PHONE
    assert len(re.sub(r"https?://\S+", "", message.body)) < 30
    token = re.search(r"/answer/([\w-]{22})/", message.body)
    assert token
    assert AnswerLink.objects.get(complaint=case).token_digest == answering.digest_of(token[1])
    assert token[1] not in str(HandlingStep.objects.filter(complaint=case).values_list("body", flat=True))
    opened(token[1])
    same = {"channel": "letter", "phone": ""} | key()
    first = text(client.post(page, same))
    token = re.search(r"/answer/([\w-]{22})/", first)
    assert token
    assert "<svg" in first
    assert client.post(page, same).status_code == 302
    assert token[1] not in text(client.get(page))
    assert client.post(f"{page}revoke/", key()).status_code == 302
    assert follow(Client(), f"/answer/{token[1]}/").status_code == 404


def test_what_nobody_meant_is_refused_and_with_an_account_there_is_no_link(world: World, case: Complaint) -> None:
    with pytest.raises(StepNotAllowed):
        contact.invite_respondent(digest="a" * 64, channel="sms", phone="x")
    for move in (contact.end_invitation(), mediation.suggest_settlement(text=TEXT)):
        given.refused(case, move, world.officer, now())
    case = case_at(world, S.PERFORMING)
    given.refused(case, contact.invite_respondent(digest="a" * 64, channel="letter"), world.officer, now())
    assert signed_in(world.rui).get(f"/authority/mediation/{case.number}/respondent/").status_code == 409
