"""The archive: a plain tar in a fixed order, so that any machine can open it and nothing strange fits in.

A name that no backup of ours would write ends the reading. Order: database.dump, evidence/…, files/…,
sha256.txt (`sha256sum -c` understands it), manifest.json, manifest.sha256. Read and written in chunks: memory stays
flat whatever the size.
"""

import hashlib
import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = 1
DUMP, LISTING, MANIFEST, MANIFEST_DIGEST = "database.dump", "sha256.txt", "manifest.json", "manifest.sha256"
EVIDENCE, FILES = "evidence", "files"
CHUNK = 1024 * 1024
_BLOCK = tarfile.BLOCKSIZE
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
_LONGEST_NAME = 1000
_LONGEST_MANIFEST = 4 * 1024 * 1024
_ORDER = {DUMP: 0, EVIDENCE: 1, FILES: 2, LISTING: 3, MANIFEST: 4, MANIFEST_DIGEST: 5}
_ODD = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")


class Unusable(Exception):
    """The archive or the place cannot be used; the text is one sentence that says what to do."""


@dataclass(slots=True)
class Counted:
    """How much of one kind the archive holds."""

    count: int = 0
    size: int = 0
    sha256: str = ""


@dataclass(slots=True)
class Entry:
    """One file of the archive: its name, and the bytes, to be read once and in order."""

    name: str
    size: int
    _file: IO[bytes]
    _left: int = field(init=False)

    def __post_init__(self) -> None:
        self._left = self.size

    def chunks(self) -> Iterator[bytes]:
        while self._left:
            chunk = self._file.read(min(CHUNK, self._left))
            if not chunk:
                raise Unusable("The archive is cut off: take another copy of it.")
            self._left -= len(chunk)
            yield chunk


def is_plain(path: str) -> bool:
    """A relative path that leads nowhere but down."""
    return not _ODD.search(path) and all(part not in {"", ".", ".."} for part in path.split("/"))


class Writer:
    """Writes the archive into an open, seekable file; `listing` collects the digests on the way."""

    def __init__(self, file: IO[bytes], *, written_at: int) -> None:
        self.file = file
        self.written_at = written_at
        self.listing = tempfile.TemporaryFile()  # noqa: SIM115
        self.size = 0

    def add(self, name: str, chunks: Iterable[bytes], *, listed: bool = True) -> Counted:
        """The size is only known at the end, so the header is written twice."""
        begin = self.file.tell()
        self.file.write(self._header(name, 0))
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            self.file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            self.size += len(chunk)
        self.file.write(bytes(-size % _BLOCK))
        end = self.file.tell()
        self.file.seek(begin)
        self.file.write(self._header(name, size))
        self.file.seek(end)
        if listed:
            self.listing.write(_line(digest.hexdigest(), name))
        return Counted(1, size, digest.hexdigest())

    def finish(self, manifest: dict[str, Any]) -> None:
        """Adds the list of digests, the manifest with the digest of that list, and the manifest's own digest."""
        self.listing.seek(0)
        with self.listing:
            part = self.add(LISTING, iter(lambda: self.listing.read(CHUNK), b""), listed=False)
        manifest["parts"][LISTING] = {"size": part.size, "sha256": part.sha256}
        written = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        digest = self.add(MANIFEST, [written], listed=False).sha256
        self.add(MANIFEST_DIGEST, [_line(digest, MANIFEST)], listed=False)
        self.file.write(bytes(2 * _BLOCK))

    def _header(self, name: str, size: int) -> bytes:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, self.written_at
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def _line(digest: str, name: str) -> bytes:
    return f"{digest}  {name}\n".encode()


def entries(file: IO[bytes]) -> Iterator[Entry]:
    """Every file of the archive in order; refuses whatever is not a plain file with a name of ours."""
    position, longer, before = 0, "", -1
    while True:
        file.seek(position)
        header = file.read(_BLOCK)
        if len(header) < _BLOCK:
            raise Unusable("The archive is cut off: take another copy of it.")
        if header == bytes(_BLOCK):
            return
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.TarError, UnicodeError):
            what = "was changed or damaged: take another copy of it" if position else "is no backup of the portal"
            raise Unusable(f"The archive {what}.") from None
        content = position + _BLOCK
        position = content + info.size + (-info.size % _BLOCK)
        if info.type == tarfile.GNUTYPE_LONGNAME and not longer and 0 < info.size <= _LONGEST_NAME:
            longer = file.read(info.size).rstrip(b"\0").decode("utf-8", "surrogateescape")
            continue
        name, longer = longer or info.name, ""
        kind = name.partition("/")[0] if name.startswith((f"{EVIDENCE}/", f"{FILES}/")) else name
        place = _ORDER.get(kind, -1)
        if info.type not in _PLAIN or info.size < 0 or place < 0 or not is_plain(name):
            raise Unusable(f"The archive holds {name[:80]!r}, which no backup of the portal holds; nothing was taken.")
        if place < before or (place == before and kind == name):
            raise Unusable(f"The archive holds {name[:80]!r} in a wrong place; nothing was taken.")
        before = place
        yield Entry(name, info.size, file)


def check(path: Path, *, tell: Callable[[str, int], None]) -> dict[str, Any]:
    """Reads the whole archive, compares every digest, and returns the manifest."""
    parts = {name: Counted() for name in (DUMP, EVIDENCE, FILES)}
    manifest: dict[str, Any] = {}
    manifest_digest, is_whole, done = "", False, 0
    with path.open("rb") as file, tempfile.TemporaryFile() as listing:
        for entry in entries(file):
            if entry.name == LISTING:
                parts[LISTING] = _compare(entry, listing)
                continue
            if entry.name in {MANIFEST, MANIFEST_DIGEST}:
                if entry.size > _LONGEST_MANIFEST:
                    raise Unusable("The manifest of the archive is too long to be one; nothing was taken.")
                written = b"".join(entry.chunks())
                if entry.name == MANIFEST:
                    manifest, manifest_digest = _parsed(written), hashlib.sha256(written).hexdigest()
                elif written != _line(manifest_digest, MANIFEST):
                    raise Unusable("The manifest of the archive was changed or damaged: take another copy of it.")
                is_whole = entry.name == MANIFEST_DIGEST
                continue
            digest = hashlib.sha256()
            for chunk in entry.chunks():
                digest.update(chunk)
                done += len(chunk)
                tell("Checking the archive", done)
            part = parts[entry.name.partition("/")[0]]
            part.count, part.size, part.sha256 = part.count + 1, part.size + entry.size, digest.hexdigest()
            listing.write(_line(part.sha256, entry.name))
        if not is_whole:
            raise Unusable("The archive is not complete: take another copy of it.")
    _compare_parts(manifest, parts)
    return manifest


def _parsed(written: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(written)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise Unusable("The manifest of the archive cannot be read: take another copy of it.")
    if manifest["format"] != FORMAT:
        raise Unusable(
            f"The archive has format {manifest['format']}, this portal reads format {FORMAT}: "
            "restore it with the portal that wrote it."
        )
    return manifest


def _compare(entry: Entry, listing: IO[bytes]) -> Counted:
    """The list that was written against the list of what is there; names the first difference."""
    listing.seek(0)
    digest, rest = hashlib.sha256(), b""
    for chunk in entry.chunks():
        digest.update(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            result = listing.readline().rstrip(b"\n")
            if result != line:
                name = (result or line).partition(b"  ")[2].decode(errors="replace")
                raise Unusable(f"{name} in the archive was changed or damaged: take another copy of it.")
    if rest or listing.read(1):
        raise Unusable("The archive holds files that its own list does not name; nothing was taken.")
    return Counted(1, entry.size, digest.hexdigest())


def _compare_parts(manifest: dict[str, Any], parts: dict[str, Counted]) -> None:
    try:
        shown = manifest["parts"]
        same = (
            shown[DUMP] == {"size": parts[DUMP].size, "sha256": parts[DUMP].sha256}
            and shown[LISTING] == {"size": parts[LISTING].size, "sha256": parts[LISTING].sha256}
            and all(shown[name] == {"count": parts[name].count, "size": parts[name].size} for name in (EVIDENCE, FILES))
            and isinstance(manifest["rows"], dict)
            and isinstance(manifest["migrations"], list)
            and isinstance(manifest["seal"], dict | None)
            and _names_checkpoint(manifest.get("checkpoint"))
            and isinstance(manifest["server"], int)
            and isinstance(manifest["made_at"], str)
        )
    except (KeyError, TypeError):
        same = False
    if not same:
        raise Unusable("The manifest does not say what the archive holds: take another copy of it.")


def _names_checkpoint(said: Any) -> bool:
    """Archives of before name none, or the size and the root alone."""
    if isinstance(said, dict):
        said = [said.get(name) for name in ("size", "root", "at", "note")]
        return all(isinstance(value, kind) for value, kind in zip(said, (int, str, str, str), strict=True))
    return said is None or (isinstance(said, list) and [type(value) for value in said] == [int, str])
