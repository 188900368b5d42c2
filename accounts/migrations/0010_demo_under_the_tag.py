"""The tag of a person covers whether a demo made him; who did not stand before stands no more than he did."""

from typing import Any

from django.db import migrations

from accounts.keys import row_tags
from accounts.keys.row_tags import RowTag, tag_of

_BEFORE = ("id", "person_key", "password", "email_index", "phone_index")
BATCH = 5000


def tag_again(apps: Any, schema_editor: Any) -> None:
    """Each row whose tag holds for the columns of before gets one that covers ``is_demo`` as well."""
    user, last = apps.get_model("accounts", "User"), 0
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(
                f"select {', '.join(_BEFORE)}, is_demo, tag from accounts_user where id > %s order by id limit %s",
                [last, BATCH],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            standing = [row for row in rows if row_tags.is_of(user, row[:5], bytes(row[6]))]
            cursor.execute(
                "update accounts_user t set tag = v.tag from unnest(%s::bigint[], %s::bytea[]) as v (id, tag)"
                " where t.id = v.id",
                [[row[0] for row in standing], [tag_of("accounts_user", row[:6]) for row in standing]],
            )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_withheld_messages")]

    operations = [
        migrations.AlterField("user", "tag", RowTag(over=("pk", *_BEFORE[1:], "is_demo"))),
        migrations.RunPython(tag_again, migrations.RunPython.noop),
    ]
