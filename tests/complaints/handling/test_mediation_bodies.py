"""The body to which a mediation was handed acts itself, by a link to that one case."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import OutgoingMessage
from complaints.acceptance import mediation as termination
from complaints.handling.steps import consumer, contact, mediation
from complaints.links import answer_links as answering
from complaints.models import AnswerLink, Complaint, Deadline, Evidence, HandlingStep, Matter, OfficialDocument
from complaints.parties import actors
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Clock
from complaints.procedure.workflow import Status as S
from complaints.reading.file_view import is_sender
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.filing.test_drafts import PNG
from tests.complaints.pages.at_the_authority import DAYS, TEXT, case_at, key, now, one_person_suffices, workspace
from tests.following import follow

PHONE = "+8613900000456"
BODY = "鼓楼区消费者委员会"


@pytest.fixture
def case(world: World) -> Complaint:
    """In mediation, handed to the consumer association."""
    result = case_at(world, S.MEDIATING)
    return given.step(result, mediation.delegate_mediation(body_id=given.a_body(world).pk), world.officer, now())


def invited(world: World, case: Complaint, *, channel: str = "sms") -> str:
    secret = answering.new_secret(answering.BODY)
    given.step(case, contact.invite_body(digest=secret.digest, channel=channel, phone=PHONE), world.officer, now())
    return secret.token


def opened(token: str) -> Client:
    client = Client()
    response = follow(client, f"/mediate/{token}/")
    assert response.status_code == 302
    assert token not in response["Location"]
    return client


def proven(world: World, case: Complaint) -> Client:
    """Opened by the link, with the code to its phone given."""
    client = opened(invited(world, case))
    page = f"{home(case)}code/"
    assert client.post(page, {"send": "1", "for": "minutes"} | key()).status_code == 302
    result = re.search(r"\d{6}", sent_to_the_body()[-1].replace("12315", ""))
    assert result
    assert client.post(page, {"code": result.group(), "for": "minutes"} | key())["Location"] == f"{home(case)}minutes/"
    return client


def sent_to_the_body() -> list[str]:
    """Oldest first."""
    return [message.body for message in OutgoingMessage.objects.order_by("id") if message.address == PHONE]


def home(case: Complaint) -> str:
    return f"/mediate/case/{case.number}/"


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_body_sees_the_case_but_no_number_and_does_nothing_without_the_code(world: World, case: Complaint) -> None:
    form = {"text": "这是账单。", "uploads": SimpleUploadedFile("账单.png", PNG, "image/png")}
    workspace(world.chen).post(f"/cases/{case.number}/statement/", form | key())
    given.step(case, mediation.suggest_settlement(text="退还一半。"), world.officer, now())
    client = opened(invited(world, case))
    shown = text(client.get(home(case)))
    for label in (BODY, "智家体验包”。我没有开通过", "账单.png", "这是账单。", "退还一半。", "共60日", "138****0001"):
        assert label in shown, label
    assert not found_in(shown, "陈试", "13800000001", "某路1号")
    file = Evidence.objects.get(complaint=case)
    assert client.get(f"{home(case)}files/{file.pk}/").status_code == 200
    assert "怎么算的" in text(client.get(f"{home(case)}why/mediation/"))
    assert client.get(f"{home(case)}result/")["Location"] == f"{home(case)}code/?for=result"
    values = {"result": "failed", "text": "双方分歧太大，谈不拢。"}
    assert client.post(f"{home(case)}result/", values | key()).status_code in (302, 403)
    assert not HandlingStep.objects.filter(complaint=case, step="report_mediation").exists()


def test_it_plans_records_suggests_and_reports_and_the_record_says_who(world: World, case: Complaint) -> None:
    client = proven(world, case)
    due = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION).due_at
    papers = OfficialDocument.objects.filter(complaint=case).count()
    planned = {"at": f"{now() + 3 * DAYS:%Y-%m-%dT15:00}", "place": "消委会二楼", "mode": "site"}
    assert client.post(f"{home(case)}session/", planned | key()).status_code == 302
    assert "消委会二楼" in text(workspace(world.chen).get(f"/cases/{case.number}/"))
    official_documents = OfficialDocument.objects.filter(complaint=case)
    assert official_documents.count() == papers, "the notice of mediation is the authority's"
    held = {"at": f"{now() - DAYS:%Y-%m-%dT10:00}", "place": "消委会二楼", "mode": "site"}
    held |= {"present": ["consumer", "enterprise", "body"], "minutes": "双方到场，谈妥退一半。"}
    later = held | {"at": planned["at"]}
    assert client.post(f"{home(case)}minutes/", later | key()).status_code == 422, "that is still to come"
    same = held | key()
    assert client.post(f"{home(case)}minutes/", same)["Location"] == home(case)
    assert client.post(f"{home(case)}minutes/", same)["Location"] == home(case), "twice is once"
    matters = Matter.objects.filter(complaint=case, kind="session", state="open")
    assert matters.exists(), "the day that was planned is still to come"
    offered = {"rows": "1", "message": "退还一半。", "promise-1-kind": "transfer", "promise-1-what": "退款"}
    offered |= {"promise-1-amount": "64.25", "promise-1-due_on": f"{now() + 9 * DAYS:%Y-%m-%d}"}
    offered |= {"promise-1-owed_by": "enterprise"}
    more = client.post(f"{home(case)}suggestion/", offered | {"add": "1"} | key())
    matters = Matter.objects.filter(complaint=case, kind="suggestion")
    assert ("promise-2" in text(more), matters.exists()) == (True, False)
    assert client.post(f"{home(case)}suggestion/", offered | key()).status_code == 302
    values = {"result": "agreed", "text": "双方同意退还一半，等书面协议。"}
    assert client.post(f"{home(case)}result/", values | {"text": "好"} | key()).status_code == 422
    assert client.post(f"{home(case)}result/", values | key()).status_code == 302
    steps = HandlingStep.objects.filter(complaint=case, actor_role="mediation_body")
    taken = " ".join(steps.order_by("sequence").values_list("step", flat=True))
    assert taken == "schedule_session record_session suggest_settlement report_mediation"
    assert {step.organisation for step in steps} == {BODY}
    assert all('"channel":"link"' in step.body for step in steps)
    assert HandlingStep.objects.filter(complaint=case, step="record_session").count() == 1
    assert given.stands(case)
    officers = text(workspace(world.rui).get(f"/authority/mediation/{case.number}/"))
    assert not missing_in(officers, f"{BODY}报告：双方达成一致", "双方到场，谈妥退一半。", "退还一半。")
    assert f'<a class="btn" href="/authority/cases/{case.number}/agreement/">' in officers, "what comes first now"
    assert "受委托组织报告：双方达成一致" in text(workspace(world.rui).get("/authority/mediation/?view=delegated"))
    case.refresh_from_db()
    clock = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION)
    assert (case.status, clock.due_at, clock.state) == (S.MEDIATING, due, "running"), "the authority decides"


def test_what_it_brings_with_minutes_and_report_is_read_by_both_and_is_its_own(world: World, case: Complaint) -> None:
    client, image = proven(world, case), "image/png"
    held = {"at": f"{now() - DAYS:%Y-%m-%dT10:00}", "place": "消委会二楼", "mode": "site"}
    held |= {"present": ["consumer", "body"], "minutes": "双方到场。"}
    program = SimpleUploadedFile("笔录.png", b"MZ\x90\x00\x03\x00", image)
    bad = client.post(f"{home(case)}minutes/", held | {"uploads": program} | key())
    assert (bad.status_code, Evidence.objects.count()) == (422, 0)
    assert "双方到场。" in text(bad), "what was typed stays"
    sheet = SimpleUploadedFile("签到表.png", PNG, image)
    assert client.post(f"{home(case)}minutes/", held | {"uploads": sheet} | key()).status_code == 302
    report = SimpleUploadedFile("双方签字的方案.png", PNG + b"\0", image)
    values = {"result": "agreed", "text": "双方同意退还一半，等书面协议。", "uploads": report}
    assert client.post(f"{home(case)}result/", values | key()).status_code == 302
    rows = list(Evidence.objects.filter(complaint=case).order_by("pk"))
    assert [row.uploaded_by_id for row in rows] == [None, None]
    for who, address in ((world.rui, f"/authority/mediation/{case.number}/"), (world.chen, f"/cases/{case.number}/")):
        assert not missing_in(text(workspace(who).get(address)), "签到表.png", "双方签字的方案.png")
    assert "签到表.png" in text(client.get(home(case)))
    # Nor is it anything of the respondent, who sends without a name as well.
    for row in rows:
        senders = [is_sender(row, case, side=side, user_id=None) for side in ("enterprise", "consumer", "body")]
        assert senders == [False, False, True]
    assert given.stands(case)


def _taken_back(world: World, case: Complaint) -> None:
    given.step(case, mediation.recall_mediation(text="进展慢。"), world.officer, now())


def _handed_again(world: World, case: Complaint) -> None:
    _taken_back(world, case)
    given.step(case, mediation.delegate_mediation(body_id=given.a_body(world).pk), world.officer, now())


def _ended(world: World, case: Complaint) -> None:
    one_person_suffices()
    given.step(case, mediation.terminate(ground="other_law", facts=TEXT), world.officer, now())


def _withdrawn(world: World, case: Complaint) -> None:
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, now())


OVER = [_taken_back, _handed_again, _ended, _withdrawn, invited]
OVER += [lambda _world, case: AnswerLink.objects.filter(complaint=case).update(expires_at=now())]


@pytest.mark.parametrize("over", OVER)
def test_the_link_is_dead_once_the_mediation_is_no_longer_its(world: World, case: Complaint, over: Any) -> None:
    client = opened(invited(world, case))
    token = client.session["mediating"][case.number]["token"]
    over(world, case)
    assert client.get(home(case)).status_code == 404
    assert client.get(f"{home(case)}why/mediation/").status_code == 404
    assert client.post(f"{home(case)}result/", {"result": "failed", "text": TEXT} | key()).status_code == 404
    assert follow(Client(), f"/mediate/{token}/").status_code == 404


def test_one_door_is_not_the_other_and_one_case_not_another(world: World, case: Complaint) -> None:
    move = mediation.delegate_mediation(body_id=given.a_body(world, name="另一个协会").pk)
    other = given.step(case_at(world, S.MEDIATING), move, world.officer, now())
    token = invited(world, case)
    client = opened(token)
    invited(world, other)
    assert client.get(home(other)).status_code == 404
    assert follow(Client(), f"/answer/{token}/").status_code == 404
    assert client.get(f"/answer/case/{case.number}/").status_code == 404
    assert client.get(f"/cases/{case.number}/").status_code == 302
    assert follow(Client(), f"/mediate/{'x' * 22}/").status_code == 404
    assert Client().get(home(case)).status_code == 404


def test_what_it_writes_once_taken_back_and_any_step_of_the_authority_is_refused(world: World, case: Complaint) -> None:
    handed = Matter.objects.get(complaint=case, kind="delegation")
    person_key = handed.complaint.consumer_key
    body = actors.mediation_body(case, organisation=BODY, person_key=person_key, delegation=handed.pk, channel="link")
    ending = (mediation.terminate(ground="other_law", facts=TEXT), mediation.recall_mediation())
    invitation = contact.invite_body(digest="a" * 64, channel="letter", phone=PHONE)
    for move in (mediation.record_agreement(promises=[], text=TEXT), *ending, invitation):
        given.refused(case, move, body, now())
    given.refused(case, mediation.report_mediation(result="agreed", text=TEXT), world.officer, now())
    _handed_again(world, case)
    report = mediation.report_mediation(result="failed", text=TEXT)
    for move in (mediation.record_session(minutes=TEXT), report, mediation.suggest_settlement(text=TEXT)):
        given.refused(case, move, body, now())
    given.refused(case_at(world, S.MEDIATING), mediation.record_session(minutes=TEXT), body, now())


def test_an_officer_sends_it_by_message_or_as_a_letter(world: World, case: Complaint) -> None:
    client, page = workspace(world.rui), f"/authority/mediation/{case.number}/body/"
    assert client.post(page, {"channel": "letter", "phone": ""} | key()).status_code == 422, "codes go there"
    same = {"channel": "sms", "phone": "13900000456"} | key()
    assert client.post(page, same).status_code == 302
    assert client.post(page, same).status_code == 302
    (message,) = sent_to_the_body()
    sent = re.search(r"/mediate/([\w-]{22})/", message)
    assert sent
    assert "139****0456" in text(client.get(page))
    letter = text(client.post(page, {"channel": "letter", "phone": "13900000456"} | key()))
    printed = re.search(r"/mediate/([\w-]{22})/", letter)
    assert printed
    assert ("<svg" in letter, BODY in letter) == (True, True)
    assert printed[1] not in text(client.get(page))
    assert follow(Client(), f"/mediate/{sent[1]}/").status_code == 404, "the newer one ended it"
    opened(printed[1])
    assert workspace(world.far_officer.user).get(page).status_code == 404
    assert workspace(world.ming).get(page).status_code == 404
    _taken_back(world, case)
    assert client.get(page).status_code == 404
    with pytest.raises(WrongInput):
        contact.invite_body(digest="a" * 64, channel="letter", phone="")


def test_news_reach_the_body_and_its_report_of_failure_ends_nothing(world: World, case: Complaint) -> None:
    client = proven(world, case)
    OutgoingMessage.objects.all().delete()
    assert client.post(f"{home(case)}suggestion/", {"rows": "0", "message": "各退一步。"} | key()).status_code == 302
    assert not sent_to_the_body(), "its own step is no news"
    given.step(case, mediation.answer_suggestion(agrees=True), world.consumer, now())
    (message,) = sent_to_the_body()
    assert case.number in message
    clock = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION)
    before = termination.grounds(case, matters=list(case.matters.all()), sixty=clock, now=now())
    assert not before["no_agreement_possible"].is_open
    failed = {"result": "failed", "text": "双方分歧太大，谈不拢。"}
    assert client.post(f"{home(case)}result/", failed | key()).status_code == 302
    after = termination.grounds(case, matters=list(case.matters.all()), sixty=clock, now=now())["no_agreement_possible"]
    assert (after.is_open, BODY in after.facts[0]) == (True, True)
    assert reloaded(case).status == S.MEDIATING
