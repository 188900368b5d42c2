"""What an enterprise says about its published figures: the right of reply.

An officer of the authority that enrolled it reads a reply before the public does. It stands on a page of
the authority, and it may name a consumer; it is never refused for what it thinks, only on a ground of the list. Until
then the page says that a reply is being checked, so nobody can hold one back in silence.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.sealed_fields import SealedText

LONGEST = 500


class PublicReply(models.Model):
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
