"""What needs no answer waits for the next statement: none of it is lost, and none takes effect outside of its block."""

from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from complaints.models import Heartbeat
from odr_portal.processes import embedded

pytestmark = pytest.mark.django_db(transaction=True)


def beats() -> set[str]:
    return set(Heartbeat.objects.values_list("name", flat=True))


def beat(name: str) -> None:
    Heartbeat.objects.create(name=name, at=timezone.now())


def asked(words: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(words)
        return str(cursor.fetchone()[0])


def _by_name() -> str:
    with connection.chunked_cursor() as cursor:
        cursor.execute("select current_setting('application_name')")
        return str(cursor.fetchone()[0])


def _many() -> str:
    with connection.cursor() as cursor:
        cursor.executemany("insert into complaints_heartbeat values (%s, now())", [["one"], ["two"]])
    return asked("show application_name")


def _copied() -> str:
    with connection.cursor() as cursor, open("/dev/null", "w") as nowhere:
        cursor.copy_expert("copy (select 1) to stdout", nowhere)
    return asked("show application_name")


@pytest.mark.parametrize("ask", [lambda: asked("show application_name"), _by_name, _many, _copied])
def test_what_waits_is_said_before_whatever_comes_next(ask: Callable[[], str]) -> None:
    with transaction.atomic():
        beat("before")
        connection.say_with_next("set local application_name to 'somebody'")  # type: ignore[attr-defined]
        assert ask() == "somebody"
    assert asked("show application_name") != "somebody"


def test_words_that_cannot_be_written_take_nothing_along() -> None:
    with transaction.atomic():
        beat("before")
        connection.say_with_next("set local application_name to 'somebody'")  # type: ignore[attr-defined]
        with connection.cursor() as cursor, pytest.raises(ValueError, match="NUL"):
            cursor.execute("select %s", ["\0"])
        assert asked("show application_name") == "somebody"


def test_after_words_that_the_server_cannot_read_the_block_is_still_one() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor, suppress(DatabaseError):
            cursor.execute("selec 1")
        with suppress(DatabaseError):
            beat("gone")
        transaction.set_rollback(True)
    assert beats() == set()


def test_blocks_within_blocks_keep_and_take_back_what_was_done_in_them() -> None:
    with transaction.atomic():
        with transaction.atomic():
            beat("kept")
        with transaction.atomic():
            transaction.set_rollback(True)
        with transaction.atomic():
            with transaction.atomic():
                beat("gone with the one around")
            with pytest.raises(DatabaseError), transaction.atomic():
                beat("kept")
            with transaction.atomic():
                beat("gone")
                transaction.set_rollback(True)
            beat("gone too")
            transaction.set_rollback(True)
        with transaction.atomic(), transaction.atomic():
            beat("kept as well")
    assert beats() == {"kept", "kept as well"}
    with transaction.atomic():
        with transaction.atomic():
            beat("never")
        transaction.set_rollback(True)
    with transaction.atomic():
        pass
    assert beats() == {"kept", "kept as well"}


def ended(session: str, postgres_server: embedded.ThrowAwayPostgres) -> None:
    """It waits until the session has ended."""
    address = postgres_server.dsn(user="postgres", database="postgres")
    with closing(psycopg2.connect(address)) as line, line.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 10000)", [session])


def test_a_session_that_the_server_ended_between_two_requests_is_begun_anew(
    postgres_server: embedded.ThrowAwayPostgres,
) -> None:
    first = asked("select pg_backend_pid()")
    connection.close_if_unusable_or_obsolete()
    assert asked("select pg_backend_pid()") == first
    ended(first, postgres_server)
    # As Django does between two requests.
    wrapper: Any = connection
    wrapper.health_check_enabled, wrapper.health_check_done = True, False
    assert asked("select pg_backend_pid()") != first


@pytest.mark.parametrize("is_within", [False, True])
def test_after_a_session_that_the_server_ended_during_a_request_the_next_one_goes_on(
    postgres_server: embedded.ThrowAwayPostgres, is_within: bool
) -> None:
    first = asked("select pg_backend_pid()")
    with suppress(DatabaseError), transaction.atomic() if is_within else nullcontext():
        ended(first, postgres_server)
        beat("never")
    connection.close_if_unusable_or_obsolete()
    assert asked("select pg_backend_pid()") != first
    assert beats() == set()
