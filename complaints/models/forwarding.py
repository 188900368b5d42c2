"""What routing decided about a case and why, as it was when it was decided.

A decision is a stamped fact; a later rule never rewrites it.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.keys.sealed_fields import SealedText
from complaints.models.complaint import Complaint


class ForwardingDecision(models.Model):
    """``explanation``: candidates, confidence, why; each why is a code with parameters. ``note``: what an officer wrote
    to it, for the authority alone."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=20)
    rule = models.CharField(max_length=60, blank=True, default="")
    rule_version = models.PositiveIntegerField(null=True, blank=True)
    confidence = models.CharField(max_length=12, blank=True, default="")
    explanation: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    note = SealedText(
        blank=True, whose="complaint.consumer_key", place=["complaint_id", "at", "verdict"], free_text=True
    )

    class Meta:
        ordering = ["complaint_id", "id"]
        # How a rule fares; most decisions are made by the directory alone and name none.
        indexes = [models.Index(fields=["rule", "at", "id"], name="decisions_by_rule", condition=~models.Q(rule=""))]

    def __str__(self) -> str:
        return f"{self.verdict} {self.rule}"
