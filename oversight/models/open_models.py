"""The indicators of the public page as they were made at night.

Written by `oversight.published.indicator_making` only; a row is what its page shows, with nothing that is
withheld.
"""

from __future__ import annotations

from typing import Any

from django.db import models


class OpenIndicators(models.Model):
    """A region of the newest set. ``data``: see `indicator_making`; ``region`` is the country, a province or a city."""

    region = models.IntegerField(primary_key=True)
    level = models.CharField(max_length=10)
    parent = models.IntegerField(null=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True, default="")
    first = models.DateField()
    last = models.DateField()
    formula = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        ordering = ["region"]
        indexes = [models.Index(fields=["parent"], name="indicators_below")]

    def __str__(self) -> str:
        return f"{self.name} {self.last}"
