"""Tables of the work on cases: documents, dossiers and exports, what people at desks keep, measures and tables that
come back filled in, stations, links to answer, calls back, changes of the law, files of other platforms."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q

from accounts.keys.sealed_fields import SealedJSON, SealedText
from database.operations import CreateModels

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

MODELS = [
    migrations.CreateModel(
        "AnswerLink",
        [
            ID,
            ("token_digest", models.CharField(max_length=64, unique=True)),
            ("channel", models.CharField(max_length=10, choices=[(code, code) for code in ("sms", "letter")])),
            ("person_key", models.UUIDField(default=uuid.uuid4)),
            (
                "phone",
                SealedText(blank=True, whose="person_key", place=["complaint_id", "token_digest"], free_text=False),
            ),
            ("made_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("revoked_at", models.DateTimeField(null=True)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="answer_links", db_index=False),
            ),
            (
                "made_by",
                models.ForeignKey("authorities.officer", models.PROTECT, null=True, related_name="+", db_index=False),
            ),
            (
                "delegation",
                models.ForeignKey("complaints.matter", models.PROTECT, null=True, related_name="+", db_index=False),
            ),
        ],
        options={
            "ordering": ["complaint_id", "id"],
            "constraints": [
                models.UniqueConstraint(
                    name="one_link_answers_a_case",
                    fields=("complaint",),
                    condition=Q(delegation__isnull=True, revoked_at__isnull=True),
                ),
                models.UniqueConstraint(
                    name="one_link_mediates_a_case",
                    fields=("complaint",),
                    condition=Q(delegation__isnull=False, revoked_at__isnull=True),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "CallBackMonth",
        [
            ID,
            ("month", models.DateField(unique=True)),
            ("commitment", models.CharField(max_length=64)),
            ("made_at", models.DateTimeField()),
            ("seed", models.CharField(max_length=64, blank=True, default="")),
            ("drawn_at", models.DateTimeField(blank=True, null=True)),
            ("population", models.PositiveIntegerField(default=0)),
            ("drawn", models.PositiveIntegerField(default=0)),
            ("population_digest", models.CharField(max_length=64, blank=True, default="")),
        ],
        options={
            "ordering": ["-month"],
            "constraints": [
                models.CheckConstraint(
                    name="a_seed_is_shown_with_the_draw",
                    condition=Q(drawn_at=None, seed="") | (Q(drawn_at__isnull=False) & ~Q(seed="")),
                )
            ],
        },
    ),
    migrations.CreateModel(
        "CallBackSeed",
        [
            ID,
            ("seed", models.CharField(max_length=64)),
            ("month", models.OneToOneField("complaints.callbackmonth", models.PROTECT, related_name="sealed")),
        ],
    ),
    migrations.CreateModel(
        "CallBack",
        [
            ID,
            (
                "why",
                models.CharField(max_length=10, choices=[(code, code) for code in ("repeat", "reopened", "drawn")]),
            ),
            ("share", models.PositiveSmallIntegerField()),
            (
                "state",
                models.CharField(
                    max_length=12, default="open", choices=[(code, code) for code in ("open", "reached", "not_reached")]
                ),
            ),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("overall", models.PositiveSmallIntegerField(blank=True, null=True)),
            ("disagrees", models.BooleanField(default=False)),
            (
                "finding",
                models.CharField(
                    max_length=16,
                    blank=True,
                    default="",
                    choices=[(code, code) for code in ("", "not_kept", "never_settled")],
                ),
            ),
            ("ended_at", models.DateTimeField(blank=True, null=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+", db_index=False)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="call_backs", db_index=False),
            ),
            (
                "officer",
                models.ForeignKey(
                    "authorities.officer", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "month",
                models.ForeignKey("complaints.callbackmonth", models.PROTECT, related_name="cases", db_index=False),
            ),
        ],
        options={
            "ordering": ["id"],
            "indexes": [
                models.Index(name="call_backs_of_an_authority", fields=["month", "authority", "id"]),
                models.Index(name="call_backs_of_an_officer", fields=["officer", "id"], condition=Q(state="open")),
            ],
            "constraints": [
                models.UniqueConstraint(name="a_case_is_called_back_once_a_month", fields=("complaint", "month"))
            ],
        },
    ),
    migrations.CreateModel(
        "Reading",
        [
            ID,
            ("read_to", models.PositiveIntegerField()),
            ("seen_at", models.DateTimeField(null=True)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="readings", db_index=False),
            ),
            (
                "engagement",
                models.ForeignKey(
                    "complaints.engagement", models.PROTECT, related_name="+", db_index=False, db_constraint=False
                ),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+", db_index=False),
            ),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(name="a_person_reads_a_case_once", fields=("complaint", "user", "enterprise"))
            ]
        },
    ),
    migrations.CreateModel(
        "SavedView",
        [
            ID,
            ("made_at", models.DateTimeField()),
            ("name", SealedText(whose="user.person_key", place=["user_id", "made_at"], free_text=False)),
            ("query", SealedText(whose="user.person_key", place=["user_id", "made_at"], free_text=False)),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views")),
        ],
        options={"ordering": ["id"]},
    ),
    migrations.CreateModel(
        "OfferDraft",
        [
            ID,
            ("typed", SealedJSON(whose="complaint.consumer_key", place=["complaint_id", "user_id"], free_text=False)),
            ("saved_at", models.DateTimeField(db_index=True)),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="+", db_index=False)),
            (
                "engagement",
                models.ForeignKey(
                    "complaints.engagement", models.PROTECT, related_name="+", db_index=False, db_constraint=False
                ),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+", db_index=False),
            ),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    name="a_person_drafts_an_offer_once", fields=("complaint", "user", "enterprise")
                )
            ]
        },
    ),
    migrations.CreateModel(
        "DocumentSeries",
        [
            ID,
            ("year", models.PositiveSmallIntegerField()),
            ("form", models.PositiveSmallIntegerField()),
            ("last", models.PositiveIntegerField()),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(name="a_series_counts_once", fields=("authority", "year", "form")),
                models.CheckConstraint(name="a_series_begins_with_one", condition=Q(last__gt=0)),
            ]
        },
    ),
    migrations.CreateModel(
        "OfficialDocument",
        [
            ID,
            ("year", models.PositiveSmallIntegerField()),
            (
                "form",
                models.PositiveSmallIntegerField(choices=[(code, code) for code in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]),
            ),
            ("number", models.PositiveIntegerField()),
            ("reference", models.CharField(max_length=60)),
            ("audience", models.CharField(max_length=12, default="parties")),
            ("sequence", models.PositiveIntegerField()),
            ("to_consumer", models.BooleanField(default=False)),
            ("to_enterprise", models.BooleanField(default=False)),
            ("issued_at", models.DateTimeField()),
            (
                "state",
                models.CharField(max_length=8, default="issued", choices=[(code, code) for code in ("issued", "void")]),
            ),
            ("served_consumer_at", models.DateTimeField(blank=True, null=True)),
            ("served_enterprise_at", models.DateTimeField(blank=True, null=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+", db_index=False)),
            (
                "complaint",
                models.ForeignKey("complaints.complaint", models.PROTECT, related_name="documents", db_index=False),
            ),
            (
                "engagement",
                models.ForeignKey(
                    "complaints.engagement",
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="documents",
                    db_index=False,
                    db_constraint=False,
                ),
            ),
            (
                "enterprise",
                models.ForeignKey(
                    "enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "issued_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "second_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
        ],
        options={
            "ordering": ["id"],
            "indexes": [
                models.Index(name="documents_of_a_case", fields=["complaint", "id"]),
                models.Index(name="documents_of_an_authority", fields=["authority", "-issued_at", "-id"]),
                models.Index(name="documents_by_day", fields=["-issued_at", "-id"]),
                models.Index(name="documents_by_reference", fields=["reference"]),
            ],
            "constraints": [
                models.UniqueConstraint(
                    name="a_document_number_is_used_once", fields=("authority", "year", "form", "number")
                ),
                models.CheckConstraint(name="a_document_is_numbered", condition=Q(number__gt=0) & ~Q(reference="")),
                models.CheckConstraint(
                    name="document_has_whole_engagement_or_none",
                    condition=Q(engagement__isnull=True, enterprise__isnull=True)
                    | Q(engagement__isnull=False, enterprise__isnull=False),
                ),
                models.CheckConstraint(
                    name="a_confidential_document_is_addressed_to_nobody",
                    condition=Q(audience="parties") | Q(to_consumer=False, to_enterprise=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "DocumentVersion",
        [
            ID,
            ("number", models.PositiveSmallIntegerField(default=1)),
            ("public_id", models.UUIDField(unique=True, default=uuid.uuid4)),
            ("sequence", models.PositiveIntegerField()),
            ("at", models.DateTimeField()),
            (
                "content",
                SealedJSON(
                    blank=True, whose="complaint.consumer_key", place=["complaint_id", "public_id"], free_text=False
                ),
            ),
            ("digest", models.BinaryField()),
            ("sha256", models.CharField(max_length=64, blank=True, default="")),
            ("size", models.PositiveIntegerField(default=0)),
            ("path", models.CharField(max_length=120, blank=True, default="")),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="+", db_index=False)),
            ("document", models.ForeignKey("complaints.officialdocument", models.PROTECT, related_name="versions")),
        ],
        options={
            "ordering": ["document_id", "number"],
            "indexes": [models.Index(name="documents_to_print", fields=["id"], condition=Q(sha256=""))],
            "constraints": [
                models.UniqueConstraint(name="a_version_is_numbered_once", fields=("document", "number")),
                models.CheckConstraint(name="a_version_is_digested", condition=~Q(digest=b"")),
            ],
        },
    ),
    migrations.CreateModel(
        "Dossier",
        [
            ID,
            ("public_id", models.UUIDField(unique=True, default=uuid.uuid4)),
            ("side", models.CharField(max_length=12)),
            ("language", models.CharField(max_length=10, default="zh-hans")),
            ("site", models.CharField(max_length=200)),
            (
                "state",
                models.CharField(
                    max_length=8,
                    default="asked",
                    choices=[(code, code) for code in ("asked", "building", "ready", "expired", "failed")],
                ),
            ),
            ("asked_at", models.DateTimeField()),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("done", models.PositiveSmallIntegerField(default=0)),
            ("total", models.PositiveSmallIntegerField(blank=True, null=True)),
            ("entries", models.PositiveIntegerField(default=0)),
            ("is_sealed", models.BooleanField(default=False)),
            ("ready_at", models.DateTimeField(blank=True, null=True)),
            ("expires_at", models.DateTimeField(blank=True, null=True)),
            ("files", models.JSONField(default=dict)),
            ("has_files", models.BooleanField(default=False)),
            ("asked_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="dossiers")),
        ],
        options={
            "indexes": [
                models.Index(name="dossiers_to_build", fields=["id"], condition=Q(state__in=["asked", "building"])),
                models.Index(name="dossiers_with_files", fields=["id"], condition=Q(has_files=True)),
            ],
            "constraints": [
                models.UniqueConstraint(
                    name="dossier_is_built_once_at_a_time",
                    fields=("complaint", "asked_by", "side"),
                    condition=Q(state__in=["asked", "building"]),
                ),
                models.CheckConstraint(
                    name="dossier_lasts_a_while", condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("ready_at"))
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Export",
        [
            ID,
            ("mark", models.CharField(max_length=20, unique=True)),
            ("branch_ids", ArrayField(blank=True, default=list, base_field=models.BigIntegerField(), size=None)),
            ("columns", ArrayField(base_field=models.CharField(max_length=40), size=None)),
            ("has_personal", models.BooleanField(default=False)),
            ("format", models.CharField(max_length=4, choices=[(code, code) for code in ("csv", "xlsx")])),
            ("language", models.CharField(max_length=10, default="zh-hans")),
            (
                "state",
                models.CharField(
                    max_length=8,
                    default="asked",
                    choices=[
                        (code, code)
                        for code in (
                            "asked",
                            "approved",
                            "building",
                            "ready",
                            "fetched",
                            "expired",
                            "refused",
                            "failed",
                        )
                    ],
                ),
            ),
            ("asked_at", models.DateTimeField()),
            ("decided_at", models.DateTimeField(blank=True, null=True)),
            ("case_ids", ArrayField(blank=True, null=True, base_field=models.BigIntegerField(), size=None)),
            ("total", models.PositiveIntegerField(blank=True, null=True)),
            ("rows", models.PositiveIntegerField(default=0)),
            ("kept_bytes", models.BigIntegerField(default=0)),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("failure", models.CharField(max_length=40, blank=True, default="")),
            ("ready_at", models.DateTimeField(blank=True, null=True)),
            ("expires_at", models.DateTimeField(blank=True, null=True)),
            ("fetched_at", models.DateTimeField(blank=True, null=True)),
            ("link_digest", models.CharField(max_length=64, blank=True, default="")),
            ("file_digest", models.CharField(max_length=64, blank=True, default="")),
            ("file_size", models.BigIntegerField(default=0)),
            ("has_file", models.BooleanField(default=False)),
            ("asked_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            (
                "authority",
                models.ForeignKey("authorities.authority", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "decided_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            ("query", SealedText(blank=True, whose="", place=["mark"], free_text=False)),
            ("purpose", SealedText(blank=True, whose="", place=["mark"], free_text=True)),
        ],
        options={
            "indexes": [
                models.Index(name="exports_of_a_person", fields=["asked_by", "-id"]),
                models.Index(name="exports_to_build", fields=["id"], condition=Q(state__in=["approved", "building"])),
                models.Index(name="exports_to_decide", fields=["id"], condition=Q(state="asked")),
                models.Index(name="exports_with_a_file", fields=["id"], condition=Q(has_file=True)),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="export_belongs_to_one_side",
                    condition=Q(authority__isnull=True, enterprise__isnull=False)
                    | Q(authority__isnull=False, enterprise__isnull=True),
                ),
                models.CheckConstraint(
                    name="export_with_personal_columns_is_approved_by_another",
                    condition=Q(has_personal=False)
                    | Q(state__in=["asked", "refused", "expired"])
                    | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                ),
                models.CheckConstraint(
                    name="export_lasts_a_while", condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("ready_at"))
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "LawChange",
        [
            ID,
            ("mark", models.CharField(max_length=20, unique=True)),
            (
                "kind",
                models.CharField(max_length=8, choices=[(code, code) for code in ("policy", "calendar", "replay")]),
            ),
            ("asked_at", models.DateTimeField()),
            ("change", models.JSONField(default=dict)),
            ("why", models.CharField(max_length=500, blank=True, default="")),
            ("since", models.DateField(blank=True, null=True)),
            ("until", models.DateField(blank=True, null=True)),
            (
                "state",
                models.CharField(
                    max_length=8,
                    default="trying",
                    choices=[
                        (code, code) for code in ("trying", "tried", "applying", "done", "refused", "dropped", "failed")
                    ],
                ),
            ),
            ("after", models.BigIntegerField(default=0)),
            ("looked_at", models.PositiveIntegerField(default=0)),
            ("total", models.PositiveIntegerField(blank=True, null=True)),
            ("counts", models.JSONField(default=dict)),
            ("groups", models.JSONField(default=dict)),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("tried_at", models.DateTimeField(blank=True, null=True)),
            ("decided_at", models.DateTimeField(blank=True, null=True)),
            ("decision", models.CharField(max_length=500, blank=True, default="")),
            ("result", models.CharField(max_length=60, blank=True, default="")),
            ("moved", models.PositiveIntegerField(default=0)),
            ("done_at", models.DateTimeField(blank=True, null=True)),
            (
                "asked_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "authority",
                models.ForeignKey("authorities.authority", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "decided_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "region",
                models.ForeignKey(
                    "authorities.region", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
        ],
        options={
            "indexes": [
                models.Index(name="law_changes_of_a_kind", fields=["kind", "-id"]),
                models.Index(
                    name="law_changes_to_work_on", fields=["id"], condition=Q(state__in=["trying", "applying"])
                ),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="law_is_changed_by_two_persons",
                    condition=Q(asked_by__isnull=True)
                    | ~Q(state__in=["applying", "done"])
                    | Q(kind="replay")
                    | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                ),
                models.CheckConstraint(
                    name="law_is_changed_after_a_preview",
                    condition=~Q(state__in=["tried", "applying", "done"]) | Q(tried_at__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "LawEffect",
        [
            ID,
            ("clock", models.CharField(max_length=20)),
            ("owed_by", models.CharField(max_length=12)),
            (
                "verdict",
                models.CharField(
                    max_length=8,
                    choices=[(code, code) for code in ("late", "in_time", "unknown", "later", "earlier", "kept")],
                ),
            ),
            ("before", models.DateField()),
            ("after", models.DateField()),
            ("ended_on", models.DateField(blank=True, null=True)),
            (
                "change",
                models.ForeignKey("complaints.lawchange", models.CASCADE, related_name="effects", db_index=False),
            ),
            ("complaint", models.ForeignKey("complaints.complaint", models.PROTECT, related_name="+", db_index=False)),
        ],
        options={"indexes": [models.Index(name="effects_of_a_law_change", fields=["change", "verdict", "id"])]},
    ),
    migrations.CreateModel(
        "PlatformFile",
        [
            ID,
            ("mark", models.CharField(max_length=20, unique=True)),
            ("file_name", SealedText(blank=True, whose="", place=["mark"], free_text=True)),
            ("form", models.CharField(max_length=4, choices=[(code, code) for code in ("csv", "xlsx")])),
            ("digest", models.CharField(max_length=64)),
            ("language", models.CharField(max_length=10, default="zh-hans")),
            (
                "state",
                models.CharField(
                    max_length=8,
                    default="checking",
                    choices=[(code, code) for code in ("checking", "checked", "applying", "done", "dropped", "failed")],
                ),
            ),
            ("asked_at", models.DateTimeField()),
            ("decided_at", models.DateTimeField(blank=True, null=True)),
            ("ended_at", models.DateTimeField(blank=True, null=True)),
            ("place", models.PositiveIntegerField(default=0)),
            ("lines", models.PositiveIntegerField(default=0)),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("failure", models.CharField(max_length=40, blank=True, default="")),
            ("failure_words", models.CharField(max_length=300, blank=True, default="")),
            ("asked_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+", db_index=False)),
        ],
        options={
            "indexes": [
                models.Index(name="platform_files_of_an_authority", fields=["authority", "-id"]),
                models.Index(
                    name="platform_files_to_work_on", fields=["id"], condition=Q(state__in=["checking", "applying"])
                ),
            ],
            "constraints": [
                models.UniqueConstraint(
                    name="platform_file_is_answered_once",
                    fields=("authority", "digest"),
                    condition=~Q(state__in=["dropped", "failed"]),
                )
            ],
        },
    ),
    migrations.CreateModel(
        "PlatformLine",
        [
            ID,
            ("line", models.PositiveIntegerField()),
            ("kind", models.CharField(max_length=8, choices=[(code, code) for code in ("number", "new")])),
            ("number", models.CharField(max_length=40, blank=True, default="")),
            ("platform_number", models.CharField(max_length=40, blank=True, default="")),
            (
                "state",
                models.CharField(
                    max_length=8, choices=[(code, code) for code in ("good", "bad", "done", "refused", "same")]
                ),
            ),
            ("column", models.CharField(max_length=40, blank=True, default="")),
            ("problem", models.CharField(max_length=300, blank=True, default="")),
            ("file", models.ForeignKey("complaints.platformfile", models.CASCADE, related_name="rows", db_index=False)),
        ],
        options={
            "indexes": [models.Index(name="platform_lines_by_state", fields=["file", "state", "line"])],
            "constraints": [models.UniqueConstraint(name="platform_line_is_read_once", fields=("file", "line"))],
        },
    ),
    migrations.CreateModel(
        "Measure",
        [
            ID,
            ("public_id", models.UUIDField(unique=True, default=uuid.uuid4)),
            ("made_at", models.DateTimeField()),
            ("title", SealedText(whose="", place=["public_id"], free_text=True)),
            ("rule", SealedJSON(blank=True, whose="", place=["public_id"], free_text=True)),
            ("picks", models.JSONField(default=list)),
            ("left_out", models.JSONField(default=list)),
            ("sent_at", models.DateTimeField(blank=True, null=True)),
            ("sent", models.PositiveSmallIntegerField(default=0)),
            (
                "branch",
                models.ForeignKey("enterprises.branch", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+")),
            ("made_by", models.ForeignKey("enterprises.staff", models.PROTECT, related_name="+")),
            (
                "proposed_by",
                models.ForeignKey(
                    "enterprises.staff", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "decided_by",
                models.ForeignKey(
                    "enterprises.staff", models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            ("proposed_at", models.DateTimeField(blank=True, null=True)),
            ("decided_at", models.DateTimeField(blank=True, null=True)),
            ("returned", SealedText(blank=True, whose="", place=["public_id"], free_text=True)),
        ],
        options={"indexes": [models.Index(name="measures_of_an_enterprise", fields=["enterprise", "-id"])]},
    ),
    migrations.CreateModel(
        "RoundTrip",
        [
            ID,
            ("mark", models.CharField(max_length=20, unique=True)),
            ("file_name", SealedText(blank=True, whose="", place=["mark"], free_text=True)),
            ("form", models.CharField(max_length=4, choices=[(code, code) for code in ("csv", "xlsx")])),
            ("digest", models.CharField(max_length=64)),
            ("language", models.CharField(max_length=10, default="zh-hans")),
            (
                "state",
                models.CharField(
                    max_length=8,
                    default="reading",
                    choices=[
                        (code, code)
                        for code in ("reading", "checking", "checked", "applying", "done", "dropped", "failed")
                    ],
                ),
            ),
            (
                "mode",
                models.CharField(
                    max_length=4, blank=True, default="", choices=[(code, code) for code in ("all", "good")]
                ),
            ),
            ("asked_at", models.DateTimeField()),
            ("decided_at", models.DateTimeField(blank=True, null=True)),
            ("ended_at", models.DateTimeField(blank=True, null=True)),
            ("read_rows", models.PositiveIntegerField(default=0)),
            ("blank_rows", models.PositiveIntegerField(default=0)),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(blank=True, null=True)),
            ("failure", models.CharField(max_length=40, blank=True, default="")),
            ("failure_words", models.CharField(max_length=300, blank=True, default="")),
            ("asked_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+")),
        ],
        options={
            "indexes": [
                models.Index(name="round_trips_of_a_person", fields=["asked_by", "-id"]),
                models.Index(
                    name="round_trips_to_work_on",
                    fields=["id"],
                    condition=Q(state__in=["reading", "checking", "applying"]),
                ),
            ]
        },
    ),
    migrations.CreateModel(
        "RoundTripRow",
        [
            ID,
            ("line", models.PositiveIntegerField()),
            ("number", models.CharField(max_length=60, blank=True, default="")),
            ("case_id", models.BigIntegerField(blank=True, null=True)),
            ("step", models.CharField(max_length=40, blank=True, default="")),
            ("key", models.CharField(max_length=64, blank=True, default="")),
            ("said", SealedJSON(blank=True, whose="", place=["trip_id", "line"], free_text=True)),
            (
                "state",
                models.CharField(
                    max_length=8,
                    default="read",
                    choices=[(code, code) for code in ("read", "good", "bad", "done", "refused", "same")],
                ),
            ),
            ("column", models.CharField(max_length=40, blank=True, default="")),
            ("problem", models.CharField(max_length=300, blank=True, default="")),
            ("after", models.CharField(max_length=40, blank=True, default="")),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+", db_index=False),
            ),
            ("trip", models.ForeignKey("complaints.roundtrip", models.CASCADE, related_name="rows")),
        ],
        options={
            "indexes": [models.Index(name="lines_to_work_on", fields=["trip", "state", "case_id", "line"])],
            "constraints": [
                models.UniqueConstraint(name="line_is_read_once", fields=("trip", "line")),
                models.UniqueConstraint(
                    name="line_counts_once", fields=("enterprise", "key"), condition=Q(state="done")
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "StationEntry",
        [
            ID,
            ("at", models.DateTimeField()),
            ("category", models.CharField(max_length=60)),
            (
                "how",
                models.CharField(
                    max_length=20,
                    choices=[(code, code) for code in ("refund", "replace", "repair", "apology", "explained", "other")],
                ),
            ),
            ("amount", models.DecimalField(null=True, max_digits=14, decimal_places=2)),
            ("person_key", models.UUIDField(default=uuid.uuid4)),
            ("problem", SealedText(whose="person_key", place=["station_id", "at", "person_key"], free_text=True)),
            (
                "phone",
                SealedText(blank=True, whose="person_key", place=["station_id", "at", "person_key"], free_text=False),
            ),
            (
                "state",
                models.CharField(
                    max_length=12,
                    default="unconfirmed",
                    choices=[(code, code) for code in ("unconfirmed", "confirmed", "denied")],
                ),
            ),
            ("sheet", models.CharField(max_length=40, blank=True, default="")),
            ("token_digest", models.CharField(max_length=64, blank=True, default="")),
            ("expires_at", models.DateTimeField(null=True)),
            ("answered_at", models.DateTimeField(null=True)),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)),
            (
                "station",
                models.ForeignKey("enterprises.station", models.PROTECT, related_name="entries", db_index=False),
            ),
        ],
        options={
            "indexes": [models.Index(name="entries_of_a_station", fields=["station", "-at"])],
            "constraints": [
                models.UniqueConstraint(
                    name="entry_has_its_own_link", fields=("token_digest",), condition=~Q(token_digest="")
                ),
                models.CheckConstraint(
                    name="station_amount_is_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
                ),
                models.CheckConstraint(
                    name="an_answer_has_its_moment", condition=Q(state="unconfirmed") | Q(answered_at__isnull=False)
                ),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_cases")]

    operations = [CreateModels(MODELS)]
