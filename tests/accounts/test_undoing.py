"""Changes of how one gets in are told at every address, and undone by one button behind the link of the letter."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AccountChange, BrowserSession, OutgoingMessage, RecoveryCode, SecondFactor, SecurityEvent
from tests import missing_in, reloaded
from tests.accounts.authenticator import app_code, newest_code
from tests.accounts.test_second_factor import KEY, NOW
from tests.accounts.test_sessions_and_changes import consumer_in, is_in, staff_in
from tests.api.conftest import token_for
from tests.cast import PASSWORD, World

pytestmark = pytest.mark.django_db
SET_UP = "/account/second-factor/set-up/"
MAILBOX, PHONE = "ming@example.com", "+8613800000077"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def letters() -> dict[str, str]:
    """Address and words of what was written about accounts since the last look."""
    rows = list(OutgoingMessage.objects.order_by("pk"))
    OutgoingMessage.objects.all().delete()
    return {row.address: row.body for row in rows if row.useful_until == timezone.now() + timedelta(hours=72)}


def link_in(text: str) -> str:
    result = re.search(r"http://testserver(/account/undo/[\w-]{22}/)", text)
    assert result, text
    return result.group(1)


@pytest.fixture
def ming(client: Client, world: World, clock: time_machine.Traveller) -> Client:
    """Somebody at work with mailbox, phone and an app, of which both addresses were told."""
    world.ming.phone = PHONE
    world.ming.save()
    staff_in(client)
    told = letters()
    assert told.keys() == {MAILBOX, PHONE}
    assert link_in(told[PHONE]) == link_in(told[MAILBOX])
    return client


def told_and_others_ended(client: Client, world: World, do: Any) -> str:
    """Carries it out beside another browser; the link of the letters about it."""
    other = Client()
    other.force_login(world.ming)
    assert do().status_code in (200, 302)
    assert (is_in(client), is_in(other)) == (True, False)
    told = letters()
    assert told.keys() == {MAILBOX, PHONE}
    return link_in(told[PHONE])


def undone(path: str) -> None:
    """Looking changes nothing, the button once, and no browser is left."""
    reader, before = Client(), rows()
    assert "不是我改的，撤回" in reader.get(path).content.decode()
    assert rows() == before
    assert [reader.post(path, KEY)["Location"] for _twice in range(2)] == [path, path]
    assert "已撤回" in reader.get(path).content.decode()
    assert not BrowserSession.objects.exclude(user=None).exists()
    assert letters().keys() == {MAILBOX, PHONE}
    assert SecurityEvent.objects.filter(kind="change_undone").count() == 1


def rows() -> list[Any]:
    """What an undoing would change."""
    tables = (SecondFactor, RecoveryCode, AccountChange, BrowserSession, SecurityEvent, OutgoingMessage)
    return [list(table.objects.order_by("pk").values_list()) for table in tables]


def add_app(client: Client) -> Any:
    key = client.get(SET_UP).content.decode().split('id="app-key">')[1].split("<")[0]
    return client.post(SET_UP, {"code": app_code(key, now=timezone.now()), **KEY})


def test_T26_a_factor_that_a_thief_added_goes_with_the_tokens_made_since(ming: Client, world: World) -> None:
    own, older = SecondFactor.objects.get(), token_for(world.ming, world=world, place="enterprise").token
    type(older).objects.filter(pk=older.pk).update(created_at=NOW - timedelta(days=1))
    path = told_and_others_ended(ming, world, lambda: add_app(ming))
    newer = token_for(world.ming, world=world, place="enterprise").token
    undone(path)
    assert SecondFactor.objects.get() == own
    assert reloaded(world.ming).has_usable_password()
    assert (reloaded(older).revoked_at, reloaded(newer).revoked_at) == (None, NOW)


def test_T26_undoing_the_only_factor_ends_the_password_and_the_mailbox_leads_back_in(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    """Somebody with a stolen password set up the first factor."""
    staff_in(client)
    path = link_in(letters()[MAILBOX])
    Client().post(path, KEY)
    assert (SecondFactor.objects.count(), RecoveryCode.objects.count()) == (0, 0)
    assert not reloaded(world.ming).has_usable_password()
    owner = Client()
    thief = owner.post("/account/sign-in/password/", {"email": MAILBOX, "password": PASSWORD, **KEY})
    assert thief.status_code == 422
    owner.post("/account/sign-in/", {"address": MAILBOX, **KEY})
    assert owner.post("/account/sign-in/code/", {"code": newest_code(), **KEY}).status_code == 302
    assert add_app(owner).status_code == 200
    assert is_in(owner)


def test_T26_a_password_that_a_thief_chose_opens_nothing_nor_does_the_old_one_and_the_mailbox_leads_back_in(
    ming: Client, world: World, clock: time_machine.Traveller
) -> None:
    chosen = "thief-chose-this-one-77"
    body = {"current": PASSWORD, "password": chosen, "again": chosen, **KEY}
    path = told_and_others_ended(ming, world, lambda: ming.post("/account/password/", body))
    page = Client().get(path).content.decode()
    assert not missing_in(page, "换了登录密码", "原来的密码也一起作废，要用邮箱收验证码重新设置。")
    undone(path)
    clock.shift(timedelta(minutes=1))
    owner = Client()
    for known in (chosen, PASSWORD):
        tried = owner.post("/account/sign-in/password/", {"email": MAILBOX, "password": known, **KEY})
        assert tried.status_code == 422
    owner.post("/account/password/reset/", {"email": MAILBOX, **KEY})
    factor = owner.post("/account/password/reset/code/", {"code": newest_code(), **KEY})["Location"]
    assert factor == "/account/second-factor/?next=%2Faccount%2Fpassword%2F"
    assert not is_in(owner)


def test_T26_a_removed_factor_and_old_recovery_codes_come_back(ming: Client, world: World) -> None:
    passkey = {"kind": "passkey", "name": "钥匙", "key": b"k", "counter": 7, "created_at": NOW - timedelta(days=9)}
    spare = SecondFactor.objects.create(user=world.ming, credential_id=b"id", **passkey)
    undone(told_and_others_ended(ming, world, lambda: ming.post(f"/account/ways/{spare.pk}/remove/", KEY)))
    back = SecondFactor.objects.get(kind="passkey")
    assert (back.name, bytes(back.key), back.counter, back.created_at) == ("钥匙", b"k", 7, passkey["created_at"])


def test_T26_old_recovery_codes_come_back(ming: Client, world: World) -> None:
    before = set(RecoveryCode.objects.values_list("code_digest", flat=True))
    undone(told_and_others_ended(ming, world, lambda: ming.post("/account/second-factor/recovery-codes/", KEY)))
    assert set(RecoveryCode.objects.values_list("code_digest", flat=True)) == before


def test_T26_an_old_phone_comes_back_and_for_a_day_nothing_important_is_done(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    consumer_in(client)
    client.post("/account/change/phone/", {"address": "13900000002", **KEY})
    client.post("/account/change/phone/code/", {"code": newest_code(), **KEY})
    told = letters()
    assert told.keys() == {"+8613800000001"}
    path = link_in(told["+8613800000001"])
    clock.shift(timedelta(hours=71))
    assert not missing_in(Client().get(path).content.decode(), "139****0002", "24小时内不能办要紧的事")
    assert Client().post(path, KEY).status_code == 302
    assert reloaded(world.chen).phone == "+8613800000001"
    assert not is_in(client)
    assert letters().keys() == {"+8613800000001", "+8613900000002"}
    assert consumer_in(client).get("/account/change/email/").status_code == 409


def test_T26_a_number_that_is_another_persons_by_now_is_not_taken_back(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    consumer_in(client)
    client.post("/account/change/phone/", {"address": "13900000002", **KEY})
    client.post("/account/change/phone/code/", {"code": newest_code(), **KEY})
    path = link_in(letters()["+8613800000001"])
    world.otto.phone = "+8613800000001"
    world.otto.save()
    assert Client().post(path, KEY).status_code == 409
    assert reloaded(world.chen).phone == "+8613900000002"


def test_T26_T38_a_link_ends_after_72_hours_opens_nothing_for_strangers_and_not_from_a_planted_row(
    ming: Client, world: World, clock: time_machine.Traveller
) -> None:
    path = told_and_others_ended(ming, world, lambda: add_app(ming))
    assert Client().get("/account/undo/AAAAAAAAAAAAAAAAAAAAAA/").status_code == 404
    row = AccountChange.objects.latest("pk")
    for column, value in (("user", world.rui), ("at", NOW + timedelta(days=1)), ("kind", "phone")):
        was = getattr(row, column)
        AccountChange.objects.filter(pk=row.pk).update(**{column: value})
        assert Client().get(path).status_code == 404, column
        AccountChange.objects.filter(pk=row.pk).update(**{column: was})
    assert Client().get(path).status_code == 200
    clock.shift(timedelta(hours=72))
    late = Client().post(path, KEY)
    assert (late.status_code, SecondFactor.objects.count()) == (404, 2)
    assert "这个链接打不开了" in late.content.decode()
