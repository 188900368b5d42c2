"""The dossier of a case that somebody asked for: whose, how far it is, until when it can be fetched.

The row is the queue. What was built belongs to whoever asked and lies outside of the database for a day.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from complaints.models.complaint import Complaint


class Dossier(models.Model):
    """``side`` is as what the person asked. ``entries`` is how long the parties' record was then built.

    ``files``: form (pdf, zip, agreement) → [SHA-256 in hexadecimal, bytes]. ``site`` is where its QR codes lead.
    ``done`` of ``total`` pieces of work are over.
    """

    STATES = ("asked", "building", "ready", "expired", "failed")

    public_id = models.UUIDField(unique=True, default=uuid.uuid4)
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="dossiers")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=12)
    language = models.CharField(max_length=10, default="zh-hans")
    site = models.CharField(max_length=200)
    state = models.CharField(max_length=8, default="asked", choices=[(s, s) for s in STATES])
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(null=True, blank=True)
    entries = models.PositiveIntegerField(default=0)
    is_sealed = models.BooleanField(default=False)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    files: models.Field[dict[str, list[str | int]], dict[str, list[str | int]]] = models.JSONField(default=dict)
    has_files = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "asked_by", "side"],
                name="dossier_is_built_once_at_a_time",
                condition=Q(state__in=["asked", "building"]),
            ),
            models.CheckConstraint(
                name="dossier_lasts_a_while", condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("ready_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="dossiers_to_build", condition=Q(state__in=["asked", "building"])),
            models.Index(fields=["id"], name="dossiers_with_files", condition=Q(has_files=True)),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
