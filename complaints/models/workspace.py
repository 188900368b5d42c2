"""What somebody at an enterprise keeps for himself: what was read up to where, filters under a name, offers half
written. Nothing of this is part of a case or its record; it says how somebody works, and is gone with the person."""

from django.conf import settings
from django.db import models

from accounts.keys.sealed_fields import SealedJSON, SealedText
from complaints.models.complaint import Complaint, Engagement
from enterprises.models import Enterprise


class Reading(models.Model):
    """One person and one case at one enterprise: read up to entry ``read_to`` of the parties' chain, last opened at
    ``seen_at``. ``seen_at`` is empty where the case was only marked as read in the list."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="readings")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, db_index=False, related_name="+")
    engagement = models.ForeignKey(
        Engagement, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    read_to = models.PositiveIntegerField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["complaint", "user", "enterprise"], name="a_person_reads_a_case_once")
        ]


class SavedView(models.Model):
    """A filter of the queue that one person keeps; ``query`` as it stands in the address, which may hold a name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views")
    made_at = models.DateTimeField()
    name = SealedText(whose="user.person_key", place=["user_id", "made_at"])
    query = SealedText(whose="user.person_key", place=["user_id", "made_at"])

    class Meta:
        ordering = ["id"]


class OfferDraft(models.Model):
    """What one person has typed of an offer and not sent: ``typed`` are the editor's fields by name, and the step."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="+")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, db_index=False, related_name="+")
    engagement = models.ForeignKey(
        Engagement, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    typed = SealedJSON(whose="complaint.case_key", place=["complaint_id", "user_id"])
    saved_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["complaint", "user", "enterprise"], name="a_person_drafts_an_offer_once")
        ]
