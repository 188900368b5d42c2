"""Words that the portal signs for the database: for whom a request works, which secret was shown, that the steps work.

The database keeps the same key (`request_key`, which `lay` fills) and checks each word
(complaints/migrations/0021_signed_context.py). An injected statement can take any role of the login, but not sign. A
word holds in the one session that it was signed for: whoever reads it in a log can do nothing with it. Behind a pooler
that is the session lent to this transaction, whose number is asked first (database/sessions.py).

HMAC-SHA256 under a key derived from SECRET_KEY; while it changes, words under SECRET_KEY_FALLBACKS hold as well.
"""

import hmac
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from django.conf import settings

from database import sessions

_BLOCK = 64


@cache
def _key(secret: str) -> tuple[str, bytes]:
    """Name and bytes of the key that follows from this SECRET_KEY."""
    key = hmac.digest(secret.encode(), b"words of the portal for its database", "sha256")
    return sha256(key).hexdigest()[:16], key


def signed(cursor: Any, kind: str, *parts: str) -> tuple[str, str]:
    """(what is said, its MAC in hexadecimal) for the session of this cursor of Django.

    ``kind`` is request, shown, steps, keys, digests or tries; no part holds a `|`."""
    return _signed(cursor.cursor.connection, kind, *parts)


def _signed(line: Any, kind: str, *parts: str) -> tuple[str, str]:
    """``line``: the driver's connection."""
    name, key = _key(settings.SECRET_KEY)
    lent = sessions.lent(line)
    said = "|".join((name, str(lent.number if lent else line.info.backend_pid), kind, *parts))
    return said, hmac.digest(key, said.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Word:
    """One value of a statement that stands there as two, what is said and its MAC: signed where the statement is sent,
    or prepared, for the session there. So it may stand in a query that is kept for all sessions."""

    kind: str

    def __conform__(self, _protocol: Any) -> "_Quoted":
        return _Quoted(self)


class _Quoted:
    """How psycopg2 writes a `Word`: it says by which connection first."""

    def __init__(self, word: Word) -> None:
        self.word, self.line = word, None

    def prepare(self, line: Any) -> None:
        self.line = line

    def getquoted(self) -> bytes:
        said, mac = _signed(self.line, self.word.kind)
        return f"'{said}', '{mac}'".encode()


def lay(connection: Any) -> None:
    """Write the keys of this portal into its database, and take out any other. As the owner; Django's or psycopg2's."""
    keys = [_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    with connection.cursor() as cursor:
        cursor.execute("delete from request_key where id <> all(%s)", [[name for name, _ in keys]])
        for name, key in keys:
            pads = [bytes(byte ^ pad for byte in key.ljust(_BLOCK, b"\0")) for pad in (0x36, 0x5C)]
            cursor.execute("insert into request_key values (%s, %s, %s) on conflict do nothing", [name, *pads])
