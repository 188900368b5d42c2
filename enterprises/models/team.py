"""How the team of an enterprise or authority works: invitations, two persons, leave, assignment rules, templates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.keys.sealed_fields import SealedText
from authorities.periods import LeaveQuerySet, LeaveRow
from database.decided_rows import DecidedRow


class Invitation(models.Model):
    """``role`` is a code of that place (``Role.post``); open until used, revoked or past ``expires_at``."""

    token_digest = models.CharField(max_length=64, unique=True)
    address_digest = models.CharField(max_length=64)
    #: m***@example.org: whoever invited knows it again.
    address_masked = models.CharField(max_length=254)
    enterprise = models.ForeignKey("enterprises.Enterprise", null=True, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey("enterprises.Branch", null=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("authorities.Authority", null=True, on_delete=models.PROTECT, related_name="+")
    station = models.ForeignKey("enterprises.Station", null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["enterprise", "-id"], name="invitations_of_an_enterprise"),
            models.Index(fields=["authority", "-id"], name="invitations_of_an_authority"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(enterprise__isnull=False, authority__isnull=True, station__isnull=True)
                | Q(enterprise__isnull=True, authority__isnull=False, branch__isnull=True, station__isnull=True)
                | Q(enterprise__isnull=True, authority__isnull=True, branch__isnull=True, station__isnull=False),
                name="an_invitation_names_one_organisation",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="an_invitation_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True), name="a_revoked_invitation_was_not_used"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.address_masked}"


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


class TwoPersons(DecidedRow):
    """What a second person must approve, for an enterprise or a branch and those below it (staffing.py).
    `offers_above` empty: no offer for its amount alone."""

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


class AnswerTemplate(models.Model):
    """A prepared answer. ``number``: its newest version; ``owner`` answers for what it says; a retired one is offered
    no more. ``branch`` and ``problem`` (how a code begins): where it is offered; empty: everywhere."""

    enterprise = models.ForeignKey(
        "enterprises.Enterprise", on_delete=models.PROTECT, db_index=False, related_name="templates"
    )
    name = models.CharField(max_length=60)
    number = models.PositiveIntegerField(default=1)
    owner = models.ForeignKey("enterprises.Staff", on_delete=models.PROTECT, db_index=False, related_name="+")
    is_retired = models.BooleanField(default=False)
    branch = models.ForeignKey(
        "enterprises.Branch", null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    problem = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        ordering = ["enterprise_id", "name"]
        constraints = [models.UniqueConstraint(fields=["enterprise", "name"], name="template_has_one_name")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """What it says. ``body`` may hold variables in braces (complaints/settlement/answer_templates.py); ``verdict`` on
    every demand that has none yet ("": it leaves them open), ``way`` of what is promised ("": the usual one of the
    demand), ``days`` from the day of use to the last day, in working days. Offered once it was tried (``tried_at``)."""

    template = models.ForeignKey(AnswerTemplate, on_delete=models.PROTECT, db_index=False, related_name="versions")
    number = models.PositiveIntegerField()
    body = SealedText(place=["template_id", "number"], free_text=True)
    verdict = models.CharField(max_length=8, blank=True, default="")
    way = models.CharField(max_length=20, blank=True, default="")
    days = models.PositiveSmallIntegerField(default=5)
    tried_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey("enterprises.Staff", on_delete=models.PROTECT, db_index=False, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["template_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_is_numbered_once")]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"
