"""The house chain: hashed, chained, tagged; two who write at once follow each other, and nobody changes it."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, close_old_connections, connection, transaction

from accounts.keys import tags
from complaints.models import HouseEntry
from complaints.record import house

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_house_chain_has_no_gap_however_many_write_and_takes_nothing_back() -> None:
    def write(number: int) -> None:
        house.write("clock_confirmed", {"number": number}, by="command", now=AT)
        close_old_connections()
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    previous = b""
    for place, entry in enumerate(house.entries("clock_confirmed"), 1):
        assert (entry.sequence, json.loads(entry.body)["sequence"]) == (place, place)
        assert bytes(entry.hash) == hashlib.sha256(b"\x00" + previous + entry.body.encode()).digest()
        assert tags.is_tagged("odr entry", bytes(entry.hash), bytes(entry.tag))
        previous = bytes(entry.hash)
    assert {entry.data["number"] for entry in house.entries()} == set(range(12))
    assert not house.entries("erased").exists()
    for change in ("update complaints_houseentry set step = 'hold'", "delete from complaints_houseentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    assert HouseEntry.objects.count() == 12
    with pytest.raises(ValueError, match="no step"):
        house.write("invented", {}, by="command", now=AT)
