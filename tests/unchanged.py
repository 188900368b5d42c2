"""Whether cases are as they were: asked of the database, row by row, whoever says that nothing was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

#: What a case is made of, and what people are told of it.
_NAMES = "complaint engagement deadline handlingstep offer obligation matter notice personaltext"
TABLES = [f"complaints_{name}" for name in _NAMES.split()]


def cases() -> dict[str, str | None]:
    """A digest of all rows by table."""
    result = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t")
            result[table] = cursor.fetchone()[0]
    return result


@contextmanager
def unchanged() -> Iterator[None]:
    before = cases()
    assert before["complaints_complaint"], "without cases nothing can change"
    yield
    assert cases() == before
