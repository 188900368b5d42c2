"""The page where a manager makes, sees and takes away tokens."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import SecurityEvent
from accounts.sign_in.entering import CONFIRMED
from enterprises.models.programs import ApiToken
from tests.api.conftest import Program, token_for
from tests.cast import World


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


def test_a_token_is_made_shown_once_used_and_taken_away(world: World, lead: Client) -> None:
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"days": "9999"},
        {"addresses": "moon"},
        {"addresses": "\n".join(f"10.0.0.{n}" for n in range(30))},
        {"name": "x" * 81},
    ],
)
def test_a_wrong_form_comes_back_with_what_was_typed(world: World, lead: Client, wrong: dict[str, Any]) -> None:
    assert lead.post("/enterprise/tokens/new/", a_form(**wrong)).status_code == 422
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("who", ["ming", "hua", "chen", "rui"])
def test_to_everybody_else_the_pages_do_not_exist(world: World, who: str) -> None:
    token = token_for(world.lead, world=world, place="enterprise").token
    client = Client()
    client.force_login(getattr(world, who))
    for address in ("/enterprise/tokens/", "/enterprise/tokens/new/", f"/enterprise/tokens/{token.pk}/"):
        assert client.get(address).status_code == 404
    assert client.post(f"/enterprise/tokens/{token.pk}/", {"idempotency_key": uuid.uuid4().hex}).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_without_a_fresh_factor_nothing_is_made(world: World) -> None:
    client = Client()
    client.force_login(world.lead)
    session = client.session
    session.pop(CONFIRMED, None)
    session.save()
    assert client.post("/enterprise/tokens/new/", a_form()).status_code in (302, 403)
    assert not ApiToken.objects.exists()
