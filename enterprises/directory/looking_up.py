"""Looks names up while somebody types: whole, by its beginning, by pinyin initials, by a piece, with a slip.

It costs a few rows, however large the directory and however common the piece. Each way stops at `most` rows, and
a later one is walked only if those before left room; which of them is best is decided by whoever asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from rapidfuzz.fuzz import partial_ratio

from enterprises.directory.spelling import COMMON, wanted_grams
from enterprises.models import Enterprise, SearchName

#: A slip is looked for in this much of what was typed: each letter costs a look into the index.
SLIP_WITHIN = 12
#: So many pairs of a term narrow it down; each further one is a list to walk and finds nothing new.
PAIRS_ASKED = 4


class FoundName(NamedTuple):
    """A name with what is shown of its enterprise, read in one statement."""

    enterprise_id: int
    branch_id: int | None
    kind: str
    text: str
    folded: str
    initials: str
    enterprise_name: str
    enterprise_name_en: str
    enrolment: str


#: Each way reads an index of its own; their order is that of likelihood.
_WHOLE = "folded = %(whole)s"
_BEGINNING = "folded like %(beginning)s"
_INITIALS = "initials like %(beginning)s"
#: The letters come first, being cheap to compare where the whole table is walked: as it is for pairs that many names
#: have. The planner is kept from taking both conditions for independent (hence `coalesce`), or it would walk the index,
#: which has to note every one of thousands of rows before the first is read.
_PIECES = "coalesce({pieces}, false) and grams @> %(grams)s::varchar[]"
_WAY = f"""(select enterprise_id, branch_id, kind, text, folded, initials from {SearchName._meta.db_table}
 where ({{condition}}) and (starts_on is null or starts_on <= %(on)s) and (ends_on is null or ends_on >= %(on)s)
 limit %(most)s)"""  # noqa: S608
_FIRMS = f"""select found.*, firm.name, firm.name_en, firm.enrolment
 from (select * from ({{ways}}) as every_way limit %(most)s) as found
 join {Enterprise._meta.db_table} as firm on firm.id = found.enterprise_id"""  # noqa: S608


def looked_up(terms: Sequence[str], *, on: dt.date, most: int) -> list[FoundName]:
    """At most so many names that hold on the day and have all the folded terms in them; one statement."""
    whole = "".join(terms)
    pieces = {f"piece_{number}": f"%{_escaped(term)}%" for number, term in enumerate(terms)}
    in_pieces = _PIECES.format(pieces=" and ".join(f"folded like %({name})s" for name in pieces))
    ways = [_WHOLE, in_pieces] if len(terms) > 1 else [_WHOLE, _BEGINNING, in_pieces]
    if whole.isascii() and whole.isalnum() and len(whole) > 1:
        ways.insert(-1, _INITIALS)
    said = {
        **pieces,
        "whole": whole,
        "beginning": f"{_escaped(whole)}%",
        "grams": [gram for term in terms for gram in _telling(term)],
    }
    return list(dict.fromkeys(_walked(ways, said, on=on, most=most)))


def slipped(terms: Sequence[str], *, on: dt.date, most: int) -> list[FoundName]:
    """Names with one letter wrong, missing or too many, likest first; one statement.

    What was typed is looked up once without each of its letters: what stands before it and after it
    has to be in the name. A wrong letter spoils two pairs, so no whole of pairs would find it.
    """
    whole = "".join(terms)[:SLIP_WITHIN]
    if len(whole) < 3:
        return []
    said = {
        f"without_{place}": [*wanted_grams(whole[:place]), *wanted_grams(whole[place + 1 :])]
        for place in range(len(whole))
    }
    condition = " or ".join(f"grams @> %({name})s::varchar[]" for name in said)
    names = [name for name in _walked([condition], said, on=on, most=most) if len(name.folded) >= len(whole) - 1]
    likeness = {name: partial_ratio(whole, name.folded) for name in names}
    # One letter of n wrong leaves n - 1 of n.
    enough = 100 * (len(whole) - 1) / len(whole) - 1
    return sorted(
        (name for name in names if likeness[name] >= enough), key=lambda name: (-likeness[name], len(name.folded))
    )


def _walked(ways: Sequence[str], said: Mapping[str, Any], *, on: dt.date, most: int) -> list[FoundName]:
    """What was typed travels as parameters; only our own conditions are put together."""
    sql = _FIRMS.format(ways=" union all ".join(_WAY.format(condition=way) for way in ways))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**said, "on": on, "most": most})
        return [FoundName(*row) for row in cursor.fetchall()]


def _telling(term: str) -> list[str]:
    """A few pairs of the term from all along it, without those that most names have."""
    pairs = wanted_grams(term)
    telling = [pair for pair in pairs if pair not in COMMON] or pairs
    return telling[:: -(-len(telling) // PAIRS_ASKED)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
