"""Sealing, wrapping and blind indexes by themselves: no database."""

import logging
import uuid

import pytest
from django.test import Client

from accounts.keys import blind, keys, sealing
from accounts.keys.ciphers import SUITES, CannotOpen
from tests.canaries import CANARIES, PHONE
from tests.logs import WORDS, kept, seen

pytestmark = pytest.mark.django_db

PERSON, OTHER = uuid.UUID(int=7), uuid.UUID(int=8)
SUITE_IDS = sorted(SUITES.values())


@pytest.mark.parametrize("suite", SUITE_IDS)
@pytest.mark.parametrize("text", ["陈试", "x", "字" * 5000, "\U0001f4de 138\n", "a\x00b"])
def test_T76_what_was_sealed_opens_and_cannot_be_read_before(suite: int, text: str) -> None:
    secret = sealing.new_secret()
    sealed = sealing.seal(text, person=PERSON, secret=secret, place=b"t", suite=suite)
    assert (sealed[0], sealing.person_of(sealed)) == (suite, PERSON)
    assert len(text) < 3 or text.encode() not in sealed
    assert sealing.open_sealed(sealed, secret=secret, place=b"t") == text
    assert sealed != sealing.seal(text, person=PERSON, secret=secret, place=b"t", suite=suite)


@pytest.mark.parametrize("suite", SUITE_IDS)
def test_T75_a_value_opens_nowhere_else_and_not_when_a_bit_was_changed(suite: int) -> None:
    secret = sealing.new_secret()
    sealed = sealing.seal("陈试", person=PERSON, secret=secret, place=b"user|name|1", suite=suite)
    with pytest.raises(CannotOpen):
        sealing.open_sealed(sealed, secret=secret, place=b"user|name|2")
    with pytest.raises(CannotOpen):
        sealing.open_sealed(sealed, secret=secret, place=b"user|email|1")
    with pytest.raises(CannotOpen):
        sealing.open_sealed(sealed, secret=sealing.new_secret(), place=b"user|name|1")
    for place in range(1, len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(CannotOpen):
            sealing.open_sealed(changed, secret=secret, place=b"user|name|1")
    for length in (1, 5, 17, 30):
        with pytest.raises(CannotOpen):
            sealing.open_sealed(sealed[:length], secret=secret, place=b"user|name|1")


@pytest.mark.parametrize("suite", SUITE_IDS)
def test_T76_each_suite_reads_what_the_other_wrote(suite: int) -> None:
    secret = sealing.new_secret()
    assert {
        sealing.open_sealed(
            sealing.seal("x", person=PERSON, secret=secret, place=b"", suite=one), secret=secret, place=b""
        )
        for one in SUITE_IDS
    } == {"x"}


@pytest.mark.parametrize("suite", SUITE_IDS)
def test_a_persons_key_opens_with_its_wrapping_key_alone(suite: int) -> None:
    known, secret = keys.parse(keys.fresh()), sealing.new_secret()
    wrapped = sealing.wrap(secret, person=PERSON, keys=known, suite=suite)
    assert secret not in wrapped
    assert sealing.unwrap(wrapped, person=PERSON, keys=known) == secret
    with pytest.raises(CannotOpen):
        sealing.unwrap(wrapped, person=OTHER, keys=known)
    with pytest.raises(CannotOpen):
        sealing.unwrap(wrapped, person=PERSON, keys=keys.parse(keys.fresh()))
    with pytest.raises(CannotOpen):
        sealing.unwrap(wrapped, person=PERSON, keys=keys.parse(keys.fresh(wrap=2)))


@pytest.mark.parametrize(
    ("kind", "one", "other", "is_same"),
    [
        ("phone", "+8613800000001", "13800000001", True),
        ("phone", "+86 138 0000 0001", "138-0000-0001", True),
        ("phone", "008613800000001", "１３８００００００01", True),
        ("phone", "+13800000001", "13800000001", False),
        ("phone", "13800000001", "13800000002", False),
        ("name", "陈 试", "陈试", True),
        ("name", "Chen Yu", "ｃｈｅｎ yu", True),
        ("name", "陈试", "陈式", False),
        ("email", "Chen@Example.org", "chen@example.org ", True),
        ("order", "jd 0012a", "JD0012A", True),
    ],
)
def test_equal_means_equal_as_it_is_written(kind: str, one: str, other: str, is_same: bool) -> None:
    known = keys.parse(keys.fresh())
    for suite in SUITE_IDS:
        first, second = (blind.digest(kind, text, keys=known, suite=suite) for text in (one, other))
        assert (first == second) is is_same
        assert first in blind.digests(kind, one, keys=known)
        assert (first in blind.digests(kind, other, keys=known)) is is_same


def test_D14_a_digest_depends_on_the_key_and_the_kind() -> None:
    known, others = keys.parse(keys.fresh()), keys.parse(keys.fresh())
    results = {
        blind.digest(kind, "13800000001", keys=each, suite=suite)
        for kind in ("phone", "order")
        for each in (known, others)
        for suite in SUITE_IDS
    }
    assert len(results) == 8
    assert blind.digest("phone", " ", keys=known, suite=1) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wrap 1 " + "A" * 43 + "=",
        "wrap 1 c2hvcnQ=\nindex 1 c2hvcnQ=",
        "wrap one two",
        "wrap 1 ???\nindex 1 ???",
        keys.fresh() + keys.fresh(),
        keys.fresh().replace("wrap 1", "wrap 300"),
        keys.fresh().splitlines()[0],
        "\n".join(f"{p} 1 {keys.fresh().split()[2]}" for p in ("wrap",)),
        (lambda secret: f"wrap 1 {secret}\nindex 1 {secret}")(keys.fresh().split()[2]),
    ],
    ids=(
        "nothing",
        "zeros",
        "short",
        "no_number",
        "no_base64",
        "twice",
        "too_high",
        "one_half",
        "one_alone",
        "the_same_twice",
    ),
)
def test_weak_keys_are_refused_in_one_sentence_without_the_key(text: str) -> None:
    with pytest.raises(keys.UnusableKeys) as refused:
        keys.parse(text)
    statement = str(refused.value)
    assert statement.endswith(".") or "make_vault_keys" in statement
    assert not any(len(word) > 20 and word in statement for word in text.split())


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


def test_T52_what_people_typed_in_wrong_is_in_no_log_and_the_search_would_see_it(client: Client) -> None:
    before = len(kept())
    values = {"address": CANARIES["name"], "idempotency_key": "0123456789abcdef"}
    assert client.post("/account/sign-in/", values).status_code == 422
    assert client.post(
        "/account/sign-in/password/", values | {"email": CANARIES["email"], "password": "x" * 20}
    ).status_code in (422, 429)
    assert not seen("\n".join(lines_since(before)).encode(), WORDS)
    # And says what this run has written until now.
    assert seen(kept(), WORDS) == []
    handler = next(
        h
        for h in logging.getLogger().handlers
        if isinstance(h, logging.FileHandler) and "odr-test-log" in h.baseFilename
    )
    shown = handler.format(logging.LogRecord("x", logging.INFO, "", 0, f"sent to +86{PHONE}", None, None))
    assert seen(shown.encode(), WORDS) == ["phone"]
