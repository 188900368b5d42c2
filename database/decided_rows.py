"""Rows that say what people asked for and decided, where no row-level security guards them.

The steps alone write them (`STEPS_ALONE` in database/writing.py), so a statement that somebody slips into a page files
and decides nothing. The statement that writes such a row works as the steps; whether somebody may was asked before it,
under the caller's role.
"""

from typing import Any, TypeVar

from django.db import models

from database.row_security import working_as_steps

Row = TypeVar("Row", bound=models.Model, covariant=True)


class DecidedRows(models.QuerySet[Row]):
    def update(self, **values: Any) -> int:
        with working_as_steps():
            return super().update(**values)


class DecidedRow(models.Model):
    objects = DecidedRows.as_manager()

    class Meta:
        abstract = True

    def save(self, **options: Any) -> None:
        with working_as_steps():
            super().save(**options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with working_as_steps():
            return super().delete(*args, **options)
