"""What the paper's font has no sign for (emoji, rare characters) is printed by its number instead of as an empty box.

Only what is printed changes; texts, files and digests of the dossier stay as they were written.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from django.utils.translation import gettext as _

#: Below are alphabets, which the fonts that typst brings along make up for.
_FIRST = 0x2000
#: Where a line may be broken; what only joins, colours or varies the sign before it.
_INVISIBLE = re.compile("[\u200c\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]+")
_BREAK = 0x200B


def readable(value: Any) -> Any:
    """The same strings, lists and dictionaries with each sign that cannot be printed as [表情 U+1F600]."""
    if isinstance(value, str):
        return _missing().sub(_named, value)
    if isinstance(value, dict):
        return {key: readable(part) for key, part in value.items()}
    return [readable(part) for part in value] if isinstance(value, list | tuple) else value


def _named(run: re.Match[str]) -> str:
    signs = _INVISIBLE.sub("", run[0])
    return "".join(
        (_("[表情 %(code)s]") if unicodedata.category(sign) == "So" else _("[字符 %(code)s]"))
        % {"code": f"U+{ord(sign):04X}"}
        for sign in signs
    )


@cache
def _missing() -> re.Pattern[str]:
    """Runs of what the font has no sign for; worked out once a process."""
    known = sorted(
        [
            (_BREAK, _BREAK),
            *((first, last) for first, last in _covered(pylopdf_fonts_zh_cn.sans_path()) if last >= _FIRST),
        ]
    )
    gaps, at = [], _FIRST
    for first, last in known:
        if first > at:
            gaps.append((at, first - 1))
        at = max(at, last + 1)
    gaps.append((at, 0x10FFFF))
    return re.compile("[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in gaps) + "]+")


def _covered(font: Path) -> list[tuple[int, int]]:
    """First and last code of each run of signs: format 12 of the font's table cmap (OpenType, cmap)."""
    data = font.read_bytes()
    tables = (struct.unpack_from(">4sIII", data, 12 + 16 * n) for n in range(struct.unpack_from(">H", data, 4)[0]))
    start = next(offset for tag, _sum, offset, _length in tables if tag == b"cmap")
    for n in range(struct.unpack_from(">H", data, start + 2)[0]):
        part = start + struct.unpack_from(">HHI", data, start + 4 + 8 * n)[2]
        if struct.unpack_from(">H", data, part)[0] == 12:
            return [
                struct.unpack_from(">II", data, part + 16 + 12 * group)
                for group in range(struct.unpack_from(">I", data, part + 12)[0])
            ]
    raise ValueError("the font has no table of all its signs")
