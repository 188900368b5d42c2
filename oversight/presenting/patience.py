"""Counting that may take too long: it ends after a while, and the page says so instead of failing.

What gives up leaves the transaction as it was, and the time allowed before stands again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

#: Milliseconds for each statement: together less than a transaction may take.
LONGEST = 2500
#: What the database says when a statement took longer than it may.
CANCELED = "57014"
T = TypeVar("T")


def patiently(count: Callable[[], T]) -> T | None:
    """What ``count`` says; None where the database gave up."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "select current_setting('statement_timeout'), set_config('statement_timeout', %s, true)", [str(LONGEST)]
            )
            before = cursor.fetchone()[0]
            found = count()
            cursor.execute("select set_config('statement_timeout', %s, true)", [before])
            return found
    except OperationalError as refused:
        if getattr(refused.__cause__, "pgcode", "") != CANCELED:
            raise
        return None
