"""Behind a pooler that lends a session for one transaction each sees theirs, and nothing is left for the next."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Status
from database import roles
from odr_portal.processes import embedded
from tests import ROOT, given
from tests.cast import World
from tests.pooler import Pooler, pooled
from tests.server import DATABASE
from tests.walls.conftest import seeing_as

SECONDS, PROCESSES, SESSIONS = 5, 2, 3
_CLIENT = ("-m", "tests.walls.pooled_client")


@pytest.fixture
def pooler(postgres_server: embedded.ThrowAwayPostgres) -> Iterator[Pooler]:
    socket = postgres_server.folder / ".s.PGSQL.5432"
    with pooled(socket, user=roles.WEB, database=DATABASE, sessions=SESSIONS) as one:
        yield one


def _starts(pooler: Pooler, *words: str, program: Sequence[str] = _CLIENT) -> "subprocess.Popen[str]":
    variables = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{roles.WEB}@127.0.0.1:{pooler.port}/{DATABASE}",
        "DATABASE_POOLED": "yes",
        "SITE_URL": "https://portal.example.org",
    }
    how: dict[str, Any] = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT}
    return subprocess.Popen([sys.executable, *program, *words], env=variables, **how)


def _seen(user: User) -> list[list[Any]]:
    with seeing_as(user):
        cases = list(Complaint.objects.order_by("pk").values_list("number", flat=True))
        return [cases, [HandlingStep.objects.filter(complaint__number=number).count() for number in cases]]


@pytest.mark.django_db(transaction=True)
def test_two_processes_with_four_threads_behind_three_sessions_see_what_each_person_sees(
    world: World, pooler: Pooler, tmp_path: Path
) -> None:
    for status in (Status.FILED, Status.NEGOTIATING, Status.TRIAGE, Status.REVIEW):
        given.a_complaint(world, status=status)
    people = {str(user.pk): _seen(user) for user in (world.chen, world.otto, world.ming, world.rui)}
    assert len({json.dumps(seen) for seen in people.values()}) > 2, "they do not see the same"
    file = tmp_path / "people.json"
    file.write_text(json.dumps(people))
    processes = [_starts(pooler, str(file), str(SECONDS)) for _ in range(PROCESSES)]
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, told
    results = [json.loads(out) for out, _ in told]
    assert [(one.get("wrong", 0), one["errors"]) for one in results] == [(0, {})] * PROCESSES
    assert all(one["right"] > 20 for one in results), results


_BEGINS = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "odr_portal.settings"
import django
django.setup()
from django.utils import timezone
"""
_SWEEPS = """
from complaints.handling.transition.writing import open_files
from complaints.parties.conditions import Conditions
from django.db import transaction
now = timezone.now()
conditions = Conditions.at(now)
with transaction.atomic():
    # As each sweep begins: the rows, locked, with the first statement of the transaction.
    print(len(open_files(list(map(int, sys.argv[1:])), now=now, conditions=conditions, skip_locked=True)))
"""


@pytest.mark.django_db(transaction=True)
def test_a_sweep_opens_its_cases_with_the_first_statement_of_a_session(world: World, pooler: Pooler) -> None:
    cases = [given.a_complaint(world, status=Status.NEGOTIATING).pk for _ in range(2)]
    process = _starts(pooler, program=["-c", _BEGINS + _SWEEPS, *map(str, cases)])
    out, error = process.communicate(timeout=120)
    assert (process.returncode, out.strip()) == (0, "2"), error[-2000:]


_VERIFIES = """
from complaints.record.verification import verify
report = verify()
print(report.cases, report.findings)
"""


@pytest.mark.django_db(transaction=True)
def test_the_record_is_verified_from_one_state(world: World, pooler: Pooler) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    out, error = _starts(pooler, program=["-c", _BEGINS + _VERIFIES]).communicate(timeout=120)
    assert out.startswith("1 "), error[-2000:]


_LIMITS = """
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from database.row_security import RequestTransaction

def said():
    with connection.cursor() as cursor:
        names = list(settings.DATABASE_SAYS)
        cursor.execute("select lower(name), setting from pg_settings where lower(name) = any(%s)", [names])
        return dict(cursor.fetchall()) == settings.DATABASE_SAYS

request = RequestFactory().get("/")
request.user = AnonymousUser()
before = said()
current = RequestTransaction(request)
current.begin()
within = said()
current.end()
print(len(settings.DATABASE_SAYS), before, within, said(), said())
"""


@pytest.mark.django_db(transaction=True)
def test_the_limits_stand_before_a_request_in_its_transaction_and_after_it(pooler: Pooler) -> None:
    out, error = _starts(pooler, program=["-c", _BEGINS + _LIMITS]).communicate(timeout=120)
    assert out.split() == ["8", *["True"] * 4], error[-2000:]


_PAGES = """
from django.conf import settings
from django.db import connection
from django.test import Client
from database.backend.base import DatabaseWrapper

# No static files were collected here.
settings.DEBUG = True
ended, commit = [], DatabaseWrapper._commit
DatabaseWrapper._commit = lambda self: ended.append(commit(self))
for given in sys.argv[1:]:
    path, key = given.split("=")
    browser = Client(SERVER_NAME="portal.example.org")
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    # At first it reads what a process keeps, and prepares what it asks in each session.
    for _ in range(5):
        ended.clear()
        # As between two requests.
        connection.close_if_unusable_or_obsolete()
        answer = browser.get(path, secure=True)
    print(answer.status_code, len(ended))
"""


@pytest.mark.django_db(transaction=True)
def test_who_calls_whether_they_may_and_the_page_are_one_transaction(world: World, pooler: Pooler) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    asked = []
    for user, path in ((world.ming, "/enterprise/queue/"), (world.rui, "/authority/cases/"), (world.chen, "/cases/")):
        browser = Client()
        browser.force_login(user)
        asked.append(f"{path}={browser.cookies[settings.SESSION_COOKIE_NAME].value}")
    out, error = _starts(pooler, program=["-c", _BEGINS + _PAGES, *asked]).communicate(timeout=120)
    assert out.splitlines() == ["200 1"] * 3, error[-2000:]
    # Begin with what makes the session fresh, the browser's session and its person; who calls, with the first that the
    # page reads; all else that it reads; commit.
    assert pooler.asked[-2:] == [1 + 1 + 4 + 1] * 2
