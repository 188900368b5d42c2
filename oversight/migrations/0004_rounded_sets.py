"""Whether the counts of a set of open data are rounded, and what was counted for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oversight", "0003_hot_spots_of_method_two")]

    operations = [
        migrations.AddField(model_name="dataset", name="counted", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="dataset", name="multiple_of", field=models.PositiveSmallIntegerField(default=1)
        ),
    ]
