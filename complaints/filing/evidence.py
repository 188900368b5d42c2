"""Evidence files: what may come in, what it is, where it lies, how it goes out.

The one rule: the bytes say what a file is, never its name; whatever a file is,
it goes out as an attachment that no browser may run or guess about.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from complaints.models.complaint import Complaint
from complaints.models.draft import FilingDraft
from complaints.models.evidence import Evidence, EvidenceKind

MEGABYTE = 1024 * 1024
FILES_AT_FILING = 9
FILES_PER_CASE = 30
BYTES_PER_CASE = 200 * MEGABYTE
BYTES_PER_FILE = 10 * MEGABYTE
BYTES_PER_VIDEO = 50 * MEGABYTE

ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "text/plain": ".txt",
}
SHOWN_TYPES = "jpg, png, webp, heic, pdf, mp4, mp3, m4a, txt"

_HEIC = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
_M4A = {b"M4A ", b"M4B "}
_MP4 = set(b"isom iso2 iso4 iso5 iso6 mp41 mp42 avc1 MSNV dash 3gp4 3gp5".split()) | {b"M4V "}


class Incoming(Protocol):
    """An uploaded file as the door hands it over."""

    name: str | None
    size: int | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


class EvidenceRefused(Exception):
    """The file is not taken; the text says why and what to do. Filing goes on."""


@dataclass(frozen=True)
class Download:
    """An opened file and the headers that keep it harmless."""

    stream: IO[bytes]
    headers: dict[str, str]


def storage() -> FileSystemStorage:
    """The private root. No address of the site leads into it."""
    return FileSystemStorage(
        location=Path(settings.EVIDENCE_ROOT),
        file_permissions_mode=0o600,
        directory_permissions_mode=0o700,
    )


def media_type_of(head: bytes, *, is_whole: bool = False) -> str | None:
    """The type that the first bytes prove, of the nine that we take; else None."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIC:
            return "image/heic"
        if brand in _M4A:
            return "audio/mp4"
        return "video/mp4" if brand in _MP4 else None
    if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    return "text/plain" if _is_text(head, is_whole=is_whole) else None


def _is_text(head: bytes, *, is_whole: bool) -> bool:
    """UTF-8 or GB18030 without control characters; markup is no plain text here."""
    for encoding in ("utf-8-sig", "gb18030"):
        for cut in range(1 if is_whole else 4):
            try:
                text = head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            if any(unicodedata.category(letter) == "Cc" and letter not in "\t\n\r\f" for letter in text):
                return False
            return re.match(r"\s*<(!doctype|html|svg|script|\?xml)", text, re.IGNORECASE) is None
    return False


def shown_name(name: str | None) -> str:
    """The sender's file name without path, control or direction characters."""
    base = re.split(r"[\\/]", name or "")[-1]
    base = "".join(letter for letter in base if unicodedata.category(letter)[0] != "C")
    base = " ".join(base.split())
    if len(base) > 120:
        stem, dot, ending = base.rpartition(".")
        base = f"{stem[:100]}…{dot}{ending[:10]}" if dot else base[:120]
    return base or _("未命名文件")


def receive(
    incoming: Incoming, *, draft: FilingDraft, kind: str, uploaded_by: int | None, now: datetime
) -> Evidence:
    """Keeps one file with a draft. Raises EvidenceRefused; then nothing is kept."""
    kept = list(draft.evidence.values_list("size", "sha256"))
    if len(kept) >= FILES_AT_FILING:
        raise EvidenceRefused(
            _("提交时最多%(most)d个文件，“%(file)s”没有收下；其余的可以提交后补充")
            % {"most": FILES_AT_FILING, "file": shown_name(incoming.name)}
        )
    row = _stored(incoming, kept=kept, kind=kind, uploaded_by=uploaded_by, now=now)
    row.draft = draft
    row.save()
    return row


def receive_for_case(
    incoming: Incoming, *, complaint: Complaint, kind: str, uploaded_by: int | None, now: datetime
) -> Evidence:
    """Keeps one file with a case: up to 30 files and 200 MB. Raises EvidenceRefused."""
    name = shown_name(incoming.name)
    kept = list(Evidence.objects.filter(complaint=complaint).values_list("size", "sha256"))
    whole = sum(size for size, _sha256 in kept) + (incoming.size or 0)
    if len(kept) >= FILES_PER_CASE or whole > BYTES_PER_CASE:
        raise EvidenceRefused(
            _("一件投诉最多%(most)d个文件、共%(bytes)s，“%(file)s”没有收下")
            % {"most": FILES_PER_CASE, "bytes": filesizeformat(BYTES_PER_CASE), "file": name}
        )
    row = _stored(incoming, kept=kept, kind=kind, uploaded_by=uploaded_by, now=now)
    row.complaint = complaint
    row.save()
    return row


def take_away(evidence: Evidence) -> None:
    """Undoes ``receive_for_case`` when the step that brought the file was refused."""
    path = evidence.path
    evidence.delete()
    storage().delete(path)


def _stored(
    incoming: Incoming, *, kept: list[tuple[int, str]], kind: str, uploaded_by: int | None, now: datetime
) -> Evidence:
    """The checked bytes on disk and their row, not yet saved."""
    name = shown_name(incoming.name)
    size = incoming.size or 0
    if not size:
        raise EvidenceRefused(_("“%(file)s”是空文件，请重新选择") % {"file": name})
    chunks = incoming.chunks()
    first = next(chunks, b"")
    media_type = media_type_of(first[:4096], is_whole=size <= 4096)
    if media_type is None:
        raise EvidenceRefused(
            _("“%(file)s”的类型不能接收，可以用：%(types)s；可先提交，稍后补充") % {"file": name, "types": SHOWN_TYPES}
        )
    most = BYTES_PER_VIDEO if media_type == "video/mp4" else BYTES_PER_FILE
    if size > most:
        raise EvidenceRefused(
            _("“%(file)s”有%(size)s，上限%(max)s；可先提交，稍后补充")
            % {"file": name, "size": filesizeformat(size), "max": filesizeformat(most)}
        )
    path, digest, written = _keep(first, chunks, ending=ENDINGS[media_type], most=most)
    if written > most or any(sha256 == digest for _size, sha256 in kept):
        storage().delete(path)
        raise EvidenceRefused(_("“%(file)s”已经在列表里，不用再传") % {"file": name})
    return Evidence(
        kind=kind if kind in EvidenceKind.values else EvidenceKind.OTHER,
        name=name,
        size=written,
        media_type=media_type,
        sha256=digest,
        path=path,
        uploaded_at=now,
        uploaded_by_id=uploaded_by,
    )


def _keep(first: bytes, rest: Iterator[bytes], *, ending: str, most: int) -> tuple[str, str, int]:
    """Writes the bytes under a random path; (path, sha256, bytes written)."""
    token = secrets.token_hex(16)
    path = f"{token[:2]}/{token[2:]}{ending}"
    place = Path(storage().path(path))
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, written = hashlib.sha256(), 0
    with open(place, "xb", opener=_only_for_us) as target:
        chunk: bytes | None = first
        while chunk is not None and written <= most:
            digest.update(chunk)
            target.write(chunk)
            written += len(chunk)
            chunk = next(rest, None)
    return path, digest.hexdigest(), written


def _only_for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def remove(evidence: Evidence) -> None:
    """Takes a file back while it still lies with a draft."""
    if evidence.draft_id is None:
        raise EvidenceRefused(_("材料已经随投诉提交，不能删除"))
    path = evidence.path
    evidence.delete()
    storage().delete(path)


def download(evidence: Evidence) -> Download:
    """Opens the file for handing out: attachment, no sniffing, sandboxed."""
    ascii_name = re.sub(r"[^A-Za-z0-9._-]", "_", evidence.name) or "file"
    whole_name = quote(evidence.name, safe="")
    is_text = evidence.media_type == "text/plain"
    return Download(
        stream=storage().open(evidence.path, "rb"),
        headers={
            "Content-Type": "text/plain; charset=utf-8" if is_text else evidence.media_type,
            "Content-Disposition": f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{whole_name}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        },
    )
