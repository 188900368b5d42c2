"""Seals: a signed head over every chain that grew, written every minute by the watcher, who alone can read the key.
Writers share an advisory lock; the sealer takes it alone for an instant, so whatever commits afterwards has a higher
id."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet

from complaints.models import HandlingStep, Seal, SealedHead
from complaints.record import bulk, record

_SEAL, _LEAF, _NODE = b"\x01", b"\x02", b"\x03"
Head = tuple[int, str, int, bytes]


def root_of(previous: bytes, number: int, size: int, at: datetime, heads_root: bytes) -> bytes:
    """The digest of one seal, which is signed: the seal before it, what it says, and the root over its heads."""
    text = f"{number}|{size}|{record.stamp(at)}\n{heads_root.hex()}"
    return hashlib.sha256(_SEAL + previous + text.encode()).digest()


def listed_root_of(previous: bytes, number: int, size: int, at: datetime, heads: Iterable[Head]) -> bytes:
    """The same for seals from before there were trees (``heads_root`` is empty): over the list of all heads."""
    digest = hashlib.sha256(_SEAL + previous)
    digest.update(f"{number}|{size}|{record.stamp(at)}".encode())
    for head in heads:
        digest.update(b"\n" + _line(head))
    return digest.digest()


def tree_root(heads: Iterable[Head]) -> bytes:
    """The root of the tree over heads in their order; memory grows with its height only."""
    left: list[tuple[int, bytes]] = []
    for head in heads:
        height, digest = 0, _leaf(head)
        while left and left[-1][0] == height:
            digest = _node(left.pop()[1], digest)
            height += 1
        left.append((height, digest))
    root = left.pop()[1] if left else b""
    while left:
        root = _node(left.pop()[1], root)
    return root


def path_to(heads: Iterable[Head], place: int) -> list[bytes]:
    """What one needs beside the head at ``place`` (from 0) to reach the root: says nothing of any other case."""
    level, path = [_leaf(head) for head in heads], []
    while len(level) > 1:
        if place ^ 1 < len(level):
            path.append(level[place ^ 1])
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
        place >>= 1
    return path


def _line(head: Head) -> bytes:
    complaint_id, audience, sequence, digest = head
    return f"{complaint_id}|{audience}|{sequence}|{digest.hex()}".encode()


def _leaf(head: Head) -> bytes:
    return hashlib.sha256(_LEAF + _line(head)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def heads_of(seal: Seal) -> QuerySet[SealedHead, tuple[int, str, int, bytes | memoryview]]:
    """What a seal covers, in the order of its tree."""
    rows = SealedHead.objects.filter(seal=seal).order_by("complaint_id", "audience")
    return rows.values_list("complaint_id", "audience", "sequence", "hash")


def signing_key() -> Ed25519PrivateKey:
    """The key of this process; raises FileNotFoundError where it must not be readable."""
    key = load_pem_private_key(Path(settings.SEAL_KEY_FILE).read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the seal key must be an Ed25519 key")
    return key


def seal(*, now: datetime, key: Ed25519PrivateKey | None = None) -> Seal | None:
    """Seal what was written since the last seal; None when there is nothing new. Two sealers at once: the second finds
    nothing new, or fails on the unique number."""
    signer = key or signing_key()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [record.SEAL_LOCK])
            through = HandlingStep.objects.aggregate(newest=Max("pk"))["newest"] or 0
        last = Seal.objects.order_by("-number").first()
        if through <= (last.through_id if last else 0):
            return None
        fresh = HandlingStep.objects.filter(pk__gt=last.through_id if last else 0, pk__lte=through)
        heads = [
            (complaint_id, audience, sequence, bytes(head))
            for complaint_id, audience, sequence, head in fresh.order_by("complaint_id", "audience", "-sequence")
            .distinct("complaint_id", "audience")
            .values_list("complaint_id", "audience", "sequence", "hash")
        ]
        number = (last.number if last else 0) + 1
        size = (last.size if last else 0) + fresh.count()
        previous = bytes(last.root) if last else b""
        heads_root = tree_root(heads)
        root = root_of(previous, number, size, now, heads_root)
        made = Seal.objects.create(
            number=number,
            at=now,
            through_id=through,
            size=size,
            previous_root=previous,
            heads_root=heads_root,
            root=root,
            signature=signer.sign(root),
            public_key=signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        )
        bulk.insert(
            [
                SealedHead(seal=made, complaint_id=complaint_id, audience=audience, sequence=sequence, hash=head)
                for complaint_id, audience, sequence, head in heads
            ]
        )
    return made
