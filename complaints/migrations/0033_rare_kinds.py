"""Cases by channel, problem and object: what few cases have is found without a walk through all of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_KINDS = {"channel": "channel", "problem": "problem_category", "object": "object_category"}


class Migration(migrations.Migration):
    # Other cases go on being written meanwhile.
    atomic = False
    dependencies = [("complaints", "0032_leases")]

    operations = [
        AddIndexConcurrently("complaint", models.Index(fields=[column, "received_at", "id"], name=f"cases_by_{kind}"))
        for kind, column in _KINDS.items()
    ]
