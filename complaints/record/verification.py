"""Verification: stream through the whole record and name what was touched, each place for itself.

It begins with what entries say: chains without gap, each entry hashed, tagged and as its columns say; then every text,
name, file and document that an entry commits to (commitments.py), and the state of each case (comparing.py); then the
log, and the seals of before it. Nothing that is wrong ends it or hides the rest."""

import contextlib
import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from accounts.keys import tags
from complaints.models import Complaint
from complaints.record import anchors, comparing, deriving, entry_rows, log
from complaints.record.anchors import NoAnchor, Receipt
from complaints.record.beside import directory, draws, posts
from complaints.record.commitments import Commitments, foreign_names
from complaints.record.entry_rows import BODY, HASH, ID, PREVIOUS, STATE, TAG, UNREADABLE
from complaints.record.erasures import Erased
from complaints.record.findings import Finding, Report
from complaints.record.house_checks import said_by
from complaints.record.moved import named
from complaints.record.moved import rows as moved_rows
from complaints.record.notes import Note
from complaints.record.record import TAG_KIND, chained, said_in
from complaints.record.seal_checks import sealed_heads, seals
from complaints.record.walking import Range, Row, Said, Table, fetched, parsed, ranges
from database import second_process, sessions

_CHAIN = "t.complaint_id, t.audience, t.sequence, t.previous_hash, t.hash, {tag}, t.body"
_BESIDE = (
    ", t.step, t.actor_role, t.organisation, t.from_status, t.to_status, t.outcome, t.reason,"
    " t.happened_at::text, t.written_at::text, t.data::text, t.name_id, t.recorded_by_id"
)
_FOR_REPLAY = ", t.id, t.state"
_CASES = Table(
    "complaints_complaint t",
    "id",
    "t.id, t.number, t.consumer_key::text, t.last_sequence, t.last_hash",
    "t.id, t.number",
)
#: What a database knows of: one from before there were tags, a log or states is verified before it is migrated.
_KNOWN = """
select attname::text from pg_attribute where attrelid = 'complaints_handlingstep'::regclass and not attisdropped
union all select 'house' where to_regclass('complaints_houseentry') is not null
union all select 'notices' from pg_attribute where attrelid = to_regclass('complaints_notice') and attname = 'tag'
union all select 'verdicts' from pg_attribute where attrelid = to_regclass('complaints_evidence') and attname = 'tag'
union all select 'posts' where exists (select from pg_attribute where attrelid = to_regclass('authorities_officer')
 and attname = 'tag') and exists (select from pg_attribute where attrelid = to_regclass('enterprises_stationstaff')
 and attname = 'tag')
union all select 'moved' where to_regclass('complaints_archivedcase') is not null
union all select 'log' where to_regclass('complaints_leaf') is not null"""


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a walk through ranges of cases needs. ``known``: what the database knows of; ``erased``: what the house
    chain says is gone; ``aside``: entries that two persons set aside, and their hashes; ``archived``: the entries of
    the house chain that name moved cases."""

    known: frozenset[str]
    chain_only: bool
    erased: Erased
    aside: set[tuple[str, str]]
    archived: frozenset[int] = frozenset()


def verify(
    *,
    number: str = "",
    public_key: bytes = b"",
    chain_only: bool = False,
    held: Sequence[Note | Receipt] = (),
    processes: int = 1,
) -> Report:
    """Verify one case or everything; memory stays flat whatever the size.

    ``public_key``: the raw Ed25519 key that seals and log must begin with, known from outside. ``held``: checkpoints
    and receipts from outside, to compare with. ``chain_only``: chains and tags alone; nothing of what entries commit
    to, nothing of the log. ``processes``: so many look at the cases, each at its share. Reads one state of the
    database, where it is not called within a transaction (in one, by one process). Raises Complaint.DoesNotExist,
    NoAnchor for a checkpoint of another record, and LostWorkError (database/second_process.py)."""
    report = Report()
    is_alone = not connection.in_atomic_block
    # Its rows are read from the archive, and taken back at the end.
    is_moved = bool(number) and named.is_here() and named.of_number(number) is not None
    with _collecting_seldom(), transaction.atomic():
        _prepare(is_alone=is_alone, writes=is_moved)
        known = frozenset(name for (name,) in fetched(_KNOWN))
        case_id = Complaint.objects.values_list("pk", flat=True).get(number=number) if number else None
        has_house = "house" in known
        house = said_by(report, "erased", "archived", "returned") if has_house else {}
        erased = Erased.of(house.get("erased", {}).values())
        archived = house.get("archived", {}) if "moved" in known else {}
        if "moved" in known:
            report.take(named.differences(archived, house["returned"]))
            _read_there(report, archived, case_id, is_moved=is_moved)
        walk = _Walk(known, chain_only, erased, log.set_aside() if has_house else set(), frozenset(archived))
        # Who prepared the database before this was granted has one process.
        [[may_share]] = fetched("select has_function_privilege('pg_export_snapshot()', 'execute')")
        every = list(ranges(case_id=case_id, has_moved="moved" in known))
        for found in _walked(walk, every, processes=processes if is_alone and may_share else 1):
            report.join(found)
        if chain_only:
            transaction.set_rollback(is_moved)
            return report
        if not number:
            _guarded(
                report, "names", lambda: report.take(foreign_names(named.names_there if archived else lambda _ids: ()))
            )
            _guarded(report, "series", lambda: report.take(deriving.series()))
            _guarded(report, "seals", lambda: seals(report, public_key))
            if "posts" in known:
                _guarded(report, "posts", lambda: report.take(posts.differences()))
        if has_house:
            _guarded(report, "directory", lambda: report.take(directory.differences(case_id)))
            _guarded(report, "draws", lambda: report.take(draws.differences(number)))
        _guarded(report, "sealed heads", lambda: sealed_heads(report, number))
        if "log" in known:
            _guarded(report, "log", lambda: _newest(report))
            _guarded(report, "log", lambda: report.take(log.verify_log(number=number, public_key=public_key)))
            _guarded(report, "anchors", lambda: _compare(report, held))
        transaction.set_rollback(is_moved)
    return report


def broken_among(numbers: dict[int, str]) -> set[str]:
    """Which of these cases do not hold as they stand in this transaction, by their numbers; files are not read."""
    report = Report()
    known = frozenset(name for (name,) in fetched(_KNOWN))
    house = said_by(report, "erased")
    walk = _Walk(known, chain_only=False, erased=Erased.of(house["erased"].values()), aside=log.set_aside())
    commitments, state = Commitments(report.add, walk.erased, reads_files=False), comparing.Compared()
    for pk in numbers:
        _range(walk, Range(pk - 1, pk), report, commitments, state)
    if report.more or any(not finding.case for finding in report.findings):
        return set(numbers.values())
    return {finding.case for finding in report.findings}


def _read_there(report: Report, archived: dict[int, dict[str, Any]], case_id: int | None, *, is_moved: bool) -> None:
    """Of all moved cases whether their chains end there as they were moved; of one its rows are read, so that all that
    follows is asked of it too: the transaction is taken back."""
    try:
        if case_id is not None and is_moved:
            report.archived = report.read_there = len(named.read_back([case_id]))
        elif case_id is None and archived:
            report.take(named.differing_there(report, archived))
    except moved_rows.ArchiveAway:
        report.read_there = 0
    except moved_rows.ArchiveDiffers:
        report.add(Finding("archive_differs", row=f"case with id {case_id}"))


def _prepare(*, is_alone: bool, snapshot: str = "", writes: bool = False) -> None:
    """One state of the database, that of ``snapshot`` where it is given; no limit of time; values in one form."""
    if is_alone:
        sessions.read_one_state(connection, writes=writes)
    with connection.cursor() as cursor:
        if snapshot:
            cursor.execute("set transaction snapshot %s", [snapshot])
        for limit in ("statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"set local {limit} = 0")
        for style in ("datestyle = iso", "timezone = 'UTC'", "bytea_output = hex"):
            cursor.execute(f"set local {style}")


def _walked(walk: _Walk, every: list[Range], *, processes: int) -> Iterator[Report]:
    """What each process finds of its share of the ranges; this one takes the first."""
    size = -(-len(every) // processes)
    mine, *shares = (every[begun : begun + size] for begun in range(0, len(every), size))
    snapshot = ""
    if shares:
        with connection.cursor() as cursor:
            cursor.execute("select pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
    others = [second_process.start(partial(_elsewhere, walk, share, snapshot)) for share in shares]
    yield _found(walk, mine)
    for other in others:
        yield other()


def _elsewhere(walk: _Walk, share: list[Range], snapshot: str) -> Report:
    with transaction.atomic():
        _prepare(is_alone=True, snapshot=snapshot)
        return _found(walk, share)


def _found(walk: _Walk, share: list[Range]) -> Report:
    report, state = Report(), comparing.Compared()
    commitments = None
    if not walk.chain_only:
        commitments = Commitments(
            report.add, walk.erased, reads_notices="notices" in walk.known, has_verdicts="verdicts" in walk.known
        )
    for among in share:
        _range(walk, among, report, commitments, state)
    if commitments is not None:
        report.texts, report.files = commitments.texts, commitments.files
        report.cases, report.proved = state.cases, state.proved
    return report


@contextlib.contextmanager
def _collecting_seldom() -> Iterator[None]:
    """A range of cases is a great many small objects without cycles: to walk over them for each few hundred new ones
    would cost a seventh of it all."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _table(known: Container[str], *, chain_only: bool) -> Table:
    columns = _CHAIN.format(tag="t.tag" if "tag" in known else "''::bytea")
    if not chain_only:
        columns += _BESIDE + (_FOR_REPLAY if "state" in known else "")
    keys = "t.complaint_id, t.audience, t.sequence, t.hash"
    return Table("complaints_handlingstep t", "complaint_id", columns, keys)


def _newest(report: Report) -> None:
    """What the record says of itself, for whoever keeps it elsewhere."""
    if (last := log.newest_checkpoint()) is not None:
        at = last.at.isoformat().replace("+00:00", "Z")
        report.newest_checkpoint = {"size": last.size, "root": bytes(last.root).hex(), "at": at, "note": last.note}


def _compare(report: Report, held: Sequence[Note | Receipt]) -> None:
    """With what is held outside; the report says with how much."""
    compared = anchors.compare(held)
    report.take(compared.findings)
    report.checkpoints, report.receipts = compared.notes, compared.receipts
    report.compared_at = compared.at if report.is_unbroken else None


def _guarded(report: Report, what: str, check: Callable[[], object]) -> None:
    """A check that could not be carried out to its end is named, and the others go on."""
    try:
        with transaction.atomic():
            check()
    except NoAnchor:
        raise
    except Exception as error:
        report.add(Finding("unreadable", row=what, detail=type(error).__name__))


# --- cases ---


@dataclass(frozen=True, slots=True)
class _Case:
    """The row of a case, as far as its record hangs on it."""

    number: str
    consumer_key: str
    last_sequence: int
    last_hash: bytes


def _range(
    walk: _Walk, among: Range, report: Report, commitments: Commitments | None, state: comparing.Compared
) -> None:
    """Everything about the cases of one range; without ``commitments`` chains and tags alone."""
    case_rows, hidden = _CASES.rows(among)
    cases = {row[0]: _Case(row[1], row[2], row[3], bytes(row[4])) for row in case_rows}
    rows, unreadable = _table(walk.known, chain_only=walk.chain_only).rows(among)
    for row in unreadable:
        if len(row) == 1:
            report.add(Finding("unreadable", row=f"entry {row[0]}"))
    rows += [row for row in unreadable if len(row) > 1]
    rows.sort(key=itemgetter(0, 1, 2))
    said = [parsed(row[BODY]) if commitments is not None and len(row) > BODY else None for row in rows]
    moved = named.in_range(among, walk.archived) - {row[0] for row in rows} if walk.archived else set()
    report.archived += len(moved)
    names = {row[0]: row[1] if len(row) > 1 else "" for row in hidden} | {pk: case.number for pk, case in cases.items()}
    _name_cases(names, rows, said)
    for row in hidden:
        report.add(Finding("unreadable", names[row[0]], row="case"))
    for pk in sorted({row[0] for row in rows} - cases.keys() - {row[0] for row in hidden}):
        report.add(Finding("row_missing", names[pk], row="case"))
    heads = _chains(report, rows, names, walk.aside)
    cases = {pk: case for pk, case in cases.items() if pk not in moved}
    for pk, case in cases.items():
        if case.number != names[pk]:
            report.add(Finding("column", names[pk], row="case", column="number"))
        _head(report, names[pk], case, *heads.get(pk, (0, b"")))
    if commitments is not None:
        entries = entry_rows.told(report, rows, said, names, {pk: case.consumer_key for pk, case in cases.items()})
        unread = [row[:3] for row, one in zip(rows, said, strict=True) if one is None]
        # What stays here of a moved case is named by entries that are not here.
        unread += [(pk, "", 0) for pk in sorted(moved)]
        commitments.follow(among, entries, names, unread)
        if "state" in walk.known:
            replayed = comparing.compare(
                cases,
                compared=state,
                called=names,
                erased=commitments.erased.keys,
                entries=None if unreadable else _for_replay(rows, said),
            )
            _guarded(report, "state", lambda: report.take(replayed))


def _name_cases(names: dict[int, str], rows: list[Row], said: list[Said | None]) -> None:
    """A case is called as its entries call it, whatever its row says now; where nothing says so, by its id."""
    every = zip(rows, said, strict=True)
    odd = {row[0] for row, one in every if one is not None and one.body["case"] != names.get(row[0])}
    called: dict[int, Counter[str]] = defaultdict(Counter)
    for row, one in zip(rows, said, strict=True):
        if one is not None and row[0] in odd and chained(bytes(row[PREVIOUS]), row[BODY]) == bytes(row[HASH]):
            called[row[0]][one.body["case"]] += 1
    for pk in {row[0] for row in rows}:
        if called[pk]:
            ((names[pk], _count),) = called[pk].most_common(1)
        elif pk not in names:
            names[pk] = f"with id {pk}"


def _head(report: Report, number: str, case: _Case, sequence: int, digest: bytes) -> None:
    """The case knows where the chain of the parties ends: whoever cuts it must change the case as well. Each case has
    an entry, from its filing on."""
    if not sequence and not case.last_sequence:
        report.add(Finding("foreign", number, row="case"))
    report.missing(number, "parties", sequence + 1, case.last_sequence + 1)
    if sequence > case.last_sequence:
        report.add(Finding("column", number, "parties", sequence, "case", "last_sequence"))
    elif sequence == case.last_sequence and digest != case.last_hash:
        report.add(Finding("column", number, "parties", sequence, "case", "last_hash"))


def _chains(
    report: Report, rows: list[Row], names: dict[int, str], aside: set[tuple[str, str]]
) -> dict[int, tuple[int, bytes]]:
    """Each entry of each chain, the ordered rows of whole cases: gap, order, hash, tag. What is wrong is named, and the
    chain goes on from what is stored. ``aside``: entries that two persons set aside need no tag. The end of each
    parties' chain."""
    heads: dict[int, tuple[int, bytes]] = {}
    pk, audience, sequence, previous, has_tags = 0, "", 0, b"", False
    for row in rows:
        if row[0] != pk or row[1] != audience:
            pk, audience, sequence, previous, has_tags = row[0], row[1], 0, b"", False
            report.chains += 1
        report.entries += 1
        nth = row[2]
        is_next = nth == sequence + 1
        if not is_next:
            report.missing(names[pk], audience, sequence + 1, nth)
        if len(row) == UNREADABLE:
            report.add(Finding("unreadable", names[pk], audience, nth, "entry"))
            digest = bytes(row[UNREADABLE - 1])
        else:
            digest, before, tag = bytes(row[HASH]), bytes(row[PREVIOUS]), bytes(row[TAG])
            if (before != previous) if is_next else (nth <= sequence):
                report.add(Finding("not_in_order", names[pk], audience, nth, "entry"))
            if chained(before, row[BODY]) != digest:
                report.add(Finding("hash", names[pk], audience, nth, "entry"))
            is_ours = tags.is_tagged(TAG_KIND, digest, tag) if tag else not has_tags and not _has_form(row[BODY])
            if not is_ours and (f"{names[pk]}|{audience}|{nth}", digest.hex()) not in aside:
                report.add(Finding("tag", names[pk], audience, nth, "entry"))
            has_tags = has_tags or bool(tag)
        sequence, previous = nth, digest
        if audience == "parties":
            heads[pk] = (sequence, previous)
    return heads


def _has_form(body: str) -> bool:
    """Whether an entry without a tag is of a form that has tags."""
    if '"form":' not in body:
        return False
    try:
        said = said_in(body)
    except (ValueError, RecursionError):
        return True
    return not isinstance(said, dict) or "form" in said


def _for_replay(rows: list[Row], said: list[Said | None]) -> dict[int, list[comparing.Entry]]:
    """What a replay needs of these entries, by their case."""
    result: dict[int, list[comparing.Entry]] = defaultdict(list)
    for row, one in zip(rows, said, strict=True):
        body = row[BODY] if one is None else one.body
        result[row[0]].append((row[ID], row[0], row[1], row[2], body, row[STATE]))
    return result
