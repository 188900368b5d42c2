"""Two people send the same table in and both say yes at the same moment: each line is carried out once."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from complaints.models import Contact, RoundTrip, RoundTripRow
from complaints.record.events import plain_version
from complaints.tables import uploads
from complaints.tables.round_trip import asking, working
from database.sweeping import LEASE
from tests import PATIENCE
from tests.cast import World
from tests.complaints.measures.conftest import HOME, cases, filled, states, table, tried
from tests.complaints.pages.at_the_desk import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_lines_at_the_same_moment(world: World) -> None:
    raw, people = contacts(world, 6), [signed_in(world.ming), signed_in(world.lead)]
    trips = [tried(browser, raw) for browser in people]
    for browser, trip in zip(people, trips, strict=True):
        assert browser.post(f"{HOME}{trip.mark}/decide/", filled(decision="good")).status_code == 302
    barrier = threading.Barrier(2)

    def sweep() -> None:
        barrier.wait()
        try:
            working.sweep_round_trips(now=timezone.now())
        finally:
            connection.close()

    sweepers = [threading.Thread(target=sweep) for _n in range(2)]
    for one in sweepers:
        one.start()
    for one in sweepers:
        one.join()
    working.sweep_round_trips(now=timezone.now())
    assert set(RoundTrip.objects.values_list("state", flat=True)) == {"done"}
    assert Contact.objects.count() == 6
    assert sorted(state for trip in trips for state in states(trip)) == ["done"] * 6 + ["same"] * 6


def contacts(world: World, count: int) -> bytes:
    call = {"步骤": "记录联系", "联系方式": "电话", "联系时间": "", "联系上了吗": "是", "联系内容": "已告知退费办法。"}
    ours = cases(world, count)
    return table([{"编号": case.number, **call, "版本（请勿改动）": plain_version(case)} for case in ours])


def elsewhere(work: Any) -> None:
    """In a connection of its own, until it is through."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    one = threading.Thread(target=run)
    one.start()
    one.join(PATIENCE)
    assert not one.is_alive()
    assert not failed


def test_what_somebody_decides_at_this_moment_is_not_dropped(world: World) -> None:
    trip = tried(signed_in(world.ming), contacts(world, 2))
    RoundTrip.objects.update(asked_at=timezone.now() - uploads.DECIDED_WITHIN)
    with transaction.atomic():
        locked = RoundTrip.objects.select_for_update().get(pk=trip.pk)
        elsewhere(lambda: asking.forget(now=timezone.now(), limit=100))
        asking.decide(locked, "good", now=timezone.now())
    working.sweep_round_trips(now=timezone.now())
    trip.refresh_from_db()
    assert (trip.state, states(trip)) == ("done", ["done"] * 2)


@pytest.mark.parametrize("at", ["go_on", "_take"])
@pytest.mark.parametrize("mode", ["good", "all"])
def test_a_batch_beyond_its_lease_is_done_once(
    world: World, monkeypatch: pytest.MonkeyPatch, mode: str, at: str
) -> None:
    browser = signed_in(world.ming)
    trip = tried(browser, contacts(world, 2))
    assert browser.post(f"{HOME}{trip.mark}/decide/", filled(decision=mode)).status_code == 302
    usual = getattr(working._Worker, at)

    def late(self: Any, *batch: Sequence[RoundTripRow]) -> Any:
        """The lease has run out before the cases are locked; another worker comes by."""
        monkeypatch.setattr(working._Worker, at, usual)
        later: datetime = timezone.now() + 2 * LEASE + timedelta(seconds=1)
        elsewhere(lambda: working.sweep_round_trips(now=later))
        return usual(self, *batch)

    monkeypatch.setattr(working._Worker, at, late)
    working.sweep_round_trips(now=timezone.now())
    trip.refresh_from_db()
    assert (trip.state, states(trip), Contact.objects.count()) == ("done", ["done"] * 2, 2)
    assert not trip.rows.exclude(problem="").exists()
