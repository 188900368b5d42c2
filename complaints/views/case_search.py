"""Looking for a case in a list by what somebody typed: its number, words of what it is about, or the consumer's whole
phone, name or order number.

The one rule: numbers and words are found by an index; where too many cases have a word, and for a piece of a number, a bounded
number of rows is compared, so that nothing typed can make a page slow.
"""

from __future__ import annotations

import re
from typing import TypeVar

from django.db import connection
from django.db.models import Model, Q, QuerySet

from complaints.numbering import tidy
from complaints.person_digests import cases_of

#: A word that more cases have than this tells little: it is looked for in the cases of the list, of a long list in so many, the newest.
LOOKED_THROUGH = 2000
#: What may be a piece of a number, and not a word alone.
_PIECE = re.compile(r"(?=.*\d)[0-9A-Za-z-]+")
_BEGINNING = re.compile(r"\d{8}(-[0-9A-Z]{0,12}(-[0-9A-Z]?)?)?")

Row = TypeVar("Row", bound=Model)


def number_in(words: str) -> str:
    """A whole number as it is written, the beginning of one, or "" for anything else."""
    typed = words.strip().upper()
    return tidy(typed) or (typed if _BEGINNING.fullmatch(typed) else "")


def numbered(beginning: str, *, path: str = "") -> dict[str, str]:
    """The condition that a number begins like this.

    Between two texts, not "like": only a comparison that gives nothing away may look into an index before row-level
    security has had its say.
    """
    return {f"{path}number__gte": beginning, f"{path}number__lt": f"{beginning}\uffff"}


def containing(words: str) -> list[int] | None:
    """Ids of the cases within the caller's sight whose goods or service has these words, large or small, with or without
    spaces; None for what no index tells: one character, a word of more than ``LOOKED_THROUGH`` cases, several offices.
    """
    with connection.cursor() as cursor:
        cursor.execute("select cases_with_words(%s, %s)", [words, LOOKED_THROUGH])
        found: list[int] | None = cursor.fetchone()[0]
    return found


def matching(rows: QuerySet[Row], words: str, *, path: str = "", newest_by: str = "") -> QuerySet[Row]:
    """Rows whose case has this number or these words, or was filed with exactly this; ``path`` leads to the case.

    ``newest_by`` is given for long lists: the date by which its newest rows are taken where rows are compared.
    """
    number = number_in(words)
    if number:
        return rows.filter(**numbered(number, path=path))
    compared, ids = Q(), containing(words)
    if ids is None:
        compared |= Q(**{f"{path}item_name__icontains": words})
    if _PIECE.fullmatch(words):
        compared |= Q(**{f"{path}number__contains": words.upper()})
    if compared and newest_by:
        compared &= Q(pk__in=rows.order_by(f"-{newest_by}", "-pk").values("pk")[:LOOKED_THROUGH])
    # Of a case that was given up nobody may try phone numbers.
    known = [*(ids or ()), *(() if path else cases_of(words))]
    found = Q(**{f"{path.removesuffix('__') or 'pk'}__among": known})
    return rows.filter(compared | found if compared else found)
