"""The log: one Merkle tree over the entries of all chains, with signed checkpoints (docs/how-to/proof.md).

For whoever reads it: the newest checkpoint, where an entry lies, and the proofs that lead from it to a checkpoint and
from an old checkpoint to a new one (RFC 9162; complaints/record/notes.py says whether one holds). Leaves and
checkpoints are written by complaints/record/checkpoints.py alone."""

from collections.abc import Callable, Iterable

from django.db.models import F, Value
from django.db.models.functions import Concat

from complaints.models import Checkpoint, HandlingStep, HouseEntry, Leaf, Tile
from complaints.record import house, notes
from complaints.record.tree import Tiles, Tree, edge, leaf_hash

__all__ = [
    "add_lines",
    "consistency_proof",
    "entry_name",
    "inclusion_proof",
    "leaf_hash",
    "newest_checkpoint",
    "place_of",
    "root_at",
]


def newest_checkpoint() -> Checkpoint | None:
    """With ``size``, ``root``, ``at`` and ``note``; None before the first."""
    return Checkpoint.objects.order_by("-number").first()


def place_of(entry: HandlingStep | HouseEntry) -> int | None:
    """Where the leaf of an entry lies (from 0); None as long as it has none."""
    return Leaf.objects.filter(entry=entry_name(entry)).values_list("place", flat=True).first()


def entry_name(entry: HandlingStep | HouseEntry) -> str:
    """``number|audience|sequence``, as a leaf names it."""
    if isinstance(entry, HouseEntry):
        return f"{house.NAME}|{house.NAME}|{entry.sequence}"
    return f"{entry.complaint.number}|{entry.audience}|{entry.sequence}"


def root_at(size: int) -> bytes:
    """The root over the first ``size`` leaves, from the tiles. Raises ValueError where they do not reach so far."""
    return Tree(size, _stored()).root()


def inclusion_proof(place: int, size: int) -> list[bytes]:
    """What leads from the leaf at ``place`` to the root over the first ``size`` leaves, the nearest hash first.
    Raises ValueError where there is no such leaf or tile."""
    return Tree(size, _stored()).inclusion(place)


def consistency_proof(old: int, new: int) -> list[bytes]:
    """What shows that the log of ``old`` leaves is a beginning of the log of ``new``; empty where they are the same, or
    ``old`` is 0. Raises ValueError where there are no such logs or tiles."""
    return Tree(new, _stored()).consistency(old) if old else []


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


def edge_tiles(size: int) -> Tiles:
    """The tiles at the end of a log of ``size`` leaves, as far as they are there."""
    wanted = edge(size)
    rows = Tile.objects.filter(place__in=[place for _, place in wanted]).values_list("level", "place", "digests")
    return {(level, place): bytes(digests) for level, place, digests in rows if (level, place) in wanted}


def _stored() -> Callable[[int, int], bytes]:
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
