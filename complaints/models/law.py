"""Changes of the law's data, tried on recorded cases before they hold; and the same as a mere question (a replay).

A row says what is meant and how far it came; what holds stands in policies and calendar versions, and nothing gets
there that was not tried first and decided by another person than whoever asked.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from authorities.models import Authority, Region
from complaints.models.complaint import Complaint
from database.decided_rows import DecidedRow


class LawChange(DecidedRow):
    """One change, or one replay. The row is the queue: a sweep leases it, ``after`` says how far it came.

    ``change``: of a policy {name, number, unit, starts_on, legal_basis}; of a calendar {year, source, published_on,
    days: [[day, is_working, name, name_en]]}; a replay has the one or the other. ``region`` empty: the whole country.
    ``since`` and ``until``: the days on which the clocks that are tried began; empty for a calendar, which is tried on
    all that run. ``asked_by`` empty: the command at the machine. ``counts`` by verdict; ``groups`` by
    "clock|enterprise|authority", each by verdict. ``result``: the policy version or calendar version that it became."""

    KINDS = ("policy", "calendar", "replay")
    STATES = ("trying", "tried", "applying", "done", "refused", "dropped", "failed")

    mark = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=8, choices=[(k, k) for k in KINDS])
    authority = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(
        Region, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    change = models.JSONField(default=dict)
    why = models.CharField(max_length=500, blank=True, default="")
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, default="trying", choices=[(s, s) for s in STATES])
    after = models.BigIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    groups = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True, default="")
    result = models.CharField(max_length=60, blank=True, default="")
    moved = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="law_is_changed_by_two_persons",
                condition=Q(asked_by__isnull=True)
                | ~Q(state__in=["applying", "done"])
                | Q(kind="replay")
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="law_is_changed_after_a_preview",
                condition=~Q(state__in=["tried", "applying", "done"]) | Q(tried_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-id"], name="law_changes_of_a_kind"),
            models.Index(fields=["id"], name="law_changes_to_work_on", condition=Q(state__in=["trying", "applying"])),
        ]

    def __str__(self) -> str:
        return self.mark


class LawEffect(models.Model):
    """One recorded clock that a change would have moved. The first of them are kept; all are counted."""

    VERDICTS = ("late", "in_time", "unknown", "later", "earlier", "kept")

    change = models.ForeignKey(LawChange, on_delete=models.CASCADE, related_name="effects", db_index=False)
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="+", db_index=False)
    clock = models.CharField(max_length=20)
    owed_by = models.CharField(max_length=12)
    verdict = models.CharField(max_length=8, choices=[(v, v) for v in VERDICTS])
    before = models.DateField()
    after = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["change", "verdict", "id"], name="effects_of_a_law_change")]
