"""One-time codes go out over the same channels, soon, and their words are not kept."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import OutgoingMessage
from accounts.retention import throw_away_done
from accounts.sign_in import codes
from accounts.sign_in.contacts import Contact
from complaints.notices import delivery
from tests.cast import WEDNESDAY
from tests.complaints.notices.post_office import Gateway, PostOffice, gateway, post_office
from tests.complaints.notices.test_delivery import mail, sms

__all__ = ["gateway", "mail", "post_office", "sms"]

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def ask(address: str = "chen@example.com", *, now: Any = WEDNESDAY) -> OutgoingMessage:
    channel = "email" if "@" in address else "sms"
    asker = codes.Asker(flow="x", address="192.0.2.1")
    codes.send_code(contact=Contact(channel, address), purpose="filing", language="zh-hans", asker=asker, now=now)
    return OutgoingMessage.objects.latest("id")


def test_a_code_goes_out_also_at_night_and_is_forgotten(mail: PostOffice, sms: Gateway) -> None:
    ask()
    ask("+8613800000001")
    assert delivery.sweep_notices(now=WEDNESDAY) == 2
    assert re.search(r"验证码\d{6}", mail.accepted[0].message.get_content())
    assert re.search(r"验证码\d{6}", sms.texts[0])
    assert {(row.state, row.body, row.sent_at) for row in OutgoingMessage.objects.all()} == {("sent", "", WEDNESDAY)}
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    night = WEDNESDAY + timedelta(hours=14)
    ask("+8613800000001", now=night)
    assert delivery.sweep_notices(now=night) == 1


def test_in_the_own_mailbox_it_is_read_for_ten_minutes() -> None:
    message = ask()
    assert delivery.sweep_notices(now=WEDNESDAY) == 1
    message.refresh_from_db()
    assert (message.state, bool(message.body)) == ("sent", True)
    delivery.sweep_notices(now=WEDNESDAY + codes.VALID_FOR - SECOND)
    message.refresh_from_db()
    assert message.body
    delivery.sweep_notices(now=WEDNESDAY + codes.VALID_FOR)
    message.refresh_from_db()
    assert (message.state, message.body) == ("sent", "")


def test_it_is_tried_again_soon_and_given_up_when_nobody_can_use_it(mail: PostOffice) -> None:
    mail.mode = "dies"
    message = ask()
    tried = []
    for second in range(0, 640, 5):
        delivery.sweep_notices(now=WEDNESDAY + second * SECOND)
        tried.append(len(mail.heard))
    message.refresh_from_db()
    assert (message.state, message.body, message.last_error) == ("given_up", "", "hung_up")
    assert tried[:9] == [1, 1, 2, 2, 2, 2, 2, 2, 3]
    assert 8 <= tried[-1] <= 14
    assert len({taken.key for taken in mail.heard}) == 1
    assert not mail.accepted


def test_what_a_dead_sender_held_is_sent_by_another(mail: PostOffice) -> None:
    ask()
    OutgoingMessage.objects.update(state="leased", leased_until=WEDNESDAY + delivery.CODES_LEASE)
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    assert delivery.sweep_notices(now=WEDNESDAY + delivery.CODES_LEASE) == 1


def test_a_dead_address_is_given_up_an_old_message_dropped(mail: PostOffice, caplog: pytest.LogCaptureFixture) -> None:
    ask()
    throw_away_done(now=WEDNESDAY + timedelta(days=6), limit=10)
    assert OutgoingMessage.objects.count() == 1
    throw_away_done(now=WEDNESDAY + timedelta(days=7), limit=10)
    assert not OutgoingMessage.objects.exists()
    mail.answers["chen@example.com"] = 550
    message = ask()
    delivery.sweep_notices(now=WEDNESDAY)
    message.refresh_from_db()
    assert (message.state, message.body, message.last_error) == ("given_up", "", "smtp_550")
    assert "chen@" not in caplog.text
