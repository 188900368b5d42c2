"""Two sweepers share what is due: what one of them holds keeps the other from nothing."""

import importlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction

from complaints import handling
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from routing.forwarding import forwarding
from tests import PATIENCE, given
from tests.cast import WEDNESDAY, World


@contextmanager
def held(cases: Sequence[Complaint]) -> Iterator[None]:
    """By somebody else, for as long as the block lasts."""
    is_held, is_over = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            list(Complaint.objects.select_for_update().filter(pk__in=[case.pk for case in cases]))
            is_held.set()
            is_over.wait(PATIENCE)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert is_held.wait(PATIENCE)
        try:
            yield
        finally:
            is_over.set()
            holding.result()


@pytest.mark.django_db(transaction=True)
def test_cases_behind_a_whole_batch_that_another_holds_are_forwarded_and_their_time_runs_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("complaints.handling.transition.take"), "BATCH", 2)
    later = WEDNESDAY + timedelta(days=30)
    cases = [given.filed(world) for _ in range(3)]
    with held(cases[:2]):
        assert forwarding.sweep_filed(now=WEDNESDAY, limit=2) == 1
    assert forwarding.sweep_filed(now=WEDNESDAY, limit=2) == 2
    with held(cases[:2]):
        assert handling.sweep_clocks(now=later) == 1
    assert handling.sweep_clocks(now=later) == 2
    assert {case.status for case in Complaint.objects.all()} == {Status.REVIEW}
