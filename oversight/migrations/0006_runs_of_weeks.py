"""Hot spots of a run of weeks: the counts of its weeks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oversight", "0005_answered")]

    operations = [
        migrations.AlterField(
            "hotspot",
            "kind",
            models.CharField(max_length=4, choices=[("week", "一周"), ("day", "当天"), ("run", "连续几周")]),
        ),
        migrations.AddField("hotspot", "weeks", models.JSONField(default=list)),
    ]
