"""schemathesis over the schema as every role: 250 calls in make test, 5,000 in make test-full, more in make fuzz.

No 5xx, no answer that the schema does not know, no word of somebody else's case. Each call is made in a transaction
that is taken back, so the world stays as it was and any number may be made.
"""

from __future__ import annotations

import copy
import itertools
import logging
import os
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed
from hypothesis import given as for_all
from hypothesis import settings as how
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.models import Staff
from tests import given
from tests.api.conftest import token_for
from tests.cast import World, a_new_phone

pytestmark = pytest.mark.django_db(transaction=True)


def ran(world: World, settings: Any, cases: int, start: int, sent_as: int = 3) -> None:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    statuses, operations = fuzz(world, cases=cases, start=start, sent_as=sent_as)
    print(f"\n{statuses.total()} calls, {len(operations)} operations, {dict(sorted(statuses.items()))}")
    assert statuses.total() >= cases
    # Not vacuous: some were taken, some refused by the table, some by the walls, some as nonsense.
    assert {200, 400, 401, 404, 409} <= statuses.keys()
    assert statuses[200] > cases // 50


def test_T46_T51_some_hundred_calls_as_every_role(world: World, settings: Any) -> None:
    ran(world, settings, 250, start=1, sent_as=1)


@pytest.mark.full
def test_five_thousand_calls_as_every_role(world: World, settings: Any) -> None:
    ran(world, settings, 5_000, start=2)


@pytest.mark.skipif("FUZZ_CASES" not in os.environ, reason="make fuzz says how many")
def test_as_many_as_make_fuzz_says(world: World, settings: Any) -> None:
    ran(world, settings, int(os.environ["FUZZ_CASES"]), start=int(os.environ.get("FUZZ_SEED", "3")))


CHECKS = [not_a_server_error, checks.status_code_conformance, checks.content_type_conformance]
CHECKS += [checks.response_schema_conformance, checks.response_headers_conformance]
#: Stands in every text of a case that none of the roles below may see.
CANARY = "QXZKANARIE"


def people(world: World) -> dict[str, str]:
    """role → the secret of a token of somebody who has it."""
    today = timezone.localdate()
    analyst, reviewer, left = (
        User.objects.create_user(email=f"{name}@example.com", name="测试", own_phone=a_new_phone())
        for name in ("analyst", "reviewer", "left")
    )
    Officer.objects.create(user=analyst, authority=world.gulou, role=Role.ANALYST.post)
    for user, role in ((reviewer, Role.REVIEWER), (left, Role.HANDLER)):
        Staff.objects.create(user=user, enterprise=world.mobile, role=role.post)
    places = {
        "": {"consumer": world.chen},
        "enterprise": {"handler": world.ming, "manager": world.lead, "reviewer": reviewer, "former staff": left},
        "authority": {"intake": world.su, "officer": world.rui, "analyst": analyst},
    }
    places["authority"]["approver"] = world.head_officer.user
    result = {
        role: token_for(user, world=world, place=place).secret
        for place, users in places.items()
        for role, user in users.items()
    }
    Staff.objects.filter(user=left).update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=1))
    return result


def a_strangers_case(world: World) -> str:
    """Otto against Telecom, handled in another city: all of its words are the canary."""
    elsewhere = Region.objects.get(code="350502")
    case = given.filed(
        world,
        now=timezone.now(),
        **dict.fromkeys(("consumer_name", "statement", "item_name", "consumer_address"), CANARY),
        consumer_id=world.otto.pk,
        respondents=(given.RespondentRequest(enterprise_id=world.telecom.pk),),
        service_region_id=elsewhere.pk,
    )
    Complaint.objects.filter(pk=case.pk).update(handling_region=elsewhere)
    return case.number


def fuzz(world: World, *, cases: int, start: int, sent_as: int) -> tuple[Counter[int], set[str]]:
    """At least ``cases`` calls, spread over the roles; raises with the first that should not be. What was answered how
    often, and what was called. Each input is sent as so many roles: making one costs as much as a call.
    """
    # Sets up the logs anew, so before they are hushed.
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
    operations = [result.ok() for result in schema.get_all_operations()]
    # The connection is the test's, and each call lies in a transaction on it.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    lines = logging.getLogger("django.request")
    before = lines.level
    lines.setLevel(logging.ERROR)
    try:
        return _fuzz(world, operations, cases, random.Random(start), sent_as)
    finally:
        lines.setLevel(before)
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def _fuzz(
    world: World, operations: list[Any], cases: int, chance: random.Random, sent_as: int
) -> tuple[Counter[int], set[str]]:
    statuses, called = Counter[int](), set[str]()
    secrets = people(world)
    reached = [status for status in Status if status not in (Status.DRAFT, Status.PERFORMING)]
    own = [given.a_complaint(world, status=status, now=timezone.now()) for status in reached]
    numbers = [*(case.number for case in own), a_strangers_case(world)]
    turn = itertools.cycle(secrets.items())

    def one(case: Any) -> None:
        called.add(f"{case.method} {case.operation.path}")
        for role, secret in itertools.islice(turn, sent_as):
            statuses[_call(case, role, secret, numbers, chance)] += 1

    def send(calls: Any, most: int) -> None:
        quiet: Any = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
        seed(chance.getrandbits(64))(how(max_examples=most, phases=[Phase.generate], **quiet)(for_all(calls)(one)))()

    # A quarter for what reads, of which more is answered than of steps; then each operation as often as any other.
    reads = [operation for operation in operations if operation.method == "get"]
    send(st.sampled_from(reads).flatmap(fine), -(-cases // (4 * sent_as)))
    while statuses.total() < cases:
        # Few, where there is no time for all.
        inputs = -(-(cases - statuses.total()) // sent_as)
        some = chance.sample(operations, min(len(operations), -(-inputs // 2)))
        for operation in some:
            send(st.one_of(fine(operation), fine(operation), wrong(operation)), inputs // len(some) or 1)
    return statuses, called


def fine(operation: Any) -> Any:
    return operation.as_strategy(generation_mode=GenerationMode.POSITIVE)


def wrong(operation: Any) -> Any:
    has_input = operation.body or operation.query
    return operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if has_input else fine(operation)


def _call(case: Any, role: str, secret: str, numbers: list[str], chance: random.Random) -> int:
    """The status of the answer."""
    if "number" in (case.path_parameters or {}) and chance.random() < 0.85:
        case.path_parameters["number"] = chance.choice(numbers)
    if isinstance(case.body, dict) and isinstance(case.body.get("rows"), list):
        for row in case.body["rows"]:
            if isinstance(row, dict) and chance.random() < 0.8:
                row["case"] = chance.choice(numbers)
    case.headers = {**(copy.copy(case.headers) or {}), "Authorization": f"Bearer {secret}"}
    if "Idempotency-Key" in case.headers and chance.random() < 0.9:
        case.headers["Idempotency-Key"] = f"{chance.getrandbits(64):016x}"
    if "If-Match" in case.headers and chance.random() < 0.8:
        del case.headers["If-Match"]
    with transaction.atomic():
        response = case.call()
        transaction.set_rollback(True)
    case.validate_response(response, checks=CHECKS)
    seen = (response.content.decode(errors="replace"), *(value for line in response.headers.values() for value in line))
    assert not any(CANARY in text for text in seen), f"{role} reads of a stranger: {case.as_curl_command()}"
    if role == "former staff":
        assert response.status_code in (400, 401, 404), response.status_code
    return int(response.status_code)
