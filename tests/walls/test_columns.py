"""What no caller reads: the list of the code, what the database grants, and one injected SELECT on a real page."""

from __future__ import annotations

import re
import uuid
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, transaction
from django.db.models import BinaryField
from django.shortcuts import render
from django.test import Client

from accounts.keys import keyring
from accounts.keys.sealed_fields import BlindIndex, SealedText
from accounts.models import CountedTry, User
from accounts.sign_in import contacts
from accounts.sign_in.limits import Limit, count, counted, waits_until
from complaints.models import Complaint, PersonDigest
from complaints.pages.authority import cases
from complaints.pages.consumer import views
from complaints.pages.enterprise import queue
from complaints.parties import actors
from complaints.record import person_digests
from database import columns, rights, roles
from database.backend.compiler import Withheld
from database.request_words import Word
from database.row_security import working_as_steps
from odr_portal.processes import embedded
from tests import given
from tests.accounts.test_second_factor import give_password, set_up_app
from tests.api.conftest import Program, token_for
from tests.cast import WEDNESDAY, World
from tests.server import DATABASE
from tests.walls.conftest import ask, seeing_as, serving_pages
from tests.walls.payloads import PLANTED, column, stacked

pytestmark = pytest.mark.django_db

#: Columns that look like a digest, an index or a key, and are none that tells who somebody is, finds a row of somebody
#: or lets somebody in: table → columns, and why.
NONE_OF_THEM: dict[str, dict[str, str]] = {
    "keyed over the row itself: says whether the portal wrote it": {
        **dict.fromkeys(("accounts_user", "accounts_administrator", "accounts_secondfactor"), "tag"),
        **dict.fromkeys(("accounts_accountchange", "accounts_decisionpart", "authorities_officer"), "tag"),
        **dict.fromkeys(("enterprises_stationstaff", "enterprises_staff", "enterprises_apitoken"), "tag"),
        **dict.fromkeys(("complaints_evidence", "complaints_notice"), "tag"),
    },
    "names a form that was sent or a line of a file: opens nothing": {
        "accounts_idempotencykey": "key",
        "complaints_roundtriprow": "key",
        "complaints_webhookdelivery": "event_key",
        "oversight_oversightview": "key",
    },
    "of a whole file, which whoever sees the row may have": {
        "accounts_outgoingmessage": "picture",
        "complaints_evidence": "sha256 copy_sha256 thumbnail_sha256",
        "complaints_export": "file_digest",
        "complaints_platformfile": "digest",
        "complaints_roundtrip": "digest",
        "complaints_upload": "digests",
        "enterprises_enrolmentfile": "sha256 copy_sha256 thumbnail_sha256",
        "oversight_datafile": "content sha256",
        "oversight_measurefile": "sha256 copy_sha256 thumbnail_sha256",
        "oversight_monthlyreport": "printed",
        "oversight_campaign": "printed",
    },
    "of what stands beside it, was handed out or is published": {
        "authorities_calendarversion": "digest",
        "enterprises_enrolmententry": "digest",
        "enterprises_leagueset": "digest",
        "complaints_callbackmonth": "population_digest commitment seed",
        "complaints_documentversion": "digest sha256",
        "routing_ruletrial": "digest",
    },
    "counts of a whole province or the country, as its page says them": {"oversight_countedahead": "data"},
    "row security: shown to no caller": {"complaints_callbackseed": "seed"},
    "the record: its chains, tags and seals": {
        "complaints_complaint": "last_hash",
        "complaints_archivedcase": "heads",
        "complaints_handlingstep": "state previous_hash hash tag",
        "complaints_houseentry": "previous_hash hash tag",
        "complaints_sealedhead": "hash",
        "complaints_seal": "previous_root heads_root root signature public_key",
        "complaints_tile": "digests",
        "complaints_checkpoint": "root stamp",
    },
    "made with random bytes that are sealed with the text, or under the person's own key: nobody can try texts": {
        "complaints_personaltext": "digest",
        "complaints_recordedname": "mark digest",
    },
}
_SECRET = re.compile(
    r"digest|hash|sha256|password|wrapped|secret|credential|token|commitment|(^|_)(key|seed)$|^(session|device)$"
    r"|_index$"
)
#: Ids of people: what closes their texts stands elsewhere.
_PERSONS = {"person_key", "consumer_key", "opened_by_key"}

PAIRS = [(table, name) for table, names in columns.WITHHELD.items() for name in names]


def test_T06_each_digest_index_or_key_is_withheld() -> None:
    seen: set[tuple[str, str]] = set()
    for model in apps.get_models():
        seen |= {
            (model._meta.db_table, field.column)
            for field in model._meta.concrete_fields
            if (isinstance(field, BlindIndex | BinaryField) or _SECRET.search(field.column))
            and not isinstance(field, SealedText)
            and field.column not in _PERSONS
        }
    read = [
        (table, name) for tables in NONE_OF_THEM.values() for table, names in tables.items() for name in names.split()
    ]
    assert len(read) == len(set(read))
    assert not set(read) & set(PAIRS)
    assert sorted(seen - {*read, *PAIRS}) == [], "withhold it in database/columns.py"
    assert sorted({*read} - seen) == []
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


def test_T06_what_compares_digests_takes_a_signed_word_and_finds_what_the_caller_sees_alone(world: World) -> None:
    ours, elsewhere = given.filed(world), given.filed(world, service_region_id=350181000)
    rows = PersonDigest.objects.filter(complaint__in=[ours, elsewhere])
    phone = bytes(rows.filter(complaint=elsewhere, kind="phone").get().digest)
    assert set(rows.filter(digest=phone).values_list("complaint_id", flat=True)) == {ours.pk, elsewhere.pk}
    with seeing_as(world.rui):
        assert list(person_digests.cases_of("13800000001")) == [ours.pk]
        of_ours = PersonDigest.objects.filter(complaint=ours, kind="phone")
        assert {row.complaint_id for row in person_digests.alike(of_ours)} == {ours.pk}
        assert list(person_digests.alike(PersonDigest.objects.filter(complaint=elsewhere))) == []
        (row,) = of_ours
        with pytest.raises(Withheld):
            _ = row.digest
        person_digests.load([row])
        assert bytes(row.digest) == phone
        for call in ("rows_alike({}, '{}', '{}')", "digests_of({}, '{}')", "tries_of({}, 'a', 'b', now(), 1)"):
            for word in (("", ""), ("a|b|digests", "0" * 64), (Word("keys"),)):
                with pytest.raises(DatabaseError, match="not signed for this database"), transaction.atomic():
                    ask(f"select * from {call.replace('{}', ', '.join(['%s'] * len(word)), 1)}", *word)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            ask("select * from opened_by('', '')")


def test_T06_whoever_is_served_reads_adds_and_neither_takes_away_nor_changes_a_counted_try(world: World) -> None:
    limit = Limit("wrong_things", 2, timedelta(hours=1))
    with seeing_as(world.ming):
        count(limit.kind, "one", "one", "another", now=WEDNESDAY)
        assert waits_until(limit, "one", now=WEDNESDAY + timedelta(minutes=1)) == WEDNESDAY + limit.within
        assert counted(limit, "another", now=WEDNESDAY + timedelta(minutes=1)) == 1
        for words in ("delete from accounts_countedtry", "update accounts_countedtry set at = now()"):
            assert ask(f"with gone as ({words} returning id) select count(*) from gone") == [(0,)]
    assert CountedTry.objects.count() == 3


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


def test_callers_read_on_while_a_release_says_anew_what_they_read(postgres_server: embedded.ThrowAwayPostgres) -> None:
    place, seen = postgres_server.dsn(user="postgres", database=DATABASE), list[tuple[bool]]()
    with closing(psycopg2.connect(place)) as another, closing(psycopg2.connect(place)) as line:
        another.autocommit = line.autocommit = True

        class Watched(psycopg2.extensions.cursor):
            def execute(self, *said: Any) -> None:
                super().execute(*said)
                with another.cursor() as cursor:
                    cursor.execute("select has_column_privilege('portal_app', 'accounts_user', 'id', 'select')")
                    seen.append(cursor.fetchone())

        line.cursor_factory = Watched
        columns.grant(line)
    assert set(seen) == {(True,)}


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
    case.refresh_from_db()
    names = {field.attname for field in Complaint._meta.concrete_fields} - set(columns.of("complaints_complaint"))
    for _turn in range(2):
        with seeing_as(world.chen):
            row = Complaint.objects.select_related("consumer").get(pk=case.pk)
            assert row.consumer.get_deferred_fields() == set(columns.of("accounts_user"))
            assert row.get_deferred_fields() == set(columns.of("complaints_complaint"))
            assert [name for name in names if getattr(row, name) != getattr(case, name)] == []
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
