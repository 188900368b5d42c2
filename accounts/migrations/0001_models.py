"""Tables of people: who signs in and how, messages to them, what happened (the security log), the keys of their names.

Columns stand in the order in which they came to be, here as in the other apps."""

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from accounts.keys.sealed_fields import BlindIndex, SealedText
from database.operations import CreateModels

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

MODELS = [
    migrations.CreateModel(
        "PersonKey",
        [
            ("person", models.UUIDField(primary_key=True, serialize=False)),
            ("wrapped", models.BinaryField()),
            ("made_at", models.DateTimeField()),
            ("destroyed_at", models.DateTimeField(null=True)),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    name="destroyed_key_is_empty",
                    condition=Q(destroyed_at__isnull=False, wrapped=b"")
                    | (Q(destroyed_at__isnull=True) & ~Q(wrapped=b"")),
                )
            ]
        },
    ),
    migrations.CreateModel(
        "User",
        [
            ID,
            ("password", models.CharField(verbose_name="password", max_length=128)),
            ("last_login", models.DateTimeField(verbose_name="last login", blank=True, null=True)),
            ("language", models.CharField(verbose_name="语言", max_length=10, default="zh-hans")),
            ("is_active", models.BooleanField(default=True)),
            ("person_key", models.UUIDField(unique=True, default=uuid.uuid4, editable=False)),
            ("created_at", models.DateTimeField(auto_now_add=True)),
            ("contact_changed_at", models.DateTimeField(blank=True, null=True, editable=False)),
            (
                "email",
                SealedText(
                    verbose_name="邮箱",
                    blank=True,
                    null=True,
                    whose="person_key",
                    place=["person_key"],
                    free_text=False,
                ),
            ),
            (
                "phone",
                SealedText(
                    verbose_name="手机",
                    blank=True,
                    null=True,
                    whose="person_key",
                    place=["person_key"],
                    free_text=False,
                ),
            ),
            (
                "name",
                SealedText(verbose_name="姓名", blank=True, whose="person_key", place=["person_key"], free_text=False),
            ),
            ("email_index", BlindIndex(unique=True, null=True, of="email", kind="email")),
            ("phone_index", BlindIndex(unique=True, null=True, of="phone", kind="phone")),
            ("is_demo", models.BooleanField(default=False)),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    name="active_user_has_an_address",
                    condition=Q(is_active=False) | Q(email_index__isnull=False) | Q(phone_index__isnull=False),
                )
            ]
        },
    ),
    migrations.CreateModel(
        "Administrator",
        [
            ID,
            (
                "kind",
                models.CharField(
                    max_length=8,
                    choices=[("system", "系统管理员"), ("security", "安全管理员"), ("audit", "审计管理员")],
                ),
            ),
            ("since", models.DateTimeField()),
            ("user", models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="duties")),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    name="a_duty_is_one_of_three", condition=Q(kind__in=("system", "security", "audit"))
                )
            ]
        },
    ),
    migrations.CreateModel(
        "SignInCode",
        [
            ID,
            (
                "purpose",
                models.CharField(
                    max_length=20,
                    choices=[
                        ("sign_in", "登录"),
                        ("filing", "提交投诉"),
                        ("step", "办理案件"),
                        ("confirm", "再次确认"),
                        ("change", "更换手机或邮箱"),
                        ("reset", "重设密码"),
                    ],
                ),
            ),
            ("code_digest", models.CharField(max_length=64)),
            ("created_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("used_at", models.DateTimeField(null=True)),
            ("used_by_form", models.CharField(max_length=64, blank=True)),
            ("wrong_guesses", models.PositiveSmallIntegerField(default=0)),
            ("flow_digest", models.CharField(max_length=64, default="")),
            ("address_digest", BlindIndex(of="", kind="")),
        ],
        options={
            "indexes": [
                models.Index(name="newest_code_of_an_address", fields=["address_digest", "purpose", "-created_at"])
            ],
            "constraints": [
                models.CheckConstraint(
                    name="code_expires_after_it_is_made", condition=Q(expires_at__gt=F("created_at"))
                )
            ],
        },
    ),
    migrations.CreateModel(
        "CountedTry",
        [
            ID,
            ("kind", models.CharField(max_length=40)),
            ("who_digest", models.CharField(max_length=64)),
            ("at", models.DateTimeField()),
        ],
        options={
            "indexes": [
                models.Index(name="tries_of_somebody", fields=["kind", "who_digest", "-at"]),
                models.Index(name="oldest_tries_first", fields=["at"]),
            ]
        },
    ),
    migrations.CreateModel(
        "BrowserSession",
        [
            (
                "session_key",
                models.CharField(verbose_name="session key", primary_key=True, max_length=40, serialize=False),
            ),
            ("session_data", models.TextField(verbose_name="session data")),
            ("expire_date", models.DateTimeField(verbose_name="expire date", db_index=True)),
            (
                "user",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="browser_sessions"),
            ),
        ],
        options={"verbose_name": "session", "verbose_name_plural": "sessions"},
    ),
    migrations.CreateModel(
        "SecondFactor",
        [
            ID,
            ("kind", models.CharField(max_length=10, choices=[("app", "验证器应用"), ("passkey", "通行密钥")])),
            ("name", models.CharField(max_length=60)),
            ("key", models.BinaryField()),
            ("credential_id", models.BinaryField(unique=True, null=True)),
            ("counter", models.BigIntegerField(default=0)),
            ("created_at", models.DateTimeField()),
            ("last_used_at", models.DateTimeField(null=True)),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="second_factors")),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    name="a_passkey_has_an_id_and_an_app_has_none",
                    condition=Q(credential_id__isnull=True, kind="app")
                    | Q(credential_id__isnull=False, kind="passkey"),
                )
            ]
        },
    ),
    migrations.CreateModel(
        "RecoveryCode",
        [
            ID,
            ("code_digest", models.CharField(max_length=64)),
            ("created_at", models.DateTimeField()),
            ("used_at", models.DateTimeField(null=True)),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes")),
        ],
        options={
            "constraints": [models.UniqueConstraint(name="one_recovery_code_each", fields=("user", "code_digest"))]
        },
    ),
    migrations.CreateModel(
        "OutgoingMessage",
        [
            ID,
            ("channel", models.CharField(max_length=10, choices=[("sms", "短信"), ("email", "邮件")])),
            ("person_key", models.UUIDField(null=True)),
            ("created_at", models.DateTimeField()),
            ("sent_at", models.DateTimeField(null=True)),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("last_error", models.CharField(max_length=200, blank=True, default="")),
            ("leased_until", models.DateTimeField(null=True)),
            ("send_after", models.DateTimeField(null=True)),
            (
                "state",
                models.CharField(
                    max_length=10,
                    default="queued",
                    choices=[(code, code) for code in ("queued", "leased", "sent", "given_up")],
                ),
            ),
            ("useful_until", models.DateTimeField(null=True)),
            ("address", SealedText(whose="person_key", place=["channel", "created_at"], free_text=False)),
            ("subject", SealedText(blank=True, whose="person_key", place=["channel", "created_at"], free_text=False)),
            ("body", SealedText(blank=True, whose="person_key", place=["channel", "created_at"], free_text=False)),
        ],
        options={
            "indexes": [
                models.Index(name="newest_messages_first", fields=["-created_at", "-id"]),
                models.Index(name="messages_to_send", fields=["id"], condition=Q(state__in=("queued", "leased"))),
            ]
        },
    ),
    migrations.CreateModel(
        "IdempotencyKey",
        [
            ID,
            ("actor", models.CharField(max_length=100)),
            ("key", models.CharField(max_length=100)),
            ("body_digest", models.CharField(max_length=64)),
            ("reference", models.CharField(max_length=500)),
            ("created_at", models.DateTimeField()),
            ("answer", SealedText(null=True, whose="", place=["actor", "key"], free_text=False)),
        ],
        options={
            "indexes": [models.Index(name="oldest_keys_first", fields=["created_at"])],
            "constraints": [models.UniqueConstraint(name="one_effect_per_key", fields=("actor", "key"))],
        },
    ),
    migrations.CreateModel(
        "SecurityEvent",
        [
            ID,
            ("kind", models.CharField(max_length=40)),
            ("at", models.DateTimeField()),
            ("person_key", models.UUIDField(null=True)),
            ("organisation", models.CharField(max_length=200, blank=True)),
            ("subject", models.CharField(max_length=120, blank=True)),
            ("reason", models.CharField(max_length=120, blank=True)),
            ("address", models.CharField(max_length=45, blank=True)),
        ],
        options={
            "indexes": [
                models.Index(name="newest_security_events", fields=["-at", "-id"]),
                models.Index(name="security_events_of_a_person", fields=["person_key", "-at"]),
                models.Index(name="security_events_of_a_kind", fields=["kind", "-at"]),
            ]
        },
    ),
    migrations.CreateModel(
        "AccountClosing",
        [
            ID,
            ("closed_at", models.DateTimeField()),
            ("destroy_after", models.DateTimeField()),
            ("destroyed_at", models.DateTimeField(null=True)),
            ("user", models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="closing")),
        ],
        options={
            "indexes": [
                models.Index(
                    name="accounts_to_destroy", fields=["destroy_after"], condition=Q(destroyed_at__isnull=True)
                )
            ],
            "constraints": [
                models.CheckConstraint(
                    name="nothing_is_destroyed_before_its_time",
                    condition=Q(destroyed_at__isnull=True) | Q(destroyed_at__gte=F("destroy_after")),
                )
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [CreateModels(MODELS)]
