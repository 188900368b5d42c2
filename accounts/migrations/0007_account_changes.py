"""What stood before a change of a factor, phone or mailbox, so that its owner can undo it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.keys.row_tags import RowTag
from accounts.keys.sealed_fields import SealedText


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_people_of_a_demo")]

    operations = [
        migrations.CreateModel(
            name="AccountChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("before", SealedText(whose="user.person_key", place=["user_id", "kind", "at"])),
                ("key_digest", models.CharField(max_length=64, unique=True)),
                ("at", models.DateTimeField()),
                ("address", models.CharField(blank=True, max_length=45)),
                ("undone_at", models.DateTimeField(null=True)),
                ("tag", RowTag(over=["user_id", "kind", "before", "key_digest", "at"])),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="account_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["at"], name="oldest_changes_first")]},
        )
    ]
