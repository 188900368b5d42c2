"""Closed cases by their day, as the draw of call-backs read every case that there ever was. Built without stopping those who
write; whoever stops it in the middle drops the index that is left and runs it again."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('complaints', '0039_links_of_mediation_bodies'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='complaint',
            index=models.Index(condition=models.Q(('status', 'closed')), fields=['closed_at', 'id'], name='closed_cases_by_day'),
        ),
    ]
