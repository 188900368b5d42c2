"""A second number opens the same account: added with a fresh confirmation, told, undone, given up, nobody else's."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.keys import row_tags
from accounts.models import AccountChange, OutgoingMessage, User
from accounts.sign_in import changes, second_phone
from accounts.sign_in.contacts import Contact, known_user, user_for
from complaints.privacy import erasing, my_data
from tests import at_once, missing_in, reloaded
from tests.accounts.authenticator import newest_code
from tests.cast import World
from tests.complaints.pages.at_the_desk import checked, send, shown, signed_in
from tests.complaints.pages.links.test_finding import proves, sign_in

pytestmark = pytest.mark.django_db
FIRST, SECOND, TYPED = "13800000001", "+8613900002222", "13900002222"
PAGE, CODE = "/account/change/second-phone/", "/account/change/second-phone/code/"
ORIGIN = changes.Origin(place="https://portal.example", address="192.0.2.1")


def add(client: Client, phone: str = TYPED) -> Any:
    checked(send(client, PAGE, {"address": phone}), 302)
    return send(client, CODE, {"code": newest_code()})


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_it_signs_in_to_the_same_account_and_a_letter_undoes_it(world: World, language: str) -> None:
    client = sign_in(FIRST, **{"accept-language": language})
    assert PAGE in shown(client.get("/account/"))
    checked(client.get(PAGE), 200, 'name="address"')
    for typed in ("", "12", "x@example.org", "9" * 300):
        assert typed in checked(send(client, PAGE, {"address": typed}), 422)
    assert add(client)["Location"] == "/account/"
    chen = reloaded(world.chen)
    assert (chen.second_phone, chen.phone, row_tags.stands(chen)) == (SECOND, "+8613800000001", True)
    assert chen.contact_changed_at is None, "nothing was taken away, so nothing is held back"
    other = sign_in(TYPED)
    assert other.get("/account/").context["user"] == chen
    news = [row for row in OutgoingMessage.objects.all() if "139****2222" in row.body and "/undo/" not in row.body]
    assert [row.address for row in news] == ["+8613800000001"], "the first number hears of the new browser, once"
    send(other, "/account/sign-out/", {})
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        sign_in(TYPED, client=other)
    assert sum("139****2222" in row.body and "/undo/" not in row.body for row in OutgoingMessage.objects.all()) == 1
    assert User.objects.with_phone(SECOND).count() == 1
    # The first number was told, and whoever has it brings back what was there.
    letter = OutgoingMessage.objects.filter(body__isnull=False).order_by("-pk")
    link = next(m for m in [re.search(r"/account/undo/[\w-]+/", row.body) for row in letter] if m)
    assert {row.address for row in letter if "/account/undo/" in row.body} == {"+8613800000001"}
    checked(send(Client(), link.group(), {}), 302)
    assert reloaded(chen).second_phone is None
    assert [one.get("/account/").status_code for one in (client, other)] == [302, 302]


def test_it_is_given_up_and_another_ones_number_is_refused(world: World) -> None:
    client = sign_in(FIRST)
    other = user_for(Contact("sms", "+8613900003333"))
    checked(add(client, "13900003333"), 422, "已有另一个账号")
    add(client)
    assert shown(client.get(PAGE)).count("139****2222") == 1
    checked(send(client, PAGE, {"remove": "1"}), 302)
    assert (reloaded(world.chen).second_phone, reloaded(other).phone) == (None, "+8613900003333")
    assert AccountChange.objects.filter(user=world.chen, kind="second_phone").count() == 2
    # Free again: the next one who proves it begins an account.
    assert user_for(Contact("sms", SECOND)) != world.chen


def test_another_second_number_than_before_holds_back_for_a_day_and_the_first_may_become_it(world: World) -> None:
    client = sign_in(FIRST)
    add(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        add(client, "13900004444")
    chen = reloaded(world.chen)
    assert (chen.second_phone, chen.contact_changed_at is not None) == ("+8613900004444", True)
    assert known_user(Contact("sms", SECOND)) is None
    changes.change_contact(chen, Contact("sms", "+8613900004444"), origin=ORIGIN, now=timezone.now())
    chen = reloaded(chen)
    assert (chen.phone, chen.second_phone) == ("+8613900004444", None)
    changes.undo(AccountChange.objects.latest("pk"), address="", now=timezone.now())
    chen = reloaded(chen)
    assert (chen.phone, chen.second_phone) == ("+8613800000001", "+8613900004444")


def test_staff_have_none_and_an_old_session_adds_none(world: World) -> None:
    staff = signed_in(world.ming)
    assert staff.get(PAGE).status_code in (302, 404)
    assert not second_phone.may_have_one(world.ming)
    with time_machine.travel(timezone.now(), tick=True) as clock:
        client = sign_in(FIRST)
        clock.shift(timedelta(minutes=11))
        # Whoever sits down at an open browser proves a number of his own: the account is not opened to it.
        proves(client, TYPED)
        assert reloaded(world.chen).second_phone is None
        assert client.get(PAGE)["Location"].startswith("/account/confirm/")
    fresh = sign_in(FIRST)
    page = shown(fresh.get(proves(fresh, "13900005555")["Location"]))
    assert reloaded(world.chen).second_phone == "+8613900005555"
    assert not missing_in(page, "139****5555")


def test_the_database_keeps_it_of_one_account_and_a_planted_one_opens_nothing(world: World) -> None:
    changes.change_contact(world.chen, Contact("sms", SECOND), is_second=True, origin=ORIGIN, now=timezone.now())
    world.otto.second_phone = SECOND
    with pytest.raises(IntegrityError), transaction.atomic():
        world.otto.save(update_fields=["second_phone"])
    User.objects.filter(pk=world.chen.pk).update(second_phone_index=b"\1" * 17)
    assert not row_tags.stands(reloaded(world.chen))


def test_it_stands_in_the_own_copy_and_goes_with_the_account(world: World) -> None:
    contact = Contact("sms", SECOND)
    changes.change_contact(world.otto, contact, is_second=True, origin=ORIGIN, now=timezone.now())
    assert my_data.copy_of(world.otto, now=timezone.now())["account"]["second_phone"] == SECOND
    erasing.erase(world.otto.person_key, now=timezone.now())
    assert (known_user(contact), bytes(reloaded(world.otto).second_phone_index or b"")) == (None, b"")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_it_one_accounts(world: World) -> None:
    """Somebody signs in with a number for the first time while somebody else makes it the second one."""
    contact = Contact("sms", SECOND)
    chen = reloaded(world.chen)
    second = partial(changes.change_contact, chen, contact, is_second=True, origin=ORIGIN, now=timezone.now())
    at_once(second, partial(user_for, contact), refusal=changes.AddressTaken)
    assert User.objects.with_phone(SECOND).count() == 1
