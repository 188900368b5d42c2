"""Following a case with number and token: what is shown, to whom, and how often one may be wrong."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints.filing import drafts
from complaints.handling.steps import consumer
from complaints.models import Complaint, Evidence, Obligation, TrackingTry
from complaints.procedure.workflow import Status
from tests.cast import World
from tests.given import a_complaint, step
from tests.server import A_REQUEST

TOKEN = "7K3Q9-M2PT4-RA7K3-Q9M2P-T4RA7-0"
MISMATCH = "编号和查询口令对不上"
WAIT = "填错的次数太多了"
STATUSES = [s for s in Status if s != Status.DRAFT]


def with_token(case: Complaint, token: str = TOKEN) -> Complaint:
    Complaint.objects.filter(pk=case.pk).update(tracking_digest=drafts.tracking_digest(token))
    case.refresh_from_db()
    return case


@pytest.fixture
def case(world: World) -> Complaint:
    now = timezone.now() - timedelta(minutes=5)
    return with_token(a_complaint(world, status=Status.AWAITING_CONSUMER, now=now))


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime.now().astimezone(), tick=False) as traveller:
        yield traveller


def ask(client: Client, number: str, token: str = TOKEN, **headers: str) -> Any:
    return client.post("/track/", {"number": number, "token": token}, headers=headers or None)


def opened(client: Client, case: Complaint) -> str:
    answer = ask(client, case.number)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/track/{case.number}/"
    return client.get(answer.headers["Location"]).content.decode()


def test_number_and_token_are_read_as_people_write_them(client: Client, case: Complaint) -> None:
    for typed in (
        str.lower,
        lambda text: text.replace("-", ""),
        lambda text: f"  {text.replace('-', ' ')} ",
        lambda text: text.replace("0", "O").replace("1", "I"),
    ):
        assert ask(client, typed(case.number), typed(TOKEN)).status_code == 302


def test_the_page_says_who_what_and_by_when_and_is_kept_nowhere(client: Client, case: Complaint) -> None:
    text = opened(client, case)
    for label in (case.number, "谁在办", "24:00前", "第1份方案", "退还多扣费用", "经过", "答复方案"):
        assert label in text
    # What happened, newest first.
    assert "提出方案（第1份方案）" in text
    assert "提交投诉" in text
    for path in ("/track/", f"/track/{case.number}/"):
        answer = client.get(path)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert TOKEN not in answer.content.decode()
    with CaptureQueriesContext(connection) as seen:
        client.get(f"/track/{case.number}/")
    assert len(seen) <= 11 + A_REQUEST, [query["sql"][:90] for query in seen]


def test_no_name_no_phone_no_account_and_no_file_is_on_it(client: Client, world: World, case: Complaint) -> None:
    for promise in Obligation.objects.filter(complaint=case):
        promise.payee_last4 = "4321"
        promise.save()
    picture = {"name": "账单截图.png", "size": 1, "media_type": "image/png", "sha256": "0" * 64, "path": "x"}
    Evidence.objects.create(complaint=case, uploaded_at=timezone.now(), **picture)
    more = consumer.add_statement(text="请打我另一个电话13900001111")
    step(case, more, world.consumer, timezone.now() - timedelta(minutes=1))
    text = opened(client, case)
    people = (world.chen.name, world.ming.name, "陈试", "明试", "13800000001", "13900001111", "ming@example.com")
    hidden = (*people, "4321", "账单截图", "某路1号", "/files/")
    assert [label for label in hidden if label in text] == []


@pytest.mark.parametrize("status", STATUSES)
def test_it_opens_in_every_status(world: World, status: Status) -> None:
    case = with_token(a_complaint(world, status=status, now=timezone.now() - timedelta(minutes=5)))
    for language in ("zh-hans", "en"):
        assert case.number in opened(Client(headers={"accept-language": language}), case)


def test_every_mismatch_has_the_same_words(client: Client, case: Complaint) -> None:
    def words(number: str, token: str) -> str:
        answer = ask(client, number, token)
        assert answer.status_code == 422
        text = answer.content.decode()
        assert MISMATCH in text
        assert number in text
        return re.sub(r'value="[^"]*"', "", text)

    pages = {
        words(case.number, "A" * 26),
        words("20261118-7K3Q9M2PT4RA-5", TOKEN),
        words("no number", TOKEN),
        words("20261118-000000000000-0", "x"),
    }
    assert len(pages) == 1


def test_a_case_without_a_token_is_opened_by_none(client: Client, world: World) -> None:
    case = a_complaint(world, now=timezone.now())
    for token in ("x", "0" * 64, " - "):
        assert ask(client, case.number, token).status_code == 422


def test_T21_the_sixth_try_waits_even_with_the_right_token(client: Client, case: Complaint, clock: Any) -> None:
    for _ in range(5):
        assert ask(client, case.number, "wrong").status_code == 422
        clock.shift(60)
    answer = ask(client, case.number)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == 3600 - 5 * 60
    assert WAIT in answer.content.decode()
    assert TrackingTry.objects.count() == 5
    clock.shift(3600 - 5 * 60 - 1)
    assert ask(client, case.number).status_code == 429
    clock.shift(2)
    assert ask(client, case.number).status_code == 302


def test_another_browser_at_the_address_goes_on_until_the_address_is_full(client: Client, case: Complaint) -> None:
    for number in range(12):
        for _ in range(5):
            assert ask(client, case.number, "wrong", user_agent=f"b{number}").status_code == 422
    assert ask(client, case.number, user_agent="new").status_code == 429


def test_nothing_readable_is_kept_of_who_tried(client: Client, case: Complaint) -> None:
    ask(client, case.number, "wrong", user_agent="Firefox")
    kept = str(TrackingTry.objects.values())
    assert "127.0.0.1" not in kept
    assert "Firefox" not in kept
    assert case.number not in kept


def test_behind_https_the_address_is_the_one_that_the_proxy_saw(client: Client, case: Complaint, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    ask(client, case.number, "wrong", x_forwarded_for="6.6.6.6, 192.0.2.1")
    ask(client, case.number, "wrong", x_forwarded_for="7.7.7.7, 192.0.2.1")
    ask(client, case.number, "wrong", x_forwarded_for="192.0.2.2")
    assert TrackingTry.objects.values("address_digest").distinct().count() == 2


def test_it_closes_after_half_an_hour_and_at_once_when_asked(client: Client, case: Complaint, clock: Any) -> None:
    opened(client, case)
    clock.shift(29 * 60)
    assert client.get(f"/track/{case.number}/").status_code == 200
    clock.shift(61)
    assert client.get(f"/track/{case.number}/").headers["Location"] == "/track/"
    opened(client, case)
    client.post("/track/", {"leave": "1"})
    assert client.get(f"/track/{case.number}/").headers["Location"] == "/track/"


def test_it_opens_one_case_in_one_browser_until_a_new_token(client: Client, world: World, case: Complaint) -> None:
    other = with_token(a_complaint(world, now=timezone.now()), "another")
    opened(client, case)
    assert client.get(f"/track/{other.number}/").status_code == 302
    assert Client().get(f"/track/{case.number}/").status_code == 302
    assert "/account/sign-in/" in client.get(f"/cases/{case.number}/").headers["Location"]
    assert client.post(f"/track/{case.number}/").status_code == 405
    with_token(case, "made anew")
    assert client.get(f"/track/{case.number}/").status_code == 302


def test_a_missing_page_leads_here_and_an_empty_form_is_no_try(client: Client, db: None) -> None:
    assert 'href="/track/"' in client.get("/nothing-here/").content.decode()
    answer = ask(client, "", "")
    assert answer.status_code == 422
    assert "请填投诉编号" in answer.content.decode()
    assert not TrackingTry.objects.exists()
