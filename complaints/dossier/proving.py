"""The seal over a record, and whether a dossier is whole and ours is the record in it. What is shown gives away digests
only; what is asked is answered by yes, no, a number and a time. Nothing of a case leaves, nothing sent is kept."""

import importlib.util
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import IO, Any

from django.db.models import QuerySet

from accounts.keys import tags
from complaints.documents.signing import DocumentKey
from complaints.models import Complaint, HandlingStep, HouseEntry, Seal, SealedHead
from complaints.procedure.workflow import Audience
from complaints.record import house, record
from complaints.record.record import TAG_KIND, chained
from complaints.record.sealing import heads_of, path_to
from database.row_security import working_as_steps
from web.environment import ROOT


def seal_of(complaint: Complaint) -> dict[str, Any] | None:
    """What the newest seal says about the parties' record of this case, as seal.json; None before the first. Seals from
    before there were trees have no proof that could be shown, so they count as none."""
    head = _sealed(complaint).exclude(seal__heads_root=b"").first()
    if head is None:
        return None
    seal: Seal = head.seal
    heads = [(case, audience, sequence, bytes(digest)) for case, audience, sequence, digest in heads_of(seal)]
    place = heads.index((complaint.pk, head.audience, head.sequence, bytes(head.hash)))
    return published(seal) | {
        "case_id": complaint.pk,
        "sequence": head.sequence,
        "hash": bytes(head.hash).hex(),
        "index": place,
        "count": len(heads),
        "path": [digest.hex() for digest in path_to(heads, place)],
    }


def _sealed(complaint: Complaint) -> QuerySet[SealedHead]:
    """The heads of the parties' record in the seals, the newest first."""
    rows = SealedHead.objects.filter(complaint_id=complaint.pk, audience=Audience.PARTIES)
    return rows.select_related("seal").order_by("-seal__number")


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


def certified(key: DocumentKey, *, now: datetime) -> HouseEntry:
    """The entry of the house chain that names this document key; written when it first signs."""
    for entry in document_keys():
        if entry.data["new"] == key.public:
            return entry
    return house.write("key_handed_over", {"of": DOCUMENTS, "new": key.public}, by="system", now=now)


def document_keys() -> list[HouseEntry]:
    """The entries of the house chain that name a key for dossiers, the oldest first. One that was put in without an
    entry key does not count."""
    return [
        entry
        for entry in house.entries("key_handed_over")
        if tags.is_tagged(TAG_KIND, bytes(entry.hash), bytes(entry.tag))
        and chained(bytes(entry.previous_hash), entry.body) == bytes(entry.hash)
        and entry.data.get("of") == DOCUMENTS
    ]


#: What kind of key an entry of the house chain names.
DOCUMENTS = "documents"
PROGRAM = ROOT / "docs" / "verify" / "verify_dossier.py"
#: What a page looks into while somebody waits; larger ones are for the program.
MOST_BYTES = 256 * 1024 * 1024
MOST_JSON = 6 * 1024 * 1024
UNBROKEN, BROKEN, UNKNOWN = "unbroken", "broken", "unknown"


@dataclass(frozen=True, slots=True)
class RecordState:
    """``state``; ``entry`` is the one that was shown, or the first broken one; seal and time of what covers it."""

    state: str
    entry: int = 0
    entries: int = 0
    seal: int | None = None
    sealed_at: datetime | None = None


@cache
def verifier() -> Any:
    """docs/verify/verify_dossier.py, which has no dependency and so no package."""
    spec = importlib.util.spec_from_file_location("verify_dossier", PROGRAM)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(PROGRAM)
    program = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = program
    spec.loader.exec_module(program)
    return program


def report_on(file: IO[bytes], *, document_keys: Collection[str] = ()) -> Any:
    """The program's Report; it asks the database nothing. ``document_keys``: those that are ours. Raises its
    Unreadable."""
    report = verifier().check(file, most_bytes=MOST_BYTES, most_json=MOST_JSON)
    report.is_document_key_known = report.document_key in document_keys
    return report


def is_published(number: int, root: str, public_key: str) -> bool:
    """Whether this seal is one of ours."""
    try:
        result = Seal.objects.filter(number=number, root=bytes.fromhex(root), public_key=bytes.fromhex(public_key))
    except (ValueError, TypeError):
        return False
    return 0 <= number < 2**62 and result.exists()


def record_state(number: str, digest: str) -> RecordState:
    """How the parties' record of case ``number`` stands, for whoever shows the digest of one of its entries. A number
    that does not exist and a digest that does not fit are both unknown."""
    with working_as_steps():
        case = Complaint.objects.filter(number=number).first()
        entries = HandlingStep.objects.filter(complaint=case, audience=Audience.PARTIES) if case else None
        shown = entries.filter(hash=bytes.fromhex(digest)).first() if entries is not None else None
        if case is None or entries is None or shown is None:
            return RecordState(UNKNOWN)
        rows = list(entries.order_by("sequence").values_list("sequence", "previous_hash", "hash", "body"))
        head = _sealed(case).first()
    broken = _first_broken(rows, case.last_sequence, head)
    if broken:
        return RecordState(BROKEN, entry=broken, entries=len(rows))
    covers = head is not None and head.sequence >= shown.sequence
    return RecordState(
        UNBROKEN,
        entry=shown.sequence,
        entries=len(rows),
        seal=head.seal.number if head and covers else None,
        sealed_at=head.seal.at if head and covers else None,
    )


def _first_broken(rows: list[tuple[int, Any, Any, str]], last: int, head: SealedHead | None) -> int:
    """The number of the first entry that is missing or is not what was chained and sealed; 0 if all stand."""
    previous = b""
    for place, (sequence, before, digest, body) in enumerate(rows, 1):
        if sequence != place or bytes(before) != previous or chained(previous, body) != bytes(digest):
            return place
        previous = bytes(digest)
    if head is not None and (head.sequence > len(rows) or bytes(rows[head.sequence - 1][2]) != bytes(head.hash)):
        return min(head.sequence, len(rows) + 1)
    return len(rows) + 1 if last > len(rows) else 0
