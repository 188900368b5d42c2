"""A column for every case, as a release brings it: quick, but nobody else may be at the table for that moment."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            "alter table complaints_complaint add column later integer",
            "alter table complaints_complaint drop column later",
        )
    ]
