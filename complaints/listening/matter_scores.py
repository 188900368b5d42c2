"""How much a story is like the matters of other bodies that are known, as a sum of weights of its letters, pairs of
letters and of which rows of `duties.toml` have words in it. The weights are learnt from stories that say whose they are
(benchmarks/learning/matters.py) and lie in `matter_weights.tsv`. Pure. Nothing here decides: a body is asked about."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from complaints.listening.patterns import patterns
from complaints.listening.weights import Weights, read
from complaints.procedure.duties import duties

FILE = Path(__file__).with_name("matter_weights.tsv")
#: The score for any body's matter; the others are named by the code of theirs.
ELSEWHERE = "elsewhere"
#: Fewer known marks say nothing.
_LEAST = 25
#: Whose matter it is: so many bodies at most, and none whose score lies further below the highest.
MOST_BODIES, _NEAR = 3, 0.5
#: What a body whose row has words in the story has ahead of the others.
_AHEAD = 0.4
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NO_LETTER = re.compile(r"\W+")
#: Rows of `around` that say what else is named.
_AROUND = ("seller", "purchase", "employer", "another_party")


@cache
def weights() -> Weights:
    return read(FILE)


@cache
def words_of_marks() -> list[tuple[str, re.Pattern[str]]]:
    """(name, words that put this mark into a story): matters of other bodies, demands, carriers, what else is named."""
    around = [(name, patterns().one("around", name)) for name in _AROUND]
    firms = [("firm", row.words) for row in patterns().of("firms")]
    demands = [(row.code, row.words) for row in patterns().of("demands")]
    spoken = [(code, words) for code, duty in duties().items() for words in (duty.matter, duty.words) if words]
    carried = [(f"{code}!", duty.matter) for code, duty in duties().items() if duty.matter]
    return [*around, *firms, *demands, *spoken, *carried]


def letters(text: str) -> set[str]:
    """Letters and pairs of letters of a folded text; all numbers are one."""
    text = _NO_LETTER.sub(" ", _NUMBER.sub("0", text))
    return {mark for mark in (*text, *map("".join, pairwise(text))) if " " not in mark}


def marks(text: str) -> set[str]:
    return letters(text) | {f"{{{name}}}" for name, words in words_of_marks() if words.search(text)}


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much a story is ``like`` the matters of other bodies, above 0 rather than not; 0 where its words are too few
    or unknown. ``bodies``: the score of each."""

    like: float
    bodies: dict[str, float]

    def likeliest(self, known: str) -> list[str]:
        """Whose matter it may be, likeliest first; ``known``: the one whose words were found, or nothing."""
        bodies = {code: score + (_AHEAD if code == known else 0) for code, score in self.bodies.items()}
        ordered = sorted(bodies, key=lambda code: -bodies[code])[:MOST_BODIES]
        return [code for code in ordered if bodies[code] > bodies[ordered[0]] - _NEAR]


def likeness(text: str) -> Likeness:
    found = marks(text)
    bodies = weights().scores(found)
    like = bodies.pop(ELSEWHERE)
    return Likeness(like if sum(mark in weights().of for mark in found) >= _LEAST else 0.0, bodies)


def like(clause: str) -> float:
    """As of a whole story, by its letters alone."""
    return weights().scores(letters(clause))[ELSEWHERE]
