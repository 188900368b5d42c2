"""The link by which somebody without account reaches one case: its respondent, or the body that mediates it.

The link is here as a digest only, opens one case, ends by itself, and a new one ends the old one.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText
from authorities.models import Officer
from complaints.models.complaint import Complaint
from complaints.models.matters import Matter


class AnswerLink(models.Model):
    """``phone`` got the link, or was told by the respondent: what decides asks for a code to it. Empty: nothing is
    decided by this link. ``person_key``: whoever answers is nobody to us but the holder of this link. ``delegation``:
    the link is the body's to which the mediation was handed then, and dead once that is over; without it, the
    respondent's."""

    SMS, LETTER = "sms", "letter"
    CHANNELS = (SMS, LETTER)

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="answer_links")
    token_digest = models.CharField(max_length=64, unique=True)
    delegation = models.ForeignKey(Matter, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    channel = models.CharField(max_length=10, choices=[(c, c) for c in CHANNELS])
    person_key = models.UUIDField(default=uuid.uuid4)
    phone = SealedText(blank=True, whose="person_key", place=["complaint_id", "token_digest"])
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Officer, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["complaint_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"],
                name="one_link_answers_a_case",
                condition=Q(revoked_at__isnull=True, delegation__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["complaint"],
                name="one_link_mediates_a_case",
                condition=Q(revoked_at__isnull=True, delegation__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk} of {self.complaint_id}"
