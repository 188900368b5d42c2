"""A table of cases that somebody asked for: who, with which filter and columns, and what became of it.

The row is the queue and the trace. The file beside it lives for a day at most and is
handed out once; the row stays.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.keys.sealed_fields import SealedText
from authorities.models import Authority
from enterprises.models import Enterprise


class Export(models.Model):
    """``query`` is the filter as it stood in the address; ``columns`` are codes of exporting/columns.py.

    ``mark`` names it for people and stands in the file. ``case_ids`` are chosen when building begins;
    ``rows`` of them are done, and the first ``kept_bytes`` of the half-built file hold these.
    """

    STATES = ("asked", "approved", "building", "ready", "fetched", "expired", "refused", "failed")
    FORMATS = ("csv", "xlsx")

    mark = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: Parts of the enterprise that the asker sees; empty for all.
    branch_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # Filters may hold a name or number that somebody looked for.
    query = SealedText(blank=True, place=["mark"])
    columns = ArrayField(models.CharField(max_length=40))
    has_personal = models.BooleanField(default=False)
    purpose = SealedText(blank=True, place=["mark"], free_text=True)
    format = models.CharField(max_length=4, choices=[(f, f) for f in FORMATS])
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(max_length=8, default="asked", choices=[(s, s) for s in STATES])
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    case_ids: models.Field[list[int] | None, list[int] | None] = ArrayField(
        models.BigIntegerField(), null=True, blank=True
    )
    total = models.PositiveIntegerField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    kept_bytes = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=40, blank=True, default="")
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    link_digest = models.CharField(max_length=64, blank=True, default="")
    file_digest = models.CharField(max_length=64, blank=True, default="")
    file_size = models.BigIntegerField(default=0)
    has_file = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="export_belongs_to_one_side",
                condition=Q(enterprise__isnull=False, authority__isnull=True)
                | Q(enterprise__isnull=True, authority__isnull=False),
            ),
            models.CheckConstraint(
                name="export_with_personal_columns_is_approved_by_another",
                condition=Q(has_personal=False)
                | Q(state__in=["asked", "refused", "expired"])
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="export_lasts_a_while", condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("ready_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="exports_of_a_person"),
            models.Index(fields=["id"], name="exports_to_build", condition=Q(state__in=["approved", "building"])),
            models.Index(fields=["id"], name="exports_to_decide", condition=Q(state="asked")),
            models.Index(fields=["id"], name="exports_with_a_file", condition=Q(has_file=True)),
        ]

    def __str__(self) -> str:
        return self.mark
