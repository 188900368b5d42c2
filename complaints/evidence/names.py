"""The names of files: for show, never a path; and in a header that nothing can be slipped into.

A name that a file is handed out under ends in what the file is.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from django.utils.translation import gettext as _

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
