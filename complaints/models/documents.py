"""Official documents (文书), their versions and series of numbers; and dossiers asked for. A number is given in the
transaction of the step that issues the document, stays with it for good and is never used again."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.keys.sealed_fields import SealedJSON
from authorities.models import Authority
from complaints.models.complaint import Complaint, Engagement
from enterprises.models import Enterprise

#: The official forms (文书式样) 1 to 10.
FORMS = tuple(range(1, 11))


class DocumentSeries(models.Model):
    """The last number that an authority gave to one sort of document in one year. Its row is locked until the step is
    committed, so that numbers follow each other and a step that fails leaves no gap."""

    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    form = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authority", "year", "form"], name="a_series_counts_once"),
            models.CheckConstraint(name="a_series_begins_with_one", condition=Q(last__gt=0)),
        ]


class OfficialDocument(models.Model):
    """One number. ``audience`` and ``sequence`` name the entry of the record that issued it.

    ``to_consumer`` and ``to_enterprise``: whom it is addressed to, and so who reads it beside the authority. The
    enterprise's side is the engagement that had the case then. ``served_*`` is when an officer recorded the service."""

    ISSUED, VOID = "issued", "void"
    STATES = (ISSUED, VOID)

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="documents")
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, db_index=False, related_name="+")
    year = models.PositiveSmallIntegerField()
    form = models.PositiveSmallIntegerField(choices=[(n, n) for n in FORMS])
    number = models.PositiveIntegerField()
    #: As it is printed: 鼓市监投受〔2026〕第1号.
    reference = models.CharField(max_length=60)
    audience = models.CharField(max_length=12, default="parties")
    sequence = models.PositiveIntegerField()
    to_consumer = models.BooleanField(default=False)
    to_enterprise = models.BooleanField(default=False)
    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    engagement = models.ForeignKey(
        Engagement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="documents",
        db_constraint=False,
    )
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    second_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    state = models.CharField(max_length=8, default=ISSUED, choices=[(s, s) for s in STATES])
    served_consumer_at = models.DateTimeField(null=True, blank=True)
    served_enterprise_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "year", "form", "number"], name="a_document_number_is_used_once"
            ),
            models.CheckConstraint(name="a_document_is_numbered", condition=Q(number__gt=0) & ~Q(reference="")),
            models.CheckConstraint(
                name="document_has_whole_engagement_or_none",
                condition=Q(enterprise__isnull=True, engagement__isnull=True)
                | Q(enterprise__isnull=False, engagement__isnull=False),
            ),
            # What only the authority may know is addressed to nobody.
            models.CheckConstraint(
                name="a_confidential_document_is_addressed_to_nobody",
                condition=Q(audience="parties") | Q(to_consumer=False, to_enterprise=False),
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "id"], name="documents_of_a_case"),
            models.Index(fields=["authority", "-issued_at", "-id"], name="documents_of_an_authority"),
            models.Index(fields=["-issued_at", "-id"], name="documents_by_day"),
            models.Index(fields=["reference"], name="documents_by_reference"),
        ]

    def __str__(self) -> str:
        return self.reference


class DocumentVersion(models.Model):
    """The words of a document as they stood, frozen. ``content`` holds ``salt`` and ``paper`` (documents/wording.py);
    ``digest`` is theirs and stands in the entry ``sequence``. The print is made of them later; its own digest then
    stands in an entry too."""

    document = models.ForeignKey(OfficialDocument, on_delete=models.PROTECT, related_name="versions")
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="+")
    number = models.PositiveSmallIntegerField(default=1)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField()
    content = SealedJSON(blank=True, whose="complaint.case_key", place=["complaint_id", "public_id"])
    digest = models.BinaryField()
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.PositiveIntegerField(default=0)
    path = models.CharField(max_length=120, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["document_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="a_version_is_numbered_once"),
            models.CheckConstraint(name="a_version_is_digested", condition=~Q(digest=b"")),
        ]
        indexes = [models.Index(fields=["id"], name="documents_to_print", condition=Q(sha256=""))]


class Dossier(models.Model):
    """What somebody asked for and a worker makes and signs: ``kind`` is the dossier of a case, the papers for the court
    that confirms its agreement, or the receipt of its filing.

    ``side`` is as what the person asked. ``entries`` is how long the parties' record was then built. ``files``: form
    (dossier/asking.FORMS) → [SHA-256 in hexadecimal, bytes]. ``site`` is where its QR codes lead. ``done`` of ``total``
    pieces of work are over."""

    DOSSIER, COURT, RECEIPT = KINDS = ("dossier", "court", "receipt")
    STATES = ("asked", "building", "ready", "expired", "failed")

    public_id = models.UUIDField(unique=True, default=uuid.uuid4)
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="dossiers")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=12)
    kind = models.CharField(max_length=8, default=DOSSIER, choices=[(k, k) for k in KINDS])
    language = models.CharField(max_length=10, default="zh-hans")
    site = models.CharField(max_length=200)
    state = models.CharField(max_length=8, default="asked", choices=[(s, s) for s in STATES])
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(null=True, blank=True)
    entries = models.PositiveIntegerField(default=0)
    is_sealed = models.BooleanField(default=False)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    files: models.Field[dict[str, list[str | int]], dict[str, list[str | int]]] = models.JSONField(default=dict)
    has_files = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "asked_by", "side", "kind"],
                name="dossier_is_built_once_at_a_time",
                condition=Q(state__in=["asked", "building"]),
            ),
            models.CheckConstraint(
                name="dossier_lasts_a_while", condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("ready_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="dossiers_to_build", condition=Q(state__in=["asked", "building"])),
            models.Index(fields=["id"], name="dossiers_with_files", condition=Q(has_files=True)),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
