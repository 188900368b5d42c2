"""Nobody is lost: whoever types the code that went to the number of a case has the case, and it is forwarded."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from accounts.sign_in.contacts import parse_contact, user_for
from accounts.sign_in.limits import TooManyTries
from complaints import handling
from complaints.filing import drafts
from complaints.handling import Move, WrongInput
from complaints.handling.steps import authority, casework, contact
from complaints.links import proving
from complaints.models import Complaint, HandlingStep, Notice, PersonalText
from complaints.parties import actors
from complaints.privacy import erasing, my_data
from complaints.procedure.workflow import Status as S
from routing.forwarding import forwarding
from tests import at_once, given, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_desk import checked, shown, signed_in
from tests.complaints.pages.links.test_track import TOKEN, ask, prove_phone

PHONE, NAME = "+8613900008888", "无户"
DAY = timedelta(days=1)


def without_account(world: World, *, ago: timedelta = timedelta(hours=1), token: str = TOKEN, **said: Any) -> Complaint:
    """Filed by somebody who got no code; an officer was to ring back."""
    now = timezone.now() - ago
    typed = {"consumer_id": None, "consumer_name": NAME, "consumer_phone": PHONE, "contact_verified": False} | said
    nobody = replace(world.consumer, user_id=None, person_key=None, name="")
    case = handling.file([given.a_request(world, now=now, **typed)], actor=nobody, now=now)[0]
    digest = drafts.tracking_digest(token) if token else ""
    Complaint.objects.filter(pk=case.pk).update(tracking_digest=digest)
    forwarding.sweep_filed(now=now, only=[case.pk])
    case.refresh_from_db()
    return case


def prove(case: Complaint, *, user: User | None = None, name: str = "") -> User:
    return proving.prove(case, user=user, name=name, channel="tracking", now=timezone.now())


def refusal(case: Complaint, **said: Any) -> str:
    return str(given.raised(prove, case, error=WrongInput, **said).code)


def test_a_code_finds_the_account_and_the_case_is_forwarded_by_itself(client: Client, world: World) -> None:
    case = without_account(world)
    assert (case.status, case.reason, case.contact_verified) == (S.TRIAGE, "contact_unverified", False)
    ask(client, case.number)
    home, page = f"/track/{case.number}/", f"/track/{case.number}/prove/"
    links = set(re.findall(rf'href="({home}[^"]+/)"', shown(client.get(home))))
    assert {page, f"{home}statement/", f"{home}withdraw/"} <= links
    # Saying more needs no code; what decides does.
    assert client.get(f"{home}statement/").status_code == 200
    assert client.get(f"{home}withdraw/")["Location"].startswith(f"{home}code/?next=")
    typed = {"text": "补充一句：九月也多扣了。", "idempotency_key": "k" * 20}
    checked(client.post(f"{home}statement/", typed), 302)
    entry = HandlingStep.objects.filter(complaint=case, step="add_statement").get()
    assert entry.actor_role == "consumer"
    assert client.get(page)["Location"].startswith(f"{home}code/?next=")
    assert prove_phone(client, case.number, page)["Location"] == page
    case.refresh_from_db()
    account = User.objects.with_phone(PHONE).get()
    assert (case.consumer, account.name, case.contact_verified, case.status) == (account, NAME, True, S.FILED)
    entry = HandlingStep.objects.filter(complaint=case, step="prove_contact").get()
    assert (entry.from_status, entry.to_status, entry.data["channel"]) == (S.TRIAGE, S.FILED, "sms")
    assert Notice.objects.filter(complaint=case, kind="prove_contact", user=account).exists()
    forwarding.sweep_filed(now=timezone.now(), only=[case.pk])
    assert reloaded(case).status == S.WITH_ENTERPRISE
    assert given.stands(case)
    assert client.get(page)["Location"] == home
    mine = signed_in(account)
    checked(mine.get(f"/cases/{case.number}/"), 200, "宽带每月多扣费")
    # All that was said stands in the own copy, and goes with the account.
    said = my_data.copy_of(account, now=timezone.now())["complaints"][0]["you_said"]
    assert NAME in {one["text"] for one in said}
    Complaint.objects.filter(pk=case.pk).update(status=S.CLOSED, closed_at=timezone.now(), outcome="withdrawn")
    erasing.erase(account.person_key, now=timezone.now() + timedelta(days=1200))
    assert not any(row.text for row in PersonalText.objects.filter(complaint=case, kind="consumer_name"))


def test_signed_in_with_another_number_it_is_that_account_and_asks_for_the_name_in_it(world: World) -> None:
    client, case = signed_in(world.otto), without_account(world)
    ask(client, case.number)
    page = f"/track/{case.number}/prove/"
    prove_phone(client, case.number, page)
    assert reloaded(case).consumer is None, "filed under another name than Otto's"
    key = {"idempotency_key": "n" * 20}
    checked(client.post(page, {"name": "", **key}), 422, "请填投诉里写的姓名")
    checked(client.post(page, {"name": "别人", **key}), 422, "姓名不一致", 'value="别人"')
    for _twice in range(2):
        assert client.post(page, {"name": NAME, **key})["Location"] in (page, f"/track/{case.number}/")
    assert reloaded(case).consumer == world.otto
    assert HandlingStep.objects.filter(complaint=case, step="prove_contact").count() == 1
    checked(client.get(f"/cases/{case.number}/"), 200)
    assert User.objects.with_phone(PHONE).get() == world.otto, "no second account: it is his second number"


def test_others_with_the_number_come_too_but_none_of_another_name_or_long_ago(world: World) -> None:
    case, young = without_account(world), without_account(world, ago=20 * DAY, token="")
    old = without_account(world, ago=91 * DAY, token="")
    other = without_account(world, consumer_name="他人", token="")
    elsewhere = without_account(world, consumer_phone="+8613900007777", token="")
    taken = given.filed(world, now=timezone.now(), consumer_phone=PHONE)
    account = prove(case)
    rows = {row.pk: row.consumer for row in Complaint.objects.all()}
    assert (rows[case.pk], rows[young.pk], rows[taken.pk]) == (account, account, world.chen)
    assert rows[old.pk] is rows[other.pk] is rows[elsewhere.pk] is None
    gone = without_account(world, ago=91 * DAY, consumer_phone="+8613900006666", token="")
    assert refusal(gone) == "name_needed"
    assert not User.objects.with_phone("+8613900006666").exists(), "no account under the name of who had the number"
    # The old one by its own code and the name in it; a wrong one five times a day, then no more.
    assert (refusal(old), refusal(old, name="错名")) == ("name_needed", "wrong_name")
    for _ in range(4):
        assert refusal(old, name="错名") == "wrong_name"
    assert given.raised(prove, old, name=NAME, error=TooManyTries)
    with time_machine.travel(datetime.now().astimezone() + DAY + timedelta(minutes=1), tick=False):
        assert prove(old, name="无 户") == account
    assert reloaded(old).consumer == account


def test_a_case_of_another_account_stays_theirs_and_a_stranger_finds_nothing(client: Client, world: World) -> None:
    case = given.filed(world, now=timezone.now())
    assert given.raised(prove, case, user=world.otto).code == "has_account"
    assert reloaded(case).consumer == world.chen
    mine = without_account(world, token="")
    move = contact.prove_contact(because={"name": NAME, "known": ""})
    for actor in (world.consumer, actors.consumer(world.otto), world.handler, world.officer):
        assert given.refused(mine, move, actor, timezone.now()) == "not_yours"
    theirs = actors.by_number(world.otto, case, channel="tracking")
    assert given.refused(mine, move, theirs, timezone.now()) == "not_yours"
    # Nobody without the token sees a page, as if there were no such case.
    for number in (mine.number, "20260101-AAAAAAAAAAAA-0"):
        assert client.get(f"/track/{number}/prove/")["Location"] == "/track/"


def test_a_code_that_is_over_proves_nothing_and_an_officer_may_know_the_person(client: Client, world: World) -> None:
    case = without_account(world)
    ask(client, case.number)
    page = f"/track/{case.number}/code/?next=/track/{case.number}/prove/"
    key = {"idempotency_key": "c" * 20}
    client.post(page, {"send": "1", **key})
    code = re.search(r"\d{6}", OutgoingMessage.objects.latest("id").body.replace("12315", ""))
    assert code
    with time_machine.travel(datetime.now().astimezone() + timedelta(minutes=11), tick=False):
        checked(client.post(page, {"code": code.group(), **key}), 422, "验证码不对或已过期")
    checked(client.post(page, {"code": "000000", **key}), 422)
    assert reloaded(case).consumer is None
    recording = {"how": "phone", "proof": "LY-1"}
    spoken = actors.on_behalf_of(None, NAME, case.consumer_key, by=world.intake, channel="phone", recording=recording)
    given.step(case, contact.prove_contact(), spoken, timezone.now())
    account = parse_contact(PHONE)
    assert account is not None
    assert (reloaded(case).consumer, reloaded(case).status) == (user_for(account), S.FILED)


RUNG = [
    casework.verify_contact(result="call_confirmed"),
    contact.change_contact(how="counter", proof="柜台-7", phone="13900005555"),
]


@pytest.mark.parametrize("move", RUNG, ids=lambda move: move.step)
def test_a_number_that_an_officer_proved_is_forwarded_as_by_a_code(world: World, move: Move) -> None:
    case, deciding = without_account(world), without_account(world, token="")
    given.step(case, move, world.intake, timezone.now())
    assert (case.status, case.contact_verified) == (S.FILED, True)
    forwarding.sweep_filed(now=timezone.now(), only=[case.pk])
    assert reloaded(case).status == S.WITH_ENTERPRISE
    assert given.stands(case)
    # Not where something else is being decided, nor where nobody answered.
    given.step(deciding, authority.ask_consent(enterprise_id=world.telecom.pk), world.intake, timezone.now())
    assert given.step(deciding, move, world.intake, timezone.now()).status == S.TRIAGE
    silent = without_account(world, token="")
    no_answer = casework.verify_contact(result="call_no_answer")
    assert given.step(silent, no_answer, world.intake, timezone.now()).status == S.TRIAGE


def test_what_an_officer_is_deciding_is_not_taken_away(world: World) -> None:
    case = without_account(world)
    given.step(case, authority.ask_consent(enterprise_id=world.telecom.pk), world.intake, timezone.now())
    prove(case)
    assert (reloaded(case).status, reloaded(case).contact_verified) == (S.TRIAGE, True)


@pytest.mark.django_db(transaction=True)
def test_twice_at_once_is_once(world: World) -> None:
    case = without_account(world)
    first, second = at_once(lambda: prove(case), lambda: prove(case), refusal=handling.StepNotAllowed)
    account = User.objects.with_phone(PHONE).get()
    assert {first, second} == {account}
    assert reloaded(case).consumer == account
    assert HandlingStep.objects.filter(complaint=case, step="prove_contact").count() == 1
