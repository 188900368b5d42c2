"""An offer half written: shown to whoever writes it and to nobody else, and only while the case is of the own enterprise."""

import django.db.models.deletion
import accounts.keys.sealed_fields
from django.conf import settings
from django.db import migrations, models

_TABLE = "complaints_offerdraft"
_MINE = "user_id = nullif(current_setting('app.user', true), '')::bigint"
_OURS = "is_our_side(complaint_id, enterprise_id)"
_WALLS = [
    f"alter table {_TABLE} add constraint offer_draft_hangs_on_its_enterprises_engagement "
    "foreign key (enterprise_id, engagement_id) references complaints_engagement (enterprise_id, id)",
    f"alter table {_TABLE} enable row level security",
    f"alter table {_TABLE} force row level security",
    f"create policy steps on {_TABLE} to portal_steps using (true) with check (true)",
    f"create policy enterprise on {_TABLE} for select to portal_enterprise using ({_MINE} and {_OURS})",
    f"create policy enterprise_drafts on {_TABLE} for insert to portal_enterprise with check ({_MINE} and {_OURS})",
    f"create policy enterprise_drafts_on on {_TABLE} for update to portal_enterprise "
    f"using ({_MINE}) with check ({_MINE} and {_OURS})",
    f"create policy enterprise_forgets on {_TABLE} for delete to portal_enterprise using ({_MINE})",
]


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0028_files_for_the_authority'),
        ('enterprises', '0012_answer_templates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OfferDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('typed', accounts.keys.sealed_fields.SealedJSON(free_text=False, place=['complaint_id', 'user_id'], whose='complaint.consumer_key')),
                ('saved_at', models.DateTimeField(db_index=True)),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.complaint')),
                ('engagement', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.engagement')),
                ('enterprise', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('complaint', 'user'), name='a_person_drafts_an_offer_once')],
            },
        ),
        migrations.RunSQL(_WALLS, migrations.RunSQL.noop),
    ]
