"""Kinds of problem by likeness: which kinds' phrases share most pairs and triples of letters with a text. A naive Bayes
over the phrases of `phrases.toml`; its order is used, its probability means nothing (design: measured)."""

import math
import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("phrases.toml")
#: Added to every share, so that a pair that a kind never had does not rule it out.
_SMOOTHING = 0.03
#: Fewer known pairs say nothing.
_LEAST = 2
_NO_LETTER = re.compile(r"[\d\W_]+")


def _grams(text: str) -> set[str]:
    text = _NO_LETTER.sub(" ", text)
    return {gram for n in (2, 3) for i in range(len(text) - n + 1) if " " not in (gram := text[i : i + n])}


@cache
def _shares() -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """(kind → gram → which share of its phrases has it, gram → the mean share over all kinds)."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    of_kind: dict[str, dict[str, float]] = {}
    mean: dict[str, float] = defaultdict(float)
    for code, phrases in raw["phrases"].items():
        share: dict[str, float] = defaultdict(float)
        for phrase in phrases:
            texts = [phrase.replace("{x}", thing) for thing in raw["things"]] if "{x}" in phrase else [phrase]
            for text in texts:
                for gram in _grams(text):
                    share[gram] += 1 / len(texts) / len(phrases)
        of_kind[code] = share
        for gram, value in share.items():
            mean[gram] += value / len(raw["phrases"])
    return of_kind, mean


def likest(text: str, *, among: str, besides: bool = False) -> list[str]:
    """The kinds whose code begins with ``among`` (``besides``: those that do not), the likest first; none where the
    text shares too little with any."""
    of_kind, mean = _shares()
    grams = [gram for gram in _grams(text) if gram in mean]
    if len(grams) < _LEAST:
        return []
    odds = {
        code: sum(math.log((share.get(gram, 0) + _SMOOTHING) / (mean[gram] + _SMOOTHING)) for gram in grams)
        for code, share in of_kind.items()
        if code.startswith(among) != besides
    }
    return sorted(odds, key=lambda code: -odds[code])
