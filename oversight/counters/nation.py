"""The country's counters: each province's portal publishes its own rows of `DayRegion` (a day of a place, counts and
sums alone: no case, no firm, no person, no word), and the nation's database receives them by logical replication.

That table is under no row-level security. Of one that forces it a first copy would be empty without an error, unless
its login passed by all policies; so no such table may ever be published (a test asks).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from oversight.models import MEASURES, DayRegion

TABLE = DayRegion._meta.db_table
PUBLICATION, LOGIN, DATABASE = "nation", "portal_nation", "nation"
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in MEASURES)


def _rows_of(province: str) -> str:
    first = int(province) * 10**7
    return f"region >= {first} and region < {first + 10**7}"


def published(connection: Any, province: str) -> None:
    """Lets the rows of this province be published, unless they are. As the owner; after a rebuild as the owner too,
    since the table is another one then."""
    table = f"table {TABLE} where ({_rows_of(province)})"
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_publication where pubname = %s), to_regclass(%s) is null or"
            " exists (select from pg_publication_tables where pubname = %s and tablename = %s)",
            [PUBLICATION, TABLE, PUBLICATION, TABLE],
        )
        is_there, has_table = cursor.fetchone()
        if not is_there and not has_table:
            # Not truncate: it would empty the rows of all provinces.
            published = "with (publish = 'insert, update, delete')"
            cursor.execute(f"create publication {PUBLICATION} for {table} {published}")
        elif not has_table:
            cursor.execute(f"alter publication {PUBLICATION} set {table}")


def cell_statements(database: str, *, login: str = "login") -> list[str]:
    """In the portal's database of a province, as an administrator: who may fetch what is published, and read no other
    table."""
    return [
        f"create role {LOGIN} {login} replication nosuperuser nobypassrls",
        f'grant connect on database "{database}" to {LOGIN}',
        f"grant usage on schema public to {LOGIN}",
        f"grant select on {TABLE} to {LOGIN}",
        # Which the database takes from everybody (database/roles.py), and a subscription begins with.
        f"grant execute on function set_config(text, text, boolean) to {LOGIN}",
    ]


def table_statements() -> list[str]:
    """In the nation's database, once: the table, and that the portal there may read it."""
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        editor.create_model(DayRegion)
    return [*(one.rstrip(";") for one in editor.collected_sql), f"grant select on {TABLE} to portal_web"]


def subscription_statement(province: str, address: str) -> str:
    """In the nation's database: the first copy and all that comes after it, also from a standby that was promoted."""
    told = address.replace("'", "''")
    return (
        f"create subscription cell_{province} connection '{told}' publication {PUBLICATION}"
        f" with (slot_name = 'nation_{province}', failover = true)"
    )


def sums(cursor: Any, province: str) -> dict[str, int]:
    """How many rows there are of this province, and each measure of the whole of it over all days."""
    whole = f"select {_SUMS} from {TABLE} where region = {int(province) * 10**7}"
    cursor.execute(f"select count(*) from {TABLE} where {_rows_of(province)}")
    (rows,) = cursor.fetchone()
    cursor.execute(whole)
    return {"rows": rows} | dict(zip(MEASURES, cursor.fetchone(), strict=True))


def differences(here: Mapping[str, int], there: Mapping[str, int]) -> Iterable[str]:
    return (f"{name} {here[name]}, there {there.get(name)}" for name in here if here[name] != there.get(name))
