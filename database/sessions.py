"""Sessions of the database: begun anew, and lent by a pooler.

Behind a pooler that lends a session of the server for one transaction (PgBouncer, ``pool_mode=transaction``), whatever
a transaction finds in it another process left there, and nothing that a process says when it connects is passed on. So
each transaction begins it anew, says its limits again and asks which session it is: words are signed for its number
(database/request_words.py), and each process remembers what was prepared in it (database/prepared.py). A statement
outside of a transaction gets one of its own. Nothing depends on what the pooler's login brings
([why](docs/decisions/0022-each-transaction-says-everything.md)).
"""

import os
import socket
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import NotSupportedError, OperationalError, transaction

_FRESH = (
    "set transaction isolation level {}; set role none; reset all; close all; unlisten *;"
    " select pg_advisory_unlock_all(); "
)
_WHICH = "pg_backend_pid(), pg_postmaster_start_time()::text"


class Commit:
    """One that runs. Whoever waits for it too long leaves the line: to cancel it is to ask a host that may be dark, and
    a web process stood still until it was killed."""

    @staticmethod
    def leave(line: Any) -> None:
        with suppress(OSError), socket.socket(fileno=os.dup(line.fileno())) as one:
            one.shutdown(socket.SHUT_RDWR)


class Session(NamedTuple):
    """A session of the server: its number there, and when that server started, as another has the same numbers."""

    number: int
    server: str


#: Requests in their transaction, single statements and commits, until when each may be (of `time.monotonic`), and the
#: driver's connection that it holds; `cancel_overdue` looks at them.
running: dict[object, tuple[float, Any]] = {}
#: Seconds for a commit, which may wait for a second host; no limit of the server ends that.
LONGEST_COMMIT = 4
#: What is lent to each of the driver's connections in its transaction.
_lent: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def fresh(connection: Any, level: str = "") -> str:
    """What undoes what a statement of before may have left in the session of Django's connection. With the first
    message after a request and with the first of a request's transaction, so it costs no journey of its own; the
    settings that the session began with come back (odr_portal/settings.py), and behind a pooler are said again."""
    level = level or f"read committed read {'only' if connection.settings_dict.get('READS_ONLY') else 'write'}"
    says = settings.DATABASE_SAYS.items() if settings.DATABASE_POOLED else ()
    return _FRESH.format(level) + "".join(f"set local {name} to '{value}'; " for name, value in says)


def lent(line: Any) -> Session | None:
    """What is lent to the driver's connection in this transaction; None without a pooler."""
    return _lent[line] if settings.DATABASE_POOLED else None


def read_one_state(connection: Any, *, writes: bool = False) -> None:
    """As the first statement of a transaction: to its end it reads one state of the database and, but for ``writes``,
    writes nothing."""
    level = f"repeatable read, read {'write' if writes else 'only'}"
    if settings.DATABASE_POOLED:
        begin(connection, level)
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"set transaction isolation level {level}")


def together(connection: Any) -> AbstractContextManager[None]:
    """Around statements that stand in no transaction: behind a pooler all in one, for each alone would be one, with
    three journeys more."""
    is_needed = settings.DATABASE_POOLED and not connection.in_atomic_block
    return transaction.atomic(savepoint=False) if is_needed else nullcontext()


def begin(connection: Any, level: str = "") -> None:
    """Before a statement in a transaction of Django's connection: if it is the first and a pooler lends the session,
    begin that anew and learn which one it is. One journey. Raises OperationalError where the
    server only reads and this is to write."""
    if settings.DATABASE_POOLED and not connection.connection.has_begun:
        _begin(connection, level, f"select {_WHICH}")


def row_of(connection: Any, function: str, columns: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row that a function of the database gives, which asks for no word of the portal and whose first column
    is never null. Behind a pooler it comes with the message that begins the transaction: no journey of its own."""
    with together(connection):
        names = ", ".join(columns)
        if settings.DATABASE_POOLED and not connection.connection.has_begun:
            said = f"select {_WHICH}, {names} from (select) as lent left join {function} on true"  # noqa: S608 - our own words
            row = _begin(connection, "", said, values)[2:]
            return row if row[0] is not None else None
        with connection.cursor() as cursor:
            cursor.execute(f"select {names} from {function}", values)  # noqa: S608 - the same
            found: tuple[Any, ...] | None = cursor.fetchone()
            return found


def _begin(connection: Any, level: str, said: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
    """The row of ``said``, which begins with which session it is."""
    line = connection.connection
    try:
        with connection.wrap_database_errors, line.cursor() as cursor:
            cursor.execute(fresh(connection, level) + said, values or None)
            row: tuple[Any, ...] = cursor.fetchone()
            _lent[line] = Session(*row[:2])
            return row
    except NotSupportedError as error:
        # The primary of before is a standby now, and the pooler's line leads there still: away, as callers see it.
        raise OperationalError("that server only reads") from error


def cancel_overdue(now: float) -> int:
    """Cancel each statement that takes too long at ``now`` (of `time.monotonic`), and what a request does whose
    transaction does; leave each commit that does; how many.

    A statement may lift the limits of its session, so somebody outside looks: the worker of the web server, each
    second, until it has ended."""
    overdue = [one for one, (until, _line) in list(running.items()) if now >= until]
    for one in overdue:
        # It asks the server by a line of its own, and must not hold up whoever calls.
        threading.Thread(target=_cancel, args=[one], daemon=True).start()
    return len(overdue)


def _cancel(one: object) -> None:
    """Unless it has ended meanwhile: the next one of its connection is not to be cancelled for it."""
    if held := running.get(one):
        if isinstance(one, Commit):
            one.leave(held[1])
        else:
            held[1].cancel()
