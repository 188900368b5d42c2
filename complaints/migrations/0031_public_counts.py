"""How often posters were opened, the quiz tried, the question answered: counts a day, of nobody."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0030_own_dates")]

    operations = [
        migrations.CreateModel(
            name="PublicCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("tried", "Tried"),
                            ("passed", "Passed"),
                            ("used", "Used"),
                            ("heard_of", "Heard Of"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=10,
                    ),
                ),
                ("code", models.CharField(blank=True, default="", max_length=80)),
                ("day", models.DateField()),
                ("n", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["what", "code", "day"], name="counted_once_a_day")]
            },
        )
    ]
