"""What both commands share: the owner's address, progress on the screen, and one sentence when it goes wrong.

Nobody reads a traceback because a disk was full.
"""

import errno
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.core.management.base import CommandError

from odr_portal.backup.archive import Unusable
from web import environment

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def owner_url() -> str:
    url = environment.text("DATABASE_OWNER_URL")
    if not url:
        raise CommandError("DATABASE_OWNER_URL is not set: name the owner's address of the database.")
    environment.database("DATABASE_OWNER_URL", url)
    return url


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


class Progress:
    """A line that moves on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.is_terminal = bool(getattr(stream, "isatty", lambda: False)())
        self.every = 0.2 if self.is_terminal else 10.0
        self.told_at = time.monotonic()
        self.what = ""

    def __call__(self, what: str, size: int) -> None:
        now = time.monotonic()
        if what == self.what and now - self.told_at < self.every:
            return
        new = "\n" if self.what and what != self.what else ""
        self.what, self.told_at = what, now
        if self.is_terminal:
            self.stream.write(f"{new}\r{what}: {megabytes(size)} ", ending="")
        elif not size or new or self.what:
            self.stream.write(f"{what}: {megabytes(size)}")


@contextmanager
def said_plainly(ending: str) -> Iterator[None]:
    """Any mishap as one sentence. A TERM ends it in order, so that nothing half done is left."""

    def terminated(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    except Unusable as problem:
        raise CommandError(str(problem)) from None
    except OSError as error:
        where = f" of {error.filename}" if error.filename else ""
        if error.errno in _FULL:
            raise CommandError(f"The disk{where} is full: free some space and start again. {ending}") from None
        raise CommandError(f"{error.strerror}: {error.filename or 'the file'}. {ending}") from None
    except psycopg2.Error as error:
        sentence = " ".join(str(error).split())[:300]
        raise CommandError(f"The database broke off: {sentence}. {ending}") from None
    except KeyboardInterrupt:
        raise CommandError(f"Stopped. {ending}") from None
    finally:
        signal.signal(signal.SIGTERM, before)
