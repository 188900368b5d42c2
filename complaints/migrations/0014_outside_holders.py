"""What witnesses and the authority for time stamps answered last."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0013_state_in_entries")]

    operations = [
        migrations.CreateModel(
            "OutsideHolder",
            [
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("asked_at", models.DateTimeField()),
                ("code", models.CharField(blank=True, default="", max_length=20)),
                ("size", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("shown", models.TextField(blank=True, default="")),
            ],
            options={"ordering": ["name"]},
        )
    ]
