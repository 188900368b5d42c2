"""Signing in by code and by password: one use, few guesses, the same answer for everybody."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import OutgoingMessage, SignInCode, User
from accounts.sign_in.codes import Asker, Use, check_code, send_code
from accounts.sign_in.contacts import Contact, parse_contact
from tests import missing_in, reloaded
from tests.accounts.authenticator import another, newest_code
from tests.cast import PASSWORD

NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
CHEN = Contact("sms", "+8619900001234")
KEY = "a1b2c3d4e5f6a7b8"
pytestmark = pytest.mark.django_db


HERE = Asker(flow="this browser", address="192.0.2.1")


def send(now: datetime = NOON, contact: Contact = CHEN) -> None:
    send_code(contact=contact, purpose="sign_in", language="zh-hans", asker=HERE, now=now)


def check(code: str, now: datetime = NOON, key: str = KEY, purpose: str = "sign_in") -> Use:
    return check_code(contact=CHEN, purpose=purpose, code=code, flow="this browser", form_key=key, now=now)


def test_one_written_form_for_each_address() -> None:
    for typed, address in (
        ("199 0000 1234", "+8619900001234"),
        ("+86 199-0000-1234", "+8619900001234"),
        ("１９９００００１２３４", "+8619900001234"),
        ("Chen@Example.org ", "chen@example.org"),
        ("不是号码", None),
        ("chen@", None),
        ("", None),
    ):
        contact = parse_contact(typed)
        assert (contact.address if contact else None) == address


def test_a_code_works_once_for_its_purpose_and_the_same_form_and_ends_after_ten_minutes_or_five_guesses() -> None:
    def sent() -> str:
        send()
        return newest_code()

    code = sent()
    assert len(OutgoingMessage.objects.get().body) <= 70
    assert code not in SignInCode.objects.get().code_digest
    assert not check(code, purpose="filing")
    assert check(code)
    assert not check(code, key="another-form-key")
    code = sent()
    uses = [check(code, now=NOON + timedelta(seconds=second)) for second in (0, 5, 61)]
    assert uses == [Use.RIGHT, Use.AGAIN, Use.WRONG]
    code = sent()
    assert not check(code, now=NOON + timedelta(minutes=10))
    assert check(code, now=NOON + timedelta(minutes=9, seconds=59))
    code = sent()
    assert not any(check(another(code)) for _ in range(5))
    assert not check(code)


def test_a_first_code_makes_the_user_and_rotates_the_session(client: Client) -> None:
    answer = client.post("/account/sign-in/", {"address": "199 0000 1234", "idempotency_key": KEY, "next": "/how/"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/sign-in/code/?next=%2Fhow%2F")
    before = client.session.session_key
    page = client.get(answer["Location"]).content.decode()
    assert ("199****1234" in page, "19900001234" in page) == (True, False)
    body = {"code": newest_code(), "idempotency_key": KEY, "next": "/how/"}
    answer = client.post("/account/sign-in/code/", body)
    assert (answer.status_code, answer["Location"]) == (302, "/how/")
    assert client.session.session_key != before
    assert User.objects.get().phone == "+8619900001234"
    # The double click arrives with the new session.
    assert client.post("/account/sign-in/code/", body)["Location"] == "/how/"
    assert client.get("/account/").status_code == 200
    client.post("/account/sign-out/", {"idempotency_key": KEY})
    assert client.get("/account/")["Location"].startswith("/account/sign-in/")


def test_T27_who_signs_in_again_in_the_same_browser_leaves_the_session_key_of_before_worth_nothing(
    client: Client,
) -> None:
    def sign_in() -> str:
        SignInCode.objects.all().delete()
        client.post("/account/sign-in/", {"address": "19900001234", "idempotency_key": KEY})
        client.post("/account/sign-in/code/", {"code": newest_code(), "idempotency_key": KEY})
        assert client.get("/account/").status_code == 200
        return str(client.session.session_key)

    first = sign_in()
    assert sign_in() != first
    client.cookies[settings.SESSION_COOKIE_NAME] = first
    assert client.get("/account/").status_code == 302


def test_a_wrong_code_says_what_to_do_and_a_new_one_can_be_asked(client: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        client.post("/account/sign-in/", {"address": "19900001234", "idempotency_key": KEY})
        answer = client.post("/account/sign-in/code/", {"code": another(newest_code()), "idempotency_key": KEY})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not missing_in(page, "验证码不对或已过期", 'aria-invalid="true"', 'href="#id_code"', "有误：")
    with time_machine.travel(NOON + timedelta(seconds=61), tick=False):
        assert client.post("/account/sign-in/code/", {"again": "1", "idempotency_key": KEY}).status_code == 302
    assert SignInCode.objects.count() == 2


def password(client: Client, email: str, typed: str = PASSWORD, **more: str) -> Any:
    return client.post("/account/sign-in/password/", {"email": email, "password": typed, "idempotency_key": KEY} | more)


def test_next_never_leaves_the_house() -> None:
    User.objects.create_user("rui@example.org", PASSWORD, name="芮")
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "how/"):
        answer = password(Client(), "rui@example.org", next=target)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert "evil" not in answer["Location"]


def test_wrong_passwords_look_alike_and_are_limited(client: Client) -> None:
    User.objects.create_user("rui@example.org", PASSWORD, name="芮")
    User.objects.create_user("gone@example.org", PASSWORD, is_active=False)

    def attempt(email: str, typed: str = PASSWORD) -> tuple[int, str]:
        answer = password(client, email, typed)
        return answer.status_code, re.sub(r"value=\"[^\"]*\"", "", answer.content.decode())

    refused = attempt("nobody@example.org", "x")
    assert (refused[0], attempt("rui@example.org", "x")) == (422, refused)
    assert attempt("gone@example.org") == refused
    for _ in range(9):
        attempt("rui@example.org", "x")
    assert attempt("Rui@Example.org") == refused


def test_one_click_signs_in_the_people_of_the_demo_only_and_only_in_a_demo(client: Client, settings: Any) -> None:
    settings.DEMO = False
    person = User.objects.create_user("chen@demo.invalid", name="陈女士")
    other = User.objects.create_user("real@example.org", name="真人")
    assert client.get("/demo/mail/").status_code == 404
    assert client.post("/account/sign-in/demo/", {"person": person.pk}).status_code == 404
    assert "陈女士" not in client.get("/account/sign-in/").content.decode()
    settings.DEMO = True
    assert "陈女士" in client.get("/account/sign-in/").content.decode()
    assert client.post("/account/sign-in/demo/", {"person": other.pk}).status_code == 404
    for odd in ("", "x", "-1", "9" * 30, "１"):
        assert client.post("/account/sign-in/demo/", {"person": odd}).status_code == 400
    assert client.post("/account/sign-in/demo/", {"person": person.pk}).status_code == 302
    assert client.get("/account/").status_code == 200
    assert client.get("/demo/mail/").status_code == 200


def test_the_account_form_saves_once_and_changes_the_language(client: Client) -> None:
    user = User.objects.create_user("chen@example.org", name="陈")
    client.force_login(user)
    body = {"name": "Chen Yutong", "language": "en", "idempotency_key": KEY}
    sent = [client.post("/account/", typed).status_code for typed in (body, body, {**body, "name": "别的"})]
    assert sent == [302, 302, 422]
    assert (reloaded(user).name, user.language) == ("Chen Yutong", "en")
    assert '<html lang="en"' in client.get("/account/").content.decode()


def test_people_of_the_demo_need_no_factor_and_only_in_the_demo(settings: Any) -> None:
    person = User.objects.create_user("ming@demo.invalid", PASSWORD, name="明")
    for click in (True, False):
        settings.DEMO, client = True, Client()
        if click:
            client.post("/account/sign-in/demo/", {"person": person.pk, "idempotency_key": KEY})
        else:
            password(client, "ming@demo.invalid")
        for path in ("/account/", "/account/password/"):
            assert client.get(path).status_code == 200
        settings.DEMO = False
        assert client.get("/account/").status_code == 302
    settings.DEMO, client = True, Client()
    User.objects.create_user("ming@example.com", PASSWORD, name="明")
    password(client, "ming@example.com")
    assert client.get("/account/").status_code == 302, "who came into the demo later needs the factor there too"
