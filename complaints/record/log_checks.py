"""What of the log's own tables does not hold: leaves, tiles, checkpoints. Called by ``log.verify_log``, which says what
stands where."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from complaints.models import Checkpoint, Tile
from complaints.record import notes, stamps
from complaints.record.findings import Finding
from complaints.record.notes import COSIGNS, EMPTY_ROOT, SIGNS, NoteKey, OddNote, node_of
from complaints.record.seal_keys import SealKeys
from complaints.record.tree import HASH, WIDTH, edge, over

#: Of so many leaves in one tile, whose entry and hash differ, it is found out which of the two was changed.
_MOST_ODD = 8
#: Of so many missing checkpoints in a row each is named.
_LONG = 50


def named(entry: str) -> Finding:
    """Where an entry of this name stands, without a code."""
    case, _, rest = entry.partition("|")
    audience, _, sequence = rest.rpartition("|")
    if case == "seal":
        return Finding("", row=f"seal {sequence}")
    return Finding("", case, audience, int(sequence) if sequence.isdecimal() else 0)


def found(code: str, entry: str, **more: Any) -> Finding:
    where = named(entry)
    return Finding(code, where.case, where.audience, where.sequence, more.get("row", where.row), detail=entry)


@dataclass(slots=True)
class Place:
    """One leaf as the tables have it: its name, and the hash of the entry of that name; empty where it is gone.
    ``is_moved``: it is in the archive, so that the tile alone has the hash."""

    entry: str = ""
    leaf: bytes = b""
    is_moved: bool = False


@dataclass(slots=True)
class Walk:
    """Goes through the leaves a tile at a time. Of a leaf there are two witnesses, the entry and the tile; where they
    differ the root above decides which of them was changed."""

    size: int
    newest: Checkpoint | None
    at: int = 0
    #: Roots over whole parts from the left, the widest first: (how many leaves, root).
    parts: list[tuple[int, bytes]] = field(default_factory=list)
    #: Level → roots over whole tiles of the level below, as far as their own tile is not full.
    above: dict[int, list[bytes]] = field(default_factory=dict)
    stored: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def take(self, tile: int, places: dict[int, Place], checkpoints: "Checkpoints") -> Iterator[Finding]:
        while self.at // WIDTH < tile:
            # A whole tile of leaves is gone; its hashes may still be there.
            yield from self._tile({}, checkpoints)
        yield from self._tile(places, checkpoints)

    def end(self, checkpoints: "Checkpoints") -> Iterator[Finding]:
        while self.at < self.size:
            yield from self._tile({}, checkpoints)
        for level, place in edge(self.size)[1:]:
            if self._held(level, place) != b"".join(self.above.get(level, [])):
                yield Finding("tile", row=f"tile {level}/{place}")
        most = sum((self.size >> (8 * level)) // WIDTH + bool((self.size >> (8 * level)) % WIDTH) for level in range(8))
        if Tile.objects.count() > most:
            yield Finding("foreign", row="tile", detail="there are more tiles than the log needs")

    def _tile(self, places: dict[int, Place], checkpoints: "Checkpoints") -> Iterator[Finding]:
        start, tile = self.at, self.at // WIDTH
        width = min(WIDTH, self.size - start)
        held = self._held(0, tile)
        stored = [held[n * HASH : (n + 1) * HASH] for n in range(width)]
        standing = [places[n].leaf if n in places else b"" for n in range(width)]
        chosen = stored
        if stored != standing or len(held) != width * HASH:
            chosen = self._chosen(stored, standing, tile)
            if len(held) != width * HASH or chosen != stored:
                yield Finding("tile", row=f"tile 0/{tile}")
            for n in range(width):
                if standing[n] == chosen[n] and chosen[n]:
                    continue
                if n in places and places[n].is_moved and chosen[n]:
                    continue
                row = f"leaf {start + n}"
                if n not in places:
                    yield Finding("leaf_missing", row=row)
                elif not standing[n]:
                    yield found("entry_missing", places[n].entry, row=row)
                elif chosen[n]:
                    yield found("other_leaf", places[n].entry, row=row)
        for leaf in chosen:
            self._add(leaf)
            yield from checkpoints.at(self.at, self.root)
        if width == WIDTH:
            yield from self._up(1, over(b"".join(chosen)) if all(len(one) == HASH for one in chosen) else b"")

    def _chosen(self, stored: list[bytes], standing: list[bytes], tile: int) -> list[bytes]:
        """Which hash of each leaf is the one that was signed; those of the tile where no choice is right."""
        whole = [mine or other for mine, other in zip(stored, standing, strict=True)]
        odd = [n for n in range(len(stored)) if standing[n] and stored[n] and standing[n] != stored[n]]
        for chosen in product(*([stored, standing] for _ in odd[:_MOST_ODD])):
            tried = list(whole)
            for n, source in zip(odd, chosen, strict=False):
                tried[n] = source[n]
            if self._is_right(tried, tile):
                return tried
        return whole

    def _is_right(self, leaves: list[bytes], tile: int) -> bool:
        """Whether the root above says so: that of the tile, or of the newest checkpoint over the last leaves."""
        if not all(len(leaf) == HASH for leaf in leaves):
            return False
        if len(leaves) == WIDTH:
            above, place = divmod(tile, WIDTH)
            return over(b"".join(leaves)) == self._held(1, above)[place * HASH : (place + 1) * HASH]
        if self.newest is None or not self.at < self.newest.size <= self.at + len(leaves):
            return False
        rest = Walk(self.size, None, self.at, list(self.parts))
        for leaf in leaves[: self.newest.size - self.at]:
            rest._add(leaf)
        return rest.root() == bytes(self.newest.root)

    def _add(self, leaf: bytes) -> None:
        width = 1
        while self.parts and self.parts[-1][0] == width:
            leaf = node_of(self.parts.pop()[1], leaf)
            width *= 2
        self.parts.append((width, leaf))
        self.at += 1

    def root(self) -> bytes:
        if not self.parts:
            return EMPTY_ROOT
        result = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            result = node_of(left, result)
        return result

    def _up(self, level: int, root: bytes) -> Iterator[Finding]:
        row = self.above.setdefault(level, [])
        row.append(root)
        if len(row) == WIDTH:
            whole, place = b"".join(row), (self.at >> (8 * (level + 1))) - 1
            if self._held(level, place) != whole:
                yield Finding("tile", row=f"tile {level}/{place}")
            row.clear()
            yield from self._up(level + 1, over(whole) if len(whole) == WIDTH * HASH else b"")

    def _held(self, level: int, place: int) -> bytes:
        """A tile as it is stored, or nothing; of each level the last one is kept."""
        if (level, place) not in self.stored:
            for known in [known for known in self.stored if known[0] == level]:
                del self.stored[known]
            found = Tile.objects.filter(level=level, place=place).values_list("digests", flat=True).first()
            self.stored[level, place] = bytes(found or b"")
        return self.stored[level, place]


class Checkpoints:
    """All checkpoints in their order, each looked at when the walk has come to its size."""

    def __init__(self, keys: SealKeys, restored: list[int]) -> None:
        self.keys, self.restored = keys, restored
        self.rows = Checkpoint.objects.order_by("number").iterator(chunk_size=500)
        self.number, self.size = 0, 0
        self.next = next(self.rows, None)

    def at(self, size: int, root: Callable[[], bytes]) -> Iterator[Finding]:
        """The checkpoints over so many leaves, or fewer where they are not in order."""
        while self.next is not None and self.next.size <= size:
            yield from self._look(self.next, root() if self.next.size == size else b"")
            self.next = next(self.rows, None)

    def rest(self, size: int) -> Iterator[Finding]:
        """What says that it is over more leaves than there are."""
        while self.next is not None:
            yield from self._look(self.next, b"")
            self.next = next(self.rows, None)
        if size > self.size:
            yield Finding("checkpoint_missing", row=f"checkpoint {self.number + 1}", detail=f"{size} leaves")

    def _look(self, row: Checkpoint, root: bytes) -> Iterator[Finding]:
        gap, after = row.number - self.number - 1, f"after {self.size} leaves"
        if gap > _LONG:
            more = f"{after}, and all up to {row.number - 1}"
            yield Finding("checkpoint_missing", row=f"checkpoint {self.number + 1}", detail=more)
        else:
            for number in range(self.number + 1, row.number):
                yield Finding("checkpoint_missing", row=f"checkpoint {number}", detail=after)
        self.number, self.size = row.number, max(self.size, row.size)
        yield from checkpoint_findings(row, self.keys, self.restored)
        if root != bytes(row.root):
            yield _of_checkpoint("root", row)


def checkpoint_findings(row: Checkpoint, keys: SealKeys, restored: Iterable[int]) -> Iterator[Finding]:
    """What of a checkpoint does not hold by itself: what it says, and who signed it. ``restored``: places of the
    entries that say that the record was restored."""
    try:
        note = notes.parse(row.note)
    except OddNote as error:
        yield _of_checkpoint("checkpoint", row, column="note", detail=str(error))
        return
    times = sum(place < row.size for place in restored)
    origin = f"{keys.origin}/{times + 1}" if times else keys.origin
    for column, is_right in {
        "note": note.origin == origin,
        "size": note.size == row.size,
        "root": note.root == bytes(row.root),
    }.items():
        if not is_right:
            yield _of_checkpoint("checkpoint", row, column=column)
    if bytes(row.stamp) and not stamps.is_over(bytes(row.stamp), note.body.encode()):
        yield _of_checkpoint("checkpoint", row, column="stamp")
    signers = [key for key in keys.spans if note.is_signed_by(NoteKey(note.origin, SIGNS, key))]
    faults = {key: keys.fault(key, note.size) for key in signers}
    ours = {NoteKey(note.origin, kind, key).id for key in keys.spans for kind in (SIGNS, COSIGNS)}
    strange = any(name == note.origin and blob[:4] not in ours for name, blob in note.lines)
    good = [key for key, fault in faults.items() if not fault]
    if not good or strange:
        yield _of_checkpoint(next(filter(None, faults.values()), "key_unknown"), row)
    if good and not any(note.cosigned_at(NoteKey(note.origin, COSIGNS, key)) == row.at.timestamp() for key in good):
        yield _of_checkpoint("checkpoint", row, column="at")


def _of_checkpoint(code: str, row: Checkpoint, *, column: str = "", detail: str = "") -> Finding:
    return Finding(code, row=f"checkpoint {row.number}", column=column, detail=detail or f"{row.size} leaves")
