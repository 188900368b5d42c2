"""An injected statement opens no row of others: a list of each side is planted into, and tried with every payload.

The planted list stands in this test only. It is asked in a request's own transaction, in a session of the login that
serves pages, and that session serves the next person, as in the portal: once by itself (`seeing_as`), and once as part
of a real page of each side, through all of the middleware.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.shortcuts import render
from django.test import Client

from accounts.models import User
from complaints import handling
from complaints.handling.steps import authority
from complaints.models import Complaint
from complaints.pages.authority import cases
from complaints.pages.consumer import views
from complaints.pages.enterprise import queue
from complaints.parties import actors
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from database import columns, roles
from database.prepared import PreparedQuery
from odr_portal.processes import embedded
from tests import given
from tests.cast import WEDNESDAY, World
from tests.server import DATABASE
from tests.walls.conftest import ask, seeing_as, serving_pages
from tests.walls.payloads import NEW_SESSION, PAYLOADS, PLANTED, where

pytestmark = pytest.mark.django_db(transaction=True)

_kept = PreparedQuery(lambda since: Complaint.objects.filter(pk__gt=since).order_by("pk").only("pk", "number"), int)


def planted_list(words: str) -> tuple[str, int]:
    """What a list shows of which ``words`` are part, and what the next statement of its page sees; how many rows the
    last of its statements wrote."""
    told, wrote = list[Any](), 0
    try:
        with connection.cursor() as cursor:
            cursor.execute(PLANTED.replace("{words}", words))
            done = cursor.statusmessage.split()[0] if cursor.statusmessage else ""
            if done in ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE") or " for update" in words:
                wrote = max(cursor.rowcount, int(done == "TRUNCATE"))
            told += cursor.fetchall() if cursor.description else []
        told += ask(
            "select number from complaints_complaint union all select complaint_id::text from complaints_callback"
        )
    except DatabaseError as error:
        told.append(str(error))
    return repr(told), wrote


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

    def request(self, words: str) -> tuple[str, int]:
        """What reached him, as one text, and how many rows his last statement wrote; all of it is taken back."""
        result = ("", 0)
        with suppress(ZeroDivisionError, DatabaseError), seeing_as(self.me, path=self.path):
            result = planted_list(words)
            raise ZeroDivisionError
        return result

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

    def payload(self, requests: list[str]) -> tuple[set[str], int, str]:
        """Numbers of others that he saw, how many rows he wrote, and what was spoilt for the next."""
        with suppress(DatabaseError):
            self.seen(self.victim)
        foreign, wrote, spoilt = set[str](), 0, ""
        kept = _kept.plan().statement
        guessed = f"q_{sha256(repr((kept.sql, [str(value) for value in kept.values])).encode()).hexdigest()[:16]}"
        guessed += f"_{self.role}"
        for typed in requests:
            if typed == NEW_SESSION:
                connection.close()
                continue
            number = next(iter(sorted(self.theirs - self.own)))
            words = typed
            for name, value in {"me": self.me.pk, "victim": self.victim.pk, "kept": guessed, "number": number}.items():
                words = words.replace(f"{{{name}}}", str(value))
            told, written = self.request(words)
            told = told.replace(words, "").replace(number, "") if "{number}" in typed else told
            foreign |= {
                one for one, pk in self.numbers.items() if (one in told or f"#{pk}'" in told) and one not in self.own
            }
            wrote += written
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


@dataclass
class PageAttack(Attack):
    """The same by a page: the list is one more of the real page, shown at its end, and `?words=` is part of it. Each
    request goes through the whole portal, and what it wrote stays."""

    shown: tuple[str, int] = ("", 0)
    browsers: dict[int, Client] = field(default_factory=dict)

    def show(self, request: Any, *args: Any, **options: Any) -> Any:
        """In place of ``render`` in the module of the page."""
        if "words" in request.GET:
            self.shown = planted_list(request.GET["words"])
        response = render(request, *args, **options)
        response.write(self.shown[0] if "words" in request.GET else "")
        return response

    def get(self, user: User, **asked: str) -> Any:
        if user.pk not in self.browsers:
            self.browsers[user.pk] = Client(raise_request_exception=False)
            self.browsers[user.pk].force_login(user)
        return self.browsers[user.pk].get(self.path, asked)

    def seen(self, user: User) -> set[str]:
        answer = self.get(user)
        # Of a statement that was thrown away one request fails, and the next one prepares it again.
        assert answer.status_code == 200, "prepared statement" if answer.status_code == 503 else answer.status_code
        return {number for number in self.numbers if number in answer.content.decode()}

    def request(self, words: str) -> tuple[str, int]:
        self.shown = ("", 0)
        answer = self.get(self.me, words=words)
        return answer.content.decode() + self.shown[0], self.shown[1]


@pytest.fixture(params=["consumer", "enterprise", "authority"])
def attack(request: Any, world: World, postgres_server: Any, settings: Any) -> Iterator[Attack]:
    ours = [given.a_complaint(world, status=status) for status in (Status.NEGOTIATING, Status.REVIEW)]
    theirs = given.a_request(
        world, consumer_id=world.otto.pk, respondents=(RespondentRequest(enterprise_id=world.telecom.pk),)
    )
    others = handling.file([theirs, theirs], actor=actors.consumer(world.otto), now=WEDNESDAY)
    for case in others:
        forward = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=given.BECAUSE)
        given.step(case, forward, given.SYSTEM, WEDNESDAY)
    far = world.far_officer.authority.region_id
    Complaint.objects.filter(pk__in=[case.pk for case in others]).update(handling_region=far)
    me, victim, path = {
        "consumer": (world.chen, world.otto, "/cases/"),
        "enterprise": (world.ming, world.hua, "/enterprise/queue/"),
        "authority": (world.rui, world.far_officer.user, "/authority/cases/"),
    }[request.param]
    numbers = {case.number: case.pk for case in (*ours, *others)}
    with serving_pages(settings):
        one = Attack(me, victim, path, postgres_server.dsn(user="postgres", database=DATABASE), numbers)
        one.begin()
        yield one


#: One of each sort, with each run.
SOME = (
    *("set_config role portal_steps", "query_to_xml takes a role", "pg_sleep", "stacked set role portal_steps"),
    *("stacked role of the session", "stacked side and regions", "stacked settings of the session", "write a job"),
    *("write a decided export", "write a decided grade as the steps", "write two persons no more as the login"),
    *("stacked statement that tells by locks", "stacked block that goes on", "stacked temporary table"),
    "stacked statements forgotten",
)
ALL_OR_SOME = pytest.mark.parametrize(
    "tried", [pytest.param(tuple(PAYLOADS), marks=pytest.mark.full), SOME], ids=["all", "some"]
)


def outcome(attack: Attack, tried: tuple[str, ...]) -> str:
    results = {name: attack.payload(PAYLOADS[name]) for name in tried}
    saw = " | ".join(name for name, (foreign, _, _) in results.items() if foreign)
    wrote = " | ".join(name for name, (_, written, _) in results.items() if written)
    spoilt = " | ".join(f"{name}: {problem}" for name, (_, _, problem) in results.items() if problem)
    foreign = set().union(*(one for one, _, _ in results.values()))
    rows = sum(written for _, written, _ in results.values())
    print(f"{len(tried)} payloads on {attack.path}: {len(foreign)} rows of others seen, {rows} rows written")
    return f"saw: {saw}; wrote: {wrote}; spoilt: {spoilt}"


@ALL_OR_SOME
def test_no_payload_opens_a_row_of_others_or_writes_or_spoils_the_next_request(
    attack: Attack, tried: tuple[str, ...]
) -> None:
    assert outcome(attack, tried) == "saw: ; wrote: ; spoilt: "
    assert len(PAYLOADS) > 200


#: The module of each page, and what says who sees which case.
PAGES = {"/cases/": views, "/enterprise/queue/": queue, "/authority/cases/": cases}
WHO_WORKS_WHERE = (
    *("enterprises_staff", "enterprises_branch", "enterprises_enterprise", "enterprises_stationstaff"),
    *("authorities_officer", "authorities_authority", "authorities_region", "accounts_administrator"),
)


@ALL_OR_SOME
def test_nor_does_one_by_a_list_of_a_real_page_through_the_whole_portal(
    attack: Attack, tried: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, superuser_connection: Any
) -> None:
    page = PageAttack(attack.me, attack.victim, attack.path, attack.administrator, attack.numbers)
    monkeypatch.setattr(PAGES[attack.path], "render", page.show)
    page.begin()
    assert page.own <= set(page.numbers)
    page.request(where("true"))
    assert all(number in page.shown[0] for number in page.own), "the words get there and their rows are shown"
    before = rows_of_cases(superuser_connection)
    assert outcome(page, tried) == "saw: ; wrote: ; spoilt: "
    assert rows_of_cases(superuser_connection) == before


def rows_of_cases(superuser: Any) -> list[Any]:
    """A digest of each table of a case, and of who works where, as it is committed."""
    with superuser.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
            " and (relrowsecurity and not relname = any(%s) or relname = any(%s)) order by 1",
            # Sessions are written by each request.
            [list(columns.WITHHELD), list(WHO_WORKS_WHERE)],
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert set(WHO_WORKS_WHERE) < set(tables)
        results = []
        for table in tables:
            cursor.execute(f"select count(*), md5(string_agg(t::text, '' order by t::text)) from {table} t")
            results.append((table, *cursor.fetchone()))
        return results
