"""Seals of the older form, which the portal makes no more: for tests of what still checks them."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction
from django.db.models import Max

from complaints.models import HandlingStep, Seal, SealedHead
from complaints.record.seal_checks import Head, leaf_digest, node_digest, root_of, tree_root


def seal(*, now: datetime, key: Ed25519PrivateKey) -> Seal:
    """A seal over every chain that grew since the last one."""
    with transaction.atomic():
        through = HandlingStep.objects.aggregate(newest=Max("pk"))["newest"]
        last = Seal.objects.order_by("-number").first()
        fresh = HandlingStep.objects.filter(pk__gt=last.through_id if last else 0)
        newest = fresh.order_by("complaint_id", "audience", "-sequence").distinct("complaint_id", "audience")
        heads = [
            (complaint_id, audience, sequence, bytes(head))
            for complaint_id, audience, sequence, head in newest.values_list(
                "complaint_id", "audience", "sequence", "hash"
            )
        ]
        number, size = (last.number if last else 0) + 1, (last.size if last else 0) + fresh.count()
        previous, heads_root = bytes(last.root) if last else b"", tree_root(heads)
        root = root_of(previous, number, size, now, heads_root)
        made = Seal.objects.create(
            number=number,
            at=now,
            through_id=through,
            size=size,
            previous_root=previous,
            heads_root=heads_root,
            root=root,
            signature=key.sign(root),
            public_key=key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        )
        for complaint_id, audience, sequence, head in heads:
            SealedHead.objects.create(
                seal=made, complaint_id=complaint_id, audience=audience, sequence=sequence, hash=head
            )
    return made


def path_to(heads: list[Head], place: int) -> list[bytes]:
    """What one needs beside the head at ``place`` (from 0) to reach the root: says nothing of any other case."""
    level, path = [leaf_digest(head) for head in heads], []
    while len(level) > 1:
        if place ^ 1 < len(level):
            path.append(level[place ^ 1])
        pairs = [node_digest(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
        place >>= 1
    return path
