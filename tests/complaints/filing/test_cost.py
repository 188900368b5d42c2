"""What filing and sweeping ask of the database, pinned: a statement more is a decision, not an accident."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from complaints import handling
from complaints.models import Complaint
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from routing.forwarding import forwarding
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_submit import file, ready
from tests.server import A_REQUEST

#: Session, person; draft's key, draft, enterprise, region, branch, files; begin, draft, lock, key, person; conditions,
#: branch, enterprise; role of the steps, seal, name twice; case, demands, clock, texts, entry, digests, consents,
#: notice; role; draft, key; commit.
OF_A_FILING = 32 + A_REQUEST
#: Ten reads to decide; begin and commit, a lock, nine reads, one statement for each table that changes.
OF_A_FORWARDING = 29
#: The same without deciding, and a look whether more is due.
OF_A_LAPSE = 20


def statements(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work()
    return [query["sql"].strip().replace("\n", " ")[:90] for query in seen.captured_queries]


@pytest.mark.parametrize("count", [1, 2])
def test_how_many_statements_a_filing_needs(client: Client, town: Town, count: int) -> None:
    client.force_login(User.objects.create_user(phone="+8619900000001"))
    Conditions.at(timezone.now())
    drafts = [ready(client, town, you={"is_unverified": None}) for _ in range(count)]
    for draft in drafts[:-1]:
        file(client, draft)
    asked = statements(lambda: file(client, drafts[-1]))
    assert Complaint.objects.filter(contact_verified=True).count() == count
    # Whose name is kept already needs one statement less.
    assert len(asked) == OF_A_FILING - (count - 1), "\n".join(asked)


@pytest.mark.parametrize("count", [1, 12])
def test_a_batch_costs_the_same_however_many(world: World, count: int) -> None:
    rows = [replace(given.a_request(world), consumer_id=None) for _ in range(count)]
    cases = handling.file(rows, actor=replace(world.consumer, person_key=None, user_id=None), now=WEDNESDAY)
    Conditions.at(WEDNESDAY)
    asked = statements(lambda: forwarding.sweep_filed(now=WEDNESDAY))
    assert {case.status for case in Complaint.objects.all()} == {Status.WITH_ENTERPRISE}
    assert len(asked) == OF_A_FORWARDING, "\n".join(asked)
    later = WEDNESDAY + timedelta(days=30)
    Conditions.at(later)
    asked = statements(lambda: handling.sweep_clocks(now=later))
    assert Complaint.objects.filter(status=Status.REVIEW).count() == len(cases)
    assert len(asked) == OF_A_LAPSE, "\n".join(asked)
