"""Delivering a notice: leased, sent, stamped; tried again; set aside in the end."""

from datetime import timedelta

import pytest

from complaints import delivery
from complaints.models import Notice
from complaints.workflow import Status
from tests import given
from tests.cast import WEDNESDAY, World


@pytest.fixture
def notices(world: World) -> list[Notice]:
    given.a_complaint(world, status=Status.NEGOTIATING)
    found = list(Notice.objects.filter(state="queued"))
    assert found
    return found


def test_what_is_due_is_delivered_once(notices: list[Notice]) -> None:
    later = max(notice.send_after for notice in notices)
    assert delivery.sweep_notices(now=later) == len(notices)
    assert set(Notice.objects.values_list("state", "sent_at")) == {("sent", later)}
    assert delivery.sweep_notices(now=later) == 0


def test_what_is_not_due_waits(notices: list[Notice]) -> None:
    assert delivery.sweep_notices(now=WEDNESDAY - timedelta(days=1)) == 0


def test_a_failure_is_tried_again_later_and_set_aside_in_the_end(
    notices: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(notice: Notice) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(delivery, "mailbox", broken)
    now = max(notice.send_after for notice in notices)
    for tried, minutes in enumerate(delivery.TRY_AGAIN_AFTER, start=1):
        assert delivery.sweep_notices(now=now) == 0
        assert set(Notice.objects.values_list("state", "attempts")) == {("queued", tried)}
        # Not a moment sooner.
        assert delivery.sweep_notices(now=now) == 0
        now += timedelta(minutes=minutes)
    delivery.sweep_notices(now=now)
    assert set(Notice.objects.values_list("state", "last_error")) == {("set_aside", "ConnectionError: no route")}


def test_what_a_dead_sender_held_is_sent_by_another(notices: list[Notice]) -> None:
    now = max(notice.send_after for notice in notices)
    Notice.objects.update(state="leased", leased_until=now + delivery.LEASE, attempts=1)
    assert delivery.sweep_notices(now=now) == 0
    assert delivery.sweep_notices(now=now + delivery.LEASE) == len(notices)
