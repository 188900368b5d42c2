"""By what a case of a consumer is found that nobody can read in the database: phone, name, order number, copied text.

The one rule: only digests stand here (vault/blind.py). They go when the person is erased.
"""

from __future__ import annotations

from django.db import models

from complaints.models.complaint import Complaint
from odr_portal.accounts.sealed_fields import BlindIndex


class PersonDigest(models.Model):
    """One text of the filing, as a digest. ``kind`` is phone, name, order or text, not the kind of the text."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="person_digests")
    kind = models.CharField(max_length=8)
    digest = BlindIndex()

    class Meta:
        indexes = [models.Index(fields=["digest", "complaint"], name="cases_by_what_was_typed")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.complaint_id}"
