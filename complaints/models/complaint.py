"""The case: where it stands, who holds it, by when. Its words lie in PersonalText. ``status`` is written by
``handling.take`` and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.keys import row_tags
from accounts.keys.sealed_fields import SealedJSON
from accounts.models import User
from accounts.sign_in.backend import may_work
from authorities.models import Authority, Officer, Region
from complaints.models.participant import Participant
from complaints.procedure.numbering import case_key_of
from complaints.procedure.workflow import AT_AUTHORITY, ENTERPRISE_SIDE, Outcome, Status
from database.wide_rows import WideRow
from enterprises.models import Branch, Brand, Enterprise, Staff
from enterprises.team.staffing import at_work, branch_ids_seen_by

#: What an index on open cases holds; a list has to ask for it in the same words.
OPEN = ~Q(status=Status.CLOSED)
NO_HANDLER = Q(status__in=sorted(ENTERPRISE_SIDE), handler__isnull=True)
NO_OFFICER = Q(status__in=sorted(AT_AUTHORITY), officer__isnull=True)

#: Levels whose cases have a column, so that an authority finds its own in the order of dates.
LEVEL_COLUMNS = {
    Region.Level.PROVINCE: "handling_province",
    Region.Level.CITY: "handling_city",
    Region.Level.COUNTY: "handling_county",
}


def lies_in(region: Region, path: str = "") -> Q:
    """Cases that are handled in this region or in one below it; ``path`` leads to the case."""
    column = LEVEL_COLUMNS.get(Region.Level(region.level))
    if column is not None:
        return Q(**{f"{path}{column}": region.pk})
    inside = Q(**{f"{path}handling_region_id__gte": region.pk, f"{path}handling_region_id__lte": region.last})
    if region.level == Region.Level.TOWNSHIP and region.parent and region.parent.level == Region.Level.COUNTY:
        # The county's index leads there; a township has none of its own.
        return Q(**{f"{path}handling_county": region.parent_id}) & inside
    return inside


def own_cases(user_id: int, day: date) -> Q:
    """Filed by this person (a representative: until the term is over), or joined by the own link."""
    joined = Participant.objects.filter(person_id=user_id, state=Participant.JOINED)
    return Q(consumer_id=user_id) & (Q(represented_until__isnull=True) | Q(represented_until__gte=day)) | Q(
        pk__in=joined.order_by().values("complaint_id")
    )


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    """Reads only. ``visible_to`` is the first check: every entry point starts here, and every list
    with ``of_offices`` or ``held_by``, which are parts of it that an index can answer."""

    def visible_to(self, user: User | Any, *, on: date | None = None) -> ComplaintQuerySet:
        """Cases that ``user`` may see on day ``on`` (today): own, own engagement, own region. A person may hold several
        relations at once; they add up. Anonymous: none."""
        day = on or timezone.localdate()
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        seen = own_cases(user.pk, day)
        if not may_work(user):
            return self.filter(seen).exclude(status=Status.DRAFT)
        for staff in row_tags.standing(at_work(day).filter(user_id=user.pk).select_related("enterprise")):
            engagements = Engagement.objects.filter(complaint_id=OuterRef("pk"), enterprise_id=staff.enterprise_id)
            branch_ids = branch_ids_seen_by(staff)
            if branch_ids is not None:
                engagements = engagements.filter(branch_id__in=branch_ids)
            seen |= Q(Exists(engagements))
        offices = Officer.objects.on(day).filter(user_id=user.pk).select_related("authority__region__parent")
        for region in regions_of(row_tags.standing(offices)):
            seen |= lies_in(region)
        return self.filter(seen).exclude(status=Status.DRAFT)

    def of_offices(self, offices: Iterable[Officer]) -> ComplaintQuerySet:
        """Of what the holder of these offices (with their regions) may see: the cases of those regions."""
        regions = regions_of(offices)
        if not regions:
            return self.none()
        seen = lies_in(regions[0])
        for region in regions[1:]:
            seen |= lies_in(region)
        return self.filter(seen).exclude(status=Status.DRAFT)

    def held_by(self, jobs: Iterable[tuple[int, frozenset[int] | None]]) -> ComplaintQuerySet:
        """Of what the holder of these jobs may see: cases that lie with that enterprise (and one
        of these branches, None for all) now."""
        results = [
            Q(enterprise_id=enterprise) if branches is None else Q(enterprise_id=enterprise, branch_id__in=branches)
            for enterprise, branches in jobs
        ]
        if not results:
            return self.none()
        held = results[0]
        for one in results[1:]:
            held |= one
        return self.filter(held).exclude(status=Status.DRAFT)

    def open(self) -> ComplaintQuerySet:
        return self.exclude(status__in=[Status.CLOSED, Status.DRAFT])


def regions_of(offices: Iterable[Officer]) -> list[Region]:
    """Where these offices are; a region within another one is left out."""
    regions = sorted({office.authority.region for office in offices}, key=lambda r: (r.pk, -r.last))
    return [r for r in regions if not any(o.pk != r.pk and o.covers(r.pk) for o in regions)]


class Complaint(WideRow):
    """One dispute of one consumer with one respondent. Amounts are in ``currency``; ``*_at`` are instants (UTC),
    ``*_on`` local days. ``last_sequence`` and ``last_hash`` are the head of the parties' chain."""

    number = models.CharField(max_length=32, unique=True)
    status = models.CharField(max_length=24, choices=[(s, s) for s in Status])
    outcome = models.CharField(max_length=24, blank=True, default="", choices=[(o, o) for o in Outcome])
    reason = models.CharField(max_length=60, blank=True, default="")
    is_in_part = models.BooleanField(default=False)
    is_not_kept = models.BooleanField(default=False)
    is_late = models.BooleanField(default=False)
    is_overdue = models.BooleanField(default=False)
    #: Closed as settled because an offer that granted nothing was "accepted", before there was ``let_rest`` (migration
    #: 0009): shown as refused in full and not pursued. No step sets it; it falls when the case goes on.
    accepted_refusal = models.BooleanField(default=False, db_default=False, editable=False)
    status_since = models.DateTimeField()

    consumer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="complaints",
    )
    consumer_key = models.UUIDField()
    contact_verified = models.BooleanField(default=False)
    language = models.CharField(max_length=10, default="zh-hans")

    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="complaints"
    )
    branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="complaints"
    )
    picked_enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    picked_branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    picked_brand = models.ForeignKey(
        Brand, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    respondent_named = models.CharField(max_length=200, blank=True, default="")
    #: Address, phone and link as the consumer gave them: of a private seller they are a person's.
    respondent_details = SealedJSON(blank=True, whose="consumer_key", place=["number"])
    handler = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="cases"
    )

    service_region = models.ForeignKey(
        Region, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    handling_region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False, related_name="+")
    #: Written by the database with handling_region (migration 0005), for lists.
    handling_province = models.IntegerField(null=True, blank=True, editable=False)
    handling_city = models.IntegerField(null=True, blank=True, editable=False)
    handling_county = models.IntegerField(null=True, blank=True, editable=False)
    handling_authority = models.ForeignKey(Authority, on_delete=models.PROTECT, db_index=False, related_name="cases")
    officer = models.ForeignKey(
        Officer, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="cases"
    )
    authority_received_at = models.DateTimeField(null=True, blank=True)
    returns = models.PositiveSmallIntegerField(default=0)

    object_kind = models.CharField(max_length=20, blank=True, default="")
    object_category = models.CharField(max_length=60, blank=True, default="")
    problem_category = models.CharField(max_length=60, blank=True, default="")
    item_name = models.CharField(max_length=200, blank=True, default="")
    brand_named = models.CharField(max_length=120, blank=True, default="")
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="CNY")
    bought_on = models.DateField(null=True, blank=True)
    is_online = models.BooleanField(null=True, blank=True)
    disputed_on = models.DateField(null=True, blank=True)
    disputed_on_is_approximate = models.BooleanField(default=False)
    learned_on = models.DateField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    consents = models.JSONField(default=dict, blank=True)
    consent_version = models.CharField(max_length=20, blank=True, default="")
    on_behalf_kind = models.CharField(max_length=20, blank=True, default="self")
    #: Last day on which a representative may see and do anything here; empty for everybody else.
    represented_until = models.DateField(null=True, blank=True)
    #: Where it was written down for the consumer, and whether that station still sees how it goes on.
    station = models.ForeignKey(
        "enterprises.Station", null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    station_sees = models.BooleanField(default=False)
    publication_consent = models.BooleanField(default=False)
    #: On the national platform, as it says: complaints/handling/steps/platform.py.
    platform_number = models.CharField(max_length=60, blank=True, default="")
    platform_received_at = models.DateTimeField(null=True, blank=True)
    platform_state = models.CharField(max_length=16, blank=True, default="")

    channel = models.CharField(max_length=20, default="web")
    source = models.CharField(max_length=80, blank=True, default="")
    external_source = models.CharField(max_length=60, blank=True, default="")
    external_id = models.CharField(max_length=120, blank=True, default="")
    absent = models.JSONField(default=list, blank=True)
    tracking_digest = models.CharField(max_length=64, blank=True, default="")
    linked_group = models.UUIDField(null=True, blank=True)

    received_at = models.DateTimeField()
    filed_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    # For the lists of an enterprise: its own next date (the earliest clock that it owes), and who of the parties spoke
    # last.
    enterprise_due_at = models.DateTimeField(null=True, blank=True)
    last_word = models.CharField(max_length=20, blank=True, default="", db_default="")
    last_event_at = models.DateTimeField()
    last_sequence = models.PositiveIntegerField(default=0)
    last_hash = models.BinaryField(default=b"")

    objects = ComplaintQuerySet.as_manager()

    @property
    def was_refused_in_full(self) -> bool:
        """It ended with nothing granted and the consumer did not go on; no settlement, whatever the outcome."""
        return self.reason == "refusal_let_rest" or self.accepted_refusal

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="closed_has_outcome",
                condition=Q(status=Status.CLOSED, closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(status=Status.CLOSED) & Q(outcome="", closed_at__isnull=True),
            ),
            models.CheckConstraint(name="status_is_known", condition=Q(status__in=[str(s) for s in Status])),
            models.CheckConstraint(
                name="outcome_is_known", condition=Q(outcome="") | Q(outcome__in=[str(o) for o in Outcome])
            ),
            models.CheckConstraint(
                name="enterprise_side_has_enterprise",
                condition=~Q(status__in=[Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.AWAITING_CONSUMER])
                | Q(enterprise__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["platform_number"], condition=~Q(platform_number=""), name="platform_number_is_one_case"
            ),
            models.UniqueConstraint(
                fields=["external_source", "external_id"],
                condition=~Q(external_id=""),
                name="external_complaint_is_filed_once",
            ),
        ]
        # No index on a foreign key alone: nobody deletes what it points at, and every step of every case pays for it.
        indexes = [
            models.Index(fields=["consumer", "-filed_at"], name="cases_of_a_consumer"),
            models.Index(fields=["consumer_key", "filed_at"], name="cases_of_a_person"),
            models.Index(fields=["enterprise", "received_at", "id"], name="cases_of_an_enterprise"),
            # By what code of a poster they came; most came without one.
            models.Index(fields=["source"], name="cases_by_source", condition=~Q(source="")),
            models.Index(fields=["handling_county", "received_at", "id"], name="cases_of_a_county"),
            # Above a county one walks by date: the level is looked up in the index itself.
            models.Index(fields=["received_at", "id", "handling_city", "handling_province"], name="cases_by_receipt"),
            # What few cases have is found without a walk through all of them.
            models.Index(fields=["channel", "received_at", "id"], name="cases_by_channel"),
            models.Index(fields=["problem_category", "received_at", "id"], name="cases_by_problem"),
            models.Index(fields=["object_category", "received_at", "id"], name="cases_by_object"),
            models.Index(
                fields=["enterprise", "next_due_at", "id", "status"], name="open_cases_of_an_enterprise", condition=OPEN
            ),
            models.Index(
                fields=["enterprise", "enterprise_due_at", "id", "status"],
                name="open_cases_by_own_date",
                condition=OPEN,
            ),
            models.Index(fields=["next_due_at", "id", "status"], name="open_cases", condition=OPEN),
            *(
                models.Index(
                    fields=[column, "next_due_at", "id", "status"], name=f"open_cases_of_a_{level}", condition=OPEN
                )
                for level, column in LEVEL_COLUMNS.items()
            ),
            models.Index(
                fields=["officer", "next_due_at", "id"],
                name="open_cases_of_an_officer",
                condition=OPEN & Q(officer__isnull=False),
            ),
            models.Index(
                fields=["handler", "next_due_at", "id"],
                name="open_cases_of_a_handler",
                condition=OPEN & Q(handler__isnull=False),
            ),
            models.Index(fields=["id"], name="filed_cases_to_forward", condition=Q(status=Status.FILED)),
            models.Index(fields=["id"], name="cases_without_a_handler", condition=NO_HANDLER),
            models.Index(fields=["id"], name="cases_without_an_officer", condition=NO_OFFICER),
            # A month's closed cases, for the draw of call-backs and for figures; written once, when a case ends.
            models.Index(fields=["closed_at", "id"], name="closed_cases_by_day", condition=Q(status=Status.CLOSED)),
            # What the public is shown, newest first.
            models.Index(
                fields=["closed_at", "id"],
                name="shown_cases_by_day",
                condition=Q(status=Status.CLOSED, publication_consent=True, facts__published=True),
            ),
            models.Index(
                fields=["station", "-filed_at"], name="cases_of_a_station", condition=Q(station__isnull=False)
            ),
            models.Index(fields=["linked_group"], name="linked_cases", condition=Q(linked_group__isnull=False)),
        ]

    @property
    def case_key(self) -> UUID:
        return case_key_of(self.number)

    def __str__(self) -> str:
        return self.number

    @property
    def title(self) -> str:
        return self.item_name or self.respondent_named or self.number


def ended_as(result: str) -> Q:
    """Engagements with this ``result``."""
    recorded = Q(odr_result=result, accepted_refusal=False)
    return recorded | Q(accepted_refusal=True) if result == "failed" else recorded


ODR_RESULTS = ["", "settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned"]


class Engagement(models.Model):
    """One legal entity's time with the case. Offers, contacts and notes hang on it."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="engagements")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, db_index=False, related_name="engagements")
    branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="engagements"
    )
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    is_supervised = models.BooleanField(default=False)
    is_overdue = models.BooleanField(default=False)
    accepted_at = models.DateTimeField(null=True, blank=True)
    first_contact_at = models.DateTimeField(null=True, blank=True)
    odr_result = models.CharField(max_length=24, blank=True, default="")
    ended_by = models.CharField(max_length=40, blank=True, default="")
    # For the list of what is over: the case is no longer open here, and did not come back to the same branch.
    is_past = models.BooleanField(default=False, db_default=False)
    #: Ended as settled because an offer that granted nothing was "accepted" (migration 0009): shown and counted as
    #: failed. No step sets it.
    accepted_refusal = models.BooleanField(default=False, db_default=False, editable=False)
    #: The ticket in the enterprise's own system; nobody else reads it.
    external_ref = models.CharField(max_length=80, blank=True, default="")

    @property
    def result(self) -> str:
        """``odr_result`` as it is shown and counted."""
        return "failed" if self.accepted_refusal and self.odr_result else self.odr_result

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "external_ref"], condition=~Q(external_ref=""), name="a_ticket_is_one_engagement"
            ),
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(until_at__isnull=True), name="one_open_engagement_a_case"
            ),
            models.UniqueConstraint(fields=["enterprise", "id"], name="engagement_belongs_to_its_enterprise"),
            models.CheckConstraint(
                name="ended_engagement_has_result",
                condition=Q(until_at__isnull=True, odr_result="") | Q(until_at__isnull=False) & ~Q(odr_result=""),
            ),
            models.CheckConstraint(name="odr_result_is_known", condition=Q(odr_result__in=ODR_RESULTS)),
        ]
        indexes = [
            models.Index(fields=["enterprise", "complaint"], name="engagements_of_an_enterprise"),
            models.Index(
                fields=["enterprise", "-until_at", "-id"],
                name="ended_engagements_of_a_firm",
                condition=Q(until_at__isnull=False),
            ),
            models.Index(
                fields=["enterprise", "-until_at", "-id"], name="past_engagements_of_a_firm", condition=Q(is_past=True)
            ),
            models.Index(fields=["until_at"], name="ended_engagements", condition=Q(until_at__isnull=False)),
            models.Index(F("branch"), F("complaint"), name="engagements_of_a_branch"),
        ]
