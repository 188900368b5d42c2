"""The sample of cases to call back: the seeds for the steps alone, the cases for whoever sees them at an authority."""

import django.db.models.deletion
from django.db import migrations, models


CASES, SEEDS = "complaints_callback", "complaints_callbackseed"
MADE = [
    *(f"alter table {table} {how} row level security" for table in (CASES, SEEDS) for how in ("enable", "force")),
    *(f"create policy steps on {table} to portal_steps using (true) with check (true)" for table in (CASES, SEEDS)),
    f"create policy authority on {CASES} for select to portal_authority"
    f" using (exists (select from complaints_complaint c where c.id = {CASES}.complaint_id))",
]
UNDONE = [
    f"drop policy authority on {CASES}",
    *(f"drop policy steps on {table}" for table in (CASES, SEEDS)),
    *(f"alter table {table} {how} row level security" for table in (CASES, SEEDS) for how in ("no force", "disable")),
]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0036_supervision'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallBackMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(unique=True)),
                ('commitment', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('seed', models.CharField(blank=True, default='', max_length=64)),
                ('drawn_at', models.DateTimeField(blank=True, null=True)),
                ('population', models.PositiveIntegerField(default=0)),
                ('drawn', models.PositiveIntegerField(default=0)),
                ('population_digest', models.CharField(blank=True, default='', max_length=64)),
            ],
            options={
                'ordering': ['-month'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('drawn_at', None), ('seed', '')), models.Q(('drawn_at__isnull', False), models.Q(('seed', ''), _negated=True)), _connector='OR'), name='a_seed_is_shown_with_the_draw')],
            },
        ),
        migrations.CreateModel(
            name='CallBackSeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seed', models.CharField(max_length=64)),
                ('month', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='sealed', to='complaints.callbackmonth')),
            ],
        ),
        migrations.CreateModel(
            name='CallBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(choices=[('repeat', 'repeat'), ('reopened', 'reopened'), ('drawn', 'drawn')], max_length=10)),
                ('share', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('open', 'open'), ('reached', 'reached'), ('not_reached', 'not_reached')], default='open', max_length=12)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('overall', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('disagrees', models.BooleanField(default=False)),
                ('finding', models.CharField(blank=True, choices=[('', ''), ('not_kept', 'not_kept'), ('never_settled', 'never_settled')], default='', max_length=16)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('authority', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='call_backs', to='complaints.complaint')),
                ('officer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.officer')),
                ('month', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='complaints.callbackmonth')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['month', 'authority', 'id'], name='call_backs_of_an_authority'), models.Index(condition=models.Q(('state', 'open')), fields=['officer', 'id'], name='call_backs_of_an_officer')],
                'constraints': [models.UniqueConstraint(fields=('complaint', 'month'), name='a_case_is_called_back_once_a_month')],
            },
        ),
        migrations.RunSQL(MADE, UNDONE),
    ]
