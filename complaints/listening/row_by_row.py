"""Whether the words of an answer refuse what one of its rows grants, or give what a row refuses: each demand by the
clauses that speak of it. Pure: a folded text and rows in, places out (docs/how-to/offers.md)."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from complaints.listening.answer_patterns import answer_patterns
from complaints.listening.numbers import sums

_CLAUSE = re.compile(r"[^,。;!?:\n]+")
_QUOTED = re.compile(r"[“\"「『][^”\"」』]*[”\"」』]")
#: A sentence is read so many letters back.
_SENTENCE = 120
#: What was asked for, before a refusal in the same clause: 您要求的600元我们赔不了.
_ASKED = re.compile(r"(?:要求|提出|主张|申请|想要?)[^,。;!]{1,16}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One demand's row: ``verdict`` grant, part or refuse; ``amount`` what is granted, ``asked`` what was asked for."""

    kind: str
    verdict: str
    amount: Decimal | None = None
    asked: Decimal | None = None


def contradicted(folded: str, rows: Sequence[Said]) -> Iterator[tuple[str, int, int]]:
    """``text_refuses`` or ``text_grants`` with the place of a clause, for each row that all clauses about its demand
    contradict. Two rows of one kind are not told apart, so nothing is said of them."""
    text = _QUOTED.sub(lambda hit: "“" * len(hit[0]), folded)
    kinds = [row.kind for row in rows]
    for row in rows:
        if kinds.count(row.kind) > 1 or not _is_about(row.kind):
            continue
        others = [kind for kind in kinds if kind != row.kind]
        gives, refuses, is_unclear = _clauses_about(text, row.kind, others)
        if row.verdict == "refuse":
            if gives and not refuses and not is_unclear:
                yield "text_grants", *gives[0]
        elif refuses and not gives and not (row.verdict == "part" and names(text, row.amount)):
            yield "text_refuses", *refuses[0]


def _clauses_about(
    text: str, kind: str, others: Sequence[str]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], bool]:
    """The clauses that give it, those that refuse it, and whether some other clause may refuse it too."""
    gives, refuses, is_unclear = list[tuple[int, int]](), list[tuple[int, int]](), False
    for hit in _CLAUSE.finditer(text):
        clause, no = hit[0], _found("refusing", hit[0])
        if not speaks_of(clause, [kind]):
            is_unclear |= no is not None and not speaks_of(clause, others)
        elif is_provided(text, hit.end()):
            continue
        elif no:
            told = _found("told_of", clause)
            if told is None or told.start() >= no.start() or _ASKED.search(clause[: no.start()]):
                refuses.append(hit.span())
            else:
                is_unclear = True
        elif _found("giving", clause) and not _found("told_of", clause):
            gives.append(hit.span())
    return gives, refuses, is_unclear


def is_provided(folded: str, at: int) -> bool:
    """Whether the sentence says before this place on what the rest depends."""
    nearest = max(0, at - _SENTENCE)
    begins = max(nearest, *(folded.rfind(sign, nearest, at) + 1 for sign in "。;!?\n"))
    return _found("provided", folded[begins:at]) is not None


def speaks_of(clause: str, kinds: Collection[str]) -> bool:
    """Whether a clause speaks of one of these kinds of demand."""
    return any(row.code in kinds and row.words.search(clause) for row in answer_patterns().of("about"))


def _is_about(kind: str) -> bool:
    return any(row.code == kind for row in answer_patterns().of("about"))


def _found(name: str, clause: str) -> re.Match[str] | None:
    hits = (hit for row in answer_patterns().of(name) if (hit := row.found_in(clause)))
    return next(hits, None)


def names(folded: str, amount: Decimal | None) -> bool:
    """Whether the words name this sum, also without a 元."""
    return amount is not None and (
        any(one.yuan == amount for one in sums(folded))
        or re.search(rf"(?<![\d.]){amount.normalize():f}(?![\d%]|\.\d|[年月日号天点次])", folded) is not None
    )
