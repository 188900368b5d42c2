"""The demo mailbox shows what a case tells people, and what sign-in sends."""

from typing import Any

import pytest
from django.test import Client

from complaints.models import Notice
from tests import given

pytestmark = pytest.mark.django_db


def test_notices_of_a_case_are_in_the_mailbox(client: Client, world: Any, settings: Any) -> None:
    settings.DEMO = True
    given.filed(world)
    notice = Notice.objects.order_by("-id").first()
    assert notice is not None
    client.post("/account/sign-in/", {"address": "19900001234", "idempotency_key": "0f6c2a7e0f6c2a7e"})
    page = client.get("/demo/mail/").content.decode()
    assert notice.subject in page
    assert "+8619900001234" in page
    page = client.get("/demo/mail/?q=nothing-like-this").content.decode()
    assert "还没有消息" in page
    assert notice.subject not in page


def test_the_mailbox_asks_two_questions(
    client: Client, world: Any, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.DEMO = True
    given.filed(world)
    with django_assert_num_queries(2):
        client.get("/demo/mail/")
