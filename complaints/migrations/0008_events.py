"""Each entry knows the transaction that wrote it, so that programs can read what is new without a gap.

Entries that stand already get the transaction of this migration: they come first, by their ids. The
sequence names the life of this database: a restore gives it another value (odr_portal/backup).
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0007_fewer_indexes'),
        ('enterprises', '0002_published_figures'),
    ]

    operations = [
        migrations.RunSQL("create sequence complaints_event_era", "drop sequence complaints_event_era"),
        migrations.AddField(
            model_name='engagement',
            name='external_ref',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
        migrations.AddField(
            model_name='handlingstep',
            name='transaction',
            field=models.BigIntegerField(db_default=models.Func(function='pg_current_xact_id', output_field=models.BigIntegerField(), template='(%(function)s()::text::bigint)'), editable=False),
        ),
        migrations.AddIndex(
            model_name='handlingstep',
            index=models.Index(fields=['transaction', 'id'], name='entries_as_they_were_committed'),
        ),
        migrations.AddConstraint(
            model_name='engagement',
            constraint=models.UniqueConstraint(condition=models.Q(('external_ref', ''), _negated=True), fields=('enterprise', 'external_ref'), name='a_ticket_is_one_engagement'),
        ),
    ]
