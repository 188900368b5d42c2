"""Counted beside what ended: stages that the enterprise itself ended within their own time."""

from django.db import migrations, models

TABLES = ("tally", "dayregion", "dayfacet", "monthfacet", "monthenterprise")


class Migration(migrations.Migration):
    dependencies = [("oversight", "0004_rounded_sets")]

    operations = [migrations.AddField(table, "answered", models.IntegerField(null=True)) for table in TABLES]
