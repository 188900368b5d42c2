"""Where an enterprise wants to be told what happens to its cases.

An endpoint belongs to the whole enterprise, is called at one public https address and
signs with a secret of its own; while secrets change, with two.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText


class WebhookEndpoint(models.Model):
    """``events`` are steps of the table, empty for all. ``cursor`` is how far its events were taken up.

    ``state``: on; broken (it failed ``failures`` times in a row and rests until ``paused_until``); off.
    """

    STATES = ("on", "broken", "off")

    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="webhooks")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True, default="")
    secret = SealedText(place=("public_id",))
    previous_secret = SealedText(place=("public_id",), blank=True, default=b"")
    rotated_at = models.DateTimeField(null=True, blank=True)
    events = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    cursor = models.CharField(max_length=60)
    state = models.CharField(max_length=6, default="on", choices=[(s, s) for s in STATES])
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["enterprise_id", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(url__startswith="https://"), name="a_webhook_is_called_by_https"),
            models.CheckConstraint(
                condition=Q(state="broken") | Q(paused_until__isnull=True), name="only_a_broken_webhook_rests"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.public_id}"
