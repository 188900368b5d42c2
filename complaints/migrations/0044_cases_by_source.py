"""Cases by the code of a poster through which they came, to count what each poster brought. Built without stopping those who
write; whoever stops it in the middle drops the index that is left and runs it again."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('complaints', '0043_forwarding_notes'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='complaint',
            index=models.Index(condition=models.Q(('source', ''), _negated=True), fields=['source'], name='cases_by_source'),
        ),
    ]
