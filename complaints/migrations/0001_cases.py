"""Tables of a case: the complaint, who holds it and who takes part, demands, offers, promises, clocks, its record with
the sealed texts, its files, notices and deliveries."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import F, Q

from accounts.keys.sealed_fields import BlindIndex, SealedJSON, SealedText
from database.operations import CreateModels

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

MODELS = [
    migrations.CreateModel(
        "Heartbeat",
        [("name", models.CharField(primary_key=True, max_length=40, serialize=False)), ("at", models.DateTimeField())],
    ),
    migrations.CreateModel(
        "Seal",
        [
            ID,
            ("number", models.PositiveBigIntegerField(unique=True)),
            ("at", models.DateTimeField()),
            ("through_id", models.BigIntegerField()),
            ("size", models.BigIntegerField()),
            ("previous_root", models.BinaryField()),
            ("root", models.BinaryField()),
            ("signature", models.BinaryField()),
            ("public_key", models.BinaryField()),
            ("heads_root", models.BinaryField(default=b"")),
        ],
        options={"ordering": ["number"]},
    ),
    migrations.CreateModel(
        "SealedHead",
        [
            ID,
            ("complaint_id", models.BigIntegerField()),
            ("audience", models.CharField(max_length=12)),
            ("sequence", models.PositiveIntegerField()),
            ("hash", models.BinaryField()),
            ("seal", models.ForeignKey("complaints.seal", models.PROTECT, related_name="heads")),
        ],
        options={
            "ordering": ["seal_id", "complaint_id", "audience"],
            "indexes": [models.Index(name="sealed_heads_of_a_case", fields=["complaint_id", "seal"])],
            "constraints": [
                models.UniqueConstraint(name="chain_is_sealed_once_a_seal", fields=("seal", "complaint_id", "audience"))
            ],
        },
    ),
    migrations.CreateModel(
        "Complaint",
        [
            ID,
            ("number", models.CharField(max_length=32, unique=True)),
            (
                "status",
                models.CharField(
                    max_length=24,
                    choices=[
                        (code, code)
                        for code in (
                            "draft",
                            "filed",
                            "triage",
                            "with_enterprise",
                            "negotiating",
                            "awaiting_consumer",
                            "performing",
                            "review",
                            "awaiting_material",
                            "mediating",
                            "mediation_suspended",
                            "closed",
                        )
                    ],
                ),
            ),
            (
                "outcome",
                models.CharField(
                    max_length=24,
                    blank=True,
                    default="",
                    choices=[
                        (code, code)
                        for code in (
                            "settled",
                            "unconfirmed",
                            "settled_elsewhere",
                            "negotiation_failed",
                            "mediated",
                            "mediation_terminated",
                            "refused",
                            "redirected",
                            "withdrawn",
                        )
                    ],
                ),
            ),
            ("reason", models.CharField(max_length=60, blank=True, default="")),
            ("is_in_part", models.BooleanField(default=False)),
            ("is_not_kept", models.BooleanField(default=False)),
            ("is_late", models.BooleanField(default=False)),
            ("is_overdue", models.BooleanField(default=False)),
            ("status_since", models.DateTimeField()),
            ("consumer_key", models.UUIDField()),
            ("contact_verified", models.BooleanField(default=False)),
            ("language", models.CharField(max_length=10, default="zh-hans")),
            ("respondent_named", models.CharField(max_length=200, blank=True, default="")),
            ("authority_received_at", models.DateTimeField(blank=True, null=True)),
            ("returns", models.PositiveSmallIntegerField(default=0)),
            ("object_kind", models.CharField(max_length=20, blank=True, default="")),
            ("object_category", models.CharField(max_length=60, blank=True, default="")),
            ("problem_category", models.CharField(max_length=60, blank=True, default="")),
            ("item_name", models.CharField(max_length=200, blank=True, default="")),
            ("brand_named", models.CharField(max_length=120, blank=True, default="")),
            ("amount", models.DecimalField(blank=True, null=True, max_digits=14, decimal_places=2)),
            ("currency", models.CharField(max_length=3, default="CNY")),
            ("bought_on", models.DateField(blank=True, null=True)),
            ("is_online", models.BooleanField(blank=True, null=True)),
            ("disputed_on", models.DateField(blank=True, null=True)),
            ("disputed_on_is_approximate", models.BooleanField(default=False)),
            ("learned_on", models.DateField(blank=True, null=True)),
            ("facts", models.JSONField(blank=True, default=dict)),
            ("consents", models.JSONField(blank=True, default=dict)),
            ("consent_version", models.CharField(max_length=20, blank=True, default="")),
            ("on_behalf_kind", models.CharField(max_length=20, blank=True, default="self")),
            ("publication_consent", models.BooleanField(default=False)),
            ("platform_number", models.CharField(max_length=60, blank=True, default="")),
            ("channel", models.CharField(max_length=20, default="web")),
            ("source", models.CharField(max_length=80, blank=True, default="")),
            ("external_source", models.CharField(max_length=60, blank=True, default="")),
            ("external_id", models.CharField(max_length=120, blank=True, default="")),
            ("absent", models.JSONField(blank=True, default=list)),
            ("tracking_digest", models.CharField(max_length=64, blank=True, default="")),
            ("linked_group", models.UUIDField(blank=True, null=True)),
            ("received_at", models.DateTimeField()),
            ("filed_at", models.DateTimeField()),
            ("delivered_at", models.DateTimeField(blank=True, null=True)),
            ("closed_at", models.DateTimeField(blank=True, null=True)),
            ("next_due_at", models.DateTimeField(blank=True, null=True)),
            ("last_event_at", models.DateTimeField()),
            ("last_sequence", models.PositiveIntegerField(default=0)),
            ("last_hash", models.BinaryField(default=b"")),
            (
                "branch",
                models.ForeignKey(
                    "enterprises.branch",
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="complaints",
                    db_index=False,
                ),
            ),
            (
                "consumer",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="complaints",
                    db_index=False,
                ),
            ),
            (
                "enterprise",
                models.ForeignKey(
                    "enterprises.enterprise",
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="complaints",
                    db_index=False,
                ),
            ),
            (
                "handler",
                models.ForeignKey(
                    "enterprises.staff", models.PROTECT, blank=True, null=True, related_name="cases", db_index=False
                ),
            ),
            (
                "handling_authority",
                models.ForeignKey("authorities.authority", models.PROTECT, related_name="cases", db_index=False),
            ),
            (
                "handling_region",
                models.ForeignKey("authorities.region", models.PROTECT, related_name="+", db_index=False),
            ),
            (
                "officer",
                models.ForeignKey(
                    "authorities.officer", models.PROTECT, blank=True, null=True, related_name="cases", db_index=False
                ),
            ),
            (
                "picked_branch",
                models.ForeignKey(
                    "enterprises.branch", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "picked_brand",
                models.ForeignKey(
                    "enterprises.brand", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "picked_enterprise",
                models.ForeignKey(
                    "enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "service_region",
                models.ForeignKey(
                    "authorities.region", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            ("handling_city", models.IntegerField(blank=True, null=True, editable=False)),
            ("handling_county", models.IntegerField(blank=True, null=True, editable=False)),
            ("handling_province", models.IntegerField(blank=True, null=True, editable=False)),
            ("respondent_details", SealedJSON(blank=True, whose="consumer_key", place=["number"], free_text=False)),
            ("represented_until", models.DateField(blank=True, null=True)),
            (
                "station",
                models.ForeignKey(
                    "enterprises.station", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            ("station_sees", models.BooleanField(default=False)),
            ("platform_received_at", models.DateTimeField(blank=True, null=True)),
            ("platform_state", models.CharField(max_length=16, blank=True, default="")),
            ("enterprise_due_at", models.DateTimeField(blank=True, null=True)),
            ("last_word", models.CharField(max_length=20, blank=True, default="", db_default="")),
        ],
        options={
            "indexes": [
                models.Index(name="cases_of_a_consumer", fields=["consumer", "-filed_at"]),
                models.Index(name="cases_of_a_person", fields=["consumer_key", "filed_at"]),
                models.Index(name="cases_of_an_enterprise", fields=["enterprise", "received_at", "id"]),
                models.Index(name="cases_by_source", fields=["source"], condition=~Q(source="")),
                models.Index(name="cases_of_a_county", fields=["handling_county", "received_at", "id"]),
                models.Index(
                    name="cases_by_receipt", fields=["received_at", "id", "handling_city", "handling_province"]
                ),
                models.Index(
                    name="open_cases_of_an_enterprise",
                    fields=["enterprise", "next_due_at", "id", "status"],
                    condition=~Q(status="closed"),
                ),
                models.Index(
                    name="cases_that_an_enterprise_owes",
                    fields=["enterprise", "enterprise_due_at", "id", "status"],
                    condition=~Q(status="closed") & Q(enterprise_due_at__isnull=False),
                ),
                models.Index(name="open_cases", fields=["next_due_at", "id", "status"], condition=~Q(status="closed")),
                models.Index(
                    name="open_cases_of_a_province",
                    fields=["handling_province", "next_due_at", "id", "status"],
                    condition=~Q(status="closed"),
                ),
                models.Index(
                    name="open_cases_of_a_city",
                    fields=["handling_city", "next_due_at", "id", "status"],
                    condition=~Q(status="closed"),
                ),
                models.Index(
                    name="open_cases_of_a_county",
                    fields=["handling_county", "next_due_at", "id", "status"],
                    condition=~Q(status="closed"),
                ),
                models.Index(
                    name="open_cases_of_an_officer",
                    fields=["officer", "next_due_at", "id"],
                    condition=~Q(status="closed") & Q(officer__isnull=False),
                ),
                models.Index(
                    name="open_cases_of_a_handler",
                    fields=["handler", "next_due_at", "id"],
                    condition=~Q(status="closed") & Q(handler__isnull=False),
                ),
                models.Index(name="filed_cases_to_forward", fields=["id"], condition=Q(status="filed")),
                models.Index(name="closed_cases_by_day", fields=["closed_at", "id"], condition=Q(status="closed")),
                models.Index(
                    name="shown_cases_by_day",
                    fields=["closed_at", "id"],
                    condition=Q(facts__published=True, publication_consent=True, status="closed"),
                ),
                models.Index(
                    name="cases_of_a_station", fields=["station", "-filed_at"], condition=Q(station__isnull=False)
                ),
                models.Index(name="linked_cases", fields=["linked_group"], condition=Q(linked_group__isnull=False)),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="closed_has_outcome",
                    condition=(Q(closed_at__isnull=False) & Q(status="closed") & ~Q(outcome=""))
                    | (~Q(status="closed") & Q(closed_at__isnull=True) & Q(outcome="")),
                ),
                models.CheckConstraint(
                    name="status_is_known",
                    condition=Q(
                        status__in=[
                            "draft",
                            "filed",
                            "triage",
                            "with_enterprise",
                            "negotiating",
                            "awaiting_consumer",
                            "performing",
                            "review",
                            "awaiting_material",
                            "mediating",
                            "mediation_suspended",
                            "closed",
                        ]
                    ),
                ),
                models.CheckConstraint(
                    name="outcome_is_known",
                    condition=Q(outcome="")
                    | Q(
                        outcome__in=[
                            "settled",
                            "unconfirmed",
                            "settled_elsewhere",
                            "negotiation_failed",
                            "mediated",
                            "mediation_terminated",
                            "refused",
                            "redirected",
                            "withdrawn",
                        ]
                    ),
                ),
                models.CheckConstraint(
                    name="enterprise_side_has_enterprise",
                    condition=~Q(status__in=["with_enterprise", "negotiating", "awaiting_consumer"])
                    | Q(enterprise__isnull=False),
                ),
                models.CheckConstraint(
                    name="negotiating_has_handler", condition=~Q(status="negotiating") | Q(handler__isnull=False)
                ),
                models.UniqueConstraint(
                    name="platform_number_is_one_case", fields=("platform_number",), condition=~Q(platform_number="")
                ),
                models.UniqueConstraint(
                    name="external_complaint_is_filed_once",
                    fields=("external_source", "external_id"),
                    condition=~Q(external_id=""),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Engagement",
        [
            ID,
            ("from_at", models.DateTimeField()),
            ("until_at", models.DateTimeField(blank=True, null=True)),
            ("is_supervised", models.BooleanField(default=False)),
            ("is_overdue", models.BooleanField(default=False)),
            ("accepted_at", models.DateTimeField(blank=True, null=True)),
            ("first_contact_at", models.DateTimeField(blank=True, null=True)),
            ("odr_result", models.CharField(max_length=24, blank=True, default="")),
            ("ended_by", models.CharField(max_length=40, blank=True, default="")),
            (
                "branch",
                models.ForeignKey(
                    "enterprises.branch",
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="engagements",
                    db_index=False,
                ),
            ),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="engagements")),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="engagements", db_index=False),
            ),
            ("external_ref", models.CharField(max_length=80, blank=True, default="")),
            ("is_past", models.BooleanField(default=False, db_default=False)),
        ],
        options={
            "indexes": [
                models.Index(name="engagements_of_an_enterprise", fields=["enterprise", "complaint"]),
                models.Index(
                    name="ended_engagements_of_a_firm",
                    fields=["enterprise", "-until_at", "-id"],
                    condition=Q(until_at__isnull=False),
                ),
                models.Index(
                    name="past_engagements_of_a_firm",
                    fields=["enterprise", "-until_at", "-id"],
                    condition=Q(is_past=True),
                ),
                models.Index(name="ended_engagements", fields=["until_at"], condition=Q(until_at__isnull=False)),
                models.Index(F("branch"), F("complaint"), name="engagements_of_a_branch"),
            ],
            "constraints": [
                models.UniqueConstraint(
                    name="a_ticket_is_one_engagement",
                    fields=("enterprise", "external_ref"),
                    condition=~Q(external_ref=""),
                ),
                models.UniqueConstraint(
                    name="one_open_engagement_a_case", fields=("complaint",), condition=Q(until_at__isnull=True)
                ),
                models.UniqueConstraint(name="engagement_belongs_to_its_enterprise", fields=("enterprise", "id")),
                models.CheckConstraint(
                    name="ended_engagement_has_result",
                    condition=Q(odr_result="", until_at__isnull=True) | (Q(until_at__isnull=False) & ~Q(odr_result="")),
                ),
                models.CheckConstraint(
                    name="odr_result_is_known",
                    condition=Q(
                        odr_result__in=[
                            "",
                            "settled",
                            "unconfirmed",
                            "settled_elsewhere",
                            "failed",
                            "withdrawn",
                            "returned",
                        ]
                    ),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Demand",
        [
            ID,
            ("ordinal", models.PositiveSmallIntegerField()),
            ("kind", models.CharField(max_length=40)),
            ("amount", models.DecimalField(blank=True, null=True, max_digits=14, decimal_places=2)),
            ("is_settled", models.BooleanField(default=False)),
            ("is_given_up", models.BooleanField(default=False)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="demands", db_index=False),
            ),
            (
                "note",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"], free_text=True
                ),
            ),
            ("party", models.PositiveSmallIntegerField(blank=True, null=True)),
        ],
        options={
            "ordering": ["complaint_id", "ordinal"],
            "constraints": [
                models.UniqueConstraint(name="demand_is_numbered_once", fields=("complaint", "ordinal")),
                models.CheckConstraint(
                    name="demand_amount_is_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Contact",
        [
            ID,
            (
                "channel",
                models.CharField(
                    max_length=12,
                    choices=[(code, code) for code in ("phone", "sms", "email", "visit", "message", "other")],
                ),
            ),
            ("at", models.DateTimeField()),
            ("reached", models.BooleanField(default=False)),
            ("by", models.ForeignKey("enterprises.staff", models.PROTECT, null=True, related_name="+")),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="contacts")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+")),
            (
                "engagement",
                models.ForeignKey(
                    "complaints.engagement", models.PROTECT, related_name="contacts", db_constraint=False
                ),
            ),
            ("by_name", SealedText(blank=True, whose="", place=["complaint_id", "at"], free_text=False)),
            (
                "note",
                SealedText(blank=True, whose="complaint.consumer_key", place=["complaint_id", "at"], free_text=True),
            ),
        ],
        options={"ordering": ["complaint_id", "at", "id"]},
    ),
    migrations.CreateModel(
        "InternalNote",
        [
            ID,
            ("at", models.DateTimeField()),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="notes")),
            (
                "engagement",
                models.ForeignKey("complaints.engagement", models.PROTECT, related_name="notes", db_constraint=False),
            ),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+")),
            ("by_name", SealedText(blank=True, whose="", place=["complaint_id", "at"], free_text=False)),
            ("text", SealedText(whose="complaint.consumer_key", place=["complaint_id", "at"], free_text=True)),
        ],
        options={"ordering": ["complaint_id", "id"]},
    ),
    migrations.CreateModel(
        "FilingDraft",
        [
            ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, serialize=False)),
            ("key_digest", models.CharField(max_length=64, unique=True)),
            ("step", models.CharField(max_length=20, default="enterprise")),
            ("source", models.CharField(max_length=80, blank=True, default="")),
            ("idempotency", models.CharField(max_length=64, blank=True, default="")),
            ("created_at", models.DateTimeField()),
            ("saved_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("filed_at", models.DateTimeField(blank=True, null=True)),
            ("filed_as", models.JSONField(blank=True, default=list)),
            (
                "owner",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.CASCADE, blank=True, null=True, related_name="filing_drafts"
                ),
            ),
            ("data", SealedJSON(blank=True, whose="", place=["id"], free_text=False)),
        ],
        options={
            "indexes": [
                models.Index(name="drafts_to_throw_away", fields=["expires_at"]),
                models.Index(name="drafts_of_a_person", fields=["owner", "saved_at"]),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="draft_expires_after_it_was_saved", condition=Q(expires_at__gt=F("saved_at"))
                ),
                models.CheckConstraint(name="filed_draft_holds_no_text", condition=Q(filed_at=None) | Q(data=b"")),
            ],
        },
    ),
    migrations.CreateModel(
        "Evidence",
        [
            ID,
            (
                "kind",
                models.CharField(
                    max_length=20,
                    default="other",
                    choices=[
                        ("receipt", "凭证"),
                        ("contract", "合同"),
                        ("screenshot", "截图"),
                        ("chat", "聊天记录"),
                        ("photo", "照片"),
                        ("recording", "录音"),
                        ("other", "其他"),
                    ],
                ),
            ),
            ("size", models.PositiveBigIntegerField()),
            ("media_type", models.CharField(max_length=80)),
            ("sha256", models.CharField(max_length=64)),
            ("path", models.CharField(max_length=200)),
            ("uploaded_at", models.DateTimeField()),
            (
                "complaint",
                models.ForeignKey(
                    "complaints.complaint", models.PROTECT, blank=True, null=True, related_name="evidence"
                ),
            ),
            (
                "uploaded_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
            (
                "draft",
                models.ForeignKey(
                    "complaints.filingdraft", models.CASCADE, blank=True, null=True, related_name="evidence"
                ),
            ),
            ("copy_path", models.CharField(max_length=200, blank=True, default="")),
            ("copy_sha256", models.CharField(max_length=64, blank=True, default="")),
            ("copy_size", models.PositiveBigIntegerField(default=0)),
            ("copy_type", models.CharField(max_length=80, blank=True, default="")),
            ("finding", models.CharField(max_length=200, blank=True, default="")),
            ("scan_after", models.DateTimeField(blank=True, null=True)),
            ("scan_tries", models.PositiveSmallIntegerField(default=0)),
            ("scanned_at", models.DateTimeField(blank=True, null=True)),
            (
                "state",
                models.CharField(
                    max_length=20,
                    default="unchecked",
                    choices=[
                        ("unchecked", "未查毒"),
                        ("quarantined", "正在查毒"),
                        ("clean", "已查毒"),
                        ("infected", "有病毒"),
                        ("unscannable", "无法查毒"),
                    ],
                ),
            ),
            ("thumbnail_path", models.CharField(max_length=200, blank=True, default="")),
            ("thumbnail_sha256", models.CharField(max_length=64, blank=True, default="")),
            ("name", SealedText(whose="complaint.consumer_key", place=["path"], free_text=False)),
            (
                "audience",
                models.CharField(
                    max_length=12, default="parties", choices=[(code, code) for code in ("parties", "authority")]
                ),
            ),
            ("seconds", models.PositiveIntegerField(blank=True, null=True)),
            ("by_body", models.BooleanField(default=False)),
        ],
        options={
            "indexes": [
                models.Index(name="evidence_of_a_case", fields=["complaint", "uploaded_at"]),
                models.Index(name="evidence_to_scan", fields=["scan_after"], condition=Q(state="quarantined")),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="evidence_belongs_to_a_draft_or_a_case",
                    condition=Q(complaint__isnull=True, draft__isnull=False)
                    | Q(complaint__isnull=False, draft__isnull=True),
                ),
                models.CheckConstraint(name="evidence_is_not_empty", condition=Q(size__gt=0)),
                models.CheckConstraint(
                    name="evidence_audience_is_known", condition=Q(audience__in=["parties", "authority"])
                ),
                models.CheckConstraint(
                    name="evidence_state_is_known",
                    condition=Q(state__in=["unchecked", "quarantined", "clean", "infected", "unscannable"]),
                ),
                models.CheckConstraint(
                    name="evidence_in_quarantine_is_looked_at",
                    condition=~Q(state="quarantined") | Q(scan_after__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Upload",
        [
            ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, serialize=False)),
            ("size", models.PositiveBigIntegerField()),
            ("received", models.PositiveBigIntegerField(default=0)),
            ("digests", models.JSONField(blank=True, default=list)),
            ("kept", models.JSONField(blank=True, null=True)),
            ("examined_until", models.DateTimeField(blank=True, null=True)),
            ("begun_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            (
                "complaint",
                models.ForeignKey(
                    "complaints.complaint", models.CASCADE, blank=True, null=True, related_name="uploads"
                ),
            ),
            (
                "draft",
                models.ForeignKey(
                    "complaints.filingdraft", models.CASCADE, blank=True, null=True, related_name="uploads"
                ),
            ),
            (
                "evidence",
                models.ForeignKey("complaints.evidence", models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
            (
                "user",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, blank=True, null=True, related_name="+"),
            ),
        ],
        options={
            "indexes": [models.Index(name="uploads_to_throw_away", fields=["expires_at"])],
            "constraints": [
                models.CheckConstraint(
                    name="upload_belongs_to_a_draft_or_a_case",
                    condition=Q(complaint__isnull=True, draft__isnull=False)
                    | Q(complaint__isnull=False, draft__isnull=True, user__isnull=False),
                ),
                models.CheckConstraint(
                    name="upload_is_no_longer_than_it_said", condition=Q(received__lte=F("size"), size__gt=0)
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Matter",
        [
            ID,
            ("kind", models.CharField(max_length=24)),
            ("subject", models.CharField(max_length=60, blank=True, default="")),
            ("audience", models.CharField(max_length=12, default="parties")),
            (
                "state",
                models.CharField(
                    max_length=10,
                    default="open",
                    choices=[(code, code) for code in ("open", "answered", "granted", "refused", "fallen", "done")],
                ),
            ),
            ("opened_by", models.CharField(max_length=16)),
            ("opened_by_key", models.UUIDField(blank=True, null=True)),
            ("opened_at", models.DateTimeField()),
            ("until_at", models.DateTimeField(blank=True, null=True)),
            ("closed_at", models.DateTimeField(blank=True, null=True)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="matters", db_index=False),
            ),
            (
                "engagement",
                models.ForeignKey(
                    "complaints.engagement",
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="matters",
                    db_constraint=False,
                ),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "data",
                SealedJSON(
                    blank=True,
                    whose="complaint.consumer_key",
                    place=["complaint_id", "kind", "opened_at"],
                    free_text=False,
                ),
            ),
            (
                "authority",
                models.ForeignKey(
                    "authorities.authority", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "to_authority",
                models.ForeignKey(
                    "authorities.authority", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            ("measure_id", models.UUIDField(blank=True, null=True)),
        ],
        options={
            "ordering": ["complaint_id", "id"],
            "indexes": [
                models.Index(name="matters_of_a_case", fields=["complaint", "state"]),
                models.Index(
                    name="register_of_violations",
                    fields=["-opened_at", "-id"],
                    condition=Q(kind__in=["report", "lead"]),
                ),
                models.Index(name="open_objections", fields=["complaint"], condition=Q(kind="objection", state="open")),
                models.Index(
                    name="open_instructions", fields=["until_at", "id"], condition=Q(kind="urge", state="open")
                ),
                models.Index(
                    name="answered_instructions", fields=["closed_at", "id"], condition=Q(kind="urge", state="answered")
                ),
                models.Index(
                    name="proposals_of_a_measure",
                    fields=["measure_id", "complaint"],
                    condition=Q(measure_id__isnull=False),
                ),
            ],
            "constraints": [
                models.UniqueConstraint(
                    name="one_open_matter_of_a_single_kind",
                    fields=("complaint", "kind"),
                    condition=Q(
                        kind__in=(
                            "question",
                            "consent",
                            "settled_elsewhere",
                            "return",
                            "extension",
                            "recusal",
                            "appraisal",
                            "objection",
                            "undo",
                            "delegation",
                            "unreachable",
                        ),
                        state="open",
                    ),
                ),
                models.UniqueConstraint(
                    name="one_open_proposal_a_case_and_step",
                    fields=("complaint", "subject"),
                    condition=Q(kind="proposal", state="open"),
                ),
                models.CheckConstraint(
                    name="matter_has_whole_engagement_or_none",
                    condition=Q(engagement__isnull=True, enterprise__isnull=True)
                    | Q(engagement__isnull=False, enterprise__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Offer",
        [
            ID,
            ("number", models.PositiveSmallIntegerField()),
            (
                "state",
                models.CharField(
                    max_length=12,
                    default="open",
                    choices=[
                        (code, code) for code in ("open", "accepted", "declined", "superseded", "lapsed", "withdrawn")
                    ],
                ),
            ),
            ("made_at", models.DateTimeField()),
            ("answered_at", models.DateTimeField(blank=True, null=True)),
            ("measure_id", models.UUIDField(blank=True, null=True)),
            ("questions", models.PositiveSmallIntegerField(default=0)),
            ("is_replacement", models.BooleanField(default=False)),
            ("decline_reason", models.CharField(max_length=60, blank=True, default="")),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="offers", db_index=False),
            ),
            (
                "engagement",
                models.ForeignKey("complaints.engagement", models.PROTECT, related_name="offers", db_constraint=False),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+", db_index=False),
            ),
            ("made_by", models.ForeignKey("enterprises.staff", models.PROTECT, null=True, related_name="+")),
            (
                "message",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "number"], free_text=True
                ),
            ),
            ("made_by_name", SealedText(blank=True, whose="", place=["complaint_id", "number"], free_text=False)),
            (
                "counter_demand",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "number"], free_text=True
                ),
            ),
            (
                "template_version",
                models.ForeignKey(
                    "enterprises.templateversion", models.PROTECT, null=True, related_name="offers", db_index=False
                ),
            ),
        ],
        options={
            "ordering": ["complaint_id", "number"],
            "indexes": [
                models.Index(name="offers_of_an_enterprise", fields=["enterprise", "-made_at"]),
                models.Index(
                    name="offers_of_a_measure",
                    fields=["measure_id", "complaint"],
                    condition=Q(measure_id__isnull=False),
                ),
                models.Index(
                    name="offers_of_a_template",
                    fields=["template_version", "made_at", "state"],
                    condition=Q(template_version__isnull=False),
                ),
            ],
            "constraints": [models.UniqueConstraint(name="offer_is_numbered_once", fields=("complaint", "number"))],
        },
    ),
    migrations.CreateModel(
        "OfferAnswer",
        [
            ID,
            ("verdict", models.CharField(max_length=8, choices=[(code, code) for code in ("grant", "part", "refuse")])),
            ("amount", models.DecimalField(blank=True, null=True, max_digits=14, decimal_places=2)),
            ("is_separable", models.BooleanField(default=False)),
            ("demand", models.ForeignKey("complaints.demand", models.PROTECT, related_name="answers")),
            ("offer", models.ForeignKey("complaints.offer", models.PROTECT, related_name="answers")),
            (
                "reason",
                SealedText(
                    blank=True, whose="offer.complaint.consumer_key", place=["offer_id", "demand_id"], free_text=True
                ),
            ),
        ],
        options={
            "ordering": ["offer_id", "demand__ordinal"],
            "constraints": [
                models.UniqueConstraint(name="demand_is_answered_once", fields=("offer", "demand")),
                models.CheckConstraint(name="refusal_has_reason", condition=Q(verdict="grant") | ~Q(reason=b"")),
            ],
        },
    ),
    migrations.CreateModel(
        "Obligation",
        [
            ID,
            (
                "source",
                models.CharField(
                    max_length=10, default="offer", choices=[(code, code) for code in ("offer", "mediation")]
                ),
            ),
            ("ordinal", models.PositiveSmallIntegerField()),
            (
                "kind",
                models.CharField(
                    max_length=20,
                    choices=[
                        (code, code)
                        for code in (
                            "original_channel",
                            "transfer",
                            "bill_credit",
                            "voucher",
                            "repair",
                            "exchange",
                            "service_change",
                            "apology",
                            "return_by_consumer",
                            "other",
                        )
                    ],
                ),
            ),
            (
                "owed_by",
                models.CharField(
                    max_length=12, default="enterprise", choices=[(code, code) for code in ("enterprise", "consumer")]
                ),
            ),
            ("amount", models.DecimalField(blank=True, null=True, max_digits=14, decimal_places=2)),
            ("due_on", models.DateField(blank=True, null=True)),
            ("days_after", models.PositiveSmallIntegerField(blank=True, null=True)),
            ("after_ordinal", models.PositiveSmallIntegerField(blank=True, null=True)),
            (
                "state",
                models.CharField(
                    max_length=10,
                    default="proposed",
                    choices=[
                        (code, code)
                        for code in (
                            "proposed",
                            "due",
                            "reported",
                            "confirmed",
                            "silent",
                            "broken",
                            "waived",
                            "dropped",
                        )
                    ],
                ),
            ),
            ("reported_at", models.DateTimeField(blank=True, null=True)),
            ("confirmed_at", models.DateTimeField(blank=True, null=True)),
            ("disputed_at", models.DateTimeField(blank=True, null=True)),
            ("is_late", models.BooleanField(default=False)),
            (
                "answers_demand",
                models.ForeignKey("complaints.demand", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="obligations", db_index=False),
            ),
            (
                "engagement",
                models.ForeignKey(
                    "complaints.engagement",
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="obligations",
                    db_constraint=False,
                ),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "offer",
                models.ForeignKey(
                    "complaints.offer", models.PROTECT, blank=True, null=True, related_name="obligations"
                ),
            ),
            ("settlement", models.PositiveSmallIntegerField(default=1)),
            ("what", SealedText(whose="complaint.consumer_key", place=["complaint_id", "ordinal"], free_text=True)),
            (
                "payee_last4",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"], free_text=False
                ),
            ),
            (
                "proof",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"], free_text=True
                ),
            ),
            (
                "reported_proof",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"], free_text=True
                ),
            ),
            (
                "payment_channel",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "ordinal"], free_text=False
                ),
            ),
        ],
        options={
            "ordering": ["complaint_id", "id"],
            "constraints": [
                models.CheckConstraint(
                    name="obligation_has_whole_engagement_or_none",
                    condition=Q(engagement__isnull=True, enterprise__isnull=True)
                    | Q(engagement__isnull=False, enterprise__isnull=False),
                ),
                models.UniqueConstraint(name="obligation_is_numbered_once", fields=("complaint", "ordinal")),
                models.CheckConstraint(
                    name="obligation_amount_is_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
                ),
                models.CheckConstraint(
                    name="obligation_says_when",
                    condition=Q(due_on__isnull=False) | Q(after_ordinal__isnull=False, days_after__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Deadline",
        [
            ID,
            (
                "clock",
                models.CharField(
                    max_length=20,
                    choices=[
                        (code, code)
                        for code in (
                            "forwarding",
                            "acceptance",
                            "negotiation",
                            "confirmation",
                            "performance",
                            "performance_answer",
                            "review",
                            "material",
                            "mediation",
                            "suspension",
                            "notice",
                            "jurisdiction",
                            "lead",
                            "instruction",
                            "consent",
                            "settled_elsewhere",
                            "answer",
                            "return",
                            "objection",
                            "heirs",
                        )
                    ],
                ),
            ),
            ("owed_by", models.CharField(max_length=12)),
            (
                "state",
                models.CharField(
                    max_length=8,
                    default="running",
                    choices=[(code, code) for code in ("running", "paused", "met", "lapsed", "ended")],
                ),
            ),
            ("started_at", models.DateTimeField()),
            ("length", models.PositiveSmallIntegerField(default=0)),
            ("unit", models.CharField(max_length=4, default="WD")),
            ("policy_version", models.CharField(max_length=40, blank=True, default="")),
            ("due_at", models.DateTimeField()),
            ("last_day", models.DateField()),
            ("chase_at", models.DateTimeField(blank=True, null=True)),
            ("remaining", models.SmallIntegerField(blank=True, null=True)),
            ("paused_on", models.DateField(blank=True, null=True)),
            ("allowance_used", models.PositiveSmallIntegerField(default=0)),
            ("lapsed_at", models.DateTimeField(blank=True, null=True)),
            ("lapse_written_at", models.DateTimeField(blank=True, null=True)),
            ("ended_at", models.DateTimeField(blank=True, null=True)),
            ("is_provisional", models.BooleanField(default=False)),
            ("derivation", models.JSONField(default=dict)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="deadlines", db_index=False),
            ),
            (
                "matter",
                models.ForeignKey("complaints.matter", models.PROTECT, blank=True, null=True, related_name="deadlines"),
            ),
            (
                "obligation",
                models.ForeignKey(
                    "complaints.obligation", models.PROTECT, blank=True, null=True, related_name="deadlines"
                ),
            ),
            ("escalate_at", models.DateTimeField(blank=True, null=True)),
            ("escalated_at", models.DateTimeField(blank=True, null=True)),
            (
                "escalated_to",
                models.ForeignKey(
                    "authorities.authority", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            ("escalations", models.PositiveSmallIntegerField(default=0)),
        ],
        options={
            "ordering": ["complaint_id", "id"],
            "indexes": [
                models.Index(name="clocks_to_chase", fields=["chase_at", "id"], condition=Q(chase_at__isnull=False)),
                models.Index(name="clocks_of_a_case", fields=["complaint", "state"]),
                models.Index(
                    name="escalated_clocks",
                    fields=["escalated_to", "due_at", "id"],
                    condition=Q(ended_at__isnull=True, escalated_to__isnull=False),
                ),
                models.Index(
                    name="provisional_clocks",
                    fields=["id"],
                    condition=Q(is_provisional=True, state__in=["running", "paused"]),
                ),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="clock_is_known",
                    condition=Q(
                        clock__in=[
                            "forwarding",
                            "acceptance",
                            "negotiation",
                            "confirmation",
                            "performance",
                            "performance_answer",
                            "review",
                            "material",
                            "mediation",
                            "suspension",
                            "notice",
                            "jurisdiction",
                            "lead",
                            "instruction",
                            "consent",
                            "settled_elsewhere",
                            "answer",
                            "return",
                            "objection",
                            "heirs",
                        ]
                    ),
                ),
                models.CheckConstraint(name="clock_ends_after_it_starts", condition=Q(due_at__gt=F("started_at"))),
                models.CheckConstraint(
                    name="paused_clock_keeps_its_rest",
                    condition=~Q(state="paused") | Q(paused_on__isnull=False, remaining__isnull=False),
                ),
                models.CheckConstraint(
                    name="lapsed_clock_has_both_moments",
                    condition=Q(lapse_written_at__isnull=True, lapsed_at__isnull=True)
                    | Q(lapse_written_at__isnull=False, lapsed_at__isnull=False),
                ),
                models.UniqueConstraint(
                    name="one_live_clock_of_a_kind",
                    fields=("complaint", "clock", "obligation", "matter"),
                    condition=Q(state__in=["running", "paused"]),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Reminder",
        [
            ID,
            ("mark", models.CharField(max_length=24)),
            ("at", models.DateTimeField()),
            ("deadline", models.ForeignKey("complaints.deadline", models.PROTECT, related_name="reminders")),
        ],
        options={"constraints": [models.UniqueConstraint(name="reminded_once_a_mark", fields=("deadline", "mark"))]},
    ),
    migrations.CreateModel(
        "PersonalText",
        [
            ID,
            ("key_id", models.UUIDField()),
            ("audience", models.CharField(max_length=12, default="parties")),
            ("sequence", models.PositiveIntegerField()),
            ("kind", models.CharField(max_length=40)),
            ("digest", models.BinaryField()),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="texts", db_index=False),
            ),
            (
                "sealed",
                SealedText(
                    whose="key_id",
                    place=["complaint_id", "audience", "sequence", "kind", "digest"],
                    free_text="is_free",
                ),
            ),
        ],
        options={
            "ordering": ["complaint_id", "sequence", "id"],
            "indexes": [
                models.Index(name="texts_of_a_case", fields=["complaint", "audience", "sequence"]),
                models.Index(name="texts_of_a_person", fields=["key_id"]),
            ],
        },
    ),
    migrations.CreateModel(
        "RecordedName",
        [
            ID,
            ("person_key", models.UUIDField()),
            ("digest", models.BinaryField()),
            ("sealed", SealedText(whose="person_key", place=["person_key", "digest"], free_text=False)),
            ("mark", models.BinaryField()),
        ],
        options={"constraints": [models.UniqueConstraint(name="name_is_kept_once", fields=("person_key", "mark"))]},
    ),
    migrations.CreateModel(
        "HandlingStep",
        [
            ID,
            ("audience", models.CharField(max_length=12, default="parties")),
            ("sequence", models.PositiveIntegerField()),
            ("step", models.CharField(max_length=40)),
            ("happened_at", models.DateTimeField()),
            ("written_at", models.DateTimeField()),
            ("actor_role", models.CharField(max_length=16)),
            ("organisation", models.CharField(max_length=200, blank=True, default="")),
            ("from_status", models.CharField(max_length=24)),
            ("to_status", models.CharField(max_length=24)),
            ("outcome", models.CharField(max_length=24, blank=True, default="")),
            ("reason", models.CharField(max_length=60, blank=True, default="")),
            ("data", models.JSONField(default=dict)),
            ("body", models.TextField()),
            ("previous_hash", models.BinaryField()),
            ("hash", models.BinaryField()),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="steps", db_index=False),
            ),
            (
                "name",
                models.ForeignKey("complaints.recordedname", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "recorded_by",
                models.ForeignKey("complaints.recordedname", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "transaction",
                models.BigIntegerField(
                    db_default=models.Func(
                        function="pg_current_xact_id",
                        output_field=models.BigIntegerField(),
                        template="(%(function)s()::text::bigint)",
                    ),
                    editable=False,
                ),
            ),
        ],
        options={
            "ordering": ["complaint_id", "audience", "sequence"],
            "indexes": [models.Index(name="entries_as_they_were_committed", fields=["transaction", "id"])],
            "constraints": [
                models.UniqueConstraint(name="entry_has_its_own_number", fields=("complaint", "audience", "sequence")),
                models.CheckConstraint(name="entry_is_hashed", condition=~Q(hash=b"")),
            ],
        },
    ),
    migrations.CreateModel(
        "PersonDigest",
        [
            ID,
            ("kind", models.CharField(max_length=8)),
            ("digest", BlindIndex(of="", kind="")),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="person_digests")),
        ],
        options={"indexes": [models.Index(name="cases_by_what_was_typed", fields=["digest", "complaint"])]},
    ),
    migrations.CreateModel(
        "ConsentRecord",
        [
            ID,
            ("person_key", models.UUIDField()),
            ("purpose", models.CharField(max_length=40)),
            ("is_given", models.BooleanField()),
            ("text_version", models.CharField(max_length=20)),
            ("at", models.DateTimeField()),
            ("channel", models.CharField(max_length=20)),
            (
                "complaint",
                models.ForeignKey(
                    "complaints.complaint", models.PROTECT, related_name="consent_records", db_index=False
                ),
            ),
            (
                "enterprise",
                models.ForeignKey(
                    "enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
        ],
        options={
            "ordering": ["id"],
            "indexes": [
                models.Index(name="consents_of_a_case", fields=["complaint", "id"]),
                models.Index(name="consents_of_a_person", fields=["person_key", "id"]),
            ],
            "constraints": [models.CheckConstraint(name="consent_names_its_text", condition=~Q(text_version=""))],
        },
    ),
    migrations.CreateModel(
        "ForwardingDecision",
        [
            ID,
            ("at", models.DateTimeField()),
            ("verdict", models.CharField(max_length=20)),
            ("rule", models.CharField(max_length=60, blank=True, default="")),
            ("rule_version", models.PositiveIntegerField(blank=True, null=True)),
            ("confidence", models.CharField(max_length=12, blank=True, default="")),
            ("explanation", models.JSONField(default=dict)),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="decisions")),
            (
                "note",
                SealedText(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "at", "verdict"], free_text=True
                ),
            ),
        ],
        options={
            "ordering": ["complaint_id", "id"],
            "indexes": [models.Index(name="decisions_by_rule", fields=["rule", "at", "id"], condition=~Q(rule=""))],
        },
    ),
    migrations.CreateModel(
        "Notice",
        [
            ID,
            ("audience", models.CharField(max_length=12, default="parties")),
            ("sequence", models.PositiveIntegerField()),
            ("kind", models.CharField(max_length=40)),
            ("addressee", models.CharField(max_length=12)),
            ("language", models.CharField(max_length=10, default="zh-hans")),
            ("channel", models.CharField(max_length=12, blank=True, default="")),
            ("subject", models.CharField(max_length=200)),
            ("body", models.TextField()),
            ("created_at", models.DateTimeField()),
            ("send_after", models.DateTimeField()),
            (
                "state",
                models.CharField(
                    max_length=10,
                    default="queued",
                    choices=[
                        (code, code)
                        for code in ("queued", "leased", "sent", "bounced", "set_aside", "told", "in_portal")
                    ],
                ),
            ),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("sent_at", models.DateTimeField(blank=True, null=True)),
            ("last_error", models.CharField(max_length=200, blank=True, default="")),
            (
                "authority",
                models.ForeignKey("authorities.authority", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="notices", db_index=False),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            ("staff", models.ForeignKey("enterprises.staff", models.PROTECT, blank=True, null=True, related_name="+")),
            (
                "user",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            ("again", models.PositiveSmallIntegerField(default=0)),
            (
                "form",
                models.CharField(
                    max_length=8, default="single", choices=[(code, code) for code in ("single", "digest", "summary")]
                ),
            ),
            ("letter", models.BigIntegerField(blank=True, null=True)),
            ("short", models.CharField(max_length=70, blank=True, default="")),
        ],
        options={
            "indexes": [
                models.Index(
                    name="notices_to_send", fields=["send_after", "id"], condition=Q(state__in=["queued", "leased"])
                ),
                models.Index(name="notices_of_a_person", fields=["user", "-id"]),
                models.Index(name="notices_of_a_case", fields=["complaint", "id"]),
                models.Index(name="notices_set_aside", fields=["-id"], condition=Q(state="set_aside")),
            ],
            "constraints": [
                models.UniqueConstraint(
                    name="a_person_is_told_once_an_entry",
                    fields=("complaint", "audience", "sequence", "addressee", "channel", "user"),
                    nulls_distinct=False,
                )
            ],
        },
    ),
    migrations.CreateModel(
        "NoticeOrder",
        [
            ID,
            ("what", models.CharField(max_length=8, choices=[(code, code) for code in ("again", "told")])),
            ("at", models.DateTimeField()),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("notice", models.ForeignKey("complaints.notice", models.PROTECT, related_name="orders")),
        ],
        options={"ordering": ["id"]},
    ),
    migrations.CreateModel(
        "NoticeChoice",
        [
            (
                "user",
                models.OneToOneField(
                    settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, serialize=False, related_name="+"
                ),
            ),
            (
                "first",
                models.CharField(
                    max_length=8, blank=True, default="", choices=[(code, code) for code in ("sms", "email")]
                ),
            ),
            (
                "reminders",
                models.CharField(
                    max_length=8, default="each", choices=[(code, code) for code in ("each", "digest", "none")]
                ),
            ),
            (
                "progress",
                models.CharField(
                    max_length=8, default="each", choices=[(code, code) for code in ("each", "digest", "none")]
                ),
            ),
            ("changed_at", models.DateTimeField()),
        ],
    ),
    migrations.CreateModel(
        "WebhookDelivery",
        [
            ID,
            ("event_key", models.CharField(max_length=60)),
            ("type", models.CharField(max_length=40)),
            ("webhook_id", models.CharField(max_length=40, unique=True)),
            ("body", models.TextField()),
            (
                "state",
                models.CharField(
                    max_length=6,
                    default="queued",
                    choices=[(code, code) for code in ("queued", "leased", "sent", "dead")],
                ),
            ),
            ("queued_at", models.DateTimeField()),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("next_try_at", models.DateTimeField()),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("sent_at", models.DateTimeField(blank=True, null=True)),
            ("last_error", models.CharField(max_length=40, blank=True, default="")),
            (
                "complaint",
                models.ForeignKey(
                    "complaints.complaint", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "endpoint",
                models.ForeignKey(
                    "enterprises.webhookendpoint", models.PROTECT, related_name="deliveries", db_index=False
                ),
            ),
            ("tries", models.JSONField(default=list, db_default=models.Value([], models.JSONField()))),
        ],
        options={
            "indexes": [
                models.Index(name="deliveries_of_a_webhook", fields=["endpoint", "-id"]),
                models.Index(
                    name="deliveries_to_send", fields=["endpoint", "id"], condition=Q(state__in=["queued", "leased"])
                ),
                models.Index(
                    name="deliveries_of_a_case_to_send",
                    fields=["endpoint", "complaint", "id"],
                    condition=Q(state__in=["queued", "leased"]),
                ),
                models.Index(name="deliveries_by_age", fields=["sent_at"], condition=Q(state="sent")),
            ],
            "constraints": [
                models.UniqueConstraint(name="an_event_is_told_an_endpoint_once", fields=("endpoint", "event_key"))
            ],
        },
    ),
    migrations.CreateModel(
        "Participant",
        [
            ID,
            ("ordinal", models.PositiveSmallIntegerField()),
            ("kind", models.CharField(max_length=10, choices=[(code, code) for code in ("joint", "principal")])),
            ("person_key", models.UUIDField(default=uuid.uuid4)),
            ("name", SealedText(blank=True, whose="person_key", place=["complaint_id", "ordinal"], free_text=False)),
            ("phone", SealedText(blank=True, whose="person_key", place=["complaint_id", "ordinal"], free_text=False)),
            ("is_representative", models.BooleanField(default=False)),
            (
                "state",
                models.CharField(
                    max_length=10,
                    default="asked",
                    choices=[(code, code) for code in ("asked", "joined", "declined", "left")],
                ),
            ),
            ("consents", models.JSONField(default=dict)),
            ("agreed_offer", models.PositiveSmallIntegerField(null=True)),
            ("refused_offer", models.PositiveSmallIntegerField(null=True)),
            ("token_digest", models.CharField(max_length=64, blank=True, default="")),
            ("expires_at", models.DateTimeField(null=True)),
            ("answered_at", models.DateTimeField(null=True)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="participants", db_index=False),
            ),
            (
                "person",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="participations", db_index=False
                ),
            ),
        ],
        options={
            "ordering": ["complaint_id", "ordinal"],
            "indexes": [
                models.Index(
                    name="cases_of_a_participant", fields=["person", "complaint"], condition=Q(person__isnull=False)
                )
            ],
            "constraints": [
                models.UniqueConstraint(name="participant_is_numbered_once", fields=("complaint", "ordinal")),
                models.UniqueConstraint(
                    name="person_takes_part_once", fields=("complaint", "person"), condition=Q(person__isnull=False)
                ),
                models.UniqueConstraint(
                    name="link_leads_to_one", fields=("token_digest",), condition=~Q(token_digest="")
                ),
                models.CheckConstraint(
                    name="who_joined_is_somebody", condition=~Q(state="joined") | Q(person__isnull=False)
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "RootCause",
        [
            ID,
            ("cause", models.CharField(max_length=30)),
            ("at", models.DateTimeField()),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="root_causes", db_index=False),
            ),
            (
                "engagement",
                models.OneToOneField(
                    "complaints.engagement", models.PROTECT, related_name="root_cause", db_constraint=False
                ),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+", db_index=False),
            ),
        ],
        options={
            "ordering": ["complaint_id", "id"],
            "indexes": [models.Index(name="root_causes_of_an_enterprise", fields=["enterprise", "at"])],
        },
    ),
    migrations.CreateModel(
        "CaseWords",
        [
            (
                "complaint",
                models.OneToOneField(
                    "complaints.complaint", models.PROTECT, primary_key=True, serialize=False, related_name="+"
                ),
            ),
            ("folded", models.TextField()),
            ("marks", ArrayField(base_field=models.TextField(), size=None)),
        ],
        options={"indexes": [GinIndex(name="cases_by_words", fields=["marks"], gin_pending_list_limit=128)]},
    ),
    migrations.CreateModel(
        "TrackingTry",
        [
            ID,
            ("browser_digest", models.CharField(max_length=64)),
            ("address_digest", models.CharField(max_length=64)),
            ("at", models.DateTimeField()),
        ],
        options={
            "indexes": [
                models.Index(name="wrong_tries_of_a_browser", fields=["browser_digest", "-at"]),
                models.Index(name="wrong_tries_of_an_address", fields=["address_digest", "-at"]),
                models.Index(name="oldest_wrong_tries_first", fields=["at"]),
            ]
        },
    ),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_models"), ("authorities", "0001_models"), ("enterprises", "0001_models")]

    operations = [CreateModels(MODELS)]
