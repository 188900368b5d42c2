"""Set-based writes: many rows of one table in one statement. Values travel as arrays (unnest), never as text in the
statement, so that a batch of 500 costs one round trip and not 500."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from accounts.keys.sealed_fields import stored_columns
from database.prepared import Statement, run_all, statement_of


def _array_type(field: models.Field[Any, Any]) -> str:
    """Without a length: to cast a text to varchar(60) would cut it, to store it there refuses it."""
    kind = field.db_type(connection) or "text"
    return f"{kind.split(' CHECK')[0].split('(')[0]}[]"


def _columns(rows: Sequence[models.Model], fields: Iterable[models.Field[Any, Any]]) -> list[str]:
    """Each column as one literal: a list would reach the server as an expression a value, and
    reading those costs it more than a third of the whole write."""
    columns = []
    for field in fields:
        values = list(stored_columns(rows, field))
        if isinstance(field, models.JSONField):
            values = [None if value is None else json.dumps(value, cls=field.encoder) for value in values]
        columns.append(array(values))
    return columns


def array(values: Iterable[Any]) -> str:
    """Values as the text of one array."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    """One value as the text form of an array has it."""
    match value:
        case None:
            return "NULL"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case bool():
            return "t" if value else "f"
        case int() | Decimal() | UUID():
            return str(value)
        case datetime():
            return f'"{value.isoformat()}"'
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            return f'"\\\\x{bytes(value).hex()}"'
    raise TypeError(f"{type(value).__name__} has no array form")


#: A statement that gives no rows, with its values; none where there is nothing to write.
Writes = list[tuple[Statement, list[str]]]


def run_together(calls: Writes) -> None:
    """Statements that give no rows in one round trip; all or none take effect."""
    if calls:
        with connection.cursor() as cursor:
            run_all(cursor, calls)


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model; their ids are not read back."""
    run_together(insertion(rows))


def insertion(rows: Sequence[models.Model]) -> Writes:
    """The same for ``run_together``. Rows that ``number`` gave ids keep them."""
    if not rows:
        return []
    statement, fields = _insertion(type(rows[0]), is_numbered=rows[0].pk is not None)
    for field in fields:
        if isinstance(field, models.ForeignKey):
            _take_parents_key(rows, field)
    return [(statement, _columns(rows, fields))]


_DRAWN = statement_of(
    "select nextval(pg_get_serial_sequence(t, 'id')) from unnest(%s::text[]) with ordinality as v(t, n) order by n",
    about="draw ids",
)


def number(rows: Sequence[models.Model]) -> None:
    """Give new rows of any models their ids, in this order, before they are written: one statement for all of them."""
    if not rows:
        return
    with connection.cursor() as cursor:
        ids = _DRAWN.ask_by(cursor, [array([row._meta.db_table for row in rows])])
    for row, (drawn,) in zip(rows, ids, strict=True):
        row.pk = drawn
        row._state.adding = False
        row._state.db = connection.alias


@cache
def _insertion(model: type[models.Model], *, is_numbered: bool) -> tuple[Statement, list[Any]]:
    """The statement of a table and the fields that it wants, put together once a process and prepared once a
    connection; what the database fills itself is left to it."""
    every: list[Any] = list(model._meta.concrete_fields)
    fields = [f for f in every if (is_numbered if f.primary_key else not f.has_db_default())]
    names = ", ".join(f'"{f.column}"' for f in fields)
    arrays = ", ".join(f"%s::{_array_type(f)}" for f in fields)
    words = f'insert into "{model._meta.db_table}" ({names}) select {names} from unnest({arrays}) as v({names})'  # noqa: S608
    return statement_of(words, about=f"insert into {model._meta.db_table}"), fields


def _take_parents_key(rows: Iterable[models.Model], field: models.ForeignKey[Any, Any]) -> None:
    """A row made before its parent had an id knows only the parent itself."""
    for row in rows:
        if getattr(row, field.attname) is None and field.is_cached(row):
            parent = field.get_cached_value(row)
            if parent is not None:
                if parent.pk is None:
                    raise ValueError(f"{type(row).__name__}.{field.name} has no id")
                # Past Django, which would forget the parent and read it from a table where it is not yet.
                row.__dict__[field.attname] = parent.pk


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of rows of one model."""
    run_together(change(rows, names))


def change(rows: Sequence[models.Model], names: Sequence[str]) -> Writes:
    """The same for ``run_together``."""
    if not rows:
        return []
    statement, fields = _change(type(rows[0]), tuple(names))
    return [(statement, _columns(rows, fields))]


@cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> tuple[Statement, list[Any]]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    key: Any = model._meta.get_field("id")
    assignments = ", ".join(f'"{f.column}" = v."{f.column}"' for f in fields)
    heads = ", ".join(f'"{f.column}"' for f in [key, *fields])
    arrays = ", ".join(f"%s::{_array_type(f)}" for f in [key, *fields])
    words = (
        f'update "{model._meta.db_table}" t set {assignments} '  # noqa: S608
        f'from unnest({arrays}) as v({heads}) where t."{key.column}" = v."{key.column}"'
    )
    return statement_of(words, about=f"update {model._meta.db_table}"), [key, *fields]
