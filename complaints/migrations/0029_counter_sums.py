"""A counter-offer is a sum for each demand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0028_no_digest_for_callers")]

    operations = [
        migrations.AddField("offer", "counter_sums", models.JSONField(blank=True, default=dict, db_default={}))
    ]
