"""Whether two statements are the same text again, and by what the database finds the copies of one that it cannot read.

What stands in the database are digests of marks (person_digests.py); marks alike only make a candidate,
and whether it is the same text is asked of the texts themselves.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from collections.abc import Iterable

from rapidfuzz.fuzz import ratio

#: So many parts of a hundred must be equal.
NEAR_IDENTICAL = 90
#: A shorter text is like any other (“没有收到货”).
SHORTEST_COMPARED = 15
#: Letters that are looked at together, and how many least values make one of the four marks.
_GRAM, _ROWS, _MARKS = 3, 3, 4
_VALUES = struct.Struct(f"<{_ROWS * _MARKS}I")


def bare(text: str) -> str:
    """Letters and figures alone: spaces, marks and widths say nothing about whether it is the same again."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def same_text(there: str, here: str) -> bool:
    """Near-identical, and long enough to say something."""
    return likeness(there, here) >= NEAR_IDENTICAL


def likeness(there: str, here: str) -> int:
    """Parts of a hundred that are equal, rounded down; 0 below ``NEAR_IDENTICAL`` and for short texts."""
    there, here = bare(there), bare(here)
    if min(len(there), len(here)) < SHORTEST_COMPARED:
        return 0
    return int(ratio(there, here, score_cutoff=NEAR_IDENTICAL))


def marks(text: str) -> tuple[str, ...]:
    """Four marks of a text: two texts that are nearly the same have one in common (of a hundred pairs with every
    twentieth letter changed 85 have; of unlike ones fewer than one in a thousand). None for a short text. Least values
    of hashes over all triples of letters (Broder, 1997)."""
    said = bare(text)
    if len(said) < SHORTEST_COMPARED:
        return ()
    least = [min(column) for column in zip(*map(_hashes, _grams(said)), strict=True)]
    return tuple(
        f"{part}:{'.'.join(str(value) for value in least[part * _ROWS : (part + 1) * _ROWS])}" for part in range(_MARKS)
    )


def _grams(said: str) -> Iterable[str]:
    return {said[at : at + _GRAM] for at in range(len(said) - _GRAM + 1)}


def _hashes(gram: str) -> tuple[int, ...]:
    return _VALUES.unpack(hashlib.blake2b(gram.encode(), digest_size=_VALUES.size).digest())
