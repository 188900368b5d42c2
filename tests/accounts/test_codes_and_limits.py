"""One-time codes: for the browser that asked, slowed per phone, per network and overall, the same for everybody."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import thread_time

import pytest
import time_machine
from django.test import Client, RequestFactory

from accounts.models import OutgoingMessage, SignInCode, User
from accounts.sign_in.codes import Asker, check_code, is_worked_for, new_task, send_code
from accounts.sign_in.contacts import Contact, user_for
from accounts.sign_in.limits import TooManyTries, client_address, network_of
from tests.accounts.authenticator import newest_code

NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
CHEN = Contact("sms", "+8619900001234")
KEY = {"idempotency_key": "a1b2c3d4e5f6a7b8"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def ask(
    number: int = 1, *, flow: str = "mine", address: str = "192.0.2.1", worked: bool = True, now: datetime = NOON
) -> None:
    contact = Contact("sms", f"+86199{number:08d}")
    send_code(
        contact=contact,
        purpose="sign_in",
        language="zh-hans",
        now=now,
        asker=Asker(flow=flow, address=address, has_worked=worked),
    )


def solved(task: str) -> str:
    """What static/js/proof-worker.js does."""
    asked = json.loads(task)
    number = next(
        n
        for n in range(asked["maxNumber"] + 1)
        if hashlib.sha256(f"{asked['salt']}{n}".encode()).hexdigest() == asked["challenge"]
    )
    answer = {name: asked[name] for name in ("algorithm", "challenge", "salt", "signature")} | {"number": number}
    return base64.b64encode(json.dumps(answer).encode()).decode()


def test_T24_a_code_is_of_no_use_in_another_browser_and_guesses_there_do_not_end_it() -> None:
    mine, other = Client(), Client()
    for client in (mine, other):
        client.post("/account/sign-in/", {"address": "19900001234", **KEY})
    assert OutgoingMessage.objects.count() == 1
    body = {"code": newest_code(), **KEY}
    assert other.post("/account/sign-in/code/", body).status_code == 422
    assert other.get("/account/").status_code == 302
    assert mine.post("/account/sign-in/code/", body).status_code == 302
    assert mine.get("/account/").status_code == 200
    ask(1)
    contact, code = Contact("sms", "+8619900000001"), newest_code()
    wrong = "000000" if code != "000000" else "111111"
    guess = {"contact": contact, "purpose": "sign_in", "form_key": "k", "now": NOON}
    assert not any(check_code(code=wrong, flow="theirs", **guess) for _ in range(20))
    assert check_code(code=code, flow="mine", **guess)
    assert not check_code(code=code, flow="mine", **{**guess, "form_key": "another"})


def test_T24_a_phone_gets_one_a_minute_and_ten_a_day() -> None:
    for second in (*range(0, 60, 10), 59):
        ask(1, flow=f"browser {second}", now=NOON + timedelta(seconds=second))
    assert OutgoingMessage.objects.count() == SignInCode.objects.count() == 1
    for minute in range(1, 10):
        ask(1, address=f"192.0.2.{minute}", now=NOON + timedelta(minutes=minute))
    for late in (timedelta(minutes=10), timedelta(hours=20)):
        with pytest.raises(TooManyTries) as wait:
            ask(1, address="192.0.2.99", now=NOON + late)
        assert wait.value.until == NOON + timedelta(days=1)
    assert SignInCode.objects.count() == 10
    ask(1, now=NOON + timedelta(days=1))
    assert OutgoingMessage.objects.count() == 11


def test_T24_a_network_address_is_slowed_and_others_are_not(settings: object) -> None:
    settings.CODES_PER_ADDRESS = 3  # type: ignore[attr-defined]
    for number in range(3):
        ask(number)
    with pytest.raises(TooManyTries) as wait:
        ask(4)
    assert wait.value.until == NOON + timedelta(hours=1)
    ask(4, address="198.51.100.1")
    ask(5, now=NOON + timedelta(hours=1))


def test_T24_all_codes_together_have_a_budget(settings: object) -> None:
    settings.CODES_PER_HOUR = 3  # type: ignore[attr-defined]
    for number in range(3):
        ask(number, address=f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        ask(4, address="192.0.2.4")


def test_T24_the_page_says_until_when_and_keeps_the_number(client: Client, settings: object) -> None:
    settings.CODES_PER_ADDRESS_UNWORKED = 1  # type: ignore[attr-defined]
    client.post("/account/sign-in/", {"address": "19900000001", **KEY})
    answer = client.post("/account/sign-in/", {"address": "19900000002", **KEY})
    page = answer.content.decode()
    assert answer.status_code == 429
    assert 3590 <= int(answer["Retry-After"]) <= 3600
    assert "11月27日 13:00" in page
    assert 'value="19900000002"' in page


def test_without_work_there_is_less_room_and_no_puzzle(client: Client, settings: object) -> None:
    settings.CODES_PER_ADDRESS_UNWORKED = 1  # type: ignore[attr-defined]

    def asked(number: int, *, works: bool) -> int:
        task = re.search(r'data-task="([^"]+)"', client.get("/account/sign-in/").content.decode())
        assert task
        proof = solved(task.group(1).replace("&quot;", '"').replace("&amp;", "&")) if works else ""
        return client.post("/account/sign-in/", {"address": f"1990000000{number}", "proof": proof, **KEY}).status_code

    assert [asked(1, works=False), asked(2, works=False)] == [302, 429]
    assert [asked(number, works=True) for number in (3, 4, 5)] == [302, 302, 302]


def test_work_counts_once_for_two_hours_and_only_our_own_work(noon: time_machine.Traveller) -> None:
    solution = solved(new_task(now=NOON))
    assert is_worked_for(solution, now=NOON)
    assert not is_worked_for(solution, now=NOON)
    again = json.loads(base64.b64decode(solution))
    assert not is_worked_for(base64.b64encode(json.dumps(again, indent=1).encode()).decode(), now=NOON)
    for forged in (
        "",
        "x",
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b"{}").decode(),
        "A" * 5000,
        base64.b64encode(json.dumps({**again, "salt": "aa&", "number": 1}).encode()).decode(),
    ):
        assert not is_worked_for(forged, now=NOON)
    noon.move_to(NOON + timedelta(hours=2, seconds=1))
    assert not is_worked_for(solution, now=NOON + timedelta(hours=2, seconds=1))


def test_T22_known_and_unknown_get_the_same_answer_in_the_same_time() -> None:
    User.objects.create_user("ming@example.org", "a long pass phrase")
    known, unknown = [], []
    for number in range(15):
        for times, address in ((known, "ming@example.org"), (unknown, f"nobody{number}@example.org")):
            client = Client(REMOTE_ADDR=f"192.0.2.{number}")
            begun = thread_time()
            answer = client.post("/account/sign-in/password/", {"email": address, "password": "wrong", **KEY})
            times.append(thread_time() - begun)
            assert answer.status_code == 422
    assert abs(median(known) - median(unknown)) < 0.05


def test_T22_a_code_is_asked_and_refused_alike_for_everybody(client: Client) -> None:
    User.objects.create_user("ming@example.org", "a long pass phrase")
    user_for(Contact("email", "chen@example.org"), name="陈")
    seen = set()
    for email in ("ming@example.org", "chen@example.org", "nobody@example.org"):
        browser = Client()
        first = browser.post("/account/sign-in/", {"address": email, **KEY})
        second = browser.post("/account/sign-in/code/", {"code": "12345", **KEY})
        page = re.sub(r'(value|data-task)="[^"]*"', "", second.content.decode()).replace(email[:1] + "***", "")
        seen.add((first.status_code, first["Location"], second.status_code, page))
    assert len(seen) == 1
    # A row each, so that the same is written for everybody; only the consumers have mail.
    assert (SignInCode.objects.count(), OutgoingMessage.objects.count()) == (3, 2)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        (2, "1.1.1.1, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_T35_only_what_our_own_proxies_wrote_is_believed(
    settings: object, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies  # type: ignore[attr-defined]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(RequestFactory(REMOTE_ADDR="192.0.2.1", headers=headers).get("/")) == address


def test_T35_a_network_is_a_neighbourhood_and_a_written_header_opens_no_new_bucket(settings: object) -> None:
    assert network_of("203.0.113.7") == "203.0.113.0/24"
    assert (network_of("2001:db8:1:2:3::4"), network_of("")) == ("2001:db8:1:2::/64", "")
    settings.CODES_PER_ADDRESS_UNWORKED = 2  # type: ignore[attr-defined]
    answers = [
        Client(headers={"X-Forwarded-For": f"203.0.113.{number}"})
        .post("/account/sign-in/", {"address": f"1990000010{number}", **KEY})
        .status_code
        for number in range(4)
    ]
    assert answers == [302, 302, 429, 429]


def test_T36_limits_hold_with_no_cache_anywhere(settings: object, client: Client) -> None:
    """Nothing of it is kept in Valkey: a broker that cannot be reached changes no answer."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    }  # type: ignore[attr-defined]
    settings.CODES_PER_ADDRESS_UNWORKED = 2  # type: ignore[attr-defined]
    statuses = [
        client.post("/account/sign-in/", {"address": f"1990000020{number}", **KEY}).status_code for number in range(3)
    ]
    assert statuses == [302, 302, 429]
    for _ in range(10):
        client.post("/account/sign-in/password/", {"email": "a@example.org", "password": "x", **KEY})
    User.objects.create_user("a@example.org", "a long pass phrase")
    right = {"email": "a@example.org", "password": "a long pass phrase", **KEY}
    assert client.post("/account/sign-in/password/", right).status_code == 422
