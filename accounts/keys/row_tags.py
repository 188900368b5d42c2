"""Rows that let somebody in carry a tag over what they say: passwords and addresses, factors, tokens, administrators,
and posts at enterprises, authorities and stations.

Whoever has the database alone, its superuser too, cannot plant such a row nor change one: it is there and opens
nothing. The tag is that of accounts/keys/tags.py, over the table and the columns named by ``over``."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, models

from accounts.keys import tags

if TYPE_CHECKING:
    _Bytes = models.BinaryField[Any, Any]
else:
    _Bytes = models.BinaryField

Row = TypeVar("Row", bound=models.Model)
log = logging.getLogger("accounts.row_tags")


class RowTag(_Bytes):
    """Written with its row. ``over``: attributes of the row that the tag covers; a change of one of them needs ``tag``
    among the fields that are saved. Empty until the row has its number, where that is covered (``write``).
    ``later``: attributes that rows of before do not have; each counts where it is not None, so no row needs a new tag.
    """

    def __init__(self, *args: Any, over: Sequence[str] = (), later: Sequence[str] = (), **kwargs: Any) -> None:
        kwargs.setdefault("default", b"")
        kwargs.setdefault("db_default", b"")
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)
        self.over, self.later = tuple(over), tuple(later)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        later = {"later": list(self.later)} if self.later else {}
        return name, path, args, kwargs | {"over": list(self.over)} | later

    def covered(self, row: models.Model) -> list[Any]:
        """What the tag of this row is made over."""
        later = [[name, _plain(value)] for name in self.later if (value := getattr(row, name)) is not None]
        return [*(getattr(row, name) for name in self.over), *later]

    def of(self, row: models.Model) -> bytes:
        return b"" if "pk" in self.over and row.pk is None else tag_of(row._meta.db_table, self.covered(row))

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes:
        tag = self.of(model_instance)
        setattr(model_instance, self.attname, tag)
        return tag


def tag_of(table: str, values: Iterable[Any]) -> bytes:
    """The tag of a row of ``table`` with these values of the covered columns, in their order."""
    return tags.tag_of(f"odr {table}", _message(values))


def made_for(row: models.Model) -> bytes:
    """The tag that this row must have as it is now."""
    return _field_of(type(row)).of(row)


def stands(row: models.Model) -> bool:
    """Whether this row says what the portal wrote; another one is named in the log."""
    field = _field_of(type(row))
    table = row._meta.db_table
    if tags.is_tagged(f"odr {table}", _message(field.covered(row)), bytes(getattr(row, field.attname))):
        return True
    log.error("row %s of %s was not written by the portal: it opens nothing", row.pk, table)
    return False


def is_of(model: type[models.Model], values: Iterable[Any], tag: bytes) -> bool:
    """Whether ``tag`` was made for a row of ``model`` with these values of the covered columns."""
    return tags.is_tagged(f"odr {model._meta.db_table}", _message(values), tag)


def tagged_values(model: type[models.Model]) -> Iterator[tuple[Any, bytes, list[Any]]]:
    """Of each row its key, its tag and the values that the tag covers, as ``is_of`` takes them."""
    field = _field_of(model)
    rows = model._default_manager.order_by("pk").values_list("pk", field.attname, *field.over)
    for pk, tag, *values in rows.iterator():
        yield pk, bytes(tag), values


def standing(rows: Iterable[Row]) -> list[Row]:
    """These posts of one person; none of them where one was not written by the portal, until that one is gone: what a
    planted row lets somebody do would be done in the name of the others. Each of the planted is named in the log."""
    listed = list(rows)
    planted = [row for row in listed if not stands(row)]
    return [] if planted else listed


def write(rows: Sequence[models.Model]) -> None:
    """Tag rows of one table that have just got their numbers, or whose columns were changed by a statement."""
    if not rows:
        return
    field = _field_of(type(rows[0]))
    for row in rows:
        setattr(row, field.attname, field.of(row))
    with connection.cursor() as cursor:
        cursor.execute(
            f"update {rows[0]._meta.db_table} t set {field.column} = v.tag"  # noqa: S608
            " from unnest(%s::bigint[], %s::bytea[]) as v (id, tag) where t.id = v.id",
            [[row.pk for row in rows], [getattr(row, field.attname) for row in rows]],
        )


def _field_of(model: type[models.Model]) -> RowTag:
    return next(field for field in model._meta.concrete_fields if isinstance(field, RowTag))


def _message(values: Iterable[Any]) -> bytes:
    return json.dumps([_plain(value) for value in values], ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime):
        return value.timestamp()
    if value is None or isinstance(value, int | list):
        return value
    return str(value)
