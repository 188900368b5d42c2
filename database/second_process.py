"""Work in a second process beside this one, with a connection of its own: for what one processor would take twice as
long for."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

T = TypeVar("T")


class LostWorkError(RuntimeError):
    """The other process ended without a result; what it said of that stands on stderr."""


def start(work: Callable[[], T]) -> Callable[[], T]:
    """Begin ``work`` in a child process; what is returned waits for its result, which must be picklable. It raises the
    DatabaseError that ended the work, and LostWorkError where nothing came.

    The child is a copy of this process as it is now and knows all that ``work`` refers to. It leaves the connection of
    this process alone: ``work`` begins on a new one, outside of any transaction. For commands, where no threads run."""
    # A copy needs no second start of Django, and nothing of what it is to work on is sent.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sender, work), daemon=True)
    child.start()
    sender.close()

    def result() -> T:
        with receiver:
            try:
                given, problem = receiver.recv()
            except EOFError:
                raise LostWorkError("A process that worked beside this one was lost.") from None
        child.join()
        if problem is not None:
            raise problem
        return cast(T, given)

    return result


def _work(sender: Connection, work: Callable[[], Any]) -> None:
    connections[DEFAULT_DB_ALIAS] = connections[DEFAULT_DB_ALIAS].copy()
    try:
        sender.send((work(), None))
    except DatabaseError as problem:
        sender.send((None, problem))
    sender.close()
