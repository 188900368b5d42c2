"""The rows of cases as they stand, read as a delta says them (state.py): plain SQL, a statement a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from accounts.keys.sealed_fields import SealedText
from complaints.record import words
from complaints.record.columns import TABLES, Table
from complaints.record.state import base_of, columns_of, named_empty, written_base
from complaints.record.words import Stored

#: What a row points at that is of no row of its case.
_ELSEWHERE = "?"
#: Table, case and id of a row → its base.
Bases = dict[tuple[Table, int, int], str]


@dataclass(slots=True)
class Row:
    pk: int
    case_id: int
    base: str
    columns: dict[str, Any]
    words: dict[str, Stored]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the rows of one table are read. ``sql``: id, case, then the columns of ``key`` (table that it points at, how
    it is written), of ``columns`` (attribute, empty, the same two), of ``sealed``, and ``bound``, what those are bound
    to."""

    sql: str
    key: tuple[tuple[Table | None, Any], ...]
    columns: tuple[tuple[str, Any, Table | None, Any], ...]
    sealed: tuple[SealedText, ...]
    bound: tuple[str, ...]


@cache
def _plan(table: Table) -> _Plan:
    model, quoted = table.model, connection.ops.quote_name
    key, columns, sealed = base_of(table), columns_of(table), words.fields_of(table)
    bound = tuple(dict.fromkeys(name for one in sealed for name in one.place))
    through, _, case = table.case.rpartition("__")
    source, owner = f"{quoted(model._meta.db_table)} t", "t"
    if through:
        pointer: Any = model._meta.get_field(through)
        other = quoted(pointer.related_model._meta.db_table)
        source, owner = f"{source} join {other} o on o.id = t.{quoted(pointer.column)}", "o"
    plain: list[Any] = [model._meta.get_field(name) for name in (*(one.attname for one in sealed), *bound)]
    asked = [
        *("t.id", f"{owner}.{quoted(case)}"),
        *(column.sql for column in (*key, *columns)),
        *(f"t.{quoted(one.column)}" for one in plain),
    ]
    return _Plan(
        f"select {', '.join(asked)} from {source} where {owner}.{quoted(case)} {{}} order by t.id",  # noqa: S608
        tuple((column.to, column.stored) for column in key),
        tuple((column.attribute, column.stored_empty, column.to, column.stored) for column in columns),
        sealed,
        bound,
    )


@cache
def _pointed_at() -> frozenset[Table]:
    every = [column.to for table in TABLES for column in (*base_of(table), *columns_of(table))]
    return frozenset(table for table in every if table is not None)


def read(table: Table, ids: Collection[int], bases: Bases) -> Iterator[Row]:
    """The rows of one table as a delta says them, the oldest first; what is empty is left out."""
    plan = _plan(table)
    key_ends = 2 + len(plan.key)
    ends = key_ends + len(plan.columns)
    bound_from = ends + len(plan.sealed)
    is_pointed_at = table in _pointed_at()
    with connection.cursor() as cursor:
        low, high = min(ids), max(ids)
        # As `among` has it: a range costs less than a list of ids.
        if high - low < 4 * len(ids):
            cursor.execute(plan.sql.format("between %s and %s"), [low, high])
        else:
            cursor.execute(plan.sql.format("= any(%s)"), [list(ids)])
        rows = cursor.fetchall()
    wanted = frozenset(ids)
    for row in rows:
        pk, case_id = row[:2]
        if case_id not in wanted:
            continue
        said = []
        for value, (to, stored) in zip(row[2:key_ends], plan.key, strict=False):
            if value is not None and to is not None:
                value = bases.get((to, case_id, value), _ELSEWHERE)
            elif value is not None and stored is not None:
                value = stored(value)
            said.append(value)
        known = written_base(table, said)
        if is_pointed_at:
            bases[table, case_id, pk] = known
        written = {}
        for value, (attribute, empty, to, stored) in zip(row[key_ends:ends], plan.columns, strict=False):
            # Most columns of most rows are empty.
            if value is None or value == empty:
                continue
            if stored is not None:
                value = stored(value)
                if value is None:
                    continue
            elif to is not None:
                value = bases.get((to, case_id, value), _ELSEWHERE)
            written[attribute] = value
        kept = {}
        for one, raw in zip(plan.sealed, row[ends:bound_from], strict=True):
            if raw:
                place = dict(zip(plan.bound, row[bound_from:], strict=True))
                kept[one.attname] = Stored(one, bytes(raw), tuple([place[name] for name in one.place]))
        yield Row(pk, case_id, known, written, kept)


def of_case(case_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Every row of a case as it stands, each with its base; for the entry that takes the state over."""
    bases: Bases = {}
    return [
        (row.base, named_empty(table) | row.columns | (words.standing_marks(table, there[row.pk]) if row.words else {}))
        for table in TABLES
        for there in [table.model._default_manager.in_bulk(_with_words(table, case_id))]
        for row in read(table, [case_id], bases)
    ]


def _with_words(table: Table, case_id: int) -> list[int]:
    rows = table.model._default_manager.filter(**{table.case: case_id})
    return list(rows.values_list("pk", flat=True)) if words.fields_of(table) else []
