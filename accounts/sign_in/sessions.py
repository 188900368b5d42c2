"""Sessions in the database, known by a digest, each with the person it belongs to; what they hold is sealed.

What lies in the table opens nothing: the cookie is not in it, and a session knows the address that somebody is just
proving, so it is sealed with the key of the installation. Both classes are named in settings.
"""

import hashlib
from functools import cache, cached_property
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.serializers import JSONSerializer
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts.keys import keyring, sealing
from accounts.models import BrowserSession, User
from accounts.sign_in.backend import columns_of_person, person_of
from database import sessions
from database.row_security import working_as_steps

_COLUMNS = [field.attname for field in BrowserSession._meta.concrete_fields]


@cache
def _columns() -> list[str]:
    """Of a session and its person, as `person_of_session` gives them."""
    return [*(f"(found.session).{name}" for name in _COLUMNS), *columns_of_person()]


def stored_key(session_key: str | None) -> str:
    """What the table knows a cookie by: 160 bits of its SHA-256."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()[:40]


class SessionStore(DatabaseStore):
    """Django's own store with another table and another name for each row; no caller reads that name.

    ``person``: whom the session belongs to, by the same statement as the session; nobody before it was read."""

    person: User | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    @cached_property
    def model(self) -> type[BrowserSession]:
        return BrowserSession

    @working_as_steps()
    def _get_session_from_db(self) -> BrowserSession | None:
        key = stored_key(self.session_key)
        row = sessions.row_of(connection, "person_of_session(%s, %s) as found", _columns(), [key, timezone.now()])
        if row is None:
            self._session_key = None
            return None
        width = len(_COLUMNS)
        self.person = person_of(row[width:])
        return BrowserSession.from_db(connection.alias, _COLUMNS, row[:width])

    @working_as_steps()
    def exists(self, session_key: str) -> bool:
        return BrowserSession.objects.filter(session_key=stored_key(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        return BrowserSession(
            session_key=stored_key(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
        )

    @working_as_steps()
    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            # Django calls every failure of the database so, and answers 400 as if somebody had ended the session.
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise

    @working_as_steps()
    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            BrowserSession.objects.filter(session_key=stored_key(key)).delete()


_PLACE = b"session"


class SealedSessions:
    """A serializer as Django's sessions want it: dictionary to bytes and back."""

    def dumps(self, obj: dict[str, Any]) -> bytes:
        text = JSONSerializer().dumps(obj).decode("latin-1")
        secret = keyring.secrets_of([keyring.PORTAL], make=True)[keyring.PORTAL]
        return sealing.seal(text, person=keyring.PORTAL, secret=secret, place=_PLACE, suite=keyring.suite())

    def loads(self, data: bytes) -> dict[str, Any]:
        """Raises CannotOpen for what was not sealed here; Django then begins a new session."""
        secret = keyring.secrets_of([keyring.PORTAL]).get(keyring.PORTAL, b"")
        text = sealing.open_sealed(data, secret=secret, place=_PLACE)
        result: dict[str, Any] = JSONSerializer().loads(text.encode("latin-1"))
        return result
