"""A complaint that is still being written.

A draft is no record and has no clock. It is reached by the random key in its writer's own cookie (only the digest
stands here) or by the person who proved the phone; once filed its text is gone and only the numbers of the cases
remain, so that a second submit finds the same receipt.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedJSON


class FilingDraftQuerySet(models.QuerySet["FilingDraft"]):
    """Reads only; nothing here writes."""

    def open_at(self, now: datetime) -> FilingDraftQuerySet:
        return self.filter(filed_at=None, expires_at__gt=now)

    def expired_at(self, now: datetime) -> FilingDraftQuerySet:
        return self.filter(expires_at__lte=now)


class FilingDraft(models.Model):
    """`data` maps step name -> what was typed there, as it was typed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_digest = models.CharField(max_length=64, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="filing_drafts"
    )
    data = SealedJSON(blank=True, place=["id"])
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

    def __str__(self) -> str:
        return f"draft {self.id} ({self.step})"
