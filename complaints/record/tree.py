"""The Merkle tree of the log, by RFC 9162 (section 2.1) with SHA-256, kept as tiles by C2SP tlog-tiles.

Whether a proof holds is asked in complaints/record/notes.py.

A tile holds at most 256 hashes of 32 bytes: of level 0 the leaves, of level n the roots over each whole tile of level
n - 1. All roots and proofs are computed from tiles; nothing here knows what a leaf stands for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

from complaints.record.notes import EMPTY_ROOT, leaf_of, node_of

#: Bytes of a hash, and how many of them a tile holds (2 ** 8).
HASH, WIDTH, HEIGHT = 32, 256, 8
#: (level, place) → the hashes of that tile, one after the other.
Tiles = Mapping[tuple[int, int], bytes]


def leaf_hash(number: str, audience: str, sequence: int, digest: bytes) -> bytes:
    """The leaf of one entry: SHA-256 of 0x00 and ``number|audience|sequence|hash``, the hash in hexadecimal digits."""
    return leaf_of(f"{number}|{audience}|{sequence}|{digest.hex()}".encode())


class Tree:
    """A tree of ``size`` leaves over ``tile``, which gives the hashes of a tile (more than the tree needs do no harm).

    Raises KeyError or ValueError where a tile is not there or too short."""

    def __init__(self, size: int, tile: Callable[[int, int], bytes]) -> None:
        self.size, self._tile = size, tile

    def root(self) -> bytes:
        return self._over(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, place: int) -> list[bytes]:
        """What leads from the leaf at ``place`` (from 0) to the root, the nearest first. RFC 9162, 2.1.3.1."""
        if not 0 <= place < self.size:
            raise ValueError(f"there is no leaf {place} in a log of {self.size}")
        start, end, path = 0, self.size, []
        while end - start > 1:
            middle = start + _split(end - start)
            if place < middle:
                path.append((middle, end))
                end = middle
            else:
                path.append((start, middle))
                start = middle
        return [self._over(*part) for part in reversed(path)]

    def consistency(self, old: int) -> list[bytes]:
        """What shows that the tree of the first ``old`` leaves is a beginning of this one. RFC 9162, 2.1.4.1."""
        if not 0 < old <= self.size:
            raise ValueError(f"a log of {self.size} is no continuation of one of {old}")
        start, end, is_whole, path = 0, self.size, True, []
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append((middle, end))
                end = middle
            else:
                path.append((start, middle))
                start, is_whole = middle, False
        if not is_whole:
            path.append((start, end))
        return [self._over(*part) for part in reversed(path)]

    def _over(self, start: int, end: int) -> bytes:
        """The root over the leaves from ``start`` to before ``end``, as the RFC divides them."""
        left: list[bytes] = []
        while start < end:
            # The largest whole part from here; ``start`` is a multiple of its width.
            part = 1 << ((end - start).bit_length() - 1)
            left.append(self._whole(start, part))
            start += part
        root = left.pop()
        while left:
            root = node_of(left.pop(), root)
        return root

    def _whole(self, start: int, width: int) -> bytes:
        # Of a whole tile the root stands in the level above.
        level = (width.bit_length() - 1) // HEIGHT
        step = 1 << (HEIGHT * level)
        place, at = divmod(start // step, WIDTH)
        tile = self._tile(level, place)
        hashes = tile[at * HASH : (at + width // step) * HASH]
        if len(hashes) != width // step * HASH:
            raise ValueError(f"tile {level}/{place} is too short")
        return over(hashes)


def over(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    level: Sequence[bytes] = [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]
    while len(level) > 1:
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)]
    return level[0]


def edge(size: int) -> list[tuple[int, int]]:
    """(level, place) of the tiles in which the next leaf and the roots over whole tiles come to lie."""
    tiles, level = [], 0
    while True:
        tiles.append((level, size // WIDTH))
        if not size:
            return tiles
        size, level = size // WIDTH, level + 1


def at_end(size: int, tiles: Tiles) -> Tiles:
    """Those of these tiles that a log of this size needs to grow, and for its root: a few, however large it is."""
    return {place: tiles[place] for place in edge(size) if place in tiles}


def grown(size: int, tiles: Tiles, leaves: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
    """The tiles that ``leaves`` fill or begin behind the first ``size`` leaves, each with all its hashes. ``tiles``:
    those of ``edge(size)`` that are there. Raises ValueError where one is not as long as ``size`` says."""
    ends: dict[int, tuple[int, bytearray]] = {}
    for level, place in edge(size):
        there, wanted = tiles.get((level, place), b""), (size >> (HEIGHT * level)) % WIDTH * HASH
        if len(there) != wanted:
            raise ValueError(f"tile {level}/{place} has {len(there) // HASH} hashes and not {wanted // HASH}")
        ends[level] = place, bytearray(there)
    changed: dict[tuple[int, int], bytes] = {}

    def close(level: int) -> None:
        place, held = ends[level]
        changed[level, place] = bytes(held)
        ends[level] = place + 1, bytearray()
        above, more = ends.setdefault(level + 1, (0, bytearray()))
        more += over(changed[level, place])
        if len(more) == WIDTH * HASH:
            close(level + 1)
        else:
            changed[level + 1, above] = bytes(more)

    for leaf in leaves:
        ends[0][1].extend(leaf)
        if len(ends[0][1]) == WIDTH * HASH:
            close(0)
    place, last = ends[0]
    if last and len(last) > len(tiles.get((0, place), b"")):
        changed[0, place] = bytes(last)
    return changed


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << ((width - 1).bit_length() - 1)
