"""Jobs at enterprises and posts at stations carry a tag; those that stand are taken as ours."""

from importlib import import_module
from typing import Any

from django.db import migrations

from accounts.keys.row_tags import RowTag

accounts = import_module("accounts.migrations.0005_row_tags")
JOB = ("user_id", "enterprise_id", "branch_id", "role", "starts_on", "ends_on")
POST = ("user_id", "station_id", "role", "starts_on", "ends_on")


def tag_all(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        accounts.tag_rows(cursor, "enterprises_staff", JOB)
        accounts.tag_rows(cursor, "enterprises_stationstaff", POST)


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0004_scopes_that_wait"), ("accounts", "0005_row_tags")]

    operations = [
        migrations.AddField("staff", "tag", RowTag(over=JOB)),
        migrations.AddField("stationstaff", "tag", RowTag(over=POST)),
        migrations.RunPython(tag_all, migrations.RunPython.noop),
    ]
