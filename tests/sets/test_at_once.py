"""Two people send the same table in and both say yes at the same moment: each line is carried out once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.utils import timezone

from complaints.case_version import plain_version
from complaints.models import Contact, RoundTrip
from complaints.round_trip import working
from tests.cast import World
from tests.sets.conftest import HOME, SignIn, cases, filled, states, table, tried

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_lines_at_the_same_moment(world: World, signed_in: SignIn) -> None:
    ours = cases(world, 6)
    raw = table([{"编号": case.number, "步骤": "记录联系", "联系方式": "电话", "联系时间": "", "联系上了吗": "是", "联系内容": "已告知退费办法。",
                  "版本（请勿改动）": plain_version(case)} for case in ours])
    people = [signed_in(world.ming), signed_in(world.lead)]
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
    assert Contact.objects.count() == len(ours)
    assert sorted(state for trip in trips for state in states(trip)) == ["done"] * 6 + ["same"] * 6

