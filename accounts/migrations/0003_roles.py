"""The list of roles, filled from accounts/roles.py; the columns that hold one point at it from the series of cases."""

from typing import Any

from django.db import migrations, models

from accounts.roles import listed
from database.code_lists import fill


def fill_it(apps: Any, schema_editor: Any) -> None:
    fill(apps.get_model("accounts", "RoleCode"), listed(), using=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_security_log_and_first_key")]

    operations = [
        migrations.CreateModel(
            name="RoleCode",
            fields=[
                ("code", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={"ordering": ["position"], "abstract": False},
        ),
        migrations.RunPython(fill_it),
        migrations.RunSQL("revoke insert, update, delete, truncate on accounts_rolecode from portal_app"),
    ]
