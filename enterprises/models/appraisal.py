"""The yearly appraisal of an ODR enterprise: grade A, B or C.

The grade follows from a published formula (oversight/mirror/appraising.py) over the figures that stand in
the row; one officer proposes, another one decides, and another grade than the formula's needs a reason that is
published too.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Appraisal(models.Model):
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
