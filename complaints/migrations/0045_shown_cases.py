"""Complaints that are shown to the public, by the day on which they were closed. Built without stopping those who write;
whoever stops it in the middle drops the index that is left and runs it again."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('complaints', '0044_cases_by_source'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='complaint',
            index=models.Index(condition=models.Q(('facts__published', True), ('publication_consent', True), ('status', 'closed')),
                               fields=['closed_at', 'id'], name='shown_cases_by_day'),
        ),
    ]
