"""What method 2 of the hot spots keeps of each: exposure, how well the dispersion is known, false discovery rate."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oversight", "0002_guards")]

    operations = [
        migrations.AddField("hotspot", "share", models.FloatField(null=True)),
        migrations.AddField("hotspot", "df", models.FloatField(null=True)),
        migrations.AddField("hotspot", "q", models.FloatField(default=1.0)),
    ]
