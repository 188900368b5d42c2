"""The ways out of the portal: one small interface, ``send(letter, address)``.

A channel says in a code what went wrong, never in words of the other side, for those may hold an address. Two kinds of
failure: try again later, or this address is dead for good."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from complaints.notices.channels.letter import Bounced, Channel, Letter
from complaints.notices.channels.mail import Mail
from complaints.notices.channels.sms import Aliyun, Sms

MAIL, SMS = "email", "sms"


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
