"""Looking for a case in a list by what somebody typed: its number, words of what it is about, or the consumer's whole
phone, name or order number.

Numbers and words are found by an index; where too many cases have a word, and for a piece of a number, a
bounded number of rows is compared, so that nothing typed can make a page slow.
"""

import re
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Model, Q, QuerySet

from complaints.procedure.numbering import tidy
from complaints.record.person_digests import cases_of

#: A word that more cases have than this tells little: it is looked for in the cases of the list, of a long list in so
#: many, the newest.
LOOKED_THROUGH = 2000
#: What may be a piece of a number, and not a word alone; some have no figure in them.
_PIECE = re.compile(r"[0-9A-Za-z-]{3,}")
_BEGINNING = re.compile(r"\d{8}(-[0-9A-Z-]{0,17})?")

Row = TypeVar("Row", bound=Model)


def number_in(text: str) -> str:
    """A whole number as it is written, the beginning of one, or "" for anything else."""
    typed = text.strip().upper()
    return tidy(typed) or (typed if _BEGINNING.fullmatch(typed) else "")


def numbered(beginning: str, *, path: str = "") -> dict[str, str]:
    """The condition that a number begins like this.

    Between two texts, not "like": only a comparison that gives nothing away may look into an index before row-level
    security has had its say.
    """
    return {f"{path}number__gte": beginning, f"{path}number__lt": f"{beginning}\uffff"}


class _Known(NamedTuple):
    """Ids of cases whose goods or service has these words, large or small, with or without spaces (None for what no
    index tells: one character, a word of more than ``LOOKED_THROUGH`` cases, several offices); that were filed with
    exactly this; whose ticket it is."""

    worded: list[int] | None
    filed: list[int]
    tickets: list[int]


def _known(text: str, tickets: QuerySet[Any, Any] | None) -> _Known:
    """Within what the caller sees; one statement."""
    texts = ["cases_with_words(%s, %s)"]
    values: list[Any] = [text, LOOKED_THROUGH]
    for ids in (cases_of(text), tickets):
        if ids is None or ids.query.is_empty():
            texts.append("'{}'::bigint[]")
        else:
            sql, params = ids.query.sql_with_params()
            texts.append(f"array({sql})")
            values += params
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(texts)}", values)
        return _Known(*cursor.fetchone())


def matching(
    rows: QuerySet[Row], text: str, *, path: str = "", newest_by: str = "", tickets: QuerySet[Any, Any] | None = None
) -> QuerySet[Row]:
    """Rows whose case has this number or these words, or was filed with exactly this; ``path`` leads to the case.
    ``newest_by``: for long lists, the date by which the newest rows are compared. ``tickets``: ids of cases that bear
    this as the asker's own ticket; such a case is meant, whatever the word may mean elsewhere."""
    number = number_in(text)
    if number and tickets is None:
        return rows.filter(**numbered(number, path=path))
    known, among = _known(text, tickets), f"{path.removesuffix('__') or 'pk'}__any_of"
    if known.tickets:
        return rows.filter(**{among: known.tickets})
    if number:
        return rows.filter(**numbered(number, path=path))
    compared = Q()
    if known.worded is None:
        compared |= Q(**{f"{path}item_name__icontains": text})
    if _PIECE.fullmatch(text):
        compared |= Q(**{f"{path}number__contains": text.upper()})
    if compared and newest_by:
        compared &= Q(pk__in=rows.order_by(f"-{newest_by}", "-pk").values("pk")[:LOOKED_THROUGH])
    # Of a case that was given up nobody may try phone numbers.
    result = Q(**{among: [*(known.worded or ()), *(() if path else known.filed)]})
    return rows.filter(compared | result if compared else result)
