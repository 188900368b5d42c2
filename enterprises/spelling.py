"""One spelling for the eye's one name; pure, read by search and by routing.

Rule: two names are the same when their folded forms are the same.
"""

from __future__ import annotations

import re
import unicodedata

_DROPPED = re.compile(r"[\s·•.,，。、'’\"“”()（）\[\]【】<>《》&/_\-—]+")
LONGEST = 200


def fold(text: str) -> str:
    """NFKC, lower case, no punctuation, no spaces."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).casefold())[:LONGEST]


def grams_of(folded: str) -> list[str]:
    """Each character and each pair of neighbours, once: what two-character search needs."""
    pairs = (folded[i : i + 2] for i in range(len(folded) - 1))
    return list(dict.fromkeys([*folded, *pairs]))


def wanted_grams(folded: str) -> list[str]:
    """The grams a name must have to contain this fragment."""
    if len(folded) < 2:
        return [folded] if folded else []
    return list(dict.fromkeys(folded[i : i + 2] for i in range(len(folded) - 1)))
