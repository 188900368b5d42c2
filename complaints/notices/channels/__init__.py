"""The ways out of the portal: one small interface, ``send(letter, address)``.

The one rule: a channel says in a code what went wrong, never in words of the other side, for those
may hold an address. Two kinds of failure: try again later, or this address is dead for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.conf import settings

MAIL, SMS = "email", "sms"
#: What a letter may cost at most, in seconds, whatever the other side does.
SEND_WITHIN = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one person is sent. ``key`` stays the same when it is tried again; ``short`` has at most 70 characters.

    ``unsubscribe``: where one click ends letters like this; empty for those that stay on.
    """

    key: str
    subject: str
    body: str
    short: str = ""
    unsubscribe: str = ""


class TryAgain(Exception):
    """Not delivered, perhaps later. The code goes into ``last_error``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ServerAway(TryAgain):
    """The server as a whole is away or unwilling: nothing of this letter's address."""


class Bounced(Exception):
    """This address takes nothing, now or later."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Channel(Protocol):
    def send(self, letter: Letter, address: str) -> None:
        """Returns when the other side has taken it; else TryAgain or Bounced."""

    def close(self) -> None:
        """Let go of connections; may be used again."""


@dataclass(slots=True)
class Channels:
    """The channels that this installation has. Without any, all lands in the portal's own mailbox."""

    doors: dict[str, Channel] = field(default_factory=dict)

    @property
    def is_mailbox(self) -> bool:
        return not self.doors

    def takes(self, name: str) -> bool:
        return self.is_mailbox or name in self.doors

    def send(self, name: str, letter: Letter, address: str) -> None:
        """In the mailbox the row itself is what the reader sees."""
        if self.is_mailbox:
            return
        door = self.doors.get(name)
        if door is None:
            raise Bounced("no_channel")
        door.send(letter, address)


@contextmanager
def open_channels(*, now: datetime) -> Iterator[Channels]:
    """What the settings name; connections are made at the first letter and closed at the end."""
    from complaints.notices.channels.aliyun import Aliyun
    from complaints.notices.channels.mail import Mail
    from complaints.notices.channels.sms import Sms

    doors: dict[str, Channel] = {}
    if settings.MAIL_SERVER and not settings.DEMO:
        doors[MAIL] = Mail(settings.MAIL_SERVER, sender=settings.MAIL_FROM, site=settings.SITE_URL)
    if settings.SMS_GATEWAY and not settings.DEMO:
        doors[SMS] = Sms(settings.SMS_GATEWAY, now=now)
    if settings.SMS_ALIYUN and not settings.DEMO:
        doors[SMS] = Aliyun(settings.SMS_ALIYUN, now=now)
    channels = Channels(doors)
    try:
        yield channels
    finally:
        for door in doors.values():
            door.close()
