"""Counted apart: cases that were closed because nothing was granted and the consumer left it at that, and the stages
that ended so.

Rows of before count them among what was withdrawn. The comparison of the next night counts all cases anew and says so
in the log instead of an alarm, as after a change of the calendar; ``manage.py rebuild_rollups --compare`` does it at
once.
"""

from typing import Any

from django.db import migrations, models

TABLES = ("tally", "dayregion", "dayfacet", "monthfacet", "monthenterprise")


def count_anew(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("oversight", "RollupState").objects.update(
        calendar="counted before 0012_let_rest", compared_through=None, compared_tables=0
    )


class Migration(migrations.Migration):
    dependencies = [("oversight", "0011_decided_rows")]

    operations = [
        *(
            migrations.AddField(table, name, models.IntegerField(null=True))
            for table in TABLES
            for name in ("closed_let_rest", "ended_let_rest")
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]
