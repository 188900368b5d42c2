"""Clocks as rows: what is owed by when, and every reminder of it. ``due_at`` is the first instant that is late, and
``chase_at`` is when somebody must look next; both are written inside ``handling.take`` only."""

from django.db import models
from django.db.models import Q

from authorities.models import Authority
from complaints.models.complaint import Complaint
from complaints.models.matters import Matter
from complaints.models.settlement import Obligation
from complaints.procedure.workflow import Clock

#: Kinds of clocks that only authorities know of (an instruction: where its matter is for them alone), or that run on
#: when the case is closed. Of live ones an index has them, in these words.
OF_AUTHORITIES = (Clock.LEAD, Clock.JURISDICTION, Clock.INSTRUCTION, Clock.NOTICE, Clock.OBJECTION)
CLOCKS_OF_AUTHORITIES = Q(ended_at=None, clock__in=[str(clock) for clock in OF_AUTHORITIES])


class Deadline(models.Model):
    """One clock of one case.

    States: running, paused, met (done in time or late), lapsed (still owed, overdue), ended (its status was left).
    ``remaining`` is R, in working days, while paused; ``allowance_used`` counts the days of pause already taken. Of an
    overdue one that superiors are told of (handling/transition/lapses.py): ``escalations`` says how often,
    ``escalated_to`` whom last, ``escalate_at`` when the next is."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="deadlines")
    clock = models.CharField(max_length=20, choices=[(c, c) for c in Clock])
    obligation = models.ForeignKey(
        Obligation, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines"
    )
    matter = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines")
    owed_by = models.CharField(max_length=12)
    state = models.CharField(
        max_length=8, default="running", choices=[(s, s) for s in ("running", "paused", "met", "lapsed", "ended")]
    )
    started_at = models.DateTimeField()
    length = models.PositiveSmallIntegerField(default=0)
    unit = models.CharField(max_length=4, default="WD")
    policy_version = models.CharField(max_length=40, blank=True, default="")
    due_at = models.DateTimeField()
    last_day = models.DateField()
    chase_at = models.DateTimeField(null=True, blank=True)
    remaining = models.SmallIntegerField(null=True, blank=True)
    paused_on = models.DateField(null=True, blank=True)
    allowance_used = models.PositiveSmallIntegerField(default=0)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    lapse_written_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    escalated_to = models.ForeignKey(
        Authority, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    escalate_at = models.DateTimeField(null=True, blank=True)
    escalations = models.PositiveSmallIntegerField(default=0)
    is_provisional = models.BooleanField(default=False)
    derivation = models.JSONField(default=dict)

    class Meta:
        ordering = ["complaint_id", "id"]
        constraints = [
            models.CheckConstraint(name="clock_is_known", condition=Q(clock__in=[str(c) for c in Clock])),
            models.CheckConstraint(name="clock_ends_after_it_starts", condition=Q(due_at__gt=models.F("started_at"))),
            models.CheckConstraint(
                name="paused_clock_keeps_its_rest",
                condition=~Q(state="paused") | Q(remaining__isnull=False, paused_on__isnull=False),
            ),
            models.CheckConstraint(
                name="lapsed_clock_has_both_moments",
                condition=Q(lapsed_at__isnull=True, lapse_written_at__isnull=True)
                | Q(lapsed_at__isnull=False, lapse_written_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["complaint", "clock", "obligation", "matter"],
                condition=Q(state__in=["running", "paused"]),
                nulls_distinct=False,
                name="one_live_clock_of_a_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["chase_at", "id"], name="clocks_to_chase", condition=Q(chase_at__isnull=False)),
            models.Index(fields=["complaint", "state"], name="clocks_of_a_case"),
            models.Index(
                fields=["lapse_written_at", "complaint"],
                name="lapses_by_hour",
                condition=Q(lapse_written_at__isnull=False),
            ),
            models.Index(
                fields=["escalated_to", "due_at", "id"],
                name="escalated_clocks",
                condition=Q(ended_at__isnull=True, escalated_to__isnull=False),
            ),
            models.Index(fields=["due_at", "complaint"], name="clocks_of_authorities", condition=CLOCKS_OF_AUTHORITIES),
            models.Index(
                fields=["id"],
                name="provisional_clocks",
                condition=Q(is_provisional=True, state__in=["running", "paused"]),
            ),
        ]


class Reminder(models.Model):
    """A reminder that was given. The unique index makes it single, not a query."""

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="reminders")
    mark = models.CharField(max_length=24)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deadline", "mark"], name="reminded_once_a_mark")]
