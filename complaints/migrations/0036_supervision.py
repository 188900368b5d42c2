"""Who sent an instruction and to whom; whom an overdue clock was reported to, and when the next superior is told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0035_decisions_by_rule'),
        ('enterprises', '0013_stays_out'),
    ]

    operations = [
        migrations.AddField(
            model_name='deadline',
            name='escalate_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='deadline',
            name='escalated_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='deadline',
            name='escalated_to',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority'),
        ),
        migrations.AddField(
            model_name='deadline',
            name='escalations',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='matter',
            name='authority',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority'),
        ),
        migrations.AddField(
            model_name='matter',
            name='to_authority',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority'),
        ),
        migrations.AddIndex(
            model_name='deadline',
            index=models.Index(condition=models.Q(('ended_at__isnull', True), ('escalated_to__isnull', False)), fields=['escalated_to', 'due_at', 'id'], name='escalated_clocks'),
        ),
        migrations.AddIndex(
            model_name='matter',
            index=models.Index(condition=models.Q(('kind', 'urge'), ('state', 'open')), fields=['until_at', 'id'], name='open_instructions'),
        ),
        migrations.AddIndex(
            model_name='matter',
            index=models.Index(condition=models.Q(('kind', 'urge'), ('state', 'answered')), fields=['closed_at', 'id'], name='answered_instructions'),
        ),
    ]
