"""What an enterprise answered last is found by an index: each new offer is held against it (complaints/settlement/offer_quality.py)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0023_webhook_tries'),
        ('enterprises', '0007_stations'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(fields=['enterprise', '-made_at'], name='offers_of_an_enterprise'),
        ),
        migrations.AlterField(
            model_name='offer',
            name='enterprise',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise'),
        ),
    ]
