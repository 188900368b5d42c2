"""The rows of cases as they stand, read as a delta says them (state.py): plain SQL, a statement a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
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


#: Id, case, base, its columns as a delta says them, and its words by their column.
Row = tuple[int, int, str, dict[str, Any], dict[str, Stored]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the rows of one table are read. ``sql``: id, case, then the columns of ``key`` (table that it points at, how
    it is written), of ``columns``, of ``sealed``, and what those are bound to. ``written``: those of ``columns`` that
    point at a row or are written otherwise. ``sealed``: place in the row, column, and what of the row it is bound
    to."""

    sql: str
    key: tuple[tuple[Table | None, Any], ...]
    columns: tuple[str, ...]
    written: tuple[tuple[str, Table | None, Any], ...]
    sealed: tuple[tuple[int, SealedText, Callable[[tuple[Any, ...]], tuple[Any, ...]]], ...]


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
        *(column.sql for column in key),
        *(column.filled_sql for column in columns),
        *(f"t.{quoted(one.column)}" for one in plain),
    ]
    sealed_from = 2 + len(key) + len(columns)
    places = {name: sealed_from + len(sealed) + nth for nth, name in enumerate(bound)}
    return _Plan(
        f"select {', '.join(asked)} from {source} where {owner}.{quoted(case)}",  # noqa: S608
        tuple((column.to, column.stored) for column in key),
        tuple(column.attribute for column in columns),
        tuple((column.attribute, column.to, column.stored) for column in columns if column.to or column.stored),
        tuple(
            (sealed_from + nth, one, _taking([places[name] for name in one.place])) for nth, one in enumerate(sealed)
        ),
    )


def _taking(places: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """These of the values of a row."""
    return itemgetter(*places) if len(places) > 1 else lambda row: tuple([row[place] for place in places])


@cache
def _pointed_at() -> frozenset[Table]:
    every = [column.to for table in TABLES for column in (*base_of(table), *columns_of(table))]
    return frozenset(table for table in every if table is not None)


def read(table: Table, ids: Collection[int], bases: Bases) -> Iterator[Row]:
    """The rows of one table as a delta says them, the oldest first; what is empty is left out."""
    plan = _plan(table)
    columns_from = 2 + len(plan.key)
    is_pointed_at = table in _pointed_at()
    with connection.cursor() as cursor:
        low, high = min(ids), max(ids)
        # As `among` has it: a range costs less than a list of ids.
        if high - low < 4 * len(ids):
            cursor.execute(f"{plan.sql} between %s and %s order by t.id", [low, high])
        else:
            cursor.execute(f"{plan.sql} = any(%s) order by t.id", [list(ids)])
        rows = cursor.fetchall()
    wanted = frozenset(ids)
    for row in rows:
        pk, case_id = row[:2]
        if case_id not in wanted:
            continue
        said = []
        for value, (to, stored) in zip(row[2:columns_from], plan.key, strict=True):
            if value is not None and to is not None:
                value = bases.get((to, case_id, value), _ELSEWHERE)
            elif value is not None and stored is not None:
                value = stored(value)
            said.append(value)
        known = written_base(table, said)
        if is_pointed_at:
            bases[table, case_id, pk] = known
        # Most columns of most rows are empty.
        values = zip(plan.columns, row[columns_from:], strict=False)
        columns = {attribute: value for attribute, value in values if value is not None}
        for attribute, to, stored in plan.written:
            if (value := columns.get(attribute)) is None:
                continue
            if to is not None:
                columns[attribute] = bases.get((to, case_id, value), _ELSEWHERE)
            elif (value := stored(value)) is not None:
                columns[attribute] = value
            else:
                del columns[attribute]
        kept = {one.attname: Stored(one, bytes(row[nth]), bound(row)) for nth, one, bound in plan.sealed if row[nth]}
        yield pk, case_id, known, columns, kept


def of_case(case_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Every row of a case as it stands, each with its base; for the entry that takes the state over."""
    bases: Bases = {}
    return [
        (known, named_empty(table) | columns | (words.standing_marks(table, there[pk]) if kept else {}))
        for table in TABLES
        for there in [table.model._default_manager.in_bulk(_with_words(table, case_id))]
        for pk, _case, known, columns, kept in read(table, [case_id], bases)
    ]


def _with_words(table: Table, case_id: int) -> list[int]:
    rows = table.model._default_manager.filter(**{table.case: case_id})
    return list(rows.values_list("pk", flat=True)) if words.fields_of(table) else []
