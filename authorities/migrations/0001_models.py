"""Tables of authorities: regions, offices and who holds them, working days, policies (the numbers of the law)."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from database.operations import CreateModels

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

MODELS = [
    migrations.CreateModel(
        "Region",
        [
            ("id", models.IntegerField(primary_key=True, serialize=False)),
            ("last", models.IntegerField()),
            ("code", models.CharField(verbose_name="代码", max_length=24, unique=True)),
            ("name", models.CharField(verbose_name="名称", max_length=80)),
            ("name_en", models.CharField(verbose_name="英文名称", max_length=80, blank=True)),
            (
                "level",
                models.CharField(
                    verbose_name="级别",
                    max_length=10,
                    choices=[
                        ("country", "国家"),
                        ("province", "省级"),
                        ("city", "地级"),
                        ("county", "县级"),
                        ("township", "乡级"),
                    ],
                ),
            ),
            ("country", models.CharField(verbose_name="国家", max_length=2)),
            (
                "parent",
                models.ForeignKey("authorities.region", models.PROTECT, blank=True, null=True, related_name="children"),
            ),
        ],
        options={
            "verbose_name": "地区",
            "ordering": ["id"],
            "indexes": [models.Index(name="region_by_level", fields=["country", "level", "id"])],
            "constraints": [
                models.CheckConstraint(name="region_interval_is_in_order", condition=Q(last__gte=F("id"))),
                models.CheckConstraint(
                    name="only_a_country_has_no_parent",
                    condition=Q(level="country", parent__isnull=True) | (~Q(level="country") & Q(parent__isnull=False)),
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Authority",
        [
            ID,
            ("name", models.CharField(verbose_name="名称", max_length=120, unique=True)),
            ("name_en", models.CharField(verbose_name="英文名称", max_length=160, blank=True)),
            (
                "level",
                models.CharField(
                    verbose_name="级别",
                    max_length=10,
                    choices=[
                        ("national", "总局"),
                        ("province", "省局"),
                        ("city", "市局"),
                        ("county", "县（市、区）局"),
                        ("office", "市场监管所"),
                    ],
                ),
            ),
            ("has_intake", models.BooleanField(verbose_name="统一接收机构", default=False)),
            ("has_power", models.BooleanField(verbose_name="有处理权限", default=False)),
            ("document_code", models.CharField(verbose_name="文书代字", max_length=20, blank=True)),
            (
                "parent",
                models.ForeignKey(
                    "authorities.authority", models.PROTECT, blank=True, null=True, related_name="children"
                ),
            ),
            ("region", models.ForeignKey("authorities.region", models.PROTECT, related_name="authorities")),
        ],
        options={
            "verbose_name": "市场监管部门",
            "verbose_name_plural": "市场监管部门",
            "ordering": ["region_id", "id"],
            "constraints": [
                models.CheckConstraint(
                    name="only_a_national_authority_has_no_parent",
                    condition=Q(level="national", parent__isnull=True)
                    | (~Q(level="national") & Q(parent__isnull=False)),
                ),
                models.CheckConstraint(
                    name="an_authority_with_power_signs_documents", condition=Q(has_power=False) | ~Q(document_code="")
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "Officer",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            (
                "role",
                models.CharField(
                    verbose_name="岗位",
                    max_length=10,
                    choices=[("analyst", "分析"), ("intake", "分送"), ("handler", "经办"), ("approver", "负责人")],
                ),
            ),
            ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="officers")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="offices")),
        ],
        options={
            "verbose_name": "工作人员",
            "ordering": ["id"],
            "constraints": [
                models.CheckConstraint(
                    name="officer_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(
                    name="an_office_is_given_once_a_day",
                    fields=("user", "authority", "role", "starts_on"),
                    nulls_distinct=False,
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "OfficerAbsence",
        [
            ID,
            ("starts_on", models.DateField()),
            ("ends_on", models.DateField()),
            ("entered_at", models.DateTimeField()),
            ("cancelled_at", models.DateTimeField(null=True)),
            ("cancelled_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")),
            ("deputy", models.ForeignKey("authorities.officer", models.PROTECT, null=True, related_name="+")),
            ("entered_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")),
            ("officer", models.ForeignKey("authorities.officer", models.PROTECT, related_name="absences")),
        ],
        options={
            "ordering": ["starts_on", "id"],
            "indexes": [
                models.Index(name="officers_leave_that_counts", fields=["ends_on"], condition=Q(cancelled_at=None))
            ],
            "constraints": [
                models.CheckConstraint(
                    name="an_officers_leave_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))
                ),
                models.CheckConstraint(
                    name="no_officer_deputises_for_themselves", condition=Q(deputy=None) | ~Q(deputy=F("officer"))
                ),
            ],
        },
    ),
    migrations.CreateModel(
        "CalendarVersion",
        [
            ID,
            ("country", models.CharField(verbose_name="国家", max_length=2)),
            ("year", models.PositiveSmallIntegerField(verbose_name="年份")),
            ("number", models.PositiveSmallIntegerField(verbose_name="版次")),
            ("source", models.CharField(verbose_name="来源", max_length=300)),
            ("digest", models.CharField(max_length=64)),
            ("published_on", models.DateField(verbose_name="发布日期", blank=True, null=True)),
            ("loaded_at", models.DateTimeField(verbose_name="载入时间")),
        ],
        options={
            "verbose_name": "工作日历",
            "ordering": ["country", "year", "number"],
            "constraints": [
                models.UniqueConstraint(
                    name="calendar_version_counts_up_by_year", fields=("country", "year", "number")
                ),
                models.CheckConstraint(name="a_calendar_names_its_source", condition=~Q(source="")),
            ],
        },
    ),
    migrations.CreateModel(
        "CalendarDay",
        [
            ID,
            ("day", models.DateField(verbose_name="日期")),
            ("is_working", models.BooleanField(verbose_name="上班")),
            ("name", models.CharField(verbose_name="名称", max_length=40)),
            ("name_en", models.CharField(verbose_name="英文名称", max_length=60, blank=True)),
            ("version", models.ForeignKey("authorities.calendarversion", models.CASCADE, related_name="days")),
        ],
        options={
            "verbose_name": "特殊日期",
            "ordering": ["day"],
            "constraints": [models.UniqueConstraint(name="a_calendar_names_a_day_once", fields=("version", "day"))],
        },
    ),
    migrations.CreateModel(
        "Policy",
        [
            ID,
            ("starts_on", models.DateField(verbose_name="自", blank=True, null=True)),
            ("ends_on", models.DateField(verbose_name="至", blank=True, null=True)),
            ("name", models.CharField(verbose_name="名称", max_length=60)),
            ("number", models.IntegerField(verbose_name="数值")),
            (
                "unit",
                models.CharField(
                    verbose_name="单位",
                    max_length=10,
                    choices=[("WD", "个工作日"), ("CD", "天"), ("minutes", "分钟"), ("count", "次"), ("flag", "开关")],
                ),
            ),
            ("legal_basis", models.CharField(verbose_name="依据", max_length=300)),
            ("version", models.PositiveIntegerField(verbose_name="版本", default=1)),
            ("region", models.ForeignKey("authorities.region", models.PROTECT, blank=True, null=True)),
        ],
        options={
            "verbose_name": "政策参数",
            "ordering": ["name", "region_id", "starts_on"],
            "constraints": [
                models.CheckConstraint(
                    name="policy_ends_after_it_starts",
                    condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                ),
                models.UniqueConstraint(
                    name="a_policy_version_is_used_once_a_region",
                    fields=("name", "region", "version"),
                    nulls_distinct=False,
                ),
                models.CheckConstraint(name="a_flag_is_on_or_off", condition=~Q(unit="flag") | Q(number__in=[0, 1])),
                models.CheckConstraint(name="a_policy_number_is_not_negative", condition=Q(number__gte=0)),
                models.CheckConstraint(name="a_policy_names_its_basis", condition=~Q(legal_basis="")),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_models")]

    operations = [CreateModels(MODELS)]
