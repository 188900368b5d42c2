"""Sets a paper: data in, PDF out, the same bytes for the same data and moment.

Typst gets a fixed file and data as JSON; no word of a person is ever read as markup, no font and no
file of the machine is used, and nothing is fetched.
"""

from __future__ import annotations

import io
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import segno
import typst

PAPER = Path(__file__).with_name("paper.typ")


@cache
def fonts() -> typst.Fonts:
    """Twenty megabytes, looked through once a process."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[pylopdf_fonts_zh_cn.sans_path().parent]
    )


def typeset(document: dict[str, Any], *, at: datetime, template: Path = PAPER) -> bytes:
    """The paper that ``document`` describes (keys: the head of ``template``), dated ``at``."""
    compiler = typst.Compiler(template.read_bytes(), font_paths=fonts(), ignore_system_fonts=True)
    made = compiler.compile(
        format="pdf", timestamp=int(at.timestamp()), sys_inputs={"document": json.dumps(document, ensure_ascii=False)}
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single file")
    return made


def check_address(site: str, number: str, digest: str) -> str:
    """Where a QR code leads: number and digest stand behind the #, which no server sees."""
    return f"{site}/open/verify/#{number}.{digest}"


def qr_svg(text: str) -> str:
    """The code of this text as an SVG file."""
    out = io.BytesIO()
    # One mask for all: looking for the best of eight costs as much as setting a page.
    segno.make(text, error="m", micro=False, mask=2).save(out, kind="svg", border=2, xmldecl=False, light="white")
    return out.getvalue().decode()
