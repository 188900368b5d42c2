"""A file that somebody put forward: with a draft first, with a case after it.

The one rule: the row says what the bytes are (type found by content, digest);
the bytes lie below settings.EVIDENCE_ROOT under a random path and are handed
out only as attachments.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class EvidenceKind(models.TextChoices):
    """What the file shows, in the words of the form."""

    RECEIPT = "receipt", _("凭证")
    CONTRACT = "contract", _("合同")
    SCREENSHOT = "screenshot", _("截图")
    CHAT = "chat", _("聊天记录")
    PHOTO = "photo", _("照片")
    RECORDING = "recording", _("录音")
    OTHER = "other", _("其他")


class Evidence(models.Model):
    """One file. `name` is the sender's own, for show only; never a path."""

    draft = models.ForeignKey(
        "complaints.FilingDraft",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="evidence",
    )
    complaint = models.ForeignKey(
        "complaints.Complaint",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="evidence",
    )
    kind = models.CharField(max_length=20, choices=EvidenceKind.choices, default=EvidenceKind.OTHER)
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="evidence_belongs_to_a_draft_or_a_case",
                condition=Q(draft__isnull=False, complaint__isnull=True)
                | Q(draft__isnull=True, complaint__isnull=False),
            ),
            models.CheckConstraint(
                name="evidence_is_not_empty",
                condition=Q(size__gt=0),
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "uploaded_at"], name="evidence_of_a_case"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.size})"
