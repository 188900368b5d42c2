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
    if rows:
        fields = [f for f in rows[0]._meta.concrete_fields if not f.primary_key]
        with connection.cursor() as cursor:
            cursor.execute(_insertion(rows[0], fields), _columns(rows, fields))


def insert_and_number(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model and give each its id; a parent that was new itself is looked up."""
    if not rows:
        return
    fields = [f for f in rows[0]._meta.concrete_fields if not f.primary_key]
    for field in fields:
        if isinstance(field, models.ForeignKey):
            _take_parents_key(rows, field)
    with connection.cursor() as cursor:
        cursor.execute(_insertion(rows[0], fields) + " order by n returning id", _columns(rows, fields))
        ids = cursor.fetchall()
    for row, (number,) in zip(rows, ids, strict=True):
        row.pk = number
        row._state.adding = False
        row._state.db = connection.alias


def _insertion(row: models.Model, fields: Sequence[models.Field[Any, Any]]) -> str:
    names = ", ".join(f'"{f.column}"' for f in fields)
    arrays = ", ".join(f"%s::{_array_type(f)}" for f in fields)
    return (f'insert into "{row._meta.db_table}" ({names}) select {names} '  # noqa: S608
            f"from unnest({arrays}) with ordinality as v({names}, n)")


def _take_parents_key(rows: Iterable[models.Model], field: models.ForeignKey[Any, Any]) -> None:
    """A row made before its parent had an id knows only the parent itself."""
    for row in rows:
        if getattr(row, field.attname) is None and field.is_cached(row):
            parent = field.get_cached_value(row)
            if parent is not None:
                if parent.pk is None:
                    raise ValueError(f"{type(row).__name__}.{field.name} has not been inserted")
                setattr(row, field.attname, parent.pk)


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
