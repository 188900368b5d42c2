"""What a file is, by its first bytes, and what it is called: for show, never a path."""

import re
import unicodedata
from urllib.parse import quote

from django.utils.translation import gettext as _

from complaints.evidence.examine import MARKUP

LONGEST_NAME = 120
ENDINGS = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "video/mp4": (".mp4", ".m4v", ".3gp"),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/webm": (".webm", ".weba"),
    "text/plain": (".txt",),
}


def shown_name(name: str | None) -> str:
    """The sender's file name: NFC, no path, no control or direction characters, at most 120 characters."""
    base = re.split(r"[\\/]", name or "")[-1]
    # Composed last: what was between two letters may have kept them apart.
    base = unicodedata.normalize("NFC", "".join(letter for letter in base if unicodedata.category(letter)[0] != "C"))
    base = " ".join(base.split())
    if len(base) > LONGEST_NAME:
        stem, dot, ending = base.rpartition(".")
        base = f"{stem[:100]}…{dot}{ending[:10]}" if dot else base[:LONGEST_NAME]
    return unicodedata.normalize("NFC", base.strip(" .")) or _("未命名文件")


def is_called_picture(name: str | None) -> bool:
    """Whether the name alone says that it is a picture."""
    endings = tuple(e for kind, known in ENDINGS.items() if kind.startswith("image/") for e in known)
    return (name or "").lower().endswith(endings)


def name_as(name: str, media_type: str) -> str:
    """The name with the ending of this type: a picture called 账单.html goes out as 账单.html.png."""
    endings = ENDINGS[media_type]
    if name.lower().endswith(endings):
        return name
    stem, _dot, ending = name.rpartition(".")
    others = {e for known in ENDINGS.values() for e in known}
    return f"{stem if stem and f'.{ending.lower()}' in others else name}{endings[0]}"


def disposition(name: str) -> str:
    """The value of Content-Disposition: an attachment, with a plain name and the whole one (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name) or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


_HEIC = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
_M4A = {b"M4A ", b"M4B "}
_MP4 = set(b"isom iso2 iso4 iso5 iso6 mp41 mp42 avc1 MSNV dash 3gp4 3gp5".split()) | {b"M4V "}
HEAD = 4096


def media_type_of(head: bytes, *, is_whole: bool = False) -> str | None:
    """The type that the first bytes prove, of the ten that we take; else None."""
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
    if head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]:
        # What browsers record by themselves; with pictures it is refused by the examination.
        return "audio/webm"
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
            return MARKUP.match(text) is None and re.match(r"\s*(MIME-Version|Content-Type)\s*:", text, re.I) is None
    return False
