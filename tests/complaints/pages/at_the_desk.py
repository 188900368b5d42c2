"""Ming at his desk: opens pages and sends forms the way a browser does.

A form is sent with a fresh key unless a test means to send it twice.
"""

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from complaints.handling.steps import authority, enterprise
from complaints.models import Complaint
from complaints.parties.actors import SYSTEM
from tests import given
from tests.cast import World


def signed_in(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def address(case: Complaint, step: str = "") -> str:
    return f"/enterprise/cases/{case.number}/" + (f"{step}/" if step else "")


def send(client: Client, path: str, values: dict[str, Any], *, key: str = "") -> Any:
    return client.post(path, values | {"idempotency_key": key or uuid.uuid4().hex})


def shown(response: Any) -> str:
    return str(response.content.decode())


def moved_to_telecom(world: World, case: Complaint) -> None:
    """China Mobile gives the case back, China Telecom gets it; Ming changes from the one to the other."""
    now = timezone.now()
    given.step(case, enterprise.return_case(reason="wrong_entity", enterprise_id=world.telecom.pk), world.handler, now)
    case.consents = {**case.consents, "entities": [world.telecom.pk]}
    case.save(update_fields=["consents"])
    move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=given.BECAUSE)
    given.step(case, move, SYSTEM, now)
    world.ming_staff.enterprise, world.ming_staff.branch = world.telecom, None
    world.ming_staff.save()


#: A whole offer as the editor sends it.
OFFER: dict[str, Any] = {
    "rows": "1",
    "answer-1": "grant",
    "amount-1": "128.50",
    "reason-1": "",
    "answer-2": "refuse",
    "reason-2": "合约期内不能单独退订这一项业务。",
    "message": "三个月合计全部退还。",
    "promise-1-kind": "original_channel",
    "promise-1-what": "退还多扣费用",
    "promise-1-amount": "128.50",
    "promise-1-due_on": "2026-12-07",
    "promise-1-owed_by": "enterprise",
    "promise-1-last4": "",
    "promise-1-proof": "退款流水",
    "send": "1",
    # Ming saw that nobody has talked to the consumer yet.
    "anyway": "no_contact:",
}
