"""How an enterprise becomes an ODR enterprise and ceases to be one, its history, and changes of its directory entry.

What an authority decided, who and why, is an entry that nobody changes; `Enterprise.enrolment` is only what the newest
of them came to. Persons stand in sealed columns, the entries speak of enterprises.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.sealed_fields import BlindIndex, SealedJSON, SealedText
from database.decided_rows import DecidedRow
from enterprises.models.enterprise import Branch, Enterprise


class RefusalGround(models.TextChoices):
    CONDITIONS = "conditions", _("不具备入驻条件")
    PAPERS = "papers", _("材料不全或者不真实")
    NOT_HERE = "not_here", _("不属于本机关管辖")
    ENROLLED = "enrolled", _("已经是在线和解企业")
    RECORD = "record", _("证照异常或者严重违法失信")


class SuspensionGround(models.TextChoices):
    """Why an enterprise gets no new cases for a while."""

    MISSES = "misses", _("多次逾期或者敷衍，提醒后没有改正")
    FALSE_WORD = "false_word", _("反馈内容不真实")
    LEAK = "leak", _("泄露消费者信息")
    LICENCE = "licence", _("证照异常")
    OWN_REQUEST = "own_request", _("企业自己申请")


class ExitGround(models.TextChoices):
    """Why an enterprise ceases to be one; only the licence allows it without notice."""

    OWN_REQUEST = "own_request", _("企业自己申请")
    LICENCE = "licence", _("营业执照被吊销、注销或者严重违法失信")
    MISSES = "misses", _("多次逾期或者敷衍，提醒后没有改正")
    FALSE_WORD = "false_word", _("反馈内容不真实")
    LEAK = "leak", _("泄露消费者信息")


class EnrolmentApplication(DecidedRow):
    """`data` maps step → what was typed there, as it was typed. Held by whoever proves ``email`` by a code."""

    class State(models.TextChoices):
        DRAFT = "draft", _("正在填写")
        SUBMITTED = "submitted", _("等待审核")
        ASKED_BACK = "asked_back", _("需要补正")
        GRANTED = "granted", _("已经入驻")
        REFUSED = "refused", _("不予入驻")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = SealedText(place=["id"])
    email_index = BlindIndex(of="email", kind="email")
    language = models.CharField(max_length=10)
    data = SealedJSON(blank=True, place=["id"])
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    #: Counts up with each change of state: a page that was opened before it decides nothing.
    version = models.PositiveSmallIntegerField(default=1)
    # Copied when it is submitted, so that lists open no seal.
    name = models.CharField(_("名称"), max_length=200, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    domicile = models.ForeignKey("authorities.Region", null=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("authorities.Authority", null=True, on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey("enterprises.Enterprise", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | Q(authority__isnull=False, submitted_at__isnull=False) & ~Q(uscc=""),
                name="a_submitted_application_lies_with_an_authority",
            ),
            models.UniqueConstraint(
                fields=["uscc"],
                condition=Q(state__in=["submitted", "asked_back"]),
                name="a_credit_code_is_applied_for_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(enterprise__isnull=False),
                name="a_granted_application_made_an_enterprise",
            ),
        ]
        indexes = [
            models.Index(fields=["email_index", "-created_at"], name="applications_of_an_address"),
            models.Index(fields=["authority", "state", "submitted_at", "id"], name="applications_at_an_authority"),
            models.Index(fields=["saved_at"], condition=Q(state="draft"), name="applications_to_throw_away"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.id} ({self.state})"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.DRAFT, self.State.ASKED_BACK)


class EnrolmentFile(models.Model):
    """The scan of the licence. Its columns are those of a kept file (complaints/evidence/keeping.py)."""

    application = models.OneToOneField(EnrolmentApplication, on_delete=models.CASCADE, related_name="licence")
    name = SealedText(place=["path"])
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    copy_type = models.CharField(max_length=80, blank=True, default="")
    copy_size = models.PositiveBigIntegerField(default=0)
    copy_sha256 = models.CharField(max_length=64, blank=True, default="")
    copy_path = models.CharField(max_length=200, blank=True, default="")
    thumbnail_sha256 = models.CharField(max_length=64, blank=True, default="")
    thumbnail_path = models.CharField(max_length=200, blank=True, default="")
    is_clean = models.BooleanField(default=False)
    uploaded_at = models.DateTimeField()

    @property
    def paths(self) -> tuple[str, ...]:
        """All that the storage holds of it."""
        return tuple(path for path in (self.path, self.copy_path, self.thumbnail_path) if path)

    def __str__(self) -> str:
        return f"{self.media_type} {self.size}"


class EnrolmentEntry(DecidedRow):
    """What happened, in order; inserted only (a trigger refuses anything else)."""

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", _("提交入驻申请")
        RECOMMENDED = "recommended", _("经办人提出意见")
        ASKED_BACK = "asked_back", _("要求补正")
        REFUSED = "refused", _("不予入驻")
        ENROLLED = "enrolled", _("入驻")
        SUSPENDED = "suspended", _("暂停接收新投诉")
        RESUMED = "resumed", _("恢复接收新投诉")
        EXIT_SET = "exit_set", _("决定退出")
        EXIT_DROPPED = "exit_dropped", _("撤销退出决定")
        EXITED = "exited", _("退出")
        FILED = "filed", _("提交了备案")
        NOTED = "noted", _("备案")
        FILING_ASKED_BACK = "filing_back", _("备案退回补正")
        INVITED = "invited", _("邀请了管理员")

    application = models.ForeignKey(EnrolmentApplication, null=True, on_delete=models.PROTECT, related_name="entries")
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", null=True, on_delete=models.PROTECT, related_name="entries"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    #: The day from which it counts: the last day, where somebody leaves.
    on_day = models.DateField()
    #: Nobody: the applicant, or the clock.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("authorities.Authority", null=True, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=12, blank=True)
    text = models.TextField(blank=True)
    #: Of what was submitted or filed, so that it can be shown which words were decided upon.
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(application__isnull=False) | Q(enterprise__isnull=False),
                name="an_enrolment_entry_is_about_somebody",
            )
        ]
        indexes = [models.Index(fields=["enterprise", "at"], name="entries_of_an_enterprise")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_day}"


class EnrolmentFiling(models.Model):
    """备案: what an enterprise says has changed; the authority takes note of it or asks back."""

    class Kind(models.TextChoices):
        CONTACT = "contact", _("联系人和人员变更")
        LICENCE = "licence", _("营业执照变更")
        CUSTOMERS = "customers", _("用户数量")
        EXIT = "exit", _("申请退出")

    class State(models.TextChoices):
        FILED = "filed", _("等待备案")
        NOTED = "noted", _("已备案")
        ASKED_BACK = "asked_back", _("退回补正")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="filings")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    data = SealedJSON(place=["id"])
    state = models.CharField(max_length=10, choices=State.choices, default=State.FILED)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-filed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "kind"], condition=Q(state="filed"), name="one_filing_of_a_kind_waits"
            ),
            models.CheckConstraint(
                condition=Q(state="filed") | Q(answered_at__isnull=False), name="an_answered_filing_says_when"
            ),
        ]
        indexes = [models.Index(fields=["enterprise", "-filed_at"], name="filings_of_an_enterprise")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class CustomerCount(models.Model):
    """How many customers an enterprise had on a day, as it filed; what complaints per 100,000 are made of."""

    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="customer_counts")
    counted_on = models.DateField()
    number = models.PositiveBigIntegerField()
    source = models.CharField(max_length=200)
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["enterprise_id", "counted_on", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(source=""), name="a_customer_count_names_its_source"),
            models.CheckConstraint(condition=Q(number__gt=0), name="a_customer_count_counts_somebody"),
        ]
        indexes = [models.Index(fields=["enterprise", "-counted_on", "-id"], name="customers_of_an_enterprise")]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.counted_on}: {self.number}"


#: Letters of a reason or of a refusal.
LONGEST = 500


class DirectoryChange(DecidedRow):
    """``what``: ids and words by name (changing.KINDS). ``branch``: in whose part of the tree. ``preview``: ids of
    cases of late that would have gone elsewhere (routing.directory_changes.previewing)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("尚未提交")
        WAITING = "waiting", _("等待批准")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")
        RECORDED = "recorded", _("已生效并备案")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="changes")
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    what = models.JSONField()
    on_day = models.DateField()
    why = models.CharField(max_length=LONGEST)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=LONGEST, blank=True, default="")
    preview = models.JSONField(null=True)
    #: Set: a sweep is to count anew. Empty: counted, or never to be.
    preview_wanted_at = models.DateTimeField(null=True)
    preview_leased_until = models.DateTimeField(null=True)
    preview_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("名录变更")
        constraints = [
            models.CheckConstraint(
                name="a_decided_change_says_who_and_when",
                condition=Q(state__in=["draft", "waiting", "withdrawn"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="a_change_before_the_authority_was_filed",
                condition=Q(state__in=["draft", "withdrawn"]) | Q(filed_at__isnull=False),
            ),
            models.CheckConstraint(name="a_refused_change_says_why", condition=~Q(state="refused") | ~Q(reason="")),
            models.CheckConstraint(name="a_change_says_why", condition=~Q(why="")),
        ]
        indexes = [
            models.Index(fields=["enterprise", "made_at", "id"], name="changes_of_an_enterprise"),
            models.Index(fields=["filed_at", "id"], name="changes_to_be_decided", condition=Q(state="waiting")),
            models.Index(
                fields=["preview_wanted_at", "id"],
                name="changes_to_be_counted",
                condition=Q(preview_wanted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.kind} {self.state}"
