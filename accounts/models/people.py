"""Who may come in, and how they proved it.

Nothing secret is stored in a form that can be read back. A password is a hash, a
one-time code is a keyed digest; the person is known elsewhere by ``person_key`` only. Names and addresses
are sealed (sealed_fields.py): read them from a user, look for them by ``with_email`` and ``with_phone``.
"""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from accounts.keys import row_tags
from accounts.keys.row_tags import RowTag
from accounts.keys.sealed_fields import BlindIndex, SealedText, digests_of
from accounts.roles import post_choices
from database.code_lists import ListedCode

#: An e-mail domain that cannot exist: the people of the demo data have it, and nobody else.
DEMO_DOMAIN = "demo.invalid"


#: The sealed columns of an account with a blind index each.
PHONES_AND_EMAIL = ("email", "phone", "second_phone", "own_phone")


class UserQuerySet(models.QuerySet["User"]):
    """Finds people by what is sealed, through its blind index."""

    def bulk_create(self, objs: Iterable["User"], *args: Any, **options: Any) -> list["User"]:
        """Their tags cover the numbers that they get here."""
        rows = super().bulk_create(objs, *args, **options)
        row_tags.write(rows)
        return rows

    def with_email(self, email: str) -> "UserQuerySet":
        return self.filter(email_index__in=digests_of("email", email))

    def with_phone(self, phone: str) -> "UserQuerySet":
        """Whose number or second number it is."""
        digests = digests_of("phone", phone)
        return self.filter(Q(phone_index__in=digests) | Q(second_phone_index__in=digests))


class UserManager(BaseUserManager["User"]):
    """Makes users with the address written one way only: e-mail in lower case."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def with_email(self, email: str) -> UserQuerySet:
        return self.get_queryset().with_email(email)

    def with_phone(self, phone: str) -> UserQuerySet:
        return self.get_queryset().with_phone(phone)

    def create_user(
        self, email: str | None = None, password: str | None = None, *, phone: str | None = None, **fields: Any
    ) -> "User":
        """A new user; without a password only a one-time code signs in. Who is made in a demo is of the demo."""
        address = email.strip().lower() if email else None
        fields.setdefault("is_demo", settings.DEMO or bool(address and address.endswith(f"@{DEMO_DOMAIN}")))
        user = self.model(email=address, phone=phone, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.with_email(username or "").get()


class PersonKey(models.Model):
    """The key of one person or of one case, wrapped (keyring.py). Destroyed with the person, it stays as an empty row.

    From ``restricted_at`` on it opens nothing for a page, a program or an export: what it closes is only kept, until
    ``destroy_after``."""

    person = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()
    restricted_at = models.DateTimeField(null=True)
    destroy_after = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=False, wrapped=b"") | Q(destroyed_at__isnull=True) & ~Q(wrapped=b""),
                name="destroyed_key_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True)
                | Q(destroy_after__isnull=True)
                | Q(destroyed_at__gte=F("destroy_after")),
                name="nothing_is_destroyed_before_its_time",
            ),
            models.CheckConstraint(
                condition=Q(restricted_at__isnull=True) | Q(destroy_after__isnull=False),
                name="restricted_key_has_its_day",
            ),
        )
        indexes = (
            models.Index(
                fields=("destroy_after",),
                name="keys_to_destroy",
                condition=Q(restricted_at__isnull=False, destroyed_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return str(self.person)


class User(AbstractBaseUser):
    """A person with a way to sign in. What they may do hangs on Officer and Staff rows."""

    email = SealedText(_("邮箱"), null=True, blank=True, whose="person_key", place=("person_key",))
    phone = SealedText(_("手机"), null=True, blank=True, whose="person_key", place=("person_key",))
    name = SealedText(_("姓名"), blank=True, whose="person_key", place=("person_key",))
    email_index = BlindIndex(null=True, unique=True, of="email", kind="email")
    phone_index = BlindIndex(null=True, unique=True, of="phone", kind="phone")
    # Signs in as the first does (sign_in/second_phone.py); no code that confirms goes there, and no notice.
    second_phone = SealedText(_("第二个手机"), null=True, blank=True, whose="person_key", place=("person_key",))
    second_phone_index = BlindIndex(null=True, unique=True, of="second_phone", kind="phone")
    # Who this is among people at work (sign_in/own_phone.py). Nobody signs in with it: two accounts may have it.
    own_phone = SealedText(_("本人手机"), null=True, blank=True, whose="person_key", place=("person_key",))
    own_phone_index = BlindIndex(null=True, of="own_phone", kind="phone")
    is_demo = models.BooleanField(default=False)
    language = models.CharField(_("语言"), max_length=10, default="zh-hans")
    is_active = models.BooleanField(default=True)
    person_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # A new phone or mailbox: for a day nothing that matters is done with it (sign_in/contacts.py).
    contact_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    tag = RowTag(
        over=("pk", "person_key", "password", "email_index", "phone_index", "is_demo"),
        later=("own_phone_index", "second_phone_index"),
    )

    objects: ClassVar[UserManager] = UserManager()

    # E-mail is what is typed (get_by_natural_key); Django wants a column that is unique by itself.
    USERNAME_FIELD = "person_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(email_index__isnull=False) | Q(phone_index__isnull=False),
                name="active_user_has_an_address",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(self.person_key)

    @property
    def may_sign_in(self) -> bool:
        """Whether this account opens anything, by whatever way: it is active, and of the demo in a demo only."""
        return self.is_active and (settings.DEMO or not self.is_demo)

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """An address is never written without its index, nor what lets somebody in without its tag."""
        if update_fields is not None:
            indexed = [name for name in PHONES_AND_EMAIL if name in update_fields]
            update_fields = {*update_fields, *(f"{name}_index" for name in indexed)}
            if update_fields & {"password", "is_demo", *(f"{name}_index" for name in PHONES_AND_EMAIL)}:
                update_fields.add("tag")
        is_new = self.pk is None
        super().save(update_fields=update_fields, **options)
        if is_new:
            row_tags.write([self])


class RoleCode(ListedCode):
    """A code that a column of roles may hold: of the record, or of a table of who works where (accounts/roles.py)."""


class Administrator(models.Model):
    """三员: who runs the platform, in one of three duties that nobody holds together, nor with any other work.

    One row a person; triggers (enterprises/migrations/0002) refuse an office or a job beside it, and the other way.
    """

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="duties")
    kind = models.CharField(max_length=8, choices=post_choices("platform"))
    since = models.DateTimeField()
    tag = RowTag(over=("user_id", "kind"))

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("system", "security", "audit")), name="a_duty_is_one_of_three"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}"


class SignInCode(models.Model):
    """One six-digit code sent to one address for one purpose; only its digest is here."""

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", _("登录")
        FILING = "filing", _("提交投诉")
        STEP = "step", _("办理案件")
        CONFIRM = "confirm", _("再次确认")
        CHANGE = "change", _("更换手机或邮箱")
        RESET = "reset", _("重设密码")

    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    # Found by its digest, read by nobody.
    address_digest = BlindIndex()
    # The browser that asked (codes.py); another one cannot use the code.
    flow_digest = models.CharField(max_length=64, default="")
    code_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # The form that used the code may arrive twice (a double click); it is the same use.
    used_by_form = models.CharField(max_length=64, blank=True)
    wrong_guesses = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=("address_digest", "purpose", "-created_at"), name="newest_code_of_an_address"),)
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="code_expires_after_it_is_made"),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.created_at:%Y-%m-%d %H:%M}"


class BrowserSession(AbstractBaseSession):
    """A browser that came by, found by a digest of its cookie; ``user`` is empty until somebody signed in."""

    user = models.ForeignKey("accounts.User", null=True, on_delete=models.CASCADE, related_name="browser_sessions")

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """The store lies above its table: it is named in the settings, as in Django's own."""
        return cast(type[SessionBase], import_string(f"{settings.SESSION_ENGINE}.SessionStore"))

    def __str__(self) -> str:
        return self.session_key[:8]


class SecondFactor(models.Model):
    """What somebody holds beside the password: an authenticator app or a passkey."""

    class Kind(models.TextChoices):
        APP = "app", _("验证器应用")
        PASSKEY = "passkey", _("通行密钥")

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="second_factors")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=60)
    # App: the shared key under a key of the installation. Passkey: its public key.
    key = models.BinaryField()
    credential_id = models.BinaryField(null=True, unique=True)
    # App: the last half minute that was used. Passkey: how often it signed.
    counter = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    tag = RowTag(over=("user_id", "kind", "key", "credential_id"))

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="app", credential_id__isnull=True) | Q(kind="passkey", credential_id__isnull=False),
                name="a_passkey_has_an_id_and_an_app_has_none",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class RecoveryCode(models.Model):
    """One way in for somebody whose factors are lost: shown once, kept as a digest, used up."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="recovery_codes")
    code_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "code_digest"), name="one_recovery_code_each"),)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}"


class AccountChange(models.Model):
    """A change of a factor, phone, mailbox or password that its owner can undo for three days (sign_in/changes.py).

    ``before``: JSON of what stood there. ``key_digest``: of the key that only the letters about it carry."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="account_changes")
    kind = models.CharField(max_length=20)
    before = SealedText(whose="user.person_key", place=("user_id", "kind", "at"))
    key_digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    undone_at = models.DateTimeField(null=True)
    tag = RowTag(over=("user_id", "kind", "before", "key_digest", "at"))

    class Meta:
        indexes = (models.Index(fields=("at",), name="oldest_changes_first"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class OutgoingMessage(models.Model):
    """A message of the account side (codes) that waits to be delivered; its body is emptied when it has gone out."""

    class Channel(models.TextChoices):
        SMS = "sms", _("短信")
        EMAIL = "email", _("邮件")

    # Withheld: for nobody, written so that asking takes as long for everybody (sign_in/codes.py).
    STATES = ("queued", "leased", "sent", "given_up", "withheld")

    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = SealedText(whose="person_key", place=("channel", "created_at"))
    subject = SealedText(blank=True, whose="person_key", place=("channel", "created_at"))
    body = SealedText(blank=True, whose="person_key", place=("channel", "created_at"))
    # A PNG of figures, of no person; it goes when the body goes.
    picture = models.BinaryField(null=True)
    person_key = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="queued", choices=[(s, s) for s in STATES])
    # Empty: as long as a code is (codes.VALID_FOR).
    useful_until = models.DateTimeField(null=True)
    # Empty: at once.
    send_after = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = (
            models.Index(fields=("-created_at", "-id"), name="newest_messages_first"),
            models.Index(fields=("id",), name="messages_to_send", condition=Q(state__in=("queued", "leased"))),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.created_at:%Y-%m-%d %H:%M}"


class SecurityEvent(models.Model):
    """One row of the security log (``security_log.note``); append-only by trigger."""

    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    person_key = models.UUIDField(null=True)
    organisation = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=("-at", "-id"), name="newest_security_events"),
            models.Index(fields=("person_key", "-at"), name="security_events_of_a_person"),
            models.Index(fields=("kind", "-at"), name="security_events_of_a_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
