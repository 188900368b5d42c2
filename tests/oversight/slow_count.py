"""The auditor's count of a place and a period, from the rows as they stand now."""

from datetime import date, datetime

from django.db import connection

from tests.audit.core import rows
from tests.audit.core.counting import World
from tests.audit.core.record import Book


def counted(
    first: date, last: date, now: datetime, regions: tuple[int, int], enterprise: int | None = None, **of: str
) -> World:
    """``regions``: the first and the last; ``of``: a category, a channel."""
    with connection.cursor() as cursor:
        book = Book(rows.read(cursor))
    return World(book, first, last, now, book.rows.within(*regions), enterprise, **of)
