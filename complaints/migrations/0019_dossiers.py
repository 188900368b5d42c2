"""Dossiers that people ask for, their own rows each; and seals whose heads are under a tree."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

_THEIRS = ("complaints_dossier.asked_by_id = nullif(current_setting('app.user', true), '')::bigint"
           " and exists (select from complaints_complaint c where c.id = complaints_dossier.complaint_id)")
_WALLS = [
    "alter table complaints_dossier enable row level security",
    "alter table complaints_dossier force row level security",
    "create policy steps on complaints_dossier to portal_steps using (true) with check (true)",
]
for _side in ("consumer", "enterprise", "authority"):
    _WALLS += [
        f"create policy {_side} on complaints_dossier for select to portal_{_side} using ({_THEIRS})",
        f"create policy {_side}_asks on complaints_dossier for insert to portal_{_side} with check ({_THEIRS})",
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0018_notice_choices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='seal',
            name='heads_root',
            field=models.BinaryField(default=b''),
        ),
        migrations.AddIndex(
            model_name='sealedhead',
            index=models.Index(fields=['complaint_id', 'seal'], name='sealed_heads_of_a_case'),
        ),
        migrations.CreateModel(
            name='Dossier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('side', models.CharField(max_length=12)),
                ('language', models.CharField(default='zh-hans', max_length=10)),
                ('site', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('building', 'building'), ('ready', 'ready'), ('expired', 'expired'), ('failed', 'failed')], default='asked', max_length=8)),
                ('asked_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('done', models.PositiveSmallIntegerField(default=0)),
                ('total', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('entries', models.PositiveIntegerField(default=0)),
                ('is_sealed', models.BooleanField(default=False)),
                ('ready_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('files', models.JSONField(default=dict)),
                ('has_files', models.BooleanField(default=False)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dossiers', to='complaints.complaint')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['asked', 'building'])), fields=['id'], name='dossiers_to_build'), models.Index(condition=models.Q(('has_files', True)), fields=['id'], name='dossiers_with_files')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'building'])), fields=('complaint', 'asked_by', 'side'), name='dossier_is_built_once_at_a_time'), models.CheckConstraint(condition=models.Q(('expires_at__isnull', True), ('expires_at__gt', models.F('ready_at')), _connector='OR'), name='dossier_lasts_a_while')],
            },
        ),
        migrations.RunSQL(_WALLS, migrations.RunSQL.noop),
    ]
