"""Dated routing rules with plain columns.

A rule has no language of its own; an empty column matches everything, a
filled one must match, and the smallest priority number is tried first. Of a version only its end is ever written;
a change is a new version, and what was to begin and does not any more is taken back before its first day.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority, Region
from authorities.periods import DatedRow, ends_after_it_starts
from enterprises.models import Branch, Brand, Enterprise


class RoutingRule(DatedRow):
    """One row: when these columns match, the case goes there."""

    code = models.CharField(_("编号"), max_length=40)
    version = models.PositiveIntegerField(_("版本"), default=1)
    priority = models.PositiveIntegerField(_("优先级"), default=100)
    category = models.CharField(_("类别"), max_length=60, blank=True)
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: As consumers write it who pick nobody; compared as it is folded.
    named = models.CharField(_("消费者写的名称"), max_length=200, blank=True, default="")
    channel = models.CharField(_("渠道"), max_length=30, blank=True)
    target_enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    target_branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    target_authority = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("理由"), max_length=300)
    reason_en = models.CharField(_("英文理由"), max_length=300, blank=True)
    #: Approved, and replaced or ended before its first day: it never holds.
    is_taken_back = models.BooleanField(default=False)

    class Meta:
        ordering = ["priority", "code", "version"]
        verbose_name = _("路由规则")
        constraints = [
            ends_after_it_starts("routing_rule"),
            models.UniqueConstraint(fields=["code", "version"], name="a_rule_version_is_used_once"),
            models.CheckConstraint(
                condition=Q(target_authority__isnull=True, target_enterprise__isnull=False)
                | Q(target_authority__isnull=False, target_enterprise__isnull=True, target_branch__isnull=True),
                name="a_rule_has_one_target",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_rule_gives_its_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"
