"""A message after each commit, by the real cursor: nothing twice, nothing left out, nothing before its time."""

import json

import pytest
from django.utils import timezone

from complaints.handling.steps import enterprise
from complaints.procedure.workflow import Status as S
from complaints.webhooks import deliveries, endpoints
from tests.cast import World
from tests.complaints.outbound.receivers import Receiver, receiver
from tests.given import a_complaint, step

__all__ = ["receiver"]


@pytest.mark.django_db(transaction=True)
def test_T62_what_happens_later_is_told_once(world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("complaints.webhooks.endpoints.checked_url", lambda url: url)
    a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    endpoints.make(user=world.lead, actor=world.manager, url=receiver.url, description="", steps=[], now=timezone.now())

    def sweep() -> list[str]:
        before = len(receiver.posts)
        deliveries.sweep_webhooks(now=timezone.now(), rule=receiver.rule())
        return [json.loads(body)["type"] for _, body in receiver.posts[before:]]

    assert sweep() == []
    case = a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    assert sweep() == ["forward", "accept_case"]
    assert sweep() == []
    step(case, enterprise.send_message(text="已在查。"), world.handler, timezone.now())
    assert sweep() == ["send_message"]
