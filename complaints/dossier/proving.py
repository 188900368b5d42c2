"""The proof of a record, and whether a dossier is whole and ours is the record in it. What is shown gives away digests
only; what is asked is answered by yes, no, a number and a time. Nothing of a case leaves, nothing sent is kept."""

import importlib.util
import json
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import IO, Any

from django.conf import settings

from complaints.documents.signing import DocumentKey
from complaints.models import Checkpoint, Complaint, HandlingStep, HouseEntry, Leaf, PersonalText, RecordedName, Seal
from complaints.procedure.workflow import Audience
from complaints.record import house, log, notes, record, seal_keys
from complaints.record.notes import SIGNS, NoteKey
from complaints.record.record import chained
from database.row_security import working_as_steps
from web.environment import ROOT


@dataclass(frozen=True, slots=True)
class Proof:
    """What the log says of a case under a ``checkpoint``: ``log`` as it stands in the manifest of a dossier, with the
    parts (name → content) that go with it; ``sequence``: up to which entry of the parties' record it goes (0: none).
    ``is_complete``: what happened to the record itself, as far as it matters here, is under the checkpoint too."""

    log: dict[str, Any]
    parts: dict[str, bytes]
    sequence: int
    checkpoint: Checkpoint
    is_complete: bool


def proof_of(complaint: Complaint, *, erased: Collection[str], key: DocumentKey) -> Proof | None:
    """The proof under the newest checkpoint, or under the newest one that a witness has signed, if that covers as much;
    None before the first. ``erased``: digests that lie in no row any more, whose end the house chain has to say."""
    newest = log.newest_checkpoint()
    if newest is None:
        return None
    checkpoint, (sequence, place) = newest, _end(complaint, newest.size)
    for before in Checkpoint.objects.filter(number__gt=newest.number - _LOOKED_BACK).order_by("-number"):
        if _is_witnessed(before) and before.size > place:
            checkpoint = before
            break
    parts: dict[str, bytes] = {}
    rows = []
    entries = _house_entries(complaint, erased, key)
    for entry in entries:
        where = log.place_of(entry)
        if where is None or where >= checkpoint.size:
            continue
        proof = [one.hex() for one in log.inclusion_proof(where, checkpoint.size)]
        previous = bytes(entry.previous_hash).hex()
        rows.append({"sequence": entry.sequence, "previous": previous, "place": where, "proof": proof})
        parts[f"house/{entry.sequence:04d}.json"] = entry.body.encode()
        if entry.step == "erased":
            parts[f"erased/{entry.sequence:04d}.json"] = json.dumps(_digests_under(entry)).encode()
    ours: dict[str, Any] | None = None
    if sequence:
        proof = [one.hex() for one in log.inclusion_proof(place, checkpoint.size)]
        ours = {"sequence": sequence, "place": place, "proof": proof}
    note = notes.parse(checkpoint.note)
    said = {"key": _signer(note).hex(), "entry": ours, "house": rows}
    return Proof(said, parts, sequence, checkpoint, is_complete=len(rows) == len(entries))


#: So many checkpoints (minutes) back one with a witness's signature is looked for.
_LOOKED_BACK = 30


def _end(complaint: Complaint, size: int) -> tuple[int, int]:
    """Number and place of the newest entry of the parties' record among the first ``size`` leaves; (0, -1): none."""
    names = {f"{complaint.number}|{Audience.PARTIES}|{n}": n for n in range(1, complaint.last_sequence + 1)}
    last = Leaf.objects.filter(entry__in=list(names), place__lt=size).order_by("-place").first()
    return (names[last.entry], last.place) if last is not None else (0, -1)


def _is_witnessed(checkpoint: Checkpoint) -> bool:
    note = notes.parse(checkpoint.note)
    return any(name != note.origin for name, _ in note.lines)


def _signer(note: notes.Note) -> bytes:
    """The key of ours that signed it."""
    spans = seal_keys.known().spans
    return next((key for key in spans if note.is_signed_by(NoteKey(note.origin, SIGNS, key))), b"")


def _house_entries(complaint: Complaint, erased: Collection[str], key: DocumentKey) -> list[HouseEntry]:
    """The keys that sign the log, the one that signs the manifest, and what was erased of this case."""
    results = [entry for entry in house.proven("key_handed_over", "key_revoked") if entry.data.get("of") is None]
    results += [entry for entry in document_keys() if entry.data["new"] == key.public]
    if erased:
        raw = [bytes.fromhex(one) for one in erased]
        texts = PersonalText.objects.filter(complaint=complaint, digest__in=raw)
        keys = {str(one) for one in texts.values_list("key_id", flat=True)}
        keys |= {str(one) for one in RecordedName.objects.filter(digest__in=raw).values_list("person_key", flat=True)}
        for entry in house.entries("erased"):
            files = {digest for number, digest in entry.data.get("files", ()) if number == complaint.number}
            if (entry.data["key"] in keys or files & set(erased)) and house.is_ours(entry):
                results.append(entry)
    return results


def _digests_under(entry: HouseEntry) -> list[str]:
    """The digests of all that lay under the key that was destroyed."""
    key = entry.data["key"]
    rows = PersonalText.objects.filter(key_id=key).values_list("digest", flat=True)
    names = RecordedName.objects.filter(person_key=key).values_list("digest", flat=True)
    return sorted(bytes(one).hex() for one in (*rows, *names))


def published(seal: Seal) -> dict[str, Any]:
    """A seal of the older form as everybody may have it."""
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
    """The entries of the house chain that name a key for dossiers, the oldest first."""
    return [entry for entry in house.proven("key_handed_over") if entry.data.get("of") == DOCUMENTS]


def public_keys() -> list[str]:
    """The keys that sign the manifests of dossiers, in hexadecimal, the newest first."""
    # Two workers that began with it at the same moment both wrote it down.
    return list(dict.fromkeys(entry.data["new"] for entry in reversed(document_keys())))


#: What kind of key an entry of the house chain names.
DOCUMENTS = "documents"
PROGRAM = ROOT / "docs" / "verify" / "verify_dossier.py"
#: What a page looks into while somebody waits; larger ones are for the program.
MOST_BYTES = 256 * 1024 * 1024
MOST_JSON = 6 * 1024 * 1024
UNBROKEN, BROKEN, UNKNOWN = "unbroken", "broken", "unknown"


@dataclass(frozen=True, slots=True)
class RecordState:
    """``state``; ``entry`` is the one that was shown, or the first broken one; size and time of the checkpoint that
    covers it."""

    state: str
    entry: int = 0
    entries: int = 0
    size: int | None = None
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
    """The program's Report; it asks the database nothing. ``document_keys``: those that are ours. Witnesses
    are those that the portal names. Raises its Unreadable."""
    witnesses = [one.key.text for one in settings.WITNESSES.all]
    report = verifier().check(file, witnesses=witnesses, most_bytes=MOST_BYTES, most_json=MOST_JSON)
    report.is_document_key_known = report.document_key in document_keys
    return report


def is_published(number: int, root: str, public_key: str) -> bool:
    """Whether this seal of the older form is one of ours."""
    try:
        result = Seal.objects.filter(number=number, root=bytes.fromhex(root), public_key=bytes.fromhex(public_key))
    except (ValueError, TypeError):
        return False
    return 0 <= number < 2**62 and result.exists()


def is_our_checkpoint(size: int, root: str, public_key: str) -> bool:
    """Whether the log of ``size`` entries is our own, and this key of ours may sign it."""
    try:
        return (
            0 <= size < 2**62
            and not seal_keys.known().fault(bytes.fromhex(public_key), size)
            and log.root_at(size) == bytes.fromhex(root)
        )
    except (ValueError, TypeError):
        return False


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
        newest = log.newest_checkpoint()
        sequence, place = _end(case, newest.size) if newest is not None else (0, -1)
        broken = _first_broken(rows, case, newest, sequence, place)
    if broken:
        return RecordState(BROKEN, entry=broken, entries=len(rows))
    covers = newest is not None and sequence >= shown.sequence
    return RecordState(
        UNBROKEN,
        entry=shown.sequence,
        entries=len(rows),
        size=newest.size if newest and covers else None,
        sealed_at=newest.at if newest and covers else None,
    )


def _first_broken(
    rows: list[tuple[int, Any, Any, str]], case: Complaint, checkpoint: Checkpoint | None, sealed: int, place: int
) -> int:
    """The number of the first entry that is missing or is not what was chained and lies under the checkpoint; 0 if all
    stand. ``sealed``: the newest entry that lies there, at ``place``."""
    previous = b""
    for number, (sequence, before, digest, body) in enumerate(rows, 1):
        if sequence != number or bytes(before) != previous or chained(previous, body) != bytes(digest):
            return number
        previous = bytes(digest)
    if sealed > len(rows):
        return len(rows) + 1
    if sealed and checkpoint is not None:
        leaf = log.leaf_hash(case.number, Audience.PARTIES, sealed, bytes(rows[sealed - 1][2]))
        try:
            proof = log.inclusion_proof(place, checkpoint.size)
        except ValueError:
            return sealed
        if not notes.inclusion_holds(place, checkpoint.size, leaf, proof, bytes(checkpoint.root)):
            return sealed
    return len(rows) + 1 if case.last_sequence > len(rows) else 0
