"""Words signed for the database: each holds for what it says, in the session it was signed for; limits from outside."""

import time
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django.test import Client, override_settings
from gunicorn.workers.gthread import ThreadWorker
from psycopg2.sql import SQL, Literal

from accounts.models import BrowserSession, User
from accounts.sign_in.backend import PortalBackend
from complaints.procedure.workflow import Status
from database import request_words, rights, roles, row_security, sessions
from database.row_security import working_as_steps
from odr_portal.processes.web_worker import PatientWorker
from tests import given
from tests.cast import World
from tests.server import DATABASE
from tests.walls.conftest import ask, seeing_as, serving_pages

pytestmark = pytest.mark.django_db

_BEGIN = "select begin_request(%s, %s)"


def _word(kind: str, *parts: str) -> tuple[str, str]:
    with connection.cursor() as cursor:
        return request_words.signed(cursor, kind, *parts)


def test_a_word_that_was_changed_or_is_of_another_kind_key_or_session_is_refused(world: World) -> None:
    said, mac = _word("request", str(world.otto.pk), "0", "20261111")
    name, number, kind, *parts = said.split("|")
    with override_settings(SECRET_KEY="another-key-of-somebody-who-is-not-this-portal"):
        others = _word("request", *parts)
    odd = {
        "another person": ("|".join((name, number, kind, str(world.chen.pk), *parts[1:])), mac),
        "another session": ("|".join((name, str(int(number) + 1), kind, *parts)), mac),
        "another kind": _word("shown", *parts),
        "another key": others,
        "no such key": (said.replace(name, "0" * 16), mac),
        "no MAC": (said, ""),
        "MAC of other letters": (said, mac.upper()),
        "MAC that is none": (said, "z" * 64),
        "nothing": (None, None),
    }
    for words in odd.values():
        with pytest.raises(OperationalError, match="not signed"), transaction.atomic():
            ask(_BEGIN, *words)
    for function, arguments in (("show_secret", "%s, %s"), ("work_as_steps", "%s, %s, true")):
        with pytest.raises(OperationalError, match="not signed"), transaction.atomic():
            ask(f"select {function}({arguments})", said, mac)
    assert ask(_BEGIN, said, mac) == [(roles.CONSUMER,)]


def test_the_database_looks_up_itself_who_works_whatever_the_portal_expects(world: World) -> None:
    """Of somebody without work the portal knows the role, and does not wait for the answer. Where that was wrong, the
    role that it expected sees no case."""
    given.a_complaint(world, status=Status.NEGOTIATING)
    for user, has_work, role in (
        (world.chen, False, roles.CONSUMER),
        (world.ming, True, roles.ENTERPRISE),
        # Hired since that person was read.
        (world.ming, False, roles.ENTERPRISE),
    ):
        user.has_work = has_work  # type: ignore[attr-defined]
        with seeing_as(user):
            assert ask("select current_user, current_setting('role')") == [(role, role)]
            assert ask("select count(*) from complaints_complaint") == [(1,)]
            with working_as_steps():
                pass
            is_expected = has_work == (role == roles.ENTERPRISE)
            assert ask("select count(*) from complaints_complaint") == [(int(is_expected),)]


CLOSED_CALLS = """set_config('a.b', 'c', true); current_query(); pg_sleep(0); pg_notify('a', 'b'); pg_cancel_backend(0);
pg_terminate_backend(0); pg_advisory_lock(1); pg_try_advisory_lock_shared(1, 2); lo_creat(-1); lo_get(1); loread(1, 1);
query_to_xml('select 1', true, true, ''); database_to_xml(true, true, ''); ts_stat('select null::tsvector');
pg_stat_get_activity(null); pg_prepared_statement(); pg_cursor(); pg_lock_status(); pg_export_snapshot();
pg_logical_emit_message(false, 'a', 'b'); pg_read_file('a'); pg_ls_dir('.'); lo_import('a')"""


def test_callers_are_refused_functions_that_do_more_than_read(db: None) -> None:
    for call in CLOSED_CALLS.split(";"):
        for role in roles.CALLERS:
            with pytest.raises(DatabaseError, match="permission denied for function"), transaction.atomic():
                ask(f"set local role {role}; select {call.strip()}")
    for attempt in ("create temporary table a (b int)", "do $$ begin end $$"):
        for role in (*roles.CALLERS, roles.STEPS, "none"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                ask(f"set local role {role}; {attempt}")


@pytest.mark.django_db(transaction=True)
def test_T06_a_session_is_given_for_its_digest_alone_while_it_lasts_and_to_no_caller(
    world: World, postgres_server: Any
) -> None:
    for person in (world.chen, world.otto):
        browser = Client()
        browser.force_login(person)
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    row = BrowserSession.objects.get(user=world.otto)
    before = row.expire_date - timedelta(seconds=1)
    asked = "select (person).id, (session).session_key from person_of_session(%s, %s)"
    with psycopg2.connect(postgres_server.dsn(user=roles.WEB, database=DATABASE)) as bare, bare.cursor() as cursor:
        odd = (cookie, before), ("", before), (row.session_key, row.expire_date)
        found = [(world.otto.pk, row.session_key)]
        for values, rows in (((row.session_key, before), found), *((one, []) for one in odd)):
            cursor.execute(asked, values)
            assert cursor.fetchall() == rows
    bare.close()
    # What the row knows the browser by lets no other one in.
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert (browser.get("/cases/").status_code, other.get("/cases/").status_code) == (200, 302)
    for function in ("person_of_session", "kept_session"):
        for person in (world.otto, world.ming, world.rui):
            with seeing_as(person), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                ask(f"select * from {function}(%s, %s)", row.session_key, before)


def test_the_person_of_a_session_is_found_without_reading_everybody(world: World) -> None:
    User.objects.bulk_create([User(name="旁人", is_active=False) for _ in range(2000)])
    read = "select seq_tup_read from pg_stat_xact_user_tables where relname = 'accounts_user'"
    for person in (world.chen, world.ming, world.rui):
        browser = Client()
        browser.force_login(person)
        ask("analyze accounts_user")
        ((before,),) = ask(read)
        assert browser.get("/account/").status_code == 200
        ((after,),) = ask(read)
        assert after - before < 1000


def test_nobody_who_serves_reads_the_keys_or_asks_what_they_sign(world: World) -> None:
    for attempt in ("select id from request_key", "insert into request_key values ('x', '', '')"):
        for role in (*roles.CALLERS, roles.STEPS):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                ask(f"set local role {role}; {attempt}")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ask("select is_signed('a', 'b', 'c')")


@pytest.mark.django_db(transaction=True)
def test_the_owner_lays_the_keys_of_this_portal_and_takes_out_any_other(postgres_server: Any) -> None:
    before, after = settings.SECRET_KEY, "the-key-that-follows-and-is-long-enough"
    with psycopg2.connect(postgres_server.dsn(user=roles.OWNER, database=DATABASE)) as owner, owner.cursor() as cursor:

        def laid(**keys: Any) -> set[str]:
            with override_settings(**keys):
                request_words.lay(owner)
            cursor.execute("select id from request_key")
            return {name for (name,) in cursor.fetchall()}

        one = laid(SECRET_KEY=before, SECRET_KEY_FALLBACKS=[])
        both = laid(SECRET_KEY=after, SECRET_KEY_FALLBACKS=[before])
        other = laid(SECRET_KEY=after, SECRET_KEY_FALLBACKS=[])
        assert (len(one), len(both), one | other, one & other) == (1, 2, both, set())
        owner.rollback()
    owner.close()


def test_rights_that_are_wider_are_named_and_the_portal_does_not_serve_with_them(
    superuser_connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is given and named, and taken back."""
    assert rights.wider(connection, roles.WEB) == []
    for given_right, named in {
        "execute on function pg_catalog.pg_sleep(double precision) to public": "portal_web may call pg_sleep",
        f"temporary on database {DATABASE} to {roles.APP}": "portal_consumer may make temporary tables",
        "usage on language plpgsql to public": "portal_web may run blocks of plpgsql",
        f"set on parameter backtrace_functions to {roles.STEPS}": "portal_steps may set backtrace_functions",
        f"create on schema public to {roles.APP}": "portal_web may make objects in the schema public",
        f"pg_read_all_data to {roles.CONSUMER}": "portal_consumer may become pg_read_all_data",
    }.items():
        with superuser_connection.cursor() as cursor:
            cursor.execute(f"grant {given_right}")
            try:
                assert any(one.startswith(named) for one in rights.wider(connection, roles.WEB)), named
                monkeypatch.setattr(row_security, "_looked_at", [])
                with pytest.raises(row_security.ImproperlyConfigured, match=named), _options("-c role=none"):
                    row_security.begin_session(connection)
            finally:
                cursor.execute(f"revoke {given_right.replace(' to ', ' from ')}")
    assert rights.wider(connection, roles.WEB) == []
    with superuser_connection.cursor() as cursor:
        cursor.execute("alter table authorities_policy disable trigger only_steps_write")
        try:
            assert rights.wider(connection, roles.WEB) == ["whoever takes a role may write authorities_policy"]
        finally:
            cursor.execute("alter table authorities_policy enable trigger only_steps_write")


@contextmanager
def _options(words: str) -> Any:
    before = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = {"options": words}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "close", lambda: None)
        try:
            yield
        finally:
            connection.settings_dict["OPTIONS"] = before


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_lifts_its_own_limits_ends_all_the_same(world: World) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    told: list[str] = []

    def wastes() -> None:
        try:
            with seeing_as(world.chen):
                ask(
                    "set statement_timeout = 0; set transaction_timeout = 0;"
                    " select count(*) from generate_series(1, 1000000000000)"
                )
        except OperationalError as error:
            told.append(str(error))
        finally:
            connection.close()

    line = Thread(target=wastes)
    line.start()
    assert sessions.cancel_overdue(time.monotonic()) == 0
    while line.is_alive():
        sessions.cancel_overdue(time.monotonic() + settings.LONGEST_TRANSACTION)
        line.join(1)
    assert "canceling statement due to user request" in told[0]
    assert sessions.cancel_overdue(time.monotonic() + settings.LONGEST_TRANSACTION) == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_before_a_request_said_for_whom_it_works_ends_from_outside_too(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement that looks up who is signed in lifts its limits and wastes time; no transaction is open yet."""
    browser, answers = Client(raise_request_exception=False), list[int]()
    browser.force_login(world.chen)
    wastes = (
        "set statement_timeout = 0; set transaction_timeout = 0; select count(*) from generate_series(1, 1000000000000)"
    )

    def injected(self: Any, user: Any) -> None:
        ask(wastes)

    def requests() -> None:
        try:
            answers.append(browser.get("/account/").status_code)
        finally:
            connection.close()

    with serving_pages(settings):
        assert browser.get("/account/").status_code == 200
        monkeypatch.setattr(PortalBackend, "get_user", injected)
        line = Thread(target=requests)
        line.start()
        until = time.monotonic() + 20
        while line.is_alive() and time.monotonic() < until:
            sessions.cancel_overdue(time.monotonic() + settings.LONGEST_TRANSACTION)
            line.join(0.5)
        assert answers == [503]


@pytest.mark.django_db(transaction=True)
def test_whatever_is_asked_first_after_a_request_is_asked_in_a_fresh_session(world: World, settings: Any) -> None:
    """Also what cannot stand behind other words: a cursor with a name, a statement for many values, one that is put
    together."""

    def for_many() -> None:
        with connection.cursor() as cursor:
            cursor.executemany("select %s", [[1], [2]])

    with serving_pages(settings):
        for asks in (
            lambda: list(User.objects.order_by("pk").iterator(chunk_size=1)),
            for_many,
            lambda: ask(SQL("select {}").format(Literal(1))),  # type: ignore[arg-type]
            lambda: ask("select 1"),
        ):
            with seeing_as(world.chen):
                ask("set transform_null_equals = on")
            asks()
            assert ask("select current_setting('transform_null_equals')") == [("off",)]


def test_the_worker_of_the_web_server_looks_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[float] = []
    monkeypatch.setattr(ThreadWorker, "murder_pending", lambda self: None)
    monkeypatch.setattr(sessions, "cancel_overdue", looked.append)
    worker = object.__new__(PatientWorker)
    worker.waiting, worker.busy = {}, {}
    worker.murder_pending()
    assert len(looked) == 1
