"""What a step changes in the counts is derived from its entry of the record (oversight/counters/rollups.py); nobody writes it beside."""

from django.db import migrations

TABLE = "complaints_countdelta"
GUARDED = [
    f"alter table {TABLE} enable row level security",
    f"alter table {TABLE} force row level security",
    f"create policy steps on {TABLE} to portal_steps using (true) with check (true)",
]


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0040_closed_cases_by_day'),
    ]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, GUARDED),
        migrations.DeleteModel(name='CountDelta'),
    ]
