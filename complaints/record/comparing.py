"""Whether cases stand as their entries say: replayed, and compared column by column (complaints/record/state.py).

Nothing is read but what belongs to the cases of one piece, so memory stays flat."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction

from accounts.keys.ciphers import CannotOpen
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Audience
from complaints.record.findings import Finding
from complaints.record.record import open_state
from complaints.record.state import TABLES, Column, Replay, State, Table, base_of, columns_of, nth, written_base

#: So many cases are read at once.
PIECE = 400
#: A value that Django cannot take from the database: a moment after the year 9999, say.
_ODD = (DatabaseError, ValueError, OverflowError, TypeError)


@dataclass(slots=True)
class Compared:
    """How many cases were looked at, and of how many every proved column was compared."""

    cases: int = 0
    proved: int = 0


@dataclass(slots=True)
class _Case:
    """One case: its rows as they stand, and what its entries say of them. ``has_lost``: something that an entry carried
    cannot be read, so what is not named says nothing. ``unread``: tables whose rows could not be read."""

    number: str
    rows: State = field(default_factory=dict)
    replay: Replay = field(default_factory=Replay)
    has_lost: bool = False
    unread: set[str] = field(default_factory=set)

    @property
    def is_known(self) -> bool:
        """Whether each column that no entry names is empty."""
        return self.replay.is_whole and not self.has_lost


def compare(ids: Iterable[int] | None = None, *, compared: Compared | None = None) -> Iterator[Finding]:
    """What does not stand as the entries say, of these cases or of all; a piece of them at a time.

    Codes: ``column``, ``row_missing``, ``foreign``; ``unreadable`` where what an entry carries is gone or another, or
    where rows of a table cannot be read."""
    wanted = sorted(ids) if ids is not None else None
    after = 0
    while True:
        rows = Complaint.objects.filter(pk__gt=after).order_by("pk")
        if wanted is not None:
            rows = rows.filter(pk__in=wanted)
        numbers = dict(rows.values_list("pk", "number")[:PIECE])
        if not numbers:
            return
        after = max(numbers)
        cases = {pk: _Case(number) for pk, number in numbers.items()}
        yield from _replay(cases)
        yield from _stand(cases)
        for case in cases.values():
            if compared is not None:
                compared.cases += 1
                compared.proved += case.is_known and not case.unread
            yield from _differences(case)


def _replay(cases: Mapping[int, _Case]) -> Iterator[Finding]:
    """Fold what the entries carry; in the order of the parties' chain, and what came between by its own."""
    carried: dict[int, list[tuple[int, bool, int, dict[str, Any]]]] = defaultdict(list)
    entries = HandlingStep.objects.filter(complaint_id__in=list(cases)).order_by("pk")
    for pk, case_id, audience, sequence, body, closed in entries.values_list(
        "pk", "complaint_id", "audience", "sequence", "body", "state"
    ):
        case = cases[case_id]
        try:
            digest = json.loads(body).get("state", "")
        except (ValueError, AttributeError):
            # The entry itself is named by whoever verifies the chain.
            case.has_lost = True
            continue
        closed = bytes(closed)
        if not digest and not closed:
            continue
        try:
            if hashlib.sha256(closed).hexdigest() != digest:
                raise CannotOpen
            delta = open_state(closed, number=case.number, audience=audience, sequence=sequence)
        except (CannotOpen, ValueError):
            case.has_lost = True
            yield Finding("unreadable", case.number, audience, sequence, "state")
            continue
        carried[case_id].append((delta["at"], audience != Audience.PARTIES, pk, delta))
    for case_id, deltas in carried.items():
        for *_place, delta in sorted(deltas, key=lambda one: one[:3]):
            cases[case_id].replay.fold(delta)


@dataclass(slots=True)
class _Row:
    case_id: int
    base: str
    columns: dict[str, Any]


def _read(table: Table, ids: Collection[int], bases: dict[tuple[Table, int], str]) -> Iterator[_Row]:
    """The rows of one table as a delta says them, the oldest first; what is empty is left out."""
    key, columns = base_of(table), columns_of(table)
    every = (*key, *columns)
    rows = table.model._default_manager.filter(**{f"{table.case}__in": list(ids)}).order_by("pk")
    for pk, case_id, *values in rows.values_list("pk", table.case, *(column.attribute for column in every)):
        said = [_written(value, column, bases) for value, column in zip(values, every, strict=True)]
        known = bases[table, pk] = written_base(table, said[: len(key)])
        pairs = zip(columns, said[len(key) :], strict=True)
        yield _Row(case_id, known, {column.attribute: value for column, value in pairs if value != column.empty})


def _written(value: Any, column: Column, bases: Mapping[tuple[Table, int], str]) -> Any:
    if value is None or value == column.empty:
        return value
    return bases.get((column.to, value), "") if column.to is not None else column.plain(value)


def standing(case_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Every row of a case as it stands, each with its base; for the entry that takes the state over."""
    bases: dict[tuple[Table, int], str] = {}
    return [(row.base, row.columns) for table in TABLES for row in _read(table, [case_id], bases)]


def _stand(cases: Mapping[int, _Case]) -> Iterator[Finding]:
    """Fill in the rows of these cases as they stand. What cannot be read is looked for case by case."""
    bases: dict[tuple[Table, int], str] = {}
    for table in TABLES:
        pieces: list[Collection[int]] = [list(cases)]
        while pieces:
            ids = pieces.pop()
            try:
                with transaction.atomic():
                    rows = list(_read(table, ids, bases))
            except _ODD:
                if len(ids) > 1:
                    half, every = len(ids) // 2, list(ids)
                    pieces += [every[:half], every[half:]]
                    continue
                case = cases[next(iter(ids))]
                case.unread.add(table.name)
                yield Finding("unreadable", case.number, row=table.name)
                continue
            counts: dict[tuple[int, str], int] = defaultdict(int)
            for row in rows:
                counts[row.case_id, row.base] += 1
                cases[row.case_id].rows[nth(row.base, counts[row.case_id, row.base])] = row.columns


_EMPTY = {table.name: {column.attribute: column.empty for column in columns_of(table)} for table in TABLES}
_BEGINS = {table.name: dict(table.begins) for table in TABLES if table.begins}


def _differences(case: _Case) -> Iterator[Finding]:
    said = case.replay.rows
    for name in sorted(said.keys() | case.rows.keys()):
        kind = name.partition("/")[0]
        if kind in case.unread:
            continue
        told, stands, begins = said.get(name), case.rows.get(name), _BEGINS.get(kind)
        if stands is None:
            yield Finding("row_missing", case.number, row=name)
        elif told is None and begins is None:
            if case.is_known:
                yield Finding("foreign", case.number, row=name)
        else:
            told = (begins or {}) | (told or {})
            for column, empty in _EMPTY[kind].items():
                if (case.is_known or column in told) and told.get(column, empty) != stands.get(column, empty):
                    yield Finding("column", case.number, row=name, column=column)
