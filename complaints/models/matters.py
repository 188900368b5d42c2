"""Side matters of a case that wait for somebody (questions, claims, proposals, sessions), and answer links. A matter
holds no text of a person (that is PersonalText); one open matter of a single kind a case, by index."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedJSON, SealedText
from authorities.models import Authority, Officer
from complaints.models.complaint import Complaint, Engagement
from enterprises.models import Enterprise

SINGLE_KINDS = (
    *("question", "consent", "settled_elsewhere", "return", "extension", "recusal", "appraisal", "objection"),
    *("undo", "delegation", "unreachable"),
)

#: How a mediation is held (art. 20).
SESSION_MODES = ("site", "online", "phone", "video", "other")


class Matter(models.Model):
    """``data`` holds plain facts (ids, amounts, grounds); ``subject`` tells twins apart.

    An instruction (urge) says who sent it (``authority``) and to whom: ``to_authority``, else the enterprise; its last
    moment is ``until_at``. A proposal says of which set of offers it is (``measure_id``)."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="matters")
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    engagement = models.ForeignKey(
        Engagement, null=True, blank=True, on_delete=models.PROTECT, related_name="matters", db_constraint=False
    )
    authority = models.ForeignKey(
        Authority, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    to_authority = models.ForeignKey(
        Authority, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=24)
    subject = models.CharField(max_length=60, blank=True, default="")
    audience = models.CharField(max_length=12, default="parties")
    state = models.CharField(
        max_length=10,
        default="open",
        choices=[(s, s) for s in ("open", "answered", "granted", "refused", "fallen", "done")],
    )
    opened_by = models.CharField(max_length=16)
    opened_by_key = models.UUIDField(null=True, blank=True)
    opened_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    measure_id = models.UUIDField(null=True, blank=True)
    data = SealedJSON(blank=True, whose="complaint.case_key", place=["complaint_id", "kind", "opened_at"])

    class Meta:
        ordering = ["complaint_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "kind"],
                condition=Q(state="open", kind__in=SINGLE_KINDS),
                name="one_open_matter_of_a_single_kind",
            ),
            models.UniqueConstraint(
                fields=["complaint", "subject"],
                condition=Q(state="open", kind="proposal"),
                name="one_open_proposal_a_case_and_step",
            ),
            models.CheckConstraint(
                name="matter_has_whole_engagement_or_none",
                condition=Q(enterprise__isnull=True, engagement__isnull=True)
                | Q(enterprise__isnull=False, engagement__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "state"], name="matters_of_a_case"),
            models.Index(
                fields=["-opened_at", "-id"], name="register_of_violations", condition=Q(kind__in=["report", "lead"])
            ),
            models.Index(fields=["complaint"], name="open_objections", condition=Q(kind="objection", state="open")),
            models.Index(fields=["until_at", "id"], name="open_instructions", condition=Q(kind="urge", state="open")),
            models.Index(
                fields=["closed_at", "id"], name="answered_instructions", condition=Q(kind="urge", state="answered")
            ),
            models.Index(
                fields=["measure_id", "complaint"], name="proposals_of_a_measure", condition=Q(measure_id__isnull=False)
            ),
        ]


class AnswerLink(models.Model):
    """``phone`` got the link, or was told by the respondent: what decides asks for a code to it. Empty: nothing is
    decided by this link. ``person_key``: whoever answers is nobody to us but the holder of this link. ``delegation``:
    the link is the body's to which the mediation was handed then, and dead once that is over; without it, the
    respondent's."""

    SMS, LETTER = "sms", "letter"
    CHANNELS = (SMS, LETTER)

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="answer_links")
    token_digest = models.CharField(max_length=64, unique=True)
    delegation = models.ForeignKey(Matter, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    channel = models.CharField(max_length=10, choices=[(c, c) for c in CHANNELS])
    person_key = models.UUIDField(default=uuid.uuid4)
    phone = SealedText(blank=True, whose="person_key", place=["complaint_id", "token_digest"])
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Officer, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["complaint_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"],
                name="one_link_answers_a_case",
                condition=Q(revoked_at__isnull=True, delegation__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["complaint"],
                name="one_link_mediates_a_case",
                condition=Q(revoked_at__isnull=True, delegation__isnull=False),
            ),
        ]
