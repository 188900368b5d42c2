"""What a session holds is sealed: it knows the address that somebody is just proving.

With the key of the house, for a session begins before anybody is known. Named in settings.
"""

from typing import Any

from django.contrib.sessions.serializers import JSONSerializer

from accounts.keys import keyring, sealing

_PLACE = b"session"


class SealedSessions:
    """A serializer as Django's sessions want it: dictionary to bytes and back."""

    def dumps(self, obj: dict[str, Any]) -> bytes:
        text = JSONSerializer().dumps(obj).decode("latin-1")
        secret = keyring.secrets_of([keyring.HOUSE], make=True)[keyring.HOUSE]
        return sealing.seal(text, person=keyring.HOUSE, secret=secret, place=_PLACE, suite=keyring.suite())

    def loads(self, data: bytes) -> dict[str, Any]:
        """Raises CannotOpen for what was not sealed here; Django then begins a new session."""
        secret = keyring.secrets_of([keyring.HOUSE]).get(keyring.HOUSE, b"")
        text = sealing.open_sealed(data, secret=secret, place=_PLACE)
        found: dict[str, Any] = JSONSerializer().loads(text.encode("latin-1"))
        return found
