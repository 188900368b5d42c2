"""Set-based writes: many rows of one table in one statement.

The one rule: values travel as arrays (unnest), never as text in the statement, so that a
batch of 500 costs one round trip and not 500.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

#: Their values go to the driver unchanged; preparing each of them costs more than sending it.
_AS_THEY_ARE = frozenset({
    models.CharField, models.TextField, models.BooleanField, models.IntegerField,
    models.PositiveIntegerField, models.PositiveSmallIntegerField, models.BigAutoField,
    models.ForeignKey, models.DateField, models.DateTimeField, models.UUIDField,
})


def _array_type(field: models.Field[Any, Any]) -> str:
    kind = field.db_type(connection) or "text"
    return f"{kind.split(' CHECK')[0]}[]"


def _columns(rows: Sequence[models.Model], fields: Iterable[models.Field[Any, Any]]) -> list[Any]:
    return [_values(rows, field) for field in fields]


def _values(rows: Sequence[models.Model], field: models.Field[Any, Any]) -> list[Any]:
    values = [getattr(row, field.attname) for row in rows]
    if type(field) in _AS_THEY_ARE:
        return values
    return [field.get_db_prep_save(value, connection) for value in values]


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model; their ids are not read back."""
    if not rows:
        return
    options = rows[0]._meta
    fields = [f for f in options.concrete_fields if not f.primary_key]
    names = ", ".join(f'"{f.column}"' for f in fields)
    arrays = ", ".join(f"%s::{_array_type(f)}" for f in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f'insert into "{options.db_table}" ({names}) select * from unnest({arrays})',  # noqa: S608
            _columns(rows, fields),
        )


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of rows of one model."""
    if not rows:
        return
    options = rows[0]._meta
    fields: list[Any] = [options.get_field(name) for name in names]
    key: Any = options.get_field("id")
    assignments = ", ".join(f'"{f.column}" = v."{f.column}"' for f in fields)
    heads = ", ".join(f'"{f.column}"' for f in [key, *fields])
    arrays = ", ".join(f"%s::{_array_type(f)}" for f in [key, *fields])
    with connection.cursor() as cursor:
        cursor.execute(
            f'update "{options.db_table}" t set {assignments} '  # noqa: S608
            f'from unnest({arrays}) as v({heads}) where t."{key.column}" = v."{key.column}"',
            _columns(rows, [key, *fields]),
        )
