"""Call-backs (回访): the sealed draw of each month and the cases that it brought. The seed of a month lies where no
page can read it until the sample is drawn; its digest is shown before."""

from django.db import models
from django.db.models import Q

from authorities.models import Authority, Officer
from complaints.models.complaint import Complaint

#: Why a case is in the sample.
WHY = ("repeat", "reopened", "drawn")
STATES = ("open", "reached", "not_reached")
#: What the consumer said that calls for more than a note.
FINDINGS = ("", "not_kept", "never_settled")


class CallBackMonth(models.Model):
    """One month of closings. ``commitment`` is the digest of the seed, shown from ``made_at`` on; ``seed`` is there
    once drawn.

    ``population`` and ``population_digest`` say of which numbers the sample was drawn, ``drawn`` how many it has."""

    month = models.DateField(unique=True)
    commitment = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    seed = models.CharField(max_length=64, blank=True, default="")
    drawn_at = models.DateTimeField(null=True, blank=True)
    population = models.PositiveIntegerField(default=0)
    drawn = models.PositiveIntegerField(default=0)
    population_digest = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(
                condition=Q(drawn_at=None, seed="") | Q(drawn_at__isnull=False) & ~Q(seed=""),
                name="a_seed_is_shown_with_the_draw",
            )
        ]

    def __str__(self) -> str:
        return self.month.strftime("%Y-%m")


class CallBackSeed(models.Model):
    """The seed itself, for the steps' own role alone."""

    month = models.OneToOneField(CallBackMonth, on_delete=models.PROTECT, related_name="sealed")
    seed = models.CharField(max_length=64)


class CallBack(models.Model):
    """One case of the sample. ``share``: the policy's per hundred at the draw; ``officer``: who is to ring."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="call_backs")
    month = models.ForeignKey(CallBackMonth, on_delete=models.PROTECT, db_index=False, related_name="cases")
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, db_index=False, related_name="+")
    officer = models.ForeignKey(
        Officer, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    why = models.CharField(max_length=10, choices=[(w, w) for w in WHY])
    share = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, default="open", choices=[(s, s) for s in STATES])
    attempts = models.PositiveSmallIntegerField(default=0)
    overall = models.PositiveSmallIntegerField(null=True, blank=True)
    disagrees = models.BooleanField(default=False)
    finding = models.CharField(max_length=16, blank=True, default="", choices=[(f, f) for f in FINDINGS])
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "month"], name="a_case_is_called_back_once_a_month")
        ]
        indexes = [
            models.Index(fields=["month", "authority", "id"], name="call_backs_of_an_authority"),
            models.Index(fields=["officer", "id"], name="call_backs_of_an_officer", condition=Q(state="open")),
        ]
