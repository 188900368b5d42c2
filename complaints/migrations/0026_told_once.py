"""What a policy asks about the request is asked once a statement, not once a row.

A value that hangs on no column is asked anew for each row that is looked at all the same, where a policy asks it, and
for each case behind that row. A subquery that hangs on no column is asked once. So by a subquery each policy asks
whether its role was told, and those of the authority, which reads through whole tables, ask everything but the first
and last region of the office: by these the planner estimates how many rows there are. What consumers and enterprises
have is found by indexes.

Policies of the steps have no subquery: views that policies ask run as the owner, by these, and PostgreSQL takes a
subquery in there for a policy that asks itself.

``is not null`` tells the planner that nearly every row passes. The comparison alone counts as one row in a hundred.
"""

import re
from typing import Any

from django.db import migrations

#: How the database tells the condition that complaints 0021 put first, and as it is asked now.
_ASKED = (
    "((CURRENT_USER = 'portal_owner'::name)"
    " OR (CURRENT_USER = split_part(current_setting('backtrace_functions'::text), ','::text, 1)))"
)
_TOLD = f"((select true where {_ASKED}) is not null)"
_TOLD_TO_STEPS = f"(nullif({_ASKED}, false) is not null)"
#: A value of the request with its type: the number of its field, the type.
_VALUE = re.compile(
    r"\(NULLIF\((?:translate\()?split_part\(current_setting\('backtrace_functions'::text\), ','::text, (\d+)\)"
    r"(?:, '\w+'::text, '[^']+'::text\))?, ''::text\)\)::([\w\[\]]+)"
)
#: Fields of the first and last region.
_ESTIMATED = ("6", "7")


def _once(value: re.Match[str]) -> str:
    # The type again, so that `any (…)` reads a list and not rows.
    return value[0] if value[1] in _ESTIMATED else f"((select {value[0]})::{value[2]})"


def ask_once(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "select polrelid::regclass::text, quote_ident(polname), pg_get_expr(polqual, polrelid),"
            " pg_get_expr(polwithcheck, polrelid), 'portal_authority'::regrole = any(polroles),"
            " 'portal_steps'::regrole = all(polroles) from pg_policy order by 1, 2"
        )
        for table, name, using, check, is_authority, is_of_steps in cursor.fetchall():
            said = []
            for word, condition in (("using", using), ("with check", check)):
                if condition:
                    asked = _VALUE.sub(_once, condition) if is_authority else condition
                    said.append(f"{word} ({asked.replace(_ASKED, _TOLD_TO_STEPS if is_of_steps else _TOLD)})")
            cursor.execute(f"alter policy {name} on {table} {' '.join(said)}")


class Migration(migrations.Migration):
    dependencies = [("complaints", "0025_second_phone_by_steps"), ("oversight", "0010_steps_alone")]

    operations = [migrations.RunPython(ask_once, migrations.RunPython.noop)]
