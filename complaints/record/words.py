"""Words of people that stand in a row of a case beside the record: notes, terms of a promise, names and phones.

With each value that a flush writes, its delta carries a *mark*: ``[key, mark]``, the key of the person under whom the
words lie and 16 bytes of an HMAC over them with that key. Verification opens the words and marks them again. When the
key is destroyed the mark says nothing any more, not even to whoever can try every phone number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import Model

from accounts.keys import keyring, sealing
from accounts.keys.checking import Closed
from accounts.keys.sealed_fields import SealedText
from complaints.models import DocumentVersion, Evidence
from enterprises.models import Staff

if TYPE_CHECKING:
    from complaints.record.columns import Table

#: Which key, and the mark in hexadecimal digits.
Mark = list[str]


@cache
def fields_of(table: Table) -> tuple[SealedText, ...]:
    """The sealed columns of a table that get marks. Words of documents are proved by the digest of the version; what
    somebody called a file is put there before the step that names the file, and need only open (commitments.py)."""
    if table.model in (DocumentVersion, Evidence):
        return ()
    named = [table.model._meta.get_field(name) for name in table.text]
    return tuple(field for field in named if isinstance(field, SealedText))


def fetch_keys(rows: Iterable[tuple[Table, Model]]) -> dict[UUID, bytes]:
    """The keys for all that is written of these rows, made where there is none; one query."""
    persons = {field._person_for(row) for table, row in rows for field, text in _set(table, row) if text}
    return keyring.secrets_of(persons, make=True) if persons else {}


def marks(table: Table, row: Model, keys: Mapping[UUID, bytes]) -> dict[str, Mark | str]:
    """The mark of each value that was set and is not sealed yet; empty for what is emptied."""
    result: dict[str, Mark | str] = {}
    for field, text in _set(table, row):
        person = field._person_for(row)
        # Of somebody who was erased nothing is kept.
        is_kept = bool(text) and person in keys
        result[field.attname] = [str(person), _mark(field, text, keys[person])] if is_kept else ""
    return result


def standing_marks(table: Table, row: Model) -> dict[str, Mark]:
    """The mark of each value as it stands in the database."""
    result: dict[str, Mark] = {}
    for field in fields_of(table):
        raw = row.__dict__.get(field.attname) or b""
        text = field.to_text(getattr(row, field.attname)) if raw else ""
        if text:
            person = sealing.person_of(bytes(raw)) or field._person_for(row)
            keys = keyring.secrets_of([person], make=True)
            if person in keys:
                result[field.attname] = [str(person), _mark(field, text, keys[person])]
    return result


def _set(table: Table, row: Model) -> Iterator[tuple[SealedText, str]]:
    """What stands in the row as it was set, not as it was loaded."""
    for field in fields_of(table):
        value = row.__dict__.get(field.attname)
        if value is not None and not isinstance(value, bytes | memoryview):
            yield field, field.to_text(value)


def _mark(field: SealedText, text: str, secret: bytes) -> str:
    return sealing.mark(text, secret=secret, place=_column_of(field)).hex()


@cache
def _column_of(field: SealedText) -> str:
    return f"{field.model._meta.db_table}.{field.column}"


class Stored(NamedTuple):
    """One value as it stands: its bytes, and the values to which they are bound."""

    field: SealedText
    sealed: bytes
    bound: tuple[Any, ...]


def closed(
    case: Any, row: str, field: SealedText, told: Mark, stored: Stored | None, is_gone: Callable[[], bool] | None
) -> Closed:
    """One value of a row as it stands, to be held against its mark."""
    sealed, bound = (stored.sealed, field.place_with(stored.bound)) if stored else (b"", b"")
    return Closed(case, row, field.attname, sealed, bound, told[0], _is_marked, (field, told[1]), True, is_gone)


def _is_marked(text: str, secret: bytes, expected: tuple[SealedText, str]) -> bool:
    field, mark = expected
    return _mark(field, text, secret) == mark


def is_erased(model: type[Model], pk: int, erased: Collection[str]) -> bool:
    """Whether the name of somebody who acted went with that person."""
    column = "user__person_key" if model is Staff else "person_key"
    key = model._default_manager.filter(pk=pk).values_list(column, flat=True).first()
    return str(key) in erased
