"""Counted beside what ended: stages that the enterprise itself ended within their own time. Counted beside open cases:
those with a date that only authorities know of, those with both, and closed ones of which something is still owed."""

from django.db import migrations, models

TABLES = ("tally", "dayregion", "dayfacet", "monthfacet", "monthenterprise")
OF_CASES = ("open_inside", "open_twice", "owing")
LASTING = ("open", *OF_CASES, "waiting", "ran_out", "ran_out_taken", "ran_out_ended")


def _lasting() -> models.Q:
    condition = models.Q()
    for name in LASTING:
        condition |= models.Q(**{f"{name}__isnull": False})
    return condition


class Migration(migrations.Migration):
    dependencies = [("oversight", "0004_rounded_sets")]

    operations = [
        *(
            migrations.AddField(table, name, models.IntegerField(null=True))
            for table in TABLES
            for name in ("answered", *OF_CASES)
        ),
        migrations.RemoveIndex("tally", "tally_that_lasts"),
        migrations.AddIndex(
            "tally", models.Index(name="tally_that_lasts", fields=["region", "day", "enterprise"], condition=_lasting())
        ),
    ]
