"""Who took a hot spot over, how many cells are looked at in each place, and the list by false discovery rate."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from oversight.models import HotSpotAction


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("enterprises", "0002_guards"),
        ("oversight", "0006_runs_of_weeks"),
    ]

    operations = [
        migrations.CreateModel(
            name="HotSpotCells",
            fields=[
                ("place", models.IntegerField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("weeks", models.IntegerField()),
                ("days", models.IntegerField()),
            ],
        ),
        migrations.AddField(
            "hotspot",
            "owner",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            "hotspotaction", "kind", models.CharField(choices=HotSpotAction.Kind.choices, max_length=9)
        ),
        migrations.AddIndex("hotspot", models.Index(fields=["state", "q", "id"], name="hot_spots_by_q")),
    ]
