"""What an enterprise says to its index of perfunctory answers (oversight/mirror/perfunctory.py)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.keys.sealed_fields import SealedText
from database.decided_rows import DecidedRow


class PerfunctoryReply(DecidedRow):
    """In its own words, about the index of the days ``first`` to ``last``; for itself and the authority alone, sealed.

    Written once: a trigger refuses every change. Who has more to say writes another one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="+", db_index=False)
    first = models.DateField()
    last = models.DateField()
    text = SealedText(place=["public_id"], free_text=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["enterprise", "-written_at", "-id"], name="replies_of_a_firm_newest_first")]
        constraints = [models.CheckConstraint(condition=Q(last__gte=F("first")), name="a_reply_is_about_days_in_order")]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.first} – {self.last}"
