"""The state of a case as its entries carry it: by which names rows are known, and how what changed is put into an entry
and read from it again. Which columns are proved stands in columns.py.

The flush compares each row with what was loaded and hands the difference (a *delta*) to the last entry that it writes
into the parties' chain, else to its last entry. The entry's ``state`` holds the delta sealed with an entry key, and its
hashed text the digest of that, so whoever reads an entry learns nothing of a state that he may not know (an officer, a
report, a proposal). Replay is: open them in order, and the last word on a column wins (complaints/record/comparing.py).

A delta is ``{"at": n, "new": [[base, columns], …], "set": {name: columns}}``; with ``"whole": true`` it begins the
state of a case: what it does not name is empty. ``at`` is the last entry of the parties' chain by then. A row is known
by its ``base``, made of columns that never change (``demand/1``, ``clock/review/2026-11-25T02:00:00.000000Z``). Of
several with one base, in the order in which they were written, the second is ``base#2``; a delta counts from the newest
back, ``base``, ``base~1``. An empty column of a new row is left out, but for those of ``LATER`` (columns.py)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db import models as fields
from django.db.models import Model

from complaints.record import words
from complaints.record.columns import BY_MODEL, LATER, Table
from complaints.record.record import canonical, said_in, stamp, stored_stamp

State = dict[str, dict[str, Any]]


def _same(value: Any) -> Any:
    return value


def _json(value: Any) -> Any:
    """As the database gives it back."""
    return json.loads(json.dumps(value))


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _json_digest(value: Any) -> str:
    return _digest(_json(value))


@lru_cache(maxsize=4096)
def _text_digest(text: str) -> str | None:
    """Many clocks that began on one day were reckoned in the same way."""
    value = said_in(text)
    return None if value is None else _digest(value)


def _stored_day(text: str) -> str:
    if len(text) != 10:
        raise ValueError(text)
    return text


def _stored(column: fields.Field[Any, Any], *, digested: bool) -> tuple[str, Callable[[Any], Any] | None]:
    """What to ask the database for, and how what it gives stands in a delta, of a value that is not empty; None: as it
    is. Text costs less than objects that would be made text again."""
    match column:
        case fields.DateTimeField():
            return "{}::text", stored_stamp
        case fields.DateField():
            return "{}::text", _stored_day
        case fields.DecimalField() | fields.UUIDField():
            return "{}::text", None
        case fields.BinaryField():
            return "encode({}, 'hex')", None
        case fields.JSONField():
            return "{}::text", _text_digest if digested else said_in
    return "{}", None


def _plain(column: fields.Field[Any, Any], *, digested: bool) -> Callable[[Any], Any]:
    """How a value of this column, which is not empty, stands in a delta."""
    match column:
        case fields.DateTimeField():
            return stamp
        case fields.DateField():
            return date.isoformat
        case fields.DecimalField():
            return lambda value: f"{Decimal(value):.{column.decimal_places}f}"
        case fields.UUIDField():
            return lambda value: str(value if isinstance(value, UUID) else UUID(value))
        case fields.BinaryField():
            return lambda value: bytes(value).hex()
        case fields.JSONField():
            return _json_digest if digested else _json
        case fields.CharField() | fields.TextField():
            return str
    return _same


@dataclass(frozen=True, slots=True)
class Column:
    """One proved column: ``attribute`` of the row, what an empty one holds, and how another value is written; ``sql``
    and ``stored``: the same of one that is read from the database (``_stored``). ``to``: the table of a row of the same
    case that it points at."""

    attribute: str
    empty: Any
    plain: Callable[[Any], Any]
    to: Table | None
    name: str
    sql: str
    stored: Callable[[Any], Any] | None

    @property
    def filled_sql(self) -> str:
        """The same as ``sql``, and null where it is empty."""
        if self.empty is None:
            return self.sql
        text = str(self.empty).lower() if isinstance(self.empty, bool | int) else f"'{self.empty}'"
        return f"nullif({self.sql}, {text})"


@cache
def columns_of(table: Table) -> tuple[Column, ...]:
    return tuple(_column(table, name) for name in table.proved)


@cache
def base_of(table: Table) -> tuple[Column, ...]:
    return tuple(_column(table, name) for name in table.base)


def _column(table: Table, name: str) -> Column:
    given: Any = table.model._meta.get_field(name)
    to = BY_MODEL.get(given.related_model) if given.is_relation else None
    if given.null:
        empty: Any = None
    elif isinstance(given, fields.JSONField):
        empty = [] if given.default is list else {}
    elif isinstance(given, fields.BooleanField):
        empty = False
    elif isinstance(given, fields.CharField | fields.TextField):
        empty = ""
    elif isinstance(given, fields.IntegerField):
        empty = 0
    else:
        # Always said: a moment, a day.
        empty = None
    is_digested = name in table.digested
    plain = _same if given.is_relation else _plain(given, digested=is_digested)
    sql, stored = ("{}", None) if given.is_relation else _stored(given, digested=is_digested)
    column = f"t.{connection.ops.quote_name(given.column)}"
    return Column(given.attname, empty, plain, to, name, sql.format(column), stored)


#: The base of a row of the same case, by its table and id.
Names = Callable[[Table, int], str]


def base(row: Model, names: Names) -> str:
    """By what a row is known, but for its place among equals."""
    table = BY_MODEL[type(row)]
    return written_base(table, [_value(row, column, names) for column in base_of(table)])


def written_base(table: Table, values: Iterable[Any]) -> str:
    return "/".join([table.name, *["" if value is None else str(value) for value in values]])


def _value(row: Model, column: Column, names: Names) -> Any:
    """The value of one column as a delta says it."""
    if column.to is not None:
        # A row made in this flush has no id yet.
        pointed: Model | None = row._state.fields_cache.get(column.name)
        if pointed is not None:
            return base(pointed, names)
        pk = row.__dict__.get(column.attribute)
        return None if pk is None else names(column.to, pk)
    value = row.__dict__.get(column.attribute)
    return value if value is None or value == column.empty else column.plain(value)


def whole(row: Model, names: Names, keys: Mapping[UUID, bytes]) -> dict[str, Any]:
    """Every proved column of a row that is not empty, and the marks of its words."""
    now, table = row.__dict__, BY_MODEL[type(row)]
    result = named_empty(table) | {name: mark for name, mark in words.marks(table, row, keys).items() if mark}
    for column in columns_of(table):
        if column.to is not None:
            value = _value(row, column, names)
            if value is not None:
                result[column.attribute] = value
            continue
        value = now.get(column.attribute)
        if value is not None and value != column.empty:
            result[column.attribute] = column.plain(value)
    return result


def named_empty(table: Table) -> dict[str, Any]:
    """The columns that a new row names also where they are empty."""
    later = LATER.get(table.name)
    if not later:
        return {}
    empty = {column.attribute: column.empty for column in columns_of(table)}
    return {name: empty.get(name, "") for name in later}


def difference(row: Model, before: Mapping[str, Any], names: Names, keys: Mapping[UUID, bytes]) -> dict[str, Any]:
    """The proved columns that are other than they were loaded, and the marks of words that were set."""
    now = row.__dict__
    result: dict[str, Any] = {**words.marks(BY_MODEL[type(row)], row, keys)}
    for column in columns_of(BY_MODEL[type(row)]):
        attribute = column.attribute
        if attribute in now and now[attribute] != before.get(attribute):
            result[attribute] = _value(row, column, names)
    return result


@dataclass(slots=True)
class Replay:
    """The state of one case while its deltas are read in order. ``is_whole``: it was said from the beginning on.
    ``has_lost``: a delta in between is not known. ``spoken``: of which columns a delta spoke, while not all is
    known."""

    rows: State = field(default_factory=dict)
    spoken: dict[str, set[str]] = field(default_factory=dict)
    is_whole: bool = False
    has_lost: bool = False
    _counts: dict[str, int] = field(default_factory=dict)

    def lose(self) -> None:
        """A delta is not known: of what was said before it each column may have changed."""
        self.spoken, self.has_lost = {}, True

    def fold(self, delta: Mapping[str, Any]) -> None:
        """The last word wins."""
        if delta.get("whole"):
            self.rows, self.spoken, self._counts, self.is_whole, self.has_lost = {}, {}, {}, True, False
        for known, columns in delta.get("new", ()):
            self._counts[known] = count = self._counts.get(known, 0) + 1
            self._say(known if count == 1 else nth(known, count), columns)
        for name, columns in delta.get("set", {}).items():
            known, _mark, back = name.partition(_BACK)
            count = self._counts.get(known, 1)
            self._say(known if count == 1 and not back else nth(known, count - int(back or 0)), columns)

    def _say(self, name: str, columns: Mapping[str, Any]) -> None:
        row = self.rows.get(name)
        if row is None:
            self.rows[name] = dict(columns)
        else:
            row.update(columns)
        if not self.is_whole or self.has_lost:
            self.spoken.setdefault(name, set()).update(columns)


def among(path: str, ids: Collection[int]) -> dict[str, Any]:
    """Of these cases, as a filter; also of others in between, where a range costs less than a list of ids."""
    low, high = min(ids), max(ids)
    is_dense = high - low < 4 * len(ids)
    return {f"{path}__gte": low, f"{path}__lte": high} if is_dense else {f"{path}__in": list(ids)}


_BACK = "~"


def counted_back(known: str, newer: int) -> str:
    """The name of a row in a delta: so many are newer and known by the same."""
    return f"{known}{_BACK}{newer}" if newer else known


def nth(known: str, number: int) -> str:
    """The name of the ``number``-th row of this base."""
    return known if number == 1 else f"{known}#{number}"
