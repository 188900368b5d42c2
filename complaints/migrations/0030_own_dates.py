"""The lists of an enterprise stand by the clock that it owes; what has none stands last, so the index has it too."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("complaints", "0029_counter_sums")]

    operations = [
        migrations.RemoveIndex("complaint", "cases_that_an_enterprise_owes"),
        migrations.AddIndex(
            "complaint",
            models.Index(
                fields=["enterprise", "enterprise_due_at", "id", "status"],
                name="open_cases_by_own_date",
                condition=~Q(status="closed"),
            ),
        ),
    ]
