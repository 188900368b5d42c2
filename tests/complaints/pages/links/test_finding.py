"""Whoever proves a number by a code, wherever, finds what was filed with it: at once, or after the name in it."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import CountedTry, OutgoingMessage, SignInCode, User
from complaints.handling.transition import take
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Status as S
from routing.forwarding import forwarding
from tests import at_once, given, missing_in, reloaded
from tests.accounts.authenticator import newest_code
from tests.cast import World
from tests.complaints.pages.at_the_desk import checked, key, send, shown, signed_in
from tests.complaints.pages.links.test_prove import DAY, NAME, PHONE, without_account

FIND, CODE, BY_NAME = "/cases/find/", "/cases/find/code/", "/cases/find/name/"
TYPED = PHONE.removeprefix("+86")


def sign_in(phone: str = TYPED, *, client: Client | None = None, **headers: str) -> Client:
    client = client or Client(headers=headers or None)
    checked(send(client, "/account/sign-in/", {"address": phone}), 302)
    checked(send(client, "/account/sign-in/code/", {"code": newest_code()}), 302)
    return client


def proves(client: Client, phone: str = TYPED) -> Any:
    """Types the number and the code that goes to it; the answer to the code."""
    asked = send(client, FIND, {"phone": phone})
    assert (asked.status_code, asked["Location"].partition("?")[0]) == (302, CODE), shown(asked)
    return send(client, CODE, {"code": newest_code()})


def test_signing_in_with_the_number_finds_the_case_and_it_is_forwarded_by_itself(world: World) -> None:
    """It needs no token of a receipt: this is what the page of following a case promises."""
    case = without_account(world, token="")
    client = sign_in()
    account = User.objects.with_phone(PHONE).get()
    case = reloaded(case)
    assert (case.consumer, account.name, case.contact_verified, case.status) == (account, NAME, True, S.FILED)
    page = checked(client.get("/cases/"), 200, case.number)
    assert BY_NAME not in page
    forwarding.sweep_filed(now=timezone.now(), only=[case.pk])
    assert reloaded(case).status == S.WITH_ENTERPRISE
    assert given.stands(case)
    entry = HandlingStep.objects.get(complaint=case, step="prove_contact")
    assert (entry.from_status, entry.to_status) == (S.TRIAGE, S.FILED)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_old_case_and_one_of_another_name_wait_for_the_name_in_it(world: World, language: str) -> None:
    old = without_account(world, ago=91 * DAY, token="", consumer_name="旧名")
    other = without_account(world, token="", ago=2 * DAY, consumer_name="他人")
    young = without_account(world, token="")
    client = sign_in(**{"accept-language": language})
    assert (reloaded(young).consumer_id is None, reloaded(old).consumer, reloaded(other).consumer) == (
        False,
        None,
        None,
    )
    page = checked(client.get("/cases/"), 200, f'href="{BY_NAME}"')
    # Nothing of them is shown before.
    assert not [text for text in (old.number, other.number, "旧名", "他人") if text in page]
    form = checked(client.get(BY_NAME), 200, 'name="name"')
    assert not [text for text in (old.number, other.number, "旧名", "他人") if text in form]
    checked(send(client, BY_NAME, {"name": ""}), 422)
    checked(send(client, BY_NAME, {"name": "😀" * 130}), 422)
    checked(send(client, BY_NAME, {"name": "不是 他"}), 422, 'value="不是 他"')
    assert CountedTry.objects.filter(kind="prove_name").count() == 2, "one a case"
    again = key()["idempotency_key"]
    for _twice in range(2):
        assert send(client, BY_NAME, {"name": "旧 名"}, key=again)["Location"] == "/cases/"
    assert (reloaded(old).consumer, reloaded(other).consumer) == (reloaded(young).consumer, None)
    assert BY_NAME in shown(client.get("/cases/")), "one is left"
    # Five wrong names a case and day, wherever they are typed.
    for _ in range(4):
        status = send(client, BY_NAME, {"name": "错名"}).status_code
    assert status == 429
    assert send(client, BY_NAME, {"name": "他人"}).status_code == 429
    assert reloaded(other).consumer is None


def test_signed_in_with_another_number_the_page_for_it_asks_a_code_and_then_the_name(world: World) -> None:
    case = without_account(world, token="")
    assert FIND in shown(signed_in(world.otto).get("/cases/"))
    client = signed_in(world.otto)
    checked(client.get(FIND), 200, 'name="phone"')
    checked(client.get(CODE), 302)
    checked(client.get(BY_NAME), 302)
    for typed in ("", "12", "not a number", "x@example.org", "1" * 300):
        page = checked(send(client, FIND, {"phone": typed}), 422)
        assert typed in page
    assert proves(client)["Location"] == BY_NAME
    assert reloaded(case).consumer is None, "filed under another name than Otto's"
    assert send(client, BY_NAME, {"name": NAME})["Location"] == "/cases/"
    assert reloaded(case).consumer == world.otto
    checked(client.get("/cases/"), 200, case.number)
    assert not User.objects.with_phone(PHONE).exclude(pk=world.otto.pk).exists()


def test_a_wrong_code_finds_nothing_and_what_is_somebody_elses_stays(world: World) -> None:
    mine, theirs = without_account(world, token=""), given.filed(world, now=timezone.now(), consumer_phone=PHONE)
    client = signed_in(world.otto)
    checked(send(client, FIND, {"phone": TYPED}), 302)
    code = newest_code()
    checked(send(client, CODE, {"code": "000000" if code != "000000" else "111111"}), 422)
    assert reloaded(mine).consumer is None
    # Another browser has no use for the code.
    other = signed_in(world.chen)
    other.get(FIND)
    assert send(other, CODE, {"code": code}).status_code in (302, 422)
    assert (reloaded(mine).consumer, reloaded(theirs).consumer) == (None, world.chen)
    # A number with nothing behind it is no dead end.
    page = shown(client.get(proves(client, "13900001234")["Location"]))
    assert not missing_in(page, "12315")


@pytest.mark.parametrize("who", ["ming", "rui", "nobody"])
def test_staff_find_their_own_by_their_own_number_only_and_nobody_without_a_session(world: World, who: str) -> None:
    without_account(world, token="")
    client = signed_in(None if who == "nobody" else getattr(world, who))
    for page in (FIND, CODE, BY_NAME):
        answer = client.get(page)
        assert answer.status_code == (302 if who == "nobody" or page != FIND else 200), page
    if who == "nobody":
        assert client.get(FIND)["Location"].startswith("/account/sign-in/?next=")
        assert client.post(BY_NAME, {"name": NAME}).status_code == 401
    assert Complaint.objects.filter(consumer__isnull=False).count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_browsers_at_once_find_it_once(world: World) -> None:
    case = without_account(world, token="")
    browsers = []
    for address in ("192.0.2.1", "198.51.100.7"):
        client = Client(REMOTE_ADDR=address)
        OutgoingMessage.objects.all().delete()
        send(client, "/account/sign-in/", {"address": TYPED})
        # Within a minute no second code goes out to one number: the other browser waits its turn.
        SignInCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        body = OutgoingMessage.objects.latest("id").body.replace("12315", "")
        code = re.search(r"\d{6}", body)
        assert code
        browsers.append((client, code.group()))
    presses = [partial(send, browser, "/account/sign-in/code/", {"code": code}) for browser, code in browsers]
    answers = at_once(*presses)
    assert [answer.status_code for answer in answers] == [302, 302]
    account = User.objects.with_phone(PHONE).get()
    assert reloaded(case).consumer == account
    assert HandlingStep.objects.filter(complaint=case, step="prove_contact").count() == 1


@pytest.mark.django_db(transaction=True)
def test_killed_while_it_is_found_the_same_code_finds_it_and_killed_while_forwarding_the_next_sweep_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = without_account(world, token="")
    client = Client()
    send(client, "/account/sign-in/", {"address": TYPED})
    code = newest_code()
    written = take.write

    def killed(files: Any) -> None:
        written(files)
        raise KeyboardInterrupt

    monkeypatch.setattr(take, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        send(client, "/account/sign-in/code/", {"code": code})
    assert (reloaded(case).consumer, User.objects.with_phone(PHONE).exists()) == (None, False)
    monkeypatch.setattr(take, "write", written)
    checked(send(client, "/account/sign-in/code/", {"code": code}), 302)
    assert (reloaded(case).consumer, reloaded(case).status) == (User.objects.with_phone(PHONE).get(), S.FILED)
    monkeypatch.setattr(take, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        forwarding.sweep_filed(now=timezone.now())
    assert reloaded(case).status == S.FILED
    monkeypatch.setattr(take, "write", written)
    for _twice in range(2):
        forwarding.sweep_filed(now=timezone.now())
    assert reloaded(case).status == S.WITH_ENTERPRISE
    steps = HandlingStep.objects.filter(complaint=case, step__in=("prove_contact", "forward"))
    assert sorted(steps.values_list("step", flat=True)) == ["forward", "prove_contact"]
    assert given.stands(case)
