"""Outgoing messages are leased, tried again and given up like notices."""

from django.db import migrations, models


#: Codes of the past are of no use to anybody.
PAST = """
update accounts_outgoingmessage set state = case when sent_at is null then 'given_up' else 'sent' end, body = ''
where created_at < now() - interval '10 minutes'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='outgoingmessage',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='outgoingmessage',
            name='last_error',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
        migrations.AddField(
            model_name='outgoingmessage',
            name='leased_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='outgoingmessage',
            name='send_after',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='outgoingmessage',
            name='state',
            field=models.CharField(choices=[('queued', 'queued'), ('leased', 'leased'), ('sent', 'sent'), ('given_up', 'given_up')], default='queued', max_length=10),
        ),
        migrations.AlterField(
            model_name='outgoingmessage',
            name='body',
            field=models.TextField(blank=True),
        ),
        migrations.AddIndex(
            model_name='outgoingmessage',
            index=models.Index(condition=models.Q(('state__in', ('queued', 'leased'))), fields=['id'], name='messages_to_send'),
        ),
        migrations.RunSQL(PAST, migrations.RunSQL.noop),
    ]
