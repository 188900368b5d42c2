"""A change of an enterprise's own entry in the directory: who wants what, from which day, and what became of it.

The row is the file of the change. What is wished (``what``) is never rewritten; the directory itself is
written by `changing` alone, in the transaction that writes the decision here.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enterprises.models.enterprise import Branch, Enterprise

#: Letters of a reason or of a refusal.
LONGEST = 500


class DirectoryChange(models.Model):
    """``what``: ids and words by name, as its kind needs them (changing.KINDS). ``branch``: in whose part of the tree.

    ``preview``: which cases of late would have gone elsewhere (routing.directory_changes.previewing); ids of cases
    only.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("尚未提交")
        WAITING = "waiting", _("等待批准")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")
        RECORDED = "recorded", _("已生效并备案")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="changes")
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    what = models.JSONField()
    on_day = models.DateField()
    why = models.CharField(max_length=LONGEST)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=LONGEST, blank=True, default="")
    preview = models.JSONField(null=True)
    #: Set: a sweep is to count anew. Empty: counted, or never to be.
    preview_wanted_at = models.DateTimeField(null=True)
    preview_leased_until = models.DateTimeField(null=True)
    preview_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("名录变更")
        constraints = [
            models.CheckConstraint(
                name="a_decided_change_says_who_and_when",
                condition=Q(state__in=["draft", "waiting", "withdrawn"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="a_change_before_the_authority_was_filed",
                condition=Q(state__in=["draft", "withdrawn"]) | Q(filed_at__isnull=False),
            ),
            models.CheckConstraint(name="a_refused_change_says_why", condition=~Q(state="refused") | ~Q(reason="")),
            models.CheckConstraint(name="a_change_says_why", condition=~Q(why="")),
        ]
        indexes = [
            models.Index(fields=["enterprise", "made_at", "id"], name="changes_of_an_enterprise"),
            models.Index(fields=["filed_at", "id"], name="changes_to_be_decided", condition=Q(state="waiting")),
            models.Index(
                fields=["preview_wanted_at", "id"],
                name="changes_to_be_counted",
                condition=Q(preview_wanted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.kind} {self.state}"
