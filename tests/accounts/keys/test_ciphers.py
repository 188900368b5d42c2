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


def test_T76_what_was_sealed_opens_and_cannot_be_read_before() -> None:
    for text in ("陈试", "x", "字" * 5000, "\U0001f4de 138\n", "a\x00b"):
        for suite in SUITE_IDS:
            secret = sealing.new_secret()
            sealed = sealing.seal(text, person=PERSON, secret=secret, place=b"t", suite=suite)
            assert (sealed[0], sealing.person_of(sealed)) == (suite, PERSON)
            assert len(text) < 3 or text.encode() not in sealed
            assert sealing.open_sealed(sealed, secret=secret, place=b"t") == text
            assert sealed != sealing.seal(text, person=PERSON, secret=secret, place=b"t", suite=suite)


def test_T75_a_value_opens_nowhere_else_and_not_when_a_bit_was_changed() -> None:
    for suite in SUITE_IDS:
        secret, place = sealing.new_secret(), b"user|name|1"
        sealed = sealing.seal("陈试", person=PERSON, secret=secret, place=place, suite=suite)
        changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(1, len(sealed))]
        for wrong, key, where in (
            (sealed, secret, b"user|name|2"),
            (sealed, secret, b"user|email|1"),
            (sealed, sealing.new_secret(), place),
            *((text, secret, place) for text in (*changed, *(sealed[:length] for length in (1, 5, 17, 30)))),
        ):
            with pytest.raises(CannotOpen):
                sealing.open_sealed(wrong, secret=key, place=where)


def test_T76_each_suite_reads_what_the_other_wrote() -> None:
    secret = sealing.new_secret()
    for suite in SUITE_IDS:
        sealed = sealing.seal("x", person=PERSON, secret=secret, place=b"", suite=suite)
        assert sealing.open_sealed(sealed, secret=secret, place=b"") == "x"


def test_a_persons_key_opens_with_its_wrapping_key_alone() -> None:
    for suite in SUITE_IDS:
        known, secret = keys.parse(keys.fresh()), sealing.new_secret()
        wrapped = sealing.wrap(secret, person=PERSON, keys=known, suite=suite)
        assert secret not in wrapped
        assert sealing.unwrap(wrapped, person=PERSON, keys=known) == secret
        others = ((OTHER, known), (PERSON, keys.parse(keys.fresh())), (PERSON, keys.parse(keys.fresh(wrap=2))))
        for person, wrong in others:
            with pytest.raises(CannotOpen):
                sealing.unwrap(wrapped, person=person, keys=wrong)


def test_equal_means_equal_as_it_is_written() -> None:
    for kind, one, other, is_same in (
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
    ):
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


#: What stands in the file of keys, by what is wrong with it.
WEAK = {
    "nothing": "",
    "zeros": "wrap 1 " + "A" * 43 + "=",
    "short": "wrap 1 c2hvcnQ=\nindex 1 c2hvcnQ=",
    "no number": "wrap one two",
    "no base64": "wrap 1 ???\nindex 1 ???",
    "twice": keys.fresh() + keys.fresh(),
    "too high": keys.fresh().replace("wrap 1", "wrap 300"),
    "one half": keys.fresh().splitlines()[0],
    "one alone": f"wrap 1 {keys.fresh().split()[2]}",
    "the same twice": "wrap 1 {0}\nindex 1 {0}".format(keys.fresh().split()[2]),
}


def test_weak_keys_are_refused_in_one_sentence_without_the_key() -> None:
    for what, text in WEAK.items():
        with pytest.raises(keys.UnusableKeys) as refused:
            keys.parse(text)
        statement = str(refused.value)
        assert statement.endswith(".") or "make_vault_keys" in statement, what
        assert not any(len(word) > 20 and word in statement for word in text.split()), what


def lines_since(before: int) -> list[str]:
    return kept()[before:].decode().splitlines()


def test_T52_a_request_is_one_line_whatever_it_calls_itself(client: Client) -> None:
    for path in (
        f"/cases/{PHONE}/",
        "/cases/x%0d%0a2026-01-01 INFO forged line/",
        f"/nothing/{PHONE}%0aINFO forged/?q={PHONE}",
    ):
        before = len(kept())
        answer = client.get(
            path, headers={"user-agent": f"x\r\n2026-01-01 INFO forged {PHONE}", "referer": f"/{PHONE}\n"}
        )
        assert answer.status_code in (302, 404)
        lines = lines_since(before)
        assert len(lines) <= 1
        assert not any("forged" in line or PHONE in line for line in lines)


def test_T52_what_people_typed_in_wrong_is_in_no_log_and_the_search_would_see_it(client: Client) -> None:
    before = len(kept())
    values = {"address": CANARIES["name"], "idempotency_key": "0123456789abcdef"}
    assert client.post("/account/sign-in/", values).status_code == 422
    values |= {"email": CANARIES["email"], "password": "x" * 20}
    assert client.post("/account/sign-in/password/", values).status_code in (422, 429)
    assert not seen("\n".join(lines_since(before)).encode(), WORDS)
    # And says what this run has written until now.
    assert seen(kept(), WORDS) == []
    files = [one for one in logging.getLogger().handlers if isinstance(one, logging.FileHandler)]
    handler = next(one for one in files if "odr-test-log" in one.baseFilename)
    shown = handler.format(logging.LogRecord("x", logging.INFO, "", 0, f"sent to +86{PHONE}", None, None))
    assert seen(shown.encode(), WORDS) == ["phone"]
