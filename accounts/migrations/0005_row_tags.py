"""Passwords with their addresses, factors and administrators carry a tag; those that stand are taken as ours."""

from collections.abc import Sequence
from typing import Any

from django.db import migrations

from accounts.keys.row_tags import RowTag, tag_of

USER = ("id", "person_key", "password", "email_index", "phone_index")
TABLES = (
    ("accounts_user", USER),
    ("accounts_secondfactor", ("user_id", "kind", "key", "credential_id")),
    ("accounts_administrator", ("user_id", "kind")),
)
BATCH = 5000


def tag_rows(cursor: Any, table: str, columns: Sequence[str]) -> None:
    last = 0
    while True:
        cursor.execute(
            f"select id, {', '.join(columns)} from {table} where id > %s order by id limit %s", [last, BATCH]
        )
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        cursor.execute(
            f"update {table} t set tag = v.tag from unnest(%s::bigint[], %s::bytea[]) as v (id, tag) where t.id = v.id",
            [[row[0] for row in rows], [tag_of(table, row[1:]) for row in rows]],
        )


def tag_all(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for table, columns in TABLES:
            tag_rows(cursor, table, columns)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_restricted_keys")]

    operations = [
        migrations.AddField("user", "tag", RowTag(over=("pk", *USER[1:]))),
        migrations.AddField("secondfactor", "tag", RowTag(over=TABLES[1][1])),
        migrations.AddField("administrator", "tag", RowTag(over=TABLES[2][1])),
        migrations.RunPython(tag_all, migrations.RunPython.noop),
    ]
