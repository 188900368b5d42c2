import django.db.models.functions.text
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="last login"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        max_length=254,
                        null=True,
                        unique=True,
                        verbose_name="邮箱",
                    ),
                ),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        max_length=20,
                        null=True,
                        unique=True,
                        verbose_name="手机",
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, max_length=120, verbose_name="姓名"),
                ),
                (
                    "language",
                    models.CharField(
                        default="zh-hans", max_length=10, verbose_name="语言"
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "person_key",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_active", False),
                            ("email__isnull", False),
                            ("phone__isnull", False),
                            _connector="OR",
                        ),
                        name="active_user_has_an_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("email__isnull", True),
                            (
                                "email",
                                django.db.models.functions.text.Lower(
                                    models.F("email")
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="email_is_lower_case",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("actor", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=100)),
                ("body_digest", models.CharField(max_length=64)),
                ("reference", models.CharField(max_length=500)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["created_at"], name="oldest_keys_first")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("actor", "key"), name="one_effect_per_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "短信"), ("email", "邮件")], max_length=10
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("body", models.TextField()),
                ("person_key", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["-created_at", "-id"], name="newest_messages_first"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SignInCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("sign_in", "登录"),
                            ("filing", "提交投诉"),
                            ("step", "办理案件"),
                        ],
                        max_length=20,
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                ("code_digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("used_by_form", models.CharField(blank=True, max_length=64)),
                ("wrong_guesses", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["address", "purpose", "-created_at"],
                        name="newest_code_of_an_address",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="code_expires_after_it_is_made",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WrongPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("address_digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["address_digest", "-at"],
                        name="wrong_passwords_of_an_address",
                    )
                ],
            },
        ),
    ]
