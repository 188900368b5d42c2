"""Dated routing rules with plain columns; changes of them: who wants what and why, what a trial showed.

Of a version of a rule only its end is ever written; a change is a new version. Rules are written by
`rule_changing.decide` alone. Cases are named by id only, never by a word of theirs.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority, Region
from authorities.periods import DatedRow, ends_after_it_starts
from database.decided_rows import DecidedRow
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


#: Letters of a reason; a rule says the same to whoever asks why a case went there.
LONGEST = 300


class Lesson(DecidedRow):
    """What officers chose again and again where routing had said something else, or nothing.

    ``subject``: ``named`` (folded), ``enterprise`` or ``brand`` (id) as the consumers said it; ``words`` is what they
    wrote. ``agree`` of ``total`` choices point to the target; ``cases`` are some of them.
    """

    class State(models.TextChoices):
        OPEN = "open", _("待处理")
        DRAFTED = "drafted", _("已起草")
        DISMISSED = "dismissed", _("不采纳")

    subject_kind = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    words = models.CharField(max_length=200, blank=True, default="")
    category = models.CharField(max_length=60, blank=True, default="")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    target_enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+")
    target_branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    agree = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    cases = models.JSONField(default=list)
    counted_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=LONGEST, blank=True, default="")

    class Meta:
        ordering = ["-agree", "id"]
        verbose_name = _("从更正中学到的")
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject", "category", "region", "target_enterprise", "target_branch"],
                nulls_distinct=False,
                name="a_lesson_is_told_once",
            ),
            models.CheckConstraint(name="a_dismissed_lesson_says_why", condition=~Q(state="dismissed") | ~Q(reason="")),
        ]
        indexes = [models.Index(fields=["counted_at", "id"], name="lessons_to_be_read", condition=Q(state="open"))]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject} {self.region_id}"


class RuleChange(DecidedRow):
    """A rule to be made, changed (a new version) or ended.

    ``code`` is empty for a new rule until it is approved; ``base_version`` is the newest version that its author saw.
    ``what``: the columns of the rule, rows by their ids. ``ends_on`` of an end is the last day on which it holds.
    """

    class Kind(models.TextChoices):
        SET = "set", _("新规则或新版本")
        END = "end", _("停用规则")

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        WAITING = "waiting", _("等待批准")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")

    kind = models.CharField(max_length=3, choices=Kind.choices)
    code = models.CharField(max_length=40, blank=True, default="")
    base_version = models.PositiveIntegerField(null=True)
    what: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    region = models.ForeignKey(Region, null=True, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    why = models.CharField(max_length=LONGEST)
    why_en = models.CharField(max_length=LONGEST, blank=True, default="")
    lesson = models.ForeignKey(Lesson, null=True, on_delete=models.PROTECT, related_name="changes")
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=LONGEST, blank=True, default="")
    rule = models.ForeignKey(RoutingRule, null=True, on_delete=models.PROTECT, related_name="changes")

    class Meta:
        ordering = ["-id"]
        verbose_name = _("规则变更")
        constraints = [
            models.CheckConstraint(
                name="a_decided_rule_change_says_who_and_when",
                condition=~Q(state__in=["approved", "refused"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="nobody_approves_his_own_rule",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("made_by")),
            ),
            models.CheckConstraint(name="a_refused_rule_says_why", condition=~Q(state="refused") | ~Q(reason="")),
            models.CheckConstraint(name="a_rule_change_says_why", condition=~Q(why="")),
            models.CheckConstraint(
                name="a_rule_change_has_its_day",
                condition=Q(kind="set", starts_on__isnull=False) | Q(kind="end", ends_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["made_at", "id"], name="rule_changes_by_making"),
            models.Index(fields=["code", "id"], name="rule_changes_of_a_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code or 'new'} {self.state}"

    @property
    def final_code(self) -> str:
        """What the rule is called, or will be."""
        return self.code or f"G{self.pk}"

    @property
    def digest(self) -> str:
        """Of all that a trial has tried; another word of the reason is no other rule."""
        texts = [self.kind, self.code, self.base_version, self.what, str(self.starts_on), str(self.ends_on)]
        return hashlib.sha256(json.dumps(texts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class RuleTrial(models.Model):
    """A change tried on the cases of some days, newest first, piece by piece.

    ``digest``: of the change as it was tried. ``rules``: of the rules beside it; if they change meanwhile it begins
    anew. ``found``: as routing.rule_desk.trying writes it. ``upto_at``, ``upto_id``: what is older has not been looked
    at yet.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("正在试运行")
        DONE = "done", _("已完成")
        FAILED = "failed", _("没有算出来")
        DROPPED = "dropped", _("已作废")

    change = models.ForeignKey(RuleChange, on_delete=models.CASCADE, related_name="trials")
    digest = models.CharField(max_length=64)
    rules = models.CharField(max_length=64, blank=True, default="")
    days = models.PositiveSmallIntegerField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    upto_at = models.DateTimeField()
    upto_id = models.BigIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    found: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("规则试运行")
        constraints = [
            models.UniqueConstraint(
                fields=["change"], condition=Q(state="running"), name="one_trial_of_a_rule_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["asked_at", "id"], name="trials_to_be_run", condition=Q(state="running"))]

    def __str__(self) -> str:
        return f"{self.change_id} {self.days} {self.state}"


class RuleUse(models.Model):
    """How the forwardings by a rule went within the last days, counted by a sweep (routing.rule_desk.learning).

    ``code`` "officer": those that officers chose themselves. ``held``: the rule matched, and a person had to decide.
    """

    code = models.CharField(max_length=60, unique=True)
    forwarded = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("规则使用情况")

    def __str__(self) -> str:
        return f"{self.code} {self.returned}/{self.forwarded}"
