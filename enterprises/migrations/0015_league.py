"""The league table as it was published."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0014_mediation_bodies'),
    ]

    operations = [
        migrations.CreateModel(
            name='LeagueSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.DateField()),
                ('last', models.DateField()),
                ('version', models.PositiveSmallIntegerField()),
                ('formula', models.PositiveSmallIntegerField()),
                ('made_at', models.DateTimeField()),
                ('country', models.IntegerField()),
                ('places', models.JSONField(default=list)),
                ('sectors', models.JSONField(default=list)),
                ('digest', models.CharField(max_length=64)),
                ('changed', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['-last', 'first', '-version'],
                'constraints': [models.UniqueConstraint(fields=('first', 'last', 'version'), name='a_league_has_each_version_once'), models.CheckConstraint(condition=models.Q(('last__gte', models.F('first'))), name='a_league_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='LeagueLine',
            fields=[
                ('pk', models.CompositePrimaryKey('of_id', 'region', 'sector', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('region', models.IntegerField()),
                ('sector', models.CharField(default='', max_length=60)),
                ('position', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('name_en', models.CharField(blank=True, default='', max_length=200)),
                ('code', models.CharField(max_length=20)),
                ('main_sector', models.CharField(blank=True, default='', max_length=60)),
                ('place_first', models.PositiveIntegerField(null=True)),
                ('place_last', models.PositiveIntegerField(null=True)),
                ('n', models.PositiveIntegerField(null=True)),
                ('settled_least', models.PositiveIntegerField(null=True)),
                ('settled_most', models.PositiveIntegerField(null=True)),
                ('unconfirmed_least', models.PositiveIntegerField(null=True)),
                ('unconfirmed_most', models.PositiveIntegerField(null=True)),
                ('low', models.PositiveSmallIntegerField(null=True)),
                ('high', models.PositiveSmallIntegerField(null=True)),
                ('received', models.PositiveIntegerField(null=True)),
                ('per_customers', models.DecimalField(decimal_places=1, max_digits=10, null=True)),
                ('last_day_share', models.PositiveSmallIntegerField(null=True)),
                ('again_share', models.PositiveSmallIntegerField(null=True)),
                ('enterprise', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='enterprises.enterprise')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='enterprises.leagueset')),
            ],
            options={
                'indexes': [models.Index(fields=['enterprise', 'of'], name='league_lines_of_a_firm')],
            },
        ),
    ]
