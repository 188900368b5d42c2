"""Sessions end, rotate and are listed; phone, mailbox and password change with proof, and are told to the old one."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client

from accounts.models import (
    Administrator,
    BrowserSession,
    OutgoingMessage,
    SecondFactor,
    SecurityEvent,
    SignInCode,
    User,
)
from accounts.sign_in.backend import with_work
from accounts.sign_in.contacts import Contact, user_for
from accounts.sign_in.sessions import SessionStore
from complaints.procedure.workflow import Status
from enterprises.models import Station, StationStaff
from tests import missing_in, reloaded
from tests.accounts.authenticator import app_code, newest_code
from tests.accounts.test_second_factor import KEY, NOW, give_password, set_up_app
from tests.cast import PASSWORD, World
from tests.given import a_complaint

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME
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


def new_password(client: Client, typed: str, again: str = "", current: str = PASSWORD, **more: str) -> int:
    body = {"current": current, "password": typed, "again": again or typed, **more, **KEY}
    return client.post("/account/password/", body).status_code


def cookie_of(client: Client) -> str:
    return client.cookies[COOKIE].value


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_person_is_read_with_the_session_as_by_the_id_alone(world: World, django_assert_num_queries: Any) -> None:
    """Whether somebody has work decides about the second factor; both statements must say the same of everybody."""
    clerk, keeper = (user_for(Contact("email", f"{name}@example.com")) for name in ("clerk", "keeper"))
    station = Station.objects.create(code="ST-A", name="甲站", kind=Station.Kind.MALL, authority=world.gulou)
    StationStaff.objects.create(user=clerk, station=station)
    Administrator.objects.create(user=keeper, kind="audit", since=NOW)
    found = []
    for person in (world.chen, world.ming, world.rui, clerk, keeper):
        client = Client()
        client.force_login(person)
        with django_assert_num_queries(1):
            session = SessionStore(cookie_of(client))
            assert session[SESSION_KEY] == str(person.pk)
        alone, read = with_work().get(pk=person.pk), session.person
        assert read is not None
        assert {name: value for name, value in vars(read).items() if name != "_state"} == {
            name: value for name, value in vars(alone).items() if name != "_state"
        }
        found.append((read.has_work, read.duty))
    assert found == [(False, None), *[(True, None)] * 3, (True, "audit")]
    nobody = SessionStore()
    nobody["language"] = "en"
    nobody.save()
    read = SessionStore(nobody.session_key)
    assert (read["language"], read.person) == ("en", None)


def test_a_row_of_a_session_that_names_another_person_lets_nobody_in_as_that_one(client: Client, world: World) -> None:
    """Whom a session belongs to is what it holds under seal, whatever stands beside it."""
    client.force_login(world.chen)
    BrowserSession.objects.update(user=world.otto)
    assert client.get("/account/").wsgi_request.user == world.chen


def test_T27_the_key_changes_at_each_stage_and_a_planted_or_old_one_opens_nothing(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    client.cookies[COOKIE] = "planted" * 5
    consumer_in(client)
    assert cookie_of(client) != "planted" * 5
    client.get("/account/sign-in/")
    client.post("/account/sign-in/", {"address": "13800000001", **KEY})
    keys = [cookie_of(client)]
    give_password(client)
    keys.append(cookie_of(client))
    set_up_app(client, now=NOW)
    assert len({*keys, cookie_of(client)}) == 3
    for old in keys:
        thief = Client()
        thief.cookies[COOKIE] = old
        assert not is_in(thief)
    assert is_in(client)


def test_T16_T27_signing_out_ends_the_session_for_whoever_kept_its_cookie_and_empties_what_pages_left(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    consumer_in(client)
    thief = Client()
    thief.cookies[COOKIE] = cookie_of(client)
    assert is_in(thief)
    # Where somebody is signed in, the way out stands one press away.
    assert 'action="/account/sign-out/"' in client.get("/account/").content.decode()
    assert client.post("/account/sign-out/", KEY)["Clear-Site-Data"] == '"cache", "storage"'
    assert (is_in(client), is_in(thief)) == (False, False)
    assert not BrowserSession.objects.filter(user=world.chen).exists()


def test_T27_the_table_holds_no_cookie_which_is_shut_to_others_and_a_visit_writes_at_most_once_a_minute(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    consumer_in(client)
    row, cookie = BrowserSession.objects.get(user=world.chen), client.cookies[COOKIE]
    assert cookie.value not in (row.session_key, row.session_data)
    assert re.fullmatch(r"[a-z0-9]{32}", cookie.value)
    thief = Client()
    thief.cookies[COOKIE] = row.session_key
    assert not is_in(thief)
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")

    def written() -> str:
        return BrowserSession.objects.get(user=world.chen).session_data

    before = written()
    clock.shift(timedelta(seconds=59))
    client.get("/account/")
    assert written() == before
    clock.shift(timedelta(seconds=1))
    client.get("/account/")
    assert written() != before


def test_T27_at_work_half_an_hour_idle_and_twelve_hours_at_all(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    key = staff_in(client)
    for _ in range(24):
        clock.shift(timedelta(minutes=29))
        assert is_in(client)
    clock.shift(timedelta(minutes=29))
    assert not is_in(client)
    idle, now = Client(), NOW + 25 * timedelta(minutes=29)
    assert idle.post(give_password(idle), {"code": app_code(key, now=now), **KEY}).status_code == 302
    assert is_in(idle)
    clock.shift(timedelta(minutes=30))
    assert not is_in(idle)
    assert SecurityEvent.objects.filter(kind="session_ended").count() == 2
    assert not BrowserSession.objects.filter(user=world.ming).exists()


def test_T27_at_home_two_weeks_idle_and_ninety_days_at_all(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    consumer_in(client)
    for _ in range(6):
        clock.shift(timedelta(days=13))
        assert is_in(client)
    clock.shift(timedelta(days=13))
    assert not is_in(client)
    idle = consumer_in(Client())
    clock.shift(timedelta(days=14))
    assert not is_in(idle)


def test_one_sees_where_one_is_signed_in_and_ends_it_nobody_else_does_and_who_is_switched_off_is_out_at_once(
    world: World,
) -> None:
    phone = consumer_in(
        Client(headers={"user-agent": "Mozilla/5.0 (iPhone; …) MicroMessenger/8"}, REMOTE_ADDR="203.0.113.7")
    )
    for table in (OutgoingMessage, SignInCode):
        table.objects.all().delete()
    workspace = consumer_in(Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Edg/140"}))
    page = workspace.get("/account/sessions/").content.decode()
    assert not missing_in(page, "iPhone · WeChat", "203.0.113.0/24", "Windows · Edge")
    (key,) = re.findall(r'name="end" value="([0-9a-f]{40})"', page)
    assert page.count('name="end"') == 1
    workspace.post("/account/sessions/", {"end": key, **KEY})
    assert (is_in(phone), is_in(workspace)) == (False, True)
    other = Client()
    other.force_login(world.otto)
    other.post("/account/sessions/", {"end": BrowserSession.objects.get(user=world.chen).session_key, **KEY})
    other.post("/account/sessions/", {"others": "1", **KEY})
    assert is_in(workspace)
    User.objects.filter(pk=world.chen.pk).update(is_active=False)
    assert not is_in(workspace)


def test_T26_a_new_phone_is_nobodys_needs_a_code_to_it_is_told_to_the_old_and_waits_a_day(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    case = a_complaint(world, status=Status.AWAITING_CONSUMER, now=NOW)
    consumer_in(client)

    def change(**typed: str) -> int:
        return client.post(f"/account/change/phone/{'code/' if 'code' in typed else ''}", {**typed, **KEY}).status_code

    assert (change(address="13800000009"), change(code=newest_code())) == (302, 422)
    assert [reloaded(user).phone for user in (world.otto, world.chen)] == ["+8613800000009", "+8613800000001"]
    elsewhere = Client()
    elsewhere.force_login(world.chen)
    clock.shift(timedelta(minutes=11))
    # A session alone is not enough: the old phone confirms first.
    assert client.get("/account/change/phone/")["Location"].startswith("/account/confirm/")
    assert change(address="13900000002") == 403
    client.post("/account/confirm/", {"send": "1", **KEY})
    client.post("/account/confirm/", {"code": newest_code(), **KEY})
    assert change(address="13900000002") == 302
    assert OutgoingMessage.objects.latest("id").address == "+8613900000002"
    assert (change(code="000000"), change(code=newest_code())) == (422, 302)
    shown = OutgoingMessage.objects.latest("id")
    assert (shown.address, "139****0002" in shown.body) == ("+8613800000001", True)
    assert reloaded(world.chen).phone == "+8613900000002"
    assert (is_in(client), is_in(elsewhere)) == (True, False)
    step = f"/cases/{case.number}/withdraw/"
    answer = client.get(step)
    assert (answer.status_code, "11月12日 10:11" in answer.content.decode()) == (409, True)
    assert client.get("/account/change/email/").status_code == 409
    assert client.get(f"/cases/{case.number}/statement/").status_code == 200
    clock.shift(timedelta(hours=24))
    assert client.get(step).status_code == 200
    assert SecurityEvent.objects.filter(kind="contact_changed", person_key=world.chen.person_key).count() == 1


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
        assert new_password(client, weak) == 422, weak
    assert (new_password(client, NEW, NEW + "x"), new_password(client, NEW, current="wrong")) == (422, 422)
    assert not reloaded(world.ming).check_password(NEW)
    assert new_password(client, NEW) == 302
    assert (is_in(client), is_in(other)) == (True, False)
    assert OutgoingMessage.objects.latest("id").address == "ming@example.com"
    assert reloaded(world.ming).check_password(NEW)


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
    assert (is_in(lost), lost.get("/account/password/").status_code) == (False, 302)
    assert lost.post(factor, {"code": app_code(key, now=now), **KEY})["Location"] == "/account/password/"
    assert new_password(lost, NEW, current="") == 302
    # Only the one that was lost: the next one asks for this one.
    assert new_password(lost, "yet another long pass phrase", current="") == 422
    assert reloaded(world.ming).check_password(NEW)


def test_T22_a_lost_password_is_asked_alike_for_known_and_unknown_and_the_mailbox_alone_resets_nothing(
    world: World,
) -> None:
    seen, browser = set(), Client()
    for email in ("chen@example.org", "nobody@example.com", "ming@example.com"):
        browser = Client()
        first = browser.post("/account/password/reset/", {"email": email, **KEY})
        second = browser.post("/account/password/reset/code/", {"code": "123456", **KEY})
        page = re.sub(r'value="[^"]*"', "", second.content.decode())
        seen.add((first.status_code, first["Location"], second.status_code, re.sub(r"\w\*\*\*@[\w.]+", "", page)))
    assert len(seen) == 1
    assert [row.address for row in OutgoingMessage.objects.filter(state="queued")] == ["ming@example.com"]
    # Who never set up a factor.
    assert browser.post("/account/password/reset/code/", {"code": newest_code(), **KEY}).status_code == 422
    assert browser.get("/account/second-factor/set-up/").status_code == 302


def test_the_last_factor_stays_and_another_may_go(client: Client, world: World, clock: time_machine.Traveller) -> None:
    staff_in(client)
    only = SecondFactor.objects.get()

    def remove(factor: SecondFactor) -> int:
        return client.post(f"/account/ways/{factor.pk}/remove/", KEY).status_code

    assert remove(only) == 409
    passkey = {"kind": "passkey", "name": "钥匙", "key": b"x", "created_at": NOW}
    spare = SecondFactor.objects.create(user=world.ming, credential_id=b"id", **passkey)
    foreign = SecondFactor.objects.create(user=world.rui, credential_id=b"other", **passkey)
    assert "钥匙" in client.get("/account/ways/").content.decode()
    assert (remove(foreign), remove(spare)) == (404, 302)
    assert set(SecondFactor.objects.values_list("pk", flat=True)) == {only.pk, foreign.pk}


def sign_in(address: str, email: str = "ming@example.com", password: str = PASSWORD) -> int:
    """The status with which somebody at this address is answered."""
    typed = {"email": email, "password": password, **KEY}
    return Client(REMOTE_ADDR=address).post("/account/sign-in/password/", typed).status_code


def test_T23_guessing_shuts_out_the_guesser_and_never_the_owner_elsewhere(
    world: World, clock: time_machine.Traveller
) -> None:
    assert {sign_in("192.0.2.66", password="wrong") for _ in range(15)} == {422}
    assert [sign_in(at) for at in ("192.0.2.66", "198.51.100.7", "203.0.113.200")] == [422, 302, 302]
    clock.shift(timedelta(minutes=15))
    assert sign_in("192.0.2.66") == 302


def test_T23_many_names_from_one_network_are_stopped_and_many_networks_leave_the_owners_open(
    world: World, clock: time_machine.Traveller
) -> None:
    for number in range(100):
        sign_in("192.0.2.66", f"a{number}@example.com", "x")
    assert (sign_in("192.0.2.99"), sign_in("198.51.100.1")) == (422, 302)
    assert staff_in(Client(REMOTE_ADDR="198.51.100.1"))
    for number in range(50):
        sign_in(f"203.0.{number}.1", password="x")
    assert (sign_in("203.0.200.1"), sign_in("198.51.100.77")) == (422, 302)


PAYLOADS = [
    *(
        f"{scheme}evil.example{tail}"
        for scheme in (
            *("https://", "http://", "//", "///", "////", "\\\\", "/\\", "\\/", "https:", "https:/", "https:\\\\"),
            *("/\t/", "/\n/", "\t//", " //", "/%09/", "http:///", "ftp://", "@", "https://user@"),
        )
        for tail in ("", "/", "/account/", "?a=b", "#x", ":80", "%2f..", "\\@localhost")
    ),
    *(f"javascript{mark}alert(1)" for mark in (":", "\t:", "%3a", "://localhost/%0a")),
    *(f"{before}javascript:alert(1)" for before in ("", " ", "\x01", "//", "\t")),
    *(f"https://localhost{mark}evil.example/" for mark in (".", "@", "%40", "%2e", "\\", "/@", "：", "。")),
    *(f"data:text/html{mark},x" for mark in ("", ";base64", ";charset=utf-8")),
    *(f"//{letter}vil.example" for letter in "eéеｅ"),
    *("http://[::1", "https://[::ffff:1.2.3.4]/", "//1.2.3.4", "//0x7f.1"),
]


def test_T32_next_never_leaves_the_house(client: Client, world: World) -> None:
    assert len(PAYLOADS) >= 180
    client.force_login(world.chen)
    for payload in PAYLOADS:
        answer = client.get("/account/sign-in/", {"next": payload})
        assert answer.status_code == 302
        target = urlsplit(urljoin("http://testserver/account/sign-in/", answer["Location"]))
        assert (target.scheme, target.netloc) == ("http", "testserver"), payload


def test_T33_a_foreign_host_is_refused_and_no_letter_names_one_or_carries_a_link(client: Client, world: World) -> None:
    def reset(**headers: str) -> int:
        return client.post(
            "/account/password/reset/", {"email": "ming@example.com", **KEY}, headers=headers
        ).status_code

    for host in ("evil.example", "localhost.evil.example", "localhost:80@evil.example", ".", "a b", "[::1"):
        assert reset(host=host) == 400
        assert not OutgoingMessage.objects.exists()
    reset(**{"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"})
    letter = OutgoingMessage.objects.get()
    assert "http" not in letter.body
    assert "evil" not in letter.subject + letter.body
