"""Uploads over a bad network: in parts of 1 MB, each with its digest; what arrived stays for a while. A part counts
when the row says so; whoever lost the answer asks for the state and goes on from there."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, Sum

from complaints.evidence import keeping, limits, storing
from complaints.evidence.files import HEAD
from complaints.evidence.limits import EvidenceRefused
from complaints.models.complaint import Complaint
from complaints.models.evidence import Evidence, FilingDraft, Upload
from database.row_security import working_as_steps

#: Counted from the last part; long enough to go home to a better network.
KEPT_FOR = timedelta(hours=24)
_EXAMINED_FOR = timedelta(seconds=60)


class WrongPlace(Exception):
    """The part does not follow what is there: the sender asks for the state and goes on from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Where an upload belongs: a draft, or a case and the person."""

    draft: FilingDraft | None = None
    complaint: Complaint | None = None
    user_id: int | None = None

    def uploads(self) -> Q:
        if self.draft is not None:
            return Q(draft=self.draft)
        return Q(complaint=self.complaint, user_id=self.user_id)


def find(upload_id: uuid.UUID, holder: Holder, *, now: datetime) -> Upload | None:
    """The upload, if it is this holder's and has not run out."""
    return Upload.objects.filter(holder.uploads(), pk=upload_id, expires_at__gt=now).first()


def begin(upload_id: uuid.UUID, holder: Holder, *, size: int, name: str, now: datetime) -> Upload:
    """A new upload, or the one that was begun under this id. Raises EvidenceRefused, and ValueError for
    an id that belongs to somebody else."""
    there = find(upload_id, holder, now=now)
    if there is not None:
        return there
    with working_as_steps():
        # Somebody else's, which the holder cannot see.
        is_taken = Upload.objects.filter(pk=upload_id).exists()
    if is_taken:
        raise ValueError("an upload of somebody else")
    if size < 1:
        raise limits.refused("empty", name)
    if size > limits.bytes_of_the_largest():
        raise limits.refused("too_large", name, size=size, most=limits.bytes_of_the_largest())
    _refuse_too_many(holder, size=size, name=name, now=now)
    if not storing.has_room(size):
        raise limits.refused("no_room", name)
    return Upload.objects.create(
        pk=upload_id,
        draft=holder.draft,
        complaint=holder.complaint,
        user_id=holder.user_id,
        size=size,
        begun_at=now,
        expires_at=now + KEPT_FOR,
    )


def _refuse_too_many(holder: Holder, *, size: int, name: str, now: datetime) -> None:
    """What is on its way counts like what is there."""
    on_the_way = Upload.objects.filter(holder.uploads(), evidence=None, expires_at__gt=now)
    if holder.draft is not None:
        if holder.draft.evidence.count() + on_the_way.count() >= limits.files_at_filing():
            raise limits.refused("too_many_at_filing", name)
        return
    kept = Evidence.objects.filter(complaint=holder.complaint, audience="parties")
    whole = sum(rows.aggregate(whole=Sum("size"))["whole"] or 0 for rows in (kept, on_the_way))
    if kept.count() + on_the_way.count() >= limits.files_a_case() or whole + size > limits.bytes_a_case():
        raise limits.refused("too_much_for_a_case", name)


def put_part(upload: Upload, content: bytes, *, at: int, sha256: str, name: str, now: datetime) -> Upload:
    """Adds one part. One that is there already changes nothing. Raises WrongPlace (also for bytes that are not those of
    the digest), EvidenceRefused for what no file of ours begins with; then the upload is gone."""
    if not content or len(content) > limits.PART or hashlib.sha256(content).hexdigest() != sha256:
        raise WrongPlace
    if at == 0:
        try:
            keeping.type_of(content[:HEAD], size=upload.size, name=name)
        except EvidenceRefused:
            cancel(upload)
            raise
    with transaction.atomic():
        row = Upload.objects.select_for_update().get(pk=upload.pk)
        if at < row.received and sha256 in row.digests:
            return row
        is_whole = len(content) == limits.PART or at + len(content) == row.size
        if at != row.received or at + len(content) > row.size or not is_whole:
            raise WrongPlace
        storing.put_part(row.pk, content, at=at)
        row.digests = [*row.digests, sha256]
        row.received = at + len(content)
        row.expires_at = now + KEPT_FOR
        row.save(update_fields=["digests", "received", "expires_at"])
    return row


def _places(upload: Upload) -> range:
    """Where each part that arrived begins, and the one that may have been written before its row was."""
    return range(0, min(upload.received + 1, upload.size), limits.PART)


def finish(upload: Upload, holder: Holder, *, name: str, kind: str, whole: str, now: datetime) -> Upload:
    """Examines and keeps the file; with a draft it gets its row at once, with a case when a step puts it forward.

    ``whole``: SHA-256 over the digests of all parts, as the sender counted them. Raises WrongPlace while parts are
    missing or differ, EvidenceRefused for the file itself; then the upload is gone."""
    if upload.evidence_id is not None or upload.kept is not None:
        return upload
    counted = hashlib.sha256("".join(upload.digests).encode()).hexdigest()
    if upload.received != upload.size or whole != counted:
        raise WrongPlace
    alone = Upload.objects.filter(Q(examined_until=None) | Q(examined_until__lte=now), pk=upload.pk)
    if not alone.update(examined_until=now + _EXAMINED_FOR):
        raise WrongPlace
    try:
        kept = _kept(upload, holder, name=name)
        if holder.draft is not None:
            upload.evidence = keeping.put_with_draft(
                kept, draft=holder.draft, name=name, kind=kind, uploaded_by=holder.user_id, now=now
            )
        else:
            upload.kept = kept.as_json()
    except EvidenceRefused:
        cancel(upload)
        raise
    upload.save(update_fields=["evidence", "kept"])
    storing.drop_parts(upload.pk, places=_places(upload))
    return upload


def _kept(upload: Upload, holder: Holder, *, name: str) -> keeping.StoredFile:
    rows = (
        holder.draft.evidence
        if holder.draft
        else Evidence.objects.filter(complaint=holder.complaint, audience="parties")
    )
    try:
        with storing.put_together(upload.pk, places=range(0, upload.size, limits.PART)) as source:
            for wanted in upload.digests:
                if hashlib.sha256(source.read(limits.PART)).hexdigest() != wanted:
                    raise limits.refused("changed", name)
            source.seek(0)
            media_type = keeping.type_of(source.read(HEAD), size=upload.size, name=name)
            return keeping.kept_from(source, media_type, name=name, known=rows.values_list("sha256", flat=True))
    except FileNotFoundError:
        raise limits.refused("broken", name) from None


def cancel(upload: Upload) -> None:
    """The upload and what it brought are gone; a file that was put forward stays."""
    number, places = upload.pk, _places(upload)
    upload.delete()
    storing.drop_parts(number, places=places)
    if upload.kept is not None and upload.evidence_id is None:
        keeping.StoredFile(**upload.kept).drop()


def waiting(upload_id: uuid.UUID, holder: Holder, *, now: datetime) -> tuple[Upload, keeping.StoredFile] | None:
    """A finished upload that no step has put forward yet."""
    upload = find(upload_id, holder, now=now)
    if upload is None or upload.kept is None or upload.evidence_id is not None:
        return None
    return upload, keeping.StoredFile(**upload.kept)


def throw_away_expired(*, now: datetime, limit: int = 200) -> int:
    """Uploads that ran out, with their parts, and parts that no row knows of. Returns how many."""
    expired = list(Upload.objects.filter(expires_at__lte=now).order_by("expires_at")[:limit])
    for upload in expired:
        cancel(upload)
    return len(expired) + _orphans(now=now)


def _orphans(*, now: datetime) -> int:
    """Parts of a draft that went before its uploads did."""
    gone = 0
    for number, at in list(storing.old_parts(before=now - KEPT_FOR)):
        if not Upload.objects.filter(pk=number).exists():
            storing.drop_parts(number, places=[at])
            gone += 1
    return gone
