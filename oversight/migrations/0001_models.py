"""Tables of oversight: what each case counts for and the sums of that, hot spots and what is done about them, open data
and monthly reports, letters and saved views of directors, checks of the system."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import F, Q

from database.operations import CreateModels

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

#: What a case, an enterprise's time with it, a promise … counts for: numbers of cases, then sums.
COUNTS = (
    "received", "open", "closed", "closed_settled", "closed_unconfirmed", "closed_settled_elsewhere",
    "closed_negotiation_failed", "closed_mediated", "closed_not_kept", "closed_mediation_terminated",
    "closed_refused", "closed_redirected", "closed_withdrawn", "handled", "rated", "delivered", "again",
    "waiting", "ended_settled", "ended_unconfirmed", "ended_settled_elsewhere", "ended_failed",
    "ended_withdrawn", "ended_returned", "ended_again", "in_part", "in_time", "in_time_reported",
    "in_time_apart", "ended_late", "ran_out", "ran_out_taken", "ran_out_ended", "routed", "misrouted", "mended",
    "mended_late", "mended_waiting", "offered", "offered_last_day", "ended_last_day", "responded", "accepted",
    "review_met", "review_late", "promise_due", "promise_kept", "promise_late", "promise_silent",
    "promise_broken", "promise_waiting", "recovered_n", "foreign_n",
)  # fmt: skip
AMOUNTS = (
    "handled_wd", "handled_cd", "marks", "response_minutes", "response_wd", "accept_minutes",
    "recovered", "vouchers", "unconfirmed",
)  # fmt: skip


def counted() -> list[tuple[str, Any]]:
    return [
        *((name, models.IntegerField(null=True)) for name in COUNTS),
        *((name, models.BigIntegerField(null=True)) for name in AMOUNTS),
    ]


MODELS = [
    migrations.CreateModel(
        "Tally",
        [
            *counted(),
            (
                "pk",
                models.CompositePrimaryKey(
                    "complaint_id", "kind", "ref", primary_key=True, blank=True, editable=False, serialize=False
                ),
            ),
            ("complaint_id", models.BigIntegerField()),
            ("kind", models.CharField(max_length=10)),
            ("ref", models.BigIntegerField(default=0)),
            ("day", models.DateField()),
            ("region", models.IntegerField()),
            ("enterprise", models.BigIntegerField(null=True)),
            ("branch", models.BigIntegerField(null=True)),
            ("problem", models.CharField(max_length=60, default="")),
            ("object", models.CharField(max_length=60, default="")),
            ("channel", models.CharField(max_length=20, default="")),
        ],
        options={
            "indexes": [
                models.Index(name="tally_of_a_day", fields=["day", "region"]),
                models.Index(
                    name="tally_of_an_enterprise", fields=["enterprise", "day"], condition=Q(enterprise__isnull=False)
                ),
                models.Index(
                    name="tally_that_lasts",
                    fields=["region", "day", "enterprise"],
                    condition=Q(open__isnull=False)
                    | Q(waiting__isnull=False)
                    | Q(ran_out__isnull=False)
                    | Q(ran_out_taken__isnull=False)
                    | Q(ran_out_ended__isnull=False),
                ),
                models.Index(
                    name="tally_of_first_responses",
                    fields=["day", "region"],
                    condition=Q(response_minutes__isnull=False),
                    include=("response_minutes",),
                ),
                models.Index(
                    name="tally_to_look_up",
                    fields=["day"],
                    condition=Q(mended_waiting__isnull=False)
                    | Q(foreign_n__isnull=False)
                    | Q(ended_again__isnull=False),
                ),
            ]
        },
    ),
    migrations.CreateModel(
        "DayRegion",
        [
            *counted(),
            (
                "pk",
                models.CompositePrimaryKey(
                    "region", "day", primary_key=True, blank=True, editable=False, serialize=False
                ),
            ),
            ("region", models.IntegerField()),
            ("day", models.DateField()),
        ],
    ),
    migrations.CreateModel(
        "DayFacet",
        [
            *counted(),
            (
                "pk",
                models.CompositePrimaryKey(
                    "day", "facet", primary_key=True, blank=True, editable=False, serialize=False
                ),
            ),
            ("day", models.DateField()),
            ("facet", models.CharField(max_length=62)),
        ],
    ),
    migrations.CreateModel(
        "MonthFacet",
        [
            *counted(),
            (
                "pk",
                models.CompositePrimaryKey(
                    "region", "facet", "month", primary_key=True, blank=True, editable=False, serialize=False
                ),
            ),
            ("region", models.IntegerField()),
            ("facet", models.CharField(max_length=62)),
            ("month", models.DateField()),
        ],
    ),
    migrations.CreateModel(
        "MonthEnterprise",
        [
            *counted(),
            (
                "pk",
                models.CompositePrimaryKey(
                    "enterprise", "branch", "month", primary_key=True, blank=True, editable=False, serialize=False
                ),
            ),
            ("enterprise", models.BigIntegerField()),
            ("branch", models.BigIntegerField()),
            ("month", models.DateField()),
        ],
    ),
    migrations.CreateModel(
        "MonthSpread",
        [
            (
                "pk",
                models.CompositePrimaryKey(
                    "whose",
                    "of",
                    "what",
                    "month",
                    "bucket",
                    primary_key=True,
                    blank=True,
                    editable=False,
                    serialize=False,
                ),
            ),
            ("whose", models.CharField(max_length=1)),
            ("of", models.BigIntegerField()),
            ("what", models.CharField(max_length=16)),
            ("month", models.DateField()),
            ("bucket", models.SmallIntegerField()),
            ("n", models.IntegerField()),
        ],
    ),
    migrations.CreateModel(
        "DaySpread",
        [
            (
                "pk",
                models.CompositePrimaryKey(
                    "region", "what", "day", "bucket", primary_key=True, blank=True, editable=False, serialize=False
                ),
            ),
            ("region", models.IntegerField()),
            ("what", models.CharField(max_length=16)),
            ("day", models.DateField()),
            ("bucket", models.SmallIntegerField()),
            ("n", models.IntegerField()),
        ],
    ),
    migrations.CreateModel(
        "RollupState",
        [
            ID,
            ("era", models.BigIntegerField(default=0)),
            ("transaction", models.BigIntegerField(default=0)),
            ("entry", models.BigIntegerField(default=0)),
            ("folded_at", models.DateTimeField(null=True)),
            ("rebuilt_through", models.BigIntegerField(null=True)),
            ("compared_at", models.DateTimeField(null=True)),
            ("compared_through", models.BigIntegerField(null=True)),
            ("compared_tables", models.PositiveSmallIntegerField(default=0)),
            ("differences", models.JSONField(default=list)),
            ("calendar", models.CharField(max_length=200, default="")),
            ("compared_calendar", models.CharField(max_length=200, default="")),
        ],
    ),
    migrations.CreateModel(
        "SystemCheck",
        [
            ("name", models.CharField(primary_key=True, max_length=40, serialize=False)),
            ("at", models.DateTimeField()),
            ("is_sound", models.BooleanField()),
            ("counted", models.BigIntegerField(default=0)),
        ],
    ),
    migrations.CreateModel(
        "AlarmSent",
        [
            ID,
            ("condition", models.CharField(max_length=60)),
            ("day", models.DateField()),
            ("at", models.DateTimeField()),
            ("told", models.PositiveSmallIntegerField(default=0)),
        ],
        options={
            "constraints": [models.UniqueConstraint(name="an_alarm_is_told_once_a_day", fields=("condition", "day"))]
        },
    ),
    migrations.CreateModel(
        "OversightView",
        [
            ID,
            ("key", models.UUIDField(unique=True)),
            ("made_at", models.DateTimeField()),
            ("name", models.CharField(max_length=40)),
            ("page", models.CharField(max_length=20)),
            ("query", models.CharField(max_length=600, blank=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+")),
            ("made_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)),
        ],
        options={
            "ordering": ["name", "id"],
            "constraints": [
                models.UniqueConstraint(name="a_view_has_one_name_at_an_authority", fields=("authority", "name"))
            ],
        },
    ),
    migrations.CreateModel(
        "DirectorLetter",
        [
            (
                "user",
                models.OneToOneField(
                    settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, serialize=False, related_name="+"
                ),
            ),
            ("every", models.CharField(max_length=5, choices=[(code, code) for code in ("week", "month")])),
            ("chosen_at", models.DateTimeField()),
            ("sent_for", models.DateField(blank=True, null=True)),
        ],
    ),
    migrations.CreateModel(
        "OpenIndicators",
        [
            ("region", models.IntegerField(primary_key=True, serialize=False)),
            ("level", models.CharField(max_length=10)),
            ("parent", models.IntegerField(null=True)),
            ("name", models.CharField(max_length=80)),
            ("name_en", models.CharField(max_length=80, blank=True, default="")),
            ("first", models.DateField()),
            ("last", models.DateField()),
            ("formula", models.PositiveSmallIntegerField()),
            ("made_at", models.DateTimeField()),
            ("data", models.JSONField()),
        ],
        options={"ordering": ["region"], "indexes": [models.Index(name="indicators_below", fields=["parent"])]},
    ),
    migrations.CreateModel(
        "DataSet",
        [
            ID,
            ("month", models.DateField()),
            ("version", models.PositiveSmallIntegerField()),
            ("made_at", models.DateTimeField()),
            ("formulas", models.JSONField(default=dict)),
            ("changes", models.JSONField(default=list)),
            ("reason", models.CharField(max_length=500, blank=True, default="")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(name="a_version_of_open_data_is_issued_once", fields=("month", "version")),
                models.CheckConstraint(name="open_data_is_of_a_month", condition=Q(month__day=1)),
            ]
        },
    ),
    migrations.CreateModel(
        "DataFile",
        [
            ID,
            ("name", models.CharField(max_length=60)),
            ("media_type", models.CharField(max_length=40)),
            ("content", models.BinaryField()),
            ("size", models.PositiveIntegerField()),
            ("rows", models.PositiveIntegerField(default=0)),
            ("sha256", models.CharField(max_length=64)),
            ("data_set", models.ForeignKey("oversight.dataset", models.PROTECT, related_name="files", db_index=False)),
        ],
        options={
            "ordering": ["id"],
            "constraints": [
                models.UniqueConstraint(name="a_file_of_open_data_is_there_once", fields=("data_set", "name"))
            ],
        },
    ),
    migrations.CreateModel(
        "MonthlyReport",
        [
            ID,
            ("month", models.DateField()),
            ("version", models.PositiveSmallIntegerField()),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="draft",
                    choices=[(code, code) for code in ("draft", "waiting", "approved", "published", "dropped")],
                ),
            ),
            ("figures", models.JSONField(default=dict)),
            ("texts", models.JSONField(default=dict)),
            ("what_changed", models.CharField(max_length=500, blank=True, default="")),
            ("drafted_at", models.DateTimeField()),
            ("edited_at", models.DateTimeField()),
            ("decided_at", models.DateTimeField(blank=True, null=True)),
            ("decision", models.CharField(max_length=500, blank=True, default="")),
            ("published_at", models.DateTimeField(blank=True, null=True)),
            ("printed", models.BinaryField(null=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+")),
            ("data_set", models.ForeignKey("oversight.dataset", models.PROTECT, related_name="+", db_index=False)),
            (
                "decided_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+", db_index=False
                ),
            ),
            (
                "drafted_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False),
            ),
            (
                "edited_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False),
            ),
        ],
        options={
            "indexes": [models.Index(name="reports_as_published", fields=["state", "-published_at", "-id"])],
            "constraints": [
                models.UniqueConstraint(
                    name="a_version_of_a_report_is_drafted_once", fields=("authority", "month", "version")
                ),
                models.UniqueConstraint(
                    name="one_version_of_a_report_is_worked_on",
                    fields=("authority", "month"),
                    condition=Q(state__in=["draft", "waiting", "approved"]),
                ),
                models.CheckConstraint(name="a_report_is_of_a_month", condition=Q(month__day=1)),
                models.CheckConstraint(
                    name="a_report_is_approved_by_a_second_person",
                    condition=~Q(state__in=["approved", "published"])
                    | (Q(decided_by__isnull=False) & ~Q(decided_by=F("drafted_by")) & ~Q(decided_by=F("edited_by"))),
                ),
                models.CheckConstraint(
                    name="a_published_report_says_since_when",
                    condition=~Q(state="published") | Q(published_at__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "HotSpot",
        [
            ID,
            ("kind", models.CharField(max_length=4, choices=[("week", "一周"), ("day", "当天")])),
            ("facet", models.CharField(max_length=62, blank=True, default="")),
            ("place", models.IntegerField(null=True)),
            ("first", models.DateField()),
            ("last", models.DateField()),
            ("observed", models.IntegerField()),
            ("expected", models.FloatField()),
            ("usual", models.JSONField()),
            ("around", models.JSONField(default=list)),
            ("chance", models.FloatField()),
            ("restless", models.FloatField()),
            ("detectable", models.FloatField()),
            ("rate", models.FloatField()),
            ("method", models.PositiveSmallIntegerField()),
            ("found_at", models.DateTimeField()),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="open",
                    choices=[("open", "待判断"), ("guided", "已发起指导"), ("dismissed", "无需处理")],
                ),
            ),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, null=True, related_name="hot_spots"),
            ),
            ("region", models.ForeignKey("authorities.region", models.PROTECT, null=True, related_name="hot_spots")),
            ("explained_by", ArrayField(default=list, base_field=models.BigIntegerField(), size=None)),
        ],
        options={
            "ordering": ["-found_at", "-id"],
            "indexes": [
                models.Index(name="hot_spots_by_state", fields=["state", "-found_at", "-id"]),
                models.Index(name="hot_spots_of_a_day", fields=["kind", "last"]),
                GinIndex(name="hot_spots_explained_by", fields=["explained_by"]),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="a_hot_spot_is_of_an_enterprise_or_a_region",
                    condition=Q(enterprise__isnull=False, region__isnull=True)
                    | Q(enterprise__isnull=True, region__isnull=False),
                ),
                models.CheckConstraint(name="a_hot_spot_ends_after_it_begins", condition=Q(last__gte=F("first"))),
                models.UniqueConstraint(
                    name="a_cell_is_found_once",
                    fields=("kind", "last", "enterprise", "region", "facet"),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Guidance",
        [
            ID,
            ("causes", models.TextField()),
            (
                "state",
                models.CharField(
                    max_length=6,
                    default="draft",
                    choices=[("draft", "起草中"), ("sent", "整改中"), ("closed", "指导已结束")],
                ),
            ),
            (
                "verdict",
                models.CharField(
                    max_length=9,
                    blank=True,
                    default="",
                    choices=[("effective", "起了作用"), ("not", "没有起作用"), ("unclear", "看不出来")],
                ),
            ),
            ("opened_at", models.DateTimeField()),
            ("sent_at", models.DateTimeField(null=True)),
            ("closed_at", models.DateTimeField(null=True)),
            ("effect", models.JSONField(null=True)),
            ("counted_at", models.DateTimeField(null=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="guidances")),
            ("opened_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("hot_spot", models.ForeignKey("oversight.hotspot", models.PROTECT, related_name="guidances")),
        ],
        options={
            "ordering": ["-id"],
            "indexes": [
                models.Index(name="guidances_of_an_enterprise", fields=["enterprise", "-opened_at", "-id"]),
                models.Index(name="guidances_of_an_authority", fields=["authority", "-opened_at", "-id"]),
                models.Index(name="guidances_under_way", fields=["id"], condition=Q(state="sent")),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="a_guidance_that_was_sent_says_when", condition=Q(state="draft") | Q(sent_at__isnull=False)
                ),
                models.CheckConstraint(
                    name="a_closed_guidance_has_a_judgement",
                    condition=~Q(state="closed") | (Q(closed_at__isnull=False) & ~Q(verdict="")),
                ),
                models.UniqueConstraint(name="a_hot_spot_guides_an_enterprise_once", fields=("hot_spot", "enterprise")),
            ],
        },
    ),
    migrations.CreateModel(
        "GuidanceMeasure",
        [
            ID,
            ("number", models.PositiveSmallIntegerField()),
            ("what", models.CharField(max_length=300)),
            ("responsible", models.CharField(max_length=80)),
            ("due_on", models.DateField()),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="open",
                    choices=[("open", "还没有开始"), ("under_way", "正在做"), ("done", "已经完成")],
                ),
            ),
            ("done_on", models.DateField(null=True)),
            ("reminded_at", models.DateTimeField(null=True)),
            ("guidance", models.ForeignKey("oversight.guidance", models.PROTECT, related_name="measures")),
        ],
        options={
            "ordering": ["guidance_id", "number"],
            "indexes": [
                models.Index(
                    name="measures_to_remind_of",
                    fields=["due_on"],
                    condition=~Q(state="done") & Q(reminded_at__isnull=True),
                )
            ],
            "constraints": [
                models.UniqueConstraint(name="measures_of_a_guidance_are_numbered", fields=("guidance", "number")),
                models.CheckConstraint(
                    name="a_done_measure_says_when", condition=~Q(state="done") | Q(done_on__isnull=False)
                ),
                models.CheckConstraint(name="a_measure_says_what_and_who", condition=~Q(what="") & ~Q(responsible="")),
            ],
        },
    ),
    migrations.CreateModel(
        "ConsumerWarning",
        [
            ID,
            ("title", models.CharField(max_length=80)),
            ("text", models.TextField()),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="draft",
                    choices=[
                        ("draft", "起草中"),
                        ("proposed", "等待批准"),
                        ("published", "已发布"),
                        ("withdrawn", "已撤回"),
                    ],
                ),
            ),
            ("drafted_at", models.DateTimeField()),
            ("published_at", models.DateTimeField(null=True)),
            ("withdrawn_at", models.DateTimeField(null=True)),
            ("withdrawn_why", models.CharField(max_length=1000, blank=True, default="")),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+")),
            ("decided_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("drafted_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("proposed_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("hot_spot", models.ForeignKey("oversight.hotspot", models.PROTECT, related_name="warnings")),
        ],
        options={
            "ordering": ["-id"],
            "indexes": [
                models.Index(
                    name="warnings_in_public", fields=["-published_at", "-id"], condition=Q(published_at__isnull=False)
                )
            ],
            "constraints": [
                models.CheckConstraint(
                    name="a_warning_is_published_by_a_second_person",
                    condition=Q(state__in=["draft", "proposed"])
                    | (
                        Q(decided_by__isnull=False)
                        & Q(proposed_by__isnull=False)
                        & Q(published_at__isnull=False)
                        & ~Q(decided_by=F("proposed_by"))
                    ),
                ),
                models.CheckConstraint(
                    name="a_withdrawn_warning_says_why",
                    condition=~Q(state="withdrawn") | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why="")),
                ),
                models.UniqueConstraint(
                    name="a_hot_spot_warns_once", fields=("hot_spot", "authority"), condition=~Q(state="withdrawn")
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "HotSpotAction",
        [
            ID,
            ("measure", models.PositiveSmallIntegerField(null=True)),
            (
                "kind",
                models.CharField(
                    max_length=9,
                    choices=[
                        ("dismissed", "判断为无需处理"),
                        ("reopened", "重新列为待判断"),
                        ("opened", "发起行政指导"),
                        ("added", "提出措施"),
                        ("dropped", "删去措施"),
                        ("sent", "送达企业"),
                        ("reported", "企业报告进展"),
                        ("reminded", "措施到期未完成，已提醒"),
                        ("closed", "作出判断并结束"),
                        ("drafted", "起草消费预警"),
                        ("edited", "修改消费预警"),
                        ("proposed", "提请批准消费预警"),
                        ("sent_back", "退回修改"),
                        ("published", "批准并发布消费预警"),
                        ("withdrawn", "撤回消费预警"),
                    ],
                ),
            ),
            ("at", models.DateTimeField()),
            ("text", models.TextField(blank=True)),
            ("said", models.CharField(max_length=300, blank=True, default="")),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            (
                "warning",
                models.ForeignKey("oversight.consumerwarning", models.PROTECT, null=True, related_name="actions"),
            ),
            ("guidance", models.ForeignKey("oversight.guidance", models.PROTECT, null=True, related_name="actions")),
            ("hot_spot", models.ForeignKey("oversight.hotspot", models.PROTECT, related_name="actions")),
        ],
        options={
            "db_table": "oversight_deed",
            "ordering": ["id"],
            "indexes": [
                models.Index(name="deeds_about_a_hot_spot", fields=["hot_spot", "id"]),
                models.Index(
                    name="deeds_of_a_guidance", fields=["guidance", "id"], condition=Q(guidance__isnull=False)
                ),
                models.Index(name="deeds_of_a_warning", fields=["warning", "id"], condition=Q(warning__isnull=False)),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_models"), ("authorities", "0001_models"), ("enterprises", "0001_models")]

    operations = [CreateModels(MODELS)]
