"""Notices learn person, channel, form and letter; what somebody ordered about one is written down."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


#: Their channel was a guess; the next sweep chooses it. An older process that still sends one stamps it as before.
CHOOSE_ANEW = """
update complaints_notice set channel = '', state = 'queued', leased_until = null where state in ('queued', 'leased')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0004_settlement'),
        ('enterprises', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NoticeOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('again', 'again'), ('told', 'told')], max_length=8)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='told_once_an_entry',
        ),
        migrations.AddField(
            model_name='notice',
            name='again',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='notice',
            name='form',
            field=models.CharField(choices=[('single', 'single'), ('digest', 'digest'), ('summary', 'summary')], default='single', max_length=8),
        ),
        migrations.AddField(
            model_name='notice',
            name='letter',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='notice',
            name='short',
            field=models.CharField(blank=True, default='', max_length=70),
        ),
        migrations.AlterField(
            model_name='notice',
            name='channel',
            field=models.CharField(blank=True, default='', max_length=12),
        ),
        migrations.AlterField(
            model_name='notice',
            name='state',
            field=models.CharField(choices=[('queued', 'queued'), ('leased', 'leased'), ('sent', 'sent'), ('bounced', 'bounced'), ('set_aside', 'set_aside'), ('told', 'told')], default='queued', max_length=10),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('state', 'set_aside')), fields=['-id'], name='notices_set_aside'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('complaint', 'audience', 'sequence', 'addressee', 'channel', 'user'), name='a_person_is_told_once_an_entry', nulls_distinct=False),
        ),
        migrations.AddField(
            model_name='noticeorder',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='noticeorder',
            name='notice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='complaints.notice'),
        ),
        migrations.RunSQL(CHOOSE_ANEW, migrations.RunSQL.noop),
    ]
