"""Measures, and tables that come back filled in: what was meant, how far it came. They name cases, and hang on none."""

import django.db.models.deletion
import accounts.keys.sealed_fields
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0025_desk_rows'),
        ('enterprises', '0007_stations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Measure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('made_at', models.DateTimeField()),
                ('title', accounts.keys.sealed_fields.SealedText(free_text=True, place=['public_id'], whose='')),
                ('rule', accounts.keys.sealed_fields.SealedJSON(blank=True, free_text=True, place=['public_id'], whose='')),
                ('picks', models.JSONField(default=list)),
                ('left_out', models.JSONField(default=list)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('sent', models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='RoundTrip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.CharField(max_length=20, unique=True)),
                ('file_name', accounts.keys.sealed_fields.SealedText(blank=True, free_text=True, place=['mark'], whose='')),
                ('form', models.CharField(choices=[('csv', 'csv'), ('xlsx', 'xlsx')], max_length=4)),
                ('digest', models.CharField(max_length=64)),
                ('language', models.CharField(default='zh-hans', max_length=10)),
                ('state', models.CharField(choices=[('reading', 'reading'), ('checking', 'checking'), ('checked', 'checked'), ('applying', 'applying'), ('done', 'done'), ('dropped', 'dropped'), ('failed', 'failed')], default='reading', max_length=8)),
                ('mode', models.CharField(blank=True, choices=[('all', 'all'), ('good', 'good')], default='', max_length=4)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('read_rows', models.PositiveIntegerField(default=0)),
                ('blank_rows', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('failure', models.CharField(blank=True, default='', max_length=40)),
                ('failure_words', models.CharField(blank=True, default='', max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='RoundTripRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('number', models.CharField(blank=True, default='', max_length=60)),
                ('case_id', models.BigIntegerField(blank=True, null=True)),
                ('step', models.CharField(blank=True, default='', max_length=40)),
                ('key', models.CharField(blank=True, default='', max_length=64)),
                ('said', accounts.keys.sealed_fields.SealedJSON(blank=True, free_text=True, place=['trip_id', 'line'], whose='')),
                ('state', models.CharField(choices=[('read', 'read'), ('good', 'good'), ('bad', 'bad'), ('done', 'done'), ('refused', 'refused'), ('same', 'same')], default='read', max_length=8)),
                ('column', models.CharField(blank=True, default='', max_length=40)),
                ('problem', models.CharField(blank=True, default='', max_length=300)),
                ('after', models.CharField(blank=True, default='', max_length=40)),
            ],
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(condition=models.Q(('measure_id__isnull', False)), fields=['measure_id', 'complaint'], name='offers_of_a_measure'),
        ),
        migrations.AddField(
            model_name='measure',
            name='branch',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.branch'),
        ),
        migrations.AddField(
            model_name='measure',
            name='enterprise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='measure',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.staff'),
        ),
        migrations.AddField(
            model_name='roundtrip',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='roundtrip',
            name='enterprise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='roundtriprow',
            name='enterprise',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='roundtriprow',
            name='trip',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='complaints.roundtrip'),
        ),
        migrations.AddIndex(
            model_name='measure',
            index=models.Index(fields=['enterprise', '-id'], name='measures_of_an_enterprise'),
        ),
        migrations.AddIndex(
            model_name='roundtrip',
            index=models.Index(fields=['asked_by', '-id'], name='round_trips_of_a_person'),
        ),
        migrations.AddIndex(
            model_name='roundtrip',
            index=models.Index(condition=models.Q(('state__in', ['reading', 'checking', 'applying'])), fields=['id'], name='round_trips_to_work_on'),
        ),
        migrations.AddIndex(
            model_name='roundtriprow',
            index=models.Index(fields=['trip', 'state', 'case_id', 'line'], name='lines_to_work_on'),
        ),
        migrations.AddConstraint(
            model_name='roundtriprow',
            constraint=models.UniqueConstraint(fields=('trip', 'line'), name='line_is_read_once'),
        ),
        migrations.AddConstraint(
            model_name='roundtriprow',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'done')), fields=('enterprise', 'key'), name='line_counts_once'),
        ),
    ]
