"""Whether cases stand as their entries say: replayed, and compared column by column (complaints/record/state.py).

Nothing is read but what belongs to the cases of one piece, so memory stays flat."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Model

from accounts.keys.ciphers import CannotOpen
from accounts.models import User
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Audience
from complaints.record import deriving, house, standing, words
from complaints.record.columns import LATER, TABLES
from complaints.record.deriving import Told
from complaints.record.erasures import Erased
from complaints.record.findings import Finding
from complaints.record.record import open_state
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
    #: Name of a row → its words by their column.
    words: dict[str, dict[str, Stored]] = field(default_factory=dict)
    replay: Replay = field(default_factory=Replay)
    unread: set[str] = field(default_factory=set)

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
        for case in cases.values():
            if compared is not None:
                compared.cases += 1
                compared.proved += case.is_proved
            yield from _differences(case)
        yield from _words(cases.values(), erased)
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
    carried: dict[int, list[_Carried]] = defaultdict(list)
    ended = (0, "", 0, 0)
    for pk, case_id, audience, sequence, body, closed in entries:
        case, is_aside = cases[case_id], audience != Audience.PARTIES
        if ended[:2] != (case_id, audience):
            ended = (case_id, audience, 0, 0)
        follows = 1 + ended[2]
        if pk <= ended[3]:
            # Entries of several chains are replayed in the order of their ids, which nothing else proves.
            yield Finding("column", case.number, audience, sequence, "entry", "id")
        ended = (case_id, audience, sequence, pk)
        # Without a delta it is not known what went before an entry of another chain: all that was written before it.
        mine = _Carried(sequence, is_aside, pk)
        if sequence != follows:
            carried[case_id].append(mine)
        try:
            said = json.loads(body) if isinstance(body, str) else body
            digest = said.get("state", "")
            at = datetime.fromisoformat(said["written"])
            case.told.read(audience, sequence, said["step"], said["role"], at, said["data"])
        except (ValueError, AttributeError, KeyError, TypeError):
            # The entry itself is named by whoever verifies the chain.
            carried[case_id].append(mine)
            continue
        closed = bytes(closed)
        if not digest and not closed:
            continue
        try:
            if hashlib.sha256(closed).hexdigest() != digest:
                raise CannotOpen
            delta = open_state(closed, number=case.number, audience=audience, sequence=sequence)
            carried[case_id].append(_Carried(delta["at"], is_aside, pk, delta))
        except (CannotOpen, ValueError):
            carried[case_id].append(mine)
            yield Finding("unreadable", case.number, audience, sequence, "state")
    for case_id, every in carried.items():
        spine = [one for one in every if not one.is_aside]
        for one in every:
            if one.is_aside and one.delta is None:
                one.at = max((before.at for before in spine if before.pk < one.pk), default=0)
        for one in sorted(every, key=lambda one: (one.at, one.is_aside, one.pk, one.delta is not None)):
            if one.delta is None:
                cases[case_id].replay.lose()
            else:
                cases[case_id].replay.fold(one.delta)


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
            for row in rows:
                known = (row.case_id, row.base)
                counts[known] = count = counts.get(known, 0) + 1
                name = row.base if count == 1 else nth(row.base, count)
                case = cases[row.case_id]
                case.rows[name] = row.columns
                if row.words:
                    case.words[name] = row.words


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
    """Whether a row stands exactly as it is told, marks of words aside; otherwise each column is looked at."""
    if kind in _BEGINS:
        told = _BEGINS[kind] | dict(told)
    if told == stands:
        return True
    empty = _EMPTY[kind]
    return {name: value for name, value in told.items() if name in empty and value != empty[name]} == stands


def _is_as_told(case: _Case) -> bool:
    """Whether all rows of a case are told exactly as they stand: so it is nearly always."""
    said, rows = case.replay.rows, case.rows
    if not case.is_known or case.unread or said.keys() != rows.keys():
        return False
    return all(_is_same(name.partition("/")[0], told, rows[name]) for name, told in said.items())


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


def _words(cases: Iterable[_Case], erased: frozenset[str]) -> Iterator[Finding]:
    """What people said in rows of these cases, as far as an entry marks it; then what no entry marks."""
    wanted = []
    for case in cases:
        for name in sorted(case.replay.rows.keys() & case.rows.keys()):
            kind = name.partition("/")[0]
            if kind in case.unread or not _WORDS[kind]:
                continue
            told, stored = case.replay.rows[name], case.words.get(name, {})
            for one in _WORDS[kind]:
                is_told = case.is_known or one.attname in case.replay.spoken.get(name, ())
                mark = told.get(one.attname) if is_told else None
                if mark:
                    model, column = _MAKERS.get((kind, one.attname), (User, ""))
                    maker = (model, told[column]) if told.get(column) is not None else None
                    wanted.append(words.Compared(case.number, name, mark, stored.get(one.attname), one.attname, maker))
                elif one.attname in stored and case.is_known and one.attname not in _unsaid(kind, told):
                    yield Finding("column", case.number, row=name, column=one.attname)
    yield from words.check(wanted, erased)
