"""The link of a respondent without account: seen by whoever shows it, and by the authority that made it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.keys.sealed_fields

_TABLE = "complaints_answerlink"
_SHOWN = f"{_TABLE}.token_digest = any(nullif(current_setting('app.shown', true), '')::text[])"
_IN_SIGHT = f"exists (select from complaints_complaint c where c.id = {_TABLE}.complaint_id)"
_WALLS = [
    f"alter table {_TABLE} enable row level security",
    f"alter table {_TABLE} force row level security",
    f"create policy steps on {_TABLE} to portal_steps using (true) with check (true)",
    # Who follows the link may be signed in as anybody.
    f"create policy consumer on {_TABLE} for select to portal_consumer using ({_SHOWN})",
    f"create policy enterprise on {_TABLE} for select to portal_enterprise using ({_SHOWN})",
    f"create policy authority on {_TABLE} for select to portal_authority using ({_IN_SIGHT} or {_SHOWN})",
]


class Migration(migrations.Migration):

    dependencies = [
        ("authorities", "0001_tables"),
        ("complaints", "0037_call_backs"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnswerLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("channel", models.CharField(choices=[("sms", "sms"), ("letter", "letter")], max_length=10)),
                ("person_key", models.UUIDField(default=uuid.uuid4)),
                ("phone", accounts.keys.sealed_fields.SealedText(
                    blank=True, free_text=False, place=["complaint_id", "token_digest"], whose="person_key")),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("complaint", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT,
                                                related_name="answer_links", to="complaints.complaint")),
                ("made_by", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                                              related_name="+", to="authorities.officer")),
            ],
            options={
                "ordering": ["complaint_id", "id"],
                "constraints": [models.UniqueConstraint(
                    condition=models.Q(("revoked_at__isnull", True)), fields=("complaint",), name="one_link_answers_a_case")],
            },
        ),
        migrations.RunSQL(_WALLS, migrations.RunSQL.noop),
    ]
