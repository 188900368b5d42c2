"""Entries get a tag, which only the holder of an entry key can make; and the house chain gets its table. What was
written before has no tag and is checked by the rules of its form."""

from django.db import migrations, models
from django.db.models import BigIntegerField, Func, Q

_APPEND_ONLY = [
    "create trigger houseentry_is_append_only before update or delete on complaints_houseentry"
    " for each row execute function refuse_change()",
    "create trigger houseentry_is_never_emptied before truncate on complaints_houseentry"
    " for each statement execute function refuse_change()",
    "revoke update, delete, truncate on complaints_houseentry from portal_app",
]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0010_refusals_accepted_late")]

    operations = [
        migrations.AddField("handlingstep", "tag", models.BinaryField(default=b"")),
        migrations.CreateModel(
            "HouseEntry",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveIntegerField(unique=True)),
                ("step", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("body", models.TextField()),
                ("previous_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
                ("tag", models.BinaryField()),
                (
                    "transaction",
                    models.BigIntegerField(
                        editable=False,
                        db_default=Func(
                            function="pg_current_xact_id",
                            template="(%(function)s()::text::bigint)",
                            output_field=BigIntegerField(),
                        ),
                    ),
                ),
            ],
            options={
                "ordering": ["sequence"],
                "constraints": [
                    models.CheckConstraint(
                        name="house_entry_is_hashed_and_tagged", condition=~Q(hash=b"") & ~Q(tag=b"")
                    )
                ],
            },
        ),
        migrations.RunSQL(_APPEND_ONLY),
    ]
