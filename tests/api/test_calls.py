"""What a program sees and does with the calls, from filing to the end of a case."""

import json
from datetime import timedelta
from typing import Any
from unittest import mock

from django.utils import timezone

from accounts.models import SecurityEvent
from complaints.models import Complaint, Engagement, HandlingStep
from complaints.procedure.workflow import LOOK, Status
from tests import given
from tests.api.conftest import Making
from tests.cast import World

A_FILING: dict[str, Any] = {
    "service_region": 350102,
    "object_category": "service.telecom",
    "item_name": "千兆宽带",
    "amount": "128.50",
    "is_online": False,
    "problem_category": "telecom.fees.unexplained_charge",
    "disputed_on": "2026-09-01",
    "statement": "9月起每个月账单多出一项“智家体验包”，我没有开通过。",
    "demands": [{"kind": "refund", "amount": "128.50"}, {"kind": "cancel_service"}],
    "consumer": {"name": "陈雨桐", "phone": "13800000001", "address": "福州市鼓楼区测试路1号"},
    "consents": {
        "share_with_enterprise": True,
        "pass_to_regulator": True,
        "delegated_mediation": True,
        "publish_masked": False,
    },
    "is_true": True,
}


def filing(world: World, **changes: Any) -> dict[str, Any]:
    return (
        A_FILING
        | {
            "service_region": world.region.pk,
            "respondent": {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk},
        }
        | changes
    )


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
    from complaints.filing.drafts import tracking_digest

    assert tracking_digest(first["Tracking-Token"]) == row.tracking_digest
    assert "Tracking-Token" not in program("chen").post("/complaints/", filing(world))


def test_an_enterprise_may_not_file_and_a_consumer_files_and_reads_the_case(world: World, program: Making) -> None:
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


def test_a_wrong_filing_says_where(world: World, program: Making) -> None:
    wrong = program("chen").post(
        "/complaints/",
        filing(
            world,
            disputed_on="2099-01-01",
            consumer={"name": "123", "phone": "x", "address": "福州"},
            demands=[{"kind": "refund"}],
            status="closed",
        ),
    )
    assert (wrong.status_code, set(wrong.json()["errors"])) == (400, {"/status"})
    wrong = program("chen").post(
        "/complaints/",
        filing(
            world,
            disputed_on="2099-01-01",
            consumer={"name": "123", "phone": "x", "address": "福州"},
            demands=[{"kind": "refund"}],
        ),
    )
    assert set(wrong.json()["errors"]) == {"/disputed_on", "/consumer/name", "/consumer/phone", "/demands/0/amount"}


def test_an_enterprise_walks_a_case_to_its_offer(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    ming = program("ming")
    accepted = ming.post(f"/complaints/{case.number}/steps/accept_case/", {"handler_id": world.ming_staff.pk})
    assert accepted.status_code == 200, accepted.content.decode()
    assert accepted.json()["status"] == "negotiating"
    assert "make_offer" in accepted.json()["allowed_steps"]
    due = (timezone.localdate() + timedelta(days=20)).isoformat()
    offer = ming.post(
        f"/complaints/{case.number}/steps/make_offer/",
        {
            "answers": [{"demand": 1, "verdict": "grant", "amount": "128.50"}, {"demand": 2, "verdict": "grant"}],
            "promises": [{"kind": "original_channel", "what": "退还", "amount": 128.5, "due_on": due, "demand": 1}],
            "message": "全部退还。",
        },
    )
    assert offer.status_code == 200, offer.content.decode()
    shown = program("chen").get(f"/complaints/{case.number}/").json()
    assert shown["offers"][0]["promises"][0]["amount"] == "128.50"
    assert "accept_offer" in shown["allowed_steps"]
    assert program("chen").post(f"/complaints/{case.number}/steps/accept_offer/").json()["status"] == "performing"


def test_a_refused_step_says_why_and_what_is_open(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    refused = program("chen").post(f"/complaints/{case.number}/steps/accept_offer/", accept_language="en")
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    shown = refused.json()
    assert (shown["code"], shown["message"]) == ("not_now", shown["detail"])
    assert "withdraw" in shown["allowed_steps"]
    assert (
        "withdraw"
        not in program("ming")
        .post(f"/complaints/{case.number}/steps/make_offer/", {"answers": []})
        .json()["allowed_steps"]
    )


def test_a_case_that_changed_meanwhile_is_412(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    ming = program("ming")
    read = ming.get(f"/complaints/{case.number}/")["ETag"]
    assert (
        ming.post(
            f"/complaints/{case.number}/steps/log_contact/",
            {"channel": "phone", "reached": True, "note": "查账"},
            if_match=read,
        ).status_code
        == 200
    )
    stale = ming.post(f"/complaints/{case.number}/steps/send_message/", {"text": "您好"}, if_match=read)
    assert (stale.status_code, stale.json()["code"]) == (412, "changed")
    fresh = ming.get(f"/complaints/{case.number}/")["ETag"]
    assert (
        ming.post(f"/complaints/{case.number}/steps/send_message/", {"text": "您好"}, if_match=fresh).status_code == 200
    )


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
    ours, other = (given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now()) for _ in range(2))
    program("ming").post(f"/complaints/{ours.number}/external-ref/", {"external_ref": "INC-77"})
    client.force_login(world.ming)
    result = client.get("/enterprise/queue/", {"q": "INC-77"}).content.decode()
    assert ours.number in result
    assert other.number not in result
    assert "INC-77" in client.get(f"/enterprise/cases/{ours.number}/").content.decode()
    client.force_login(world.hua)
    assert ours.number not in client.get("/enterprise/queue/", {"q": "INC-77"}).content.decode()


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
    assert odd.status_code == 400
    assert set(odd.json()["errors"]) == {"/limit", "/sort"} or set(odd.json()["errors"]) == {"/sort"}


def test_the_record_shows_each_side_its_chains(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    program("ming").post(f"/complaints/{case.number}/steps/flag_concern/", {"text": "疑似职业索赔"})
    for who, hears in (("chen", False), ("ming", False), ("rui", True)):
        steps = {entry["step"] for entry in program(who).get(f"/complaints/{case.number}/record/").json()["entries"]}
        assert ("flag_concern" in steps) is hears
        assert {"forward", "accept_case"} <= steps
    assert "姓" not in json.dumps(program("ming").get(f"/complaints/{case.number}/record/").json(), ensure_ascii=False)


def test_what_an_offer_lacks_is_told_and_not_refused(world: World, program: Making) -> None:
    ming, put_off = (
        program("ming"),
        "您好，经核实，您反映的业务为正常收费，系统无异常，无法办理退费，感谢您的理解与支持。",
    )
    case, *others = (
        given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now() - timedelta(hours=1)) for _ in range(3)
    )
    body = {"answers": [{"demand": 1, "verdict": "refuse", "reason": put_off}, {"demand": 2, "verdict": "grant"}]}
    answer = ming.post(f"/complaints/{case.number}/steps/make_offer/", body)
    assert answer.status_code == 200, answer.content.decode()
    assert answer.json()["advice"] == [
        {"code": "no_contact", "field": "", "message": "还没有与消费者联系的记录"},
        {
            "code": "no_date",
            "field": "add",
            "message": "同意了诉求，但没有写明要做到的事和最后一天；消费者接受后就直接办结",
        },
    ]
    shown = ming.post(
        "/steps/make_offer/batch/", {"rows": [{"case": one.number, "input": body} for one in others]}
    ).json()
    assert [[one["code"] for one in row["advice"]] for row in shown["results"]] == [
        ["no_contact", "no_date", "copied"]
    ] * 2
    assert (
        "advice" not in ming.post(f"/complaints/{case.number}/steps/add_internal_note/", {"text": "已发方案。"}).json()
    )


PHONE = "13800000001"
WITHOUT = ["cases:read", "cases:write", "files:read"]


def test_without_the_scope_or_after_the_end_the_person_is_masked(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    for who in ("ming", "lead", "rui"):
        shown = program(who, scopes=WITHOUT).get(f"/complaints/{case.number}/").json()
        assert shown["consumer"]["is_masked"] is True
        assert PHONE not in json.dumps(shown)
    assert not HandlingStep.objects.filter(step=LOOK).exists()
    refused = program("ming", scopes=WITHOUT).post(
        f"/complaints/{case.number}/steps/reveal_contact/", {"reason": "look_call"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    case = given.a_complaint(world, status=Status.CLOSED, now=timezone.now())
    assert PHONE not in program("lead").get(f"/complaints/{case.number}/").content.decode()


def test_after_acceptance_it_is_shown_recorded_once_a_day_and_opens_no_page(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    lead = program("lead")
    assert lead.get(f"/complaints/{case.number}/").json()["consumer"]["is_masked"] is True
    lead.post(f"/complaints/{case.number}/steps/accept_case/", {"handler_id": world.ming_staff.pk})
    for _time in range(3):
        shown = lead.get(f"/complaints/{case.number}/").json()
        assert shown["consumer"]["phone"] == PHONE
    looks = HandlingStep.objects.filter(complaint=case, step=LOOK)
    assert [(look.reason, look.audience) for look in looks] == [("look_program", "parties")]
    assert SecurityEvent.objects.filter(kind="reveal", subject=case.number).count() == 1
    tomorrow = timezone.now() + timedelta(days=1)
    with mock.patch("api.caller.timezone.now", return_value=tomorrow):
        shown = lead.get(f"/complaints/{case.number}/")
    assert shown.json()["consumer"]["phone"] == PHONE, shown.content.decode()
    assert looks.all().count() == 2
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    program("lead").get(f"/complaints/{case.number}/")
    assert program("lead", scopes=WITHOUT).get(f"/complaints/{case.number}/").json()["consumer"]["is_masked"]
