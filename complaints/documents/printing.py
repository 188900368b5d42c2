"""A document as PDF: the frozen words, the digest of the entry that issued it, and the way to check both.

The same version gives the same bytes, so a print that is lost or not made yet can be made by anybody who
may read it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.documents import typesetting
from complaints.documents.kinds import KINDS
from complaints.documents.readable import readable
from complaints.documents.wording import ZH, Paper
from complaints.models import DocumentVersion, HandlingStep
from complaints.procedure.workflow import Audience

TEMPLATE = Path(__file__).with_name("document.typ")


def pdf(paper: Paper, *, at: datetime, entry: str = "", digest: str = "") -> bytes:
    """``entry``: hash of the entry of the parties' record that anybody may check; ``digest``: of the words, else."""
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
        labels = {"officers": _("经办人"), "seal": _("（盖章处）")}
        printed = readable(paper)
    return typesetting.typeset(
        {
            **printed,
            "labels": labels,
            "check": check,
            "digest": entry or digest,
            "qr": typesetting.qr_svg(typesetting.check_address(settings.SITE_URL, number, entry))
            if entry and settings.SITE_URL
            else "",
        },
        at=at,
        template=TEMPLATE,
    )


def print_of(version: DocumentVersion) -> bytes:
    """The print of one version. Raises LookupError once its words were destroyed."""
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
    )


def file_name(version: DocumentVersion) -> str:
    """鼓市监投受〔2026〕第1号 投诉受理决定书.pdf"""
    document = version.document
    again = f" v{version.number}" if version.number > 1 else ""
    with override(ZH):
        return f"{document.reference} {KINDS[document.form].title}{again}.pdf"
