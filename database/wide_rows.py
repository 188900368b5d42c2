"""Rows of many columns that are read without some: for each row Django looks up the name of each column in a list, as
long as it takes to make the row. Here their places are looked up once for all rows with the same columns."""

from collections.abc import Callable, Collection, Iterable
from functools import cache
from operator import itemgetter
from typing import Any, Self

from django.db import models
from django.db.models.base import DEFERRED


@cache
def _in_places(model: type[models.Model], names: tuple[str, ...]) -> Callable[[Any], Any]:
    """From values by these names, and one more, to one value a column; that one more where there is none."""
    return itemgetter(*(names.index(f.attname) if f.attname in names else -1 for f in model._meta.concrete_fields))


class WideRow(models.Model):
    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Iterable[str], values: Collection[Any]) -> Self:
        if len(values) < len(cls._meta.concrete_fields):
            values = _in_places(cls, tuple(field_names))((*values, DEFERRED))
        return super().from_db(db, field_names, values)  # type: ignore[arg-type]
