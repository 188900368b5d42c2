"""Consents stand in a ledger; a person sees, copies, takes back, and leaves."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import BrowserSession, CountedTry, IdempotencyKey, PersonKey, SignInCode, User
from complaints import handling
from complaints.filing import drafts
from complaints.handling.steps import both
from complaints.handling.transition import contact_access
from complaints.models import Complaint, ConsentRecord, FilingDraft, HandlingStep, Heartbeat, PersonalText
from complaints.privacy import erasing, my_data
from complaints.procedure.workflow import Status as S
from complaints.tasks import sweep_expired
from odr_portal.ticks import beats
from tests import given, missing_in, reloaded
from tests.cast import World
from tests.given import a_complaint, filed, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def chen(client: Client, world: World) -> Client:
    client.force_login(world.chen)
    return client


def test_T81_each_consent_of_a_filing_stands_in_the_ledger_with_its_text_and_nobody_changes_it(world: World) -> None:
    case = a_complaint(world, status=S.FILED)
    rows = {row.purpose: row for row in ConsentRecord.objects.filter(complaint=case)}
    assert rows["share_with_enterprise"].is_given
    assert rows["share_with_enterprise"].enterprise == world.mobile
    assert rows["pass_to_regulator"].is_given
    assert all(row.text_version and row.person_key == case.consumer_key for row in rows.values())
    for change in (lambda rows: rows.update(is_given=False), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(ConsentRecord.objects.filter(complaint=case))


def test_T81_a_consent_taken_back_is_a_row_of_its_own_and_holds_from_then_on(chen: Client, world: World) -> None:
    case = a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    page = chen.get(f"/cases/{case.number}/consents/")
    assert "从现在起有效" in page.content.decode()
    key = page.content.decode().split('name="idempotency_key" value="')[-1].split('"')[0]
    answer = chen.post(f"/cases/{case.number}/consents/", {"purpose": "share_with_enterprise", "idempotency_key": key})
    assert answer.status_code == 302
    consent_records = ConsentRecord.objects.filter(complaint=case, purpose="share_with_enterprise")
    assert list(consent_records.values_list("is_given", flat=True)) == [True, False]
    assert reloaded(case).consents["share_with_enterprise"] is False
    assert case.status == S.NEGOTIATING
    move = both.withdraw_consent(purpose="share_with_enterprise")
    given.raised(handling.take, move, [case.pk], actor=world.consumer, now=timezone.now())


def test_T81_without_an_answer_about_consent_nothing_is_filed(client: Client) -> None:
    before = Complaint.objects.count()
    client.get("/file/")
    assert client.post("/file/consents/", {}).status_code in (302, 404, 422)
    assert Complaint.objects.count() == before
    assert not ConsentRecord.objects.exists()


def test_the_page_shows_what_we_hold_and_a_copy_ones_own_words(chen: Client, world: World) -> None:
    case = a_complaint(world, status=S.NEGOTIATING)
    page = chen.get("/account/privacy/").content.decode()
    assert not missing_in(page, case.number, "把投诉和联系方式提供给企业", "还没有人查看过")
    page = chen.get("/account/sessions/").content.decode()
    assert "再联系12315" in page
    assert "密码" not in page.partition("<main")[2].partition("</main>")[0]
    answer = chen.post("/account/privacy/copy/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    copy = json.loads(answer.content)
    assert [one["number"] for one in copy["complaints"]] == [case.number]
    assert any(text["kind"] == "consumer_statement" for text in copy["complaints"][0]["you_said"])
    assert copy["account"]["phone"] == world.chen.phone
    assert world.ming.name not in answer.content.decode()
    case = a_complaint(world, status=S.MEDIATING, now=timezone.now())
    step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, timezone.now())
    page = chen.get("/account/privacy/", headers={"accept-language": "en"}).content.decode()
    assert world.mobile.name_en in page
    assert world.mobile.name not in page
    assert world.gulou.name_en in page
    assert world.gulou.name not in page


def test_T82_no_account_with_an_open_case_nor_one_of_work_is_closed(chen: Client, world: World, client: Client) -> None:
    case = a_complaint(world, status=S.NEGOTIATING)
    page = chen.get("/account/privacy/close/").content.decode()
    assert case.number in page
    assert "is-danger" not in page
    given.raised(my_data.close_account, world.chen, now=timezone.now())
    assert not PersonKey.objects.filter(restricted_at__isnull=False).exists()
    client.force_login(world.ming)
    assert "请让您单位的管理员停用" in client.get("/account/privacy/close/").content.decode()
    client.post("/account/privacy/close/", {"idempotency_key": "a-key-of-a-test"})
    assert User.objects.get(pk=world.ming.pk).is_active


def test_T82_a_closed_account_is_out_at_once_and_kept_until_the_law_allows(chen: Client, world: World) -> None:
    case = a_complaint(world, status=S.CLOSED)
    page = chen.get("/account/privacy/close/").content.decode()
    key = page.split('name="idempotency_key" value="')[-1].split('"')[0]
    answer = chen.post("/account/privacy/close/", {"idempotency_key": key})
    assert answer.headers["Location"] == "/account/privacy/closed/"
    assert chen.get("/account/privacy/").status_code == 302
    kept = PersonKey.objects.get(pk=world.chen.person_key)
    assert (case.closed_at, kept.restricted_at, kept.destroy_after) != (None, None, None)
    assert kept.destroy_after >= case.closed_at + timedelta(days=3 * 365)  # type: ignore[operator]
    with pytest.raises(DatabaseError), transaction.atomic():
        PersonKey.objects.filter(pk=kept.pk).update(wrapped=b"", destroyed_at=kept.restricted_at)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def code(*, made: datetime, used: datetime | None = None) -> SignInCode:
    columns = {"purpose": "sign_in", "address_digest": b"\x01" + bytes(16), "code_digest": "x", "used_at": used}
    return SignInCode.objects.create(created_at=made, expires_at=made + timedelta(minutes=10), **columns)


def key(made: datetime) -> IdempotencyKey:
    return IdempotencyKey.objects.create(actor="a", key=str(made), body_digest="x", reference="/", created_at=made)


def session(name: str, until: datetime) -> BrowserSession:
    return BrowserSession.objects.create(session_key=name, session_data="", expire_date=until)


def test_what_is_over_goes_and_what_still_counts_stays() -> None:
    now = timezone.now()
    old_draft, _ = drafts.begin(now=now - 8 * DAY)
    kept = {
        FilingDraft: [drafts.begin(now=now - 6 * DAY)[0].pk],
        IdempotencyKey: [key(now - 29 * DAY).pk],
        SignInCode: [code(made=now - 23 * HOUR).pk, code(made=now - 25 * HOUR, used=now - 23 * HOUR).pk],
        CountedTry: [CountedTry.objects.create(kind="x", at=now - HOUR).pk],
        BrowserSession: [session("open", now + HOUR).pk],
    }
    key(now - 31 * DAY)
    code(made=now - 25 * HOUR)
    code(made=now - 26 * HOUR, used=now - 25 * HOUR)
    CountedTry.objects.create(kind="x", at=now - 2 * DAY)
    session("ended", now - HOUR)
    erasing.sweep_expired(now=now)
    left = {model: sorted(model.objects.values_list("pk", flat=True)) for model in kept}
    assert left == {model: sorted(rows) for model, rows in kept.items()}
    assert not FilingDraft.objects.filter(pk=old_draft.pk).exists()


def test_it_is_the_work_of_a_day_and_whoever_comes_first_does_it() -> None:
    now = timezone.now()
    key(now - 31 * DAY)
    assert erasing.sweep_expired(now=now) == 1
    assert not Heartbeat.objects.filter(name="retention").exists(), "only an empty sweep says that it is done"
    assert erasing.sweep_expired(now=now) == 0
    key(now - 40 * DAY)
    assert erasing.sweep_expired(now=now + 23 * HOUR) == 0
    assert erasing.sweep_expired(now=now + 25 * HOUR) == 1


def test_a_backlog_is_swept_in_batches_until_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "BATCH", 100)
    columns = {"actor": "a", "body_digest": "x", "reference": "/", "created_at": timezone.now() - 31 * DAY}
    IdempotencyKey.objects.bulk_create(IdempotencyKey(key=f"key-{n}", **columns) for n in range(250))
    assert sweep_expired() == 250
    assert not IdempotencyKey.objects.exists()


def test_no_case_is_ever_touched(world: World) -> None:
    now = timezone.now()
    filed(world, now=now)
    before: Any = [list(model.objects.values()) for model in (Complaint, HandlingStep, PersonalText)]
    erasing.sweep_expired(now=now + 4000 * DAY)
    assert before == [list(model.objects.values()) for model in (Complaint, HandlingStep, PersonalText)]


def test_beat_and_watch_both_ask_for_it() -> None:
    assert beats(5)["complaints.tasks.sweep_expired"]["schedule"] <= 86400
    key(timezone.now() - 31 * DAY)
    call_command("watch", "--once")
    assert not IdempotencyKey.objects.exists()
