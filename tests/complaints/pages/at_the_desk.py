"""Ming at his desk: opens pages and sends forms the way a browser does.

A form is sent with a fresh key unless a test means to send it twice.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints.handling.steps import authority, enterprise
from complaints.models import Complaint, Matter
from complaints.parties.actors import SYSTEM
from enterprises.models import Branch, Staff
from tests import given, missing_in
from tests.cast import World, a_new_phone


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


def checked(response: Any, status: int, *texts: str) -> str:
    """The page; fails where it has another status or lacks one of the texts."""
    page = shown(response)
    assert (response.status_code, missing_in(page, *texts)) == (status, []), page[-2000:]
    return page


def costs_the_same(client: Client, path: str, more: Callable[[], object], *, at_most: int) -> str:
    """The page after ``more``: the database is asked for it as often as before, and at most so often."""
    client.get(path)
    with CaptureQueriesContext(connection) as before:
        client.get(path)
    more()
    with CaptureQueriesContext(connection) as after:
        page = checked(client.get(path), 200)
    assert len(after) == len(before) <= at_most, [query["sql"][:90] for query in after.captured_queries]
    return page


def colleague(world: World, name: str, *, role: str = "handler", branch: Branch | None = None) -> Staff:
    """Somebody else of China Mobile, of all of it or of a branch."""
    user = User.objects.create_user(
        f"{uuid.uuid4().hex}@example.com", "a long pass phrase", name=name, own_phone=a_new_phone()
    )
    return Staff.objects.create(user=user, enterprise=world.mobile, branch=branch, role=role)


def key() -> dict[str, str]:
    return {"idempotency_key": uuid.uuid4().hex}


def officer_of(world: World, who: str) -> User:
    return {
        "officer": world.rui,
        "intake": world.su,
        "head": world.head_officer.user,
        "superior": world.superior_officer.user,
        "far": world.far_officer.user,
    }[who]


def an_officer(world: World) -> Officer:
    """Another one of the county, who signs and decides like Rui."""
    user = User.objects.create(email="lin@example.com", name="林试", own_phone=a_new_phone())
    return Officer.objects.create(user=user, authority=world.gulou, role=Role.OFFICER.post)


def approval(case: Complaint) -> str:
    """Where an officer decides on what is proposed."""
    return f"/authority/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"


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


def sent_anyway(client: Client, path: str, values: dict[str, Any]) -> Any:
    """An offer is sent; where the page shows first what it lacks, once more with that seen."""
    answer = send(client, path, values)
    if answer.status_code != 200:
        return answer
    return send(client, path, values | {"anyway": answer.context["seen"]})


#: A whole offer as the editor sends it.
OFFER: dict[str, Any] = {
    "rows": "0",
    "answer-1": "grant",
    "amount-1": "128.50",
    "reason-1": "",
    "answer-2": "refuse",
    "reason-2": "合同第四条写明，3月到期前不能退订。",
    "message": "三个月合计全部退还。",
    "kind-1": "original_channel",
    "what-1": "退还多扣费用",
    "due_on-1": "2026-12-07",
    "last4-1": "",
    "proof-1": "退款流水",
    "send": "1",
    # Ming saw that nobody has talked to the consumer yet.
    "anyway": "no_contact:",
}
