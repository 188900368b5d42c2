"""Django's own backend for PostgreSQL, which reads for a caller what callers may read (database/columns.py), and takes
no commit for one that a second host has not confirmed."""

import time
from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql import base, operations

from database import sessions

#: The server says this as a warning, and success with it: the rows stand on one host alone.
_UNCONFIRMED = "canceling wait for synchronous replication"


class Notices:
    """Takes the place of the list in which the driver's connection keeps what the server says beside its answers."""

    def __init__(self) -> None:
        self.is_unconfirmed = False

    def append(self, text: str) -> None:
        self.is_unconfirmed |= _UNCONFIRMED in text


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = "database.backend.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        line = super().get_new_connection(conn_params)
        line.notices = Notices()
        return line

    def _commit(self) -> None:
        """Raises OperationalError where the commit waited for a second host and gave up: it may be lost with the first.
        Whoever asked asks again, and is answered by what stands then."""
        commit = sessions.Commit()
        if self.connection is not None:
            # A statement that stood alone may have waited in vain before.
            self.connection.notices.is_unconfirmed = False
            sessions.running[commit] = time.monotonic() + sessions.LONGEST_COMMIT, self.connection
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            sessions.running.pop(commit, None)
        if self.connection is not None and self.connection.notices.is_unconfirmed:
            raise OperationalError("The commit was not confirmed by a second host.")
