"""Columns that hold sealed text. In Python they are plain attributes; in the database they are bytes.

A text is sealed with its row and opened with its row. Give it to a row and save that; read it from a
row. `filter(name=…)`, `update(name=…)` and `values("name")` cannot see or make a text: equality has a BlindIndex beside
it, and only emptiness (`name=""`) can be asked for and written without a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from accounts.keys import blind, keyring, sealing
from accounts.keys.ciphers import CannotOpen
from accounts.keys.row_tags import RowTag

if TYPE_CHECKING:
    _Bytes = models.BinaryField[Any, Any]
else:
    _Bytes = models.BinaryField


class _Opening(DeferredAttribute):
    """Opens at the first reading and remembers; what is set waits as it is until the row is saved."""

    field: SealedText

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        return self.field.opened(instance, bytes(value)) if isinstance(value, bytes | memoryview) else value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = bytes(value) if isinstance(value, memoryview) else value


class SealedText(_Bytes):
    """``whose``: path to the person (a UUID) from the row, empty or None for the portal. ``place``: names of the
    attributes that make the row this row; they must be known when it is written and never change. ``free_text``: sealed
    by setting only (ENCRYPT_FREE_TEXTS); True, or the name of an attribute that says so."""

    descriptor_class = _Opening

    def __init__(
        self, *args: Any, whose: str = "", place: Sequence[str] = (), free_text: bool | str = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.whose, self.place, self.free_text = whose, tuple(place), free_text

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"whose": self.whose, "place": list(self.place), "free_text": self.free_text}

    # --- one row ---

    def person_in(self, row: models.Model) -> UUID | None:
        """Whose key opens the stored value of this row; None where nothing needs opening."""
        value = row.__dict__.get(self.attname)
        return sealing.person_of(value) if isinstance(value, bytes) else None

    def opened(self, row: models.Model, sealed: bytes) -> Any:
        kept = row.__dict__.get(f"_{self.attname}_opened")
        if kept is not None and kept[0] is sealed:
            return kept[1]
        clear = self.from_text(self._open(row, sealed))
        row.__dict__[self.attname] = sealed
        row.__dict__[f"_{self.attname}_opened"] = (sealed, clear)
        return clear

    def _open(self, row: models.Model, sealed: bytes) -> str:
        person = sealing.person_of(sealed)
        if person is None:
            if sealed and not self.free_text:
                # Nobody of ours writes a name that is not sealed.
                raise CannotOpen
            return sealing.open_sealed(sealed, secret=b"", place=b"")
        secret = keyring.secret_of(person)
        # The key was destroyed: what is left of the text is that there was one.
        return "" if secret is None else sealing.open_sealed(sealed, secret=secret, place=self._place_of(row))

    def _place_of(self, row: models.Model) -> bytes:
        return self.place_with([getattr(row, name) for name in self.place])

    def place_with(self, values: Iterable[Any]) -> bytes:
        """What a value is bound to: table, column, and these values of ``place``."""
        return place_of(self.model._meta.db_table, self.column, values)

    def _person_for(self, row: models.Model) -> UUID:
        value: Any = row if self.whose else None
        for name in self.whose.split(".") if self.whose else ():
            value = getattr(value, name) if value is not None else None
        if value is None:
            return keyring.PORTAL
        return value if isinstance(value, UUID) else UUID(str(value))

    def _is_plain(self, row: models.Model) -> bool:
        free = self.free_text if isinstance(self.free_text, bool) else bool(getattr(row, self.free_text, False))
        return free and not settings.ENCRYPT_FREE_TEXTS

    # --- writing ---

    def stored(self, rows: Sequence[models.Model]) -> list[bytes | None]:
        """What stands in the column for each of these rows; the keys of all in one query."""
        values = [row.__dict__.get(self.attname) for row in rows]
        texts = [value if value is None or isinstance(value, bytes) else self.to_text(value) for value in values]
        to_seal = {
            nth: self._person_for(row)
            for nth, (row, text) in enumerate(zip(rows, texts, strict=True))
            if isinstance(text, str) and text and not self._is_plain(row)
        }
        secrets = keyring.secrets_of(set(to_seal.values()), make=True) if to_seal else {}
        suite = keyring.suite()
        results: list[bytes | None] = []
        for nth, (row, text) in enumerate(zip(rows, texts, strict=True)):
            if text is None or isinstance(text, bytes):
                results.append(text)
            elif nth not in to_seal:
                results.append(sealing.plain(text))
            elif (secret := secrets.get(to_seal[nth])) is None:
                # Of somebody who was erased nothing is kept any more.
                results.append(b"")
            else:
                results.append(
                    sealing.seal(text, person=to_seal[nth], secret=secret, place=self._place_of(row), suite=suite)
                )
        return results

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        return self.stored([model_instance])[0]

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, bytes | memoryview) or value is None:
            return value
        if value in ("", {}):
            return b""
        raise TypeError(f"{self.name} is sealed: save it with its row, and look for it by its blind index.")

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in {"exact", "isnull", "in"} else None

    def to_text(self, value: Any) -> str:
        return str(value)

    def from_text(self, text: str) -> Any:
        return text


class SealedJSON(SealedText):
    """A dictionary. What was read may be changed in place and is sealed anew when the row is saved."""

    def opened(self, row: models.Model, sealed: bytes) -> Any:
        value = self.from_text(self._open(row, sealed))
        row.__dict__[self.attname] = value
        return value

    def to_text(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False) if value else ""

    def from_text(self, text: str) -> Any:
        return json.loads(text) if text else {}


class BlindIndex(_Bytes):
    """The digest of a sealed text of the same row, by which equal texts are found. ``of``: the text's attribute."""

    def __init__(self, *args: Any, of: str = "", kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of, self.kind = of, kind

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of, "kind": self.kind}

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        if not self.of:
            value: bytes | None = getattr(model_instance, self.attname)
            return value
        digest = digest_of(self.kind, getattr(model_instance, self.of) or "")
        setattr(model_instance, self.attname, digest)
        return digest


def digest_of(kind: str, text: str) -> bytes | None:
    """The digest to write for this text; None for nothing."""
    return blind.digest(kind, text, keys=keyring.keys(), suite=keyring.suite())


def digests_of(kind: str, text: str) -> list[bytes]:
    return blind.digests(kind, text, keys=keyring.keys())


def stored_columns(rows: Sequence[models.Model], field: models.Field[Any, Any]) -> Iterable[Any]:
    """The values of one column for writes of many rows, sealed where the column is."""
    if isinstance(field, SealedText):
        return field.stored(rows)
    if isinstance(field, BlindIndex | RowTag):
        return [field.pre_save(row, True) for row in rows]
    return [getattr(row, field.attname) for row in rows]


def place_of(table: str, column: str, values: Iterable[Any]) -> bytes:
    """What a sealed value of this column is bound to, in a row with these values of ``place``."""
    return "\x1f".join([table, column, *map(_written, values)]).encode()


def _written(value: Any) -> str:
    """One form for what the row holds before it is written and after it is read."""
    if type(value) is str or type(value) is int:
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if value is None:
        raise ValueError("what a sealed text is bound to must be known when it is written")
    return str(value)


@cache
def _sealed_in(model: type[models.Model]) -> list[SealedText]:
    return [field for field in model._meta.concrete_fields if isinstance(field, SealedText)]


def load_for(rows: Iterable[models.Model]) -> None:
    """Fetch the keys of everything sealed in these rows at once, before it is read one by one. A row may be a lazy one,
    as the user of a request is."""
    persons = {
        person for row in rows for field in _sealed_in(row._meta.model) if (person := field.person_in(row)) is not None
    }
    if persons:
        keyring.secrets_of(persons)
