"""What a channel is given, and how it says that it could not deliver."""

from dataclasses import dataclass
from typing import Protocol

#: What a letter may cost at most, in seconds, whatever the other side does.
SEND_WITHIN = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one person is sent. ``key`` stays the same when it is tried again; ``short`` has at most 70 characters.
    ``unsubscribe``: where one click ends letters like this; empty for those that stay on. ``picture``: a PNG beside the
    words, which say the same; a short message has none."""

    key: str
    subject: str
    body: str
    short: str = ""
    unsubscribe: str = ""
    picture: bytes = b""


class NotDelivered(Exception):
    """The code goes into ``last_error``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TryAgain(NotDelivered):
    """Perhaps later."""


class ServerAway(TryAgain):
    """The server as a whole is away or unwilling: nothing of this letter's address."""


class Bounced(NotDelivered):
    """This address takes nothing, now or later."""


class Channel(Protocol):
    def send(self, letter: Letter, address: str) -> None:
        """Returns when the other side has taken it; else TryAgain or Bounced."""

    def close(self) -> None:
        """Let go of connections; may be used again."""
