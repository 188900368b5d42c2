"""Who answers: legal entities, their branches, brands, names, areas and staff.

A change of name, owner, area or staff is a dated row beside the old one,
so that a case is read against the directory of its own day.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.row_tags import RowTag
from accounts.roles import post_choices
from authorities.models import Authority, Region
from authorities.periods import DatedRow, PostRow, ends_after_it_starts
from web.languages import named


class Enterprise(models.Model):
    """A legal entity, with its 统一社会信用代码 where it is known."""

    class Enrolment(models.TextChoices):
        ENROLLED = "enrolled", _("在线和解企业")
        SUSPENDED = "suspended", _("暂停接收")
        NOT_ENROLLED = "not_enrolled", _("未入驻")
        ENDED = "ended", _("已注销")

    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, null=True, blank=True, unique=True)
    domicile = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    enrolment = models.CharField(
        _("入驻状态"), max_length=12, choices=Enrolment.choices, default=Enrolment.NOT_ENROLLED
    )
    enrolled_by = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.PROTECT, related_name="enrolled")
    ended_on = models.DateField(_("终止日期"), null=True, blank=True)
    #: The last day of the enrolment, once an exit was decided; a sweep ends it the day after.
    leaves_on = models.DateField(null=True, blank=True)
    #: Suspended, but its people still work on the cases that they have.
    finishes_cases = models.BooleanField(default=False)
    #: Its enrolment ended while its people were out, so they are out from then on.
    stays_out = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("企业")
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="an_enterprise_has_a_name"),
            models.CheckConstraint(
                condition=Q(uscc__isnull=True) | Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"),
                name="a_credit_code_has_eighteen_characters",
            ),
            models.CheckConstraint(
                condition=~Q(enrolment="ended") | Q(ended_on__isnull=False), name="an_ended_enterprise_has_a_last_day"
            ),
            models.CheckConstraint(
                condition=~Q(enrolment__in=["enrolled", "suspended"]) | Q(enrolled_by__isnull=False),
                name="an_enrolled_enterprise_was_enrolled_by_an_authority",
            ),
        ]
        indexes = [
            models.Index(fields=["name"], name="enterprise_by_name"),
            models.Index(fields=["leaves_on"], condition=Q(leaves_on__isnull=False), name="enterprises_that_leave"),
        ]

    def __str__(self) -> str:
        return named(self)

    @property
    def is_shut_out(self) -> bool:
        """Whether the authority shut its people out (enterprises.team.staffing.shut_out asks it in queries)."""
        return self.stays_out or (self.enrolment == self.Enrolment.SUSPENDED and not self.finishes_cases)

    @property
    def code(self) -> str:
        """How addresses name it: by its credit code, and by e and a number where that is not known."""
        return self.uscc or f"e{self.pk}"


class Branch(DatedRow):
    """A part of an enterprise that answers for itself; a tree."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="branches")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    place = models.ForeignKey(
        Region, verbose_name=_("实际经营地"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["enterprise_id", "id"]
        verbose_name = _("分支机构")
        constraints = [
            ends_after_it_starts("branch"),
            models.CheckConstraint(condition=~Q(name=""), name="a_branch_has_a_name"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="a_branch_is_not_its_own_parent"
            ),
            models.UniqueConstraint(fields=["enterprise", "name"], name="a_branch_name_is_used_once_an_enterprise"),
            models.UniqueConstraint(fields=["enterprise", "id"], name="a_branch_belongs_to_one_enterprise"),
        ]

    def __str__(self) -> str:
        return named(self)


class BranchAuthority(DatedRow):
    """Which county authority takes the failed cases of a branch, and when."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="authorities")
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["branch_id", "starts_on"]
        constraints = [
            ends_after_it_starts("branch_authority"),
            models.UniqueConstraint(
                fields=["branch", "starts_on"], nulls_distinct=False, name="a_branch_changes_its_authority_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id} → {self.authority_id}"


class ServiceArea(DatedRow):
    """A region a branch answers for; with a category, for that category only."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="areas")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(_("类别"), max_length=60, blank=True)

    class Meta:
        ordering = ["branch_id", "region_id"]
        verbose_name = _("服务区域")
        constraints = [
            ends_after_it_starts("service_area"),
            models.UniqueConstraint(
                fields=["branch", "region", "category", "starts_on"],
                nulls_distinct=False,
                name="a_branch_serves_a_region_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id} @ {self.region_id}"


class Brand(models.Model):
    """A name that consumers know; who answers for it stands in BrandHolding."""

    name = models.CharField(_("品牌"), max_length=80, unique=True)
    name_en = models.CharField(_("英文名称"), max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("品牌")
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="a_brand_has_a_name")]

    def __str__(self) -> str:
        return named(self)


class BrandHolding(DatedRow):
    """Which entity answers for a brand; with a category, for that one only."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="holdings")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="holdings")
    category = models.CharField(_("类别"), max_length=60, blank=True)

    class Meta:
        ordering = ["brand_id", "enterprise_id"]
        verbose_name = _("品牌归属")
        constraints = [
            ends_after_it_starts("brand_holding"),
            models.UniqueConstraint(
                fields=["brand", "enterprise", "category", "starts_on"],
                nulls_distinct=False,
                name="a_brand_is_held_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} → {self.enterprise_id}"


class Alias(DatedRow):
    """Another name of an enterprise: one people use, or one it used to have."""

    class Kind(models.TextChoices):
        ALIAS = "alias", _("别称")
        FORMER = "former", _("曾用名")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(_("名称"), max_length=200)
    kind = models.CharField(_("性质"), max_length=6, choices=Kind.choices)

    class Meta:
        ordering = ["enterprise_id", "id"]
        verbose_name = _("其他名称")
        constraints = [
            ends_after_it_starts("alias"),
            models.CheckConstraint(condition=~Q(name=""), name="an_alias_has_a_name"),
            models.UniqueConstraint(
                fields=["enterprise", "name", "kind", "starts_on"],
                nulls_distinct=False,
                name="an_alias_is_told_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Succession(models.Model):
    """From a day on, one entity answers for another that ended or merged."""

    predecessor = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="successors")
    successor = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="predecessors")
    on_day = models.DateField(_("承继日期"))

    class Meta:
        ordering = ["on_day", "id"]
        verbose_name = _("承继")
        constraints = [
            models.CheckConstraint(condition=~Q(predecessor=F("successor")), name="nobody_succeeds_itself"),
            models.UniqueConstraint(fields=["predecessor", "successor", "on_day"], name="a_succession_is_told_once"),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor_id} → {self.successor_id}"


class Staff(PostRow):
    """A person's work for an enterprise; no branch means headquarters."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="employments")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="staff")
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="staff")
    role = models.CharField(_("角色"), max_length=8, choices=post_choices("enterprise"))
    #: 工号 in the enterprise's own books: another system names a handler by it. Never given twice.
    number = models.CharField(_("工号"), max_length=20, blank=True, default="")
    tag = RowTag(over=("user_id", "enterprise_id", "branch_id", "role", "starts_on", "ends_on"))

    class Meta:
        ordering = ["enterprise_id", "id"]
        verbose_name = _("企业人员")
        constraints = [
            ends_after_it_starts("staff"),
            models.UniqueConstraint(
                fields=["enterprise", "number"], condition=~Q(number=""), name="a_handler_number_is_one_persons"
            ),
            models.UniqueConstraint(
                fields=["user", "enterprise", "branch", "role", "starts_on"],
                nulls_distinct=False,
                name="a_job_is_given_once_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.enterprise_id}"


class SearchName(DatedRow):
    """A name under which an enterprise can be found, cut into grams.

    Written by `naming.write_names` only; one row a legal name, brand, alias,
    former name, branch or code, so that a hit can say why it is one.
    """

    class Kind(models.TextChoices):
        LEGAL = "legal", _("登记名称")
        BRAND = "brand", _("品牌")
        ALIAS = "alias", _("别称")
        FORMER = "former", _("曾用名")
        BRANCH = "branch", _("分支机构")
        CODE = "code", _("统一社会信用代码")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="search_names")
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    text = models.CharField(max_length=200)
    folded = models.CharField(max_length=200)
    initials = models.CharField(max_length=200, blank=True)
    #: In letters, a space between syllables and between words (spelling.spelled_as).
    spelled = models.TextField(blank=True, default="")
    #: One and two characters each, and the first letters of each syllable on.
    grams = ArrayField(models.CharField(max_length=4))

    class Meta:
        ordering = ["id"]
        constraints = [ends_after_it_starts("search_name")]
        indexes = [
            GinIndex(fields=["grams"], name="search_name_by_gram"),
            models.Index(OpClass("initials", "text_pattern_ops"), name="search_name_by_initials"),
            models.Index(fields=["folded"], name="search_name_by_text"),
        ]

    def __str__(self) -> str:
        return self.text


class PublishedFigure(models.Model):
    """What could be expected of an enterprise, as of one day, over the year before it.

    Written at night by `oversight.counters.publishing` only; counts stand here and not shares, so that
    each share can be shown with what it was made of. `category` is a problem, empty for all.
    """

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="published_figures")
    category = models.CharField(max_length=60, blank=True, default="")
    day = models.DateField()
    formula = models.PositiveSmallIntegerField()
    ended = models.PositiveIntegerField()
    settled = models.PositiveIntegerField()
    unconfirmed = models.PositiveIntegerField()
    median_days = models.DecimalField(max_digits=6, decimal_places=1, null=True)
    #: Nine of ten ended within so many calendar days.
    p90_days = models.DecimalField(max_digits=6, decimal_places=1, null=True)
    promised = models.PositiveIntegerField()
    kept = models.PositiveIntegerField()
    #: First responses, and after how many working minutes half and nine of ten of them came.
    responded = models.PositiveIntegerField(default=0)
    response_median = models.PositiveIntegerField(null=True)
    response_p90 = models.PositiveIntegerField(null=True)
    #: Cases closed against it, how many of them were rated, and the sum of the marks from 1 to 5.
    closed = models.PositiveIntegerField(default=0)
    rated = models.PositiveIntegerField(default=0)
    marks = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["enterprise_id", "category", "day"]
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "category", "day"], name="a_figure_is_published_once_a_day"),
            models.CheckConstraint(
                condition=Q(ended__gte=F("settled") + F("unconfirmed")), name="no_more_settled_than_ended"
            ),
            models.CheckConstraint(condition=Q(promised__gte=F("kept")), name="no_more_kept_than_promised"),
            models.CheckConstraint(condition=Q(closed__gte=F("rated")), name="no_more_rated_than_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.category} {self.day}"
