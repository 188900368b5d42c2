"""The register of violations in the order in which it is read, and who still waits for an answer to an objection."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0031_documents'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='matter',
            index=models.Index(fields=['-opened_at', '-id'], name='register_of_violations',
                               condition=Q(kind__in=['report', 'lead'])),
        ),
        migrations.AddIndex(
            model_name='matter',
            index=models.Index(fields=['complaint'], name='open_objections', condition=Q(kind='objection', state='open')),
        ),
    ]
