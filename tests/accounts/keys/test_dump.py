"""A thief has the whole database: everything that people typed went in by the doors, nothing of it can be read."""

import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints import handling
from complaints.desks.case_search import matching
from complaints.handling import Answer, Promise
from complaints.handling.steps import authority, consumer, enterprise, offers
from complaints.models import Complaint, Evidence, PersonalText
from complaints.parties import actors
from complaints.parties.actors import SYSTEM
from database import roles
from enterprises.models import Staff
from odr_portal.backup import database
from odr_portal.processes import embedded
from tests.canaries import CANARIES, EMAIL, PHONE, forms, seen
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town, town
from tests.complaints.filing.test_drafts import PNG, begin, fill, newest_code, send, url
from tests.complaints.filing.test_submit import file
from tests.given import BECAUSE
from tests.server import DATABASE

__all__ = ["town"]
pytestmark = pytest.mark.django_db(transaction=True)


def filed(client: Client, town: Town) -> Complaint:
    """Through the pages, proven by code, with a file; one draft stays unfinished."""
    you = answers.YOU | {"name": CANARIES["name"], "phone": PHONE, "address": CANARIES["address"], "email": EMAIL}
    you |= {"is_unverified": None}
    purchase = answers.PURCHASE | {"order_no": CANARIES["order number"]}
    told = "，".join(CANARIES[name] for name in ("statement", "place")) + (
        f"。他们的受理编号{CANARIES['reference']}，我的身份证{CANARIES['id number']}。"
    )
    problem = answers.PROBLEM | {"service_number": CANARIES["service number"]}
    demands = answers.DEMANDS | {"note": CANARIES["demand note"]}
    for _ in range(2):
        draft = begin(client, town, told=told)
        send(client, url(draft, "evidence"), {"upload": "1"}, files=SimpleUploadedFile(CANARIES["file name"], PNG))
        fill(client, draft, purchase=purchase, problem=problem, demands=demands, you=you | {"is_unverified": "on"})
    send(client, url(draft, "you"), you, send_code="1")
    assert send(client, url(draft, "you"), you, code=newest_code()).status_code == 302
    assert "/receipt/" in file(client, draft).headers["Location"]
    return Complaint.objects.get()


def handled(case: Complaint, town: Town, carrier: Staff, officer: Officer) -> None:
    """Everything that both sides and the authority write down."""
    now = timezone.now()
    workspace, judge, chen = actors.staff_member(carrier), actors.officer([officer]), actors.consumer(case.consumer)

    def take(move: handling.Move, actor: Any) -> None:
        handling.take(move, [case.pk], actor=actor, now=now + timedelta(seconds=case.last_sequence))
        case.refresh_from_db()

    because = BECAUSE | {"note": CANARIES["forwarding note"]}
    take(authority.forward(enterprise_id=town.carrier.pk, branch_id=town.branch.pk, because=because), SYSTEM)
    take(enterprise.accept_case(handler_id=carrier.pk), workspace)
    take(enterprise.log_contact(channel="phone", reached=True, note=CANARIES["contact note"]), workspace)
    take(enterprise.add_internal_note(text=CANARIES["internal note"]), workspace)
    take(consumer.add_statement(text=CANARIES["message"]), chen)
    refusal = Answer(demand=2, verdict="refuse", reason=CANARIES["refusal"])
    answers = [Answer(demand=1, verdict="grant", amount="128.50", is_separable=True), refusal]
    texts = {"what": CANARIES["promise"], "proof": CANARIES["proof"], "due_on": (now + timedelta(days=20)).date()}
    promise = Promise(kind="original_channel", amount="128.50", demand=1, **texts)
    take(offers.make_offer(answers=answers, promises=(promise,), message=CANARIES["offer"]), workspace)
    wish = CANARIES["counter demand"]
    take(consumer.decline_offer(reason="amount_too_low", text=wish, counter_demand=wish), chen)
    take(authority.recall(text=CANARIES["decision"]), judge)


def dump(server: embedded.ThrowAwayPostgres) -> bytes:
    owner = database.connect(server.dsn(user=roles.OWNER, database=DATABASE))
    program = database.program("pg_dump", version=database.major(owner))
    owner.close()
    command = [program, "--data-only", server.dsn(user="postgres", database=DATABASE)]
    return subprocess.run(command, capture_output=True, check=True, cwd="/").stdout


def test_T75_a_dump_of_the_database_shows_nothing_that_people_typed(
    suite: str, client: Client, town: Town, postgres_server: embedded.ThrowAwayPostgres
) -> None:
    workforce, office = (
        User.objects.create_user(f"canary.{side}@example.net", "a long pass phrase", name=CANARIES[f"{side} name"])
        for side in ("staff", "officer")
    )
    place = {"enterprise": town.carrier, "branch": town.branch, "role": Role.HANDLER.post}
    carrier = Staff.objects.create(user=workforce, **place)
    county = Authority.objects.get(name="鼓楼区测试局")
    officer = Officer.objects.create(user=office, authority=county, role=Role.OFFICER.post)
    case = filed(client, town)
    handled(case, town, carrier, officer)
    # Somebody is just proving another address: it waits in a session, a code and a letter.
    send(Client(), "/account/sign-in/", {"address": PHONE})
    content = dump(postgres_server)
    assert str(case.number).encode() in content, "the dump is whole"
    more = [("staff mailbox", "canary.staff@"), ("officer mailbox", "canary.officer@"), ("in full", f"+86{PHONE}")]
    assert seen(content, [*CANARIES.items(), *more]) == []
    # The search would see each of them, in each form.
    assert all(
        seen(b"x" + form + b"y", [(name, text)]) == [name] for name, text in CANARIES.items() for form in forms(text)
    )
    # And those who may read it read all of it.
    texts = {row.text for row in PersonalText.objects.filter(complaint=case)}
    assert {CANARIES["name"], CANARIES["order number"], CANARIES["message"]} <= texts
    assert [row.note for row in case.decisions.all()] == [CANARIES["forwarding note"]]
    assert {row.name for row in Evidence.objects.filter(complaint=case)} == {CANARIES["file name"]}
    for typed in (PHONE, f"+86 {PHONE}", CANARIES["name"], CANARIES["order number"].lower()):
        assert list(matching(Complaint.objects.all(), typed)) == [case], typed
    assert not matching(Complaint.objects.all(), PHONE[:-1]).exists()
