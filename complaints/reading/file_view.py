"""A file as pages show it: name, size, picture, and how far the search for malware is. A file whose content this reader
may not have yet stands there without a link."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.evidence import shows_content
from complaints.models import Complaint, Evidence, EvidenceState, FilingDraft
from complaints.reading import case_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """``url`` hands it out ("" where it may not be had yet); ``original``: the sealed one, for sender and officers."""

    pk: int
    name: str
    size: str
    kind: str
    at: datetime
    url: str
    sha256: str
    thumbnail: str = ""
    original: str = ""
    state: str = ""
    #: A picture that our copy can be shown as, on a page of its own.
    is_picture: bool = False
    #: Its thumbnail is its first page.
    is_pdf: bool = False
    #: 3分05秒, of a recording.
    length: str = ""


def is_sender(row: Evidence, complaint: Complaint, *, side: str, user_id: int | None) -> bool:
    """Who sent it: by name; without one, the consumer for what came with an unsigned draft, and for what came after the
    filing whoever had a link, the body that mediates or the respondent."""
    if row.by_body:
        return side == "body"
    if row.uploaded_by_id is not None:
        return row.uploaded_by_id == user_id
    if row.uploaded_at <= complaint.filed_at:
        return side == "consumer"
    return side == "enterprise" and user_id is None


def files_of(
    complaint: Complaint,
    *,
    side: str,
    user_id: int | None,
    address: str = "complaints:case-file{}",
    known: Iterable[Evidence] | None = None,
) -> list[FileView]:
    """All files of a case for a reader of this side, the oldest first. ``address``: behind which link they are handed
    out. ``known``: their rows, where they were read."""
    return [
        _view(
            row,
            address,
            [complaint.number, row.pk],
            is_theirs=is_sender(row, complaint, side=side, user_id=user_id),
            is_officer=side == "authority",
            is_staff=side in ("enterprise", "authority") and user_id is not None,
        )
        for row in (case_rows.files[side](complaint.pk) if known is None else known)
    ]


def files_of_draft(draft: FilingDraft) -> list[FileView]:
    """All files of a draft, for whoever holds it."""
    return [
        _view(row, "complaints:file-evidence{}", [draft.pk, row.pk], is_theirs=True, is_officer=False)
        for row in draft.evidence.order_by("pk")
    ]


def _view(
    row: Evidence, address: str, texts: list[object], *, is_theirs: bool, is_officer: bool, is_staff: bool = False
) -> FileView:
    is_open = shows_content(row, is_sender=is_theirs)
    # To a body our copy alone is handed out, of its own files too.
    has_other_copy = bool(row.copy_path) and (is_officer or (is_theirs and not row.by_body))
    minutes, seconds = divmod(row.seconds or 0, 60)
    length = _("%(minutes)s分%(seconds)02d秒") if minutes else _("%(seconds)s秒")
    return FileView(
        pk=row.pk,
        name=row.name,
        size=filesizeformat(row.size),
        kind=row.get_kind_display(),
        at=row.uploaded_at,
        sha256=row.sha256,
        state=state_label(row, is_open=is_open, is_theirs=is_theirs, is_staff=is_staff),
        url=reverse(address.format(""), args=texts) if is_open else "",
        thumbnail=reverse(address.format("-thumbnail"), args=texts) if is_open and row.thumbnail_path else "",
        original=reverse(address.format("-original"), args=texts) if is_open and has_other_copy else "",
        is_picture=is_open and row.copy_type.startswith("image/"),
        is_pdf=row.media_type == "application/pdf",
        length="" if row.seconds is None else length % {"minutes": minutes, "seconds": seconds},
    )


def state_label(row: Evidence, *, is_open: bool, is_theirs: bool, is_staff: bool) -> str:
    """Where a file stands: to its sender whether it is kept and looked at, to others why it cannot be opened. That
    nobody searched it for malware is told at work alone; others can do nothing with it."""
    if not is_open and row.state in (EvidenceState.CLEAN, EvidenceState.UNCHECKED):
        return _("检查结果被改动过，不能打开")
    if row.state == EvidenceState.INFECTED:
        return _("有病毒，不能打开")
    if row.state == EvidenceState.UNSCANNABLE:
        if not is_open:
            return _("检查不了，不能打开")
        return _("已存好，但检查不了，别人打不开；请换一个文件") if is_theirs else _("检查不了")
    if row.state == EvidenceState.QUARANTINED:
        if not is_open:
            return _("正在检查，查完才能打开")
        return _("已存好，正在检查") if is_theirs else _("正在检查")
    if is_staff and row.state == EvidenceState.UNCHECKED:
        return _("未查毒")
    return _("已存好") if is_theirs else ""
