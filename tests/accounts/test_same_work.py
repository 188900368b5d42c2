"""Whoever asks for a code or types a password learns nothing by a watch: known or not, the same statements and work."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import BasePasswordHasher, get_hasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.keys import sealing
from accounts.models import OutgoingMessage, User
from accounts.sign_in.contacts import Contact, user_for
from tests.accounts.test_codes_and_limits import KEY

pytestmark = pytest.mark.django_db
#: What stands in a statement beside its words: texts, bytes, numbers, lists of them.
_VALUE = re.compile(r"'(?:[^']|'')*'(?:::\w+(?:\[\])?)?|\bNULL\b|\b\d+\b|\bs\d+_x\d+\b")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is dear and no statement: texts that are sealed, passwords that are hashed."""
    done: list[str] = []
    seal, hasher = sealing.seal, type(get_hasher())
    encode: Callable[..., str] = hasher.encode

    def sealing_counted(*args: Any, **options: Any) -> bytes:
        done.append("sealed")
        return seal(*args, **options)

    def hashing_counted(self: BasePasswordHasher, *args: Any, **options: Any) -> str:
        done.append("hashed")
        return encode(self, *args, **options)

    monkeypatch.setattr(sealing, "seal", sealing_counted)
    monkeypatch.setattr(hasher, "encode", hashing_counted)
    return done


@pytest.fixture
def people() -> dict[str, str]:
    """A mailbox of each sort."""
    user_for(Contact("email", "consumer@example.org"), name="陈")
    User.objects.create_user("work@example.org", "a long pass phrase", name="明")
    User.objects.create_user("gone@example.org", "a long pass phrase", is_active=False)
    return {sort: f"{sort}@example.org" for sort in ("consumer", "work", "gone", "nobody")}


def shapes(client: Client, path: str, body: dict[str, str], work: list[str]) -> tuple[Any, ...]:
    """Status, statements without their values, and what was sealed and hashed."""
    work.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, {**body, **KEY})
    said = tuple(_VALUE.sub("?", query["sql"]) for query in queries.captured_queries)
    return answer.status_code, said, tuple(work)


def one_shape(people: dict[str, str], work: list[str], *steps: tuple[str, Callable[[str], dict[str, str]]]) -> None:
    """Each step of each sort of mailbox from a browser of its own is answered by the same statements and work."""
    # What is kept in the process after a first time is no difference between people.
    walk("first@example.org", work, steps)
    seen = {sort: walk(address, work, steps) for sort, address in people.items()}
    for sort, results in seen.items():
        assert results == seen["nobody"], (sort, [(r[0], len(r[1]), r[2]) for r in results])


def walk(address: str, work: list[str], steps: Any) -> list[tuple[Any, ...]]:
    client = Client(REMOTE_ADDR=f"192.0.2.{len(address)}")
    return [shapes(client, path, body(address), work) for path, body in steps]


def test_T22_a_code_to_sign_in_takes_the_same_statements_and_work_for_everybody(
    people: dict[str, str], work: list[str]
) -> None:
    wrong = ("/account/sign-in/code/", lambda address: {"code": "12345"})
    one_shape(people, work, ("/account/sign-in/", lambda address: {"address": address}), wrong)
    # What is written for who gets none is never sent.
    written = OutgoingMessage.objects.exclude(address="")
    assert {row.address: row.state for row in written}["work@example.org"] == "withheld"


def test_T22_a_lost_password_takes_the_same_statements_and_work_for_everybody(
    people: dict[str, str], work: list[str]
) -> None:
    wrong = ("/account/password/reset/code/", lambda address: {"code": "12345"})
    one_shape(people, work, ("/account/password/reset/", lambda address: {"email": address}), wrong)
    states = {row.address: row.state for row in OutgoingMessage.objects.all()}
    assert {address for address, state in states.items() if state != "withheld"} == {"work@example.org"}


def test_T22_a_wrong_password_takes_the_same_statements_and_work_for_everybody(
    people: dict[str, str], work: list[str]
) -> None:
    one_shape(people, work, ("/account/sign-in/password/", lambda address: {"email": address, "password": "wrong"}))
