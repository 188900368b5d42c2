"""The ways out of the portal: ``send(letter, address)``. What went wrong is said in a code, never in words of the other
side, for those may hold an address: try again later, or this address is dead for good."""

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

    by_name: dict[str, Channel] = field(default_factory=dict)

    @property
    def is_mailbox(self) -> bool:
        return not self.by_name

    def takes(self, name: str) -> bool:
        return self.is_mailbox or name in self.by_name

    def send(self, name: str, letter: Letter, address: str) -> None:
        """In the mailbox the row itself is what the reader sees."""
        if self.is_mailbox:
            return
        channel = self.by_name.get(name)
        if channel is None:
            raise Bounced("no_channel")
        channel.send(letter, address)


@contextmanager
def open_channels(*, now: datetime) -> Iterator[Channels]:
    """What the settings name; connections are made at the first letter and closed at the end."""
    by_name: dict[str, Channel] = {}
    if settings.MAIL_SERVER and not settings.DEMO:
        by_name[MAIL] = Mail(settings.MAIL_SERVER, sender=settings.MAIL_FROM, site=settings.SITE_URL)
    if settings.SMS_GATEWAY and not settings.DEMO:
        by_name[SMS] = Sms(settings.SMS_GATEWAY, now=now)
    if settings.SMS_ALIYUN and not settings.DEMO:
        by_name[SMS] = Aliyun(settings.SMS_ALIYUN, now=now)
    channels = Channels(by_name)
    try:
        yield channels
    finally:
        for channel in by_name.values():
            channel.close()
