"""What no caller reads: the list of the code, what the database grants, and one injected SELECT on a real page."""

from __future__ import annotations

import re
import uuid
from typing import Any

import psycopg2
import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, transaction
from django.db.models import BinaryField
from django.shortcuts import render
from django.test import Client

from accounts.keys import keyring
from accounts.keys.sealed_fields import BlindIndex, SealedText
from accounts.models import User
from accounts.sign_in import contacts
from complaints.models import Complaint
from complaints.pages.authority import cases
from complaints.pages.consumer import views
from complaints.pages.enterprise import queue
from complaints.parties import actors
from database import columns, rights, roles
from database.backend.compiler import Withheld
from database.row_security import working_as_steps
from tests import given
from tests.accounts.test_second_factor import give_password, set_up_app
from tests.api.conftest import Program, token_for
from tests.cast import WEDNESDAY, World
from tests.server import DATABASE
from tests.walls.conftest import ask, seeing_as, serving_pages
from tests.walls.payloads import PLANTED, column, stacked

pytestmark = pytest.mark.django_db

#: Digests, indexes and bytes that callers may read, table → columns, and why.
READ: dict[str, dict[str, str]] = {
    "keyed over the row itself: says whether the portal wrote it": {
        **dict.fromkeys(("accounts_user", "accounts_administrator", "accounts_secondfactor"), "tag"),
        **dict.fromkeys(("accounts_accountchange", "accounts_decisionpart", "authorities_officer"), "tag"),
        **dict.fromkeys(("enterprises_stationstaff", "enterprises_staff", "enterprises_apitoken"), "tag"),
        **dict.fromkeys(("complaints_evidence", "complaints_notice"), "tag"),
    },
    "keyed: without a key of the portal nobody can tell of what; each page that counts tries asks for it": {
        "accounts_countedtry": "who_digest",
        "complaints_trackingtry": "browser_digest address_digest",
    },
    "row security: those of a case, a draft or a link that the caller sees, of something random": {
        "complaints_complaint": "tracking_digest",
        "complaints_participant": "token_digest",
        "complaints_answerlink": "token_digest",
        "complaints_filingdraft": "key_digest",
    },
    "row security: blind indexes of the people of a case that the caller sees, found by it": {
        "complaints_persondigest": "digest"
    },
    "names a form that was sent or a line of a file: opens nothing": {
        "accounts_idempotencykey": "key",
        "complaints_roundtriprow": "key",
        "complaints_webhookdelivery": "event_key",
        "oversight_oversightview": "key",
    },
    "of what stands beside it, was handed out or is published": {
        "authorities_calendarversion": "digest",
        "enterprises_enrolmententry": "digest",
        "enterprises_leagueset": "digest",
        "complaints_callbackmonth": "population_digest",
        "complaints_export": "file_digest",
        "complaints_platformfile": "digest",
        "complaints_roundtrip": "digest",
        "complaints_upload": "digests",
        "complaints_documentversion": "digest",
        "routing_ruletrial": "digest",
        "oversight_datafile": "content",
        "oversight_monthlyreport": "printed",
    },
    "the record: its chains, tags and seals, and salted digests of what was said": {
        "complaints_complaint": "last_hash",
        "complaints_handlingstep": "state previous_hash hash tag",
        "complaints_houseentry": "previous_hash hash tag",
        "complaints_personaltext": "digest",
        "complaints_recordedname": "mark digest",
        "complaints_sealedhead": "hash",
        "complaints_seal": "previous_root heads_root root signature public_key",
        "complaints_tile": "digests",
        "complaints_checkpoint": "root stamp",
    },
}
_SECRET = re.compile(r"digest|hash|password|wrapped|secret|credential|token|(^|_)key$|_index$")
#: Ids of people: what closes their texts stands elsewhere.
_PERSONS = {"person_key", "consumer_key", "opened_by_key"}

PAIRS = [(table, name) for table, names in columns.WITHHELD.items() for name in names]


def test_T06_each_digest_index_or_key_is_withheld_or_says_why_it_may_be_read() -> None:
    seen: set[tuple[str, str]] = set()
    for model in apps.get_models():
        seen |= {
            (model._meta.db_table, field.column)
            for field in model._meta.concrete_fields
            if (isinstance(field, BlindIndex | BinaryField) or _SECRET.search(field.column))
            and not isinstance(field, SealedText)
            and field.column not in _PERSONS
        }
    read = [(table, name) for tables in READ.values() for table, names in tables.items() for name in names.split()]
    assert len(read) == len(set(read))
    assert not set(read) & set(PAIRS)
    assert sorted(seen) == sorted({*read, *((table, name) for table, name in PAIRS if (table, name) in seen)})
    # Withheld are columns that there are.
    columns_there = {(one._meta.db_table, field.column) for one in apps.get_models() for field in one._meta.fields}
    assert set(PAIRS) <= columns_there


def test_T06_callers_are_granted_every_other_column_and_none_of_these() -> None:
    """Nor does the login that serves pages."""
    for table, withheld in columns.WITHHELD.items():
        rows = ask(
            "select attname, role, has_column_privilege(role, attrelid, attnum, 'select') from pg_attribute,"
            " unnest(%s::text[]) role where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            [*roles.CALLERS, roles.WEB, roles.STEPS],
            f"public.{table}",
        )
        assert {name for name, *_ in rows} > set(withheld), table
        wrong = [row for row in rows if row[2] is not (row[1] == roles.STEPS or row[0] not in withheld)]
        assert wrong == [], table


#: Who calls, where, and the module of that page.
PAGES = {
    "consumer": ("chen", "/cases/", views),
    "enterprise": ("ming", "/enterprise/queue/", queue),
    "authority": ("rui", "/authority/cases/", cases),
}


@pytest.mark.parametrize("side", PAGES)
def test_T06_one_injected_select_on_a_real_page_reads_none_of_them(
    world: World, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, path, module = PAGES[side]
    given.a_complaint(world)
    told: dict[str, str] = {}

    def attempt(words: str) -> str:
        try:
            with transaction.atomic():
                return repr(ask(PLANTED.replace("{words}", words)))
        except DatabaseError as error:
            return str(error).splitlines()[0]

    def show(request: Any, *args: Any, **options: Any) -> Any:
        """In place of ``render`` in the module of the page: a list of it has a hole, and somebody's words get in."""
        for table, name in PAIRS:
            told[f"{table}.{name}"] = attempt(column(f"select string_agg(t.{name}::text, ' ') from {table} t"))
        told["row"] = attempt(column("select string_agg(t::text, ' ') from accounts_user t"))
        told["beside"] = attempt(column("select string_agg(t.language, ' ') from accounts_user t"))
        return render(request, *args, **options)

    monkeypatch.setattr(module, "render", show)
    browser = Client()
    browser.force_login(getattr(world, who))
    assert browser.get(path).status_code == 200
    assert "zh-hans" in told.pop("beside"), "the words get there"
    assert {name: words for name, words in told.items() if not words.startswith("permission denied for table ")} == {}
    assert len(told) == len(PAIRS) + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("side", PAGES)
def test_T06_nor_does_a_stacked_one_that_takes_another_role_or_ends_the_transaction(
    world: World, side: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    who, path, module = PAGES[side]
    given.a_complaint(world)
    browser = Client(raise_request_exception=False)
    browser.force_login(getattr(world, who))
    every = ", ".join(f"(select string_agg(t.{name}::text, ' ') from {table} t)" for table, name in PAIRS)
    told: list[str] = []
    words = ""

    def show(request: Any, *args: Any, **options: Any) -> Any:
        if words:
            try:
                told.append(repr(ask(PLANTED.replace("{words}", words))))
            except DatabaseError as error:
                told.append(str(error).splitlines()[0])
                raise
        return render(request, *args, **options)

    monkeypatch.setattr(module, "render", show)
    with serving_pages(settings):
        for first in ("", "commit; "):
            for role in ("none", roles.STEPS, *roles.CALLERS):
                words = stacked(f"{first}set role {role}; select concat_ws(' ', {every})")
                browser.get(path)
                expected = "[('',)]" if role == roles.STEPS else "permission denied for table"
                assert told.pop().startswith(expected), words
        words = ""
        assert browser.get(path).status_code == 200, "the next request is served as ever"
    assert User.objects.exclude(password="").exists()
    assert ask("select count(*) > 0 from accounts_personkey where wrapped <> ''") == [(True,)]


@pytest.mark.django_db(transaction=True)
def test_people_and_programs_get_in_and_out_by_a_login_that_reads_no_account(
    world: World, settings: Any, postgres_server: Any
) -> None:
    """Whose session or token it is, is asked before a request is told, and sessions are written after it."""
    with serving_pages(settings), time_machine.travel(WEDNESDAY, tick=False):
        browser = Client()
        give_password(browser)
        set_up_app(browser, now=WEDNESDAY)
        assert browser.get("/account/").status_code == 200
        program = Program(token_for(world.chen, world=world).secret)
        assert program.get("/me/").status_code == 200
        assert browser.post("/account/sign-out/").status_code == 302
        assert browser.get("/account/").status_code == 302
        assert program.get("/me/").status_code == 200
    with psycopg2.connect(postgres_server.dsn(user=roles.WEB, database=DATABASE)) as bare, bare.cursor() as cursor:
        for table in columns.WITHHELD:
            cursor.execute(f"select count(*) from {table}")
            assert cursor.fetchone() == (0,), table
    bare.close()


def test_keys_of_people_are_given_for_a_signed_word_alone_and_a_restricted_one_to_no_caller(world: World) -> None:
    keys, names = [world.chen.person_key, world.otto.person_key], [str(world.chen.person_key)]
    keyring.restrict([world.otto.person_key], until=WEDNESDAY, now=WEDNESDAY)
    assert keyring.secrets_of(keys, hold=False).keys() == set(keys)
    keyring.forget()
    with seeing_as(world.ming):
        assert keyring.secrets_of(keys, hold=False).keys() == {world.chen.person_key}
        assert keyring.secrets_of([world.otto.person_key], make=True, hold=False) == {}
        new = uuid.uuid4()
        assert keyring.secrets_of([new], make=True).keys() == {new}
        for word in (("", ""), ("a|b|keys", "0" * 64)):
            with pytest.raises(DatabaseError, match="not signed for this database"), transaction.atomic():
                ask("select * from keys_of(%s, %s, %s::uuid[])", *word, names)
    keyring.forget()


def test_T06_the_portal_does_not_serve_where_a_caller_may_read_one(superuser_connection: Any) -> None:
    with superuser_connection.cursor() as cursor:
        assert rights.wider(superuser_connection, roles.WEB) == []
        cursor.execute("grant select (password) on accounts_user to portal_app")
        assert rights.wider(superuser_connection, roles.WEB) == [
            f"{role} may read password of accounts_user" for role in sorted([roles.WEB, *roles.CALLERS])
        ]
        cursor.execute("alter table accounts_signincode disable row level security")
        assert "whoever takes a role may read accounts_signincode" in rights.wider(superuser_connection, roles.WEB)
        cursor.execute("alter table accounts_signincode enable row level security")
        # What is done after each migrate.
        columns.grant(superuser_connection)
        assert rights.wider(superuser_connection, roles.WEB) == []
    superuser_connection.rollback()


def test_a_row_read_for_a_caller_comes_without_them_and_is_saved_without_them(world: World) -> None:
    before = User.objects.get(pk=world.otto.pk)
    with seeing_as(world.ming):
        user = User.objects.get(pk=world.otto.pk)
        assert user.get_deferred_fields() == set(columns.of("accounts_user"))
        for read in (lambda: user.password, lambda: user.email_index, lambda: list(User.objects.only("password"))):
            with pytest.raises(Withheld, match="withheld from callers"):
                read()
        user.language = "en"
        user.save(update_fields=["language"])
        user.refresh_from_db()
        assert user.get_deferred_fields() == set(columns.of("accounts_user"))
        with working_as_steps():
            assert user.password == before.password
        with pytest.raises(Withheld):
            _ = User.objects.in_bulk([world.otto.pk])[world.otto.pk].own_phone_index
    whole = User.objects.get(pk=world.otto.pk)
    assert (whole.language, whole.get_deferred_fields()) == ("en", set())
    assert {name: getattr(whole, name) for name in columns.of("accounts_user")} == {
        name: getattr(before, name) for name in columns.of("accounts_user")
    }


def test_what_comes_with_a_row_comes_without_them_too_and_a_kept_statement_is_another_for_a_caller(
    world: World,
) -> None:
    case = given.a_complaint(world)
    for _turn in range(2):
        with seeing_as(world.chen):
            row = Complaint.objects.select_related("consumer").get(pk=case.pk)
            assert row.consumer.get_deferred_fields() == set(columns.of("accounts_user"))
            fetched = Complaint.objects.prefetch_related("consumer").get(pk=case.pk)
            assert fetched.consumer.get_deferred_fields() == set(columns.of("accounts_user"))
        assert Complaint.objects.select_related("consumer").get(pk=case.pk).consumer.get_deferred_fields() == set()


def test_who_acts_and_whose_address_it_is_are_known_all_the_same(world: World) -> None:
    with seeing_as(world.ming, path="/enterprise/queue/"):
        job = actors.jobs_of(world.ming, on=WEDNESDAY.date())[0]
        assert actors.staff_member(job).phone == bytes(world.ming.own_phone_index or b"")
        contact = contacts.parse_contact(world.otto.email or world.otto.phone or "")
        assert contact is not None
        assert contacts.known_user(contact) == world.otto
