"""What was published and stays, and what pages of oversight keep; nothing of a case, so these rows need no policies.

What was issued is never changed. A correction is a new version beside the old one, and says what it changes; triggers
refuse the rest (oversight/migrations).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority
from database.decided_rows import DecidedRow


class DataSets(models.Manager["DataSet"]):
    """Without what was counted: it is long, and read by whoever makes the next version alone."""

    def get_queryset(self) -> models.QuerySet[DataSet]:
        return super().get_queryset().defer("counted")


class DataSet(models.Model):
    """The open data of one month, in one version.

    ``changes``: what this version says otherwise than the one before it, by file: {"file", "rows", "lines": [{"key",
    "column", "before", "after"}]}; at most ``issuing.NAMED`` lines each. ``formulas``: version of each formula.
    ``reason``: why the version was made where that
    is more than numbers that came out otherwise: the one before it told too much, and should not be used any more.
    ``multiple_of``: 5 where counts are rounded to multiples of 5 that add up, 1 where they are exact and small ones
    withheld. ``counted``: of a rounded set the true and the told number of each cell, by table; it is never served, and
    held against the next version so that both together tell nothing (oversight/open_data/issuing.py). ``finest``: the
    narrowest places that have rows; a month with too few cases goes by cities or provinces alone.
    """

    #: Levels of places, the narrowest first.
    FINEST = ("county", "city", "province")

    month = models.DateField()
    version = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    formulas = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    reason = models.CharField(max_length=500, blank=True, default="")
    multiple_of = models.PositiveSmallIntegerField(default=1)
    finest = models.CharField(
        max_length=8, default="county", db_default="county", choices=[(one, one) for one in FINEST]
    )
    counted: models.JSONField[Any, Any] = models.JSONField(default=dict)

    objects = DataSets()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "version"], name="a_version_of_open_data_is_issued_once"),
            models.CheckConstraint(name="open_data_is_of_a_month", condition=Q(month__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}.{self.version}"

    def tells(self, level: str) -> bool:
        """Whether places of this level have rows; then one that is missing had nothing."""
        return level not in self.FINEST[: self.FINEST.index(self.finest)]


class DataFile(models.Model):
    """One file of a set, byte for byte as it is served. ``rows``: lines of data, 0 where it is no table."""

    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="files", db_index=False)
    name = models.CharField(max_length=60)
    media_type = models.CharField(max_length=40)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    rows = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["data_set", "name"], name="a_file_of_open_data_is_there_once")]

    def __str__(self) -> str:
        return f"{self.data_set_id} {self.name}"


class MonthlyReport(DecidedRow):
    """What an authority says about a month, in one version.

    ``figures``: as ``oversight.reports.figures.drawn`` makes them from ``data_set`` and the set of the month before.
    ``texts``: words by block. ``what_changed``: of a correction, why it was made. ``printed``: the PDF, which a worker
    makes and signs after the publication.
    """

    STATES = ("draft", "waiting", "approved", "published", "dropped")

    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, default="draft", choices=[(s, s) for s in STATES])
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="+", db_index=False)
    figures = models.JSONField(default=dict)
    texts = models.JSONField(default=dict)
    what_changed = models.CharField(max_length=500, blank=True, default="")
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    drafted_at = models.DateTimeField()
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    edited_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True, default="")
    published_at = models.DateTimeField(null=True, blank=True)
    printed = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "month", "version"], name="a_version_of_a_report_is_drafted_once"
            ),
            models.UniqueConstraint(
                fields=["authority", "month"],
                name="one_version_of_a_report_is_worked_on",
                condition=Q(state__in=["draft", "waiting", "approved"]),
            ),
            models.CheckConstraint(name="a_report_is_of_a_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="a_report_is_approved_by_a_second_person",
                condition=~Q(state__in=["approved", "published"])
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("drafted_by")) & ~Q(decided_by=F("edited_by")),
            ),
            models.CheckConstraint(
                name="a_published_report_says_since_when",
                condition=~Q(state="published") | Q(published_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_at", "-id"], name="reports_as_published"),
            models.Index(
                fields=["published_at"], name="reports_to_print", condition=Q(state="published", printed__isnull=True)
            ),
        ]

    @classmethod
    def unprinted(cls) -> models.QuerySet[MonthlyReport]:
        """What is published and has no print yet."""
        return cls.objects.filter(state="published", printed=None)

    def __str__(self) -> str:
        return f"{self.authority_id} {self.month:%Y-%m}.{self.version}"


class OpenIndicators(models.Model):
    """A region of the newest set. ``data``: see `indicator_making`; a country, province, city or county."""

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


class SystemCheck(models.Model):
    """The last time that something of the portal was gone through as a whole, and what was found; a row each."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    is_sound = models.BooleanField()
    counted = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"


class RestoreDrill(models.Model):
    """A backup that was restored beside the portal and proved (`manage.py restore_drill`), or could not be. Written
    once; a trigger refuses every change. ``as_of``: of which moment the restored rows are."""

    class Result(models.TextChoices):
        SOUND = "sound", _("恢复成功，记录没有断开")
        MISSING = "missing", _("没有备份")
        OLD = "old", _("备份太旧")
        REFUSED = "refused", _("备份恢复不了")
        FULL = "full", _("恢复用的磁盘满了")
        BROKEN = "broken", _("恢复出来的记录有断开")
        OTHER = "other", _("备份不是这个平台的记录")

    at = models.DateTimeField()
    backup = models.CharField(max_length=200, blank=True)
    as_of = models.DateTimeField(null=True)
    seconds = models.PositiveIntegerField()
    cases = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    result = models.CharField(max_length=8, choices=Result.choices)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.backup} {self.result}"


class AlarmSent(models.Model):
    """A condition of the portal that was told by mail: once a day, to how many."""

    condition = models.CharField(max_length=60)
    day = models.DateField()
    at = models.DateTimeField()
    told = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["condition", "day"], name="an_alarm_is_told_once_a_day")]

    def __str__(self) -> str:
        return f"{self.condition} {self.day}"


class OversightView(models.Model):
    """A page with its conditions, under a name for all of one authority; ``query`` tells nothing of a person."""

    key = models.UUIDField(unique=True)
    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    made_at = models.DateTimeField()
    name = models.CharField(max_length=40)
    page = models.CharField(max_length=20)
    query = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["authority", "name"], name="a_view_has_one_name_at_an_authority")
        ]

    def __str__(self) -> str:
        return f"{self.page} {self.key}"


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
