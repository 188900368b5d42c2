"""Whoever has the database's own password, past triggers, grants and row security; what he did is taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def as_superuser() -> Iterator[None]:
    """This process works as the superuser of the server. In tests with transaction=True alone."""
    before = {**connection.settings_dict, "OPTIONS": {**connection.settings_dict["OPTIONS"]}}
    connection.close()
    connection.settings_dict["USER"] = "postgres"
    connection.settings_dict["OPTIONS"].pop("options", None)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@contextmanager
def undone() -> Iterator[Any]:
    """A cursor whose work stands until the end of the block, and never after."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            yield cursor
        transaction.set_rollback(True)
