"""Cases are found by the exact phone, name or order number of their consumer, through digests."""

from typing import Any

from django.db import migrations, models

from accounts.keys import sealed_fields
from accounts.keys.sealed_fields import BlindIndex, digest_of
from complaints.record.person_digests import KINDS

_SEEN = "exists (select from complaints_complaint c where c.id = complaints_persondigest.complaint_id)"
# While it is against us: of a case that was given up, nobody may try phone numbers.
_OURS = (
    "exists (select from own_engagement e where e.complaint_id = complaints_persondigest.complaint_id"
    " and (e.until_at is null or e.is_still_ours))"
)
_WALLS = [
    "alter table complaints_persondigest enable row level security",
    "alter table complaints_persondigest force row level security",
    "create policy steps on complaints_persondigest to portal_steps using (true) with check (true)",
    f"create policy enterprise on complaints_persondigest for select to portal_enterprise using ({_OURS})",
    f"create policy authority on complaints_persondigest for select to portal_authority using ({_SEEN})",
]


def fill(apps: Any, schema_editor: Any) -> None:
    texts, digests = apps.get_model("complaints", "PersonalText"), apps.get_model("complaints", "PersonDigest")
    last = 0
    while True:
        found = list(texts.objects.filter(pk__gt=last, audience="parties", kind__in=KINDS).order_by("pk")[:2000])
        if not found:
            return
        sealed_fields.load_for(found)
        # Salt before the text (complaints.models.record.with_salt).
        typed = [(row, KINDS[row.kind], row.sealed[32:]) for row in found]
        digests.objects.bulk_create(
            digests(complaint_id=row.complaint_id, kind=kind, digest=digest)
            for row, kind, text in typed
            if (digest := digest_of(kind, text))
        )
        last = found[-1].pk


class Migration(migrations.Migration):
    dependencies = [("complaints", "0016_sealed_more")]

    operations = [
        migrations.CreateModel(
            name="PersonDigest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=8)),
                ("digest", BlindIndex()),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=models.deletion.PROTECT, related_name="person_digests", to="complaints.complaint"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["digest", "complaint"], name="cases_by_what_was_typed")]},
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RunSQL(_WALLS, migrations.RunSQL.noop),
    ]
