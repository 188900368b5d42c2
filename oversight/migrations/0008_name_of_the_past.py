"""Counters: a name for what happened on days that are over, another one when that changes."""

from uuid import uuid4

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oversight", "0007_owners_of_hot_spots")]

    operations = [migrations.AddField("rollupstate", "past", models.UUIDField(default=uuid4))]
