"""A document as PDF: the frozen words, the digest of the entry that issued it, a way to check both; a worker signs it
and keeps it as a file (complaints/handling/printing_documents.py)."""

import hashlib
import io
import json
import re
import struct
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import segno
import typst
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.documents.kinds import KINDS
from complaints.documents.wording import ZH, Paper
from complaints.evidence.storing import compared, storage
from complaints.models import DocumentVersion, HandlingStep
from complaints.procedure.workflow import Audience

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


TEMPLATE = Path(__file__).with_name("document.typ")


def pdf(paper: Paper, *, at: datetime, entry: str = "", digest: str = "", is_signed: bool = True) -> bytes:
    """``entry``: hash of the entry of the parties' record that anybody may check; ``digest``: of the words, else. One
    that nobody signs (``is_signed`` False) says so."""
    number = str(paper["case"])
    with override(ZH):
        check = (
            _("记录摘要如下；扫码或在%(site)s/open/verify/核对") % {"site": settings.SITE_URL}
            if entry and settings.SITE_URL
            # No code leads to a portal that does not know where it stands.
            else _("记录摘要如下；在本平台/open/verify/核对")
            if entry
            else _("文书内容摘要")
            if digest
            else _("预览，未编号，不发生效力")
        )
        if not is_signed:
            check = _("%(check)s。这份打印件没有平台的电子签名") % {"check": check}
        labels = {"officers": _("经办人"), "seal": _("（盖章处）")}
        printed = readable(paper)
    return typeset(
        {
            **printed,
            "labels": labels,
            "check": check,
            "digest": entry or digest,
            "qr": qr_svg(check_address(settings.SITE_URL, number, entry)) if entry and settings.SITE_URL else "",
        },
        at=at,
        template=TEMPLATE,
    )


def print_of(version: DocumentVersion, *, is_signed: bool = True) -> bytes:
    """The print of one version, to be signed. Raises LookupError once its words were destroyed."""
    content = version.content
    if not content:
        raise LookupError(f"the words of {version} were destroyed")
    document = version.document
    entry = HandlingStep.objects.filter(
        complaint_id=document.complaint_id, audience=document.audience, sequence=version.sequence
    ).first()
    is_open = document.audience == Audience.PARTIES and entry is not None
    return pdf(
        content["paper"],
        at=version.at,
        digest=bytes(version.digest).hex(),
        entry=bytes(entry.hash).hex() if is_open and entry is not None else "",
        is_signed=is_signed,
    )


def file_name(version: DocumentVersion) -> str:
    """鼓市监投受〔2026〕第1号 投诉受理决定书.pdf"""
    document = version.document
    again = f" v{version.number}" if version.number > 1 else ""
    with override(ZH):
        return f"{document.reference} {KINDS[document.form].title}{again}.pdf"


def print_path(version: DocumentVersion) -> str:
    token = version.public_id.hex
    return f"documents/{token[:2]}/{token[2:]}.pdf"


def put_print(version: DocumentVersion, content: bytes) -> tuple[str, str, int]:
    """(path, SHA-256, bytes)"""
    path = print_path(version)
    storage().delete(path)
    return storage().save(path, ContentFile(content)), hashlib.sha256(content).hexdigest(), len(content)


def read_print(version: DocumentVersion) -> bytes:
    """The print that was signed and kept; where no worker has come to it yet, or the file is lost, one that is made
    now, without signature. Raises LookupError once it was destroyed."""
    if version.path:
        try:
            with storage().open(version.path, "rb") as file:
                return bytes(file.read())
        except FileNotFoundError:
            pass
    return print_of(version, is_signed=False)


def damaged_prints() -> Iterable[tuple[DocumentVersion, str]]:
    """Prints that are missing or whose bytes are not those of their digest, each with what is wrong."""
    printed = DocumentVersion.objects.exclude(path="").select_related("document").order_by("pk")
    for version in printed.iterator(chunk_size=200):
        if what := compared(version.path, version.sha256):
            yield version, what


def destroy_prints(versions: Iterable[DocumentVersion]) -> None:
    """The words and the prints are gone; numbers, digests and what was issued when stay."""
    kept = list(versions)
    for version in kept:
        storage().delete(print_path(version))
    DocumentVersion.objects.filter(pk__in=[version.pk for version in kept]).update(content=b"", path="")
