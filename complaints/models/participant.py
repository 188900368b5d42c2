"""Who takes part in a case beside the person who filed it: joint complainants, and the principal of a representative.
Nobody does before they opened their own link and typed the code that went to their own phone."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText


class Participant(models.Model):
    """``ordinal`` counts from 1; the filer has none. ``agreed_offer`` and ``refused_offer``: number of an offer. Name
    and phone lie under a key of their own until the person came; then under the person's."""

    JOINT, PRINCIPAL = "joint", "principal"
    KINDS = (JOINT, PRINCIPAL)
    ASKED, JOINED, DECLINED, LEFT = "asked", "joined", "declined", "left"
    STATES = (ASKED, JOINED, DECLINED, LEFT)

    complaint = models.ForeignKey(
        "complaints.Complaint", on_delete=models.PROTECT, db_index=False, related_name="participants"
    )
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=[(k, k) for k in KINDS])
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, db_index=False, related_name="participations"
    )
    person_key = models.UUIDField(default=uuid.uuid4)
    name = SealedText(blank=True, whose="person_key", place=["complaint_id", "ordinal"])
    phone = SealedText(blank=True, whose="person_key", place=["complaint_id", "ordinal"])
    #: Elected by the others: may take every step of the complainants.
    is_representative = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default=ASKED, choices=[(s, s) for s in STATES])
    consents = models.JSONField(default=dict)
    agreed_offer = models.PositiveSmallIntegerField(null=True)
    refused_offer = models.PositiveSmallIntegerField(null=True)
    token_digest = models.CharField(max_length=64, blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["complaint_id", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "ordinal"], name="participant_is_numbered_once"),
            models.UniqueConstraint(
                fields=["complaint", "person"], condition=Q(person__isnull=False), name="person_takes_part_once"
            ),
            models.UniqueConstraint(fields=["token_digest"], condition=~Q(token_digest=""), name="link_leads_to_one"),
            models.CheckConstraint(
                name="who_joined_is_somebody", condition=~Q(state="joined") | Q(person__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "complaint"], name="cases_of_a_participant", condition=Q(person__isnull=False)
            )
        ]
