"""Tables of enterprises: the directory and its changes, enrolment, staff and their rules, stations and mediation
bodies, webhooks and tokens, what is published about them."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models import F, Q

from accounts.keys.sealed_fields import BlindIndex, SealedJSON, SealedText
from database.operations import CreateModels

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

MODELS = [
    migrations.CreateModel(
        "Enterprise",
        [
            ID,
            ("name", models.CharField(verbose_name="名称", max_length=200)),
            ("name_en", models.CharField(verbose_name="英文名称", max_length=200, blank=True)),
            (
                "uscc",
                models.CharField(verbose_name="统一社会信用代码", max_length=18, unique=True, blank=True, null=True),
            ),
            (
                "enrolment",
                models.CharField(
                    verbose_name="入驻状态",
                    max_length=12,
                    default="not_enrolled",
                    choices=[
                        ("enrolled", "在线和解企业"),
                        ("suspended", "暂停接收"),
                        ("not_enrolled", "未入驻"),
                        ("ended", "已注销"),
                    ],
                ),
            ),
            ("ended_on", models.DateField(verbose_name="终止日期", blank=True, null=True)),
            (
                "domicile",
                models.ForeignKey("authorities.region", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "enrolled_by",
                models.ForeignKey(
                    "authorities.authority", models.PROTECT, blank=True, null=True, related_name="enrolled"
                ),
            ),
            ("finishes_cases", models.BooleanField(default=False)),
            ("leaves_on", models.DateField(blank=True, null=True)),
            ("stays_out", models.BooleanField(default=False)),
        ],
        options={
            "verbose_name": "企业",
            "ordering": ["id"],
            "indexes": [
                models.Index(name="enterprise_by_name", fields=["name"]),
                models.Index(name="enterprises_that_leave", fields=["leaves_on"], condition=Q(leaves_on__isnull=False)),
            ],
            "constraints": [
                models.CheckConstraint(name="an_enterprise_has_a_name", condition=~Q(name="")),
                models.CheckConstraint(
                    name="a_credit_code_has_eighteen_characters",
                    condition=Q(uscc__isnull=True) | Q(uscc__regex="^[0-9A-HJ-NPQRTUWXY]{18}$"),
                ),
                models.CheckConstraint(
                    name="an_ended_enterprise_has_a_last_day",
                    condition=~Q(enrolment="ended") | Q(ended_on__isnull=False),
                ),
                models.CheckConstraint(
                    name="an_enrolled_enterprise_was_enrolled_by_an_authority",
                    condition=~Q(enrolment__in=["enrolled", "suspended"]) | Q(enrolled_by__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "ApiToken",
        [
            ID,
            ("name", models.CharField(verbose_name="用途", max_length=80)),
            ("shown", models.CharField(max_length=12)),
            ("digest", models.CharField(max_length=64, unique=True)),
            ("scopes", ArrayField(base_field=models.CharField(max_length=20), size=None)),
            ("addresses", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=50), size=None)),
            ("created_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ("last_used_at", models.DateTimeField(blank=True, null=True)),
            ("last_used_from", models.CharField(max_length=45, blank=True, default="")),
            ("denied_at", models.DateTimeField(blank=True, null=True)),
            ("minute_began_at", models.DateTimeField(blank=True, null=True)),
            ("calls", models.PositiveIntegerField(default=0)),
            (
                "authority",
                models.ForeignKey("authorities.authority", models.CASCADE, blank=True, null=True, related_name="+"),
            ),
            ("created_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")),
            (
                "enterprise",
                models.ForeignKey(
                    "enterprises.enterprise", models.CASCADE, blank=True, null=True, related_name="api_tokens"
                ),
            ),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")),
        ],
        options={
            "ordering": ["-created_at", "-id"],
            "constraints": [
                models.CheckConstraint(
                    name="a_token_stands_on_one_place", condition=Q(enterprise=None) | Q(authority=None)
                ),
                models.CheckConstraint(
                    name="a_token_ends_after_it_begins", condition=Q(expires_at__gt=F("created_at"))
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Appraisal",
        [
            ID,
            ("year", models.PositiveSmallIntegerField()),
            ("formula", models.PositiveSmallIntegerField()),
            ("figures", models.JSONField()),
            ("points", models.JSONField()),
            ("computed", models.CharField(max_length=1, choices=[("A", "A级"), ("B", "B级"), ("C", "C级")])),
            (
                "grade",
                models.CharField(verbose_name="等级", max_length=1, choices=[("A", "A级"), ("B", "B级"), ("C", "C级")]),
            ),
            ("reason", models.CharField(verbose_name="理由", max_length=300, blank=True, default="")),
            ("proposed_at", models.DateTimeField()),
            ("decided_at", models.DateTimeField(null=True)),
            ("decided_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="appraisals")),
            ("proposed_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
        ],
        options={
            "ordering": ["-year", "enterprise_id"],
            "constraints": [
                models.UniqueConstraint(name="an_enterprise_is_appraised_once_a_year", fields=("enterprise", "year")),
                models.CheckConstraint(
                    name="an_appraisal_is_decided_by_another_officer",
                    condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                ),
                models.CheckConstraint(
                    name="a_decision_has_its_day",
                    condition=Q(decided_at__isnull=True, decided_by__isnull=True)
                    | Q(decided_at__isnull=False, decided_by__isnull=False),
                ),
                models.CheckConstraint(
                    name="another_grade_has_a_reason", condition=Q(grade=F("computed")) | ~Q(reason="")
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Branch",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("name", models.CharField(verbose_name="名称", max_length=200)),
            ("name_en", models.CharField(verbose_name="英文名称", max_length=200, blank=True)),
            (
                "parent",
                models.ForeignKey("enterprises.branch", models.PROTECT, blank=True, null=True, related_name="children"),
            ),
            (
                "place",
                models.ForeignKey(
                    "authorities.region",
                    models.PROTECT,
                    verbose_name="实际经营地",
                    blank=True,
                    null=True,
                    related_name="+",
                ),
            ),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="branches")),
        ],
        options={
            "verbose_name": "分支机构",
            "ordering": ["enterprise_id", "id"],
            "constraints": [
                models.CheckConstraint(
                    name="branch_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.CheckConstraint(name="a_branch_has_a_name", condition=~Q(name="")),
                models.CheckConstraint(
                    name="a_branch_is_not_its_own_parent", condition=Q(parent__isnull=True) | ~Q(parent=F("id"))
                ),
                models.UniqueConstraint(name="a_branch_name_is_used_once_an_enterprise", fields=("enterprise", "name")),
                models.UniqueConstraint(name="a_branch_belongs_to_one_enterprise", fields=("enterprise", "id")),
            ],
        },
    ),
    migrations.CreateModel(
        "BranchAuthority",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+")),
            ("branch", models.ForeignKey("enterprises.branch", models.CASCADE, related_name="authorities")),
        ],
        options={
            "ordering": ["branch_id", "starts_on"],
            "constraints": [
                models.CheckConstraint(
                    name="branch_authority_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(
                    name="a_branch_changes_its_authority_once_a_day",
                    fields=("branch", "starts_on"),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "ServiceArea",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("category", models.CharField(verbose_name="类别", max_length=60, blank=True)),
            ("branch", models.ForeignKey("enterprises.branch", models.CASCADE, related_name="areas")),
            ("region", models.ForeignKey("authorities.region", models.PROTECT, related_name="+")),
        ],
        options={
            "verbose_name": "服务区域",
            "ordering": ["branch_id", "region_id"],
            "constraints": [
                models.CheckConstraint(
                    name="service_area_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(
                    name="a_branch_serves_a_region_once_at_a_time",
                    fields=("branch", "region", "category", "starts_on"),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Brand",
        [
            ID,
            ("name", models.CharField(verbose_name="品牌", max_length=80, unique=True)),
            ("name_en", models.CharField(verbose_name="英文名称", max_length=80, blank=True)),
        ],
        options={
            "verbose_name": "品牌",
            "ordering": ["id"],
            "constraints": [models.CheckConstraint(name="a_brand_has_a_name", condition=~Q(name=""))],
        },
    ),
    migrations.CreateModel(
        "BrandHolding",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("category", models.CharField(verbose_name="类别", max_length=60, blank=True)),
            ("brand", models.ForeignKey("enterprises.brand", models.CASCADE, related_name="holdings")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="holdings")),
        ],
        options={
            "verbose_name": "品牌归属",
            "ordering": ["brand_id", "enterprise_id"],
            "constraints": [
                models.CheckConstraint(
                    name="brand_holding_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(
                    name="a_brand_is_held_once_at_a_time",
                    fields=("brand", "enterprise", "category", "starts_on"),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Alias",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("name", models.CharField(verbose_name="名称", max_length=200)),
            (
                "kind",
                models.CharField(verbose_name="性质", max_length=6, choices=[("alias", "别称"), ("former", "曾用名")]),
            ),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.CASCADE, related_name="aliases")),
        ],
        options={
            "verbose_name": "其他名称",
            "ordering": ["enterprise_id", "id"],
            "constraints": [
                models.CheckConstraint(
                    name="alias_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.CheckConstraint(name="an_alias_has_a_name", condition=~Q(name="")),
                models.UniqueConstraint(
                    name="an_alias_is_told_once_at_a_time",
                    fields=("enterprise", "name", "kind", "starts_on"),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Succession",
        [
            ID,
            ("on_day", models.DateField(verbose_name="承继日期")),
            ("predecessor", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="successors")),
            ("successor", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="predecessors")),
        ],
        options={
            "verbose_name": "承继",
            "ordering": ["on_day", "id"],
            "constraints": [
                models.CheckConstraint(name="nobody_succeeds_itself", condition=~Q(predecessor=F("successor"))),
                models.UniqueConstraint(
                    name="a_succession_is_told_once", fields=("predecessor", "successor", "on_day")
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Staff",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            (
                "role",
                models.CharField(
                    verbose_name="角色",
                    max_length=8,
                    choices=[("manager", "管理员"), ("handler", "处理专员"), ("reviewer", "审核")],
                ),
            ),
            (
                "branch",
                models.ForeignKey("enterprises.branch", models.PROTECT, blank=True, null=True, related_name="staff"),
            ),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="staff")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="employments")),
            ("number", models.CharField(verbose_name="工号", max_length=20, blank=True, default="")),
        ],
        options={
            "verbose_name": "企业人员",
            "ordering": ["enterprise_id", "id"],
            "constraints": [
                models.CheckConstraint(
                    name="staff_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(
                    name="a_handler_number_is_one_persons", fields=("enterprise", "number"), condition=~Q(number="")
                ),
                models.UniqueConstraint(
                    name="a_job_is_given_once_a_day",
                    fields=("user", "enterprise", "branch", "role", "starts_on"),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "AnswerTemplate",
        [
            ID,
            ("name", models.CharField(max_length=60)),
            ("number", models.PositiveIntegerField(default=1)),
            ("is_retired", models.BooleanField(default=False)),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="templates", db_index=False),
            ),
            ("owner", models.ForeignKey("enterprises.staff", models.PROTECT, related_name="+", db_index=False)),
        ],
        options={
            "ordering": ["enterprise_id", "name"],
            "constraints": [models.UniqueConstraint(name="template_has_one_name", fields=("enterprise", "name"))],
        },
    ),
    migrations.CreateModel(
        "TemplateVersion",
        [
            ID,
            ("number", models.PositiveIntegerField()),
            ("body", SealedText(whose="", place=["template_id", "number"], free_text=True)),
            ("made_at", models.DateTimeField()),
            ("made_by", models.ForeignKey("enterprises.staff", models.PROTECT, related_name="+", db_index=False)),
            (
                "template",
                models.ForeignKey(
                    "enterprises.answertemplate", models.PROTECT, related_name="versions", db_index=False
                ),
            ),
        ],
        options={
            "ordering": ["template_id", "-number"],
            "constraints": [
                models.UniqueConstraint(name="template_version_is_numbered_once", fields=("template", "number"))
            ],
        },
    ),
    migrations.CreateModel(
        "SearchName",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            (
                "kind",
                models.CharField(
                    max_length=6,
                    choices=[
                        ("legal", "登记名称"),
                        ("brand", "品牌"),
                        ("alias", "别称"),
                        ("former", "曾用名"),
                        ("branch", "分支机构"),
                        ("code", "统一社会信用代码"),
                    ],
                ),
            ),
            ("text", models.CharField(max_length=200)),
            ("folded", models.CharField(max_length=200)),
            ("initials", models.CharField(max_length=200, blank=True)),
            ("grams", ArrayField(base_field=models.CharField(max_length=2), size=None)),
            (
                "branch",
                models.ForeignKey("enterprises.branch", models.CASCADE, blank=True, null=True, related_name="+"),
            ),
            ("brand", models.ForeignKey("enterprises.brand", models.CASCADE, blank=True, null=True, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.CASCADE, related_name="search_names")),
        ],
        options={
            "ordering": ["id"],
            "indexes": [
                GinIndex(name="search_name_by_gram", fields=["grams"]),
                models.Index(OpClass("initials", "text_pattern_ops"), name="search_name_by_initials"),
                models.Index(name="search_name_by_text", fields=["folded"]),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="search_name_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                )
            ],
        },
    ),
    migrations.CreateModel(
        "PublishedFigure",
        [
            ID,
            ("category", models.CharField(max_length=60, blank=True, default="")),
            ("day", models.DateField()),
            ("formula", models.PositiveSmallIntegerField()),
            ("ended", models.PositiveIntegerField()),
            ("settled", models.PositiveIntegerField()),
            ("unconfirmed", models.PositiveIntegerField()),
            ("median_days", models.DecimalField(null=True, max_digits=6, decimal_places=1)),
            ("promised", models.PositiveIntegerField()),
            ("kept", models.PositiveIntegerField()),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.CASCADE, related_name="published_figures"),
            ),
            ("closed", models.PositiveIntegerField(default=0)),
            ("marks", models.PositiveIntegerField(default=0)),
            ("p90_days", models.DecimalField(null=True, max_digits=6, decimal_places=1)),
            ("rated", models.PositiveIntegerField(default=0)),
            ("responded", models.PositiveIntegerField(default=0)),
            ("response_median", models.PositiveIntegerField(null=True)),
            ("response_p90", models.PositiveIntegerField(null=True)),
        ],
        options={
            "ordering": ["enterprise_id", "category", "day"],
            "constraints": [
                models.UniqueConstraint(
                    name="a_figure_is_published_once_a_day", fields=("enterprise", "category", "day")
                ),
                models.CheckConstraint(
                    name="no_more_settled_than_ended", condition=Q(ended__gte=F("settled") + F("unconfirmed"))
                ),
                models.CheckConstraint(name="no_more_kept_than_promised", condition=Q(promised__gte=F("kept"))),
                models.CheckConstraint(name="no_more_rated_than_closed", condition=Q(closed__gte=F("rated"))),
            ],
        },
    ),
    migrations.CreateModel(
        "DirectoryChange",
        [
            ID,
            ("kind", models.CharField(max_length=20)),
            ("what", models.JSONField()),
            ("on_day", models.DateField()),
            ("why", models.CharField(max_length=500)),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="draft",
                    choices=[
                        ("draft", "尚未提交"),
                        ("waiting", "等待批准"),
                        ("approved", "已批准"),
                        ("refused", "未批准"),
                        ("withdrawn", "已撤回"),
                        ("recorded", "已生效并备案"),
                    ],
                ),
            ),
            ("made_at", models.DateTimeField()),
            ("filed_at", models.DateTimeField(null=True)),
            ("decided_at", models.DateTimeField(null=True)),
            ("reason", models.CharField(max_length=500, blank=True, default="")),
            ("preview", models.JSONField(null=True)),
            ("preview_wanted_at", models.DateTimeField(null=True)),
            ("preview_leased_until", models.DateTimeField(null=True)),
            ("preview_tries", models.PositiveSmallIntegerField(default=0)),
            ("branch", models.ForeignKey("enterprises.branch", models.PROTECT, null=True, related_name="+")),
            ("decided_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="changes")),
            ("made_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
        ],
        options={
            "verbose_name": "名录变更",
            "ordering": ["-id"],
            "indexes": [
                models.Index(name="changes_of_an_enterprise", fields=["enterprise", "made_at", "id"]),
                models.Index(name="changes_to_be_decided", fields=["filed_at", "id"], condition=Q(state="waiting")),
                models.Index(
                    name="changes_to_be_counted",
                    fields=["preview_wanted_at", "id"],
                    condition=Q(preview_wanted_at__isnull=False),
                ),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="a_decided_change_says_who_and_when",
                    condition=Q(state__in=["draft", "waiting", "withdrawn"])
                    | Q(decided_at__isnull=False, decided_by__isnull=False),
                ),
                models.CheckConstraint(
                    name="a_change_before_the_authority_was_filed",
                    condition=Q(state__in=["draft", "withdrawn"]) | Q(filed_at__isnull=False),
                ),
                models.CheckConstraint(name="a_refused_change_says_why", condition=~Q(state="refused") | ~Q(reason="")),
                models.CheckConstraint(name="a_change_says_why", condition=~Q(why="")),
            ],
        },
    ),
    migrations.CreateModel(
        "EnrolmentApplication",
        [
            ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, serialize=False)),
            ("email", SealedText(whose="", place=["id"], free_text=False)),
            ("email_index", BlindIndex(of="email", kind="email")),
            ("language", models.CharField(max_length=10)),
            ("data", SealedJSON(blank=True, whose="", place=["id"], free_text=False)),
            (
                "state",
                models.CharField(
                    max_length=12,
                    default="draft",
                    choices=[
                        ("draft", "正在填写"),
                        ("submitted", "等待审核"),
                        ("asked_back", "需要补正"),
                        ("granted", "已经入驻"),
                        ("refused", "不予入驻"),
                    ],
                ),
            ),
            ("version", models.PositiveSmallIntegerField(default=1)),
            ("name", models.CharField(verbose_name="名称", max_length=200, blank=True)),
            ("uscc", models.CharField(verbose_name="统一社会信用代码", max_length=18, blank=True)),
            ("created_at", models.DateTimeField()),
            ("saved_at", models.DateTimeField()),
            ("submitted_at", models.DateTimeField(null=True)),
            ("decided_at", models.DateTimeField(null=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, null=True, related_name="+")),
            ("domicile", models.ForeignKey("authorities.region", models.PROTECT, null=True, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, null=True, related_name="+")),
        ],
        options={
            "indexes": [
                models.Index(name="applications_of_an_address", fields=["email_index", "-created_at"]),
                models.Index(name="applications_at_an_authority", fields=["authority", "state", "submitted_at", "id"]),
                models.Index(name="applications_to_throw_away", fields=["saved_at"], condition=Q(state="draft")),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="a_submitted_application_lies_with_an_authority",
                    condition=Q(state="draft")
                    | (Q(authority__isnull=False) & Q(submitted_at__isnull=False) & ~Q(uscc="")),
                ),
                models.UniqueConstraint(
                    name="a_credit_code_is_applied_for_once_at_a_time",
                    fields=("uscc",),
                    condition=Q(state__in=["submitted", "asked_back"]),
                ),
                models.CheckConstraint(
                    name="a_granted_application_made_an_enterprise",
                    condition=~Q(state="granted") | Q(enterprise__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "EnrolmentFile",
        [
            ID,
            ("name", SealedText(whose="", place=["path"], free_text=False)),
            ("size", models.PositiveBigIntegerField()),
            ("media_type", models.CharField(max_length=80)),
            ("sha256", models.CharField(max_length=64)),
            ("path", models.CharField(max_length=200)),
            ("copy_type", models.CharField(max_length=80, blank=True, default="")),
            ("copy_size", models.PositiveBigIntegerField(default=0)),
            ("copy_sha256", models.CharField(max_length=64, blank=True, default="")),
            ("copy_path", models.CharField(max_length=200, blank=True, default="")),
            ("thumbnail_sha256", models.CharField(max_length=64, blank=True, default="")),
            ("thumbnail_path", models.CharField(max_length=200, blank=True, default="")),
            ("is_clean", models.BooleanField(default=False)),
            ("uploaded_at", models.DateTimeField()),
            (
                "application",
                models.OneToOneField("enterprises.enrolmentapplication", models.CASCADE, related_name="licence"),
            ),
        ],
    ),
    migrations.CreateModel(
        "EnrolmentEntry",
        [
            ID,
            (
                "kind",
                models.CharField(
                    max_length=12,
                    choices=[
                        ("submitted", "提交入驻申请"),
                        ("recommended", "经办人提出意见"),
                        ("asked_back", "要求补正"),
                        ("refused", "不予入驻"),
                        ("enrolled", "入驻"),
                        ("suspended", "暂停接收新投诉"),
                        ("resumed", "恢复接收新投诉"),
                        ("exit_set", "决定退出"),
                        ("exit_dropped", "撤销退出决定"),
                        ("exited", "退出"),
                        ("filed", "提交了备案"),
                        ("noted", "备案"),
                        ("filing_back", "备案退回补正"),
                        ("invited", "邀请了管理员"),
                    ],
                ),
            ),
            ("at", models.DateTimeField()),
            ("on_day", models.DateField()),
            ("ground", models.CharField(max_length=12, blank=True)),
            ("text", models.TextField(blank=True)),
            ("digest", models.CharField(max_length=64, blank=True)),
            (
                "application",
                models.ForeignKey(
                    "enterprises.enrolmentapplication", models.PROTECT, null=True, related_name="entries"
                ),
            ),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, null=True, related_name="+")),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, null=True, related_name="entries"),
            ),
        ],
        options={
            "ordering": ["at", "id"],
            "indexes": [models.Index(name="entries_of_an_enterprise", fields=["enterprise", "at"])],
            "constraints": [
                models.CheckConstraint(
                    name="an_enrolment_entry_is_about_somebody",
                    condition=Q(application__isnull=False) | Q(enterprise__isnull=False),
                )
            ],
        },
    ),
    migrations.CreateModel(
        "EnrolmentFiling",
        [
            ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, serialize=False)),
            (
                "kind",
                models.CharField(
                    max_length=10,
                    choices=[
                        ("contact", "联系人和人员变更"),
                        ("licence", "营业执照变更"),
                        ("customers", "用户数量"),
                        ("exit", "申请退出"),
                    ],
                ),
            ),
            ("data", SealedJSON(whose="", place=["id"], free_text=False)),
            (
                "state",
                models.CharField(
                    max_length=10,
                    default="filed",
                    choices=[("filed", "等待备案"), ("noted", "已备案"), ("asked_back", "退回补正")],
                ),
            ),
            ("filed_at", models.DateTimeField()),
            ("answered_at", models.DateTimeField(null=True)),
            ("answer", models.TextField(blank=True)),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="filings")),
            ("filed_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
        ],
        options={
            "ordering": ["-filed_at"],
            "indexes": [models.Index(name="filings_of_an_enterprise", fields=["enterprise", "-filed_at"])],
            "constraints": [
                models.UniqueConstraint(
                    name="one_filing_of_a_kind_waits", fields=("enterprise", "kind"), condition=Q(state="filed")
                ),
                models.CheckConstraint(
                    name="an_answered_filing_says_when", condition=Q(state="filed") | Q(answered_at__isnull=False)
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "CustomerCount",
        [
            ID,
            ("counted_on", models.DateField()),
            ("number", models.PositiveBigIntegerField()),
            ("source", models.CharField(max_length=200)),
            ("noted_at", models.DateTimeField()),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="customer_counts")),
        ],
        options={
            "ordering": ["enterprise_id", "counted_on", "id"],
            "indexes": [models.Index(name="customers_of_an_enterprise", fields=["enterprise", "-counted_on", "-id"])],
            "constraints": [
                models.CheckConstraint(name="a_customer_count_names_its_source", condition=~Q(source="")),
                models.CheckConstraint(name="a_customer_count_counts_somebody", condition=Q(number__gt=0)),
            ],
        },
    ),
    migrations.CreateModel(
        "LeagueSet",
        [
            ID,
            ("first", models.DateField()),
            ("last", models.DateField()),
            ("version", models.PositiveSmallIntegerField()),
            ("formula", models.PositiveSmallIntegerField()),
            ("made_at", models.DateTimeField()),
            ("country", models.IntegerField()),
            ("places", models.JSONField(default=list)),
            ("sectors", models.JSONField(default=list)),
            ("digest", models.CharField(max_length=64)),
            ("changed", models.PositiveIntegerField(default=0)),
        ],
        options={
            "ordering": ["-last", "first", "-version"],
            "constraints": [
                models.UniqueConstraint(name="a_league_has_each_version_once", fields=("first", "last", "version")),
                models.CheckConstraint(name="a_league_ends_after_it_begins", condition=Q(last__gte=F("first"))),
            ],
        },
    ),
    migrations.CreateModel(
        "LeagueLine",
        [
            (
                "pk",
                models.CompositePrimaryKey(
                    "of_id",
                    "region",
                    "sector",
                    "position",
                    primary_key=True,
                    blank=True,
                    editable=False,
                    serialize=False,
                ),
            ),
            ("region", models.IntegerField()),
            ("sector", models.CharField(max_length=60, default="")),
            ("position", models.PositiveIntegerField()),
            ("name", models.CharField(max_length=200)),
            ("name_en", models.CharField(max_length=200, blank=True, default="")),
            ("code", models.CharField(max_length=20)),
            ("main_sector", models.CharField(max_length=60, blank=True, default="")),
            ("place_first", models.PositiveIntegerField(null=True)),
            ("place_last", models.PositiveIntegerField(null=True)),
            ("n", models.PositiveIntegerField(null=True)),
            ("settled_least", models.PositiveIntegerField(null=True)),
            ("settled_most", models.PositiveIntegerField(null=True)),
            ("unconfirmed_least", models.PositiveIntegerField(null=True)),
            ("unconfirmed_most", models.PositiveIntegerField(null=True)),
            ("low", models.PositiveSmallIntegerField(null=True)),
            ("high", models.PositiveSmallIntegerField(null=True)),
            ("received", models.PositiveIntegerField(null=True)),
            ("per_customers", models.DecimalField(null=True, max_digits=10, decimal_places=1)),
            ("last_day_share", models.PositiveSmallIntegerField(null=True)),
            ("again_share", models.PositiveSmallIntegerField(null=True)),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.CASCADE, related_name="+")),
            ("of", models.ForeignKey("enterprises.leagueset", models.CASCADE, related_name="lines")),
            ("promised", models.PositiveIntegerField(null=True)),
            ("kept", models.PositiveIntegerField(null=True)),
            ("rated", models.PositiveIntegerField(null=True)),
            ("marks", models.PositiveIntegerField(null=True)),
        ],
        options={"indexes": [models.Index(name="league_lines_of_a_firm", fields=["enterprise", "of"])]},
    ),
    migrations.CreateModel(
        "MediationBody",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("name", models.CharField(verbose_name="名称", max_length=120)),
            ("name_en", models.CharField(max_length=160, blank=True, default="")),
            (
                "kind",
                models.CharField(
                    max_length=12,
                    choices=[("association", "消费者协会、消费者权益保护委员会"), ("other", "依法成立的其他组织")],
                ),
            ),
            ("legal_basis", models.CharField(max_length=300)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="mediation_bodies")),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            ("region", models.ForeignKey("authorities.region", models.PROTECT, related_name="+")),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    name="mediation_body_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.CheckConstraint(name="mediation_body_names_its_basis", condition=~Q(legal_basis="")),
                models.UniqueConstraint(
                    name="a_body_is_registered_once_a_day",
                    fields=("authority", "name", "starts_on"),
                    nulls_distinct=False,
                ),
            ]
        },
    ),
    migrations.CreateModel(
        "PublicReply",
        [
            ID,
            ("public_id", models.UUIDField(unique=True, default=uuid.uuid4)),
            ("text", SealedText(whose="", place=["public_id"], free_text=True)),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="waiting",
                    choices=[
                        ("waiting", "等待核对"),
                        ("shown", "已公开"),
                        ("refused", "未公开"),
                        ("replaced", "已被新的说明代替"),
                        ("withdrawn", "企业已撤下"),
                    ],
                ),
            ),
            ("written_at", models.DateTimeField()),
            (
                "ground",
                models.CharField(
                    max_length=16,
                    blank=True,
                    default="",
                    choices=[
                        ("names_somebody", "写了消费者或者其他人的信息"),
                        ("abuse", "侮辱、威胁他人"),
                        ("advertising", "广告，和数字无关"),
                        ("unlawful", "法律禁止公开的内容"),
                    ],
                ),
            ),
            ("decided_at", models.DateTimeField(null=True)),
            ("decided_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="replies")),
            ("written_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
        ],
        options={
            "ordering": ["-written_at", "-id"],
            "constraints": [
                models.UniqueConstraint(
                    name="one_reply_waits_and_one_is_shown",
                    fields=("enterprise", "state"),
                    condition=Q(state__in=["waiting", "shown"]),
                ),
                models.CheckConstraint(
                    name="a_refused_reply_has_a_ground", condition=~Q(state="refused") | ~Q(ground="")
                ),
                models.CheckConstraint(
                    name="a_shown_reply_was_checked",
                    condition=~Q(state__in=["shown", "refused"]) | Q(decided_at__isnull=False),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Station",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("code", models.CharField(max_length=20, unique=True)),
            ("name", models.CharField(verbose_name="名称", max_length=120)),
            ("name_en", models.CharField(max_length=160, blank=True, default="")),
            (
                "kind",
                models.CharField(
                    max_length=12,
                    choices=[
                        ("mall", "商场超市"),
                        ("market", "市场"),
                        ("hall", "营业厅"),
                        ("community", "社区"),
                        ("scenic", "景区"),
                    ],
                ),
            ),
            ("address", models.CharField(verbose_name="地址", max_length=200, blank=True, default="")),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="stations")),
            (
                "enterprise",
                models.ForeignKey(
                    "enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="stations"
                ),
            ),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    name="station_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.CheckConstraint(name="station_has_a_code", condition=~Q(code="")),
            ]
        },
    ),
    migrations.CreateModel(
        "Invitation",
        [
            ID,
            ("token_digest", models.CharField(max_length=64, unique=True)),
            ("address_digest", models.CharField(max_length=64)),
            ("address_masked", models.CharField(max_length=254)),
            ("role", models.CharField(max_length=10)),
            ("created_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("used_at", models.DateTimeField(null=True)),
            ("revoked_at", models.DateTimeField(null=True)),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, null=True, related_name="+")),
            ("branch", models.ForeignKey("enterprises.branch", models.PROTECT, null=True, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, null=True, related_name="+")),
            ("invited_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("station", models.ForeignKey("enterprises.station", models.PROTECT, null=True, related_name="+")),
        ],
        options={
            "indexes": [
                models.Index(name="invitations_of_an_enterprise", fields=["enterprise", "-id"]),
                models.Index(name="invitations_of_an_authority", fields=["authority", "-id"]),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="an_invitation_names_one_organisation",
                    condition=Q(authority__isnull=True, enterprise__isnull=False, station__isnull=True)
                    | Q(authority__isnull=False, branch__isnull=True, enterprise__isnull=True, station__isnull=True)
                    | Q(authority__isnull=True, branch__isnull=True, enterprise__isnull=True, station__isnull=False),
                ),
                models.CheckConstraint(
                    name="an_invitation_ends_after_it_begins", condition=Q(expires_at__gt=F("created_at"))
                ),
                models.CheckConstraint(
                    name="a_revoked_invitation_was_not_used",
                    condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "StationStaff",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("role", models.CharField(max_length=8, default="station", choices=[("station", "服务站人员")])),
            ("station", models.ForeignKey("enterprises.station", models.PROTECT, related_name="staff")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="station_posts")),
            ("told_at", models.DateTimeField(blank=True, null=True)),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    name="station_staff_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(
                    name="a_station_post_is_given_once_a_day",
                    fields=("user", "station", "starts_on"),
                    nulls_distinct=False,
                ),
            ]
        },
    ),
    migrations.CreateModel(
        "WebhookEndpoint",
        [
            ID,
            ("public_id", models.UUIDField(unique=True, default=uuid.uuid4, editable=False)),
            ("url", models.CharField(max_length=500)),
            ("description", models.CharField(max_length=120, blank=True, default="")),
            ("rotated_at", models.DateTimeField(blank=True, null=True)),
            ("events", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=40), size=None)),
            ("cursor", models.CharField(max_length=60)),
            (
                "state",
                models.CharField(
                    max_length=6, default="on", choices=[(code, code) for code in ("on", "broken", "off")]
                ),
            ),
            ("failures", models.PositiveIntegerField(default=0)),
            ("paused_until", models.DateTimeField(blank=True, null=True)),
            ("last_success_at", models.DateTimeField(blank=True, null=True)),
            ("last_error", models.CharField(max_length=40, blank=True, default="")),
            ("created_at", models.DateTimeField()),
            ("created_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="webhooks")),
            ("secret", SealedText(whose="", place=["public_id"], free_text=False)),
            ("previous_secret", SealedText(blank=True, default=b"", whose="", place=["public_id"], free_text=False)),
        ],
        options={
            "ordering": ["enterprise_id", "id"],
            "constraints": [
                models.CheckConstraint(name="a_webhook_is_called_by_https", condition=Q(url__startswith="https://")),
                models.CheckConstraint(
                    name="only_a_broken_webhook_rests", condition=Q(state="broken") | Q(paused_until__isnull=True)
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Absence",
        [
            ID,
            ("starts_on", models.DateField()),
            ("ends_on", models.DateField()),
            ("entered_at", models.DateTimeField()),
            ("cancelled_at", models.DateTimeField(null=True)),
            ("cancelled_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("deputy", models.ForeignKey("enterprises.staff", models.PROTECT, null=True, related_name="+")),
            ("entered_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("staff", models.ForeignKey("enterprises.staff", models.PROTECT, related_name="absences")),
        ],
        options={
            "ordering": ["starts_on", "id"],
            "indexes": [models.Index(name="leave_that_counts", fields=["ends_on"], condition=Q(cancelled_at=None))],
            "constraints": [
                models.CheckConstraint(name="leave_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))),
                models.CheckConstraint(
                    name="nobody_deputises_for_themselves", condition=Q(deputy=None) | ~Q(deputy=F("staff"))
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "AssignmentRule",
        [
            ID,
            ("category", models.CharField(max_length=60, blank=True, default="")),
            ("position", models.PositiveIntegerField()),
            ("made_at", models.DateTimeField()),
            ("ended_at", models.DateTimeField(null=True)),
            ("branch", models.ForeignKey("enterprises.branch", models.PROTECT, null=True, related_name="+")),
            ("ended_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="assignment_rules"),
            ),
            ("handler", models.ForeignKey("enterprises.staff", models.PROTECT, null=True, related_name="+")),
            ("made_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
        ],
        options={
            "ordering": ["enterprise_id", models.OrderBy(models.F("branch_id"), nulls_last=True), "position", "id"],
            "indexes": [
                models.Index(
                    name="assignment_rules_in_force", fields=["enterprise", "branch"], condition=Q(ended_at=None)
                )
            ],
        },
    ),
    migrations.CreateModel(
        "TwoPersons",
        [
            ID,
            ("offers_above", models.DecimalField(null=True, max_digits=14, decimal_places=2)),
            ("refusals", models.BooleanField(default=False)),
            ("failures", models.BooleanField(default=False)),
            ("returns", models.BooleanField(default=False)),
            ("set_at", models.DateTimeField()),
            ("ended_at", models.DateTimeField(null=True)),
            ("branch", models.ForeignKey("enterprises.branch", models.PROTECT, null=True, related_name="+")),
            ("ended_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="two_persons")),
            ("set_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
        ],
        options={
            "ordering": ["enterprise_id", "branch_id", "id"],
            "constraints": [
                models.UniqueConstraint(
                    name="one_two_person_rule_a_place",
                    fields=("enterprise", "branch"),
                    condition=Q(ended_at=None),
                    nulls_distinct=False,
                ),
                models.CheckConstraint(
                    name="two_persons_from_an_amount", condition=Q(offers_above=None) | Q(offers_above__gte=0)
                ),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_models"), ("authorities", "0001_models")]

    operations = [CreateModels(MODELS)]
