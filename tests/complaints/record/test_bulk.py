"""Rows written as arrays come back as they were, whatever stands in them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, transaction

from complaints.models import Complaint, Heartbeat, PersonalText, Reminder
from complaints.models.record import with_salt
from complaints.record import bulk
from tests import given
from tests.cast import WEDNESDAY, World

AWKWARD = [
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "a\\b",
    "{",
    "}",
    "{}",
    ",",
    "a,b",
    "'",
    "''",
    "%s",
    "%%",
    " ",
    " x ",
    "\n\t",
    "e\u0301",
    "退款",
    "🧾",
    '{"a": "b\\"c"}',
    "\\x00",
    "$1",
    "E'\\\\'",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_text_comes_back_as_it_was(world: World, text: str) -> None:
    case = given.filed(world)
    facts: dict[str, Any] = {"text": text, "list": [text, None, 1.5, True], text: {}}
    bulk.insert(
        [
            PersonalText(
                complaint=case,
                key_id=case.consumer_key,
                audience="parties",
                sequence=9,
                kind=kind,
                sealed=with_salt(b'\x00\\"\xff' * 4, text),
                digest=text.encode() + b"\x00'{},",
            )
            for kind in ("one", "two")
        ]
    )
    for row in PersonalText.objects.filter(complaint=case, sequence=9):
        assert (row.text, bytes(row.salt), bytes(row.digest)) == (text, b'\x00\\"\xff' * 4, text.encode() + b"\x00'{},")
    case.facts, case.item_name, case.platform_number = facts, text, text[:60]
    bulk.update([case], ["facts", "item_name", "platform_number"])
    kept = Complaint.objects.get(pk=case.pk)
    assert (kept.facts, kept.item_name, kept.platform_number) == (json.loads(json.dumps(facts)), text, text[:60])


def test_every_kind_of_value_and_its_absence(world: World) -> None:
    case, other = given.filed(world), given.filed(world)
    case.is_online, case.amount, case.closed_at, case.last_hash = None, None, None, b""
    other.is_online, other.facts, other.last_hash = True, {}, b"\\x41"
    other.next_due_at = datetime(2026, 12, 1, 0, 0, 0, 123456, tzinfo=UTC)
    names = ["is_online", "amount", "closed_at", "facts", "last_hash", "next_due_at", "linked_group", "disputed_on"]
    bulk.update([case, other], names)
    for before in (case, other):
        kept = Complaint.objects.get(pk=before.pk)
        for name in names:
            result = getattr(kept, name)
            assert (bytes(result) if isinstance(result, memoryview) else result) == getattr(before, name), name


def test_nothing_to_write_asks_nothing(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        bulk.insert([])
        bulk.update([], ["status"])
        bulk.insert_and_number([])


def test_what_has_no_array_form_is_refused(world: World) -> None:
    with pytest.raises(TypeError):
        bulk.insert([Heartbeat(name="x", at={1})])


def test_what_is_too_long_is_refused_and_not_cut(world: World) -> None:
    """A text that was cut would no longer be what the record says of it."""
    with pytest.raises(DataError), transaction.atomic():
        bulk.insert([Reminder(deadline_id=1, mark="x" * 100, at=WEDNESDAY)])
    assert not Reminder.objects.exists()
