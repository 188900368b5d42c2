"""Who gets which figures by mail.

Nobody is written to who did not choose it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DirectorLetter(models.Model):
    """Whoever wants the first figures of the own offices by mail, and how often. No row: not at all."""

    EVERY = ("week", "month")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True)
    every = models.CharField(max_length=5, choices=[(e, e) for e in EVERY])
    chosen_at = models.DateTimeField()
    #: The first day of the week or month in which the last letter was written.
    sent_for = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user_id} {self.every}"
