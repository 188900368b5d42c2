"""Django's own backend for PostgreSQL, which reads for a caller what callers may read (database/columns.py), takes no
commit for one that a second host has not confirmed, and makes fewer journeys to the server: what needs no answer
(begin, savepoints, another role) waits and goes with the next statement."""

import select
import time
from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql import base, operations
from django.db.backends.utils import debug_transaction  # type: ignore[attr-defined]
from psycopg2 import Error, extensions

from database import sessions

#: The server says this as a warning, and success with it: the rows stand on one host alone.
_UNCONFIRMED = "canceling wait for synchronous replication"


class Notices:
    """Takes the place of the list in which the driver's connection keeps what the server says beside its answers."""

    def __init__(self) -> None:
        self.is_unconfirmed = False

    def append(self, text: str) -> None:
        self.is_unconfirmed |= _UNCONFIRMED in text


class Line(extensions.connection):  # type: ignore[misc]
    """The driver's connection, with the statements that wait for the next one."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.waiting: list[str] = []

    @property
    def has_begun(self) -> bool:
        """Whether the server knows of a transaction; one in which nothing was asked yet is none to it."""
        return bool(self.get_transaction_status() != extensions.TRANSACTION_STATUS_IDLE)


class Cursor(extensions.cursor):  # type: ignore[misc]
    """The driver's cursor: whatever it sends, what waits goes before."""

    connection: Line

    def execute(self, query: Any, vars: Any = None) -> None:
        line = self.connection
        if self.name is not None or not line.waiting:
            self._send_waiting()
            super().execute(query, vars)
            return
        # First: what cannot be written takes nothing along.
        said, waiting = self.mogrify(query, vars), [*line.waiting]
        line.waiting.clear()
        try:
            super().execute("; ".join([*waiting, ""]).encode() + said)
        except Error:
            if not line.has_begun:
                # What the server cannot read it carries out nothing of, not even BEGIN.
                line.waiting = waiting
            raise

    def executemany(self, query: Any, vars_list: Any) -> None:
        self._send_waiting()
        super().executemany(query, vars_list)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        self._send_waiting()
        super().copy_expert(sql, file, size)

    def _send_waiting(self) -> None:
        if self.connection.waiting:
            with self.connection.cursor() as cursor:
                cursor.execute("select")


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = "database.backend.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        line = super().get_new_connection({**conn_params, "connection_factory": Line, "cursor_factory": Cursor})
        line.notices = Notices()
        return line

    def is_usable(self) -> bool:
        """Asks only where there is something to be read: a server that ended the session closed the line, and one that
        went dark the system closes after some seconds (`keepalives` in odr_portal/settings.py)."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return not poll.poll(0) or super().is_usable()

    def say_with_next(self, words: str) -> None:
        """Send a statement without values that gives nothing with the next one of the transaction; at once where none
        has begun or it is broken. If it fails, the next one raises that."""
        line = self.connection
        if line is not None and line.get_transaction_status() == extensions.TRANSACTION_STATUS_INTRANS:
            line.waiting.append(words)
        else:
            with self.cursor() as cursor:
                cursor.execute(words)

    def _savepoint(self, sid: str) -> None:
        self.say_with_next(self.ops.savepoint_create_sql(sid))

    def _savepoint_commit(self, sid: str) -> None:
        waiting = self.connection.waiting if self.connection is not None else []
        if waiting and waiting[-1] == self.ops.savepoint_create_sql(sid):
            # Nothing was asked in it.
            waiting.pop()
        else:
            self.say_with_next(self.ops.savepoint_commit_sql(sid))

    def _savepoint_rollback(self, sid: str) -> None:
        waiting = self.connection.waiting if self.connection is not None else []
        if (begin := self.ops.savepoint_create_sql(sid)) in waiting:
            del waiting[waiting.index(begin) + 1 :]
        else:
            # What waits was said since, and would be taken back.
            waiting.clear()
            super()._savepoint_rollback(sid)  # type: ignore[misc]

    def _start_transaction_under_autocommit(self) -> None:
        """The driver would send BEGIN by itself, and wait for the answer."""
        self.connection.waiting.append("begin")

    def _end(self, word: str) -> None:
        """What waits would end with the transaction."""
        self.connection.waiting.clear()
        if self.connection.has_begun:
            with debug_transaction(self, word), self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(word)

    def _rollback(self) -> None:
        if self.connection is not None:
            self._end("ROLLBACK")

    def _commit(self) -> None:
        """Raises OperationalError where the commit waited for a second host and gave up: it may be lost with the first.
        Whoever asked asks again, and is answered by what stands then."""
        if self.connection is None:
            return
        # A statement that stood alone may have waited in vain before.
        self.connection.notices.is_unconfirmed = False
        commit = sessions.Commit()
        sessions.running[commit] = time.monotonic() + sessions.LONGEST_COMMIT, self.connection
        try:
            self._end("COMMIT")
        finally:
            sessions.running.pop(commit, None)
        if self.connection is not None and self.connection.notices.is_unconfirmed:
            raise OperationalError("The commit was not confirmed by a second host.")
