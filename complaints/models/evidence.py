"""What comes in: a complaint still being written, files that somebody put forward, files on their way.

A draft is no record and has no clock. The bytes of a file lie below settings.EVIDENCE_ROOT under a random path and are
handed out only as attachments; an upload has neither name nor content here.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.row_tags import RowTag
from accounts.keys.sealed_fields import SealedJSON, SealedText


class FilingDraftQuerySet(models.QuerySet["FilingDraft"]):
    """Reads only; nothing here writes."""

    def open_at(self, now: datetime) -> FilingDraftQuerySet:
        return self.filter(filed_at=None, expires_at__gt=now)

    def expired_at(self, now: datetime) -> FilingDraftQuerySet:
        return self.filter(expires_at__lte=now)


class FilingDraft(models.Model):
    """`data` maps step name -> what was typed there, as it was typed.

    Each draft has a key of its own, named by its id; triggers delete it with the draft's text (migrations/0019).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_digest = models.CharField(max_length=64, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="filing_drafts"
    )
    data = SealedJSON(blank=True, whose="id", place=["id"])
    step = models.CharField(max_length=20, default="enterprise")
    source = models.CharField(max_length=80, blank=True, default="")
    idempotency = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True, blank=True)
    filed_as: models.JSONField[Any, list[str]] = models.JSONField(default=list, blank=True)

    objects = FilingDraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="draft_expires_after_it_was_saved", condition=Q(expires_at__gt=models.F("saved_at"))
            ),
            models.CheckConstraint(name="filed_draft_holds_no_text", condition=Q(filed_at=None) | Q(data=b"")),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="drafts_to_throw_away"),
            models.Index(fields=["owner", "saved_at"], name="drafts_of_a_person"),
        ]


class EvidenceKind(models.TextChoices):
    """What the file shows, in the words of the form."""

    RECEIPT = "receipt", _("凭证")
    CONTRACT = "contract", _("合同")
    SCREENSHOT = "screenshot", _("截图")
    CHAT = "chat", _("聊天记录")
    PHOTO = "photo", _("照片")
    RECORDING = "recording", _("录音")
    IDENTITY = "identity", _("身份证件")
    OTHER = "other", _("其他")


class EvidenceState(models.TextChoices):
    """How far the search for malware is. Without a scanner a file stays unchecked, and is shown as such."""

    UNCHECKED = "unchecked", _("未查毒")
    QUARANTINED = "quarantined", _("正在查毒")
    CLEAN = "clean", _("已查毒")
    INFECTED = "infected", _("有病毒")
    UNSCANNABLE = "unscannable", _("无法查毒")


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """The first check of files: what came for the authority alone is there for nobody else."""

    def known_to(self, side: str) -> EvidenceQuerySet:
        """Files that a reader of this side may know of: consumer, enterprise, authority."""
        return self if side == "authority" else self.filter(audience="parties")


class Evidence(models.Model):
    """One file. `name` is the sender's own, for show only; never a path.

    `audience`: parties, or authority for what an enterprise attached to a concern. `seconds`: how long a recording
    lasts.

    `path`, `size`, `sha256` are those of the original as it came; `copy_*` those of the copy that we made of a picture
    or recording, without place and other remarks.

    ``tag``: over the verdict of the scanner, so that nobody with the database alone opens what it held back."""

    draft = models.ForeignKey(
        "complaints.FilingDraft", null=True, blank=True, on_delete=models.CASCADE, related_name="evidence"
    )
    complaint = models.ForeignKey(
        "complaints.Complaint", null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    kind = models.CharField(max_length=20, choices=EvidenceKind.choices, default=EvidenceKind.OTHER)
    audience = models.CharField(max_length=12, default="parties", choices=[(a, a) for a in ("parties", "authority")])
    name = SealedText(whose="key_of_name", place=["path"])
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    copy_type = models.CharField(max_length=80, blank=True, default="")
    copy_size = models.PositiveBigIntegerField(default=0)
    copy_sha256 = models.CharField(max_length=64, blank=True, default="")
    copy_path = models.CharField(max_length=200, blank=True, default="")
    thumbnail_sha256 = models.CharField(max_length=64, blank=True, default="")
    thumbnail_path = models.CharField(max_length=200, blank=True, default="")
    seconds = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=EvidenceState.choices, default=EvidenceState.UNCHECKED)
    scan_after = models.DateTimeField(null=True, blank=True)
    scan_tries = models.PositiveSmallIntegerField(default=0)
    scanned_at = models.DateTimeField(null=True, blank=True)
    finding = models.CharField(max_length=200, blank=True, default="")
    tag = RowTag(over=["sha256", "uploaded_at", "state"])
    uploaded_at = models.DateTimeField()
    #: Sent by the body that mediates, by its link; who has a link has no account.
    by_body = models.BooleanField(default=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="evidence_belongs_to_a_draft_or_a_case",
                condition=Q(draft__isnull=False, complaint__isnull=True)
                | Q(draft__isnull=True, complaint__isnull=False),
            ),
            models.CheckConstraint(name="evidence_is_not_empty", condition=Q(size__gt=0)),
            models.CheckConstraint(
                name="evidence_audience_is_known", condition=Q(audience__in=["parties", "authority"])
            ),
            models.CheckConstraint(name="evidence_state_is_known", condition=Q(state__in=EvidenceState.values)),
            models.CheckConstraint(
                name="evidence_in_quarantine_is_looked_at",
                condition=~Q(state="quarantined") | Q(scan_after__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "uploaded_at"], name="evidence_of_a_case"),
            models.Index(fields=["scan_after"], name="evidence_to_scan", condition=Q(state="quarantined")),
        ]

    @property
    def key_of_name(self) -> uuid.UUID | None:
        """Whose key closes the name: the consumer's, or that of the draft with which the file lies."""
        return self.complaint.consumer_key if self.complaint is not None else self.draft_id

    @property
    def paths(self) -> tuple[str, ...]:
        """All that the storage holds of it."""
        return tuple(path for path in (self.path, self.copy_path, self.thumbnail_path) if path)


class Upload(models.Model):
    """The id is chosen by the browser, so that a beginning sent twice is one upload.

    ``digests``: SHA-256 of each part. ``kept``: what the storage holds of a finished file that waits for the step that
    puts it forward (complaints/evidence/keeping.Kept)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(
        "complaints.FilingDraft", null=True, blank=True, on_delete=models.CASCADE, related_name="uploads"
    )
    complaint = models.ForeignKey(
        "complaints.Complaint", null=True, blank=True, on_delete=models.CASCADE, related_name="uploads"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    digests: models.JSONField[Any, list[str]] = models.JSONField(default=list, blank=True)
    kept: models.JSONField[Any, dict[str, Any] | None] = models.JSONField(null=True, blank=True)
    evidence = models.ForeignKey(
        "complaints.Evidence", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    examined_until = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="upload_belongs_to_a_draft_or_a_case",
                condition=Q(draft__isnull=False, complaint__isnull=True)
                | Q(draft__isnull=True, complaint__isnull=False, user__isnull=False),
            ),
            models.CheckConstraint(
                name="upload_is_no_longer_than_it_said", condition=Q(size__gt=0, received__lte=F("size"))
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="uploads_to_throw_away")]
