"""Databases that the migrations before these made: 96 files, ending with the names in ENDED_WITH.

The migrations in IN_THEIR_PLACE make the same tables from nothing, line by line of `database/schema.py`; SCHEMA holds
the lines. So such a database needs nothing but other names in django_migrations. `manage.py migrate` stops before one,
`manage.py adopt_migrations` takes it over.
"""

from pathlib import Path
from typing import Any

from database import schema

BEGAN_WITH = ("accounts", "0001_initial")
ENDED_WITH = {
    "accounts": "0009_sealed_messages",
    "authorities": "0003_changes_counted",
    "enterprises": "0019_letters_to_stations",
    "complaints": "0049_words_of_cases",
    "routing": "0002_rule_changes",
    "oversight": "0014_all_lengths_by_day",
}
IN_THEIR_PLACE = {
    "accounts": ("0001_models", "0002_security_log_and_first_key"),
    "authorities": ("0001_models", "0002_changes_counted"),
    "enterprises": ("0001_models", "0002_guards"),
    "complaints": (
        "0001_cases",
        "0002_work_on_cases",
        "0003_append_only",
        "0004_row_security",
        "0005_places_and_words",
    ),
    "routing": ("0001_models",),
    "oversight": ("0001_models", "0002_guards"),
}
SCHEMA = Path(__file__).with_suffix(".txt")
WHAT_TO_DO = (
    "This database was made by an older series of migrations: run `manage.py adopt_migrations`, which verifies the "
    "record, compares the schema and marks the new series as applied; nothing was changed."
)


def stands(connection: Any) -> bool:
    """Whether a database is of the old series. `connection`: of Django or of psycopg2, here and below."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('django_migrations') is not null")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("select exists (select from django_migrations where app = %s and name = %s)", BEGAN_WITH)
        return bool(cursor.fetchone()[0])


def left_out(connection: Any) -> list[str]:
    """The ends of the old series that this database has not reached, as app.name."""
    with connection.cursor() as cursor:
        cursor.execute("select app, name from django_migrations where app = any(%s)", [list(ENDED_WITH)])
        applied = set(cursor.fetchall())
    return [f"{app}.{name}" for app, name in ENDED_WITH.items() if (app, name) not in applied]


def differences(connection: Any) -> list[str]:
    """Lines of the schema, "- " before one that is missing and "+ " before one too many. Extensions are nobody's."""
    expected, result = set(SCHEMA.read_text().splitlines()), set(schema.described(connection))
    lines = [f"- {line}" for line in sorted(expected - result)] + [f"+ {line}" for line in sorted(result - expected)]
    return [line for line in lines if not line[2:].startswith("extension ")]


def rename(connection: Any) -> tuple[int, int]:
    """Puts the new names in the place of the old; returns how many of each. In the transaction of the caller."""
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = any(%s)", [list(ENDED_WITH)])
        gone = cursor.rowcount
        rows = [(app, name) for app, names in IN_THEIR_PLACE.items() for name in names]
        cursor.executemany("insert into django_migrations (app, name, applied) values (%s, %s, now())", rows)
    return gone, len(rows)
