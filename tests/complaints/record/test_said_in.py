"""Texts of the record are read as the standard library reads JSON, whatever somebody wrote into them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from complaints.record.record import said_in

_BODY = json.dumps(
    {
        "case": "20261118-7K3Q9M2PT4RA-5",
        "sequence": 2,
        "data": {"n": 1.5, "of": [None, True, -3]},
        "said": "好\n\ud83d\ude00",
    }
)
_ODD = [
    *("{", "}", "[", "]", ":", ",", '"', "\\", "-", "+", ".", "e", "0", "01", ".5", "1e999", "-0", "-0.0", "/**/"),
    *("NaN", "-Infinity", '"\\ud800"', "\\udc00", '"a":1,"a":2,'),
    *(" ", "\x00", "\x1f", "\x7f", "\ufeff", "\u2028", "\ud800"),
    *(str(2**63), str(-(2**63) - 1), str(2**64 + 1), "9" * 400, "9" * 5000, "0.1" + "0" * 40 + "1", "1" * 30 + ".5"),
]


def _read(reader: Any, text: str) -> tuple[str, str]:
    try:
        return "read", repr(reader(text))
    except ValueError:
        return "refused", ""


@pytest.mark.parametrize("text", _ODD)
def test_odd_texts_are_read_as_the_standard_library_reads_them(text: str) -> None:
    for whole in (text, f"[{text}]", f'{{"a": {text}}}', f'["{text}"]'):
        assert _read(said_in, whole) == _read(json.loads, whole), whole


def test_changed_entries_are_read_as_the_standard_library_reads_them() -> None:
    chance = random.Random(22)
    for _ in range(20_000):
        text = _BODY
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice([*_ODD, ""]) + text[at + chance.randint(0, 3) :]
        assert _read(said_in, text) == _read(json.loads, text), text


def test_what_is_nested_too_deeply_is_refused_by_both() -> None:
    for reader in (said_in, json.loads):
        with pytest.raises(RecursionError):
            reader("[" * 200_000 + "]" * 200_000)
