"""Tables of routing: rules, their changes and trials, what was learnt from corrections."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from database.operations import CreateModels

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

MODELS = [
    migrations.CreateModel(
        "RoutingRule",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("code", models.CharField(verbose_name="编号", max_length=40)),
            ("version", models.PositiveIntegerField(verbose_name="版本", default=1)),
            ("priority", models.PositiveIntegerField(verbose_name="优先级", default=100)),
            ("category", models.CharField(verbose_name="类别", max_length=60, blank=True)),
            ("channel", models.CharField(verbose_name="渠道", max_length=30, blank=True)),
            ("reason", models.CharField(verbose_name="理由", max_length=300)),
            ("reason_en", models.CharField(verbose_name="英文理由", max_length=300, blank=True)),
            ("brand", models.ForeignKey("enterprises.brand", models.PROTECT, blank=True, null=True, related_name="+")),
            (
                "enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "region",
                models.ForeignKey("authorities.region", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "target_authority",
                models.ForeignKey("authorities.authority", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "target_branch",
                models.ForeignKey("enterprises.branch", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            (
                "target_enterprise",
                models.ForeignKey("enterprises.enterprise", models.PROTECT, blank=True, null=True, related_name="+"),
            ),
            ("is_taken_back", models.BooleanField(default=False)),
            ("named", models.CharField(verbose_name="消费者写的名称", max_length=200, blank=True, default="")),
        ],
        options={
            "verbose_name": "路由规则",
            "ordering": ["priority", "code", "version"],
            "constraints": [
                models.CheckConstraint(
                    name="routing_rule_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(name="a_rule_version_is_used_once", fields=("code", "version")),
                models.CheckConstraint(
                    name="a_rule_has_one_target",
                    condition=Q(target_authority__isnull=True, target_enterprise__isnull=False)
                    | Q(target_authority__isnull=False, target_branch__isnull=True, target_enterprise__isnull=True),
                ),
                models.CheckConstraint(name="a_rule_gives_its_reason", condition=~Q(reason="")),
            ],
        },
    ),
    migrations.CreateModel(
        "Lesson",
        [
            ID,
            ("subject_kind", models.CharField(max_length=10)),
            ("subject", models.CharField(max_length=200)),
            ("words", models.CharField(max_length=200, blank=True, default="")),
            ("category", models.CharField(max_length=60, blank=True, default="")),
            ("agree", models.PositiveIntegerField()),
            ("total", models.PositiveIntegerField()),
            ("cases", models.JSONField(default=list)),
            ("counted_at", models.DateTimeField()),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="open",
                    choices=[("open", "待处理"), ("drafted", "已起草"), ("dismissed", "不采纳")],
                ),
            ),
            ("decided_at", models.DateTimeField(null=True)),
            ("reason", models.CharField(max_length=300, blank=True, default="")),
            ("decided_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("region", models.ForeignKey("authorities.region", models.PROTECT, related_name="+")),
            ("target_branch", models.ForeignKey("enterprises.branch", models.PROTECT, null=True, related_name="+")),
            ("target_enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+")),
        ],
        options={
            "verbose_name": "从更正中学到的",
            "ordering": ["-agree", "id"],
            "indexes": [
                models.Index(name="lessons_to_be_read", fields=["counted_at", "id"], condition=Q(state="open"))
            ],
            "constraints": [
                models.UniqueConstraint(
                    name="a_lesson_is_told_once",
                    fields=("subject_kind", "subject", "category", "region", "target_enterprise", "target_branch"),
                    nulls_distinct=False,
                ),
                models.CheckConstraint(
                    name="a_dismissed_lesson_says_why", condition=~Q(state="dismissed") | ~Q(reason="")
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "RuleChange",
        [
            ID,
            ("kind", models.CharField(max_length=3, choices=[("set", "新规则或新版本"), ("end", "停用规则")])),
            ("code", models.CharField(max_length=40, blank=True, default="")),
            ("base_version", models.PositiveIntegerField(null=True)),
            ("what", models.JSONField(default=dict)),
            ("starts_on", models.DateField(null=True)),
            ("ends_on", models.DateField(null=True)),
            ("why", models.CharField(max_length=300)),
            ("why_en", models.CharField(max_length=300, blank=True, default="")),
            (
                "state",
                models.CharField(
                    max_length=9,
                    default="draft",
                    choices=[
                        ("draft", "草稿"),
                        ("waiting", "等待批准"),
                        ("approved", "已批准"),
                        ("refused", "未批准"),
                        ("withdrawn", "已撤回"),
                    ],
                ),
            ),
            ("made_at", models.DateTimeField()),
            ("filed_at", models.DateTimeField(null=True)),
            ("decided_at", models.DateTimeField(null=True)),
            ("reason", models.CharField(max_length=300, blank=True, default="")),
            ("decided_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("lesson", models.ForeignKey("routing.lesson", models.PROTECT, null=True, related_name="changes")),
            ("made_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("region", models.ForeignKey("authorities.region", models.PROTECT, null=True, related_name="+")),
            ("rule", models.ForeignKey("routing.routingrule", models.PROTECT, null=True, related_name="changes")),
        ],
        options={
            "verbose_name": "规则变更",
            "ordering": ["-id"],
            "indexes": [
                models.Index(name="rule_changes_by_making", fields=["made_at", "id"]),
                models.Index(name="rule_changes_of_a_rule", fields=["code", "id"]),
            ],
            "constraints": [
                models.CheckConstraint(
                    name="a_decided_rule_change_says_who_and_when",
                    condition=~Q(state__in=["approved", "refused"])
                    | Q(decided_at__isnull=False, decided_by__isnull=False),
                ),
                models.CheckConstraint(
                    name="nobody_approves_his_own_rule",
                    condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("made_by")),
                ),
                models.CheckConstraint(name="a_refused_rule_says_why", condition=~Q(state="refused") | ~Q(reason="")),
                models.CheckConstraint(name="a_rule_change_says_why", condition=~Q(why="")),
                models.CheckConstraint(
                    name="a_rule_change_has_its_day",
                    condition=Q(kind="set", starts_on__isnull=False) | Q(ends_on__isnull=False, kind="end"),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "RuleTrial",
        [
            ID,
            ("digest", models.CharField(max_length=64)),
            ("rules", models.CharField(max_length=64, blank=True, default="")),
            ("days", models.PositiveSmallIntegerField()),
            ("asked_at", models.DateTimeField()),
            (
                "state",
                models.CharField(
                    max_length=7,
                    default="running",
                    choices=[
                        ("running", "正在试运行"),
                        ("done", "已完成"),
                        ("failed", "没有算出来"),
                        ("dropped", "已作废"),
                    ],
                ),
            ),
            ("upto_at", models.DateTimeField()),
            ("upto_id", models.BigIntegerField(default=0)),
            ("looked_at", models.PositiveIntegerField(default=0)),
            ("tries", models.PositiveSmallIntegerField(default=0)),
            ("found", models.JSONField(default=dict)),
            ("done_at", models.DateTimeField(null=True)),
            ("asked_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("change", models.ForeignKey("routing.rulechange", models.CASCADE, related_name="trials")),
        ],
        options={
            "verbose_name": "规则试运行",
            "ordering": ["-id"],
            "indexes": [models.Index(name="trials_to_be_run", fields=["asked_at", "id"], condition=Q(state="running"))],
            "constraints": [
                models.UniqueConstraint(
                    name="one_trial_of_a_rule_at_a_time", fields=("change",), condition=Q(state="running")
                )
            ],
        },
    ),
    migrations.CreateModel(
        "RuleUse",
        [
            ID,
            ("code", models.CharField(max_length=60, unique=True)),
            ("forwarded", models.PositiveIntegerField(default=0)),
            ("returned", models.PositiveIntegerField(default=0)),
            ("held", models.PositiveIntegerField(default=0)),
            ("counted_at", models.DateTimeField()),
        ],
        options={"verbose_name": "规则使用情况"},
    ),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_models"), ("authorities", "0001_models"), ("enterprises", "0001_models")]

    operations = [CreateModels(MODELS)]
