"""Mediation bodies (受委托调解组织), service stations (消费维权服务站), and the yearly appraisal of an enterprise.

A body or a station that an enterprise runs says whose it is: it never mediates where that enterprise is complained of,
and is never taken for neutral.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.row_tags import RowTag
from accounts.roles import Role, post_choices
from authorities.periods import DatedRow, PostRow, ends_after_it_starts
from database.decided_rows import DecidedRow
from web.languages import named


class MediationBody(DatedRow):
    """``region``: where it mediates. ``enterprise``: who runs or leads it, if that is an enterprise."""

    class Kind(models.TextChoices):
        ASSOCIATION = "association", _("消费者协会、消费者权益保护委员会")
        OTHER = "other", _("依法成立的其他组织")

    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(max_length=160, blank=True, default="")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    legal_basis = models.CharField(max_length=300)
    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="mediation_bodies")
    region = models.ForeignKey("authorities.Region", on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            ends_after_it_starts("mediation_body"),
            models.CheckConstraint(name="mediation_body_names_its_basis", condition=~Q(legal_basis="")),
            models.UniqueConstraint(
                fields=["authority", "name", "starts_on"], nulls_distinct=False, name="a_body_is_registered_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Appraisal(DecidedRow):
    """``figures``: what was counted, by name; ``points``: of each part of the formula. Public once it is decided."""

    class Grade(models.TextChoices):
        A = "A", _("A级")
        B = "B", _("B级")
        C = "C", _("C级")

    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="appraisals")
    year = models.PositiveSmallIntegerField()
    formula = models.PositiveSmallIntegerField()
    figures: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()
    points: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()
    computed = models.CharField(max_length=1, choices=Grade.choices)
    grade = models.CharField(_("等级"), max_length=1, choices=Grade.choices)
    reason = models.CharField(_("理由"), max_length=300, blank=True, default="")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-year", "enterprise_id"]
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "year"], name="an_enterprise_is_appraised_once_a_year"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="an_appraisal_is_decided_by_another_officer",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="a_decision_has_its_day",
            ),
            models.CheckConstraint(condition=Q(grade=F("computed")) | ~Q(reason=""), name="another_grade_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.year} {self.grade}"

    @property
    def total(self) -> int:
        return sum(self.points.values())


class Station(DatedRow):
    """``code`` stands on its poster and leads to a prefilled complaint (/go/<code>/)."""

    class Kind(models.TextChoices):
        MALL = "mall", _("商场超市")
        MARKET = "market", _("市场")
        HALL = "hall", _("营业厅")
        COMMUNITY = "community", _("社区")
        SCENIC = "scenic", _("景区")

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(max_length=160, blank=True, default="")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="stations")
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", null=True, blank=True, on_delete=models.PROTECT, related_name="stations"
    )

    class Meta:
        constraints = [
            ends_after_it_starts("station"),
            models.CheckConstraint(name="station_has_a_code", condition=~Q(code="")),
        ]

    def __str__(self) -> str:
        return named(self)


class StationStaff(PostRow):
    """A person's work at a station."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="station_posts")
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="staff")
    role = models.CharField(max_length=8, default=Role.STATION.post, choices=post_choices("station"))
    #: Up to when this person was told what became of what the station filed.
    told_at = models.DateTimeField(null=True, blank=True)
    tag = RowTag(over=("user_id", "station_id", "role", "starts_on", "ends_on"))

    class Meta:
        constraints = [
            ends_after_it_starts("station_staff"),
            models.UniqueConstraint(
                fields=["user", "station", "starts_on"], nulls_distinct=False, name="a_station_post_is_given_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.station_id}"
