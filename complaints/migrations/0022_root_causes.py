"""Why it came to a complaint, as the enterprise tagged it; nobody else reads it, the authority neither."""

import django.db.models.deletion
from django.db import migrations, models

_TABLE = "complaints_rootcause"
_MADE = [
    f"alter table {_TABLE} add constraint rootcause_hangs_on_its_enterprises_engagement"
    " foreign key (enterprise_id, engagement_id) references complaints_engagement (enterprise_id, id)",
    f"alter table {_TABLE} enable row level security",
    f"alter table {_TABLE} force row level security",
    f"create policy steps on {_TABLE} to portal_steps using (true) with check (true)",
    f"create policy enterprise on {_TABLE} for select to portal_enterprise using (is_our_engagement({_TABLE}.engagement_id))",
]
_UNDONE = [
    *(f"drop policy {name} on {_TABLE}" for name in ("steps", "enterprise")),
    f"alter table {_TABLE} no force row level security",
    f"alter table {_TABLE} disable row level security",
    f"alter table {_TABLE} drop constraint rootcause_hangs_on_its_enterprises_engagement",
]


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0021_planned_once'),
        ('enterprises', '0007_stations'),
    ]

    operations = [
        migrations.CreateModel(
            name='RootCause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(max_length=30)),
                ('at', models.DateTimeField()),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='root_causes', to='complaints.complaint')),
                ('engagement', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='root_cause', to='complaints.engagement')),
                ('enterprise', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise')),
            ],
            options={
                'ordering': ['complaint_id', 'id'],
                'indexes': [models.Index(fields=['enterprise', 'at'], name='root_causes_of_an_enterprise')],
            },
        ),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RunSQL(_MADE, _UNDONE),
    ]
