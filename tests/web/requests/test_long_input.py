"""Fifty thousand letters that were made to hurt are refused or answered, and hold nobody up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from django.test import Client

from accounts import masking
from accounts.sign_in.contacts import parse_contact
from complaints.desks.case_search import number_in
from complaints.evidence.files import shown_name
from tests.cast import World

LONG = 50_000
CRUEL = {
    "one letter": "a" * LONG,
    "spaces": " " * LONG + "x",
    "digits": "1" * LONG + "!",
    "hyphens": "20261101-" * (LONG // 9),
    "address": "a@" + "a." * (LONG // 2),
    "brackets": "（(" * (LONG // 2),
    "Chinese": "中国移动" * (LONG // 4),
    "marks": "a" + "\u0301" * LONG,
}


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """A watchdog, not a measure: a pattern that explodes would run for hours."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise AssertionError("this input runs on and on")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", CRUEL)
def test_T50_no_pattern_explodes(name: str) -> None:
    text = CRUEL[name]
    reading: list[Any] = [
        number_in,
        parse_contact,
        shown_name,
        masking.masked_phone,
        masking.masked_name,
        masking.masked_address,
    ]
    for read in reading:
        with bounded(10):
            read(text)


@pytest.mark.django_db
@pytest.mark.parametrize("name", CRUEL)
def test_T50_T86_no_search_explodes(client: Client, world: World, name: str) -> None:
    client.force_login(world.rui)
    for path in ("/find/", "/authority/cases/"):
        with bounded(20):
            answer = client.get(path, {"q": CRUEL[name]})
        assert answer.status_code in (200, 302, 400, 414, 422), path


@pytest.mark.django_db
def test_T86_a_page_is_a_page_however_many_are_asked_for(client: Client, world: World) -> None:
    client.force_login(world.rui)
    for extra in ({"page_size": "100000"}, {"limit": "100000"}, {"after": "x" * 5000}, {"after": "-1"}):
        assert client.get("/authority/cases/", extra).status_code in (200, 400, 404)
