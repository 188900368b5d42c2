"""Pages read from a standby: the same rows for each caller, nothing written there, and the primary where it is away."""

import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from complaints.models import Complaint, Heartbeat
from complaints.procedure.workflow import Status
from database import roles, sessions, standby
from odr_portal.processes import embedded
from tests import PATIENCE, given
from tests.cast import World
from tests.complaints.pages.at_the_desk import signed_in
from tests.server import DATABASE
from tests.walls.conftest import seeing_as, serving_pages

pytestmark = pytest.mark.django_db(transaction=True)


class Standby:
    """A second server that follows the first."""

    def __init__(self, primary: embedded.ThrowAwayPostgres) -> None:
        self.primary, self.folder = primary, Path(tempfile.mkdtemp(prefix="odr-test-standby-"))
        embedded.give(self.folder, primary.user)
        programs = embedded.postgres_programs(primary.user, primary.folder)
        who: dict[str, Any] = {"cwd": "/", **embedded.as_user(primary.user)}
        copying = ["-h", primary.folder, "-U", "postgres", "-D", self.folder / "data", "-R", "-c", "fast", "--no-sync"]
        subprocess.run([programs / "pg_basebackup", *copying], check=True, **who)
        options = {
            "unix_socket_directories": self.folder,
            "listen_addresses": "",
            "max_connections": 60,
            "fsync": "off",
        }
        command = [programs / "postgres", "-D", self.folder / "data", *(f"-c{key}={options[key]}" for key in options)]
        how: dict[str, Any] = {"stdout": subprocess.DEVNULL, "preexec_fn": embedded.end_with_parent, **who}
        self.process = subprocess.Popen(command, stderr=(self.folder / "log").open("wb"), **how)
        self.address = f"postgresql://postgres@/{DATABASE}?host={self.folder}"
        embedded.wait_for_postgres(self.address, self.process, self.folder / "log")

    def follows(self) -> None:
        """Until it has all that stands on the first."""
        first = self.primary.dsn(user="postgres", database=DATABASE)
        with closing(psycopg2.connect(first)) as line, line.cursor() as cursor:
            cursor.execute("select pg_current_wal_insert_lsn()::text")
            (there,) = cursor.fetchone()
        end = time.monotonic() + PATIENCE
        with closing(psycopg2.connect(self.address)) as line, line.cursor() as cursor:
            while True:
                cursor.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", [there])
                if cursor.fetchone()[0]:
                    return
                assert time.monotonic() < end
                line.rollback()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)


@pytest.fixture
def second(
    postgres_server: embedded.ThrowAwayPostgres, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Standby]:
    server = Standby(postgres_server)
    monkeypatch.setattr(standby, "_own", threading.local())
    monkeypatch.setattr(standby, "_left_alone_until", 0.0)
    settings.DATABASE_REPLICA = {"HOST": str(server.folder), "USER": roles.WEB, "READS_ONLY": True}
    yield server
    if line := getattr(standby._own, "connection", None):
        line.close()
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


def shown(client: Client, path: str) -> tuple[bool, int, list[str]]:
    """Whether the standby was asked, the status, and the texts of the page without times of the day."""
    answer = client.get(path)
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    texts = [re.sub(r"\d{2}:\d{2}", "", text).strip() for text in re.split(r"<[^>]*>", main)]
    return answer.wsgi_request.is_from_standby, answer.status_code, [text for text in texts if text]


def test_each_caller_sees_there_what_they_see_here_and_nobody_nothing(
    world: World, second: Standby, settings: Any
) -> None:
    for status in (Status.FILED, Status.NEGOTIATING, Status.TRIAGE, Status.REVIEW):
        given.a_complaint(world, status=status)
    second.follows()

    def rows(who: Any) -> list[str]:
        with seeing_as(who):
            return list(Complaint.objects.order_by("pk").values_list("number", flat=True))

    people = (None, world.chen, world.otto, world.ming, world.rui)
    with serving_pages(settings):
        here = [rows(who) for who in people]
        with standby.standing_in():
            with connection.cursor() as cursor:
                cursor.execute("select pg_is_in_recovery()")
                assert cursor.fetchone() == (True,)
            assert [rows(who) for who in people] == here
            with pytest.raises(DatabaseError, match="read-only"):
                Heartbeat.objects.create(name="there", at=timezone.now())
    assert here[0] == []
    assert len({tuple(one) for one in here}) > 2


def test_a_primary_that_became_a_standby_is_away_and_no_error_of_the_portal(second: Standby, settings: Any) -> None:
    """A pooler's line may lead there for a moment; what is asked for then is tried again."""
    line = connection.copy()
    line.settings_dict |= {"HOST": str(second.folder), "USER": roles.WEB}
    with closing(line):
        line.ensure_connection()
        line.set_autocommit(False)
        settings.DATABASE_POOLED = True
        with pytest.raises(OperationalError, match="only reads"):
            sessions.begin(line)
        settings.DATABASE_POOLED = False


def test_an_officer_and_the_public_read_there_and_whoever_changed_something_here(
    world: World, second: Standby, settings: Any
) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    officer = signed_in(world.rui)
    second.follows()
    replica = settings.DATABASE_REPLICA
    for client, path in ((officer, "/oversight/"), (Client(), "/open/")):
        from_standby = shown(client, path)
        settings.DATABASE_REPLICA = {}
        from_primary = shown(client, path)
        settings.DATABASE_REPLICA = replica
        assert from_standby[:2] == (True, 200)
        assert from_primary == (False, *from_standby[1:])
    assert shown(officer, "/authority/cases/")[0] is False
    officer.post("/oversight/views/", {})
    assert shown(officer, "/oversight/")[:2] == (False, 200)


def test_where_it_is_away_the_primary_answers_and_it_is_left_alone_for_a_while(
    world: World, second: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = signed_in(world.rui)
    # The first answer, which nobody sees, failed.
    officer.raise_request_exception = False
    second.follows()
    second.stop()
    assert shown(officer, "/oversight/")[:2] == (False, 200)
    assert standby._left_alone_until > time.monotonic()
    assert shown(officer, "/oversight/")[:2] == (False, 200)
