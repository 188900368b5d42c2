"""What a scanner said of a file carries a tag; verdicts that stand are taken as ours."""

from importlib import import_module
from typing import Any

from django.db import migrations

from accounts.keys.row_tags import RowTag

accounts = import_module("accounts.migrations.0005_row_tags")
COLUMNS = ("sha256", "uploaded_at", "state")


def tag_all(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        accounts.tag_rows(cursor, "complaints_evidence", COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0021_signed_context"), ("accounts", "0005_row_tags")]

    operations = [
        migrations.AddField("evidence", "tag", RowTag(over=COLUMNS)),
        migrations.RunPython(tag_all, migrations.RunPython.noop),
    ]
