"""How much a text is like the answers that are known, as a sum of weights of its letters, pairs of letters, kinds of
words and their order. The weights are learnt from texts that say what they are (benchmarks/answers/weights.py) and lie
in `answer_weights.tsv`. Pure: a text in, a number out; above 0 it is more like the poor ones. Nothing here decides."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from complaints.listening.answer_patterns import answer_patterns
from complaints.listening.weights import Weights, read

FILE = Path(__file__).with_name("answer_weights.tsv")
#: What is scored. ``alone``: a threat or a condition; ``condition``: rather a condition than a threat; ``empty``: says
#: nothing that can be checked; ``refuses``: says no, where it is far enough from 0.
SCORES = ("alone", "condition", "empty", "refuses")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SENTENCE = re.compile(r"[^。;!?\n]+[。;!?\n]*")


@cache
def weights() -> Weights:
    return read(FILE)


def marks(text: str) -> set[str]:
    """Letters, pairs of letters, kinds of words ``{V}`` and their order ``{V>E}`` in a folded text without spaces; all
    numbers are one."""
    text = _NUMBER.sub("0", text.replace("\n", "。"))
    first, last = dict[str, int](), dict[str, int]()
    for row in answer_patterns().of("words"):
        for hit in row.words.finditer(text):
            first.setdefault(row.code, hit.start())
            last[row.code] = hit.start()
    return {
        *text,
        *map("".join, pairwise(text)),
        *(f"{{{one}}}" for one in first),
        *(f"{{{one}>{two}}}" for one in first for two in last if one != two and first[one] < last[two]),
    }


def score(name: str, text: str) -> float:
    return weights().scores(marks(text))[name]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends."""
    for hit in _SENTENCE.finditer(text):
        yield hit.span()
