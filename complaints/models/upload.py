"""A file on its way in, in parts: what has arrived, and until when it is kept.

No name and no content stands here; the parts lie in a file of their own until the upload is finished.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Upload(models.Model):
    """The id is chosen by the browser, so that a beginning sent twice is one upload.

    ``digests``: SHA-256 of each part. ``kept``: what the storage holds of a finished file that waits for the step
    that puts it forward (complaints/evidence/keeping.Kept).
    """

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

    def __str__(self) -> str:
        return f"upload {self.id} ({self.received} of {self.size})"
