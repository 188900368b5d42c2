"""One security administrator undoes nothing: duties and closed accounts change by two persons, a day later."""

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.keys import keyring
from accounts.models import Administrator, OutgoingMessage, PersonKey, SecurityEvent, User
from accounts.sign_in.contacts import may_sign_in_by_code
from complaints.models import HouseEntry
from complaints.record import house
from complaints.record.verification import verify
from oversight.administration import duty_changes
from tests import missing_in, reloaded
from tests.access.test_administration import keepers, page_of
from tests.access.test_team import person
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in

__all__ = ["keepers"]
CHANGES = "/administration/changes/"
Keepers = dict[str, User]


def duties_now() -> set[tuple[UUID, str]]:
    return set(Administrator.objects.values_list("user__person_key", "kind"))


def newest() -> duty_changes.Change:
    return duty_changes.read()[0]


def ask(keepers: Keepers, about: User, **typed: str) -> int:
    status: int = send(signed_in(keepers["security"]), page_of(about), typed).status_code
    return status


def say(keeper: User, what: str, number: int | None = None) -> int:
    number = newest().number if number is None else number
    status: int = send(signed_in(keeper), CHANGES, {"do": what, "number": str(number)}).status_code
    return status


def later(hours: float) -> int:
    return duty_changes.sweep_duties(now=timezone.now() + timedelta(hours=hours))


def test_T13_a_duty_is_given_by_two_persons_of_two_duties_a_day_later(world: World, keepers: Keepers) -> None:
    new, before = person("new"), duties_now()
    assert ask(keepers, new, do="appoint", kind="audit") == 302
    assert ask(keepers, new, do="appoint", kind="audit") == 409, "it is asked already"
    second = person("second")
    Administrator.objects.create(user=second, kind="security", since=timezone.now())
    for nobody in (keepers["security"], second):
        assert say(nobody, "agree") == 409, "the same duty is no second person"
    for stranger in (world.lead, world.chen, new):
        assert say(stranger, "agree") == 404
    assert later(48) == 0
    assert say(keepers["audit"], "agree") == 302
    assert say(keepers["system"], "agree") == 302, "said twice it is agreed once"
    assert newest().agreed_by == str(keepers["audit"].person_key)
    assert (later(23.9), duties_now() - before) == (0, {(second.person_key, "security")})
    assert later(24) == 1
    assert (new.person_key, "audit") in duties_now()
    assert later(25) == 0
    steps = [entry.step for entry in house.entries() if entry.step.startswith("duty_")]
    assert steps == ["duty_asked", "duty_agreed", "duty_ended"]
    assert SecurityEvent.objects.get(kind="role_given").subject == str(new.person_key)
    assert verify().is_unbroken


def test_T13_each_step_is_told_to_every_administrator_and_stands_on_the_audit_page(
    world: World, keepers: Keepers
) -> None:
    new = person("new")
    ask(keepers, new, do="appoint", kind="system")
    everybody = {user.email for user in keepers.values()}

    def told(*words: str) -> None:
        letters = list(OutgoingMessage.objects.all())
        assert {letter.address for letter in letters} == everybody
        for letter in letters:
            assert not missing_in(letter.body, "授予职责：系统管理员", *words)
            assert f"（{new.name} n***@example.com）" in letter.body
        OutgoingMessage.objects.all().delete()

    told("等另一种职责的管理员同意", "/administration/changes/")
    page = shown(signed_in(keepers["audit"]).get("/administration/audit/"))
    assert not missing_in(page, "职责变更", "授予职责：系统管理员", "等另一种职责的管理员同意")
    say(keepers["system"], "agree")
    told("两个人已同意，等24小时", "在此之前，三种职责的任何一位管理员都可以撤销")
    assert say(keepers["audit"], "stop") == 302
    told("已撤销")
    assert (later(24), newest().ended) == (0, "stopped")
    assert say(keepers["audit"], "agree") == 409
    assert "已撤销" in shown(signed_in(keepers["audit"]).get("/administration/audit/"))


def test_T13_a_duty_is_taken_the_same_way_and_the_last_holder_stays(world: World, keepers: Keepers) -> None:
    assert ask(keepers, keepers["audit"], do="dismiss") == 409, "the last one"
    second = person("second")
    Administrator.objects.create(user=second, kind="audit", since=timezone.now())
    assert ask(keepers, keepers["audit"], do="dismiss") == 302
    for what in ("agree", "stop"):
        assert say(keepers["audit"], what) == 409, "whom it is about"
    assert say(second, "agree") == 302
    assert (keepers["audit"].person_key, "audit") in duties_now()
    # The other one goes meanwhile, so that the first is the last again.
    second_row = Administrator.objects.get(user=second)
    User.objects.filter(pk=second.pk).update(is_active=False)
    assert later(24) == 1
    assert newest().ended == "no_two_persons"
    User.objects.filter(pk=second.pk).update(is_active=True)
    assert second_row in Administrator.objects.all()
    ask(keepers, keepers["audit"], do="dismiss")
    say(keepers["system"], "agree")
    assert (later(24), newest().ended) == (1, "done")
    assert (keepers["audit"].person_key, "audit") not in duties_now()


def test_T13_a_closed_account_is_opened_by_two_and_what_its_owner_closed_by_nobody(
    world: World, keepers: Keepers
) -> None:
    client = signed_in(keepers["security"])
    send(client, page_of(world.ming), {"do": "off"})
    assert send(client, page_of(world.ming), {"do": "on"}).status_code == 409
    assert ask(keepers, world.ming, do="account_on") == 302
    assert not reloaded(world.ming).is_active
    say(keepers["audit"], "agree")
    assert (later(24), reloaded(world.ming).is_active) == (1, True)
    keyring.secrets_of({world.chen.person_key}, make=True)
    keyring.restrict([world.chen.person_key], until=timezone.now() + timedelta(days=900), now=timezone.now())
    User.objects.filter(pk=world.chen.pk).update(is_active=False)
    assert ask(keepers, world.chen, do="account_on") == 409
    assert PersonKey.objects.get(pk=world.chen.person_key).destroy_after is not None, "its closing goes on"


def test_T13_what_nobody_agrees_to_lapses_and_whoever_has_the_database_alone_agrees_to_nothing(
    world: World, keepers: Keepers
) -> None:
    new = person("new")
    ask(keepers, new, do="appoint", kind="security")
    number = newest().number
    last = HouseEntry.objects.order_by("-sequence").first()
    assert last is not None
    forged = last.body.replace("duty_asked", "duty_agreed").replace(
        str(keepers["security"].person_key), str(keepers["audit"].person_key)
    )
    HouseEntry.objects.create(
        sequence=last.sequence + 1,
        step="duty_agreed",
        at=last.at,
        body=forged.replace('"data":{', f'"data":{{"of":{number},'),
        previous_hash=last.hash,
        hash=b"\x01" * 32,
        tag=b"\x01" * 32,
    )
    assert later(48) == 0
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert say(keepers["audit"], "agree", number) == 409
        assert "7天内没有人同意" in shown(signed_in(keepers["audit"]).get(CHANGES))


def test_T25_an_administrator_has_a_password_and_comes_in_by_no_code(world: World, keepers: Keepers) -> None:
    consumer = User.objects.create_user("plain@example.com", name="无密码")
    assert ask(keepers, consumer, do="appoint", kind="audit") == 409
    told = StringIO()
    call_command("appoint_administrator", "plain@example.com", only_account=True, stdout=told)
    assert reloaded(consumer).check_password(told.getvalue().strip().rsplit(" ", 1)[1])
    assert not Administrator.objects.filter(user=consumer).exists()
    assert ask(keepers, consumer, do="appoint", kind="audit") == 302
    # One of before, who never had a password.
    older = person("older")
    Administrator.objects.create(user=older, kind="system", since=timezone.now())
    assert not may_sign_in_by_code(older)
    client = signed_in(older)
    assert client.get("/administration/system/").status_code == 200
    older.set_unusable_password()
    older.save(update_fields=["password"])
    assert signed_in(older).get("/administration/system/").status_code != 200
    assert client.get("/administration/system/").status_code != 200


def test_T13_the_host_appoints_the_first_of_each_duty_once_and_the_record_says_so(world: World) -> None:
    told = StringIO()
    call_command("appoint_administrator", "first@example.com", "security", name="首位", stdout=told)
    row = Administrator.objects.get(kind="security")
    assert row.user.check_password(told.getvalue().strip().rsplit(" ", 1)[1])
    change = newest()
    assert (change.asked_by, change.what, change.kind, change.ended) == ("command", "appoint", "security", "done")
    assert SecurityEvent.objects.get(kind="role_given").subject == str(row.user.person_key)
    for arguments in (
        ("first@example.com", "security"),
        ("second@example.com", "security"),
        ("ming@example.com", "audit"),
        ("new@example.com",),
    ):
        with pytest.raises(CommandError):
            call_command("appoint_administrator", *arguments, stdout=told)
    assert not User.objects.with_email("second@example.com").exists()
    assert verify().is_unbroken


def test_odd_posts_to_the_page_of_changes_are_refused_in_words(keepers: Keepers) -> None:
    client: Any = signed_in(keepers["audit"])
    for typed in ({"do": "agree", "number": "x"}, {"do": "agree", "number": "9" * 40}, {"do": "give", "number": "1"}):
        assert send(client, CHANGES, typed).status_code == 409
    assert send(client, CHANGES, {"do": "agree", "number": "1"}).status_code == 409
