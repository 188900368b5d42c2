"""The tree of the log agrees with the recursive definition of RFC 9162, whatever it grew by and wherever tiles end."""

import random
from hashlib import sha256

import pytest

from complaints.record import notes, tree
from tests.proof import tree as by_the_rfc

LEAVES = [sha256(b"%d" % n).digest() for n in range(1200)]


def tiles_of(leaves: list[bytes], by: list[int]) -> dict[tuple[int, int], bytes]:
    """Grown by so many leaves a time; only the tiles at the end are ever at hand."""
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    while size < len(leaves):
        more = leaves[size : size + by[size % len(by)]]
        new = tree.grown(size, tree.at_end(size, tiles), more)
        assert all(digests.startswith(tiles.get(place, b"")) for place, digests in new.items())
        tiles |= new
        size += len(more)
    return tiles


@pytest.mark.parametrize("by", [[1], [256], [255, 257, 1], [1200]], ids=str)
def test_tiles_are_the_same_whatever_the_log_grew_by(by: list[int]) -> None:
    tiles = tiles_of(LEAVES, by)
    assert tiles == tiles_of(LEAVES, [7])
    assert [len(tiles[0, place]) // 32 for place in range(5)] == [256, 256, 256, 256, 176]
    assert tiles[1, 0] == b"".join(by_the_rfc.root(LEAVES[at : at + 256]) for at in range(0, 1024, 256))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 128, 255, 256, 257, 512, 700, 1024, 1200])
def test_roots_and_proofs_are_those_of_the_rfc(size: int) -> None:
    tiles = tiles_of(LEAVES[:size], [size])
    log, leaves = tree.Tree(size, lambda level, place: tiles[level, place]), LEAVES[:size]
    edge = tree.at_end(size, tiles)
    assert log.root() == tree.Tree(size, lambda *place: edge[place]).root() == by_the_rfc.root(leaves)
    chosen = random.Random(size)
    for place in {0, size - 1, *chosen.choices(range(size), k=6)}:
        proof = log.inclusion(place)
        assert proof == by_the_rfc.inclusion(place, leaves)
        assert notes.inclusion_holds(place, size, leaves[place], proof, log.root())
        assert log.consistency(place + 1) == by_the_rfc.consistency(place + 1, leaves)


def test_a_log_without_leaves_has_the_root_of_nothing_and_proves_nothing() -> None:
    log = tree.Tree(0, lambda level, place: b"")
    assert log.root() == by_the_rfc.root([])
    for wrong in (lambda: log.inclusion(0), lambda: log.consistency(0), lambda: log.consistency(1)):
        with pytest.raises(ValueError, match="log of 0"):
            wrong()


def test_a_tile_that_is_shorter_or_longer_than_the_log_says_is_refused() -> None:
    tiles = tiles_of(LEAVES[:300], [300])
    for wrong in (tiles[0, 1][:-32], tiles[0, 1] + b"\0" * 32):
        with pytest.raises(ValueError, match="tile 0/1 has"):
            tree.grown(300, {(0, 1): wrong, (1, 0): tiles[1, 0]}, LEAVES[300:301])
    with pytest.raises(ValueError, match="tile 1/0 is too short"):
        tree.Tree(300, lambda level, place: tiles[level, place][:-32]).root()
