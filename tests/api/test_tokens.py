"""A token opens what it was issued for, as long as what it stands on stands."""

import json
import logging
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import SecurityEvent, User
from accounts.sign_in.entering import CONFIRMED
from complaints.models import Complaint
from enterprises.models import Enterprise, Staff
from enterprises.models.programs import ApiToken
from enterprises.programs.tokens import digest_of, revoke
from tests import given, reloaded
from tests.api.conftest import Making, Program, token_for
from tests.cast import World

DAY = timedelta(days=1)


def test_T15_only_the_digest_is_kept_and_a_session_or_an_odd_header_opens_nothing(world: World) -> None:
    issued = token_for(world.ming, world=world, place="enterprise")
    assert re.fullmatch(r"odr_[A-Za-z0-9_-]{43}", issued.secret)
    row = ApiToken.objects.values().get()
    assert issued.secret not in json.dumps(row, default=str)
    assert row["digest"] == digest_of(issued.secret)
    program = Program("")
    program.client.force_login(world.ming)
    assert program.get("/me/").status_code == 401
    assert program.post("/complaints/", {}).status_code == 401
    odd = ["", "Bearer", "Bearer odr_", "Basic b2RyOm9kcg==", "Bearer x y", f"Bearer odr_{'A' * 43}"]
    for header in (*odd, "Bearer " + "é" * 30):
        answer = Program("").get("/me/", **({"Authorization": header} if header else {}))
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json"), header
        assert answer["WWW-Authenticate"].startswith("Bearer"), header


def test_T15_a_token_in_an_address_is_refused_and_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    secret = token_for(world.ming, world=world, place="enterprise").secret
    caplog.set_level(logging.DEBUG)
    paths = (f"/me/?access_token={secret}", f"/me/?x={secret}", f"/complaints/{secret}/", f"/schema/?q={secret}")
    for path in (*paths, "/me/?token=anything"):
        for shown in ("", secret):
            answer = Program(shown).get(path)
            assert (answer.status_code, answer.json()["code"]) == (400, "token_in_address")
    assert secret[12:] not in caplog.text


ENDINGS: dict[str, Callable[[World, ApiToken], Any]] = {
    "revoked": lambda world, token: revoke(token, now=timezone.now()),
    "expired": lambda world, token: ApiToken.objects.filter(pk=token.pk).update(
        created_at=timezone.now() - 2 * DAY, expires_at=timezone.now()
    ),
    "switched off": lambda world, token: User.objects.filter(pk=world.ming.pk).update(is_active=False),
    "left": lambda world, token: Staff.objects.filter(user=world.ming).update(
        starts_on=timezone.localdate() - 10 * DAY, ends_on=timezone.localdate() - DAY
    ),
    "elsewhere": lambda world, token: Staff.objects.filter(user=world.ming).update(
        enterprise=world.telecom, branch=None
    ),
    "suspended": lambda world, token: Enterprise.objects.filter(pk=world.mobile.pk).update(enrolment="suspended"),
}


def test_T15_T11_a_token_is_out_with_the_next_call(world: World) -> None:
    unknown = Program("odr_" + "A" * 43).get("/me/")
    for how, end in ENDINGS.items():
        with transaction.atomic():
            issued = token_for(world.ming, world=world, place="enterprise")
            program = Program(issued.secret)
            assert program.get("/me/").status_code == 200, how
            end(world, issued.token)
            same = [json.loads(one.content) | {"incident": ""} for one in (program.get("/me/"), unknown)]
            assert same[0] == same[1], how
            program.get("/me/")
            assert SecurityEvent.objects.filter(kind="denied", subject=issued.token.shown).count() == 1, how
            transaction.set_rollback(True)


def test_T15_a_token_comes_from_its_networks_only(world: World) -> None:
    issued = token_for(world.ming, world=world, place="enterprise", addresses=["10.1.0.0/16", "2001:db8::/32"])
    program = Program(issued.secret)
    assert (program.get("/me/").status_code, program.get("/me/").json()["code"]) == (403, "address_not_allowed")
    headers = {"Authorization": f"Bearer {issued.secret}"}
    assert program.client.get("/api/v1/me/", headers=headers, REMOTE_ADDR="10.1.2.3").status_code == 200
    # Nobody in front of us wrote this header.
    assert program.get("/me/", x_forwarded_for="10.1.2.3").status_code == 403


def test_T15_a_token_of_one_place_is_not_the_person_in_another(world: World, case: Complaint, program: Making) -> None:
    """Ming complains himself, and holds an office: the enterprise's program knows nothing of it."""
    own = given.filed(world, now=timezone.now(), consumer_id=world.ming.pk)
    at_work, at_home = program("ming"), program("ming", place="")
    assert at_work.get(f"/complaints/{own.number}/").status_code == 404
    assert at_home.get(f"/complaints/{case.number}/").status_code == 404
    assert at_home.get(f"/complaints/{own.number}/").status_code == 200
    assert at_home.step(case, "send_message", {"text": "x"}).status_code == 404


def test_T15_a_token_has_no_more_than_its_scopes(case: Complaint, program: Making) -> None:
    here = f"/complaints/{case.number}"
    opened = {"cases:read": {f"{here}/", f"{here}/record/"}, "events:read": {"/events/"}}
    for scope, opens in (opened | {"files:read": {f"{here}/files/"}, "cases:write": {"step"}}).items():
        ming = program("ming", scopes=[scope])
        calls = {path: ming.get(path) for path in (f"{here}/", f"{here}/record/", "/events/", f"{here}/files/")}
        calls["step"] = ming.step(case, "send_message", {"text": "您好"})
        assert {name for name, answer in calls.items() if answer.status_code == 200} == opens
        for name in calls.keys() - opens:
            assert (calls[name].status_code, calls[name].json()["code"]) == (403, "scope_missing")


def test_last_use_is_written_once_a_minute_and_many_calls_are_told_when_to_come_back(
    world: World, program: Making, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    issued = token_for(world.ming, world=world, place="enterprise")
    ming, token = Program(issued.secret), issued.token
    assert ming.get("/me/").status_code == 200
    first = reloaded(token).last_used_at
    assert ming.get("/me/").status_code == 200
    assert (reloaded(token).last_used_at, token.calls, token.last_used_from) == (first, 2, "127.0.0.1")
    assert [ming.get("/me/").status_code for _ in range(2)] == [200, 429]
    assert 1 <= int(ming.get("/me/")["Retry-After"]) <= 61
    assert program("lead").get("/me/").status_code == 200, "another token is not slowed"


@pytest.mark.django_db(transaction=True)
def test_a_call_waits_for_no_other_one_of_its_token_and_each_is_counted(
    world: World, superuser_connection: Any
) -> None:
    issued = token_for(world.ming, world=world, place="enterprise")
    ming = Program(issued.secret)
    superuser_connection.autocommit = False
    with superuser_connection, superuser_connection.cursor() as another, connection.cursor() as own:
        another.execute("select from enterprises_apitoken where id = %s for update", [issued.token.pk])
        own.execute("set lock_timeout = 200")
        assert [ming.get("/me/").status_code for _ in range(2)] == [200, 200]
    connection.close()
    assert ming.get("/me/").status_code == 200
    assert reloaded(issued.token).calls == 3


def test_the_command_prints_a_token_once(world: World) -> None:
    out, text = StringIO(), StringIO()
    call_command("issue_token", "ming@example.com", scopes="cases:read,events:read", stdout=out, stderr=text)
    secret = out.getvalue().strip()
    assert Program(secret).get("/me/").json()["side"] == "enterprise"
    assert secret not in text.getvalue()
    assert SecurityEvent.objects.filter(kind="token_made").count() == 1
    for wrong in ({"scopes": "everything"}, {"days": 4000}, {"addresses": "moon"}, {"who": "nobody@example.com"}):
        options: dict[str, Any] = {"who": "ming@example.com", "scopes": "cases:read"} | wrong
        with pytest.raises(CommandError):
            call_command("issue_token", options.pop("who"), stdout=StringIO(), stderr=StringIO(), **options)


@pytest.fixture
def lead(world: World) -> Client:
    """A manager who has just shown the second factor."""
    client = Client()
    client.force_login(world.lead)
    return client


def a_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "客服系统",
        "scopes": ["cases:read", "events:read"],
        "days": "90",
        "addresses": "127.0.0.1\n10.0.0.0/8",
        "idempotency_key": uuid.uuid4().hex,
    } | changes


def test_a_token_is_made_shown_once_used_and_taken_away_and_a_wrong_form_comes_back(world: World, lead: Client) -> None:
    networks = "\n".join(f"10.0.0.{n}" for n in range(30))
    wrong = {"name": ("", "x" * 81), "scopes": ([], ["everything"]), "days": ("9999",), "addresses": ("moon", networks)}
    for name, value in ((name, value) for name, values in wrong.items() for value in values):
        assert lead.post("/enterprise/tokens/new/", a_form(**{name: value})).status_code == 422, (name, value)
    assert not ApiToken.objects.exists()
    form = a_form()
    (secret,) = re.findall(r"odr_[A-Za-z0-9_-]{43}", lead.post("/enterprise/tokens/new/", form).content.decode())
    row = ApiToken.objects.get()
    assert (row.user, row.enterprise, row.addresses) == (world.lead, world.mobile, ["127.0.0.1/32", "10.0.0.0/8"])
    assert Program(secret).get("/me/").json()["scopes"] == ["cases:read", "events:read"]
    again = lead.post("/enterprise/tokens/new/", form)
    assert again.status_code == 302, "the same form again makes no second token, and shows nothing"
    assert ApiToken.objects.count() == 1
    for page in ("/enterprise/tokens/", f"/enterprise/tokens/{row.pk}/"):
        text = lead.get(page).content.decode()
        assert row.shown in text
        assert secret not in text
    lead.post(f"/enterprise/tokens/{row.pk}/", {"idempotency_key": uuid.uuid4().hex})
    assert Program(secret).get("/me/").status_code == 401
    kinds = set(SecurityEvent.objects.filter(subject=row.shown).values_list("kind", flat=True))
    assert kinds == {"token_made", "token_revoked", "denied"}


def test_to_everybody_else_the_pages_do_not_exist_and_nothing_is_made_without_a_fresh_factor(
    world: World, lead: Client
) -> None:
    token = token_for(world.lead, world=world, place="enterprise").token
    for who in ("ming", "hua", "chen", "rui"):
        client = Client()
        client.force_login(getattr(world, who))
        for address in ("/enterprise/tokens/", "/enterprise/tokens/new/", f"/enterprise/tokens/{token.pk}/"):
            assert client.get(address).status_code == 404
        assert client.post(f"/enterprise/tokens/{token.pk}/", {"idempotency_key": uuid.uuid4().hex}).status_code == 404
        token.refresh_from_db()
        assert token.revoked_at is None
    session = lead.session
    session.pop(CONFIRMED, None)
    session.save()
    assert lead.post("/enterprise/tokens/new/", a_form()).status_code in (302, 403)
    assert ApiToken.objects.count() == 1
