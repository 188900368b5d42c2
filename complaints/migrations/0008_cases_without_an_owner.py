"""Whoever is away has no open case, so one that is negotiated may lie with nobody until somebody is there.

What lies with nobody is looked for every few seconds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0007_code_lists")]

    operations = [
        migrations.RemoveConstraint("complaint", "negotiating_has_handler"),
        migrations.AddIndex(
            "complaint",
            models.Index(
                fields=["id"],
                name="cases_without_a_handler",
                condition=models.Q(
                    status__in=["awaiting_consumer", "negotiating", "performing", "with_enterprise"],
                    handler__isnull=True,
                ),
            ),
        ),
        migrations.AddIndex(
            "complaint",
            models.Index(
                fields=["id"],
                name="cases_without_an_officer",
                condition=models.Q(
                    status__in=["awaiting_material", "mediating", "mediation_suspended", "review", "triage"],
                    officer__isnull=True,
                ),
            ),
        ),
    ]
