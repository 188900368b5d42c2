"""What PostgreSQL refuses by itself, whatever the portal asks it for."""

import uuid
from datetime import timedelta
from itertools import product
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import UniqueConstraint
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.models import IdempotencyKey, User
from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints import handling
from complaints.handling.steps import consumer
from complaints.models import Complaint, Deadline, HandlingStep, InternalNote, Notice, Reminder, SealedHead
from complaints.procedure.workflow import Status
from database import roles, row_security
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.walls.conftest import ask, seeing_as

pytestmark = pytest.mark.django_db

#: Tables of the portal that no policy guards, and why not.
EXEMPT = {
    "accounts_": "people, sessions, codes and logs: no case; sealed, or found by a digest",
    "authorities_": "the public directory of regions, authorities, calendars and policies, and who sits where",
    "enterprises_": "the directory of enterprises, their people, tokens and addresses; asked for by organisation",
    "routing_": "rules, their changes and trials; cases by id only, shown to whoever may see those",
    "auth_": "the framework's own, unused",
    "django_": "the framework's own lists",
    "complaints_recordedname": "names of the record, sealed; nothing says in which case, only an entry leads there",
    "complaints_houseentry": "what happened to the record itself, by ids and digests; nothing personal",
    "complaints_tile": "hashes of the log, 256 a row; nothing of a case",
    "complaints_checkpoint": "signed sizes and roots of the log; nothing of a case",
    "complaints_outsideholder": "what witnesses and the authority for time stamps answered last; nothing of a case",
    "complaints_seal": "signed heads over the whole record; nothing of a case",
    "request_key": "keys of the words that the portal signs for the database; read by the owner alone",
    "complaints_heartbeat": "signs of life",
    "complaints_lease": "what one process at a time does, and until when; no case",
    "complaints_heardanswer": "how often what was heard in a story was confirmed; no text, person or case",
    "complaints_publiccount": "what was opened, tried or answered on a day, as a number; no case",
    "complaints_callbackmonth": "months with the digest of a seed, and the seed once it is public; no case",
    "complaints_noticechoice": "how a person wants to be told: three words, no case",
    "complaints_savedview": "filters of the queue that a person keeps; sealed, names no case, asked for by its person",
    "complaints_measure": "what an enterprise means to answer, sealed; cases by id only, asked for by organisation",
    "complaints_lawchange": "what is meant to change in numbers and calendars; counts only, asked for by authority",
    "complaints_roundtrip": "jobs of a person",
    "complaints_platformfile": "jobs of an authority; read through the authority of whoever asks",
    "complaints_platformline": "numbers and what came of them, nothing of a person; read through the job",
    "complaints_roundtriprow": "lines that a person sent in, sealed; cases by id only, read through the job",
    "complaints_documentseries": "the last number of each sort of document a year and authority; names no case",
    **dict.fromkeys(
        (f"complaints_{name}" for name in ("category", "problemkind", "demandkind", "causekind")),
        "a list of codes, the same for everybody; filled by `migrate`, changed by nobody",
    ),
    "oversight_": "sums of many cases and what was asked of firms; the tally, which names cases, is guarded",
}
RECORD = ("handlingstep", "leaf", "houseentry", "seal", "sealedhead", "reminder", "forwardingdecision", "consentrecord")


def test_T06_every_table_is_guarded_or_says_why_not() -> None:
    tables = ask(
        "select relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) from pg_class "
        "where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
    )
    guarded = {name for name, is_on, _, _ in tables if is_on}
    apps = tuple(name for name in EXEMPT if name.endswith("_"))
    silent = [name for name, is_on, _, _ in tables if not is_on and name not in EXEMPT and not name.startswith(apps)]
    assert not silent, "write policies (docs/architecture.md, Walls) or a reason above"
    assert not guarded & EXEMPT.keys()
    assert [name for name, is_on, is_forced, _ in tables if is_on != is_forced] == []
    assert {owner for _, _, _, owner in tables} == {roles.OWNER}
    # Whatever points at a case hangs on it.
    children = ask(
        "select conrelid::regclass::text from pg_constraint "
        "where contype = 'f' and confrelid = 'complaints_complaint'::regclass"
    )
    assert {name for (name,) in children} <= guarded


def test_T06_nobody_who_serves_may_pass_the_walls() -> None:
    may = "rolsuper or rolbypassrls or rolcreaterole or rolcreatedb"
    everybody = {roles.OWNER, roles.APP, roles.WEB, *roles.CALLERS, roles.STEPS}
    rights = ask(f"select rolname, {may} from pg_roles where rolname like 'portal%%'")
    assert dict(rights) == dict.fromkeys(everybody, False)
    owners = "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'public'::regnamespace"
    assert ask(owners) == [(roles.OWNER,)]
    # It may become each caller, and is none of them until it does.
    has = "pg_has_role(%s, %s, 'usage'), pg_has_role(%s, %s, 'set')"
    for role in (*roles.CALLERS, roles.STEPS):
        assert ask(f"select {has}", roles.WEB, role, roles.WEB, role) == [(False, True)]
    assert ask("select pg_has_role(%s, %s, 'member')", roles.WEB, roles.OWNER) == [(False,)]


def test_T06_functions_and_views_run_as_whoever_asks_or_say_yes_and_no() -> None:
    definers = ask(
        "select oid::regprocedure::text, proname, proconfig::text, prorettype::regtype::text, provolatile::text "
        "from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
    )
    # Those that run as the owner answer yes or no about one id, from the views of the caller's own rows; one finds ids
    # by words, within the caller's sight (tests/walls/test_regions.py).
    judging = "is_own_case is_our_case is_our_engagement is_our_side is_in_our_time is_still_our_case is_our_entry"
    # The others check what the portal signed (tests/walls/test_request_words.py).
    checking = {"is_signed", "begin_request", "show_secret", "work_as_steps", "back_to_caller"}
    # One is called by triggers alone, which no statement can do: the key of a draft goes with it.
    checking.add("key_of_draft_goes")
    # These give what no caller reads, or find rows by it, for such a word (tests/walls/test_columns.py).
    # One drops rows of cases that are named as moved, for the steps alone (tests/proof/beside/test_archive.py).
    checking.add("drop_archived")
    checking |= {"keys_of", "rows_alike", "digests_of", "tries_of"}
    # These give the session of a browser for the digest of its cookie, one with its person, to no caller
    # (tests/walls/test_request_words.py).
    checking |= {"kept_session", "person_of_session"}
    assert {name for _, name, *_ in definers} == {*judging.split(), "cases_with_words", *checking}
    assert {how[0] for _, _, *how in definers} == {"{search_path=pg_catalog}"}
    for function, name, *how in definers:
        if name in checking:
            continue
        finds = name == "cases_with_words"
        assert how == ["{search_path=pg_catalog}", "bigint[]" if finds else "boolean", "s"], name
        asking = (roles.ENTERPRISE, roles.AUTHORITY, roles.STEPS) if finds else (roles.CONSUMER, roles.ENTERPRISE)
        for role in (*roles.CALLERS, roles.WEB, roles.STEPS):
            may_ask = ask("select has_function_privilege(%s, %s, 'execute')", role, function)
            assert may_ask == [(role in asking,)], (name, role)
    views = ask(
        "select relname, coalesce(reloptions::text, '') from pg_class "
        "where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')"
    )
    # Those that run as the owner show nothing but rows of the caller's context, and take nothing.
    assert {name for name, _ in views} == {"own_case", "own_part", "own_engagement"}
    may = "select has_table_privilege(%s, %s, %s)"
    for name, _ in views:
        readers = roles.CALLERS if name in ("own_case", "own_part") else (roles.ENTERPRISE,)
        for role in (*roles.CALLERS, roles.WEB):
            assert ask(may, role, name, "insert, update, delete, truncate") == [(False,)]
            assert ask(may, role, name, "select") == [(role in readers,)], (name, role)


@pytest.mark.django_db(transaction=True)
def test_T05_T06_who_says_nothing_sees_no_case_and_one_connection_serves_two_in_turn_and_mixes_nothing(
    world: World, postgres_server: Any
) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    with psycopg2.connect(postgres_server.dsn(user=roles.WEB, database="portal")) as bare, bare.cursor() as cursor:

        def count(table: str) -> int:
            cursor.execute(f"select count(*) from complaints_{table}")
            return int(cursor.fetchone()[0])

        for table in ("complaint", "engagement", "personaltext", "handlingstep", "notice", "deadline"):
            assert count(table) == 0
        # A setting alone opens nothing: it takes the role as well.
        # Neither a role alone nor a parameter that nobody signed opens anything.
        for role in (*roles.CALLERS, roles.STEPS):
            cursor.execute(f"set role {role}")
            assert count("complaint") == 0
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(f"set backtrace_functions = 'portal_steps,portal_consumer,{world.chen.pk}'")
    bare.close()
    seen = set()
    for turn in range(250):
        for user, expected in ((world.ming, [(case.pk,)]), (world.hua, [])):
            with seeing_as(user, path="/enterprise/queue/"):
                seen.add(ask("select id from complaints_complaint") == expected)
        if turn % 50 == 0:
            # Between two requests nothing is left, not even after one that broke.
            with pytest.raises(ZeroDivisionError), seeing_as(world.ming):
                raise ZeroDivisionError
            left = ask("select current_setting('backtrace_functions'), current_user")
            assert left == [(f"{roles.STEPS},", roles.STEPS)]
            assert row_security.caller() is None
    assert seen == {True}


def test_T03_a_child_hangs_on_its_own_enterprises_engagement_and_every_key_carries_the_enterprise(world: World) -> None:
    """Foreign keys are checked past row-level security: only a key that carries the enterprise refuses this."""
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    engagement = case.engagements.get()
    with pytest.raises(IntegrityError, match="internalnote_hangs_on_its_enterprises_engagement"), transaction.atomic():
        InternalNote.objects.create(
            complaint=case, enterprise=world.telecom, engagement=engagement, at=WEDNESDAY, text="x"
        )
    keys = ask(
        "select conrelid::regclass::text, array(select attname::text from pg_attribute "
        "where attrelid = conrelid and attnum = any(conkey) order by attname) "
        "from pg_constraint where contype = 'f' and confrelid = 'complaints_engagement'::regclass"
    )
    assert len(keys) >= 5
    assert {table: columns for table, columns in keys if columns != ["engagement_id", "enterprise_id"]} == {}
    with_column = ask(
        "select attrelid::regclass::text from pg_attribute where attname = 'engagement_id' and "
        "attrelid in (select oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace)"
    )
    assert {name for (name,) in with_column} == {table for table, _ in keys}


def test_the_database_refuses_a_second_one() -> None:
    """The second walls behind the locks of the steps: no fault shows them while the first wall stands."""
    for model, fields in {
        IdempotencyKey: {"actor", "key"},
        HandlingStep: {"complaint", "audience", "sequence"},
        Notice: {"complaint", "audience", "sequence", "addressee", "channel", "user"},
        Reminder: {"deadline", "mark"},
        Deadline: {"complaint", "clock", "obligation", "matter"},
        SealedHead: {"seal", "complaint_id", "audience"},
    }.items():
        rules = [rule for rule in model._meta.constraints if isinstance(rule, UniqueConstraint)]
        wanted = [rule.name for rule in rules if set(rule.fields) == fields]
        assert wanted, rules
        with connection.cursor() as cursor:
            standing = connection.introspection.get_constraints(cursor, model._meta.db_table)
        assert all(standing[name]["unique"] for name in wanted)


def test_T10_an_officer_sees_the_own_region_and_what_lies_in_it(world: World) -> None:
    """The office moves from region to region; the case stands still. Above and beside it is nobody's business."""
    case = given.a_complaint(world, status=Status.REVIEW)
    place = Region.objects.get(pk=case.handling_region_id)
    above = Region.objects.filter(pk__lte=place.pk, last__gte=place.last)
    beside = Region.objects.filter(parent=place.parent).exclude(pk=place.pk)
    below = Region.objects.filter(parent=place)
    cousins = Region.objects.filter(parent__parent=place.parent.parent_id).exclude(parent=place.parent)
    office = world.far_officer
    for regions, is_seen in ((above, True), (beside[:6], False), (cousins[:12], False), (below[:6], False)):
        for region in regions:
            Authority.objects.filter(pk=office.authority_id).update(region=region)
            with seeing_as(office.user):
                assert bool(ask("select id from complaints_complaint")) is is_seen, region
    # Two offices at once: both places, and nothing between them.
    Authority.objects.filter(pk=office.authority_id).update(region=beside[0])
    Officer.objects.create(user=office.user, authority=world.gulou, role=Role.OFFICER.post)
    with seeing_as(office.user):
        assert ask("select id from complaints_complaint") == [(case.pk,)]
        assert ask("select current_user") == [(roles.AUTHORITY,)]
    yesterday = WEDNESDAY.date() - timedelta(days=400)
    Officer.objects.filter(user=office.user).update(starts_on=yesterday, ends_on=yesterday)
    with seeing_as(office.user):
        assert ask("select id from complaints_complaint") == []
        assert ask("select current_user") == [(roles.CONSUMER,)]


def test_T87_a_key_is_written_down_once_for_an_actor() -> None:
    row = {"key": "0f6c2a7e0f6c2a7e", "body_digest": "0" * 64, "reference": "/done/", "created_at": WEDNESDAY}
    IdempotencyKey.objects.create(actor="user:1", **row)
    IdempotencyKey.objects.create(actor="user:2", **row)
    with pytest.raises(IntegrityError, match="one_effect_per_key"), transaction.atomic():
        IdempotencyKey.objects.create(actor="user:1", **row)


def test_T71_no_role_may_touch_the_record_and_whom_a_case_is_shown_to_cannot_write_it(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    attempts = [f"{verb} complaints_{table}" for table in RECORD for verb in ("delete from", "truncate")]
    attempts += [f"update complaints_{table} set id = id" for table in RECORD]
    attempts += [
        "delete from complaints_personaltext",
        "truncate complaints_personaltext",
        "alter table complaints_handlingstep disable trigger all",
        "alter table complaints_complaint disable row level security",
        "alter table complaints_complaint no force row level security",
        "drop policy consumer on complaints_complaint",
        "set session_replication_role = replica",
        "set row_security = off; select id from complaints_complaint",
        "set role portal_owner",
        "create policy mine on complaints_complaint using (true)",
    ]

    def may(role: str, attempt: str) -> bool:
        try:
            with transaction.atomic():
                ask("select set_config('role', %s, true)", role)
                ask(attempt)
        except DatabaseError:
            return False
        return True

    assert [pair for pair in product((*roles.CALLERS, roles.STEPS), attempts) if may(*pair)] == []
    assert HandlingStep.objects.exists()
    columns = "complaint_id, ordinal, kind, note, is_settled, is_given_up"
    added = f"insert into complaints_demand ({columns}) values (%s, 9, 'refund', '', false, false)"
    written = ["update complaints_complaint set status = 'closed'", "update complaints_deadline set due_at = now()"]
    for user in (world.chen, world.ming, world.rui):
        for statement in (*written, "delete from complaints_demand", "delete from complaints_notice"):
            with seeing_as(user), connection.cursor() as cursor:
                assert ask("select id from complaints_complaint") == [(case.pk,)]
                cursor.execute(statement)
                assert cursor.rowcount == 0, statement
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic(), seeing_as(user):
            ask(added, case.pk)


def test_a_step_on_a_case_that_the_caller_cannot_see_finds_no_case(world: World, first_wall_off: None) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    move = consumer.withdraw(reason=next(iter(consumer.WITHDRAW_REASONS)))
    with seeing_as(world.hua, path="/enterprise/queue/"):
        assert handling.take(move, [case.pk], actor=world.consumer, now=WEDNESDAY) == []
    with seeing_as(world.chen):
        assert handling.take(move, [case.pk], actor=world.consumer, now=WEDNESDAY)[0].is_done
        # Back in the caller's place.
        assert ask("select current_user") == [(roles.CONSUMER,)]
    assert Complaint.objects.get().status == Status.CLOSED


def test_who_has_an_office_and_a_job_is_taken_by_the_address_and_who_is_switched_off_is_nobody(world: World) -> None:
    world.ming_staff.user.offices.create(authority=world.gulou, role=Role.OFFICER.post)
    pages = {"/enterprise/queue/": roles.ENTERPRISE, "/authority/": roles.AUTHORITY, "/cases/": roles.AUTHORITY}
    for path, role in pages.items():
        with seeing_as(world.ming, path=path):
            assert ask("select current_user") == [(role,)]
    given.a_complaint(world, status=Status.NEGOTIATING)
    User.objects.filter(pk=world.chen.pk).update(is_active=False)
    world.chen.refresh_from_db()
    with seeing_as(world.chen):
        assert ask("select id from complaints_complaint") == []


def test_a_secret_that_was_shown_opens_its_own_case_and_no_other(world: World) -> None:
    digests = [uuid.uuid4().hex * 2 for _ in range(2)]
    cases = [given.a_complaint(world, tracking_digest=digest) for digest in digests]
    with seeing_as(None):
        assert ask("select id from complaints_complaint") == []
        row_security.show(digests[0])
        assert ask("select id from complaints_complaint") == [(cases[0].pk,)]
        assert ask("select distinct complaint_id from complaints_handlingstep") == [(cases[0].pk,)]
        with pytest.raises(ValueError, match="digest"):
            row_security.show("")


def test_a_step_that_breaks_gives_the_callers_role_back(world: World) -> None:
    with seeing_as(world.chen):
        with row_security.working_as_steps():
            assert ask("select current_user") == [(roles.STEPS,)]
        with pytest.raises(DatabaseError), transaction.atomic(), row_security.working_as_steps():
            ask("select 1/0")
        assert (ask("select current_user"), row_security.caller()) == ([(roles.CONSUMER,)], roles.CONSUMER)
        with pytest.raises(ZeroDivisionError), row_security.working_as_steps():
            raise ZeroDivisionError
        assert ask("select current_user") == [(roles.CONSUMER,)]


def test_a_body_is_read_before_the_transaction_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(row_security, "_read", lambda request: order.append("read"))
    monkeypatch.setattr(row_security.RequestTransaction, "_open", lambda self: order.append("begin"))
    wall = row_security.RequestTransactions(lambda request: HttpResponse())
    wall.process_view(RequestFactory().post("/x/", {"a": "b"}), lambda request: None, (), {})
    assert order == ["read", "begin"]


def test_T06_a_check_names_a_database_user_who_stands_before_the_walls(settings: Any) -> None:
    from odr_portal import checks

    looks_wrong, login_query = checks.the_database_user_is_under_row_security, checks._LOGIN
    settings.COMMAND = "check"
    assert (looks_wrong(None, databases=["default"]), looks_wrong(None, databases=None)) == ([], [])
    sentences = []
    for login in ("postgres", roles.OWNER):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checks, "_LOGIN", login_query.replace("session_user", f"'{login}'"))
            sentences += [error.msg for error in looks_wrong(None, databases=["default"])]
            with pytest.raises(SystemCheckError, match=rf"odr_portal\.E004\) The database user {login} "):
                call_command("check", databases=["default"])
    superuser, owner = sentences
    assert "postgres is superuser" in superuser
    assert missing_in(owner, "owns", "sees cases as portal_steps") == []
