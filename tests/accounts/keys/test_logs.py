"""The log names no person, and nobody writes lines of their own into it. The whole run is searched at its end."""

import logging

import pytest
from django.test import Client

from tests.canaries import CANARIES, PHONE
from tests.logs import WORDS, kept, seen

pytestmark = pytest.mark.django_db


def lines_since(before: int) -> list[str]:
    return kept()[before:].decode().splitlines()


@pytest.mark.parametrize(
    "path",
    [f"/cases/{PHONE}/", "/cases/x%0d%0a2026-01-01 INFO forged line/", f"/nothing/{PHONE}%0aINFO forged/?q={PHONE}"],
)
def test_T52_a_request_is_one_line_whatever_it_calls_itself(client: Client, path: str) -> None:
    before = len(kept())
    answer = client.get(path, headers={"user-agent": f"x\r\n2026-01-01 INFO forged {PHONE}", "referer": f"/{PHONE}\n"})
    assert answer.status_code in (302, 404)
    lines = lines_since(before)
    assert len(lines) <= 1
    assert not any("forged" in line or PHONE in line for line in lines)


def test_T52_what_people_typed_in_wrong_is_in_no_log(client: Client) -> None:
    before = len(kept())
    values = {"address": CANARIES["name"], "idempotency_key": "0123456789abcdef"}
    assert client.post("/account/sign-in/", values).status_code == 422
    assert client.post(
        "/account/sign-in/password/", values | {"email": CANARIES["email"], "password": "x" * 20}
    ).status_code in (422, 429)
    assert not seen("\n".join(lines_since(before)).encode(), WORDS)


def test_T52_the_search_of_the_log_would_see_a_person() -> None:
    """And says what this run has written until now."""
    assert seen(kept(), WORDS) == []
    handler = next(
        h
        for h in logging.getLogger().handlers
        if isinstance(h, logging.FileHandler) and "odr-test-log" in h.baseFilename
    )
    shown = handler.format(logging.LogRecord("x", logging.INFO, "", 0, f"sent to +86{PHONE}", None, None))
    assert seen(shown.encode(), WORDS) == ["phone"]
