"""A line of the published league says how much of what failed the consumer let rest, as nothing was granted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0006_spelled_names")]

    operations = [migrations.AddField("leagueline", "let_rest", models.PositiveIntegerField(null=True))]
