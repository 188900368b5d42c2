"""Who wrote a step down for somebody stands in its entry by key and by name."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from complaints.handling.steps import consumer
from complaints.models import HandlingStep
from complaints.parties import actors
from complaints.procedure.workflow import Status as S
from complaints.record import house
from complaints.record.verification import verify
from tests import given
from tests.cast import WEDNESDAY, World
from tests.proof.test_state import Superuser

AT = WEDNESDAY + timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_whoever_wrote_down_is_not_hidden_behind_somebody_who_was_erased(
    world: World, superuser_connection: Any
) -> None:
    """The name is put under a key whose erasure is recorded, and emptied: as if its person had been erased."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    said = {"by": world.officer, "channel": "phone", "recording": {"how": "call", "proof": "LY-1"}}
    word = actors.on_behalf_of(world.chen.pk, "陈试", case.consumer_key, **said)
    given.step(case, consumer.add_statement(text="补充说明。"), word, AT)
    entry = HandlingStep.objects.filter(complaint=case, recorded_by__isnull=False).get()
    erased = str(uuid4())
    house.write("erased", {"key": erased, "reason": "by_command", "texts": 0, "root": "", "files": []}, by="x", now=AT)
    assert verify().findings == []
    name, thief = entry.recorded_by_id, Superuser(superuser_connection, random.Random(1))
    assert thief.run("update complaints_recordedname set person_key = %s, sealed = '' where id = %s", erased, name)
    [one] = [one for one in verify().findings if one.sequence == entry.sequence]
    assert (one.code, one.case, one.row, one.column) == ("column", case.number, f"name {name}", "person_key")
