"""The seal over a record, and the proof that this record is under it, without a word about any other.

Read beside the sight of the parties (a sealed head is nobody's to read), it gives away digests only.
"""

from __future__ import annotations

from typing import Any

from complaints.models import Complaint, Seal, SealedHead
from complaints.procedure.workflow import Audience
from complaints.record import record
from complaints.record.sealing import Head, path_to


def seal_of(complaint: Complaint) -> dict[str, Any] | None:
    """What the newest seal says about the parties' record of this case, as seal.json; None before the first.

    Seals from before there were trees have no proof that could be shown, so they count as none.
    """
    head = (
        SealedHead.objects.filter(complaint_id=complaint.pk, audience=Audience.PARTIES)
        .exclude(seal__heads_root=b"")
        .select_related("seal")
        .order_by("-seal__number")
        .first()
    )
    if head is None:
        return None
    seal: Seal = head.seal
    heads = _heads(seal)
    place = heads.index((complaint.pk, head.audience, head.sequence, bytes(head.hash)))
    return published(seal) | {
        "case_id": complaint.pk,
        "sequence": head.sequence,
        "hash": bytes(head.hash).hex(),
        "index": place,
        "count": len(heads),
        "path": [digest.hex() for digest in path_to(heads, place)],
    }


def published(seal: Seal) -> dict[str, Any]:
    """A seal as everybody may have it."""
    return {
        "number": seal.number,
        "at": record.stamp(seal.at),
        "size": seal.size,
        "previous_root": bytes(seal.previous_root).hex(),
        "heads_root": bytes(seal.heads_root).hex(),
        "root": bytes(seal.root).hex(),
        "signature": bytes(seal.signature).hex(),
        "public_key": bytes(seal.public_key).hex(),
    }


def _heads(seal: Seal) -> list[Head]:
    rows = (
        SealedHead.objects.filter(seal=seal)
        .order_by("complaint_id", "audience")
        .values_list("complaint_id", "audience", "sequence", "hash")
    )
    return [(complaint_id, audience, sequence, bytes(head)) for complaint_id, audience, sequence, head in rows]
