"""Calls that the schema allows, and some that it does not, as every role: what must never happen does not.

No 5xx, no answer that the schema does not know, no word of somebody else's case. Each call
is made in a transaction that is taken back, so the world stays as it was and any number may be made.
"""

import copy
import logging
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

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
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.models import Staff
from tests import given
from tests.api.conftest import token_for
from tests.cast import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
#: Stands in every text of a case that none of the roles below may see.
CANARY = "QXZKANARIE"


@dataclass
class Tally:
    """What was called, and what came of it."""

    calls: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)

    @property
    def cases(self) -> int:
        return self.calls.total()


def people(world: World) -> dict[str, str]:
    """role → the secret of a token of somebody who has it."""
    today = timezone.localdate()

    def employed(name: str, role: str, **dates: Any) -> User:
        user = User.objects.create_user(email=f"{name}@example.com", name="测试")
        Staff.objects.create(user=user, enterprise=world.mobile, role=role, **dates)
        return user

    analyst = User.objects.create_user(email="analyst@example.com", name="析试")
    Officer.objects.create(user=analyst, authority=world.gulou, role=Role.ANALYST.post)
    left = employed("left", Role.HANDLER.post)
    tokens = {
        "consumer": token_for(world.chen, world=world),
        "handler": token_for(world.ming, world=world, place="enterprise"),
        "manager": token_for(world.lead, world=world, place="enterprise"),
        "reviewer": token_for(employed("reviewer", Role.REVIEWER.post), world=world, place="enterprise"),
        "intake": token_for(world.su, world=world, place="authority"),
        "officer": token_for(world.rui, world=world, place="authority"),
        "approver": token_for(world.head_officer.user, world=world, place="authority"),
        "analyst": token_for(analyst, world=world, place="authority"),
        "former staff": token_for(left, world=world, place="enterprise"),
    }
    Staff.objects.filter(user=left).update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=1))
    return {role: issued.secret for role, issued in tokens.items()}


def cases_in_every_status(world: World) -> list[str]:
    """Numbers of cases of Chen against Fuzhou Mobile."""
    statuses = [s for s in Status if s not in (Status.DRAFT, Status.PERFORMING)]
    return [given.a_complaint(world, status=status, now=timezone.now()).number for status in statuses]


def a_strangers_case(world: World) -> str:
    """Otto against Telecom, handled in another city: all of its words are the canary."""
    elsewhere = Region.objects.get(code="350502")
    case = given.filed(
        world,
        now=timezone.now(),
        consumer_id=world.otto.pk,
        consumer_name="欧" + CANARY,
        statement=f"经过{CANARY}。",
        item_name=CANARY,
        consumer_address=CANARY,
        respondents=(given.RespondentRequest(enterprise_id=world.telecom.pk),),
        service_region_id=elsewhere.pk,
    )
    Complaint.objects.filter(pk=case.pk).update(handling_region=elsewhere)
    return case.number


def fuzz(world: World, *, cases: int, start: int) -> Tally:
    """At least ``cases`` calls, spread over the roles; raises with the first that should not be."""
    # The connection is the test's, and each call lies in a transaction on it.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    lines = logging.getLogger("django.request")
    before, lines.level = lines.level, logging.ERROR
    try:
        return _fuzz(world, cases, start)
    finally:
        lines.level = before
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def _fuzz(world: World, cases: int, start: int) -> Tally:
    tally = Tally()
    secrets = people(world)
    numbers, foreign = cases_in_every_status(world), a_strangers_case(world)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
    operations = [result.ok() for result in schema.get_all_operations()]
    each = -(-cases // len(secrets))
    for place, (role, secret) in enumerate(secrets.items()):
        # One role need not call everything in a short run: the next takes what this one left.
        mine = operations[place::2] if each < len(operations) else operations
        wanted = st.sampled_from(mine).flatmap(
            lambda operation: operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        )
        spoiled = st.sampled_from(mine).flatmap(
            lambda operation: (
                operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
                if operation.body or operation.query
                else operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
            )
        )

        _run(
            st.one_of(wanted, wanted, spoiled),
            role,
            secret,
            [*numbers, foreign],
            tally,
            most=each,
            start=hash((start, place)),
        )
    return tally


def _run(calls: Any, role: str, secret: str, numbers: list[str], tally: Tally, *, most: int, start: int) -> None:
    chance = random.Random(start)

    @seed(start)
    @how(
        max_examples=most,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @for_all(calls)
    def one(case: Any) -> None:
        _call(case, role, secret, numbers, chance, tally)

    one()


def _call(case: Any, role: str, secret: str, numbers: list[str], chance: random.Random, tally: Tally) -> None:
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
    tally.calls[role] += 1
    with transaction.atomic():
        response = case.call()
        transaction.set_rollback(True)
    tally.statuses[response.status_code] += 1
    tally.operations.add(f"{case.method} {case.operation.path}")
    case.validate_response(response, checks=CHECKS)
    assert CANARY not in response.content.decode(errors="replace"), (
        f"{role} reads of a stranger: {case.as_curl_command()}"
    )
    assert not any(CANARY in value for values in response.headers.values() for value in values)
    if role == "former staff":
        assert response.status_code in (400, 401, 404), response.status_code
