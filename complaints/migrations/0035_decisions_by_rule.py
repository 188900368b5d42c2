"""Decisions by their rule: how each rule fares, and what officers chose themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0034_platform'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='forwardingdecision',
            index=models.Index(condition=models.Q(('rule', ''), _negated=True), fields=['rule', 'at', 'id'], name='decisions_by_rule'),
        ),
    ]
