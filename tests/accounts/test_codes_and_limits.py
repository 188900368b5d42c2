"""One-time codes: for the browser that asked, slowed per phone, per network and overall, the same for everybody."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import thread_time
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client, RequestFactory

from accounts.models import OutgoingMessage, SignInCode, User
from accounts.retention import throw_away_done
from accounts.sign_in import limits
from accounts.sign_in.codes import Asker, MoreWork, check_code, is_worked_for, new_task, send_code
from accounts.sign_in.contacts import Contact, user_for
from accounts.sign_in.known_browsers import Browser, browser_of, person
from accounts.sign_in.limits import TooManyTries, client_address, network_of
from tests import missing_in
from tests.accounts.authenticator import another, newest_code
from tests.cast import World

NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
CHEN = Contact("sms", "+8619900001234")
KEY = {"idempotency_key": "a1b2c3d4e5f6a7b8"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def ask(
    number: int = 1,
    *,
    flow: str = "mine",
    address: str = "192.0.2.1",
    work: int = 1,
    browser: Browser | None = None,
    now: datetime = NOON,
) -> None:
    contact = Contact("sms", f"+86199{number:08d}")
    asker = Asker(flow=flow, address=address, work=work, browser=browser)
    send_code(contact=contact, purpose="sign_in", language="zh-hans", now=now, asker=asker)


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
    for client, sent, then in ((other, 422, 302), (mine, 302, 200)):
        assert client.post("/account/sign-in/code/", body).status_code == sent
        assert client.get("/account/").status_code == then
    ask(1)
    contact, code = Contact("sms", "+8619900000001"), newest_code()
    guess = {"contact": contact, "purpose": "sign_in", "form_key": "k", "now": NOON}
    assert not any(check_code(code=another(code), flow="theirs", **guess) for _ in range(20))
    assert check_code(code=code, flow="mine", **guess)
    assert not check_code(code=code, flow="mine", **{**guess, "form_key": "another"})


def test_T24_strangers_ask_for_one_phone_once_a_minute_five_times_a_line_and_thirty_a_day() -> None:
    for second in (*range(0, 60, 10), 59):
        ask(1, flow=f"browser {second}", now=NOON + timedelta(seconds=second))
    assert OutgoingMessage.objects.count() == SignInCode.objects.count() == 1
    for minute in range(1, 5):
        ask(1, now=NOON + timedelta(minutes=minute))
    with pytest.raises(TooManyTries) as wait:
        ask(1, now=NOON + timedelta(minutes=5), work=6)
    assert wait.value.until == NOON + timedelta(days=1)
    for minute in range(5, 30):
        ask(1, address=f"192.0.2.{minute}", work=6, now=NOON + timedelta(minutes=minute))
    for late in (timedelta(minutes=30), timedelta(hours=20)):
        with pytest.raises(TooManyTries) as wait:
            ask(1, address="192.0.2.99", work=6, now=NOON + late)
        assert wait.value.until == NOON + timedelta(days=1)
    assert SignInCode.objects.count() == 30
    ask(1, now=NOON + timedelta(days=1), work=6)
    assert OutgoingMessage.objects.count() == 31


def test_T24_the_more_strangers_ask_for_one_phone_the_dearer_is_the_next_code_to_it_and_to_no_other() -> None:
    for minute in range(30):
        line, now = f"192.0.2.{minute}", NOON + timedelta(minutes=minute)
        level = minute // 5
        if level:
            with pytest.raises(MoreWork) as wait:
                ask(1, address=line, work=level - 1, now=now)
            assert wait.value.level == level
        ask(1, address=line, work=level, now=now)
    ask(2, address="192.0.2.99", work=0, now=NOON + timedelta(minutes=30))


def test_T24_ten_requests_of_a_stranger_lock_nobody_out_of_a_browser_where_he_has_signed_in(
    noon: time_machine.Traveller,
) -> None:
    """The attack: somebody who knows a number uses up its codes; and asks again whenever a minute is over."""
    owner = Client(REMOTE_ADDR="198.51.100.7")
    user_for(CHEN, name="陈")

    def asked(client: Client) -> Any:
        return client.post("/account/sign-in/", {"address": "19900001234", **KEY})

    assert asked(owner).status_code == 302
    assert owner.post("/account/sign-in/code/", {"code": newest_code(), **KEY}).status_code == 302
    owner.post("/account/sign-out/", KEY)
    for number in range(29):
        noon.shift(timedelta(seconds=61))
        ask_chen(address=f"203.0.{number}.9")
    assert asked(owner).status_code == 302, "a minute has not passed, and it is the owner's minute"
    assert OutgoingMessage.objects.count() == 31
    noon.shift(timedelta(seconds=61))
    # In a browser that nobody knows the same number waits; the owner's does not, nor does the stranger's last code
    # hold it up.
    assert asked(Client(REMOTE_ADDR="198.51.100.9")).status_code == 429
    with pytest.raises(TooManyTries):
        ask_chen(address="192.0.2.200")
    assert asked(owner).status_code == 302
    assert owner.post("/account/sign-in/code/", {"code": newest_code(), **KEY}).status_code == 302
    assert owner.get("/account/").status_code == 200


def ask_chen(*, address: str) -> None:
    asker = Asker(flow=f"thief {address}", address=address, work=6)
    send_code(contact=CHEN, purpose="sign_in", language="zh-hans", now=datetime.now(UTC), asker=asker)


def test_T24_a_known_browser_has_a_budget_too_is_known_for_its_people_alone_and_a_written_cookie_is_none(
    settings: Any,
) -> None:
    user = user_for(Contact("sms", "+8619900000001"), name="甲")
    user_for(Contact("sms", "+8619900000002"), name="乙")
    browser = Browser("mark").with_one_more(person(user))
    settings.CODES_PER_ADDRESS = 1
    ask(3)
    for minute in range(10):
        ask(1, browser=browser, now=NOON + timedelta(minutes=minute))
    with pytest.raises(TooManyTries):
        ask(1, browser=browser, now=NOON + timedelta(minutes=10))
    with pytest.raises(TooManyTries):
        ask(2, browser=browser)
    request = RequestFactory().get("/")
    for written in ("", "x", "WyJtYXJrIl0:1:x", signing.dumps(["mark"], salt="another")):
        request.COOKIES = {"known": written}
        assert browser_of(request) is None


def test_T24_one_line_of_ipv6_is_its_64_and_one_line_leaves_its_network_room_and_a_network_leaves_others_room(
    settings: Any,
) -> None:
    settings.CODES_PER_ADDRESS, settings.CODES_PER_ADDRESS_UNWORKED = 2, 1
    ask(1, address="2001:db8:1:2::1")
    ask(2, address="2001:db8:1:2:ffff::2")
    with pytest.raises(TooManyTries):
        ask(3, address="2001:db8:1:2:abcd::3")
    ask(3, address="2001:db8:1:3::1")
    # A day of the line, then a day of its network, which another one does not feel.
    tries = iter(range(100, 400))
    for line in range(4):
        for hour in range(1, 6):
            for _twice in range(2):
                ask(next(tries), address=f"203.0.113.{line}", now=NOON + timedelta(hours=hour, minutes=line))
            with pytest.raises(TooManyTries):
                ask(next(tries), address=f"203.0.113.{line}", now=NOON + timedelta(hours=hour, minutes=line))
        with pytest.raises(TooManyTries) as wait:
            ask(next(tries), address=f"203.0.113.{line}", now=NOON + timedelta(hours=9))
        assert wait.value.until == NOON + timedelta(hours=25, minutes=line)
    with pytest.raises(TooManyTries):
        ask(next(tries), address="203.0.113.99", now=NOON + timedelta(hours=9))
    ask(next(tries), address="203.0.114.1", now=NOON + timedelta(hours=9))


def test_T24_a_network_address_is_slowed_others_are_not_and_all_codes_together_have_a_budget(settings: Any) -> None:
    settings.CODES_PER_ADDRESS = 3
    for number in range(3):
        ask(number)
    with pytest.raises(TooManyTries) as wait:
        ask(4)
    assert wait.value.until == NOON + timedelta(hours=1)
    ask(4, address="198.51.100.1")
    ask(5, now=NOON + timedelta(hours=1))
    settings.CODES_PER_HOUR, later = 3, NOON + timedelta(hours=3)
    for number in range(3):
        ask(number, address=f"192.0.{number}.1", now=later)
    with pytest.raises(TooManyTries):
        ask(4, address="192.0.4.1", now=later)


def test_T24_who_is_signed_in_asks_for_a_code_to_another_number_whatever_others_behind_the_line_did(
    settings: Any, world: World
) -> None:
    settings.CODES_PER_ADDRESS = 3
    for number in range(3):
        assert Client().post("/account/sign-in/", {"address": f"1990000001{number}", **KEY}).status_code == 302
    assert Client().post("/account/sign-in/", {"address": "19900000020", **KEY}).status_code == 429
    client = Client()
    client.force_login(world.otto)
    asked = [client.post("/cases/find/", {"phone": f"1990000002{number}", **KEY}).status_code for number in range(11)]
    assert asked == [302] * 10 + [429]
    # Somebody else signed in there has as much.
    client.force_login(world.chen)
    assert client.post("/cases/find/", {"phone": "19900000040", **KEY}).status_code == 302


def test_T24_without_work_there_is_less_room_and_the_page_says_until_when_and_keeps_the_number(
    client: Client, settings: Any
) -> None:
    settings.CODES_PER_ADDRESS_UNWORKED = 1

    def asked(number: int, *, works: bool) -> Any:
        task = re.search(r'data-task="([^"]+)"', client.get("/account/sign-in/").content.decode())
        assert task
        proof = solved(task.group(1).replace("&quot;", '"').replace("&amp;", "&")) if works else ""
        return client.post("/account/sign-in/", {"address": f"1990000000{number}", "proof": proof, **KEY})

    assert asked(1, works=False).status_code == 302
    refused = asked(2, works=False)
    assert (refused.status_code, 3590 <= int(refused["Retry-After"]) <= 3600) == (429, True)
    assert not missing_in(refused.content.decode(), "11月27日 13:00", 'value="19900000002"')
    assert [asked(number, works=True).status_code for number in (3, 4, 5)] == [302, 302, 302]


def test_work_counts_once_for_two_hours_and_only_our_own_work(noon: time_machine.Traveller) -> None:
    solution = solved(new_task(now=NOON))
    assert [is_worked_for(solution, now=NOON) for _twice in range(2)] == [True, False]
    again = json.loads(base64.b64decode(solution))
    assert not is_worked_for(base64.b64encode(json.dumps(again, indent=1).encode()).decode(), now=NOON)
    for forged in (b"", b"[]", b"{}", json.dumps({**again, "salt": "aa&", "number": 1}).encode()):
        assert not is_worked_for(base64.b64encode(forged).decode(), now=NOON)
    for forged in ("x", "A" * 5000):
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


def test_T22_a_code_is_asked_and_refused_alike_for_everybody() -> None:
    User.objects.create_user("ming@example.org", "a long pass phrase")
    user_for(Contact("email", "chen@example.org"), name="陈")
    user_for(CHEN, name="陈")
    for addresses in (("ming@example.org", "chen@example.org", "nobody@example.org"), (CHEN.address, "+8619900009999")):
        seen = set()
        for address in addresses:
            browser = Client()
            first = browser.post("/account/sign-in/", {"address": address, **KEY})
            pages = browser.get(first["Location"]), browser.post("/account/sign-in/code/", {"code": "12345", **KEY})
            texts = [
                re.sub(r'(value|data-task)="[^"]*"|\S{1,3}\*{3,4}\S+', "", page.content.decode()) for page in pages
            ]
            seen.add((first.status_code, first["Location"], *(page.status_code for page in pages), *texts))
        assert len(seen) == 1
    # Two rows each, so that the same is written for everybody; only who has no password has mail.
    assert (SignInCode.objects.count(), OutgoingMessage.objects.count()) == (5, 5)
    assert [row.address for row in OutgoingMessage.objects.filter(state="withheld")] == ["ming@example.org"]


def test_T35_only_what_our_own_proxies_wrote_is_believed_and_a_written_header_opens_no_new_bucket(
    settings: Any,
) -> None:
    for proxies, forwarded, address in (
        (0, "203.0.113.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        (2, "1.1.1.1, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
    ):
        settings.TRUSTED_PROXIES = proxies
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        assert client_address(RequestFactory(REMOTE_ADDR="192.0.2.1", headers=headers).get("/")) == address
    assert network_of("203.0.113.7") == "203.0.113.0/24"
    assert (network_of("2001:db8:1:2:3::4"), network_of("")) == ("2001:db8:1:2::/64", "")
    settings.TRUSTED_PROXIES, settings.CODES_PER_ADDRESS_UNWORKED = 0, 2
    answers = [
        Client(headers={"X-Forwarded-For": f"203.0.113.{number}"})
        .post("/account/sign-in/", {"address": f"1990000010{number}", **KEY})
        .status_code
        for number in range(4)
    ]
    assert answers == [302, 302, 429, 429]


def test_T36_limits_hold_with_no_cache_anywhere(settings: Any, client: Client) -> None:
    """Nothing of it is kept in Valkey: a broker that cannot be reached changes no answer."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    }
    settings.CODES_PER_ADDRESS_UNWORKED = 2
    statuses = [
        client.post("/account/sign-in/", {"address": f"1990000020{number}", **KEY}).status_code for number in range(3)
    ]
    assert statuses == [302, 302, 429]
    for _ in range(10):
        client.post("/account/sign-in/password/", {"email": "a@example.org", "password": "x", **KEY})
    User.objects.create_user("a@example.org", "a long pass phrase")
    right = {"email": "a@example.org", "password": "a long pass phrase", **KEY}
    assert client.post("/account/sign-in/password/", right).status_code == 422


def test_what_is_done_goes_a_few_rows_at_a_time() -> None:
    """A delete of all at once would hold its locks for as long as it takes."""
    limits.count("code", "one", "another", "a third", now=NOON - timedelta(days=2))
    assert [throw_away_done(now=NOON, limit=2) for _ in range(3)] == [2, 1, 0]
