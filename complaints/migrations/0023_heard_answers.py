"""What people say to what was heard in their stories: counts without text."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0022_tags_of_verdicts")]

    operations = [
        migrations.CreateModel(
            name="HeardAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=20)),
                ("version", models.PositiveIntegerField()),
                (
                    "answer",
                    models.CharField(
                        choices=[("confirmed", "Confirmed"), ("changed", "Changed"), ("denied", "Denied")],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["field", "-id"], name="heard_answers_of_a_field")]},
        )
    ]
