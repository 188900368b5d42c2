"""What the reader of a decision keeps of the record: a line at the foot of the letter that tells a closing, or a step
that issued official documents. Short messages and digests have no room for it."""

from collections.abc import Sequence

from django.db.models import OuterRef, Q, Subquery

from complaints.models import Checkpoint, HandlingStep, Notice
from complaints.notices.channels import MAIL
from complaints.procedure.workflow import Status
from complaints.record.anchors import Receipt


def receipts_of(letters: Sequence[Sequence[Notice]]) -> dict[int, Receipt]:
    """Of each letter that gets one, by the id of its notice. The checkpoint is the newest of when the notice was made,
    so a letter that is sent again says the same."""
    single = [rows[0].pk for rows in letters if rows[0].form == "single" and rows[0].channel == MAIL]
    if not single:
        return {}
    place = {name: OuterRef(name) for name in ("complaint", "audience", "sequence")}
    closes = Q(to_status=Status.CLOSED) & ~Q(from_status=Status.CLOSED)
    entry = HandlingStep.objects.filter(closes | Q(data__has_key="documents"), **place)
    newest = Checkpoint.objects.filter(at__lte=OuterRef("created_at")).order_by("-number")
    rows = (
        Notice.objects.filter(pk__in=single)
        .annotate(digest=Subquery(entry.values("hash")[:1]), size=Subquery(newest.values("size")[:1]))
        .exclude(digest=None)
        .values_list("pk", "complaint__number", "audience", "sequence", "digest", "size")
    )
    return {
        pk: Receipt(number, audience, sequence, bytes(digest), size or 0)
        for pk, number, audience, sequence, digest, size in rows
    }
