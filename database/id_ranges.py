"""Ids of a province's portal: they begin at the province (GB/T 2260) times 10^14, so no row of one portal has the id of
a row of another.

Not times 10^15: JavaScript and every reader of JSON keep whole numbers exactly up to 2^53 (9.007 × 10^15); 82 × 10^14
is below that, 11 × 10^15 above. No table ever has 10^14 rows.
"""

from typing import Any

SIZE = 10**14

#: Sequences of bigint columns that stand in a table; ids of four bytes (of Django's own lists) leave no portal.
_ELSEWHERE = """
    select c.oid::regclass::text from pg_sequence s join pg_class c on c.oid = s.seqrelid
    join pg_depend d on d.objid = c.oid and d.classid = 'pg_class'::regclass and d.refobjsubid > 0
    where s.seqtypid = 'bigint'::regtype and c.relnamespace = 'public'::regnamespace and s.seqstart <> %s
    order by 1
"""


def elsewhere(connection: Any, province: str) -> list[str]:
    """Names of sequences that do not begin where this province's ids begin."""
    with connection.cursor() as cursor:
        cursor.execute(_ELSEWHERE, [first_id(province)])
        return [name for (name,) in cursor.fetchall()]


def begin(connection: Any, province: str) -> None:
    """Every id that is given from now on lies in the province's range; rows that stand keep theirs. As the owner."""
    first = first_id(province)
    with connection.cursor() as cursor:
        for name in elsewhere(connection, province):
            cursor.execute(f"alter sequence {name} start {first} restart maxvalue {first + SIZE - 1}")


def first_id(province: str) -> int:
    return int(province) * SIZE or 1
