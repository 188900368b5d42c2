"""What somebody at a desk of an enterprise keeps for himself: read up to where, and filters under a name.

Colleagues see who has a case open, so a row of reading is shown to the enterprise whose time with the case it belongs
to; nobody but the reader writes it, and only for a case of the own enterprise.
"""

import django.db.models.deletion
import accounts.keys.sealed_fields
from django.conf import settings
from django.db import migrations, models

_TABLE = "complaints_reading"
_MINE = "user_id = nullif(current_setting('app.user', true), '')::bigint"
_OURS = "is_our_side(complaint_id, enterprise_id)"
_WALLS = [
    f"alter table {_TABLE} add constraint reading_hangs_on_its_enterprises_engagement "
    "foreign key (enterprise_id, engagement_id) references complaints_engagement (enterprise_id, id)",
    f"alter table {_TABLE} enable row level security",
    f"alter table {_TABLE} force row level security",
    f"create policy steps on {_TABLE} to portal_steps using (true) with check (true)",
    f"create policy enterprise on {_TABLE} for select to portal_enterprise using ({_OURS})",
    f"create policy enterprise_reads on {_TABLE} for insert to portal_enterprise with check ({_MINE} and {_OURS})",
    f"create policy enterprise_reads_on on {_TABLE} for update to portal_enterprise using ({_MINE}) with check ({_MINE} and {_OURS})",
]


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0024_last_offers'),
        ('enterprises', '0007_stations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
                ('name', accounts.keys.sealed_fields.SealedText(free_text=False, place=['user_id', 'made_at'], whose='user.person_key')),
                ('query', accounts.keys.sealed_fields.SealedText(free_text=False, place=['user_id', 'made_at'], whose='user.person_key')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_to', models.PositiveIntegerField()),
                ('seen_at', models.DateTimeField(null=True)),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='complaints.complaint')),
                ('engagement', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.engagement')),
                ('enterprise', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('complaint', 'user'), name='a_person_reads_a_case_once')],
            },
        ),
        migrations.RunSQL(_WALLS, migrations.RunSQL.noop),
    ]
