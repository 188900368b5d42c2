"""Work on many cases: a table asked for or filled in, a file of the national platform, a measure. The row is the queue
and the trace; what was done to a case stands in its record and its offers."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.keys.sealed_fields import SealedJSON, SealedText
from authorities.models import Authority
from database.decided_rows import DecidedRow
from enterprises.models import Branch, Enterprise, Staff


class Export(DecidedRow):
    """``query`` is the filter as it stood in the address; ``columns`` are codes of exporting/columns.py.

    ``mark`` names it for people and stands in the file. ``case_ids`` are chosen when building begins; ``rows`` of them
    are done, and the first ``kept_bytes`` of the half-built file hold these."""

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


class PlatformFile(DecidedRow):
    """``place``: the last line that was worked on in this state; ``lines``: how many there are."""

    STATES = ("checking", "checked", "applying", "done", "dropped", "failed")

    mark = models.CharField(max_length=20, unique=True)
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, db_index=False, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    file_name = SealedText(blank=True, place=["mark"], free_text=True)
    form = models.CharField(max_length=4, choices=[(f, f) for f in ("csv", "xlsx")])
    digest = models.CharField(max_length=64)
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(max_length=8, default="checking", choices=[(s, s) for s in STATES])
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    place = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=40, blank=True, default="")
    failure_words = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "digest"],
                condition=~Q(state__in=["dropped", "failed"]),
                name="platform_file_is_answered_once",
            )
        ]
        indexes = [
            models.Index(fields=["authority", "-id"], name="platform_files_of_an_authority"),
            models.Index(
                fields=["id"], name="platform_files_to_work_on", condition=Q(state__in=["checking", "applying"])
            ),
        ]

    def __str__(self) -> str:
        return self.mark


class PlatformLine(models.Model):
    """What comes, or came, of one line. ``kind``: a number for a case of ours, or a new complaint."""

    KINDS = ("number", "new")
    STATES = ("good", "bad", "done", "refused", "same")

    file = models.ForeignKey(PlatformFile, on_delete=models.CASCADE, db_index=False, related_name="rows")
    line = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=[(k, k) for k in KINDS])
    number = models.CharField(max_length=40, blank=True, default="")
    platform_number = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=8, choices=[(s, s) for s in STATES])
    column = models.CharField(max_length=40, blank=True, default="")
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="platform_line_is_read_once")]
        indexes = [models.Index(fields=["file", "state", "line"], name="platform_lines_by_state")]


class Measure(DecidedRow):
    """One answer to equal cases. ``picks``: case, number and amount as chosen; ``rule``: what each kind of demand gets.

    ``branch`` is where whoever made it works, empty for the whole enterprise: who sees that branch sees the measure.
    ``left_out``: number and reason of each case that got no offer. Its offers carry ``public_id``, and so do the
    proposals of its cases while a second person is asked (``proposed_at``); ``returned``: why that one sent it back."""

    public_id = models.UUIDField(unique=True, default=uuid.uuid4)
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    title = SealedText(place=["public_id"], free_text=True)
    rule = SealedJSON(blank=True, place=["public_id"], free_text=True)
    picks = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent = models.PositiveSmallIntegerField(default=0)
    proposed_by = models.ForeignKey(
        Staff, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        Staff, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    returned = SealedText(blank=True, place=["public_id"], free_text=True)

    class Meta:
        indexes = [models.Index(fields=["enterprise", "-id"], name="measures_of_an_enterprise")]

    def __str__(self) -> str:
        return str(self.public_id)


class RoundTrip(DecidedRow):
    """One uploaded table: read, tried out, and carried out as whoever sent it decides. ``mode``: ``all`` or nothing, or
    the ``good`` rows only. The row is the queue: a sweep leases it, and the states of its rows say how far it came."""

    STATES = ("reading", "checking", "checked", "applying", "done", "dropped", "failed")
    MODES = ("all", "good")

    mark = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+")
    file_name = SealedText(blank=True, place=["mark"], free_text=True)
    form = models.CharField(max_length=4, choices=[(f, f) for f in ("csv", "xlsx")])
    digest = models.CharField(max_length=64)
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(max_length=8, default="reading", choices=[(s, s) for s in STATES])
    mode = models.CharField(max_length=4, blank=True, default="", choices=[(m, m) for m in MODES])
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    read_rows = models.PositiveIntegerField(default=0)
    blank_rows = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=40, blank=True, default="")
    failure_words = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="round_trips_of_a_person"),
            models.Index(
                fields=["id"], name="round_trips_to_work_on", condition=Q(state__in=["reading", "checking", "applying"])
            ),
        ]

    def __str__(self) -> str:
        return self.mark


class RoundTripRow(models.Model):
    """One line of an uploaded table. ``key``: what the line asks for, so that it counts once whatever file it stands
    in.

    ``after``: the version of the case when the line was done. ``case_id`` is empty where the number names nothing that
    the sender sees. ``said``: the cells that were filled in, gone when the line is done with."""

    STATES = ("read", "good", "bad", "done", "refused", "same")

    trip = models.ForeignKey(RoundTrip, on_delete=models.CASCADE, related_name="rows")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+", db_index=False)
    line = models.PositiveIntegerField()
    number = models.CharField(max_length=60, blank=True, default="")
    case_id = models.BigIntegerField(null=True, blank=True)
    step = models.CharField(max_length=40, blank=True, default="")
    key = models.CharField(max_length=64, blank=True, default="")
    said = SealedJSON(blank=True, place=["trip_id", "line"], free_text=True)
    state = models.CharField(max_length=8, default="read", choices=[(s, s) for s in STATES])
    column = models.CharField(max_length=40, blank=True, default="")
    problem = models.CharField(max_length=300, blank=True, default="")
    after = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trip", "line"], name="line_is_read_once"),
            models.UniqueConstraint(fields=["enterprise", "key"], condition=Q(state="done"), name="line_counts_once"),
        ]
        indexes = [models.Index(fields=["trip", "state", "case_id", "line"], name="lines_to_work_on")]
