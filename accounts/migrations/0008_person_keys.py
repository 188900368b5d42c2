"""Names and addresses of users are sealed with a key a person; the clear columns go.

Every row is sealed before a column is dropped, all in one transaction: an upgrade that is cut off has changed nothing.
Sessions end, because from now on they are sealed too: signing in again costs nothing.
"""

from operator import attrgetter
from typing import Any

from django.db import migrations, models
from django.db.models import Q

from accounts.keys import keyring
from accounts.keys.sealed_fields import BlindIndex, SealedText
from accounts.keys.sealing_rows import seal_rows

SEALED = ("email", "phone", "name")
DEMO = "update accounts_user set is_demo = true where clear_email like '%@demo.invalid'"


def seal(apps: Any, schema_editor: Any) -> None:
    keyring.secrets_of([keyring.HOUSE], make=True)
    seal_rows(apps.get_model("accounts", "User"), {name: attrgetter(f"clear_{name}") for name in SEALED})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_kept_answers")]

    operations = [
        migrations.CreateModel(
            name="PersonKey",
            fields=[
                ("person", models.UUIDField(primary_key=True, serialize=False)),
                ("wrapped", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(Q(("destroyed_at__isnull", False), ("wrapped", b"")), Q(("destroyed_at__isnull", True), Q(("wrapped", b""), _negated=True)), _connector="OR"),
                        name="destroyed_key_is_empty",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint("user", "active_user_has_an_address"),
        migrations.RemoveConstraint("user", "email_is_lower_case"),
        *(migrations.RenameField("user", name, f"clear_{name}") for name in SEALED),
        migrations.AddField("user", "email", SealedText(
            verbose_name="邮箱", null=True, blank=True, whose="person_key", place=["person_key"])),
        migrations.AddField("user", "phone", SealedText(
            verbose_name="手机", null=True, blank=True, whose="person_key", place=["person_key"])),
        migrations.AddField("user", "name", SealedText(
            verbose_name="姓名", blank=True, default=b"", whose="person_key", place=["person_key"]), preserve_default=False),
        migrations.AddField("user", "email_index", BlindIndex(null=True, unique=True, of="email", kind="email")),
        migrations.AddField("user", "phone_index", BlindIndex(null=True, unique=True, of="phone", kind="phone")),
        migrations.AddField("user", "is_demo", models.BooleanField(default=False)),
        migrations.RunSQL(DEMO, migrations.RunSQL.noop),
        migrations.RunPython(seal),
        # What waits to be checked at the end of the transaction would forbid the columns to go.
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        *(migrations.RemoveField("user", f"clear_{name}") for name in SEALED),
        migrations.AddConstraint("user", models.CheckConstraint(
            condition=Q(("is_active", False), ("email_index__isnull", False), ("phone_index__isnull", False), _connector="OR"),
            name="active_user_has_an_address")),
        migrations.RunSQL("delete from accounts_browsersession", migrations.RunSQL.noop),
    ]
