"""What a session that lies about may not do without a fresh proof, and what one code opens."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client

from accounts.models import BrowserSession, RecoveryCode, SecondFactor, SecurityEvent, User
from accounts.sign_in.sessions import SessionStore
from tests import at_once, reloaded
from tests.accounts.authenticator import app_code, newest_code
from tests.accounts.test_second_factor import KEY, NOW, give_password
from tests.accounts.test_sessions_and_changes import consumer_in, staff_in
from tests.api.conftest import token_for
from tests.cast import PASSWORD, World

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME
SET_UP = "/account/second-factor/set-up/"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_T26_a_stale_session_cannot_make_itself_fresh_by_a_first_factor(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    """The attack: a stolen session sets up an app of its own, and all that asks for a fresh factor opens."""
    consumer_in(client)
    clock.shift(timedelta(days=3))
    answer = client.get(SET_UP)
    assert (answer.status_code, b"app-key" in answer.content) == (302, False)
    assert answer["Location"].startswith("/account/confirm/?next=%2Faccount%2Fsecond-factor")
    assert client.post(SET_UP, {"code": "123456", **KEY}).status_code == 403
    assert client.post(SET_UP, {"credential": "{}", **KEY}).status_code == 403
    assert not SecondFactor.objects.exists()
    assert client.get("/account/change/phone/")["Location"].startswith("/account/confirm/")
    client.post("/account/confirm/", {"send": "1", **KEY})
    client.post("/account/confirm/", {"code": newest_code(), **KEY})
    assert client.get(SET_UP).status_code == 200


def test_T26_whoever_just_changed_the_phone_waits_a_day_for_factors_and_recovery_codes_too(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    consumer_in(client)
    User.objects.filter(pk=world.chen.pk).update(contact_changed_at=NOW)
    assert client.get(SET_UP).status_code == 409
    assert client.get("/account/second-factor/recovery-codes/").status_code == 409


def test_T26_at_work_and_signed_in_without_any_factor_one_is_asked_for_the_password_and_led_in_no_circle(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    staff_in(client)
    SecondFactor.objects.all().delete()
    clock.shift(timedelta(minutes=11))
    assert client.get("/account/confirm/")["Location"] == SET_UP
    assert client.get(SET_UP)["Location"].startswith("/account/sign-in/password/?next=")
    assert client.post(SET_UP, {"code": "123456", **KEY}).status_code == 302
    assert not SecondFactor.objects.exists()
    give_password(client)
    assert client.get(SET_UP).status_code == 200


def sent_at_once(sessions: list[Client], path: str, body: dict[str, str]) -> list[Any]:
    """The answers to the same form from the same browser, sent at the same moment."""
    with time_machine.travel(NOW, tick=False):
        return at_once(*(partial(one.post, path, body) for one in sessions))


def copies(client: Client, count: int = 4) -> list[Client]:
    """Browsers with the cookies of this one."""
    results = [Client() for _ in range(count)]
    for one in results:
        for name in (COOKIE, "csrftoken"):
            if name in client.cookies:
                one.cookies[name] = client.cookies[name].value
    return results


@pytest.mark.django_db(transaction=True)
def test_T24_one_code_opens_one_session_also_sent_twice_at_once(world: World) -> None:
    browser = Client()
    with time_machine.travel(NOW, tick=False):
        browser.post("/account/sign-in/", {"address": "13800000001", **KEY})
        code = newest_code()
    answers = sent_at_once(copies(browser), "/account/sign-in/code/", {"code": code, **KEY})
    # The second click is no error: it leads on, to where the first one is signed in.
    assert {answer.status_code for answer in answers} == {302}
    assert BrowserSession.objects.filter(user=world.chen).count() == 1
    # One that came after the first was answered may be given a session in which nobody is.
    given = {answer.cookies[COOKIE].value for answer in answers if COOKIE in answer.cookies}
    assert sum(SESSION_KEY in SessionStore(key) for key in given) == 1


@pytest.mark.django_db(transaction=True)
def test_T25_one_code_of_an_app_that_is_set_up_opens_one_session_and_makes_one_set_of_recovery_codes(
    world: World,
) -> None:
    browser = Client()
    with time_machine.travel(NOW, tick=False):
        give_password(browser)
        page = browser.get(SET_UP).content.decode()
    key = page.split('id="app-key">')[1].split("<")[0]
    answers = sent_at_once(copies(browser), SET_UP, {"code": app_code(key, now=NOW), **KEY})
    assert sorted({answer.status_code for answer in answers}) == [200, 302]
    assert (SecondFactor.objects.count(), RecoveryCode.objects.count()) == (1, 10)
    assert BrowserSession.objects.filter(user=world.ming).count() == 1


@pytest.mark.django_db(transaction=True)
def test_T26_a_code_that_confirms_sent_at_once_makes_one_fresh_session(world: World) -> None:
    browser = Client()
    with time_machine.travel(NOW - timedelta(hours=1), tick=False):
        consumer_in(browser)
    with time_machine.travel(NOW, tick=False):
        browser.post("/account/confirm/", {"send": "1", **KEY})
        code = newest_code()
    body = {"code": code, "next": "/account/change/phone/", **KEY}
    answers = sent_at_once(copies(browser), "/account/confirm/", body)
    assert {answer.status_code for answer in answers} == {302}
    assert BrowserSession.objects.filter(user=world.chen).count() == 1


def change_password(client: Client, **typed: str) -> Any:
    new = "a different long pass phrase"
    return client.post("/account/password/", {"current": PASSWORD, "password": new, "again": new, **typed, **KEY})


def test_T26_the_current_password_is_not_guessed_in_a_session_that_somebody_left_open(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    staff_in(client)
    assert [change_password(client, current=f"wrong {n}").status_code for n in range(6)] == [422] * 5 + [429]
    assert change_password(client).status_code == 429
    clock.shift(timedelta(minutes=9))
    assert change_password(client).status_code == 429
    assert reloaded(world.ming).check_password(PASSWORD)


def test_T26_programs_tokens_are_listed_beside_the_new_password_and_end_with_it_only_where_wished(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    staff_in(client)
    own = token_for(world.ming, world=world, place="enterprise").token
    foreign = token_for(world.lead, world=world, place="enterprise").token
    page = client.get("/account/password/").content.decode()
    assert (own.shown in page, foreign.shown in page) == (True, False)
    assert change_password(client).status_code == 302
    assert reloaded(own).revoked_at is None
    assert change_password(client, current="a different long pass phrase", end_tokens="on").status_code == 302
    assert (reloaded(own).revoked_at, reloaded(foreign).revoked_at) == (NOW, None)
    assert own.shown not in client.get("/account/password/").content.decode()
    revoked = SecurityEvent.objects.get(kind="token_revoked")
    assert (revoked.person_key, revoked.subject) == (world.ming.person_key, own.shown)
