from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oversight", "0017_measure_files")]

    operations = [
        migrations.CreateModel(
            "CountedAhead",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "region", "what", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("region", models.IntegerField()),
                ("what", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("data", models.BinaryField()),
            ],
        )
    ]
