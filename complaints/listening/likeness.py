"""Kinds of problem by likeness: how close a text is to the phrases of each kind (`phrases.toml`), by the letters, pairs
and triples of letters that both have. The order is used, the numbers mean nothing (how often it is right:
docs/how-to/listening.md)."""

import math
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from pathlib import Path

FILE = Path(__file__).with_name("phrases.toml")
#: A kind is as close as so many of its phrases together that are closest.
_CLOSEST = 6
#: Phrases are short: beside a short one a long one weighs a little less than by the cosine.
_BY_LENGTH = 0.9
#: Fewer known pairs and triples say nothing.
_LEAST = 2
_NO_LETTER = re.compile(r"[\d\W_]+")


def _grams(text: str) -> set[str]:
    text = _NO_LETTER.sub(" ", text)
    return {gram for n in (1, 2, 3) for i in range(len(text) - n + 1) if " " not in (gram := text[i : i + n])}


@dataclass(frozen=True, slots=True)
class _Phrases:
    """``kinds``: of each phrase by its number; ``holders``: gram → the numbers of the phrases that have it, and how
    much it counts in each."""

    kinds: list[str]
    holders: dict[str, tuple[list[int], list[float]]]


@cache
def phrases() -> _Phrases:
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    kinds: list[str] = []
    # gram → which share of its wordings has it
    shares: list[dict[str, float]] = []
    for code, each in raw["phrases"].items():
        for phrase in each:
            wordings = [phrase.replace("{x}", thing) for thing in raw["things"]] if "{x}" in phrase else [phrase]
            share: dict[str, float] = defaultdict(float)
            for wording in wordings:
                for gram in _grams(wording):
                    share[gram] += 1 / len(wordings)
            kinds.append(code)
            shares.append(share)
    times = Counter(gram for share in shares for gram in share)
    rarity = {gram: math.log(1 + (len(shares) - n + 0.5) / (n + 0.5)) for gram, n in times.items()}
    holders: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
    for number, share in enumerate(shares):
        length = math.hypot(*(part * rarity[gram] for gram, part in share.items()))
        for gram, part in share.items():
            numbers, weights = holders[gram]
            numbers.append(number)
            weights.append(part * rarity[gram] ** 2 / length**_BY_LENGTH)
    return _Phrases(kinds, dict(holders))


def closeness(text: str) -> dict[str, float]:
    """How close the text is to each kind that shares anything with it, to be compared with each other; nothing where it
    shares too little with any."""
    known = phrases()
    grams = [gram for gram in _grams(text) if gram in known.holders]
    if sum(len(gram) > 1 for gram in grams) < _LEAST:
        return {}
    sums = [0.0] * len(known.kinds)
    for gram in grams:
        for number, weight in zip(*known.holders[gram], strict=True):
            sums[number] += weight
    of_kind: dict[str, list[float]] = defaultdict(list)
    for code, close in zip(known.kinds, sums, strict=True):
        if close:
            of_kind[code].append(close)
    return {code: sum(nlargest(_CLOSEST, each)) for code, each in of_kind.items()}
