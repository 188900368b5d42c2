"""What a program sees and does with the calls, from filing to the end of a case, and the files that it sends."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.keys import keyring
from accounts.models import PersonKey, SecurityEvent, User
from complaints.filing.drafts import tracking_digest
from complaints.models import Complaint, Engagement, Evidence, FilingDraft, HandlingStep
from complaints.procedure.workflow import LOOK, Status
from tests import given
from tests.api.conftest import Making
from tests.cast import World
from tests.complaints.filing.test_voice import recorded

A_FILING: dict[str, Any] = {
    **{"service_region": 350102, "object_category": "service.telecom", "item_name": "千兆宽带", "amount": "128.50"},
    **{"is_online": False, "problem_category": "telecom.fees.unexplained_charge", "disputed_on": "2026-09-01"},
    "statement": "9月起每个月账单多出一项“智家体验包”，我没有开通过。",
    "demands": [{"kind": "refund", "amount": "128.50"}, {"kind": "cancel_service"}],
    "consumer": {"name": "陈雨桐", "phone": "13800000001", "address": "福州市鼓楼区测试路1号"},
    "consents": dict.fromkeys(("share_with_enterprise", "pass_to_regulator", "delegated_mediation"), True)
    | {"publish_masked": False},
    "is_true": True,
}


def filing(world: World, **changes: Any) -> dict[str, Any]:
    respondent = {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk}
    return A_FILING | {"service_region": world.region.pk, "respondent": respondent} | changes


def test_a_token_says_as_whom_it_acts_and_reads_directory_and_events(world: World, program: Making) -> None:
    me = program("ming", scopes=["cases:read"]).get("/me/").json()
    assert (me["side"], me["enterprise_id"]) == ("enterprise", world.mobile.pk)
    assert (me["staff_ids"], me["scopes"]) == ([world.ming_staff.pk], ["cases:read"])
    ming = program("ming")
    hits = ming.get("/enterprises/", {"q": "福建移动"}).json()["results"]
    assert world.mobile.pk in [hit["enterprise_id"] for hit in hits]
    assert ming.get("/events/").json()["events"] == []
    assert ming.get("/events/", {"after": "x"}).status_code == 400
    assert ming.get("/enterprises/").status_code == 400


def test_a_refusal_that_was_accepted_long_ago_is_no_settlement(world: World, program: Making) -> None:
    case, ming = given.an_old_refusal(world), program("ming")
    told = ming.get(f"/complaints/{case.number}/").json()
    assert (told["outcome"], told["was_refused_in_full"]) == ("settled", True)
    assert [one["is_settled"] for one in told["demands"]] == [False, False]
    taken = ming.post(f"/complaints/{case.number}/steps/reply_publicly/", {"text": "已说明。"}).json()
    assert taken.get("was_refused_in_full") is True, taken


def test_an_office_files_for_somebody_and_gets_the_token_of_the_receipt(world: World, program: Making) -> None:
    su = program("su")
    first = su.post("/complaints/", filing(world), key="desk-2026-0001")
    assert first.status_code == 201, first.content.decode()
    row = Complaint.objects.get(number=first.json()["case"])
    # An officer who writes it down has heard the person.
    assert (row.consumer_id, row.contact_verified) == (None, True)
    entry = row.steps.get(step="file")
    assert (entry.name.name, entry.recorded_by.name) == ("陈雨桐", "苏试")
    assert su.post("/complaints/", filing(world), key="desk-2026-0001")["Tracking-Token"] == first["Tracking-Token"]

    assert tracking_digest(first["Tracking-Token"]) == row.tracking_digest
    assert "Tracking-Token" not in program("chen").post("/complaints/", filing(world))


def test_an_enterprise_may_not_file_a_consumer_does_and_reads_the_case_and_a_wrong_filing_says_where(
    world: World, program: Making
) -> None:
    assert program("lead").post("/complaints/", filing(world)).status_code == 403
    assert not Complaint.objects.exists()
    chen = program("chen")
    filed = chen.post("/complaints/", filing(world))
    assert filed.status_code == 201, filed.content.decode()
    number = filed.json()["case"]
    case = chen.get(f"/complaints/{number}/")
    assert case.status_code == 200, case.content.decode()
    shown = case.json()
    assert (shown["status"], shown["side"], shown["consumer"]["phone"]) == ("filed", "consumer", "13800000001")
    assert [demand["kind"] for demand in shown["demands"]] == ["refund", "cancel_service"]
    row = Complaint.objects.get(number=number)
    assert (row.consumer_id, row.contact_verified, row.channel) == (world.chen.pk, True, "api")
    assert case["ETag"] == shown["version"]
    assert [one["number"] for one in chen.get("/complaints/").json()["results"]] == [number]
    consumer = {"name": "123", "phone": "x", "address": "福州"}
    wrong = filing(world, disputed_on="2099-01-01", consumer=consumer, demands=[{"kind": "refund"}])
    answer = chen.post("/complaints/", wrong | {"status": "closed"})
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"/status"})
    errors = chen.post("/complaints/", wrong).json()["errors"]
    assert set(errors) == {"/disputed_on", "/consumer/name", "/consumer/phone", "/demands/0/amount"}


def test_an_enterprise_walks_a_case_to_its_offer_and_a_refused_step_says_why_and_what_is_open(
    world: World, program: Making
) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    ming, chen = program("ming"), program("chen")
    refused = chen.step(case, "accept_offer", accept_language="en")
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    shown = refused.json()
    assert (shown["code"], shown["message"]) == ("not_now", shown["detail"])
    assert "withdraw" in shown["allowed_steps"]
    assert "withdraw" not in ming.step(case, "make_offer", {"answers": []}).json()["allowed_steps"]
    accepted = ming.step(case, "accept_case", {"handler_id": world.ming_staff.pk})
    assert accepted.status_code == 200, accepted.content.decode()
    assert accepted.json()["status"] == "negotiating"
    assert "make_offer" in accepted.json()["allowed_steps"]
    # What stands open after a refusal is what reading the case says: a step without its object is not named.
    nothing_asked = ming.step(case, "answer_question", {"text": "明天答复。"})
    assert nothing_asked.status_code == 409
    assert nothing_asked.json()["allowed_steps"] == ming.get(f"/complaints/{case.number}/").json()["allowed_steps"]
    assert "answer_question" not in nothing_asked.json()["allowed_steps"]
    assert "已保留" not in chen.step(case, "accept_offer").json()["message"], "nothing of a program is kept"
    due = (timezone.localdate() + timedelta(days=20)).isoformat()
    offer = {
        "answers": [{"demand": 1, "verdict": "grant", "amount": "128.50"}, {"demand": 2, "verdict": "grant"}],
        "promises": [
            {"kind": "original_channel", "what": "退还", "amount": 128.5, "due_on": due, "demand": 1},
            {"kind": "service_change", "what": "退订", "due_on": due},
        ],
        "message": "全部退还。",
    }
    made = ming.step(case, "make_offer", offer)
    assert made.status_code == 200, made.content.decode()
    shown = chen.get(f"/complaints/{case.number}/").json()
    assert shown["offers"][0]["promises"][0]["amount"] == "128.50"
    assert "accept_offer" in shown["allowed_steps"]
    assert chen.step(case, "accept_offer").json()["status"] == "performing"


def test_a_case_that_changed_meanwhile_is_412(case: Complaint, program: Making) -> None:
    ming, here = program("ming"), f"/complaints/{case.number}/"
    read, call = ming.get(here)["ETag"], {"channel": "phone", "reached": True, "note": "查账"}
    assert ming.step(case, "log_contact", call, if_match=read).status_code == 200
    stale = ming.step(case, "send_message", {"text": "您好"}, if_match=read)
    assert (stale.status_code, stale.json()["code"]) == (412, "changed")
    assert ming.step(case, "send_message", {"text": "您好"}, if_match=ming.get(here)["ETag"]).status_code == 200


def test_a_batch_tells_row_by_row(world: World, program: Making) -> None:
    now = timezone.now()
    ours = [given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=now) for _ in range(2)]
    late = given.a_complaint(world, status=Status.NEGOTIATING, now=now)
    rows = [{"case": case.number, "input": {"handler_id": world.ming_staff.pk}} for case in (*ours, late)]
    rows += [{"case": "20200101-AAAAAAAAAAAA-0"}, {"case": ours[0].number + "x", "input": {"owner": 1}}]
    shown = program("ming").post("/steps/accept_case/batch/", {"rows": rows})
    assert shown.status_code == 200, shown.content.decode()
    assert [row["result"] for row in shown.json()["results"]] == ["done", "done", "refused", "not_found", "not_found"]
    assert Complaint.objects.filter(status=Status.NEGOTIATING).count() == 3
    wrong = program("ming").post("/steps/accept_case/batch/", {"rows": [{"case": late.number, "input": {"owner": 1}}]})
    assert wrong.json()["results"][0]["errors"].keys() == {"/owner"}
    unnamed = program("ming").post("/steps/accept_case/batch/", {"rows": [{"case": ours[0].number, "input": {}}]})
    assert unnamed.json()["results"][0]["result"] == "refused"


def test_the_enterprises_ticket_is_kept_and_found_in_the_queue(world: World, program: Making, client: Any) -> None:
    first, second = (given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now()) for _ in range(2))
    ming = program("ming")
    assert ming.post(f"/complaints/{first.number}/external-ref/", {"external_ref": "INC-1"}).status_code == 200
    taken = ming.post(f"/complaints/{second.number}/external-ref/", {"external_ref": "INC-1"})
    assert (taken.status_code, set(taken.json()["errors"])) == (400, {"/external_ref"})
    assert Engagement.objects.filter(external_ref="INC-1").count() == 1
    result = ming.get("/complaints/", {"external_ref": "INC-1"}).json()["results"]
    assert [(one["number"], one["external_ref"]) for one in result] == [(first.number, "INC-1")]
    assert ming.get(f"/complaints/{first.number}/").json()["external_ref"] == "INC-1"
    assert program("chen").get(f"/complaints/{first.number}/").json()["external_ref"] is None
    assert program("chen").post(f"/complaints/{first.number}/external-ref/", {"external_ref": "x"}).status_code == 409
    client.force_login(world.ming)
    queue = client.get("/enterprise/queue/", {"q": "INC-1"}).content.decode()
    assert (first.number in queue, second.number in queue) == (True, False)
    assert "INC-1" in client.get(f"/enterprise/cases/{first.number}/").content.decode()
    client.force_login(world.hua)
    assert first.number not in client.get("/enterprise/queue/", {"q": "INC-1"}).content.decode()


def test_lists_go_on_page_by_page(world: World, program: Making) -> None:
    for minutes in range(5):
        given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now() - timedelta(minutes=minutes))
    ming, walked, after = program("ming"), [], None
    while True:
        page = ming.get("/complaints/", {"limit": 2} | ({"after": after} if after else {})).json()
        walked += [one["number"] for one in page["results"]]
        after = page["next"]
        if after is None:
            break
    assert len(walked) == len(set(walked)) == 5
    assert program("hua").get("/complaints/").json() == {"results": [], "next": None}
    assert ming.get("/complaints/", {"status": "closed"}).json()["results"] == []
    odd = ming.get("/complaints/", {"limit": 101, "sort": "id"})
    assert (odd.status_code, set(odd.json()["errors"]) - {"/limit"}) == (400, {"/sort"})


def test_the_record_shows_each_side_its_chains(case: Complaint, program: Making) -> None:
    program("ming").step(case, "flag_concern", {"text": "疑似职业索赔"})
    for who, hears in (("chen", False), ("ming", False), ("rui", True)):
        steps = {entry["step"] for entry in program(who).get(f"/complaints/{case.number}/record/").json()["entries"]}
        assert ("flag_concern" in steps) is hears
        assert {"forward", "accept_case"} <= steps
    assert "姓" not in json.dumps(program("ming").get(f"/complaints/{case.number}/record/").json(), ensure_ascii=False)


def test_what_an_offer_lacks_is_told_and_not_refused(world: World, program: Making) -> None:
    put_off = "您好，经核实，您反映的业务为正常收费，系统无异常，无法办理退费，感谢您的理解与支持。"
    ming, hour_ago = program("ming"), timezone.now() - timedelta(hours=1)
    case, *others = (given.a_complaint(world, status=Status.NEGOTIATING, now=hour_ago) for _ in range(3))
    body: dict[str, Any] = {
        "answers": [{"demand": 1, "verdict": "refuse", "reason": put_off}, {"demand": 2, "verdict": "grant"}]
    }
    less = ming.step(case, "make_offer", body)
    assert (less.status_code, less.json()["code"], less.json()["field"]) == (422, "no_promise", "answer-2")
    due_on = (timezone.localdate() + timedelta(days=20)).isoformat()
    body["promises"] = [{"kind": "service_change", "what": "退订", "due_on": due_on}]
    answer = ming.step(case, "make_offer", body)
    assert answer.status_code == 200, answer.content.decode()
    no_contact = {"code": "no_contact", "field": "", "message": "还没有与消费者联系的记录"}
    said = answer.json()["advice"]
    assert said[:1] == [no_contact]
    assert [(one["code"], one["field"]) for one in said[1:]] == [("no_reason", "reason-1")]
    assert put_off[slice(*said[1]["place"])] == "无法办理"
    rows = [{"case": one.number, "input": body} for one in others]
    shown = ming.post("/steps/make_offer/batch/", {"rows": rows}).json()["results"]
    assert [[one["code"] for one in row["advice"]] for row in shown] == [["no_contact", "copied", "no_reason"]] * 2
    assert "advice" not in ming.step(case, "add_internal_note", {"text": "已发方案。"}).json()
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=hour_ago)
    threat = ming.step(case, "make_offer", body | {"message": "再投诉就把您列入黑名单。"})
    assert (threat.status_code, threat.json()["code"], threat.json()["field"]) == (409, "two_persons", "message")


PHONE = "13800000001"
WITHOUT = ["cases:read", "cases:write", "files:read"]


def test_contact_is_masked_without_the_scope_or_before_acceptance_or_after_the_end_and_looks_are_recorded_once_a_day(
    world: World, program: Making
) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    lead, here = program("lead"), f"/complaints/{case.number}/"
    assert lead.get(here).json()["consumer"]["is_masked"] is True
    lead.step(case, "accept_case", {"handler_id": world.ming_staff.pk})
    for who in ("ming", "lead", "rui"):
        shown = program(who, scopes=WITHOUT).get(here).json()
        assert (shown["consumer"]["is_masked"], PHONE in json.dumps(shown)) == (True, False), who
    refused = program("ming", scopes=WITHOUT).step(case, "reveal_contact", {"reason": "look_call"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    looks = HandlingStep.objects.filter(complaint=case, step=LOOK)
    assert not looks.exists()
    for _time in range(3):
        assert lead.get(here).json()["consumer"]["phone"] == PHONE
    assert [(look.reason, look.audience) for look in looks.all()] == [("look_program", "parties")]
    assert SecurityEvent.objects.filter(kind="reveal", subject=case.number).count() == 1
    with mock.patch("api.caller.timezone.now", return_value=timezone.now() + timedelta(days=1)):
        shown = lead.get(here)
    assert shown.json()["consumer"]["phone"] == PHONE, shown.content.decode()
    assert looks.all().count() == 2
    assert program("lead", scopes=WITHOUT).get(here).json()["consumer"]["is_masked"]
    ended = given.a_complaint(world, status=Status.CLOSED, now=timezone.now())
    assert PHONE not in lead.get(f"/complaints/{ended.number}/").content.decode()


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    return tmp_path / "evidence"


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("账单.txt", "九月账单 128.50".encode(), content_type="text/plain")


def nothing_is_kept(folder: Path) -> None:
    assert not Evidence.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_goes_in_once_and_comes_out_as_an_attachment(case: Complaint, program: Making) -> None:
    chen, key, path = program("chen"), uuid.uuid4().hex, f"/complaints/{case.number}/files/"
    first = chen.upload(path, {"file": a_file(), "kind": "receipt"}, key=key)
    assert first.status_code == 201, first.content.decode()
    again = chen.upload(path, {"file": a_file(), "kind": "receipt"}, key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert Evidence.objects.count() == 1
    assert HandlingStep.objects.filter(complaint=case, step="add_statement").count() == 1
    [listed] = program("ming").get(path).json()["results"]
    assert [listed[name] for name in ("name", "kind", "sha256")] == ["账单.txt", "receipt", first.json()["sha256"]]
    handed = program("ming").client.get(listed["url"], headers={"Authorization": f"Bearer {program('ming').secret}"})
    assert b"".join(handed.streaming_content).decode() == "九月账单 128.50"
    assert handed["Content-Disposition"].startswith("attachment")
    assert program("hua").get(path).status_code == 404


def test_what_is_no_evidence_or_of_another_case_is_refused(
    world: World, case: Complaint, program: Making, folder: Path
) -> None:
    chen, path = program("chen"), f"/complaints/{case.number}/files/"
    refused = chen.upload(path, {"file": SimpleUploadedFile("a.jpg", b"<html><script>alert(1)</script>")})
    assert (refused.status_code, refused.json()["field"]) == (422, "file")
    assert chen.upload(path, {}).status_code == 400
    assert chen.upload(path, {"file": a_file(), "owner": "1"}).status_code == 400
    assert chen.post(path, {}).status_code == 415
    nothing_is_kept(folder)
    other = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    sha = chen.upload(f"/complaints/{other.number}/files/", {"file": a_file()}).json()["sha256"]
    refused = chen.step(case, "add_statement", {"text": "见附件", "files": [sha]})
    assert (refused.status_code, refused.json()["field"]) == (422, "files")


TELECOM = {"service_number": "13800000001", "plan": "畅享 128", "contract_until": "2027-06-30"}
TELECOM |= {"promised": "每月返还 30 元", "noticed_on": timezone.localdate().isoformat()}


def test_a_program_answers_the_questions_that_matter_for_a_carrier(world: World, program: Making) -> None:
    chen = program("chen")
    filed = chen.post("/complaints/", filing(world, **TELECOM))
    assert filed.status_code == 201, filed.content.decode()
    case = Complaint.objects.get(number=filed.json()["case"])
    assert (case.facts["contract_until"], case.learned_on.isoformat()) == ("2027-06-30", TELECOM["noticed_on"])
    values = {text.kind: text.text for text in case.texts.all()}
    assert (values["consumer_plan"], values["consumer_promised"]) == ("畅享 128", "每月返还 30 元")
    wrong = TELECOM | {"contract_until": "soon", "noticed_on": "1999-01-01", "plan": "x" * 101}
    errors = chen.post("/complaints/", filing(world, **wrong)).json()["errors"]
    assert set(errors) == {"/contract_until", "/noticed_on", "/plan"}


def test_a_complaint_is_spoken_to_a_program_too(world: World, program: Making) -> None:
    chen, body = program("chen"), filing(world)
    del body["statement"]
    missing = chen.post("/complaints/", body)
    assert (missing.status_code, set(missing.json()["errors"])) == (400, {"/statement"})
    spoken = {"complaint": json.dumps(body), "voice": recorded()}
    first = chen.upload("/complaints/", spoken, key="spoken-0001")
    assert first.status_code == 201, first.content.decode()
    case = Complaint.objects.get(number=first.json()["case"])
    row = Evidence.objects.get()
    assert (row.complaint_id, row.kind, row.media_type) == (case.pk, "recording", "audio/webm")
    assert (case.facts["voice"], case.facts["voice_only"]) == (row.sha256, True)
    assert not FilingDraft.objects.exists()
    known = {keyring.PORTAL, case.case_key, *User.objects.values_list("person_key", flat=True)}
    assert not PersonKey.objects.exclude(pk__in=known).exists(), "the draft that held the recording left no key"
    # Sent again it is the same case, and no second recording lies about.
    assert chen.upload("/complaints/", spoken | {"voice": recorded()}, key="spoken-0001").status_code in (201, 422)
    assert Complaint.objects.count() == Evidence.objects.count() == 1


def test_a_spoken_complaint_that_is_refused_says_where_and_leaves_nothing(
    world: World, program: Making, folder: Path
) -> None:
    """Parts that are missing or no JSON too."""
    chen, body = program("chen"), json.dumps(filing(world))
    for sent, place in (
        ({"complaint": body, "voice": SimpleUploadedFile("a.txt", b"no sound")}, "/voice"),
        ({"complaint": json.dumps(filing(world, is_true=False)), "voice": recorded()}, "/is_true"),
        ({"complaint": json.dumps(filing(world, amount="-5")), "voice": recorded()}, "/amount"),
        ({"complaint": "{}"}, "/voice"),
        ({"complaint": "{}", "voice": recorded(), "more": "x"}, "/more"),
    ):
        refused = chen.upload("/complaints/", sent)
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {place}), refused.content.decode()
        assert not Complaint.objects.exists()
        assert not FilingDraft.objects.exists()
        nothing_is_kept(folder)
    bad = chen.upload("/complaints/", {"complaint": '{"a": 1, "a": 2}', "voice": recorded()})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_json")


def test_a_refused_row_of_a_batch_names_the_steps_that_reading_the_case_names(world: World, program: Making) -> None:
    case, ming = given.a_complaint(world, status=Status.NEGOTIATING), program("ming")
    (result,) = ming.post(
        "/steps/answer_question/batch/", {"rows": [{"case": case.number, "input": {"text": "是的。"}}]}
    ).json()["results"]
    assert result["result"] == "refused"
    assert result["allowed_steps"] == ming.get(f"/complaints/{case.number}/").json()["allowed_steps"]
    # Nobody asked, nothing is promised: what the table alone would allow is refused too.
    assert not {"answer_question", "report_performed", "show_payment"} & set(result["allowed_steps"])


def test_a_batch_of_offers_leaves_out_an_urgent_case(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, statement="家里宽带断网四天了，报修没有人来。")
    answers = [{"demand": 1, "verdict": "refuse", "reason": "系统记录显示由本人办理，不同意。"}]
    row = {"case": case.number, "input": {"answers": answers}}
    (result,) = program("ming").post("/steps/make_offer/batch/", {"rows": [row]}).json()["results"]
    assert (result["result"], result["code"]) == ("refused", "urgent"), result
    assert "请打开这一件" in result["message"]
