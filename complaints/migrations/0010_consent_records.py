import django.db.models.deletion
from django.db import migrations, models


#: The ledger takes inserts only (refuse_change stands since 0002).
_WALL = [
    "create trigger consentrecord_is_append_only before update or delete on complaints_consentrecord "
    "for each row execute function refuse_change()",
    "create trigger consentrecord_is_never_emptied before truncate on complaints_consentrecord "
    "for each statement execute function refuse_change()",
    "revoke update, delete, truncate on complaints_consentrecord from portal_app",
]
_GONE = [
    "drop trigger consentrecord_is_append_only on complaints_consentrecord",
    "drop trigger consentrecord_is_never_emptied on complaints_consentrecord",
]


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0009_exports'),
        ('enterprises', '0002_published_figures'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person_key', models.UUIDField()),
                ('purpose', models.CharField(max_length=40)),
                ('is_given', models.BooleanField()),
                ('text_version', models.CharField(max_length=20)),
                ('at', models.DateTimeField()),
                ('channel', models.CharField(max_length=20)),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consent_records', to='complaints.complaint')),
                ('enterprise', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['complaint', 'id'], name='consents_of_a_case'), models.Index(fields=['person_key', 'id'], name='consents_of_a_person')],
                'constraints': [models.CheckConstraint(condition=models.Q(('text_version', ''), _negated=True), name='consent_names_its_text')],
            },
        ),
        migrations.RunSQL(_WALL, _GONE),
    ]
