"""Sessions end, rotate and are listed; phone, mailbox and password change with proof, and are told to the old one."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as portal_settings
from django.test import Client

from accounts.models import BrowserSession, OutgoingMessage, SecondFactor, SecurityEvent, User
from complaints.procedure.workflow import Status
from tests.accounts.authenticator import app_code, newest_code
from tests.accounts.test_second_factor import KEY, NOW, give_password, set_up_app
from tests.cast import PASSWORD, World
from tests.given import a_complaint

pytestmark = pytest.mark.django_db
NEW = "a different long pass phrase"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def consumer_in(client: Client, phone: str = "13800000001") -> Client:
    client.post("/account/sign-in/", {"address": phone, **KEY})
    assert client.post("/account/sign-in/code/", {"code": newest_code(), **KEY}).status_code == 302
    return client


def staff_in(client: Client, email: str = "ming@example.com") -> str:
    give_password(client, email)
    return set_up_app(client, now=NOW)[0]


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_T27_the_key_changes_at_each_stage_and_a_planted_or_old_one_opens_nothing(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    client.cookies[portal_settings.SESSION_COOKIE_NAME] = "planted" * 5
    consumer_in(client)
    assert client.cookies[portal_settings.SESSION_COOKIE_NAME].value != "planted" * 5
    client.get("/account/sign-in/")
    client.post("/account/sign-in/", {"address": "13800000001", **KEY})
    keys = [client.cookies[portal_settings.SESSION_COOKIE_NAME].value]
    give_password(client)
    keys.append(client.cookies[portal_settings.SESSION_COOKIE_NAME].value)
    set_up_app(client, now=NOW)
    keys.append(client.cookies[portal_settings.SESSION_COOKIE_NAME].value)
    assert len(set(keys)) == 3
    for old in keys[:2]:
        thief = Client()
        thief.cookies[portal_settings.SESSION_COOKIE_NAME] = old
        assert not is_in(thief)
    assert is_in(client)


def test_T27_the_table_holds_no_cookie_and_the_cookie_is_shut_to_scripts_and_other_sites(
    client: Client, world: World
) -> None:
    consumer_in(client)
    cookie = client.cookies[portal_settings.SESSION_COOKIE_NAME].value
    row = BrowserSession.objects.get(user=world.chen)
    assert cookie not in (row.session_key, row.session_data)
    thief = Client()
    thief.cookies[portal_settings.SESSION_COOKIE_NAME] = row.session_key
    assert not is_in(thief)
    cookie = client.cookies[portal_settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/")
    assert not cookie["domain"]


@pytest.mark.parametrize(
    ("steps", "minutes", "still_in"), [(1, 29, True), (1, 30, False), (24, 29, True), (25, 29, False)]
)
def test_T27_at_work_half_an_hour_idle_and_twelve_hours_at_all(
    client: Client, world: World, clock: time_machine.Traveller, steps: int, minutes: int, still_in: bool
) -> None:
    staff_in(client)
    for _ in range(steps):
        clock.shift(timedelta(minutes=minutes))
        was_in = is_in(client)
    assert was_in is still_in
    if not still_in:
        assert SecurityEvent.objects.filter(kind="session_ended").exists()
        assert not BrowserSession.objects.filter(user=world.ming).exists()


@pytest.mark.parametrize(("days", "times", "still_in"), [(13, 1, True), (14, 1, False), (13, 6, True), (13, 7, False)])
def test_T27_at_home_two_weeks_idle_and_ninety_days_at_all(
    client: Client, world: World, clock: time_machine.Traveller, days: int, times: int, still_in: bool
) -> None:
    consumer_in(client)
    for _ in range(times):
        clock.shift(timedelta(days=days))
        was_in = is_in(client)
    assert was_in is still_in


def test_a_visit_writes_at_most_once_a_minute(client: Client, world: World, clock: time_machine.Traveller) -> None:
    consumer_in(client)

    def written() -> str:
        return BrowserSession.objects.get(user=world.chen).session_data

    before = written()
    clock.shift(timedelta(seconds=59))
    client.get("/account/")
    assert written() == before
    clock.shift(timedelta(seconds=1))
    client.get("/account/")
    assert written() != before


def test_one_sees_where_one_is_signed_in_and_ends_it(world: World) -> None:
    phone = consumer_in(
        Client(headers={"user-agent": "Mozilla/5.0 (iPhone; …) MicroMessenger/8"}, REMOTE_ADDR="203.0.113.7")
    )
    OutgoingMessage.objects.all().delete()
    from accounts.models import SignInCode

    SignInCode.objects.all().delete()
    workspace = consumer_in(Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Edg/140"}))
    page = workspace.get("/account/sessions/").content.decode()
    for text in ("iPhone · WeChat", "203.0.113.0/24", "Windows · Edge"):
        assert text in page
    key = re.search(r'name="end" value="([0-9a-f]{40})"', page)
    assert key
    assert len(re.findall('name="end"', page)) == 1
    workspace.post("/account/sessions/", {"end": key[1], **KEY})
    assert not is_in(phone)
    assert is_in(workspace)


def test_nobody_ends_the_session_of_somebody_else_but_who_is_switched_off_is_out_at_once(
    client: Client, world: World
) -> None:
    consumer_in(client)
    other = Client()
    other.force_login(world.otto)
    other.post("/account/sessions/", {"end": BrowserSession.objects.get(user=world.chen).session_key, **KEY})
    other.post("/account/sessions/", {"others": "1", **KEY})
    assert is_in(client)
    assert is_in(client)
    User.objects.filter(pk=world.chen.pk).update(is_active=False)
    assert not is_in(client)


def test_T26_a_new_phone_needs_a_code_to_it_is_told_to_the_old_and_waits_a_day(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    case = a_complaint(world, status=Status.AWAITING_CONSUMER, now=NOW)
    consumer_in(client)
    elsewhere = Client()
    elsewhere.force_login(world.chen)
    clock.shift(timedelta(minutes=11))
    # A session alone is not enough: the old phone confirms first.
    assert client.get("/account/change/phone/")["Location"].startswith("/account/confirm/")
    assert client.post("/account/change/phone/", {"address": "13900000002", **KEY}).status_code == 403
    client.post("/account/confirm/", {"send": "1", **KEY})
    client.post("/account/confirm/", {"code": newest_code(), **KEY})
    assert client.post("/account/change/phone/", {"address": "13900000002", **KEY}).status_code == 302
    assert OutgoingMessage.objects.latest("id").address == "+8613900000002"
    assert client.post("/account/change/phone/code/", {"code": "000000", **KEY}).status_code == 422
    assert client.post("/account/change/phone/code/", {"code": newest_code(), **KEY}).status_code == 302
    shown = OutgoingMessage.objects.latest("id")
    assert (shown.address, "139****0002" in shown.body) == ("+8613800000001", True)
    assert User.objects.get(pk=world.chen.pk).phone == "+8613900000002"
    assert is_in(client)
    assert not is_in(elsewhere)
    step = f"/cases/{case.number}/withdraw/"
    answer = client.get(step)
    assert answer.status_code == 409
    assert "11月12日 10:11" in answer.content.decode()
    assert client.get("/account/change/email/").status_code == 409
    assert client.get(f"/cases/{case.number}/statement/").status_code == 200
    clock.shift(timedelta(hours=24))
    assert client.get(step).status_code == 200
    assert SecurityEvent.objects.filter(kind="contact_changed", person_key=world.chen.person_key).count() == 1


def test_T26_a_phone_that_has_an_account_is_not_taken_over(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    consumer_in(client)
    assert client.post("/account/change/phone/", {"address": "13800000009", **KEY}).status_code == 302
    assert client.post("/account/change/phone/code/", {"code": newest_code(), **KEY}).status_code == 422
    assert User.objects.get(pk=world.otto.pk).phone == "+8613800000009"
    assert User.objects.get(pk=world.chen.pk).phone == "+8613800000001"


def test_T26_a_new_password_needs_the_factor_ends_other_sessions_and_is_told(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    key = staff_in(client)
    other = Client()
    other.force_login(world.ming)
    clock.shift(timedelta(minutes=11))
    assert client.get("/account/password/")["Location"].startswith("/account/confirm/")
    code = app_code(key, now=NOW + timedelta(minutes=11))
    assert client.post("/account/confirm/", {"code": code, **KEY}).status_code == 302
    for weak in ("short", "password1234", "ming@example.com", "123456789012"):
        assert client.post("/account/password/", {"password": weak, "again": weak, **KEY}).status_code == 422, weak
    assert client.post("/account/password/", {"password": NEW, "again": NEW + "x", **KEY}).status_code == 422
    assert client.post("/account/password/", {"password": NEW, "again": NEW, **KEY}).status_code == 302
    assert is_in(client)
    assert not is_in(other)
    assert OutgoingMessage.objects.latest("id").address == "ming@example.com"
    assert User.objects.get(pk=world.ming.pk).check_password(NEW)


def test_T26_a_lost_password_takes_a_code_and_the_factor(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    key = staff_in(client)
    clock.shift(timedelta(hours=1))
    now = NOW + timedelta(hours=1)
    lost = Client()
    assert lost.post("/account/password/reset/", {"email": "Ming@example.com", **KEY}).status_code == 302
    factor = lost.post("/account/password/reset/code/", {"code": newest_code(), **KEY})["Location"]
    assert factor == "/account/second-factor/?next=%2Faccount%2Fpassword%2F"
    assert not is_in(lost)
    assert lost.get("/account/password/").status_code == 302
    assert lost.post(factor, {"code": app_code(key, now=now), **KEY})["Location"] == "/account/password/"
    assert lost.post("/account/password/", {"password": NEW, "again": NEW, **KEY}).status_code == 302
    assert User.objects.get(pk=world.ming.pk).check_password(NEW)


def test_T22_a_lost_password_is_asked_alike_for_known_and_unknown(world: World) -> None:
    seen = set()
    for email in ("ming@example.com", "nobody@example.com", "chen@example.org"):
        browser = Client()
        first = browser.post("/account/password/reset/", {"email": email, **KEY})
        second = browser.post("/account/password/reset/code/", {"code": "123456", **KEY})
        page = re.sub(r'value="[^"]*"', "", second.content.decode())
        seen.add((first.status_code, first["Location"], second.status_code, re.sub(r"\w\*\*\*@[\w.]+", "", page)))
    assert len(seen) == 1
    assert [row.address for row in OutgoingMessage.objects.all()] == ["ming@example.com"]


def test_who_never_set_up_a_factor_cannot_reset_with_the_mailbox_alone(world: World) -> None:
    browser = Client()
    browser.post("/account/password/reset/", {"email": "ming@example.com", **KEY})
    assert browser.post("/account/password/reset/code/", {"code": newest_code(), **KEY}).status_code == 422
    assert browser.get("/account/second-factor/set-up/").status_code == 302


def test_the_last_factor_stays_and_another_may_go(client: Client, world: World, clock: time_machine.Traveller) -> None:
    staff_in(client)
    only = SecondFactor.objects.get()
    assert client.post(f"/account/ways/{only.pk}/remove/", KEY).status_code == 409
    spare = SecondFactor.objects.create(
        user=world.ming, kind="passkey", name="钥匙", key=b"x", credential_id=b"id", created_at=NOW
    )
    foreign = SecondFactor.objects.create(
        user=world.rui, kind="passkey", name="钥匙", key=b"x", credential_id=b"other", created_at=NOW
    )
    assert "钥匙" in client.get("/account/ways/").content.decode()
    assert client.post(f"/account/ways/{foreign.pk}/remove/", KEY).status_code == 404
    assert client.post(f"/account/ways/{spare.pk}/remove/", KEY).status_code == 302
    assert set(SecondFactor.objects.values_list("pk", flat=True)) == {only.pk, foreign.pk}


@pytest.mark.parametrize("network", ["198.51.100.7", "203.0.113.200"])
def test_T23_guessing_shuts_out_the_guesser_and_never_the_owner_elsewhere(
    world: World, network: str, clock: time_machine.Traveller
) -> None:
    thief = Client(REMOTE_ADDR="192.0.2.66")
    body = {"email": "ming@example.com", "password": "wrong", **KEY}
    assert {thief.post("/account/sign-in/password/", body).status_code for _ in range(15)} == {422}
    right = {**body, "password": PASSWORD}
    assert thief.post("/account/sign-in/password/", right).status_code == 422
    assert Client(REMOTE_ADDR=network).post("/account/sign-in/password/", right).status_code == 302
    clock.shift(timedelta(minutes=15))
    assert thief.post("/account/sign-in/password/", right).status_code == 302


def test_T23_many_names_from_one_network_are_stopped_and_many_networks_leave_the_owners_open(
    world: World, client: Client, clock: time_machine.Traveller
) -> None:
    thief = Client(REMOTE_ADDR="192.0.2.66")
    for number in range(100):
        thief.post("/account/sign-in/password/", {"email": f"a{number}@example.com", "password": "x", **KEY})
    right = {"email": "ming@example.com", "password": PASSWORD, **KEY}
    assert Client(REMOTE_ADDR="192.0.2.99").post("/account/sign-in/password/", right).status_code == 422
    assert Client(REMOTE_ADDR="198.51.100.1").post("/account/sign-in/password/", right).status_code == 302
    assert staff_in(Client(REMOTE_ADDR="198.51.100.1"))
    for number in range(50):
        bot = Client(REMOTE_ADDR=f"203.0.{number}.1")
        bot.post("/account/sign-in/password/", {"email": "ming@example.com", "password": "x", **KEY})
    right = {"email": "ming@example.com", "password": PASSWORD, **KEY}
    assert Client(REMOTE_ADDR="203.0.200.1").post("/account/sign-in/password/", right).status_code == 422
    assert Client(REMOTE_ADDR="198.51.100.77").post("/account/sign-in/password/", right).status_code == 302


PAYLOADS = [
    *(
        f"{scheme}evil.example{tail}"
        for scheme in (
            "https://",
            "http://",
            "//",
            "///",
            "////",
            "\\\\",
            "/\\",
            "\\/",
            "https:",
            "https:/",
            "https:\\\\",
            "/\t/",
            "/\n/",
            "\t//",
            " //",
            "/%09/",
            "http:///",
            "ftp://",
            "@",
            "https://user@",
        )
        for tail in ("", "/", "/account/", "?a=b", "#x", ":80", "%2f..", "\\@localhost")
    ),
    *(f"javascript{mark}alert(1)" for mark in (":", "\t:", "%3a", "://localhost/%0a")),
    *(f"{before}javascript:alert(1)" for before in ("", " ", "\x01", "//", "\t")),
    *(f"https://localhost{mark}evil.example/" for mark in (".", "@", "%40", "%2e", "\\", "/@", "：", "。")),
    *(f"data:text/html{mark},x" for mark in ("", ";base64", ";charset=utf-8")),
    *(f"//{letter}vil.example" for letter in "eéеｅ"),
    "http://[::1",
    "https://[::ffff:1.2.3.4]/",
    "//1.2.3.4",
    "//0x7f.1",
]


def test_T32_next_never_leaves_the_house(client: Client, world: World) -> None:
    from urllib.parse import urljoin, urlsplit

    assert len(PAYLOADS) >= 180
    client.force_login(world.chen)
    for payload in PAYLOADS:
        answer = client.get("/account/sign-in/", {"next": payload})
        assert answer.status_code == 302
        target = urljoin("http://testserver/account/sign-in/", answer["Location"])
        assert urlsplit(target).netloc == "testserver", payload
        assert urlsplit(target).scheme == "http", payload


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", "", "a b", "[::1"]
)
def test_T33_a_foreign_host_is_refused_and_no_letter_names_one(client: Client, world: World, host: str) -> None:
    answer = client.post(
        "/account/password/reset/", {"email": "ming@example.com", **KEY}, headers={"host": host or "."}
    )
    assert answer.status_code == 400
    assert not OutgoingMessage.objects.exists()


def test_T33_letters_of_the_account_carry_no_link(client: Client, world: World) -> None:
    client.post(
        "/account/password/reset/",
        {"email": "ming@example.com", **KEY},
        headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"},
    )
    letter = OutgoingMessage.objects.get()
    assert "http" not in letter.body
    assert "evil" not in letter.subject + letter.body
