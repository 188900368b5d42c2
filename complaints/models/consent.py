"""The ledger of consents: who said yes or no to what, to which text, when.

A row is a fact and never changes (by trigger and by grant); taking a consent back is a
row of its own. What holds now stands on the case.
"""

from __future__ import annotations

from django.db import models

from complaints.models.complaint import Complaint
from enterprises.models import Enterprise


class ConsentRecord(models.Model):
    """One answer. ``enterprise`` where the consent names a legal entity (PIPL art. 23)."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="consent_records")
    person_key = models.UUIDField()
    purpose = models.CharField(max_length=40)
    is_given = models.BooleanField()
    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    text_version = models.CharField(max_length=20)
    at = models.DateTimeField()
    channel = models.CharField(max_length=20)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="consent_names_its_text", condition=~models.Q(text_version=""))]
        indexes = [
            models.Index(fields=["complaint", "id"], name="consents_of_a_case"),
            models.Index(fields=["person_key", "id"], name="consents_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {'yes' if self.is_given else 'no'}"
