"""How an enterprise organises its own work: leave, who gets a new case, what takes two persons.

A row that was in force once stays, because entries of the record name it; it is ended, not changed.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from authorities.periods import LeaveQuerySet, LeaveRow


class Absence(LeaveRow):
    """Leave of somebody who holds cases: from–to, both days included. At its start the open cases go to the deputy,
    else to a head (complaints/assignment/assigning.py)."""

    staff = models.ForeignKey("enterprises.Staff", on_delete=models.PROTECT, related_name="absences")
    deputy = models.ForeignKey("enterprises.Staff", null=True, on_delete=models.PROTECT, related_name="+")

    objects = LeaveQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="leave_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("staff")), name="nobody_deputises_for_themselves"
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="leave_that_counts", condition=Q(cancelled_at=None))]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.starts_on}–{self.ends_on}"


class AssignmentRule(models.Model):
    """Who handles a new case. Empty columns mean any branch, any problem; no handler means whoever has the fewest open
    cases.

    The rules of a case's own branch are tried first, then those of the whole enterprise; each in the order of
    `position`.
    """

    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="assignment_rules")
    branch = models.ForeignKey("enterprises.Branch", null=True, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=60, blank=True, default="")
    handler = models.ForeignKey("enterprises.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["enterprise_id", F("branch_id").asc(nulls_last=True), "position", "id"]
        indexes = [
            models.Index(fields=["enterprise", "branch"], name="assignment_rules_in_force", condition=Q(ended_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.branch_id} {self.category} → {self.handler_id}"


class TwoPersons(models.Model):
    """What a second person must approve, for an enterprise or for one branch and those below it (approving.py).

    `offers_above` empty: no offer for its amount alone.
    """

    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="two_persons")
    branch = models.ForeignKey("enterprises.Branch", null=True, on_delete=models.PROTECT, related_name="+")
    offers_above = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    refusals = models.BooleanField(default=False)
    failures = models.BooleanField(default=False)
    returns = models.BooleanField(default=False)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["enterprise_id", "branch_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "branch"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="one_two_person_rule_a_place",
            ),
            models.CheckConstraint(
                condition=Q(offers_above=None) | Q(offers_above__gte=0), name="two_persons_from_an_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.branch_id}"
