"""Takes a file in: looked at, kept, copied clean, counted against the limits. The bytes are examined before any row is
locked; the row is written after its files are, and what is refused leaves nothing behind."""

import errno
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import IO, Any, Protocol

from django.conf import settings
from django.db import connection, transaction

from complaints.evidence import examining, limits, storing
from complaints.evidence.files import ENDINGS, HEAD, is_called_picture, media_type_of, shown_name
from complaints.evidence.limits import EvidenceRefused
from complaints.models.complaint import Complaint
from complaints.models.evidence import Evidence, EvidenceKind, EvidenceState, FilingDraft
from database.row_security import nothing_held, working_as_steps

log = logging.getLogger(__name__)


class Incoming(Protocol):
    """An uploaded file as the page or the API hands it over."""

    name: str | None
    size: int | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What the storage holds of one file: the original, our copy, our thumbnail ("" where there is none)."""

    media_type: str
    size: int
    sha256: str
    path: str
    copy_type: str = ""
    copy_size: int = 0
    copy_sha256: str = ""
    copy_path: str = ""
    thumbnail_sha256: str = ""
    thumbnail_path: str = ""
    seconds: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def drop(self) -> None:
        storing.drop(self.path, self.copy_path, self.thumbnail_path)


def examined(incoming: Incoming, *, known: Iterable[str] = (), longest: int = 0) -> StoredFile:
    """Looks into the file and keeps it, bound to nothing yet. Raises EvidenceRefused; then nothing is kept.

    ``known``: digests of what is there already; ``longest``: seconds of a recording (0: any). Takes up to
    EVIDENCE_INSPECTION_SECONDS: hold no lock."""
    name = incoming.name
    if not incoming.size:
        raise limits.refused("empty", name)
    with storing.scratch() as source:
        media_type = _taken_down(incoming, source)
        return kept_from(source, media_type, name=name, known=known, longest=longest)


def _taken_down(incoming: Incoming, source: IO[bytes]) -> str:
    """The bytes in a file of ours, as far as they may be; their type."""
    size, written, media_type = incoming.size or 0, 0, ""
    for chunk in incoming.chunks():
        media_type = media_type or type_of(chunk[:HEAD], size=size, name=incoming.name)
        written += len(chunk)
        if written > limits.bytes_a_file(media_type):
            raise limits.refused("too_large", incoming.name, size=written, most=limits.bytes_a_file(media_type))
        source.write(chunk)
    if not media_type:
        raise limits.refused("empty", incoming.name)
    return media_type


def type_of(head: bytes, *, size: int, name: str | None) -> str:
    """The type by the first bytes, where it may be so large. Raises EvidenceRefused."""
    media_type = media_type_of(head, is_whole=size <= HEAD)
    if media_type in (None, "text/plain") and is_called_picture(name):
        raise limits.refused("no_picture", name)
    if media_type is None:
        raise limits.refused("unknown_type", name)
    if size > limits.bytes_a_file(media_type):
        raise limits.refused("too_large", name, size=size, most=limits.bytes_a_file(media_type))
    if not storing.has_room(size):
        raise limits.refused("no_room", name)
    return media_type


def kept_from(
    source: IO[bytes], media_type: str, *, name: str | None, known: Iterable[str] = (), longest: int = 0
) -> StoredFile:
    """The same for bytes that lie in an open file of ours."""
    source.flush()
    sha256, _size = storing.digest_of(source)
    if sha256 in set(known):
        raise limits.refused("already_there", name)
    with storing.scratch() as copy, storing.scratch() as thumbnail:
        try:
            # A bucket is far away, too: nothing is held while it is spoken to.
            with nothing_held():
                seen = examining.look_into(source, media_type, copy=copy, thumbnail=thumbnail, longest=longest)
                kept = _stored(source, media_type, copy, seen.copy_type, thumbnail if seen.has_thumbnail else None)
                return replace(kept, seconds=seen.seconds)
        except examining.Unreadable as result:
            code = "no_picture" if str(result) == "broken" and media_type.startswith("image/") else str(result)
            raise limits.refused(code, name) from None
        except OSError as error:
            log.error("a file could not be stored: %s", type(error).__name__)
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise limits.refused("no_room" if is_full else "storage_away", name) from None


def _stored(
    source: IO[bytes], media_type: str, copy: IO[bytes], copy_type: str, thumbnail: IO[bytes] | None
) -> StoredFile:
    """All three in the storage, or none."""
    path, sha256, size = storing.keep(source, ending=ENDINGS[media_type][0])
    kept = StoredFile(media_type=media_type, size=size, sha256=sha256, path=path)
    try:
        if copy_type:
            copy_path, copy_sha256, copy_size = storing.keep(copy, ending=ENDINGS[copy_type][0])
            kept = replace(kept, copy_type=copy_type, copy_path=copy_path, copy_sha256=copy_sha256, copy_size=copy_size)
        if thumbnail is not None and os.fstat(thumbnail.fileno()).st_size:
            thumbnail_path, thumbnail_sha256, _bytes = storing.keep(thumbnail, ending=".jpg")
            kept = replace(kept, thumbnail_path=thumbnail_path, thumbnail_sha256=thumbnail_sha256)
    except OSError:
        with suppress(OSError):
            kept.drop()
        raise
    return kept


def receive(
    incoming: Incoming, *, draft: FilingDraft, kind: str, uploaded_by: int | None, now: datetime, longest: int = 0
) -> Evidence:
    """Keeps one file with a draft (``longest``: seconds of a recording). Raises EvidenceRefused: nothing is kept."""
    known = list(draft.evidence.values_list("sha256", flat=True))
    if len(known) >= limits.files_at_filing():
        raise limits.refused("too_many_at_filing", incoming.name)
    kept = examined(incoming, known=known, longest=longest)
    return put_with_draft(kept, draft=draft, name=incoming.name, kind=kind, uploaded_by=uploaded_by, now=now)


def receive_for_case(
    incoming: Incoming, *, complaint: Complaint, kind: str, uploaded_by: int | None, now: datetime
) -> Evidence:
    """Keeps one file with a case. Raises EvidenceRefused; then nothing is kept. A page or the API that holds a lock
    calls ``examined`` before and ``put_with_case`` inside it."""
    known = Evidence.objects.filter(complaint=complaint, audience="parties").values_list("sha256", flat=True)
    kept = examined(incoming, known=known)
    return put_with_case(kept, complaint=complaint, name=incoming.name, kind=kind, uploaded_by=uploaded_by, now=now)


def put_with_draft(
    kept: StoredFile, *, draft: FilingDraft, name: str | None, kind: str, uploaded_by: int | None, now: datetime
) -> Evidence:
    """The row of a kept file; the limits are judged again under a lock. Raises EvidenceRefused."""
    with _counted(kept, f"draft:{draft.pk}"):
        there = list(draft.evidence.values_list("sha256", flat=True))
        if len(there) >= limits.files_at_filing():
            raise limits.refused("too_many_at_filing", name)
        if kept.sha256 in there:
            raise limits.refused("already_there", name)
        row = _row(kept, name=name, kind=kind, uploaded_by=uploaded_by, now=now)
        row.draft = draft
        row.save()
    return row


def put_with_case(
    kept: StoredFile,
    *,
    complaint: Complaint,
    name: str | None,
    kind: str,
    uploaded_by: int | None,
    now: datetime,
    audience: str = "parties",
    by_body: bool = False,
) -> Evidence:
    """The row of a kept file; the limits are judged again under a lock. Raises EvidenceRefused. Files for the authority
    alone are counted apart: the limits that others meet must not tell of them."""
    with _counted(kept, f"case:{complaint.pk}"), working_as_steps():
        there = list(Evidence.objects.filter(complaint=complaint, audience=audience).values_list("size", "sha256"))
        whole = sum(size for size, _sha256 in there) + kept.size
        if len(there) >= limits.files_a_case() or whole > limits.bytes_a_case():
            raise limits.refused("too_much_for_a_case", name)
        if kept.sha256 in {sha256 for _size, sha256 in there}:
            raise limits.refused("already_there", name)
        row = _row(kept, name=name, kind=kind, uploaded_by=uploaded_by, now=now)
        row.complaint, row.audience, row.by_body = complaint, audience, by_body
        row.save()
    return row


@contextmanager
def _counted(kept: StoredFile, holder: str) -> Iterator[None]:
    """Two uploads at once must not both be the last that fits; whatever is refused leaves no file."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 2))", [f"evidence:{holder}"])
            yield
    except EvidenceRefused:
        kept.drop()
        raise


def _row(kept: StoredFile, *, name: str | None, kind: str, uploaded_by: int | None, now: datetime) -> Evidence:
    waits = settings.EVIDENCE_SCAN
    return Evidence(
        **kept.as_json(),
        kind=kind if kind in EvidenceKind.values else EvidenceKind.OTHER,
        name=shown_name(name),
        uploaded_at=now,
        uploaded_by_id=uploaded_by,
        state=EvidenceState.QUARANTINED if waits else EvidenceState.UNCHECKED,
        scan_after=now if waits else None,
    )


def take_away(evidence: Evidence) -> None:
    """Undoes ``receive_for_case`` when the step that brought the file was refused."""
    with working_as_steps():
        evidence.delete()
    storing.drop(*evidence.paths)


def remove(evidence: Evidence) -> None:
    """Takes a file back while it still lies with a draft."""
    if evidence.draft_id is None:
        raise limits.refused("already_filed")
    take_away(evidence)
