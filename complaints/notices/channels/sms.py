"""Short messages through the gateway that the settings name.

At most 70 characters, and only what the letter's short form says: no name, no
problem, no token.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.crypto import salted_hmac

from complaints.notices.channels.letter import Bounced, Letter
from complaints.notices.channels.signing import post
from web.environment import Gateway

LONGEST = 70


class Sms:
    """The gateway; it knows a message by its webhook-id and sends it once."""

    def __init__(self, gateway: Gateway, *, now: datetime) -> None:
        self.gateway, self.now = gateway, now

    def send(self, letter: Letter, address: str) -> None:
        text = letter.short
        if not text or len(text) > LONGEST:
            raise Bounced("no_short_form")
        post(
            self.gateway.url,
            {"type": "sms.send", "timestamp": self.now.isoformat(), "data": {"to": address, "text": text}},
            key=webhook_id(letter.key),
            keys=self.gateway.keys,
            now=self.now,
        )

    def close(self) -> None:
        """Each message has a connection of its own."""


def webhook_id(key: str) -> str:
    """The same for the same letter, and no number that could be counted up."""
    return "msg_" + salted_hmac("complaints.notices.channels.sms", key, algorithm="sha256").hexdigest()[:40]
