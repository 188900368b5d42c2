"""降诉行动: an authority calls several enterprises of a sector to one meeting, each gives undertakings, and the portal
says whether complaints fell more than without it.

What each enterprise was asked and undertook is a `Guidance` with its measures; who did what is a `HotSpotAction`.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from database.decided_rows import DecidedRow
from oversight.models.reduction import LONGEST, LONGEST_WARNING, Guidance, HotSpot


class Figure(models.TextChoices):
    """What the portal counts of an undertaking, and of the effect."""

    RECEIVED = "received", _("收到的投诉")
    IN_TIME = "in_time", _("按时办结率")
    SETTLED = "settled", _("和解成功率")


class Campaign(DecidedRow):
    """``sector``: category of object, "" all; ``problem``: kind of problem, "" all; both within ``region``.

    ``figures``: rows of [enterprise, complaints from ``chose_first`` to ``chose_last``, complaints of the 26 weeks
    before them], as they were when it was begun; nothing changes them. ``history``: of how many whole weeks before the
    call the portal had complaints; ``controls_of``: where the control group is counted, "region" or "country", "" none.
    ``publicity``: whether everybody reads it, which a second person decides.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("还没有召集")
        CALLED = "called", _("已召集，等开会")
        RUNNING = "running", _("整改中")
        JUDGED = "judged", _("行动已结束")

    class Publicity(models.TextChoices):
        NONE = "none", _("没有公开")
        PROPOSED = "proposed", _("等待批准公开")
        PUBLISHED = "published", _("已公开")
        WITHDRAWN = "withdrawn", _("已撤下")

    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey("authorities.Region", on_delete=models.PROTECT, related_name="+")
    hot_spot = models.ForeignKey(HotSpot, null=True, on_delete=models.PROTECT, related_name="campaigns")
    title = models.CharField(max_length=80)
    why = models.CharField(max_length=LONGEST)
    sector = models.CharField(max_length=60, blank=True, default="")
    problem = models.CharField(max_length=60, blank=True, default="")
    chose_first = models.DateField()
    chose_last = models.DateField()
    figures: models.JSONField[list[list[int]], list[list[int]]] = models.JSONField(default=list)
    state = models.CharField(max_length=7, choices=State.choices, default=State.DRAFT)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    called_on = models.DateField(null=True)
    meets_on = models.DateField(null=True)
    where = models.CharField(max_length=200, blank=True, default="")
    met_on = models.DateField(null=True)
    #: Posts, no names.
    attended = models.CharField(max_length=LONGEST, blank=True, default="")
    minutes = models.TextField(blank=True, default="")
    #: The signed print of the minutes.
    printed = models.BinaryField(null=True)
    history = models.PositiveSmallIntegerField(null=True)
    controls_of = models.CharField(max_length=7, blank=True, default="")
    judged_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=9, choices=Guidance.Verdict.choices, blank=True, default="")
    judgement = models.CharField(max_length=LONGEST, blank=True, default="")
    publicity = models.CharField(max_length=9, choices=Publicity.choices, default=Publicity.NONE)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=LONGEST, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="a_campaign_ends_its_choice_after_it_begins", condition=Q(chose_last__gte=F("chose_first"))
            ),
            models.CheckConstraint(
                name="a_called_campaign_says_when", condition=Q(state="draft") | Q(called_on__isnull=False)
            ),
            models.CheckConstraint(
                name="a_running_campaign_has_met",
                condition=Q(state__in=["draft", "called"]) | Q(met_on__isnull=False) & ~Q(minutes=""),
            ),
            models.CheckConstraint(
                name="a_judged_campaign_has_a_judgement",
                condition=~Q(state="judged") | Q(judged_at__isnull=False) & ~Q(verdict=""),
            ),
            models.CheckConstraint(
                name="a_campaign_is_published_by_a_second_person",
                condition=Q(publicity__in=["none", "proposed"])
                | Q(proposed_by__isnull=False, decided_by__isnull=False, published_at__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="a_campaign_is_published_after_its_meeting",
                condition=Q(publicity="none") | Q(state__in=["running", "judged"]),
            ),
            models.CheckConstraint(
                name="a_withdrawn_campaign_says_why",
                condition=~Q(publicity="withdrawn") | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why=""),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-opened_at", "-id"], name="campaigns_by_state"),
            models.Index(
                fields=["-published_at", "-id"], name="campaigns_in_public", condition=Q(published_at__isnull=False)
            ),
            models.Index(fields=["id"], name="minutes_to_print", condition=Q(met_on__isnull=False, printed=None)),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.state}"


class CampaignFirm(models.Model):
    """An enterprise that was called. ``attended``: None until the meeting. Its ``reply`` is public once an officer has
    looked whether it names a consumer (``reply_shown_at``).
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="firms")
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="campaigns")
    attended = models.BooleanField(null=True)
    reply = models.CharField(max_length=LONGEST_WARNING, blank=True, default="")
    replied_at = models.DateTimeField(null=True)
    reply_shown_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="a_campaign_calls_a_firm_once", fields=["campaign", "enterprise"]),
            models.CheckConstraint(
                name="a_reply_is_there_before_it_is_shown",
                condition=Q(reply_shown_at__isnull=True) | Q(replied_at__isnull=False) & ~Q(reply=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.enterprise_id}"


class CampaignControl(models.Model):
    """An enterprise beside which the called ones are counted, as it was chosen at the call; inserted only."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="controls")
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(name="a_campaign_has_a_control_once", fields=["campaign", "enterprise"])]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.enterprise_id}"


class CampaignEffect(models.Model):
    """What was found ``weeks`` whole weeks after the call; inserted only.

    ``ratio`` with its 95 % interval: received complaints, or the odds of timeliness or settlement, over what they would
    have been without the campaign. ``counts``: of the called together by "base", "recent", "after": [part, the rest],
    of complaints [count, 0]. ``controls``: how many enterprises they were beside.
    """

    class Verdict(models.TextChoices):
        BETTER = "better", _("比没有行动时好")
        WORSE = "worse", _("比没有行动时差")
        UNCLEAR = "unclear", _("说不清")
        FEW_CONTROLS = "few", _("对照不足，只看进展")
        SHORT_HISTORY = "short", _("历史不足52周，只看进展")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="effects")
    weeks = models.PositiveSmallIntegerField()
    figure = models.CharField(max_length=8, choices=Figure.choices)
    verdict = models.CharField(max_length=7, choices=Verdict.choices)
    ratio = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    controls = models.PositiveSmallIntegerField()
    counts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    method = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["campaign_id", "weeks", "id"]
        constraints = [
            models.UniqueConstraint(name="an_effect_is_found_once", fields=["campaign", "weeks", "figure"]),
            models.CheckConstraint(
                name="a_verdict_of_an_effect_has_its_interval",
                condition=Q(verdict__in=["unclear", "few", "short"])
                | Q(ratio__isnull=False, low__isnull=False, high__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.weeks} {self.figure} {self.verdict}"
