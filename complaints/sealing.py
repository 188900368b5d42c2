"""Seals: a signed head over every chain that grew, written every minute by the watcher.

The one rule: a seal covers only entries that can no longer appear later. Writers share an
advisory lock, the sealer takes it alone for an instant and reads the highest id; whatever
commits afterwards gets a higher one. The signing key is readable to the watcher only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from complaints import bulk, record
from complaints.models import HandlingStep, Seal, SealedHead

_PREFIX = b"\x01"
Head = tuple[int, str, int, bytes]


def root_of(previous: bytes, number: int, size: int, at: datetime, heads: Iterable[Head]) -> bytes:
    """The digest of one seal: the seal before it, what it says, and every head in order."""
    digest = hashlib.sha256(_PREFIX + previous)
    digest.update(f"{number}|{size}|{record.stamp(at)}".encode())
    for complaint_id, audience, sequence, head in heads:
        digest.update(f"\n{complaint_id}|{audience}|{sequence}|{head.hex()}".encode())
    return digest.digest()


def signing_key() -> Ed25519PrivateKey:
    """The key of this process; raises FileNotFoundError where it must not be readable."""
    key = load_pem_private_key(Path(settings.SEAL_KEY_FILE).read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the seal key must be an Ed25519 key")
    return key


def seal(*, now: datetime, key: Ed25519PrivateKey | None = None) -> Seal | None:
    """Seal what was written since the last seal; None when there is nothing new.

    Two sealers at once: the second finds nothing new, or fails on the unique number.
    """
    signer = key or signing_key()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [record.SEAL_LOCK])
            through = HandlingStep.objects.aggregate(newest=Max("pk"))["newest"] or 0
        last = Seal.objects.order_by("-number").first()
        if through <= (last.through_id if last else 0):
            return None
        fresh = HandlingStep.objects.filter(pk__gt=last.through_id if last else 0,
                                            pk__lte=through)
        heads = [
            (complaint_id, audience, sequence, bytes(head))
            for complaint_id, audience, sequence, head in fresh
            .order_by("complaint_id", "audience", "-sequence")
            .distinct("complaint_id", "audience")
            .values_list("complaint_id", "audience", "sequence", "hash")
        ]
        number = (last.number if last else 0) + 1
        size = (last.size if last else 0) + fresh.count()
        previous = bytes(last.root) if last else b""
        root = root_of(previous, number, size, now, heads)
        made = Seal.objects.create(
            number=number, at=now, through_id=through, size=size, previous_root=previous,
            root=root, signature=signer.sign(root),
            public_key=signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        bulk.insert([
            SealedHead(seal=made, complaint_id=complaint_id, audience=audience,
                       sequence=sequence, hash=head)
            for complaint_id, audience, sequence, head in heads
        ])
    return made
