"""受委托调解组织: a consumer association or another lawful body to which an authority may hand a mediation (art. 19).

The authority's own dated rows, with the legal basis; a body that an enterprise runs says whose it is, and
never mediates where that enterprise is complained of.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from authorities.periods import DatedRow, ends_after_it_starts


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
