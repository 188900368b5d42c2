"""Whoever wants the first figures of the own offices by mail, and how often."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_sealed_messages'),
        ('oversight', '0004_published'),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectorLetter',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('every', models.CharField(choices=[('week', 'week'), ('month', 'month')], max_length=5)),
                ('chosen_at', models.DateTimeField()),
                ('sent_for', models.DateField(blank=True, null=True)),
            ],
        ),
    ]
