"""Down to which places a set of open data goes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oversight", "0018_counted_ahead")]

    operations = [
        migrations.AddField(
            "dataset",
            "finest",
            models.CharField(
                max_length=8,
                default="county",
                db_default="county",
                choices=[("county", "county"), ("city", "city"), ("province", "province")],
            ),
        )
    ]
