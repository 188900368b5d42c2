"""What a consumer asks for."""

from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText
from complaints.models.complaint import Complaint


class Demand(models.Model):
    """One thing the consumer wants. Every offer answers every demand."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="demands")
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    note = SealedText(blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"], free_text=True)
    #: Who of several complainants wants it (Participant.ordinal); empty: all of them.
    party = models.PositiveSmallIntegerField(null=True, blank=True)
    is_settled = models.BooleanField(default=False)
    is_given_up = models.BooleanField(default=False)

    class Meta:
        ordering = ["complaint_id", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "ordinal"], name="demand_is_numbered_once"),
            models.CheckConstraint(
                name="demand_amount_is_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
            ),
        ]
