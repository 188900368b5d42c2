"""What one process at a time does: by a row with an end, whatever session of the database its statements meet."""

from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection

from complaints.models import Lease
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


def tried_elsewhere(name: str) -> bool:
    """Whether somebody with another connection gets it now."""
    results: list[bool] = []

    def ask() -> None:
        with Lease.objects.alone(name) as held:
            results.append(held is not None)
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    return results[0]


def test_one_holds_it_another_thing_is_free_and_after_the_end_so_is_this(world: World) -> None:
    with Lease.objects.alone("a") as held:
        assert held
        assert (tried_elsewhere("a"), tried_elsewhere("b")) == (False, True)
        assert held.renew()
        assert not tried_elsewhere("a")
    assert tried_elsewhere("a")
    assert not Lease.objects.exists()


def test_whoever_dies_holds_it_to_its_end_and_whoever_was_too_slow_has_lost_it(world: World) -> None:
    with Lease.objects.alone("a", seconds=3600):
        Lease.objects.filter(name="a").update(holder=uuid4())
    # As a killed process leaves it: nobody gave it back.
    assert not tried_elsewhere("a")
    with connection.cursor() as cursor:
        cursor.execute("update complaints_lease set until = clock_timestamp()")
    assert tried_elsewhere("a")
    with Lease.objects.alone("a", seconds=0) as slow:
        assert slow
        with Lease.objects.alone("a") as next_one:
            assert next_one
            assert not slow.renew()
        assert slow.renew()
