"""Two officers decide at the same moment: their numbers follow each other, whatever becomes of the first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from complaints.documents import kinds
from complaints.models import DocumentSeries
from tests import PATIENCE
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_comes_second_waits_and_takes_the_next_number_or_the_one_that_was_given_back(world: World) -> None:
    series = kinds.Series(world.gulou.pk, 2026, 5)

    def first(has_it: Event, may_end: Event, *, fails: bool) -> int:
        try:
            with transaction.atomic():
                taken = kinds.take_numbers([series])[0]
                has_it.set()
                assert may_end.wait(PATIENCE)
                transaction.set_rollback(fails)
            return taken
        finally:
            connection.close()

    def second(may_begin: Event) -> int:
        try:
            with transaction.atomic():
                assert may_begin.wait(PATIENCE)
                return kinds.take_numbers([series])[0]
        finally:
            connection.close()

    results = []
    with ThreadPoolExecutor(2) as people:
        for fails in (False, True):
            has_it, may_end = Event(), Event()
            one = people.submit(first, has_it, may_end, fails=fails)
            other = people.submit(second, has_it)
            assert has_it.wait(PATIENCE)
            may_end.set()
            results.append((one.result(PATIENCE), other.result(PATIENCE)))
    assert results == [(1, 2), (3, 3)]
    assert DocumentSeries.objects.get().last == 3
