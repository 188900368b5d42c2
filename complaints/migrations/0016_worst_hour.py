"""An index of what lapsed when, for the brake on unusual numbers of lapses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0015_erasures_of_former_times")]

    operations = [
        migrations.AddIndex(
            "deadline",
            models.Index(
                fields=["lapse_written_at", "complaint"],
                name="lapses_by_hour",
                condition=models.Q(lapse_written_at__isnull=False),
            ),
        )
    ]
