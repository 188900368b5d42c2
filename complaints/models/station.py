"""Disputes that a station settled on the spot. What the station writes counts as settled only when the consumer said so
(the link in a short message, or a signed sheet); until then it stands apart as unconfirmed."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText
from enterprises.models import Station


class StationEntry(models.Model):
    """One dispute: what it was about, how it was settled, for how much, and what the consumer says of it."""

    HOW = ("refund", "replace", "repair", "apology", "explained", "other")
    UNCONFIRMED, CONFIRMED, DENIED = "unconfirmed", "confirmed", "denied"
    STATES = (UNCONFIRMED, CONFIRMED, DENIED)

    station = models.ForeignKey(Station, on_delete=models.PROTECT, db_index=False, related_name="entries")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    at = models.DateTimeField()
    category = models.CharField(max_length=60)
    how = models.CharField(max_length=20, choices=[(h, h) for h in HOW])
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    #: The consumer's own key, for as long as there is something to erase.
    person_key = models.UUIDField(default=uuid.uuid4)
    problem = SealedText(whose="person_key", place=["station_id", "at", "person_key"], free_text=True)
    phone = SealedText(blank=True, whose="person_key", place=["station_id", "at", "person_key"])
    state = models.CharField(max_length=12, default=UNCONFIRMED, choices=[(s, s) for s in STATES])
    #: Number of the signed sheet that lies in the station's folder.
    sheet = models.CharField(max_length=40, blank=True, default="")
    token_digest = models.CharField(max_length=64, blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["station", "-at"], name="entries_of_a_station")]
        constraints = [
            models.UniqueConstraint(
                fields=["token_digest"], condition=~Q(token_digest=""), name="entry_has_its_own_link"
            ),
            models.CheckConstraint(
                name="station_amount_is_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
            ),
            models.CheckConstraint(
                name="an_answer_has_its_moment", condition=Q(state="unconfirmed") | Q(answered_at__isnull=False)
            ),
        ]
