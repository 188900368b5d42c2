"""What an enterprise says to its index of perfunctory answers: written by the steps, once, and never changed."""

import uuid

from django.conf import settings
from django.db import migrations, models

from accounts.keys.sealed_fields import SealedText

_TABLE = "oversight_perfunctoryreply"


class Migration(migrations.Migration):
    dependencies = [
        ("oversight", "0013_campaigns"),
        ("enterprises", "0008_macros"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        # refuse_change() is of the record, only_steps_write() of complaints and oversight 0010.
        ("complaints", "0026_told_once"),
    ]

    operations = [
        migrations.CreateModel(
            "PerfunctoryReply",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(unique=True, default=uuid.uuid4)),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("text", SealedText(whose="", place=["public_id"], free_text=True)),
                ("written_at", models.DateTimeField()),
                (
                    "enterprise",
                    models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="+", db_index=False),
                ),
                (
                    "written_by",
                    models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["enterprise", "-written_at", "-id"], name="replies_of_a_firm_newest_first")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(last__gte=models.F("first")), name="a_reply_is_about_days_in_order"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            [
                f"create trigger perfunctoryreply_is_written_once before update or delete on {_TABLE}"
                " for each row execute function refuse_change()",
                f"create trigger perfunctoryreply_is_never_emptied before truncate on {_TABLE}"
                " for each statement execute function refuse_change()",
                f"revoke update, delete, truncate on {_TABLE} from portal_app",
                f"create trigger only_steps_write after insert on {_TABLE}"
                " for each statement execute function only_steps_write()",
            ]
        ),
    ]
