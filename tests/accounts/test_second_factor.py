"""Who works for an organisation is nobody until the second factor was shown."""

import base64
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts import retention, security_log
from accounts.models import SecondFactor, SecurityEvent, User
from accounts.roles import Role
from accounts.sign_in.entering import ENTERED, SEEN
from enterprises.models import Staff
from tests.accounts.authenticator import app_code
from tests.cast import PASSWORD, WEDNESDAY, World
from tests.conftest import _force_login

NOW = WEDNESDAY
KEY = {"idempotency_key": "a1b2c3d4e5f6a7b8"}
STAFF_PAGES = ("/enterprise/queue/", "/authority/", "/oversight/", "/account/", "/cases/")


def give_password(client: Client, email: str = "ming@example.com", target: str = "") -> str:
    answer = client.post("/account/sign-in/password/", {"email": email, "password": PASSWORD, "next": target, **KEY})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return str(answer["Location"])


def set_up_app(client: Client, *, now: datetime) -> tuple[str, list[str]]:
    """Right after the password: the key, and the recovery codes that were shown."""
    shown = re.search(r'id="app-key">([A-Z2-7 ]+)<', client.get("/account/second-factor/set-up/").content.decode())
    assert shown
    key = shown.group(1)
    page = client.post("/account/second-factor/set-up/", {"code": app_code(key, now=now), **KEY}).content.decode()
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page)
    assert len(codes) == 10
    return key, codes


def test_T25_a_password_alone_opens_no_page_and_after_it_there_are_ten_minutes(client: Client, world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        expected = "/account/second-factor/?next=%2Fenterprise%2Fqueue%2F"
        assert give_password(client, target="/enterprise/queue/") == expected
        for path in STAFF_PAGES:
            assert client.get(path)["Location"].startswith("/account/sign-in/"), path
        assert client.get("/account/sign-in/")["Location"].startswith("/account/second-factor/")
        assert client.get("/account/second-factor/")["Location"].startswith("/account/second-factor/set-up/")
        # Nor to who has no work.
        User.objects.create_user("admin@example.com", PASSWORD, name="管")
        idle = Client()
        assert give_password(idle, "admin@example.com").startswith("/account/second-factor/")
        assert idle.get("/account/").status_code == 302
    assert not SecurityEvent.objects.filter(kind="sign_in").exists()
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert client.get("/account/second-factor/set-up/")["Location"].startswith("/account/sign-in/")


def test_T25_staff_and_officers_get_in_with_password_and_app(world: World) -> None:
    later, sign_ins = NOW + timedelta(hours=1), SecurityEvent.objects.filter(kind="sign_in")
    for number, email in enumerate(("ming@example.com", "rui@example.com", "head@example.com"), 1):
        first, again, third = (Client(REMOTE_ADDR=f"192.0.{number}.1") for _ in range(3))
        with time_machine.travel(NOW, tick=False):
            give_password(first, email)
            key, _codes = set_up_app(first, now=NOW)
            assert first.get("/account/").status_code == 200
        with time_machine.travel(later, tick=False):
            target, right = give_password(again, email), {"code": app_code(key, now=later), **KEY}
            # The code that was just used up by the one opens nothing for the other.
            assert again.post(target, {"code": app_code(key, now=NOW), **KEY}).status_code == 422
            assert again.get("/account/").status_code == 302
            assert again.post(target, right).status_code == 302
            assert again.get("/account/").status_code == 200
            assert third.post(give_password(third, email), right).status_code == 422
        assert (sign_ins.count(), SecurityEvent.objects.filter(kind="factor_refused").count()) == (
            2 * number,
            2 * number,
        )


def test_T25_a_consumer_who_is_given_work_is_out_until_a_factor_is_shown(client: Client, world: World) -> None:
    """A session begun by code, as a consumer; then the person becomes staff."""
    _force_login(client, world.chen)
    assert client.get("/account/").status_code == 200
    assert {ENTERED, SEEN} <= set(client.session.keys())
    Staff.objects.create(user=world.chen, enterprise=world.mobile, role=Role.HANDLER.post)
    assert client.get("/account/")["Location"].startswith("/account/sign-in/")
    assert client.get("/enterprise/queue/")["Location"].startswith("/account/sign-in/")


def test_a_recovery_code_opens_once_and_a_fresh_factor_lasts_ten_minutes_and_then_asks_again_and_comes_back(
    client: Client, world: World
) -> None:
    """The recovery codes are a page that asks for a fresh one."""
    codes_page = "/account/second-factor/recovery-codes/"
    with time_machine.travel(NOW, tick=False):
        give_password(client)
        key, codes = set_up_app(client, now=NOW)
        assert client.get(codes_page).status_code == 200
        assert base64.b32decode(key.replace(" ", "")) not in bytes(SecondFactor.objects.get().key)
        second, third = Client(), Client()
        page = second.post(give_password(second), {"code": codes[3].upper(), **KEY})
        assert (page.status_code, "还剩9个" in page.content.decode()) == (200, True)
        assert second.get("/account/").status_code == 200
        assert third.post(give_password(third), {"code": codes[3], **KEY}).status_code == 422
    later = NOW + timedelta(minutes=10)
    with time_machine.travel(later, tick=False):
        confirm = client.get(codes_page)["Location"]
        assert confirm == "/account/confirm/?next=%2Faccount%2Fsecond-factor%2Frecovery-codes%2F"
        before = client.session.session_key
        assert client.post(confirm, {"code": app_code(key, now=later), **KEY})["Location"] == codes_page
        assert client.session.session_key != before
        assert client.get(codes_page).status_code == 200


def test_wrong_codes_are_slowed_where_they_come_from_and_not_elsewhere(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        first, thief, owner = (Client(REMOTE_ADDR=at) for at in ("192.0.2.1", "203.0.113.9", "198.51.100.7"))
        give_password(first)
        key, _codes = set_up_app(first, now=NOW)
        target = give_password(thief)
        assert [thief.post(target, {"code": "000000", **KEY}).status_code for _ in range(6)] == [422] * 5 + [429]
    later = NOW + timedelta(minutes=1)
    with time_machine.travel(later, tick=False):
        right = {"code": app_code(key, now=later), **KEY}
        refused = thief.post(target, right)
        assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
        assert owner.post(give_password(owner), right).status_code == 302


def noted(at: datetime) -> SecurityEvent:
    return security_log.note("sign_in", now=at, user=User.objects.create_user(f"{at:%Y%m%d}@example.org"))


@pytest.mark.django_db
def test_T83_nobody_changes_what_the_security_log_says_and_it_is_kept_for_twelve_months_and_no_longer() -> None:
    row = noted(timezone.now())
    for change in (lambda rows: rows.update(kind="nothing"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(SecurityEvent.objects.filter(pk=row.pk))
    now = timezone.now()
    old, young = noted(now - timedelta(days=366)), noted(now - timedelta(days=364))
    retention.throw_away_done(now=now, limit=10)
    assert list(SecurityEvent.objects.filter(pk__in=[old.pk, young.pk])) == [young]
