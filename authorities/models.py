"""The public side: regions, authorities, their officers, calendars, policies.

Everything here is data with a source that an authority can load or change; no rule of the procedure stands in code.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.row_tags import RowTag
from accounts.roles import post_choices
from authorities.periods import DatedRow, LeaveQuerySet, LeaveRow, PostRow, ends_after_it_starts
from web.languages import named


class Region(models.Model):
    """A place. `id` is the first integer of its subtree, `last` the last one.

    A region lies in another exactly when its id lies between the other's `id`
    and `last`; no tree has to be walked to ask who sees a case.
    """

    class Level(models.TextChoices):
        COUNTRY = "country", _("国家")
        PROVINCE = "province", _("省级")
        CITY = "city", _("地级")
        COUNTY = "county", _("县级")
        TOWNSHIP = "township", _("乡级")

    id = models.IntegerField(primary_key=True)
    last = models.IntegerField()
    code = models.CharField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=80, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    level = models.CharField(_("级别"), max_length=10, choices=Level.choices)
    country = models.CharField(_("国家"), max_length=2)

    class Meta:
        ordering = ["id"]
        verbose_name = _("地区")
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("id")), name="region_interval_is_in_order"),
            models.CheckConstraint(
                condition=Q(level="country", parent__isnull=True) | (~Q(level="country") & Q(parent__isnull=False)),
                name="only_a_country_has_no_parent",
            ),
        ]
        indexes = [models.Index(fields=["country", "level", "id"], name="region_by_level")]

    def __str__(self) -> str:
        return named(self)

    def covers(self, region_id: int) -> bool:
        """Whether `region_id` is this region or lies in it."""
        return self.id <= region_id <= self.last


class Authority(models.Model):
    """A market regulator (市场监督管理局) or one of its offices (所)."""

    class Level(models.TextChoices):
        NATIONAL = "national", _("总局")
        PROVINCE = "province", _("省局")
        CITY = "city", _("市局")
        COUNTY = "county", _("县（市、区）局")
        OFFICE = "office", _("市场监管所")

    name = models.CharField(_("名称"), max_length=120, unique=True)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="authorities")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    level = models.CharField(_("级别"), max_length=10, choices=Level.choices)
    has_intake = models.BooleanField(_("统一接收机构"), default=False)
    has_power = models.BooleanField(_("有处理权限"), default=False)
    document_code = models.CharField(_("文书代字"), max_length=20, blank=True)

    class Meta:
        ordering = ["region_id", "id"]
        verbose_name = _("市场监管部门")
        verbose_name_plural = _("市场监管部门")
        constraints = [
            models.CheckConstraint(
                condition=Q(level="national", parent__isnull=True) | (~Q(level="national") & Q(parent__isnull=False)),
                name="only_a_national_authority_has_no_parent",
            ),
            models.CheckConstraint(
                condition=Q(has_power=False) | ~Q(document_code=""), name="an_authority_with_power_signs_documents"
            ),
        ]

    def __str__(self) -> str:
        return named(self)


class Officer(PostRow):
    """A person's office at an authority; leaving it is an end date."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offices")
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="officers")
    role = models.CharField(_("岗位"), max_length=10, choices=post_choices("authority"))
    tag = RowTag(over=("user_id", "authority_id", "role", "starts_on", "ends_on"))

    class Meta:
        ordering = ["id"]
        verbose_name = _("工作人员")
        constraints = [
            ends_after_it_starts("officer"),
            models.UniqueConstraint(
                fields=["user", "authority", "role", "starts_on"],
                nulls_distinct=False,
                name="an_office_is_given_once_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.authority_id}"


class OfficerAbsence(LeaveRow):
    """Leave of an officer. At its start open cases go to the deputy, else to a head
    (complaints/assignment/assigning.py)."""

    officer = models.ForeignKey(Officer, on_delete=models.PROTECT, related_name="absences")
    deputy = models.ForeignKey(Officer, null=True, on_delete=models.PROTECT, related_name="+")

    objects = LeaveQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="an_officers_leave_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("officer")), name="no_officer_deputises_for_themselves"
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="officers_leave_that_counts", condition=Q(cancelled_at=None))]

    def __str__(self) -> str:
        return f"{self.officer_id} {self.starts_on}–{self.ends_on}"


class CalendarVersion(models.Model):
    """One loading of one year's working days; the newest of a year counts."""

    country = models.CharField(_("国家"), max_length=2)
    year = models.PositiveSmallIntegerField(_("年份"))
    number = models.PositiveSmallIntegerField(_("版次"))
    source = models.CharField(_("来源"), max_length=300)
    digest = models.CharField(max_length=64)
    published_on = models.DateField(_("发布日期"), null=True, blank=True)
    loaded_at = models.DateTimeField(_("载入时间"))

    class Meta:
        ordering = ["country", "year", "number"]
        verbose_name = _("工作日历")
        constraints = [
            models.UniqueConstraint(fields=["country", "year", "number"], name="calendar_version_counts_up_by_year"),
            models.CheckConstraint(condition=~Q(source=""), name="a_calendar_names_its_source"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.year}.{self.number}"


class CalendarDay(models.Model):
    """A day that the decree names: a day off, or a make-up working day."""

    version = models.ForeignKey(CalendarVersion, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("日期"))
    is_working = models.BooleanField(_("上班"))
    name = models.CharField(_("名称"), max_length=40)
    name_en = models.CharField(_("英文名称"), max_length=60, blank=True)

    class Meta:
        ordering = ["day"]
        verbose_name = _("特殊日期")
        constraints = [models.UniqueConstraint(fields=["version", "day"], name="a_calendar_names_a_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Policy(DatedRow):
    """A number with its period and legal basis; no region means the whole country, the most specific one wins."""

    class Unit(models.TextChoices):
        WORKING_DAYS = "WD", _("个工作日")
        CALENDAR_DAYS = "CD", _("天")
        MINUTES = "minutes", _("分钟")
        COUNT = "count", _("次")
        FLAG = "flag", _("开关")

    name = models.CharField(_("名称"), max_length=60)
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT)
    number = models.IntegerField(_("数值"))
    unit = models.CharField(_("单位"), max_length=10, choices=Unit.choices)
    legal_basis = models.CharField(_("依据"), max_length=300)
    version = models.PositiveIntegerField(_("版本"), default=1)

    class Meta:
        ordering = ["name", "region_id", "starts_on"]
        verbose_name = _("政策参数")
        constraints = [
            ends_after_it_starts("policy"),
            models.UniqueConstraint(
                fields=["name", "region", "version"],
                nulls_distinct=False,
                name="a_policy_version_is_used_once_a_region",
            ),
            models.CheckConstraint(condition=~Q(unit="flag") | Q(number__in=[0, 1]), name="a_flag_is_on_or_off"),
            models.CheckConstraint(condition=Q(number__gte=0), name="a_policy_number_is_not_negative"),
            models.CheckConstraint(condition=~Q(legal_basis=""), name="a_policy_names_its_basis"),
        ]

    def __str__(self) -> str:
        return f"{self.name} = {self.number} {self.unit}"
