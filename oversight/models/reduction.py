"""降诉增效: what stood out, what an authority asked of an enterprise about it, and what it told consumers.

What somebody did is a `HotSpotAction`, which nobody changes (a trigger refuses it); the states of the other rows are
only what the newest actions came to. Enterprises are spoken of here, never consumers: a hot spot holds sums, and the
cases behind it are asked for anew by whoever looks, with that person's visibility.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from database.decided_rows import DecidedRow

#: Letters of a reason, a report or a cause; of a measure; of a warning.
LONGEST, LONGEST_MEASURE, LONGEST_WARNING = 1000, 300, 2000


class HotSpot(models.Model):
    """One cell, one week, day or run of weeks in which it stood out. ``facet``: "" all of it, p:problem, o:object.

    ``usual``: the eight counts before, oldest first; of a run those of the 26 weeks before, and ``weeks`` its own (the
    weeks add up to ``observed``). ``place``: the region whose authorities see it (of an enterprise
    its domicile). ``around``: [observed, expected] of all complaints in the same days. ``explained_by``: narrower ones
    of the same event (oversight/hot_spots/folding.py). ``restless``: the dispersion φ.

    ``owner``: who took it up; who stands for it while nobody did, or they are away, says oversight/hot_spots/owners.py.

    ``method`` 2: ``share`` of the exposure of the nine counts that the last has, degrees of freedom ``df`` with which
    φ is known, false discovery rate ``q`` among all that was looked at then. Of method 1 nobody counted these.
    """

    class Kind(models.TextChoices):
        WEEK = "week", _("一周")
        DAY = "day", _("当天")
        RUN = "run", _("连续几周")

    class State(models.TextChoices):
        OPEN = "open", _("待判断")
        GUIDED = "guided", _("已发起指导")
        DISMISSED = "dismissed", _("无需处理")

    kind = models.CharField(max_length=4, choices=Kind.choices)
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", null=True, on_delete=models.PROTECT, related_name="hot_spots"
    )
    region = models.ForeignKey("authorities.Region", null=True, on_delete=models.PROTECT, related_name="hot_spots")
    facet = models.CharField(max_length=62, blank=True, default="")
    place = models.IntegerField(null=True)
    first = models.DateField()
    last = models.DateField()
    observed = models.IntegerField()
    expected = models.FloatField()
    usual: models.JSONField[list[int], list[int]] = models.JSONField()
    weeks: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    around: models.JSONField[list[float], list[float]] = models.JSONField(default=list)
    chance = models.FloatField()
    restless = models.FloatField()
    share = models.FloatField(null=True)
    df = models.FloatField(null=True)
    q = models.FloatField(default=1.0)
    detectable = models.FloatField()
    rate = models.FloatField()
    method = models.PositiveSmallIntegerField()
    found_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    explained_by = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="a_hot_spot_is_of_an_enterprise_or_a_region",
                condition=Q(enterprise__isnull=False, region__isnull=True)
                | Q(enterprise__isnull=True, region__isnull=False),
            ),
            models.CheckConstraint(name="a_hot_spot_ends_after_it_begins", condition=Q(last__gte=F("first"))),
            models.UniqueConstraint(
                name="a_cell_is_found_once",
                nulls_distinct=False,
                fields=["kind", "last", "enterprise", "region", "facet"],
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-found_at", "-id"], name="hot_spots_by_state"),
            models.Index(fields=["state", "q", "id"], name="hot_spots_by_q"),
            models.Index(fields=["kind", "last"], name="hot_spots_of_a_day"),
            GinIndex(fields=["explained_by"], name="hot_spots_explained_by"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.enterprise_id or self.region_id} {self.facet} {self.last}"

    @property
    def category(self) -> str:
        """The problem or object of the cell; "" for all."""
        return self.facet[2:]

    @property
    def usual_mean(self) -> float:
        """Of as long a time before; of each method the same."""
        return sum(self.usual) / self._times if self.usual else self.expected

    @property
    def _times(self) -> float:
        """So many times as long as the hot spot is what lies before it."""
        return len(self.usual) / max(len(self.weeks), 1)

    @property
    def rise(self) -> float | None:
        """How many times as many as usual; None where nothing was."""
        return self.observed / self.usual_mean if self.usual_mean else None

    @property
    def rise_of_its_like(self) -> float | None:
        """How many times as many as usual all others of its kind received in the same days; None of method 1."""
        return None if self.share is None else self.share / (1 - self.share) * self._times


class HotSpotCells(models.Model):
    """How many cells the first look of a day looked at, by the place whose authorities see them: their weeks, their
    days.
    """

    place = models.IntegerField(primary_key=True)
    day = models.DateField()
    weeks = models.IntegerField()
    days = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.place} {self.day}"


class Guidance(models.Model):
    """行政指导: an authority asks an enterprise to remove a cause, about a hot spot or in a campaign.

    ``effect``: the counts before and after
    (oversight/hot_spots/effects.py), counted by a sweep while it is open (``counted_at``), standing still afterwards.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("起草中")
        SENT = "sent", _("整改中")
        CLOSED = "closed", _("指导已结束")

    class Verdict(models.TextChoices):
        EFFECTIVE = "effective", _("起了作用")
        NOT_EFFECTIVE = "not", _("没有起作用")
        UNCLEAR = "unclear", _("看不出来")

    hot_spot = models.ForeignKey(HotSpot, null=True, on_delete=models.PROTECT, related_name="guidances")
    campaign = models.ForeignKey("oversight.Campaign", null=True, on_delete=models.PROTECT, related_name="guidances")
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="guidances")
    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="+")
    causes = models.TextField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    verdict = models.CharField(max_length=9, choices=Verdict.choices, blank=True, default="")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    effect: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="a_guidance_that_was_sent_says_when", condition=Q(state="draft") | Q(sent_at__isnull=False)
            ),
            models.CheckConstraint(
                name="a_closed_guidance_has_a_judgement",
                # That of a campaign is judged for all of its enterprises together.
                condition=~Q(state="closed")
                | Q(closed_at__isnull=False) & (~Q(verdict="") | Q(campaign__isnull=False)),
            ),
            models.CheckConstraint(
                name="a_guidance_is_of_a_hot_spot_or_a_campaign",
                condition=Q(hot_spot__isnull=False, campaign__isnull=True)
                | Q(hot_spot__isnull=True, campaign__isnull=False),
            ),
            models.UniqueConstraint(name="a_hot_spot_guides_an_enterprise_once", fields=["hot_spot", "enterprise"]),
            models.UniqueConstraint(name="a_campaign_guides_an_enterprise_once", fields=["campaign", "enterprise"]),
        ]
        indexes = [
            models.Index(fields=["enterprise", "-opened_at", "-id"], name="guidances_of_an_enterprise"),
            models.Index(fields=["authority", "-opened_at", "-id"], name="guidances_of_an_authority"),
            models.Index(fields=["id"], name="guidances_under_way", condition=Q(state="sent")),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.state}"

    @property
    def place(self) -> int | None:
        """The region whose authorities see it."""
        return self.campaign.region_id if self.campaign else self.hot_spot.place if self.hot_spot else None


class GuidanceMeasure(models.Model):
    """What the enterprise is to do, which post answers for it (no name of a person), and by which day.

    With a ``figure`` the portal counts it (oversight/hot_spots/undertakings.py), from ``baseline`` to ``target``, both
    in thirteen weeks or in per cent of ``baseline_n``; ``counted`` up to ``counted_to``. ``told``: how many tenths of
    the way the public is told, as of ``told_to``. ``evidence``: where it can be seen.
    """

    class State(models.TextChoices):
        OPEN = "open", _("还没有开始")
        UNDER_WAY = "under_way", _("正在做")
        DONE = "done", _("已经完成")

    guidance = models.ForeignKey(Guidance, on_delete=models.PROTECT, related_name="measures")
    number = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=LONGEST_MEASURE)
    responsible = models.CharField(max_length=80)
    due_on = models.DateField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    done_on = models.DateField(null=True)
    reminded_at = models.DateTimeField(null=True)
    evidence = models.CharField(max_length=LONGEST_MEASURE, blank=True, default="")
    figure = models.CharField(max_length=8, blank=True, default="")
    baseline = models.FloatField(null=True)
    baseline_n = models.IntegerField(null=True)
    target = models.FloatField(null=True)
    counted = models.FloatField(null=True)
    counted_n = models.IntegerField(null=True)
    counted_to = models.DateField(null=True)
    told = models.PositiveSmallIntegerField(null=True)
    told_to = models.DateField(null=True)

    class Meta:
        ordering = ["guidance_id", "number"]
        constraints = [
            models.UniqueConstraint(name="measures_of_a_guidance_are_numbered", fields=["guidance", "number"]),
            models.CheckConstraint(
                name="a_done_measure_says_when", condition=~Q(state="done") | Q(done_on__isnull=False)
            ),
            models.CheckConstraint(name="a_measure_says_what_and_who", condition=~Q(what="") & ~Q(responsible="")),
            models.CheckConstraint(
                name="a_counted_measure_has_a_target", condition=Q(figure="") | Q(target__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on"],
                name="measures_to_remind_of",
                condition=~Q(state="done") & Q(reminded_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.guidance_id}.{self.number} {self.state}"


class ConsumerWarning(DecidedRow):
    """消费预警: drafted from the numbers of a hot spot, public once a second person has agreed."""

    class State(models.TextChoices):
        DRAFT = "draft", _("起草中")
        PROPOSED = "proposed", _("等待批准")
        PUBLISHED = "published", _("已发布")
        WITHDRAWN = "withdrawn", _("已撤回")

    hot_spot = models.ForeignKey(HotSpot, on_delete=models.PROTECT, related_name="warnings")
    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=80)
    text = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=LONGEST, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="a_warning_is_published_by_a_second_person",
                condition=Q(state__in=["draft", "proposed"])
                | Q(proposed_by__isnull=False, decided_by__isnull=False, published_at__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="a_withdrawn_warning_says_why",
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why=""),
            ),
            models.UniqueConstraint(
                name="a_hot_spot_warns_once", fields=["hot_spot", "authority"], condition=~Q(state="withdrawn")
            ),
        ]
        indexes = [
            models.Index(
                fields=["-published_at", "-id"], name="warnings_in_public", condition=Q(published_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.state}"


class HotSpotAction(models.Model):
    """Who did what and when, in order; inserted only."""

    class Kind(models.TextChoices):
        TAKEN = "taken", _("接手负责")
        DISMISSED = "dismissed", _("判断为无需处理")
        REOPENED = "reopened", _("重新列为待判断")
        OPENED = "opened", _("发起行政指导")
        MEASURE_ADDED = "added", _("提出措施")
        MEASURE_DROPPED = "dropped", _("删去措施")
        SENT = "sent", _("送达企业")
        REPORTED = "reported", _("企业报告进展")
        REMINDED = "reminded", _("措施逾期没有完成，已提醒")
        CLOSED = "closed", _("作出判断并结束")
        DRAFTED = "drafted", _("起草消费预警")
        EDITED = "edited", _("修改消费预警")
        PROPOSED = "proposed", _("提请批准消费预警")
        SENT_BACK = "sent_back", _("退回修改")
        PUBLISHED = "published", _("批准并发布消费预警")
        WITHDRAWN = "withdrawn", _("撤回消费预警")
        BEGUN = "begun", _("发起降诉行动")
        CALLED = "called", _("召集企业")
        MET = "met", _("记录会议")
        COUNTED = "counted", _("平台算出已达到目标")
        ASKED = "asked", _("提请公开")
        NOT_YET = "not_yet", _("退回，不公开")
        MADE_PUBLIC = "public", _("批准并公开")
        HIDDEN = "hidden", _("撤下公开的页面")
        REPLIED = "replied", _("企业提交公开说明")
        REPLY_SHOWN = "shown", _("公开企业的说明")
        JUDGED = "judged", _("判断行动的结果")
        DEMANDED = "demanded", _("要求为全部受影响的人补救")
        OFFERED = "offered", _("企业提出补救办法")
        AGREED = "agreed", _("同意补救办法")
        RETURNED = "returned", _("退回补救办法")
        REMEDIED = "remedied", _("企业报告补救")
        LISTED = "listed", _("企业上传受影响的名单")
        DRAWN = "drawn", _("平台抽样")
        EXAMINED = "examined", _("记录抽查的结果")
        CHASED = "chased", _("补救逾期没有完成，已提醒")
        VERIFIED = "verified", _("核实已为全部受影响的人补救")

    hot_spot = models.ForeignKey(HotSpot, null=True, on_delete=models.PROTECT, related_name="actions")
    campaign = models.ForeignKey("oversight.Campaign", null=True, on_delete=models.PROTECT, related_name="actions")
    remedy = models.ForeignKey("oversight.Remedy", null=True, on_delete=models.PROTECT, related_name="actions")
    guidance = models.ForeignKey(Guidance, null=True, on_delete=models.PROTECT, related_name="actions")
    #: The measure it is about, by its number within the guidance.
    measure = models.PositiveSmallIntegerField(null=True)
    warning = models.ForeignKey(ConsumerWarning, null=True, on_delete=models.PROTECT, related_name="actions")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    at = models.DateTimeField()
    #: Nobody: the clock.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    #: The state of a measure, the judgement of a guidance, the title of a warning, as it was then.
    said = models.CharField(max_length=LONGEST_MEASURE, blank=True, default="")

    class Meta:
        db_table = "oversight_deed"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["hot_spot", "id"], name="deeds_about_a_hot_spot"),
            models.Index(fields=["guidance", "id"], name="deeds_of_a_guidance", condition=Q(guidance__isnull=False)),
            models.Index(fields=["warning", "id"], name="deeds_of_a_warning", condition=Q(warning__isnull=False)),
            models.Index(fields=["campaign", "id"], name="deeds_of_a_campaign", condition=Q(campaign__isnull=False)),
            models.Index(fields=["remedy", "id"], name="deeds_of_a_remedy", condition=Q(remedy__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_deed_is_about_a_hot_spot_a_campaign_or_a_remedy",
                condition=Q(hot_spot__isnull=False) | Q(campaign__isnull=False) | Q(remedy__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"
