"""Everything that a dossier holds, read once with the visibility of whoever asked.

What the reader may not have is counted by its digest and never leaves the database: entries outside an
enterprise's time, contact data of the consumer for anybody at work, files that are held back, what was erased.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.keys import sealed_fields
from accounts.models import User
from complaints import evidence
from complaints.documents import printing
from complaints.models import DocumentVersion, Dossier, Evidence, HandlingStep, PersonalText, RecordedName
from complaints.models.record import FREE_KINDS, salted_text
from complaints.procedure.workflow import Audience, Role
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import AUTHORITY, CONSUMER, ENTERPRISE, CasePage, find_case, page_of, steps_of
from complaints.reading.case_documents import readable_by, title_of
from complaints.reading.file_view import is_sender
from complaints.record import house
from database import row_security


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFile:
    """One file of the case: what lies in the storage, and which digest the record has of the original."""

    sha256: str
    name: str
    media_type: str
    size: int
    path: str = ""
    copy_sha256: str = ""
    #: The first entry that names it; and why its content is not there, where ``path`` is empty.
    entry: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierDocument:
    """An official document that is addressed to the reader. ``content``: the newest print, for the consumer alone, as
    it names the person; for others its digest, once there is a print."""

    reference: str
    title: str
    issued_at: datetime
    is_void: bool
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """``entries``: the parties' record, with ``body`` None where it is withheld; ``page`` is what the reader sees.
    ``made_for``: consumer, joint (who stands beside the consumer), enterprise, authority. ``withheld``: what is not
    there, with ``what`` (entry, text, name), number of the ``entry``, ``digest``, ``kind`` and ``reason``."""

    page: CasePage
    made_for: str
    entries: list[tuple[int, bytes, str | None]]
    texts: list[dict[str, Any]]
    names: list[dict[str, str]]
    withheld: list[dict[str, Any]]
    files: list[DossierFile] = field(default_factory=list)
    documents: list[DossierDocument] = field(default_factory=list)


def gather(dossier: Dossier, *, now: datetime) -> Gathered:
    """Raises Http404 when the person does not see the case any more."""
    user, day = dossier.asked_by, now.astimezone(SHANGHAI).date()
    with row_security.seeing_as(user, day=day, is_at_job=dossier.side == ENTERPRISE):
        result = find_case(user, dossier.complaint.number, side=dossier.side, now=now)
        page = page_of(result, now=now)
        steps = [step for step in steps_of(result) if step.audience == Audience.PARTIES]
        seen = {step.sequence for step in steps}
        entries: list[tuple[int, bytes, str | None]] = [(step.sequence, bytes(step.hash), step.body) for step in steps]
        if len(steps) < result.complaint.last_sequence:
            others = HandlingStep.objects.filter(complaint=result.complaint, audience=Audience.PARTIES)
            entries += [
                (sequence, bytes(head), None)
                for sequence, head in others.exclude(sequence__in=seen).values_list("sequence", "hash")
            ]
        # Whoever stands beside the consumer (a joint party, a representative) is not the person that the texts name.
        is_own = dossier.side == CONSUMER and result.complaint.consumer_id == user.pk
        texts, withheld = _texts(result.complaint.pk, seen, None if is_own else user.person_key)
        names, nameless = _names(steps, is_own=is_own)
        files = [] if page.is_former else _files(page, user)
        documents = [] if page.is_former else _documents(page)
        rows = set(Evidence.objects.filter(complaint=result.complaint).values_list("sha256", flat=True))
    entries.sort(key=lambda entry: entry[0])
    withheld += nameless
    withheld += [
        {"what": "entry", "entry": n, "digest": head.hex(), "kind": "entry", "reason": "not_yours"}
        for n, head, body in entries
        if body is None
    ]
    named: dict[str, int] = {}
    for n, _head, body in entries:
        for digest in json.loads(body)["files"] if body else ():
            named.setdefault(digest, n)
    # Evidence may be gone while the record still names it; and who had the case before sees none of it.
    files += [
        DossierFile(
            sha256=digest, name="", media_type="", size=0, reason="not_yours" if digest in rows else "file_gone"
        )
        for digest in sorted(named.keys() - {f.sha256 for f in files})
    ]
    if any(not file.path and file.reason in ("", "file_gone") for file in files):
        erased = {
            digest
            for entry in house.entries("erased")
            for number, digest in entry.data.get("files", ())
            if number == result.complaint.number and house.is_ours(entry)
        }
        files = [replace(file, path="", reason="erased") if file.sha256 in erased else file for file in files]
    return Gathered(
        page=page,
        made_for=dossier.side if dossier.side != CONSUMER or is_own else "joint",
        entries=entries,
        texts=texts,
        names=names,
        withheld=withheld,
        files=[replace(part, entry=named[part.sha256]) for part in files if part.sha256 in named],
        documents=documents,
    )


def _texts(complaint_id: int, seen: set[int], reader: UUID | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Given and withheld. ``reader`` None has them all; others what was said, and what stands under their own key."""
    mine = PersonalText.objects.filter(complaint_id=complaint_id, audience=Audience.PARTIES, sequence__in=seen)
    rows = list(mine.order_by("sequence", "pk"))
    empty = set(mine.filter(sealed=b"").values_list("pk", flat=True))
    sealed_fields.load_for(rows)
    texts: list[dict[str, Any]] = []
    withheld: list[dict[str, Any]] = []
    for row in rows:
        salt, text = salted_text(row.sealed)
        digest = bytes(row.digest).hex()
        if salt and (reader is None or row.key_id == reader or _is_said(row.kind)):
            proof = {"digest": digest, "salt": salt.hex(), "text": text}
            texts.append({"sequence": row.sequence, "kind": row.kind} | proof)
        else:
            reason = "not_yours" if salt else "erased" if row.pk in empty else "restricted"
            about = {"what": "text", "entry": row.sequence, "digest": digest}
            withheld.append(about | {"kind": row.kind, "reason": reason})
    return texts, withheld


def _is_said(kind: str) -> bool:
    """What one side tells the other, and no name, number or address."""
    return kind in FREE_KINDS or kind.startswith("answer_")


def _names(steps: list[HandlingStep], *, is_own: bool) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """Who took the steps, given and withheld; consumers by name only in the consumer's own dossier."""
    kept: dict[str, RecordedName] = {}
    consumers = {
        bytes(step.name.digest).hex() for step in steps if step.name and step.actor_role == Role.CONSUMER and not is_own
    }
    standing: list[tuple[int, str]] = []
    for step in steps:
        for name in (step.name, step.recorded_by):
            if name is not None:
                kept[bytes(name.digest).hex()] = name
                standing.append((step.sequence, bytes(name.digest).hex()))
    empty = set(RecordedName.objects.filter(pk__in=[name.pk for name in kept.values()], sealed=b"").values_list("pk"))
    sealed_fields.load_for(kept.values())
    results, reasons = [], {}
    for digest, name in kept.items():
        salt, text = salted_text(name.sealed)
        if salt and digest not in consumers:
            results.append({"digest": digest, "salt": salt.hex(), "text": text})
        else:
            reasons[digest] = "not_yours" if salt else "erased" if (name.pk,) in empty else "restricted"
    withheld = [
        {"what": "name", "entry": n, "digest": digest, "kind": "name", "reason": reasons[digest]}
        for n, digest in dict.fromkeys(standing)
        if digest in reasons
    ]
    return results, withheld


def _documents(page: CasePage) -> list[DossierDocument]:
    """Oldest first; what is only the authority's stays out of a dossier, which goes to others."""
    rows = [row for row in readable_by(page.complaint, page.side, page.viewer) if row.audience == Audience.PARTIES]
    printed = DocumentVersion.objects.filter(document__in=rows).select_related("document", "complaint")
    versions = {version.document_id: version for version in printed.order_by("number")}
    prints = {pk: _print(version) if page.side == CONSUMER else b"" for pk, version in versions.items()}
    return [
        DossierDocument(
            reference=row.reference,
            title=title_of(row.form),
            issued_at=row.issued_at,
            is_void=row.state == row.VOID,
            content=prints[row.pk],
            sha256=hashlib.sha256(prints[row.pk]).hexdigest() if prints[row.pk] else versions[row.pk].sha256,
        )
        for row in reversed(rows)
    ]


def _print(version: DocumentVersion) -> bytes:
    try:
        return printing.read_print(version)
    except LookupError:
        return b""


def _files(page: CasePage, user: User) -> list[DossierFile]:
    results = []
    for row in Evidence.objects.known_to(page.side).filter(complaint=page.complaint).order_by("pk"):
        is_theirs = is_sender(row, page.complaint, side=page.side, user_id=user.pk)
        part = DossierFile(sha256=row.sha256, name=row.name, media_type=row.media_type, size=row.size)
        if not evidence.shows_content(row, is_sender=is_theirs):
            results.append(replace(part, reason="held_back"))
        elif row.copy_path and not is_theirs and page.side != AUTHORITY:
            copy = replace(part, media_type=row.copy_type, size=row.copy_size, path=row.copy_path)
            results.append(replace(copy, copy_sha256=row.copy_sha256))
        else:
            results.append(replace(part, path=row.path))
    return results
