"""The consumer's case page: what it says in each status, to whom, and at what cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.workflow import Status
from tests.cast import World
from tests.given import a_complaint, filed

STATUSES = [s for s in Status if s != Status.DRAFT]


def now_then() -> Any:
    """A little ago: the page reads the clock, the steps before it must lie in the past."""
    return timezone.now() - timedelta(minutes=5)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_case_page_opens_in_every_status(world: World, status: Status, language: str) -> None:
    case = a_complaint(world, status=status, now=now_then())
    client = signed_in(world.chen)
    answer = client.get(f"/cases/{case.number}/", headers={"accept-language": language})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert case.number in text
    assert answer.context["page"].duty.sentence in text
