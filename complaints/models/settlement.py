"""What the enterprise's side puts on the table. Its rows carry ``(enterprise, engagement)`` together: a composite key
in the database refuses one enterprise's child under another's engagement."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText
from complaints.models.complaint import Complaint, Engagement
from complaints.models.demand import Demand
from enterprises.models import Enterprise, Staff, TemplateVersion

OBLIGATION_KINDS = (
    *("original_channel", "transfer", "bill_credit", "voucher", "repair", "exchange", "service_change"),
    *("apology", "return_by_consumer", "other"),
)
MONEY_KINDS = frozenset({"original_channel", "transfer", "bill_credit", "voucher"})
#: What an enterprise does without paying.
ACT_KINDS = frozenset(OBLIGATION_KINDS) - MONEY_KINDS - {"return_by_consumer"}


#: Offers that grant nothing and wait for the consumer's answer.
OPEN_REFUSAL = Q(state="open", grants_nothing=True)


class Offer(models.Model):
    """One answer to every demand, with the obligations that follow from it."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="offers")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, db_index=False, related_name="+")
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="offers", db_constraint=False)
    number = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=12,
        default="open",
        choices=[(s, s) for s in ("open", "accepted", "declined", "superseded", "lapsed", "withdrawn")],
    )
    message = SealedText(blank=True, whose="complaint.case_key", place=["complaint_id", "number"], free_text=True)
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    made_by_name = SealedText(blank=True, place=["complaint_id", "number"])
    made_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    measure_id = models.UUIDField(null=True, blank=True)
    template_version = models.ForeignKey(
        TemplateVersion, null=True, on_delete=models.PROTECT, db_index=False, related_name="offers"
    )
    questions = models.PositiveSmallIntegerField(default=0)
    is_replacement = models.BooleanField(default=False)
    #: Every demand is refused and the enterprise promises nothing: there is nothing to accept.
    grants_nothing = models.BooleanField(default=False)
    counter_demand = SealedText(
        blank=True, whose="complaint.consumer_key", place=["complaint_id", "number"], free_text=True
    )
    #: The sums for which the consumer would settle: ordinal of the demand → ``"100.00"``.
    counter_sums = models.JSONField(default=dict, db_default={}, blank=True)
    decline_reason = models.CharField(max_length=60, blank=True, default="")

    @property
    def is_open_refusal(self) -> bool:
        """It grants nothing and waits for the consumer's answer; ``OPEN_REFUSAL`` as a condition."""
        return self.state == "open" and self.grants_nothing

    class Meta:
        ordering = ["complaint_id", "number"]
        # What an enterprise answered last, for whoever answers the next case.
        indexes = [
            models.Index(fields=["enterprise", "-made_at"], name="offers_of_an_enterprise"),
            models.Index(
                fields=["measure_id", "complaint"], name="offers_of_a_measure", condition=Q(measure_id__isnull=False)
            ),
            models.Index(
                fields=["template_version", "made_at", "state"],
                name="offers_of_a_template",
                condition=Q(template_version__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "number"], name="offer_is_numbered_once"),
            models.UniqueConstraint(fields=["complaint"], condition=Q(state="open"), name="one_open_offer_a_case"),
        ]


class OfferAnswer(models.Model):
    """What the enterprise says to one demand: grant, in part, refuse with a reason."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="answers")
    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="answers")
    verdict = models.CharField(max_length=8, choices=[(v, v) for v in ("grant", "part", "refuse")])
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    reason = SealedText(blank=True, whose="offer.complaint.case_key", place=["offer_id", "demand_id"], free_text=True)
    is_separable = models.BooleanField(default=False)

    class Meta:
        ordering = ["offer_id", "demand__ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "demand"], name="demand_is_answered_once"),
            models.CheckConstraint(name="refusal_has_reason", condition=Q(verdict="grant") | ~Q(reason=b"")),
        ]


class Obligation(models.Model):
    """One promise: who owes what, by when, and how it ended.

    ``due_on`` is the last day; or ``days_after`` working days after the obligation ``after_ordinal`` was confirmed.
    Without an engagement it stems from a mediation. ``settlement`` counts the engagements and agreements of the
    case."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="obligations")
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    engagement = models.ForeignKey(
        Engagement, null=True, blank=True, on_delete=models.PROTECT, related_name="obligations", db_constraint=False
    )
    offer = models.ForeignKey(Offer, null=True, blank=True, on_delete=models.PROTECT, related_name="obligations")
    answers_demand = models.ForeignKey(Demand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=10, default="offer", choices=[("offer", "offer"), ("mediation", "mediation")])
    settlement = models.PositiveSmallIntegerField(default=1)
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=[(k, k) for k in OBLIGATION_KINDS])
    what = SealedText(whose="complaint.case_key", place=["complaint_id", "ordinal"], free_text=True)
    owed_by = models.CharField(
        max_length=12, default="enterprise", choices=[("enterprise", "enterprise"), ("consumer", "consumer")]
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    payee_last4 = SealedText(blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"])
    due_on = models.DateField(null=True, blank=True)
    days_after = models.PositiveSmallIntegerField(null=True, blank=True)
    after_ordinal = models.PositiveSmallIntegerField(null=True, blank=True)
    proof = SealedText(blank=True, whose="complaint.case_key", place=["complaint_id", "ordinal"], free_text=True)
    state = models.CharField(
        max_length=10,
        default="proposed",
        choices=[(s, s) for s in ("proposed", "due", "reported", "confirmed", "silent", "broken", "waived", "dropped")],
    )
    reported_at = models.DateTimeField(null=True, blank=True)
    reported_proof = SealedText(
        blank=True, whose="complaint.case_key", place=["complaint_id", "ordinal"], free_text=True
    )
    payment_channel = SealedText(blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"])
    confirmed_at = models.DateTimeField(null=True, blank=True)
    disputed_at = models.DateTimeField(null=True, blank=True)
    is_late = models.BooleanField(default=False)

    class Meta:
        ordering = ["complaint_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="obligation_has_whole_engagement_or_none",
                condition=Q(enterprise__isnull=True, engagement__isnull=True)
                | Q(enterprise__isnull=False, engagement__isnull=False),
            ),
            models.UniqueConstraint(fields=["complaint", "ordinal"], name="obligation_is_numbered_once"),
            models.CheckConstraint(
                name="obligation_amount_is_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
            ),
            models.CheckConstraint(
                name="obligation_says_when",
                condition=Q(due_on__isnull=False) | Q(days_after__isnull=False, after_ordinal__isnull=False),
            ),
        ]


class Contact(models.Model):
    """One attempt to reach the consumer: when, how, who, and whether it worked."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="contacts")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+")
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="contacts", db_constraint=False)
    channel = models.CharField(
        max_length=12, choices=[(c, c) for c in ("phone", "sms", "email", "visit", "message", "other")]
    )
    at = models.DateTimeField()
    by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    by_name = SealedText(blank=True, place=["complaint_id", "at"])
    reached = models.BooleanField(default=False)
    note = SealedText(blank=True, whose="complaint.case_key", place=["complaint_id", "at"], free_text=True)

    class Meta:
        ordering = ["complaint_id", "at", "id"]


class InternalNote(models.Model):
    """Seen by the enterprise alone."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="notes")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+")
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="notes", db_constraint=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    by_name = SealedText(blank=True, place=["complaint_id", "at"])
    at = models.DateTimeField()
    text = SealedText(whose="complaint.case_key", place=["complaint_id", "at"], free_text=True)

    class Meta:
        ordering = ["complaint_id", "id"]


class RootCause(models.Model):
    """Why it came to the complaint, in the enterprise's own eyes; one a time with a case. Seen by the enterprise alone;
    authorities read what several named together (oversight/counters/further.py).
    ``cause`` is a code of complaints/procedure/categories.py; who tagged it stands in the record."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="root_causes")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, db_index=False, related_name="+")
    engagement = models.OneToOneField(
        Engagement, on_delete=models.PROTECT, related_name="root_cause", db_constraint=False
    )
    cause = models.CharField(max_length=30)
    at = models.DateTimeField()

    class Meta:
        ordering = ["complaint_id", "id"]
        indexes = [models.Index(fields=["enterprise", "at"], name="root_causes_of_an_enterprise")]
