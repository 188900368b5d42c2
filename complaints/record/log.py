"""The log: one Merkle tree over the entries of all chains, with signed checkpoints (docs/how-to/proof.md).

For whoever reads it: the newest checkpoint, where an entry lies, and the proofs that lead from it to a checkpoint and
from an old checkpoint to a new one (RFC 9162; complaints/record/notes.py says whether one holds). Leaves and
checkpoints are written by complaints/record/checkpoints.py alone.

``verify_log`` says what of it does not hold, whatever was done to its tables."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import F, Max, Value
from django.db.models.functions import Concat

from complaints.models import Checkpoint, HandlingStep, HouseEntry, Leaf, NotAdmitted, Tile
from complaints.record import house, notes, seal_keys
from complaints.record.findings import Finding
from complaints.record.log_checks import Checkpoints, Place, Walk, checkpoint_findings, found
from complaints.record.seal_keys import SealKeys
from complaints.record.tree import WIDTH, Tiles, Tree
from complaints.record.tree import leaf_hash as leaf_hash

_CHUNK = 4096
#: What has a right tag and no leaf, and is older than the newest checkpoint.
OUT_OF_TURN = "out_of_turn"
#: So many persons agree where an entry is set aside.
PERSONS = 2


def newest_checkpoint() -> Checkpoint | None:
    """With ``size``, ``root``, ``at`` and ``note``; None before the first."""
    return Checkpoint.objects.order_by("-number").first()


def open_for(*, now: datetime) -> timedelta:
    """How long the oldest transaction that writes has been open, at the least: since the first checkpoint at which it
    was. Zero where none is. No role that serves sees the sessions of others, so the log itself is asked."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest,) = cursor.fetchone()
    # Where nothing was open, the horizon was the sealer's own transaction, the ceiling.
    seen = Checkpoint.objects.filter(horizon=oldest, ceiling__gt=oldest, era=_era()).order_by("number").first()
    return max(now - seen.at, timedelta()) if seen else timedelta()


def waiting(most: int) -> int:
    """How many entries of cases have no leaf yet, counted up to ``most``."""
    last = newest_checkpoint()
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [last.horizon if last and last.era == _era() else 0, most])
        return int(cursor.fetchone()[0])


_WAITING = """
select count(*) from (
    select from complaints_handlingstep s join complaints_complaint c on c.id = s.complaint_id
    where s.transaction >= %s and not exists (
        select from complaints_leaf l where l.entry = c.number || '|' || s.audience || '|' || s.sequence)
    limit %s) waits"""


def not_admitted(*, number: str = "") -> list[tuple[NotAdmitted, str]]:
    """What was refused a leaf, of one case or in all, and the hash of what stands there now, in hexadecimal digits or
    "": until two persons set just that aside (``set_aside``)."""
    rows = NotAdmitted.objects.all()
    if number:
        rows = rows.filter(entry__gte=f"{number}|", entry__lt=f"{number}}}")
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED)
        hashes = dict(cursor.fetchall())
    aside = set_aside()
    there = [(row, hashes.get(row.entry, "")) for row in rows]
    return [(row, digest) for row, digest in there if (row.entry, digest) not in aside]


_REFUSED = """
select n.entry, encode(coalesce(s.hash, h.hash), 'hex')
from complaints_notadmitted n
left join complaints_complaint c on c.number = split_part(n.entry, '|', 1)
left join complaints_handlingstep s on s.complaint_id = c.id
    and s.audience = split_part(n.entry, '|', 2) and s.sequence::text = split_part(n.entry, '|', 3)
left join complaints_houseentry h on 'house|house|' || h.sequence = n.entry
where coalesce(s.hash, h.hash) is not null"""


def place_of(entry: HandlingStep | HouseEntry) -> int | None:
    """Where the leaf of an entry lies (from 0); None as long as it has none."""
    return Leaf.objects.filter(entry=entry_name(entry)).values_list("place", flat=True).first()


def entry_name(entry: HandlingStep | HouseEntry) -> str:
    """``number|audience|sequence``, as a leaf names it."""
    if isinstance(entry, HouseEntry):
        return f"{house.NAME}|{house.NAME}|{entry.sequence}"
    return f"{entry.complaint.number}|{entry.audience}|{entry.sequence}"


def restored_at() -> list[int]:
    """The places of the entries that say that the record was restored, the first restore first."""
    return [place for entry in house.proven("restored") if (place := place_of(entry)) is not None]


def root_at(size: int) -> bytes:
    """The root over the first ``size`` leaves, from the tiles. Raises ValueError where they do not reach so far."""
    return Tree(size, _each_once()).root()


def inclusion_proof(place: int, size: int) -> list[bytes]:
    """What leads from the leaf at ``place`` to the root over the first ``size`` leaves, the nearest hash first.
    Raises ValueError where there is no such leaf or tile."""
    return Tree(size, _each_once()).inclusion(place)


def consistency_proof(old: int, new: int) -> list[bytes]:
    """What shows that the log of ``old`` leaves is a beginning of the log of ``new``; empty where they are the same, or
    ``old`` is 0. Raises ValueError where there are no such logs or tiles."""
    return Tree(new, _each_once()).consistency(old) if old else []


def add_lines(checkpoint: Checkpoint, lines: Iterable[tuple[str, bytes]]) -> bool:
    """Keep more signatures with a checkpoint, (name, 4 bytes of key id ‖ signature) each; a key that stands there
    already is passed over. Whether anything was added; the caller has checked them."""
    there = {(name, blob[:4]) for name, blob in notes.parse(checkpoint.note).lines}
    new = [(name, blob) for name, blob in lines if (name, blob[:4]) not in there]
    text = "".join(notes.signature_line(name, blob) for name, blob in new)
    if not text:
        return False
    # Added by the database: two that add at once lose nothing of each other.
    changed = Checkpoint.objects.filter(pk=checkpoint.pk).exclude(note__contains=text)
    return bool(changed.update(note=Concat(F("note"), Value(text))))


def stored(wanted: Collection[tuple[int, int]]) -> Tiles:
    """The tiles (level, place) that are wanted, as far as they are there."""
    rows = Tile.objects.filter(place__in={place for _, place in wanted}).values_list("level", "place", "digests")
    return {(level, place): bytes(digests) for level, place, digests in rows if (level, place) in wanted}


def tiles() -> Callable[[int, int], bytes]:
    """Tiles as they are stored, for proofs of many leaves."""
    return _each_once()


def _each_once() -> Callable[[int, int], bytes]:
    """Tiles as they are stored, each read once."""
    read: dict[tuple[int, int], bytes] = {}

    def tile(level: int, place: int) -> bytes:
        if (level, place) not in read:
            row = Tile.objects.filter(level=level, place=place).values_list("digests", flat=True).first()
            if row is None:
                raise ValueError(f"tile {level}/{place} is missing")
            read[level, place] = bytes(row)
        return read[level, place]

    return tile


# --- verification -------------------------------------------------------------------------------------------------

# Names as bytes and hashes of leaves as the database makes them from what stands there: nothing can be unreadable.
_ENTRIES = """
select c.number || '|' || s.audience || '|' || s.sequence as entry, s.hash, s.transaction
from complaints_handlingstep s join complaints_complaint c on c.id = s.complaint_id {of_case}"""
_OTHERS = """
union all
select 'house|house|' || sequence, hash, transaction from complaints_houseentry
union all
select 'seal||' || number, root, 0 from complaints_seal
where 'seal||' || number in (select entry from complaints_leaf where place = 0)"""
_WALK = """
select l.place, textsend(coalesce(l.entry, e.entry)),
    sha256('\\x00'::bytea || textsend(e.entry || '|' || encode(e.hash, 'hex'))), e.hash, e.transaction, {is_moved}
from (select * from complaints_leaf {of_leaves}) l full join ({entries}) e on e.entry = l.entry
order by l.place nulls last"""
#: A leaf whose entry is not here, of a case that is moved: the hash lies in the tile, under the signed root.
_IS_MOVED = """case when l.place is not null and e.entry is null then exists (
    select from complaints_complaint c join complaints_archivedcase a on a.complaint_id = c.id
    where c.number = split_part(l.entry, '|', 1) and a.returned is null) else false end"""


def verify_log(*, number: str = "", public_key: bytes = b"") -> Iterator[Finding]:
    """What does not hold in the log, or in what it says of the case ``number``; memory stays flat.

    ``public_key``: the raw Ed25519 key with which trust begins, known from outside; without it the first key that the
    house chain names is taken. To be called within a transaction, REPEATABLE READ where others write meanwhile."""
    keys = seal_keys.known()
    yield from keys.wrong
    if public_key and keys.first and keys.first != public_key:
        yield Finding("key_unknown", house.NAME, house.NAME, 1, detail=f"the log begins with {keys.first.hex()}")
    yield from _of_case(number, keys) if number else _of_everything(keys)


def set_aside() -> set[tuple[str, str]]:
    """(name of an entry, the hash that they saw, in hexadecimal digits) that two persons set aside."""
    said = {(entry.data["entry"], entry.data["hash"], entry.by) for entry in house.proven("set_aside")}
    persons = Counter((entry, digest) for entry, digest, _ in said)
    return {seen for seen, number in persons.items() if number >= PERSONS}


def _of_everything(keys: SealKeys) -> Iterator[Finding]:
    last = newest_checkpoint()
    refused = not_admitted()
    yield from (found(row.code, row.entry) for row, _ in refused)
    place = Leaf.objects.aggregate(last=Max("place"))["last"]
    size = 0 if place is None else place + 1
    walk = Walk(size=max(size, last.size if last else 0), newest=last)
    checkpoints = Checkpoints(keys, restored_at())
    with connection.cursor() as cursor:
        entries = _ENTRIES.format(of_case="") + _OTHERS
        rows = _walked(cursor, _WALK.format(of_leaves="", entries=entries, is_moved=_moved(cursor)), [])
        for tile, group in groupby(rows, key=lambda row: None if row[0] is None else row[0] // WIDTH):
            if tile is None:
                yield from _without_leaf(group, last, refused)
            else:
                places = {row[0] % WIDTH: Place(row[1], row[2], is_moved=row[5]) for row in group if row[0] is not None}
                yield from walk.take(tile, places, checkpoints)
    yield from walk.end(checkpoints)
    yield from checkpoints.rest(walk.at)


def _moved(cursor: Any) -> str:
    """A database from before there was an archive is verified before it is migrated."""
    cursor.execute("select to_regclass('complaints_archivedcase') is not null")
    return _IS_MOVED if cursor.fetchone()[0] else "false"


#: (place, name, hash of the leaf, hash of the entry, transaction, whether its case is moved and it is not here).
_Row = tuple[int | None, str, bytes, bytes, int, bool]


def _walked(cursor: Any, sql: str, values: list[Any]) -> Iterator[_Row]:
    """By a server-side cursor."""
    cursor.execute(f"declare log_check no scroll cursor for {sql}", values)
    try:
        while True:
            cursor.execute(f"fetch {_CHUNK} from log_check")
            rows = cursor.fetchall()
            if not rows:
                return
            for place, name, leaf, digest, transaction, is_moved in rows:
                entry = bytes(name).decode(errors="backslashreplace")
                yield place, entry, bytes(leaf or b""), bytes(digest or b""), transaction or 0, is_moved
    finally:
        cursor.execute("close log_check")


def _without_leaf(
    rows: Iterable[_Row], last: Checkpoint | None, refused: list[tuple[NotAdmitted, str]]
) -> Iterator[Finding]:
    """Entries older than the newest checkpoint that have no leaf: they were put in later, or their leaf is gone. What
    was refused is named already."""
    if last is None or last.era != _era():
        # Before the first checkpoint, or since a restore, what has no leaf yet waits for the sealer.
        return
    named, aside = {row.entry for row, _ in refused}, set_aside()
    for _, entry, _, digest, transaction, _ in rows:
        if transaction < last.horizon and entry not in named and (entry, digest.hex()) not in aside:
            yield found(OUT_OF_TURN, entry)


def _era() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select last_value from complaints_event_era")
        return int(cursor.fetchone()[0])


def _of_case(number: str, keys: SealKeys) -> Iterator[Finding]:
    """The entries of one case: each has its leaf, under the newest checkpoint."""
    last = newest_checkpoint()
    if last is None:
        return
    yield from checkpoint_findings(last, keys, restored_at())
    refused = not_admitted(number=number)
    yield from (found(row.code, row.entry) for row, _ in refused)
    tree = Tree(last.size, _each_once())
    with connection.cursor() as cursor:
        sql = _WALK.format(
            of_leaves="where entry >= %s and entry < %s",
            entries=_ENTRIES.format(of_case="where c.number = %s"),
            is_moved=_moved(cursor),
        )
        rows = list(_walked(cursor, sql, [f"{number}|", f"{number}}}", number]))
    for place, entry, leaf, _, _, is_moved in rows:
        if place is None or is_moved:
            continue
        if not leaf:
            yield found("entry_missing", entry, row=f"leaf {place}")
        elif place < last.size and not is_in(tree, place, leaf, bytes(last.root)):
            yield found("other_leaf", entry, row=f"leaf {place}")
    yield from _without_leaf((row for row in rows if row[0] is None), last, refused)


def holds(number: str, audience: str, sequence: int, digest: bytes) -> bool:
    """Whether an entry of this hash lies in the log, under its newest checkpoint."""
    last = newest_checkpoint()
    place = Leaf.objects.filter(entry=f"{number}|{audience}|{sequence}").values_list("place", flat=True).first()
    if last is None or place is None:
        return False
    leaf = leaf_hash(number, audience, sequence, digest)
    return is_in(Tree(last.size, _each_once()), place, leaf, bytes(last.root))


def is_in(tree: Tree, place: int, leaf: bytes, root: bytes) -> bool:
    try:
        return notes.inclusion_holds(place, tree.size, leaf, tree.inclusion(place), root)
    except ValueError:
        return False
