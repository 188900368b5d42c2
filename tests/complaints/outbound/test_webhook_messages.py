"""Each message of a webhook has a page: what was sent, each answer, and the button that sends it again."""

import re

import pytest
from django.utils import timezone

from complaints.models import WebhookDelivery
from complaints.procedure.workflow import Status as S
from tests.cast import World
from tests.complaints.outbound.conftest import filled
from tests.complaints.outbound.receivers import Receiver, receiver
from tests.complaints.outbound.test_webhooks import MINUTE, PAGE, endpoint_at, everything_is_committed, sweep
from tests.complaints.pages.at_the_desk import signed_in
from tests.given import a_complaint

__all__ = ["everything_is_committed", "receiver"]
pytestmark = pytest.mark.django_db


def test_each_message_shows_what_was_sent_and_answered_and_goes_out_again(world: World, receiver: Receiver) -> None:
    endpoint = endpoint_at(world, receiver)
    start = timezone.now()
    case = a_complaint(world, status=S.WITH_ENTERPRISE, now=start)
    receiver.status = 503
    sweep(receiver, now=start)
    receiver.status = 204
    sweep(receiver, now=start + MINUTE)
    one = WebhookDelivery.objects.get()
    browser, address = signed_in(world.lead), f"{PAGE}{endpoint.public_id}/"
    listed = browser.get(address).content.decode()
    mine = f"{address}messages/{one.webhook_id}/"
    assert mine in listed
    page = browser.get(mine).content.decode()
    for text in (case.number, one.webhook_id, "ms", "再发一次"):
        assert text in page, text
    # In the column of the answers: a number or a moment may happen to have these digits.
    answers = re.findall(r'<td role="cell" class="o2">(.*?)</td>', page, re.DOTALL)
    assert [code for answer in answers for code in ("204", "503") if code in answer] == ["204", "503"]
    assert browser.post(address, filled(what="replay", message=one.webhook_id)).status_code == 302
    assert sweep(receiver, now=timezone.now() + 2 * MINUTE) == 1
    assert [head["webhook-id"] for head, _ in receiver.posts] == [one.webhook_id] * 3
    for stranger in (world.ming, world.hua):
        assert signed_in(stranger).get(mine).status_code == 404
    assert browser.get(f"{address}messages/msg_0/").status_code == 404
