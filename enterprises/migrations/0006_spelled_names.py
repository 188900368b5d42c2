"""Names are found as they are spelled in letters, and in traditional characters: search rows are cut anew."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from enterprises.directory.spelling import fold_name, grams_of, sounds_of, spelled_as

PIECE = 2000


def cut_anew(apps: Any, _schema_editor: Any) -> None:
    rows = apps.get_model("enterprises", "SearchName").objects
    after = 0
    while piece := list(rows.filter(pk__gt=after).order_by("pk")[:PIECE]):
        after = piece[-1].pk
        for row in piece:
            row.folded = fold_name(row.text)
            row.spelled = "" if row.kind == "code" else spelled_as(row.text)
            row.grams = [*grams_of(row.folded), *sounds_of(row.spelled)]
        rows.bulk_update(piece, ["folded", "spelled", "grams"])


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0005_post_tags")]

    operations = [
        migrations.AddField("searchname", "spelled", models.TextField(blank=True, default="")),
        migrations.AlterField("searchname", "grams", ArrayField(models.CharField(max_length=4), size=None)),
        migrations.RunPython(cut_anew, migrations.RunPython.noop),
    ]
