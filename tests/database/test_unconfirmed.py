"""With synchronous replication a commit that no second host confirmed is none: the server calls it a success."""

import time
from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from complaints.models import Heartbeat
from database import sessions
from odr_portal.processes import embedded
from tests.cast import World

_WAITING = "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'"


def _overdue() -> None:
    sessions.cancel_overdue(time.monotonic() + sessions.LONGEST_COMMIT)


@pytest.fixture(params=["cancelled"])
def no_second_host(postgres_server: embedded.ThrowAwayPostgres, request: Any) -> Iterator[None]:
    """It never answers; whoever waits for it is cancelled, or left by the worker of the web server."""
    begun, over = Event(), Event()
    address = postgres_server.dsn(user="postgres", database="postgres")
    with closing(psycopg2.connect(address)) as line, closing(psycopg2.connect(address)) as other:
        line.autocommit = other.autocommit = True

        def says(statement: str, line: Any = line) -> None:
            with line.cursor() as cursor:
                cursor.execute(statement)

        def cancels() -> None:
            while not over.wait(0.1):
                says(_WAITING) if request.param == "cancelled" or not begun.is_set() else _overdue()

        says("alter system set synchronous_standby_names = 'a_second_host'")
        says("select pg_reload_conf()")
        canceller = Thread(target=cancels)
        canceller.start()
        # The checkpointer tells all others, when it has read it: from the first commit on that had to wait.
        while not other.notices:
            says("set synchronous_commit = 'on'; select pg_logical_emit_message(true, '', '')", other)
        begun.set()
        yield
        over.set()
        canceller.join()
        says("alter system reset synchronous_standby_names")
        says("select pg_reload_conf()")
    connection.close()


def waits(for_it: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set synchronous_commit = '{for_it}'")


@pytest.mark.django_db(transaction=True)
def test_a_commit_that_nobody_confirmed_is_refused_and_the_next_one_is_judged_by_itself(no_second_host: None) -> None:
    waits("on")
    with pytest.raises(OperationalError, match="not confirmed by a second host"), transaction.atomic():
        Heartbeat.objects.create(name="first", at=timezone.now())
    waits("local")
    with transaction.atomic():
        Heartbeat.objects.create(name="second", at=timezone.now())
    assert set(Heartbeat.objects.values_list("name", flat=True)) >= {"first", "second"}


@pytest.mark.django_db(transaction=True)
def test_a_statement_of_before_that_nobody_confirmed_says_nothing_about_this_commit(no_second_host: None) -> None:
    waits("on")
    with connection.cursor() as cursor:
        cursor.execute("insert into complaints_heartbeat (name, at) values ('alone', now())")
    waits("local")
    with transaction.atomic():
        Heartbeat.objects.create(name="after", at=timezone.now())
    assert Heartbeat.objects.filter(name="after").exists()


@pytest.mark.parametrize("no_second_host", ["cancelled", "left"], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_a_page_that_wrote_is_answered_by_an_outage(world: World, no_second_host: None, client: Client) -> None:
    waits("on")
    client.raise_request_exception = False
    answer = client.post("/account/sign-in/", {"address": "19900000001"})
    assert answer.status_code == 503
