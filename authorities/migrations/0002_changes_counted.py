"""One number that every change of the rules, the authorities and the calendars raises (authorities/freshness.py).

It stands in the transaction of the change, so others see both at once; who changes something waits for whoever is
about to.
"""

from django.db import migrations

TABLE = "authorities_freshness"
COUNTED = ("authorities_policy", "authorities_authority", "authorities_calendarversion")
MADE = [
    f"create table {TABLE} (changes bigint not null)",
    f"insert into {TABLE} values (0)",
    "create function count_a_change() returns trigger language plpgsql set search_path = pg_catalog as"
    f" $$ begin update public.{TABLE} set changes = changes + 1; return null; end $$",
    # Whoever changes a table counts; the worst that anybody could do by counting is that others read anew.
    f"revoke insert, delete on {TABLE} from portal_app",
    *(
        f"create trigger changes_are_counted after insert or update or delete or truncate on {table}"
        " for each statement execute function count_a_change()"
        for table in COUNTED
    ),
]


class Migration(migrations.Migration):
    dependencies = [("authorities", "0001_models")]

    operations = [migrations.RunSQL(MADE)]
