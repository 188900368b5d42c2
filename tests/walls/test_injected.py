"""An injected statement opens no row of others: a list of each side is planted into, and tried with every payload.

The planted list stands in this test only. It is asked in a request's own transaction (`seeing_as`), in a session of the
login that serves pages, and that session serves the next person, as in the portal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, connection

from accounts.models import User
from complaints import handling
from complaints.models import Complaint
from complaints.parties import actors
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from database import roles
from database.prepared import PreparedQuery
from odr_portal.processes import embedded
from tests import given
from tests.cast import WEDNESDAY, World
from tests.server import DATABASE
from tests.walls.conftest import ask, seeing_as
from tests.walls.payloads import NEW_SESSION, PAYLOADS

pytestmark = pytest.mark.django_db(transaction=True)

_kept = PreparedQuery(lambda since: Complaint.objects.filter(pk__gt=since).order_by("pk").only("pk", "number"), int)


@contextmanager
def serving_pages(settings: Any) -> Iterator[None]:
    """The session of a process that serves pages: nobody until a request says who calls."""
    before, role = dict(connection.settings_dict["OPTIONS"]), settings.DATABASE_ROLE
    settings.DATABASE_ROLE = ""
    words = before["options"].replace(f"role={roles.STEPS}", "role=none")
    connection.settings_dict["OPTIONS"]["options"] = re.sub(r"statement_timeout=\S+", "statement_timeout=2s", words)
    connection.close()
    try:
        yield
    finally:
        settings.DATABASE_ROLE = role
        connection.close()
        connection.settings_dict["OPTIONS"].update(before)


@dataclass
class Attack:
    """`me` has the planted list, `victim` of the same side is served next on the session."""

    me: User
    victim: User
    path: str
    administrator: str
    numbers: dict[str, int] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    theirs: set[str] = field(default_factory=set)

    def begin(self) -> None:
        self.own, self.theirs = self.seen(self.me), self.seen(self.victim)
        assert self.own, "the attacker has a case"
        assert self.theirs - self.own, "the victim has others"

    def seen(self, user: User) -> set[str]:
        with seeing_as(user, path=self.path):
            return {case.number for case in _kept(0)}

    def request(self, statement: str) -> tuple[str, bool]:
        """What reached him, as one text, and whether his last statement wrote; all of it is taken back."""
        told, wrote = [], False
        with suppress(ZeroDivisionError, DatabaseError), seeing_as(self.me, path=self.path):
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    written = cursor.statusmessage.split()[0] if cursor.statusmessage else ""
                    wrote = written in ("INSERT", "UPDATE", "DELETE", "MERGE") and cursor.rowcount > 0
                    wrote = wrote or (" for update" in statement and cursor.rowcount > 0) or written == "TRUNCATE"
                    told += cursor.fetchall() if cursor.description else []
                told += ask(
                    "select number from complaints_complaint"
                    " union all select complaint_id::text from complaints_callback"
                )
            except DatabaseError as error:
                told.append(str(error))
            raise ZeroDivisionError
        return repr(told), wrote

    def spoilt(self) -> str:
        """What is wrong with the next request on the session; "" where the victim is served as ever."""
        for _ in range(2):
            try:
                result = self.seen(self.victim)
                return "" if result == self.theirs else f"the victim sees {len(result)} of {len(self.theirs)}"
            except (DatabaseError, AssertionError) as error:
                problem = str(error).splitlines()[0]
                if "prepared statement" not in problem:
                    break
        return problem

    def payload(self, statements: list[str]) -> tuple[set[str], bool, str]:
        """Numbers of others that he saw, whether he wrote, and what was spoilt for the next."""
        with suppress(DatabaseError):
            self.seen(self.victim)
        foreign, wrote, spoilt = set[str](), False, ""
        kept = _kept.plan().statement
        guessed = f"q_{sha256(repr((kept.sql, [str(value) for value in kept.values])).encode()).hexdigest()[:16]}"
        guessed += f"_{self.role}"
        for statement in statements:
            if statement == NEW_SESSION:
                connection.close()
                continue
            number = next(iter(sorted(self.theirs - self.own)))
            words = statement
            for name, value in {"me": self.me.pk, "victim": self.victim.pk, "kept": guessed, "number": number}.items():
                words = words.replace(f"{{{name}}}", str(value))
            told, written = self.request(words)
            told = told.replace(words, "").replace(number, "") if "{number}" in statement else told
            foreign |= {
                one for one, pk in self.numbers.items() if (one in told or f"#{pk}'" in told) and one not in self.own
            }
            wrote = wrote or written
            spoilt = spoilt or self.spoilt()
        connection.close()
        self.mend()
        return foreign, wrote, spoilt

    @property
    def role(self) -> str:
        with seeing_as(self.me, path=self.path):
            return str(ask("select current_user")[0][0])

    def mend(self) -> None:
        mends = [f"alter role {role} reset all" for role in (roles.WEB, *roles.CALLERS, roles.STEPS)]
        embedded.run_statements(self.administrator, mends)
        connection.close()


@pytest.fixture(params=["consumer", "enterprise", "authority"])
def attack(request: Any, world: World, postgres_server: Any, settings: Any) -> Iterator[Attack]:
    cases = [given.a_complaint(world, status=status) for status in (Status.NEGOTIATING, Status.REVIEW)]
    theirs = given.a_request(
        world, consumer_id=world.otto.pk, respondents=(RespondentRequest(enterprise_id=world.telecom.pk),)
    )
    others = handling.file([theirs, theirs], actor=actors.consumer(world.otto), now=WEDNESDAY)
    far = world.far_officer.authority.region_id
    Complaint.objects.filter(pk__in=[case.pk for case in others]).update(handling_region=far, enterprise=world.telecom)
    cases += others
    me, victim, path = {
        "consumer": (world.chen, world.otto, "/cases/"),
        "enterprise": (world.ming, world.hua, "/enterprise/queue/"),
        "authority": (world.rui, world.far_officer.user, "/authority/"),
    }[request.param]
    numbers = {case.number: case.pk for case in cases}
    with serving_pages(settings):
        one = Attack(me, victim, path, postgres_server.dsn(user="postgres", database=DATABASE), numbers)
        one.begin()
        yield one


#: One of each sort, with each run.
SOME = (
    *("set_config role portal_steps", "query_to_xml takes a role", "pg_sleep", "stacked set role portal_steps"),
    *("stacked role of the session", "stacked side and regions", "stacked settings of the session", "write a job"),
    *("stacked statement that tells by locks", "stacked block that goes on", "stacked temporary table"),
)


@pytest.mark.parametrize("tried", [pytest.param(tuple(PAYLOADS), marks=pytest.mark.full), SOME], ids=["all", "some"])
def test_no_payload_opens_a_row_of_others_or_writes_or_spoils_the_next_request(
    attack: Attack, tried: tuple[str, ...]
) -> None:
    results = {name: attack.payload(PAYLOADS[name]) for name in tried}
    saw = " | ".join(name for name, (foreign, _, _) in results.items() if foreign)
    wrote = " | ".join(name for name, (_, written, _) in results.items() if written)
    spoilt = " | ".join(f"{name}: {problem}" for name, (_, _, problem) in results.items() if problem)
    assert f"saw: {saw}; wrote: {wrote}; spoilt: {spoilt}" == "saw: ; wrote: ; spoilt: "
    assert len(PAYLOADS) > 200
