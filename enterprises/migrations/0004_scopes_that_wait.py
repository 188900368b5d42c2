"""A scope that opens contact data waits until a second manager has agreed; tokens that stand keep what they have."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0003_token_tags")]

    operations = [
        migrations.AddField(
            "apitoken", "waiting_scopes", ArrayField(models.CharField(max_length=20), blank=True, default=list)
        )
    ]
