"""The ZIP of a dossier in its one right form (odr-dossier-2): parts stored, sorted by name, with one date, no extra
field, comment or gap; then the manifest, which lists them all with what is withheld and why, and the signature over it.
So a byte that no part holds is a byte of a header that everybody can compute (docs/verify/verify_dossier.py does)."""

import hashlib
import json
import logging
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from complaints.documents.signing import DocumentKey
from complaints.dossier.gathering import DossierFile, Gathered
from complaints.dossier.proving import Proof
from complaints.evidence.files import ENDINGS
from complaints.evidence.storing import CHUNK, storage
from complaints.record import record, stamps

log = logging.getLogger(__name__)

FORMAT = "odr-dossier-2"
MANIFEST, STAMP, SIGNATURE = "manifest.json", "manifest.tsr", "manifest.sig"
_SIGNED = b"odr-dossier-2 manifest\0"
_README = Path(__file__).with_name("README.txt")
#: What the form can say of a place in it, in bytes.
_MOST = 2**32 - 2**24


def pack(
    out: IO[bytes],
    gathered: Gathered,
    *,
    proof: Proof | None,
    papers: dict[str, bytes],
    at: datetime,
    key: DocumentKey,
    each: Callable[[], None],
) -> None:
    """Write the archive to ``out``, which must be empty and can be read. ``papers``: name → PDF; ``each`` is called
    after each file of evidence. Raises ValueError where it would be larger than its form allows (4 GB)."""
    parts: dict[str, bytes | DossierFile] = dict(papers.items())
    parts |= {f"entries/{n:04d}.json": body.encode() for n, _head, body in gathered.entries if body is not None}
    parts["texts.json"] = _readable({"texts": gathered.texts, "names": gathered.names})
    parts["README.txt"] = _README.read_bytes()
    if proof is not None:
        parts |= proof.parts
        parts["public-key.txt"] = f"{proof.log['key']}\n".encode()
    names = {}
    for place, file in enumerate(gathered.files, 1):
        if file.path:
            names[file.sha256] = name = f"files/{place:02d}{ENDINGS.get(file.media_type, ('.bin',))[0]}"
            parts[name] = file
    archive = _Archive(out)
    gone = set()
    for name, part in sorted(parts.items()):
        if isinstance(part, bytes):
            archive.write(name, iter([part]))
        else:
            if not archive.copy(name, part):
                gone.add(part.sha256)
            each()
    files, withheld = [], list(gathered.withheld)
    for file in gathered.files:
        row: dict[str, Any] = {"sha256": file.sha256, "size": file.size, "name": file.name}
        lacks = {"digest": file.sha256, "entry": file.entry}
        if file.path and file.sha256 not in gone:
            row["path"] = names[file.sha256]
            if file.copy_sha256:
                row["copy"] = file.copy_sha256
                withheld.append(lacks | {"what": "original", "kind": "original", "reason": "not_yours"})
        else:
            withheld.append(lacks | {"what": "file", "kind": "file", "reason": file.reason or "file_gone"})
        files.append(row)
    head = {"format": FORMAT, "case": gathered.page.complaint.number, "audience": "parties"}
    head |= {"made_for": gathered.made_for, "made_at": record.stamp(at), "key": key.public}
    entries = [digest.hex() for _sequence, digest, _body in gathered.entries]
    manifest = record.canonical(
        head
        | {"entries": entries, "files": files, "parts": archive.listed, "withheld": withheld}
        | {"checkpoint": proof.checkpoint.note if proof is not None else ""}
        | {"log": proof.log if proof is not None else None}
    ).encode()
    archive.write(MANIFEST, iter([manifest]))
    signed = _SIGNED + hashlib.sha256(manifest).digest()
    if stamp := _stamp(manifest):
        archive.write(STAMP, iter([stamp]))
        signed += hashlib.sha256(stamp).digest()
    signature = key.manifest.sign(signed)
    archive.write(SIGNATURE, iter([signature.hex().encode()]))
    archive.end()


def _stamp(manifest: bytes) -> bytes:
    """A time stamp over the manifest; empty where none is asked for or none was given: a dossier is whole without."""
    if not stamps.is_on():
        return b""
    try:
        return stamps.stamp(manifest)
    except stamps.NoStamp as problem:
        log.warning("a dossier has no time stamp: %s", problem.code)
        return b""


def _readable(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


class _Archive:
    """Parts one after the other (PKWARE APPNOTE 4.3); ``listed`` says of each its name, size and SHA-256."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out
        self.listed: list[dict[str, Any]] = []
        self.directory = b""

    def write(self, name: str, content: Iterator[bytes]) -> None:
        raw, at = name.encode("ascii"), self.out.tell()
        self.out.write(_header(raw, 0, 0))
        digest, crc, size = hashlib.sha256(), 0, 0
        for chunk in content:
            self.out.write(chunk)
            digest.update(chunk)
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        end = self.out.tell()
        if end > _MOST:
            raise ValueError("a dossier of more than 4 GB")
        self.out.seek(at)
        self.out.write(_header(raw, crc, size))
        self.out.seek(end)
        self.listed.append({"name": name, "size": size, "sha256": digest.hexdigest()})
        self.directory += _directory_entry(raw, crc, size, at)

    def copy(self, name: str, part: DossierFile) -> bool:
        """A file of evidence, a piece at a time. False: it is gone."""
        try:
            source = storage().open(part.path, "rb")
        except FileNotFoundError:
            return False
        with source:
            self.write(name, iter(lambda: source.read(CHUNK), b""))
        return True

    def end(self) -> None:
        at, count = self.out.tell(), len(self.listed)
        self.out.write(self.directory)
        self.out.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(self.directory), at, 0))


#: 1980-01-01, the first day that the format knows.
_DAY = (0, 33)


def _header(name: bytes, crc: int, size: int) -> bytes:
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0x800, 0, *_DAY, crc, size, size, len(name), 0) + name


def _directory_entry(name: bytes, crc: int, size: int, at: int) -> bytes:
    fields = (0x0314, 20, 0x800, 0, *_DAY, crc, size, size, len(name), 0, 0, 0, 0, 0o100644 << 16, at)
    return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *fields) + name
