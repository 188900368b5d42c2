"""The last click: one complaint, one receipt, whatever is sent twice; and who may see it."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from complaints import evidence
from complaints.filing import drafts
from complaints.filing.held import COOKIE
from complaints.filing.steps import STEP_CODES
from complaints.models import Complaint, Evidence, FilingDraft
from complaints.pages.consumer.receipt import qr_code
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import PNG, begin, fill, newest_code, send, url
from tests.complaints.filing.test_evidence import upload

TRUTH = {"truth": "on", "file": "1"}


def prove(client: Client, draft: FilingDraft) -> None:
    given = answers.YOU | {"is_unverified": None}
    send(client, url(draft, "you"), given, send_code="1")
    assert send(client, url(draft, "you"), given, code=newest_code()).status_code == 302


def ready(client: Client, town: Town, **changed: Any) -> FilingDraft:
    draft = begin(client, town)
    fill(client, draft, **changed)
    return draft


def file(client: Client, draft: FilingDraft, **more: Any) -> Any:
    return send(client, url(draft, "check"), TRUTH, **more)


def test_without_the_statement_of_truth_or_with_a_firm_that_left_nothing_is_filed(client: Client, town: Town) -> None:
    draft = ready(client, town)
    response = send(client, url(draft, "check"), {"file": "1"})
    assert response.status_code == 422
    assert "请勾选真实性声明" in response.content.decode()
    assert not Complaint.objects.exists()
    draft.refresh_from_db()
    draft.data["enterprise"]["respondent"] = ["987654321--"]
    draft.save()
    page = file(client, draft).content.decode()
    assert "还有" in page
    assert "您要投诉哪家企业？" in page
    assert not Complaint.objects.exists()


def test_an_unfinished_draft_is_not_filed_and_a_whole_one_makes_one_case(client: Client, town: Town) -> None:
    draft = begin(client, town)
    response = file(client, draft)
    assert response.status_code == 422
    assert "还有5步没有填好" in response.content.decode()
    assert not Complaint.objects.exists()
    upload(client, draft, "账单.png", PNG)
    fill(client, draft)
    prove(client, draft)
    response = file(client, draft)
    case = Complaint.objects.get()
    assert response.headers["Location"] == f"/cases/{case.number}/receipt/"
    assert case.consumer == User.objects.with_phone("+8619900000001").get()
    assert case.contact_verified
    assert case.picked_enterprise == town.carrier
    assert [row.kind for row in case.demands.all()] == ["refund", "cancel_service"]
    row = Evidence.objects.get()
    assert row.complaint == case
    assert row.draft is None
    draft.refresh_from_db()
    assert (draft.data, draft.filed_as) == ({}, [case.number])
    with pytest.raises(evidence.EvidenceRefused):
        evidence.remove(row)


def test_a_double_submit_gives_one_receipt_with_the_token_for_half_an_hour(client: Client, town: Town) -> None:
    draft = ready(client, town)
    address = file(client, draft).headers["Location"]
    response = client.get(address)
    page = response.content.decode()
    case = Complaint.objects.get()
    assert case.number in page
    for text in ("谁在办", "24:00前", "您的电话还没有验证"):
        assert text in page
    assert 'style="' not in page
    assert "<svg" in page
    assert "#" not in response.headers.get("Location", "")
    case = Complaint.objects.get()
    token = drafts.tracking_token(FilingDraft.objects.get(), client.cookies[COOKIE].value)
    assert drafts.tracking_digest(token) == case.tracking_digest
    assert token not in str(Complaint.objects.values()) + str(FilingDraft.objects.values())
    assert int(client.cookies[COOKIE]["max-age"]) == 1800
    assert token in client.get(address).content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        page = client.get(address).content.decode()
        assert case.number in page
        assert token not in page
    assert Client().get(address).status_code == 302
    first, second = file(client, draft), file(client, draft)
    third = file(client, draft, idempotency_key="another-key-of-another-tab")
    assert Complaint.objects.count() == 1
    assert address == first.headers["Location"] == second.headers["Location"] == third.headers["Location"]
    for step in STEP_CODES:
        assert client.get(url(draft, step)).headers["Location"] == first.headers["Location"]


def test_a_receipt_is_its_owners(client: Client, town: Town) -> None:
    draft = ready(client, town)
    prove(client, draft)
    address = file(client, draft).headers["Location"]
    owner, stranger = Client(), Client()
    owner.force_login(User.objects.with_phone("+8619900000001").get())
    stranger.force_login(User.objects.create_user(phone="+8619900000009"))
    assert owner.get(address).status_code == 200
    assert stranger.get(address).status_code == 404
    assert stranger.get("/cases/20260101-000000000000-0/receipt/").status_code == 404
    anonymous = Client().get(address)
    assert anonymous.status_code == 302
    assert "sign-in" in anonymous.headers["Location"]
    other = Client()
    ready(other, town)
    assert other.get(address).status_code == 302


def test_the_same_order_or_text_within_sixty_days_is_shown_and_may_be_filed(client: Client, town: Town) -> None:
    draft = ready(client, town)
    prove(client, draft)
    file(client, draft)
    earlier = Complaint.objects.get()
    again = Client()
    again.force_login(User.objects.with_phone("+8619900000001").get())
    draft = ready(again, town, problem={"statement": "这次是别的事情，前后经过完全不同，请重新处理。"})
    page = again.get(url(draft, "check")).content.decode()
    assert earlier.number in page
    assert "同一企业、同一订单或号码" in page
    assert "仍要提交" in page
    assert (file(again, draft).status_code, Complaint.objects.count()) == (302, 2)
    draft = ready(again, town, problem={"service_number": "", "statement": answers.STATEMENT + "！"})
    assert "内容几乎相同" in again.get(url(draft, "check")).content.decode()
    # An unproven phone may be somebody else's: it is shown nothing.
    other = Client()
    draft = ready(other, town)
    assert "您可能已经提交过" not in other.get(url(draft, "check")).content.decode()


def test_a_signed_in_person_needs_no_code(client: Client, town: Town) -> None:
    client.force_login(User.objects.create_user(phone="+8619900000001"))
    file(client, ready(client, town, you={"is_unverified": None}))
    assert Complaint.objects.get().contact_verified


def test_a_code_by_mail_proves_the_mailbox_and_counts_as_reached(client: Client, town: Town) -> None:
    draft = ready(client, town)
    given = answers.YOU | {"is_unverified": None, "email": "Chen@Example.com"}
    assert "sent=email" in send(client, url(draft, "you"), given, send_email_code="1").headers["Location"]
    assert send(client, url(draft, "you"), given, code=newest_code()).status_code == 302
    file(client, draft)
    case = Complaint.objects.get()
    assert case.contact_verified
    assert case.consumer == User.objects.with_email("chen@example.com").get()


def test_the_qr_code_is_one_path(client: Client) -> None:
    code = qr_code("https://example.org/track/#20261125-ABC.TOKEN")
    assert code.size > 30
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", code.path)


def test_how_many_queries_a_screen_costs(client: Client, town: Town) -> None:
    draft = ready(client, town)
    costs = {}
    for step in STEP_CODES:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url(draft, step)).status_code == 200
        costs[step] = len(queries)
    assert max(costs[step] for step in STEP_CODES if step not in ("enterprise", "check")) <= 7, costs
    assert costs["enterprise"] <= 17, costs
    assert costs["check"] <= 23, costs


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_end_at_one_receipt(client: Client, town: Town) -> None:
    draft = ready(client, town)
    cookie = client.cookies[COOKIE].value
    gate = threading.Barrier(2)
    results: list[str] = []

    def click(number: int) -> None:
        one = Client()
        one.cookies[COOKIE] = cookie
        gate.wait()
        results.append(file(one, draft, idempotency_key=f"key-of-tab-{number}").headers["Location"])
        connection.close()

    threads = [threading.Thread(target=click, args=[number]) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Complaint.objects.count() == 1
    assert results == [f"/cases/{Complaint.objects.get().number}/receipt/"] * 2
