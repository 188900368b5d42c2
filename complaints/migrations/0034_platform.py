"""What the national platform says of a case, one number a case; and the files in which it says so."""
import django.db.models.deletion
import accounts.keys.sealed_fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0033_law_changes'),
        ('enterprises', '0013_stays_out'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PlatformFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.CharField(max_length=20, unique=True)),
                ('file_name', accounts.keys.sealed_fields.SealedText(blank=True, free_text=True, place=['mark'], whose='')),
                ('form', models.CharField(choices=[('csv', 'csv'), ('xlsx', 'xlsx')], max_length=4)),
                ('digest', models.CharField(max_length=64)),
                ('language', models.CharField(default='zh-hans', max_length=10)),
                ('state', models.CharField(choices=[('checking', 'checking'), ('checked', 'checked'), ('applying', 'applying'), ('done', 'done'), ('dropped', 'dropped'), ('failed', 'failed')], default='checking', max_length=8)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('place', models.PositiveIntegerField(default=0)),
                ('lines', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('failure', models.CharField(blank=True, default='', max_length=40)),
                ('failure_words', models.CharField(blank=True, default='', max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='PlatformLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('number', 'number'), ('new', 'new')], max_length=8)),
                ('number', models.CharField(blank=True, default='', max_length=40)),
                ('platform_number', models.CharField(blank=True, default='', max_length=40)),
                ('state', models.CharField(choices=[('good', 'good'), ('bad', 'bad'), ('done', 'done'), ('refused', 'refused'), ('same', 'same')], max_length=8)),
                ('column', models.CharField(blank=True, default='', max_length=40)),
                ('problem', models.CharField(blank=True, default='', max_length=300)),
            ],
        ),
        migrations.AddField(
            model_name='complaint',
            name='platform_received_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='complaint',
            name='platform_state',
            field=models.CharField(blank=True, default='', max_length=16),
        ),
        migrations.AddConstraint(
            model_name='complaint',
            constraint=models.UniqueConstraint(condition=models.Q(('platform_number', ''), _negated=True), fields=('platform_number',), name='platform_number_is_one_case'),
        ),
        migrations.AddField(
            model_name='platformfile',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='platformfile',
            name='authority',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority'),
        ),
        migrations.AddField(
            model_name='platformline',
            name='file',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='complaints.platformfile'),
        ),
        migrations.AddIndex(
            model_name='platformfile',
            index=models.Index(fields=['authority', '-id'], name='platform_files_of_an_authority'),
        ),
        migrations.AddIndex(
            model_name='platformfile',
            index=models.Index(condition=models.Q(('state__in', ['checking', 'applying'])), fields=['id'], name='platform_files_to_work_on'),
        ),
        migrations.AddConstraint(
            model_name='platformfile',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['dropped', 'failed']), _negated=True), fields=('authority', 'digest'), name='platform_file_is_answered_once'),
        ),
        migrations.AddIndex(
            model_name='platformline',
            index=models.Index(fields=['file', 'state', 'line'], name='platform_lines_by_state'),
        ),
        migrations.AddConstraint(
            model_name='platformline',
            constraint=models.UniqueConstraint(fields=('file', 'line'), name='platform_line_is_read_once'),
        ),
    ]
