"""Changes of the law's data, and what they would have done to recorded clocks: read by officers through the case."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


_TABLE = "complaints_laweffect"
_WALLS = [
    f"alter table {_TABLE} enable row level security",
    f"alter table {_TABLE} force row level security",
    f"create policy steps on {_TABLE} to portal_steps using (true) with check (true)",
    f"create policy authority on {_TABLE} for select to portal_authority "
    f"using (exists (select from complaints_complaint c where c.id = {_TABLE}.complaint_id))",
]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0032_register_of_violations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LawChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.CharField(max_length=20, unique=True)),
                ('kind', models.CharField(choices=[('policy', 'policy'), ('calendar', 'calendar'), ('replay', 'replay')], max_length=8)),
                ('asked_at', models.DateTimeField()),
                ('change', models.JSONField(default=dict)),
                ('why', models.CharField(blank=True, default='', max_length=500)),
                ('since', models.DateField(blank=True, null=True)),
                ('until', models.DateField(blank=True, null=True)),
                ('state', models.CharField(choices=[('trying', 'trying'), ('tried', 'tried'), ('applying', 'applying'), ('done', 'done'), ('refused', 'refused'), ('dropped', 'dropped'), ('failed', 'failed')], default='trying', max_length=8)),
                ('after', models.BigIntegerField(default=0)),
                ('looked_at', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(blank=True, null=True)),
                ('counts', models.JSONField(default=dict)),
                ('groups', models.JSONField(default=dict)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision', models.CharField(blank=True, default='', max_length=500)),
                ('result', models.CharField(blank=True, default='', max_length=60)),
                ('moved', models.PositiveIntegerField(default=0)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('authority', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('region', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.region')),
            ],
        ),
        migrations.CreateModel(
            name='LawEffect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clock', models.CharField(max_length=20)),
                ('owed_by', models.CharField(max_length=12)),
                ('verdict', models.CharField(choices=[('late', 'late'), ('in_time', 'in_time'), ('unknown', 'unknown'), ('later', 'later'), ('earlier', 'earlier'), ('kept', 'kept')], max_length=8)),
                ('before', models.DateField()),
                ('after', models.DateField()),
                ('ended_on', models.DateField(blank=True, null=True)),
                ('change', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='effects', to='complaints.lawchange')),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.complaint')),
            ],
        ),
        migrations.AddIndex(
            model_name='lawchange',
            index=models.Index(fields=['kind', '-id'], name='law_changes_of_a_kind'),
        ),
        migrations.AddIndex(
            model_name='lawchange',
            index=models.Index(condition=models.Q(('state__in', ['trying', 'applying'])), fields=['id'], name='law_changes_to_work_on'),
        ),
        migrations.AddConstraint(
            model_name='lawchange',
            constraint=models.CheckConstraint(condition=models.Q(('asked_by__isnull', True), models.Q(('state__in', ['applying', 'done']), _negated=True), ('kind', 'replay'), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('asked_by')), _negated=True)), _connector='OR'), name='law_is_changed_by_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='lawchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['tried', 'applying', 'done']), _negated=True), ('tried_at__isnull', False), _connector='OR'), name='law_is_changed_after_a_preview'),
        ),
        migrations.AddIndex(
            model_name='laweffect',
            index=models.Index(fields=['change', 'verdict', 'id'], name='effects_of_a_law_change'),
        ),
        migrations.RunSQL(_WALLS, migrations.RunSQL.noop),
    ]
