"""Looking for a case in a list by what somebody typed: its number, words of what it is about, or the consumer's whole
phone, name or order number.

The one rule: a number is found by an index; words are compared with a bounded number of rows, so
that no word can make a page slow.
"""

from __future__ import annotations

import re
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from complaints.numbering import tidy
from complaints.person_digests import cases_of

#: Among closed cases words are looked for in so many, the newest of the list.
LOOKED_THROUGH = 2000
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


def matching(rows: QuerySet[Row], words: str, *, path: str = "", newest_by: str = "") -> QuerySet[Row]:
    """Rows whose case has this number or these words, or was filed with exactly this; ``path`` leads to the case.

    ``newest_by`` is given for long lists: the date by which its newest rows are taken.
    """
    number = number_in(words)
    if number:
        return rows.filter(**numbered(number, path=path))
    if newest_by:
        newest = rows.order_by(f"-{newest_by}", "-pk").values("pk")[:LOOKED_THROUGH]
        here = Q(pk__in=newest)
    else:
        here = Q()
    found = here & _worded(words, path)
    # Of a case that was given up nobody may try phone numbers.
    ids = [] if path else cases_of(words)
    return rows.filter(found | Q(pk__in=ids)) if ids else rows.filter(found)


def _worded(words: str, path: str) -> Q:
    """These words in the number or in what was bought, large or small.

    Both are folded for each case of a list, which costs more than the comparison: words without letters that have two
    sizes (Chinese, figures) are compared as they stand, and what no number can hold is not looked for in numbers.
    """
    how = "contains" if words.upper() == words.lower() else "icontains"
    found = Q(**{f"{path}item_name__{how}": words})
    return found | Q(**{f"{path}number__{how}": words}) if words.isascii() else found
