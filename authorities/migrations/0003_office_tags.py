"""Offices carry a tag; those that stand are taken as ours."""

from importlib import import_module
from typing import Any

from django.db import migrations

from accounts.keys.row_tags import RowTag

accounts = import_module("accounts.migrations.0005_row_tags")
COLUMNS = ("user_id", "authority_id", "role", "starts_on", "ends_on")


def tag_all(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        accounts.tag_rows(cursor, "authorities_officer", COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("authorities", "0002_changes_counted"), ("accounts", "0005_row_tags")]

    operations = [
        migrations.AddField("officer", "tag", RowTag(over=COLUMNS)),
        migrations.RunPython(tag_all, migrations.RunPython.noop),
    ]
