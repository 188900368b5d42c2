"""A Merkle tree as RFC 9162 (2.1) defines it, by recursion, for tests: it shares no code with what it checks."""

from collections.abc import Sequence
from hashlib import sha256


def leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves (2.1.1)."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = _half(len(leaves))
    return sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def inclusion(place: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(place, leaves) of 2.1.3.1."""
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if place < half:
        return [*inclusion(place, leaves[:half]), root(leaves[half:])]
    return [*inclusion(place - half, leaves[half:]), root(leaves[:half])]


def consistency(old: int, leaves: Sequence[bytes], is_whole: bool = True) -> list[bytes]:
    """PROOF(old, leaves) of 2.1.4.1."""
    if old == len(leaves):
        return [] if is_whole else [root(leaves)]
    half = _half(len(leaves))
    if old <= half:
        return [*consistency(old, leaves[:half], is_whole), root(leaves[half:])]
    return [*consistency(old - half, leaves[half:], False), root(leaves[:half])]


def _half(number: int) -> int:
    """The largest power of two below ``number``."""
    return int(1 << ((number - 1).bit_length() - 1))
