"""举一反三: an enterprise puts one cause right for everybody whom it touched, also who never complained.

A list of the affected is kept as keyed digests alone, and for 180 days. Who did what is a `HotSpotAction`.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.sealed_fields import BlindIndex
from database.decided_rows import DecidedRow
from oversight.models.campaigns import Campaign
from oversight.models.reduction import LONGEST, HotSpot


class Remedy(DecidedRow):
    """What an officer demanded (about a hot spot, a campaign, a root cause or a case), and what was proposed for it.

    ``first`` to ``last``: when the complaints of this cause were received; ``sector``: category of object, ``problem``:
    kind of problem, "" all. They say who is a complainant of it.

    Of the newest list: ``listed`` lines, of them ``listed_phones`` phones and ``listed_remedied`` said to be remedied;
    of ``complaints`` received by ``compared_at`` so many ``complainants``, of them ``complainants_listed`` on it.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("等企业提出办法")
        PROPOSED = "proposed", _("企业已提出，等同意")
        AGREED = "agreed", _("已同意，等企业补救")
        RUNNING = "running", _("正在补救")
        VERIFIED = "verified", _("已核实")

    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey("authorities.Region", on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="remedies")
    hot_spot = models.ForeignKey(HotSpot, null=True, on_delete=models.PROTECT, related_name="remedies")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="remedies")
    case_number = models.CharField(max_length=30, blank=True, default="")
    cause = models.CharField(max_length=LONGEST)
    sector = models.CharField(max_length=60, blank=True, default="")
    problem = models.CharField(max_length=60, blank=True, default="")
    first = models.DateField()
    last = models.DateField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    affected = models.CharField(max_length=LONGEST, blank=True, default="")
    how = models.CharField(max_length=LONGEST, blank=True, default="")
    due_on = models.DateField(null=True)
    listed_at = models.DateTimeField(null=True)
    listed = models.PositiveIntegerField(null=True)
    listed_phones = models.PositiveIntegerField(null=True)
    listed_remedied = models.PositiveIntegerField(null=True)
    list_deleted_at = models.DateTimeField(null=True)
    complaints = models.PositiveIntegerField(null=True)
    complainants = models.PositiveIntegerField(null=True)
    complainants_listed = models.PositiveIntegerField(null=True)
    compared_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    publicity = models.CharField(max_length=9, choices=Campaign.Publicity.choices, default=Campaign.Publicity.NONE)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=LONGEST, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="a_remedy_ends_its_days_after_they_begin", condition=Q(last__gte=F("first"))),
            models.CheckConstraint(
                name="a_proposed_remedy_says_who_what_and_when",
                condition=Q(state="asked") | ~Q(affected="") & ~Q(how="") & Q(due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="a_verified_remedy_says_when", condition=~Q(state="verified") | Q(verified_at__isnull=False)
            ),
            models.CheckConstraint(
                name="no_more_are_on_the_list_than_complained",
                condition=Q(complainants_listed__isnull=True) | Q(complainants_listed__lte=F("complainants")),
            ),
            models.CheckConstraint(
                name="a_remedy_is_published_by_a_second_person",
                condition=Q(publicity__in=["none", "proposed"])
                | Q(proposed_by__isnull=False, decided_by__isnull=False, published_at__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="a_remedy_is_published_once_agreed",
                condition=Q(publicity="none") | Q(state__in=["agreed", "running", "verified"]),
            ),
            models.CheckConstraint(
                name="a_withdrawn_remedy_says_why",
                condition=~Q(publicity="withdrawn") | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why=""),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-opened_at", "-id"], name="remedies_by_state"),
            models.Index(fields=["enterprise", "-opened_at", "-id"], name="remedies_of_an_enterprise"),
            models.Index(
                fields=["-published_at", "-id"], name="remedies_in_public", condition=Q(published_at__isnull=False)
            ),
            models.Index(
                fields=["listed_at"],
                name="remedies_with_a_list",
                condition=Q(listed_at__isnull=False, list_deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.problem} {self.state}"

    @property
    def has_list(self) -> bool:
        return self.listed_at is not None and self.list_deleted_at is None


class RemedyReport(DecidedRow):
    """How far the enterprise is: of ``population`` affected so many were remedied, could not be reached, declined;
    ``money`` yuan. Inserted only; the newest counts.
    """

    remedy = models.ForeignKey(Remedy, on_delete=models.PROTECT, related_name="reports")
    population = models.PositiveIntegerField()
    remedied = models.PositiveIntegerField()
    unreachable = models.PositiveIntegerField()
    declined = models.PositiveIntegerField()
    money: models.DecimalField[Decimal | None, Decimal | None] = models.DecimalField(
        max_digits=14, decimal_places=2, null=True
    )
    evidence = models.CharField(max_length=LONGEST)
    #: Why some could not be reached or declined.
    explained = models.CharField(max_length=LONGEST, blank=True, default="")
    #: Why the population is another than in the report before.
    why_moved = models.CharField(max_length=LONGEST, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="no_more_are_remedied_than_affected",
                condition=Q(population__gte=F("remedied") + F("unreachable") + F("declined")),
            ),
            models.CheckConstraint(
                name="who_was_not_remedied_is_explained", condition=Q(unreachable=0, declined=0) | ~Q(explained="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remedy_id} {self.remedied}/{self.population}"

    @property
    def rest(self) -> int:
        """Of whom nothing is said yet."""
        return self.population - self.remedied - self.unreachable - self.declined


class RemedyList(models.Model):
    """One line of the newest list of the affected: the keyed digest of a phone or account number, under its remedy."""

    remedy = models.ForeignKey(Remedy, on_delete=models.PROTECT, related_name="lines", db_index=False)
    line = models.PositiveIntegerField()
    digest = BlindIndex()
    is_remedied = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(name="a_number_stands_on_a_list_once", fields=["remedy", "digest"])]

    def __str__(self) -> str:
        return f"{self.remedy_id} {self.line}"


class RemedySample(DecidedRow):
    """Lines of a list that the portal drew from the ``whole`` lines said to be remedied, and which of them were not:
    ``bad``. Drawn once a list; looked at once.
    """

    remedy = models.ForeignKey(Remedy, on_delete=models.PROTECT, related_name="samples")
    listed_at = models.DateTimeField()
    whole = models.PositiveIntegerField()
    lines = ArrayField(models.IntegerField())
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()
    bad = ArrayField(models.IntegerField(), default=list)
    how = models.CharField(max_length=LONGEST, blank=True, default="")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="a_list_is_sampled_once", fields=["remedy", "listed_at"]),
            models.CheckConstraint(name="what_is_bad_was_drawn", condition=Q(bad__contained_by=F("lines"))),
            models.CheckConstraint(
                name="a_checked_sample_says_how",
                condition=Q(checked_at__isnull=True) | Q(checked_by__isnull=False) & ~Q(how=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remedy_id} {len(self.lines)}"


class RemedyCheck(DecidedRow):
    """That somebody asked with a proven phone, and what the answer was; nothing of who it was. Inserted only."""

    class Answer(models.TextChoices):
        REMEDIED = "remedied", _("在名单里，企业报告已补救")
        LISTED = "listed", _("在名单里，还没有补救")
        NOT_LISTED = "not", _("名单里没有")

    remedy = models.ForeignKey(Remedy, on_delete=models.PROTECT, related_name="checks")
    answer = models.CharField(max_length=8, choices=Answer.choices)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.remedy_id} {self.answer}"
