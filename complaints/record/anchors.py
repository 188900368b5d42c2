"""What others hold of the record: checkpoints (as witnesses, programs and dossiers keep them) and receipts. The record
is compared with them, never they with the record.

A receipt is one line, ``number|audience|sequence|hash|size``: the entry of a case that its holder saw, and how many
entries the newest checkpoint had then; the first four parts are what lies in the log."""

import base64
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings

from complaints.models import Checkpoint, HandlingStep
from complaints.record import house, log, notes, seal_keys, witnessing
from complaints.record.findings import Finding
from complaints.record.moved import named
from complaints.record.notes import COSIGNS, Note, NoteKey, Witness
from complaints.record.seal_keys import SealKeys
from web import safe_http

#: A checkpoint from outside that is older says nothing of what was written since.
FRESH = timedelta(hours=24)
#: Of a file that is no dossier so much is read.
MOST_BYTES = 16 * 1024 * 1024
_NOTE = re.compile(r"^(?:[^\n]+\n){3,8}\n(?:— [^ \n]+ [A-Za-z0-9+/=]+\n)+", re.MULTILINE)
#: On paper the line is broken at its bars.
_RECEIPT = re.compile(
    r"(?<![\w|-])([0-9A-Z-]{6,40})\s*\|\s*(parties|enterprise|authority)\s*\|\s*(\d{1,9})\s*\|\s*"
    r"([0-9a-f]{64})\s*\|\s*(\d{1,18})"
)


class NoAnchor(Exception):
    """A file that cannot be compared with: the sentence names it and says why."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry as its holder saw it; ``size`` is that of the newest checkpoint then."""

    number: str
    audience: str
    sequence: int
    hash: bytes
    size: int

    def __str__(self) -> str:
        return f"{self.number}|{self.audience}|{self.sequence}|{self.hash.hex()}|{self.size}"


@dataclass(slots=True)
class Compared:
    """With how much the record was compared. ``at``: the newest time at which a checkpoint that holds was signed, by a
    witness of ours or by the record's own key; ``size``: of that checkpoint."""

    notes: int = 0
    receipts: int = 0
    size: int = 0
    at: datetime | None = None
    by: str = ""
    findings: list[Finding] = field(default_factory=list)

    def is_fresh(self, *, now: datetime) -> bool:
        """Compared with a checkpoint from outside that is at most a day old, and nothing was found."""
        return not self.findings and self.at is not None and now - self.at <= FRESH


def of_witnesses() -> tuple[list[Note], list[str]]:
    """The newest checkpoint that each witness of ours holds, where a key of this record signed it; and the names of the
    witnesses that show none. No transaction should be open: a witness may take five seconds."""
    if not settings.WITNESSES.all:
        return [], []
    newest = log.newest_checkpoint()
    origin = notes.parse(newest.note).origin if newest is not None else seal_keys.known().origin
    found, silent = list[Note](), list[str]()
    for witness in settings.WITNESSES.all:
        try:
            shown = witnessing.newest_of(witness, origin)
        except (safe_http.Refused, safe_http.NoAnswer):
            shown = None
        if shown is not None and seal_keys.may_have_signed(shown):
            found.append(shown)
        else:
            silent.append(witness.key.name)
    return found, silent


def header_of(note: str) -> str:
    """The value of ``Record-Checkpoint``: the checkpoint with the record's own signatures, in base64."""
    return base64.b64encode(notes.parse(note).own_text.encode()).decode()


def newest_header() -> dict[str, str]:
    """``Record-Checkpoint`` of the newest checkpoint; nothing before the first."""
    note = Checkpoint.objects.order_by("-number").values_list("note", flat=True).first()
    return {"Record-Checkpoint": header_of(note)} if note is not None else {}


def receipt_of(number: str, audience: str, sequence: int, digest: bytes) -> Receipt:
    """What the reader of an entry can keep of it, now."""
    newest = log.newest_checkpoint()
    return Receipt(number, audience, sequence, digest, newest.size if newest is not None else 0)


def read(files: Sequence[Path]) -> list[Note | Receipt]:
    """All checkpoints and receipts in these files: notes, dossiers (ZIP), letters and receipts saved as text. Raises
    NoAnchor for a file that holds none."""
    found: list[Note | Receipt] = []
    for file in files:
        try:
            with file.open("rb") as opened:
                text = _of_dossier(opened) if opened.read(2) == b"PK" else _text(opened)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise NoAnchor(f"{file} cannot be read: {type(error).__name__}.") from None
        held = list(_found(text))
        if not held:
            raise NoAnchor(f"{file} holds no checkpoint, dossier or receipt of this portal.")
        found += held
    return found


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(MOST_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")


def _of_dossier(file: IO[bytes]) -> str:
    """The checkpoint that a dossier of form 2 shows; what else it says is for verify_dossier.py."""
    file.seek(0)
    with zipfile.ZipFile(file) as parts, parts.open("manifest.json") as manifest:
        return str(json.loads(manifest.read(MOST_BYTES))["checkpoint"])


def _found(text: str) -> Iterator[Note | Receipt]:
    for one in _NOTE.finditer(text):
        try:
            yield notes.parse(one.group())
        except notes.OddNote:
            continue
    for number, audience, sequence, digest, size in _RECEIPT.findall(text):
        yield Receipt(number, audience, int(sequence), bytes.fromhex(digest), int(size))


def compare(held: Sequence[Note | Receipt]) -> Compared:
    """Compare the record with what is held outside. Whether log and entries go together is for the verification.
    Raises NoAnchor for a checkpoint of another record."""
    keys, newest = seal_keys.known(), log.newest_checkpoint()
    lives = [int(entry.data["size"]) for entry in house.proven("restored")]
    result = Compared()
    for one in held:
        if isinstance(one, Receipt):
            result.receipts += 1
            result.findings += _receipt_fault(one)
            continue
        if keys.origin and not seal_keys.is_name_of(keys.origin, one.origin):
            raise NoAnchor(f"A checkpoint is of the record {one.origin}; this one is {keys.origin}.")
        result.notes += 1
        fault = _note_fault(one, keys, newest, lives)
        if fault is not None:
            result.findings.append(fault)
            continue
        for at, by in _times(one, keys):
            if result.at is None or at > result.at:
                result.at, result.by, result.size = at, by, one.size
    return result


def _note_fault(note: Note, keys: SealKeys, newest: Checkpoint | None, lives: Sequence[int]) -> Finding | None:
    """``lives``: how many entries each restore left of the record that ended with it."""
    place = f"checkpoint {note.size}"
    if not seal_keys.may_have_signed(note, keys):
        return Finding("anchor_key", row=place)
    life = 0 if note.origin == keys.origin else int(note.origin.rpartition("/")[2]) - 1
    if life < len(lives) and note.size > lives[life]:
        return Finding("anchor_restored", row=place, detail=f"{lives[life]} entries were restored")
    if life > len(lives):
        return Finding("anchor_other", row=place, detail=f"this record was never called {note.origin}")
    if newest is None or newest.size < note.size:
        return Finding("anchor_longer", row=place, detail=f"{newest.size if newest else 0} entries are in the log here")
    try:
        root = log.root_at(note.size)
    except ValueError:
        return Finding("anchor_other", row=place, detail="the log cannot be read so far")
    if root != note.root:
        return Finding("anchor_other", row=place)
    return None


def _receipt_fault(receipt: Receipt) -> list[Finding]:
    entries = HandlingStep.objects.filter(
        complaint__number=receipt.number, audience=receipt.audience, sequence=receipt.sequence
    )
    there = entries.values_list("hash", flat=True).first()
    is_moved = there is None and named.of_number(receipt.number) is not None
    if there is not None and bytes(there) == receipt.hash:
        return []
    if is_moved and log.holds(receipt.number, receipt.audience, receipt.sequence, receipt.hash):
        return []
    code = "receipt_missing" if there is None and not is_moved else "receipt_other"
    return [Finding(code, receipt.number, receipt.audience, receipt.sequence)]


def _times(note: Note, keys: SealKeys) -> Iterator[tuple[datetime, str]]:
    witnesses: list[Witness] = list(settings.WITNESSES.all)
    signers = [one.key for one in witnesses] + [
        NoteKey(note.origin, COSIGNS, key) for key in keys.spans if not keys.fault(key, note.size)
    ]
    for signer in signers:
        at = note.cosigned_at(signer)
        if at is not None:
            yield datetime.fromtimestamp(at, UTC), signer.name
