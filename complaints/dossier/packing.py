"""The ZIP of a dossier: the record as it was hashed, what belongs to it, and the proof that it is sealed.

The form is the one that docs/verify/verify_dossier.py checks, and what is packed can be packed again to
the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from complaints.dossier.gathering import Gathered, Part
from complaints.evidence.files import ENDINGS
from complaints.evidence.storing import CHUNK, storage
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import record

FORMAT = "odr-dossier-1"
_README = Path(__file__).with_name("README.txt")


def pack(
    out: IO[bytes],
    gathered: Gathered,
    *,
    seal: dict[str, Any] | None,
    papers: dict[str, bytes],
    at: datetime,
    each: Callable[[], None],
) -> None:
    """Write the archive. ``papers``: name → PDF; ``each`` is called after each file of evidence."""
    archive = _Archive(out, at=at)
    with archive.zip:
        _fill(archive, gathered, seal=seal, papers=papers, at=at, each=each)


def _fill(
    archive: _Archive,
    gathered: Gathered,
    *,
    seal: dict[str, Any] | None,
    papers: dict[str, bytes],
    at: datetime,
    each: Callable[[], None],
) -> None:
    files = [(_path(place, part), part) for place, part in enumerate(gathered.files, 1)]
    listed = []
    for path, part in files:
        there = bool(part.path) and archive.copy(path, part)
        listed.append(
            {"sha256": part.sha256, "size": part.size, "name": part.name}
            | ({"path": path} | ({"copy": part.copy_sha256} if part.copy_sha256 else {}) if there else {})
        )
        each()
    page = gathered.page
    archive.json(
        "dossier.json",
        {
            "format": FORMAT,
            "case": page.complaint.number,
            "audience": "parties",
            "made_for": page.side,
            "made_at": record.stamp(at),
            "withheld": gathered.withheld,
            "files": listed,
            "entries": [
                {"sequence": sequence, "hash": head.hex()} | ({"withheld": True} if body is None else {})
                for sequence, head, body in gathered.entries
            ],
        },
    )
    for sequence, _head, body in gathered.entries:
        if body is not None:
            archive.write(f"entries/{sequence:04d}.json", body.encode())
    archive.json("texts.json", {"texts": gathered.texts, "names": gathered.names})
    if seal is not None:
        archive.json("seal.json", seal)
        archive.write("public-key.txt", f"{seal['public_key']}\n".encode())
    for name, paper in papers.items():
        archive.write(name, paper)
    archive.write("README.txt", _README.read_bytes())
    archive.write_sums()


def _path(place: int, part: Part) -> str:
    return f"files/{place:02d}{ENDINGS.get(part.media_type, ('.bin',))[0]}"


class _Archive:
    """Parts with one date; their digests stand in the last one."""

    def __init__(self, out: IO[bytes], *, at: datetime) -> None:
        self.zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        self.date = at.astimezone(SHANGHAI).timetuple()[:6]
        self.sums: list[str] = []

    def _info(self, name: str, kind: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, date_time=self.date)
        info.compress_type, info.external_attr = kind, 0o644 << 16
        return info

    def write(self, name: str, content: bytes) -> None:
        self.zip.writestr(self._info(name, zipfile.ZIP_DEFLATED), content)
        self.sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

    def json(self, name: str, value: Any) -> None:
        self.write(name, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode())

    def copy(self, name: str, part: Part) -> bool:
        """A file of evidence, a piece at a time; pictures and recordings are compressed already. False: it is gone."""
        try:
            source = storage().open(part.path, "rb")
        except FileNotFoundError:
            return False
        digest, info = hashlib.sha256(), self._info(name, zipfile.ZIP_STORED)
        info.file_size = part.size
        with source, self.zip.open(info, "w") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
        self.sums.append(f"{digest.hexdigest()}  {name}\n")
        return True

    def write_sums(self) -> None:
        self.zip.writestr(self._info("SHA256SUMS", zipfile.ZIP_DEFLATED), "".join(self.sums))
