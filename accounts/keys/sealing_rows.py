"""For migrations: what stands in clear columns is sealed, then the clear columns go.

The one rule: every row is sealed before a column is dropped, in the one transaction of the migration, so an upgrade
that is cut off has changed nothing and can be begun again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation

from accounts.keys.sealed_fields import BlindIndex, SealedText, stored_columns


def sealed_columns(
    app: str, model: str, fields: Mapping[str, SealedText], read: Callable[[Any], Any] = lambda value: value
) -> list[Operation]:
    """The operations that turn clear columns of a model into sealed ones of the same names."""

    def seal(apps: Any, schema_editor: Any) -> None:
        seal_rows(apps.get_model(app, model), {name: _reading(f"clear_{name}", read) for name in fields})

    made: list[Operation] = []
    for name, field in fields.items():
        given: Any = field
        new = given.clone()
        if not new.null:
            new.default = b""
        made += [
            migrations.RenameField(model, name, f"clear_{name}"),
            migrations.AddField(model, name, new, preserve_default=False),
        ]
    # What waits to be checked at the end of the transaction would forbid the columns to go.
    made += [migrations.RunPython(seal), migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop)]
    return made + [migrations.RemoveField(model, f"clear_{name}") for name in fields]


def _reading(clear: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: read(getattr(row, clear))


def seal_rows(
    model: type[models.Model],
    columns: Mapping[str, Callable[[Any], Any]],
    *,
    batch: int = 1000,
    which: models.Q | None = None,
) -> int:
    """For migrations: seal what these functions read from a row, and fill the blind indexes. ``which``: only those.

    A thousand rows a statement, in the order of the keys; returns how many rows were sealed.
    """
    written = [
        field
        for field in model._meta.concrete_fields
        if field.name in columns or (isinstance(field, BlindIndex) and field.of in columns)
    ]
    key = model._meta.pk
    assignments = ", ".join(f'"{field.column}" = v."{field.column}"' for field in written)
    heads = ", ".join(f'"{field.column}"' for field in (key, *written))
    arrays = ", ".join([f"%s::{key.db_type(connection)}[]", *("%s::bytea[]" for _ in written)])
    statement = (
        f'update "{model._meta.db_table}" t set {assignments} from unnest({arrays}) as v({heads}) '  # noqa: S608
        f'where t."{key.column}" = v."{key.column}"'
    )
    count, last = 0, None
    while True:
        rows: Any = model._default_manager.filter(which or models.Q()).order_by("pk")
        found = list((rows if last is None else rows.filter(pk__gt=last))[:batch])
        if not found:
            return count
        for row in found:
            for name, read in columns.items():
                setattr(row, name, read(row))
        with connection.cursor() as cursor:
            cursor.execute(
                statement, [[str(row.pk) for row in found], *(list(stored_columns(found, field)) for field in written)]
            )
        count, last = count + len(found), found[-1].pk
