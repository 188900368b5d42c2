"""What is published of enterprises: the league table, and what an enterprise says about its figures.

The league is written by `oversight.published.league_making` only. A set is of closed quarters; where an outcome changes
afterwards it gets the next version. A line holds nothing that is withheld (oversight/figures/suppression.py).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.sealed_fields import SealedText
from database.decided_rows import DecidedRow

#: The group of all sectors.
ALL = ""


class LeagueSet(models.Model):
    """``first`` and ``last``: the days of whole quarters. ``places`` and ``sectors`` have a table of their own in it.

    ``places``: rows of [region, level, name, English name]. ``digest`` is that of all lines; ``changed`` says of how
    many enterprises the line differs from the version before.
    """

    first = models.DateField()
    last = models.DateField()
    version = models.PositiveSmallIntegerField()
    formula = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    country = models.IntegerField()
    places: models.JSONField[Any, Any] = models.JSONField(default=list)
    sectors: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    changed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-last", "first", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["first", "last", "version"], name="a_league_has_each_version_once"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="a_league_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.first} – {self.last} v{self.version}"


class LeagueLine(models.Model):
    """An enterprise in one table of a set. A number that is withheld is null; a pair is the least and the most it may
    be.

    ``name`` and ``code`` as they were. ``place_first`` and ``place_last`` are null for whoever has too few cases to be
    ranked. ``low`` and ``high``: the 95 % interval of the confirmed share, in thousandths. Shares in thousandths too.
    """

    pk = models.CompositePrimaryKey("of_id", "region", "sector", "position")
    of = models.ForeignKey(LeagueSet, on_delete=models.CASCADE, related_name="lines")
    region = models.IntegerField()
    sector = models.CharField(max_length=60, default=ALL)
    position = models.PositiveIntegerField()
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True, default="")
    code = models.CharField(max_length=20)
    main_sector = models.CharField(max_length=60, blank=True, default="")
    place_first = models.PositiveIntegerField(null=True)
    place_last = models.PositiveIntegerField(null=True)
    n = models.PositiveIntegerField(null=True)
    settled_least = models.PositiveIntegerField(null=True)
    settled_most = models.PositiveIntegerField(null=True)
    unconfirmed_least = models.PositiveIntegerField(null=True)
    unconfirmed_most = models.PositiveIntegerField(null=True)
    #: Nothing was granted and the consumer left it at that: part of what failed. Null too where files do not tell it.
    let_rest = models.PositiveIntegerField(null=True)
    low = models.PositiveSmallIntegerField(null=True)
    high = models.PositiveSmallIntegerField(null=True)
    received = models.PositiveIntegerField(null=True)
    #: Complaints per 100,000 customers, where the enterprise filed how many it has.
    per_customers = models.DecimalField(max_digits=10, decimal_places=1, null=True)
    last_day_share = models.PositiveSmallIntegerField(null=True)
    again_share = models.PositiveSmallIntegerField(null=True)
    #: Promises that came due and those kept, ratings and the sum of their marks: what may be expected
    #: (enterprises.directory.expectations).
    promised = models.PositiveIntegerField(null=True)
    kept = models.PositiveIntegerField(null=True)
    rated = models.PositiveIntegerField(null=True)
    marks = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["enterprise", "of"], name="league_lines_of_a_firm")]

    def __str__(self) -> str:
        return f"{self.of_id} {self.region} {self.sector} {self.position}"

    @property
    def is_ranked(self) -> bool:
        return self.place_first is not None

    @property
    def tells_settled(self) -> bool:
        return says_something(self.settled_least, self.settled_most, self.n)

    @property
    def tells_unconfirmed(self) -> bool:
        return says_something(self.unconfirmed_least, self.unconfirmed_most, self.n)


def says_something(least: int | None, most: int | None, n: int | None) -> bool:
    """Whether a range says something: less than half of all lies between its ends."""
    return least is not None and most is not None and not (n and 2 * (most - least) >= n)


LONGEST = 500


class PublicReply(DecidedRow):
    """Sealed until somebody has checked that it names nobody, and after that too: the table is one."""

    class State(models.TextChoices):
        WAITING = "waiting", _("等待核对")
        SHOWN = "shown", _("已公开")
        REFUSED = "refused", _("未公开")
        REPLACED = "replaced", _("已被新的说明代替")
        WITHDRAWN = "withdrawn", _("企业已撤下")

    class Ground(models.TextChoices):
        NAMES_SOMEBODY = "names_somebody", _("写了消费者或者其他人的信息")
        ABUSE = "abuse", _("侮辱、威胁他人")
        ADVERTISING = "advertising", _("广告，和数字无关")
        UNLAWFUL = "unlawful", _("法律禁止公开的内容")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="replies")
    text = SealedText(place=["public_id"], free_text=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    ground = models.CharField(max_length=16, blank=True, default="", choices=Ground.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-written_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "state"],
                condition=Q(state__in=["waiting", "shown"]),
                name="one_reply_waits_and_one_is_shown",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(ground=""), name="a_refused_reply_has_a_ground"),
            models.CheckConstraint(
                condition=~Q(state__in=["shown", "refused"]) | Q(decided_at__isnull=False),
                name="a_shown_reply_was_checked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.state}"
