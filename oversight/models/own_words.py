"""What enterprises promise themselves and officers note about a day; written once, by the steps."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from database.decided_rows import DecidedRow

#: Letters of a note: it stands beside a picture.
LONGEST_NOTE = 60


class OwnGoal(DecidedRow):
    """An enterprise's own term, shorter than the law's, from the day ``since`` on: at most so many working hours or
    days. Without ``at_most`` it has none any more. A trigger refuses every change; the newest row of a figure counts.
    """

    class Kind(models.TextChoices):
        RESPONSE = "response", _("首次响应（工作小时）")
        CLOSED = "closed", _("送达到办结（工作日）")

    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    at_most = models.PositiveSmallIntegerField(null=True)
    since = models.DateField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    set_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["enterprise", "kind", "-id"], name="goals_of_a_firm_newest_first")]
        constraints = [
            models.CheckConstraint(condition=Q(at_most__isnull=True) | Q(at_most__gt=0), name="a_goal_leaves_some_time")
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.kind} {self.at_most}"


class DayNote(DecidedRow):
    """What happened in a region around the days ``first`` to ``last`` and explains figures: an event, an outage. Seen
    by officers of the region and of those around it and in it; no person is named. Taken back, never changed.
    """

    class Kind(models.TextChoices):
        EVENT = "event", _("事件")
        OUTAGE = "outage", _("故障")
        PORTAL = "portal", _("平台本身")

    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="+", db_index=False)
    region = models.ForeignKey("authorities.Region", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    first = models.DateField()
    last = models.DateField()
    text = models.CharField(max_length=LONGEST_NOTE)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-first", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="a_note_is_about_days_in_order"),
            models.CheckConstraint(condition=~Q(text=""), name="a_note_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} {self.first} {self.kind}"
