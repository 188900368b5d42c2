"""Who holds the record outside, as far as work on it goes: no proof hangs on these rows."""

from django.db import models


class OutsideHolder(models.Model):
    """What a witness, or the authority for time stamps (``name`` is STAMPS), answered last. ``code``: "" while all is
    well, else as in complaints/record/witnessing.py. ``size`` and ``at``: the newest checkpoint that it signed, by its
    own clock. ``shown``: the checkpoint of ours that it holds against us."""

    STAMPS = "time stamps"

    name = models.CharField(max_length=200, primary_key=True)
    asked_at = models.DateTimeField()
    code = models.CharField(max_length=20, blank=True, default="")
    size = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True, blank=True)
    shown = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
