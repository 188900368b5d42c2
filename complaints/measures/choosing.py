"""Which cases a measure is about, and with which amount: from a table, pasted lines, or the list that somebody looks
at.

What cannot be used is named with its reason and left out; a case that somebody does not see reads like
one that does not exist.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.handling import WrongInput
from complaints.handling.transition import saying
from complaints.models import Complaint
from complaints.tables.exporting.columns import COLUMNS

MOST_CASES = 500
#: What is only told of a line: its case is chosen all the same.
TOLD = "told"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A case that gets nothing from this measure, and why."""

    number: str
    why: str
    step: str = "make_offer"

    def kept(self) -> dict[str, str]:
        return {"number": self.number, "why": self.why, "step": self.step}


@dataclass(frozen=True, slots=True)
class Pick:
    """One chosen case; ``word`` is the amount, or what else a table says beside its number."""

    case: int
    number: str
    word: str = ""

    def kept(self) -> dict[str, str | int]:
        return {"case": self.case, "number": self.number, "amount": self.word}


def picks_of(kept: Iterable[dict[str, str | int]]) -> list[Pick]:
    return [Pick(int(one["case"]), str(one["number"]), str(one["amount"])) for one in kept]


def from_lines(
    lines: Iterable[tuple[int, Sequence[str]]], cases: QuerySet[Complaint]
) -> tuple[list[Pick], list[LeftOut]]:
    """Number first, then (if need be) an amount or a proof; a heading may stand above. ``cases``: what the person
    sees."""
    said: dict[str, list[str]] = {}
    headings = _headings()
    for _line, cells in lines:
        number, word = (
            unicodedata.normalize("NFKC", cells[0]).strip().upper(),
            (cells[1].strip() if len(cells) > 1 else ""),
        )
        if not number or number.casefold() in headings:
            continue
        said.setdefault(number, []).append(word)
        if len(said) > MOST_CASES:
            raise WrongInput("too_many", _("一次最多%(n)s件，请分成几次。") % {"n": MOST_CASES}, field="lines")
    found = dict(cases.filter(number__in=said).values_list("number", "pk"))
    picks, left = list[Pick](), list[LeftOut]()
    for number, words in said.items():
        different = _different(words)
        if number not in found:
            left.append(LeftOut(number, _("没有找到这件投诉。")))
        elif len(different) > 1:
            left.append(
                LeftOut(number, _("写了两次，写的不一样：%(words)s。请核对。") % {"words": "、".join(different)})
            )
        else:
            picks.append(Pick(found[number], number, different[0] if different else ""))
            if len(words) > 1:
                left.append(LeftOut(number, _("写了两次，只算一次。"), TOLD))
    return picks, left


def _different(words: Sequence[str]) -> list[str]:
    """What stands beside one number in several lines: the same amount in other words is said once, nothing says
    nothing.
    """
    found: dict[Decimal | str, str] = {}
    for word in filter(None, words):
        try:
            found.setdefault(saying.money(word, "amount") or Decimal(0), word)
        except WrongInput:
            found.setdefault(word, word)
    return list(found.values())


def _headings() -> set[str]:
    found = {"number"}
    for language, _name in settings.LANGUAGES:
        with override(language):
            found.add(str(COLUMNS["number"].title).casefold())
    return found


def amount_of(pick: Pick) -> Decimal | None:
    """The amount beside the number. Raises WrongInput."""
    return saying.money(pick.word, "amount")
