"""Whether cases stand as their entries say: replayed, and compared column by column (complaints/record/state.py).

Nothing is read but what belongs to the cases of one piece, so memory stays flat."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Model

from accounts.keys import checking
from accounts.keys.checking import Closed
from accounts.keys.ciphers import CannotOpen
from accounts.models import User
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Audience
from complaints.record import deriving, house, standing, words
from complaints.record.columns import LATER, TABLES
from complaints.record.deriving import Told
from complaints.record.erasures import Erased
from complaints.record.findings import Finding
from complaints.record.record import open_state, said_in
from complaints.record.state import Replay, State, among, columns_of, nth
from complaints.record.words import Stored
from enterprises.models import Staff

#: So many cases are read at once.
PIECE = 400
#: Id, case, audience, sequence, hashed text (or what it says, parsed), delta; of a case, chain after chain.
Entry = tuple[int, int, str, int, Any, Any]
#: A value that Django cannot take from the database: a moment after the year 9999, say.
_ODD = (DatabaseError, ValueError, OverflowError, TypeError)


@dataclass(slots=True)
class Compared:
    """How many cases were looked at, and of how many every proved column was compared."""

    cases: int = 0
    proved: int = 0


@dataclass(slots=True)
class _Case:
    """One case: its rows as they stand, and what its entries say of them. ``unread``: tables whose rows could not be
    read."""

    number: str
    rows: State = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    #: Name of a row that may have words → those it has, by their column.
    words: dict[str, dict[str, Stored]] = field(default_factory=dict)
    replay: Replay = field(default_factory=Replay)
    unread: set[str] = field(default_factory=set)

    def finding(self, code: str, row: str, column: str = "", detail: str = "") -> Finding:
        return Finding(code, self.number, row=row, column=column, detail=detail)

    @property
    def is_known(self) -> bool:
        """Whether each column that no entry names is empty."""
        return self.replay.is_whole and not self.replay.has_lost

    @property
    def is_proved(self) -> bool:
        """Whether every proved column is compared."""
        if not self.is_known or self.unread:
            return False
        return not LATER or not any(_unsaid(name.partition("/")[0], told) for name, told in self.replay.rows.items())


def compare(
    ids: Iterable[int] | None = None,
    *,
    compared: Compared | None = None,
    called: Mapping[int, str] | None = None,
    erased: frozenset[str] | None = None,
    entries: Mapping[int, list[Entry]] | None = None,
) -> Iterator[Finding]:
    """What does not stand as the entries say, of these cases or of all; a piece of them at a time. ``called``: numbers
    of cases as their entries say them, where the row may say another. ``erased``: keys whose erasure is recorded.
    ``entries``: those of each case, where somebody has read them already.

    Codes: ``column``, ``row_missing``, ``foreign``; ``unreadable`` where what an entry carries is gone or another, or
    where rows of a table cannot be read. Derived columns are recomputed (complaints/record/deriving.py)."""
    wanted = sorted(ids) if ids is not None else None
    if erased is None:
        erased = Erased.of(entry.data for entry in house.proven("erased")).keys
    after = 0
    while True:
        rows = Complaint.objects.filter(pk__gt=after).order_by("pk")
        if wanted is not None:
            rows = rows.filter(pk__in=wanted)
        numbers = dict(rows.values_list("pk", "number")[:PIECE])
        if not numbers:
            return
        after = max(numbers)
        cases = {pk: _Case((called or {}).get(pk, number)) for pk, number in numbers.items()}
        yield from _replay(
            cases, _entries(cases) if entries is None else [one for pk in cases for one in entries.get(pk, ())]
        )
        yield from _stand(cases)
        yield from _words(cases.values(), erased)
        for case in cases.values():
            if compared is not None:
                compared.cases += 1
                compared.proved += case.is_proved
            yield from _differences(case)
        if proved := {pk: case for pk, case in cases.items() if case.is_known and not case.unread}:
            yield from _derived(proved)


def _derived(cases: Mapping[int, _Case]) -> Iterator[Finding]:
    """What cannot be read of one case hides nothing of another."""
    try:
        with transaction.atomic():
            found = list(deriving.differences({pk: (case.number, case.told) for pk, case in cases.items()}))
    except _ODD:
        if len(cases) > 1:
            for pk, case in cases.items():
                yield from _derived({pk: case})
        else:
            yield from (Finding("unreadable", case.number, row="case") for case in cases.values())
        return
    yield from found


@dataclass(slots=True)
class _Carried:
    """What one entry carries, in the order of replay: the last entry of the parties' chain by then, whether it is of
    another chain, its id. ``delta`` None: it cannot be read, or an entry is missing before this one."""

    at: int
    is_aside: bool
    pk: int
    delta: dict[str, Any] | None = None


def _replay(cases: Mapping[int, _Case], entries: Iterable[Entry]) -> Iterator[Finding]:
    """Fold what the entries carry; in the order of the parties' chain, and what came between by its own."""
    for case_id, chains in groupby(entries, key=itemgetter(1)):
        case, carried, ended = cases[case_id], list[_Carried](), ("", 0, 0)
        for pk, _case_id, audience, sequence, body, closed in chains:
            is_aside = audience != Audience.PARTIES
            if ended[0] != audience:
                ended = (audience, 0, 0)
            if pk <= ended[2]:
                # Entries of several chains are replayed in the order of their ids, which nothing else proves.
                yield Finding("column", case.number, audience, sequence, "entry", "id")
            if sequence != ended[1] + 1:
                carried.append(_Carried(sequence, is_aside, pk))
            ended = (audience, sequence, pk)
            try:
                said = said_in(body) if isinstance(body, str) else body
                digest = said.get("state", "")
                at = datetime.fromisoformat(said["written"])
                case.told.read(audience, sequence, said["step"], said["role"], at, said["data"])
            except (ValueError, AttributeError, KeyError, TypeError):
                # The entry itself is named by whoever verifies the chain.
                carried.append(_Carried(sequence, is_aside, pk))
                continue
            if not digest and not closed:
                continue
            closed = bytes(closed)
            try:
                if hashlib.sha256(closed).hexdigest() != digest:
                    raise CannotOpen
                delta = open_state(closed, number=case.number, audience=audience, sequence=sequence)
                carried.append(_Carried(delta["at"], is_aside, pk, delta))
            except (CannotOpen, ValueError):
                carried.append(_Carried(sequence, is_aside, pk))
                yield Finding("unreadable", case.number, audience, sequence, "state")
        _fold(case.replay, carried)


def _fold(replay: Replay, carried: list[_Carried]) -> None:
    if any(one.is_aside for one in carried):
        spine = [one for one in carried if not one.is_aside]
        for one in carried:
            if one.is_aside and one.delta is None:
                # It is not known what went before it: all that was written before it.
                one.at = max((before.at for before in spine if before.pk < one.pk), default=0)
        carried.sort(key=lambda one: (one.at, one.is_aside, one.pk, one.delta is not None))
    for one in carried:
        if one.delta is None:
            replay.lose()
        else:
            replay.fold(one.delta)


def _entries(cases: Mapping[int, _Case]) -> list[Entry]:
    """Chain after chain. Where one case has an entry that cannot be read, it is left out and its state is not known."""
    rows = HandlingStep.objects.filter(**among("complaint_id", cases)).order_by("complaint_id", "audience", "sequence")
    columns = rows.values_list("pk", "complaint_id", "audience", "sequence", "body", "state")
    try:
        with transaction.atomic():
            return [row for row in columns if row[1] in cases]
    except _ODD:
        if len(cases) > 1:
            return [row for pk, case in cases.items() for row in _entries({pk: case})]
    for case in cases.values():
        case.replay.lose()
    return []


def _stand(cases: Mapping[int, _Case]) -> Iterator[Finding]:
    """Fill in the rows of these cases as they stand. What cannot be read is looked for case by case."""
    bases: standing.Bases = {}
    for table in TABLES:
        pieces: list[Collection[int]] = [list(cases)]
        while pieces:
            ids = pieces.pop()
            try:
                with transaction.atomic():
                    rows = list(standing.read(table, ids, bases))
            except _ODD:
                if len(ids) > 1:
                    half, every = len(ids) // 2, list(ids)
                    pieces += [every[:half], every[half:]]
                    continue
                case = cases[next(iter(ids))]
                case.unread.add(table.name)
                yield Finding("unreadable", case.number, row=table.name)
                continue
            counts: dict[tuple[int, str], int] = {}
            has_words = bool(_WORDS[table.name])
            for _pk, case_id, base, columns, kept in rows:
                case, name = cases[case_id], base
                if base in case.rows:
                    known = (case_id, base)
                    counts[known] = count = counts.get(known, 1) + 1
                    name = nth(base, count)
                case.rows[name] = columns
                if has_words:
                    case.words[name] = kept


_EMPTY = {table.name: {column.attribute: column.empty for column in columns_of(table)} for table in TABLES}
_WORDS = {table.name: words.fields_of(table) for table in TABLES}
_BEGINS = {table.name: dict(table.begins) for table in TABLES if table.begins}


#: Whether a file of this digest is there, and whether an entry names it, is asked from the digests in entries
#: (commitments.py); here for whom it is.
_FILE = "file"


def _is_beside(name: str, rows: Iterable[str]) -> bool:
    """Whether the same file is there for others, so that its digest alone does not miss this row."""
    digest = name.rpartition("/")[0]
    return any(other.rpartition("/")[0] == digest for other in rows)


def _unsaid(kind: str, told: Mapping[str, Any]) -> frozenset[str]:
    """Columns that are proved only since an update, as far as no entry speaks of them in this row."""
    return LATER.get(kind, frozenset()).difference(told)


def _is_same(kind: str, told: Mapping[str, Any], stands: Mapping[str, Any]) -> bool:
    """Whether a row stands exactly as it is told; otherwise each column is looked at."""
    if kind in _BEGINS:
        told = _BEGINS[kind] | dict(told)
    empty = _EMPTY[kind]
    return {name: value for name, value in told.items() if value != empty.get(name, "")} == stands


def _is_as_told(case: _Case) -> bool:
    """Whether all rows of a case are told exactly as they stand: so it is nearly always."""
    said, rows = case.replay.rows, case.rows
    if not case.is_known or case.unread or said.keys() != rows.keys():
        return False
    return all(told == rows[name] or _is_same(name.partition("/")[0], told, rows[name]) for name, told in said.items())


def _differences(case: _Case) -> Iterator[Finding]:
    if _is_as_told(case):
        return
    said = case.replay.rows
    for name in sorted(said.keys() | case.rows.keys()):
        kind = name.partition("/")[0]
        if kind in case.unread:
            continue
        told, stands, begins = said.get(name), case.rows.get(name), _BEGINS.get(kind)
        if stands is None:
            if kind != _FILE or _is_beside(name, case.rows):
                yield Finding("row_missing", case.number, row=name)
        elif told is None and begins is None:
            if case.is_known and kind != _FILE:
                yield Finding("foreign", case.number, row=name)
        elif not case.is_known or not _is_same(kind, told or {}, stands):
            known = (begins or {}) | (told or {})
            asked = _EMPTY[kind].keys() - _unsaid(kind, told or {})
            if not case.is_known:
                asked &= case.replay.spoken.get(name, set())
            for column, empty in _EMPTY[kind].items():
                if column not in asked:
                    continue
                if known.get(column, empty) != stands.get(column, empty):
                    yield Finding("column", case.number, row=name, column=column)


#: Whose names a row shows beside the record: the column that points at who it was.
_MAKERS: dict[tuple[str, str], tuple[type[Model], str]] = {
    ("offer", "made_by_name"): (Staff, "made_by_id"),
    ("contact", "by_name"): (Staff, "by_id"),
    ("note", "by_name"): (User, "by_id"),
}


def _words(cases: Iterable[_Case], erased: Collection[str]) -> Iterator[Finding]:
    """What people said in rows of these cases, as far as an entry marks it; and what no entry marks. Whatever is marked
    is named here alone: from here on it counts as standing."""
    wanted: list[Closed] = []
    for case in cases:
        is_known, spoken = case.is_known, case.replay.spoken
        for name, stored in case.words.items():
            told = case.replay.rows.get(name)
            if told is None:
                continue
            kind = name.partition("/")[0]
            for one in _WORDS[kind]:
                column = one.attname
                mark = told.get(column) if is_known or column in spoken.get(name, ()) else None
                if mark:
                    case.rows[name][column] = mark
                    model, by = _MAKERS.get((kind, column), (None, ""))
                    is_gone = partial(words.is_erased, model, told[by], erased) if model and told.get(by) else None
                    wanted.append(words.closed(case, name, one, mark, stored.get(column), is_gone))
                elif column in stored and is_known and column not in _unsaid(kind, told):
                    yield case.finding("column", name, column)
    for bad, code, detail in checking.check(wanted, erased):
        yield bad.of.finding(code, bad.row, bad.column, detail)
