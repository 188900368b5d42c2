"""Open cases of an enterprise by its own next date, its times with a case that are over by their end. Built without stopping those who write; whoever stops it in the middle
drops the index that is left and runs it again."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("complaints", "0046_what_an_enterprise_owes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="complaint",
            index=models.Index(
                condition=models.Q(models.Q(("status", "closed"), _negated=True), ("enterprise_due_at__isnull", False)),
                fields=["enterprise", "enterprise_due_at", "id", "status"], name="cases_that_an_enterprise_owes"),
        ),
        AddIndexConcurrently(
            model_name="engagement",
            index=models.Index(condition=models.Q(("is_past", True)), fields=["enterprise", "-until_at", "-id"],
                               name="past_engagements_of_a_firm"),
        ),
    ]
