"""Lists of codes as tables: columns point at them by a foreign key, so that none holds a code that no list has.

A list is written in a file, and `migrate` fills its table from there. A code that the file no longer has is switched
off and stays; one that a row holds cannot be deleted. The portal may read these tables and change none.
"""

from collections.abc import Sequence
from typing import Any

from django.db import models


class ListedCode(models.Model):
    """One code of a list. ``is_active``: still offered; what is not keeps its place for the rows that hold it."""

    code = models.CharField(max_length=60, primary_key=True)
    position = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        abstract = True
        ordering = ["position"]

    def __str__(self) -> str:
        return self.code


def fill(model: Any, rows: Sequence[dict[str, Any]], *, using: str) -> None:
    """Makes the table of a ListedCode say what its file says; `rows`: the columns of each code but its position."""
    kept = model._default_manager.using(using)
    kept.bulk_create(
        [model(position=place, **row) for place, row in enumerate(rows)],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["position", *(name for name in rows[0] if name != "code")],
    )
    kept.exclude(code__in=[row["code"] for row in rows]).update(is_active=False)
