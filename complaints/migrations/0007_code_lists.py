"""The lists of categories, problems, demands and causes, and the foreign keys of every column that holds such a code.

What rows hold that no file has any more is listed too, as no longer offered; then nothing stands in the keys' way.
"""

from typing import Any

from django.db import migrations, models

from complaints.models.code_lists import LISTS, fill_lists
from database.operations import CreateModels

#: List → the columns that hold its codes.
HELD: dict[str, tuple[tuple[str, str], ...]] = {
    "complaints_category": (
        ("complaints_complaint", "object_category"),
        ("complaints_stationentry", "category"),
        ("enterprises_leagueline", "sector"),
        ("enterprises_leagueline", "main_sector"),
    ),
    "complaints_problemkind": (
        ("complaints_complaint", "problem_category"),
        ("enterprises_assignmentrule", "category"),
        ("enterprises_publishedfigure", "category"),
    ),
    "complaints_demandkind": (("complaints_demand", "kind"),),
    "complaints_causekind": (("complaints_rootcause", "cause"),),
    "accounts_rolecode": (
        ("complaints_handlingstep", "actor_role"),
        ("accounts_administrator", "kind"),
        ("authorities_officer", "role"),
        ("enterprises_staff", "role"),
        ("enterprises_stationstaff", "role"),
        ("enterprises_invitation", "role"),
    ),
}


def fill_them(apps: Any, schema_editor: Any) -> None:
    fill_lists(apps, using=schema_editor.connection.alias)
    with schema_editor.connection.cursor() as cursor:
        for table, columns in HELD.items():
            for owner, column in columns:
                cursor.execute(
                    f"insert into {table} (code, position, is_active) select distinct {column}, 0, false from {owner}"
                    " on conflict (code) do nothing"
                )


def foreign_keys() -> list[str]:
    return [
        f"alter table {owner} add constraint {owner}_{column}_is_listed foreign key ({column})"
        f" references {table} (code) deferrable initially deferred"
        for table, columns in HELD.items()
        for owner, column in columns
    ]


def _list(name: str) -> migrations.CreateModel:
    return migrations.CreateModel(
        name=name,
        fields=[
            ("code", models.CharField(max_length=60, primary_key=True, serialize=False)),
            ("position", models.PositiveSmallIntegerField()),
            ("is_active", models.BooleanField(default=True)),
            ("sector", models.CharField(blank=True, db_default="", default="", max_length=30)),
        ],
        options={"ordering": ["position"], "abstract": False},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0006_one_open_offer"),
        ("accounts", "0003_roles"),
        ("authorities", "0002_changes_counted"),
        ("enterprises", "0002_guards"),
    ]

    operations = [
        CreateModels([_list(name) for name in LISTS]),
        migrations.RunPython(fill_them),
        migrations.RunSQL(foreign_keys()),
        migrations.RunSQL(
            "revoke insert, update, delete, truncate on complaints_category, complaints_problemkind,"
            " complaints_demandkind, complaints_causekind from portal_app"
        ),
    ]
