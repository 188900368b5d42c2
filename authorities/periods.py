"""When a row holds: the one shape of every dated row of the directory.

`starts_on` and `ends_on` are both days on which the row holds; empty
means without that limit. A dated row is ended, never deleted.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Self, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.keys import row_tags

#: The first and the last year that somebody may type: calendars and the database do not reach to the ends of what a
#: date can hold.
YEARS = (2000, 2100)

Row = TypeVar("Row", bound=models.Model, covariant=True)


def in_our_years(day: dt.date) -> None:
    """Validator of typed days and moments. Raises ValidationError."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValidationError(_("年份请写在2000和2100之间。"), code="year")


def holds_on(day: dt.date, *, prefix: str = "") -> Q:
    """The condition that a dated row (reached by `prefix`) holds on `day`."""
    started = Q(**{f"{prefix}starts_on__isnull": True}) | Q(**{f"{prefix}starts_on__lte": day})
    not_ended = Q(**{f"{prefix}ends_on__isnull": True}) | Q(**{f"{prefix}ends_on__gte": day})
    return started & not_ended


def ends_after_it_starts(row: str) -> models.CheckConstraint:
    """The constraint every dated table carries, named after the row."""
    return models.CheckConstraint(
        condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
        name=f"{row}_ends_after_it_starts",
    )


class DatedQuerySet(models.QuerySet[Row]):
    def on(self, day: dt.date) -> Self:
        """Those that hold on `day`."""
        return self.filter(holds_on(day))


class DatedRow(models.Model):
    starts_on = models.DateField(_("自"), null=True, blank=True)
    ends_on = models.DateField(_("至"), null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def holds(self, day: dt.date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or self.ends_on >= day)


class PostQuerySet(DatedQuerySet[Row]):
    """Posts that somebody holds; what the portal changes by a statement gets its tag anew."""

    def update(self, **values: Any) -> int:
        keys = list(self.values_list("pk", flat=True))
        changed = super().update(**values)
        row_tags.write(list(self.model._default_manager.filter(pk__in=keys)))
        return changed


class PostRow(DatedRow):
    """A dated row that lets somebody work, with a ``tag`` over who, where, as what and when: a row that was planted or
    changed by SQL opens nothing (accounts/keys/row_tags.py)."""

    objects = PostQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        super().save(update_fields=None if update_fields is None else {*update_fields, "tag"}, **options)


class LeaveQuerySet(models.QuerySet[Row]):
    """Rows of people who are away from a day to a day."""

    def on(self, day: dt.date) -> Self:
        """Leave that covers `day`."""
        return self.filter(starts_on__lte=day, ends_on__gte=day, cancelled_at=None)

    def not_over(self, day: dt.date) -> Self:
        """Leave that covers `day` or is still to come."""
        return self.filter(ends_on__gte=day, cancelled_at=None)


class LeaveRow(models.Model):
    """Leave of somebody who holds cases: from–to, both days included; who entered it and who took it back."""

    starts_on = models.DateField()
    ends_on = models.DateField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
