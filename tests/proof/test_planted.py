"""Rows that let somebody in, planted or changed by a superuser of the database: they are there and open nothing."""

import base64
import hashlib
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.keys import keys, row_tags
from accounts.models import Administrator, OutgoingMessage, SecondFactor, User
from accounts.sign_in import factors
from accounts.sign_in.backend import duty_of
from accounts.sign_in.contacts import Contact, known_user
from authorities.models import Officer
from complaints.models import Complaint
from complaints.parties import actors
from complaints.procedure.workflow import Status
from complaints.record import events
from complaints.record.verification import verify
from enterprises.models import Staff, Station, StationStaff
from enterprises.programs import tokens
from oversight.portal_state import signs
from tests import given, reloaded
from tests.accounts.authenticator import app_code
from tests.api.conftest import token_for
from tests.cast import PASSWORD, WEDNESDAY, World
from tests.oversight.looking import page_of
from web.errors import Refusal

pytestmark = pytest.mark.django_db(transaction=True)

PLANTED = "a planted pass phrase"


@pytest.fixture
def superuser(superuser_connection: Any) -> Any:
    with superuser_connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        yield cursor


def is_let_in(user: User) -> bool:
    """A session of this person opens a page."""
    client = Client()
    client.force_login(user)
    with time_machine.travel(WEDNESDAY, tick=False):
        return client.get("/account/").status_code == 200


def test_T38_a_planted_password_signs_nobody_in(world: World, superuser: Any) -> None:
    assert authenticate(username="ming@example.com", password=PASSWORD) == world.ming
    superuser.execute("update accounts_user set password = %s where id = %s", [make_password(PLANTED), world.ming.pk])
    assert authenticate(username="ming@example.com", password=PLANTED) is None
    assert authenticate(username="rui@example.com", password=PASSWORD) == world.rui
    # Nor with the hash of somebody whose password one knows, its tag beside it.
    superuser.execute(
        "update accounts_user t set password = s.password, tag = s.tag from accounts_user s"
        " where t.id = %s and s.id = %s",
        [world.ming.pk, world.rui.pk],
    )
    assert authenticate(username="ming@example.com", password=PASSWORD) is None


def test_T38_a_phone_moved_to_anothers_account_proves_nothing(world: World, superuser: Any) -> None:
    contact = Contact("sms", "+8613800000009")
    assert known_user(contact) == world.otto
    assert is_let_in(world.chen)
    superuser.execute("update accounts_user set phone_index = null, is_active = false where id = %s", [world.otto.pk])
    index = bytes(world.otto.phone_index or b"")
    superuser.execute("update accounts_user set phone_index = %s where id = %s", [index, world.chen.pk])
    assert User.objects.with_phone("13800000009").get() == world.chen
    with pytest.raises(Refusal, match="改动过"):
        known_user(contact)
    # Not even a session that stands.
    assert not is_let_in(world.chen)


def test_T38_the_number_of_another_account_is_not_taken_over_by_renaming_rows(world: World, superuser: Any) -> None:
    assert is_let_in(world.otto)
    superuser.execute("update accounts_user set id = 900000 where id = %s", [world.chen.pk])
    superuser.execute("update accounts_user set id = %s where id = %s", [world.chen.pk, world.otto.pk])
    taken = User.objects.get(pk=world.chen.pk)
    assert taken.person_key == world.otto.person_key
    assert not is_let_in(taken)


def test_T25_T38_a_person_of_a_demo_is_not_made_a_real_one_by_a_statement(world: World, superuser: Any) -> None:
    demo = User.objects.create_user("ming@demo.invalid", PASSWORD)
    assert demo.is_demo
    assert authenticate(username="ming@demo.invalid", password=PASSWORD) is None
    superuser.execute("update accounts_user set is_demo = false where id = %s", [demo.pk])
    assert authenticate(username="ming@demo.invalid", password=PASSWORD) is None
    assert not is_let_in(reloaded(demo))
    assert authenticate(username="ming@example.com", password=PASSWORD) == world.ming


def test_T38_a_planted_or_copied_factor_is_none(world: World, superuser: Any) -> None:
    key = b"k" * 20
    mine = SecondFactor.objects.create(
        user=world.hua, kind="app", name="手机", key=factors.seal(key, user=world.hua), created_at=WEDNESDAY
    )

    def opens(user: User, moment: Any) -> bool:
        code = app_code(base64.b32encode(key).decode(), now=moment)
        return factors.show_code(user, code, address="192.0.2.1", now=moment) is not None

    assert opens(world.hua, WEDNESDAY)
    later = WEDNESDAY + timedelta(minutes=5)
    # The installation's secret has leaked: even a well sealed key of ming's needs the tag.
    superuser.execute(
        "insert into accounts_secondfactor (user_id, kind, name, key, counter, created_at, tag)"
        " values (%s, 'app', 'x', %s, 0, %s, %s)",
        [world.ming.pk, factors.seal(key, user=world.ming), WEDNESDAY, bytes(mine.tag)],
    )
    assert not opens(world.ming, later)
    assert opens(world.hua, later)
    superuser.execute("update accounts_secondfactor set kind = 'passkey', credential_id = 'x' where id = %s", [mine.pk])
    assert not row_tags.stands(reloaded(mine))


def test_T38_a_planted_administrator_has_no_duty(world: World, superuser: Any) -> None:
    given = Administrator.objects.create(user=world.chen, kind="audit", since=WEDNESDAY)
    assert duty_of(User.objects.get(pk=world.chen.pk)) == "audit"
    superuser.execute(
        "insert into accounts_administrator (user_id, kind, since, tag) values (%s, 'security', %s, %s)",
        [world.otto.pk, WEDNESDAY, bytes(given.tag)],
    )
    assert duty_of(User.objects.get(pk=world.otto.pk)) == ""
    superuser.execute("update accounts_administrator set kind = 'security' where id = %s", [given.pk])
    assert duty_of(User.objects.get(pk=world.chen.pk)) == ""


def test_T38_a_planted_token_and_one_that_was_widened_open_nothing(world: World, superuser: Any) -> None:
    issued = token_for(world.ming, world=world, place="enterprise")

    def opens(secret: str) -> bool:
        with suppress(tokens.TokenRefused):
            tokens.opened_by(secret, address="192.0.2.1", now=issued.token.created_at)
            return True
        return False

    assert opens(issued.secret)
    made_up = tokens.PREFIX + "A" * 43
    copied = "name, shown, scopes, waiting_scopes, addresses, created_at, expires_at, last_used_from, calls"
    copied += ", enterprise_id, tag"
    superuser.execute(
        f"insert into enterprises_apitoken (user_id, digest, {copied})"
        f" select %s, %s, {copied} from enterprises_apitoken where id = %s",
        [world.lead.pk, hashlib.sha256(made_up.encode()).hexdigest(), issued.token.pk],
    )
    assert not opens(made_up)
    assert opens(issued.secret)
    superuser.execute("update enterprises_apitoken set enterprise_id = %s", [world.telecom.pk])
    assert not opens(issued.secret)


def does(user: User, address: str) -> list[str]:
    """What this person is for the portal, for a list of cases, and for a page at work."""
    client = Client()
    client.force_login(user)
    with time_machine.travel(WEDNESDAY, tick=False):
        again = User.objects.get(pk=user.pk)
        sees = Complaint.objects.visible_to(again, on=WEDNESDAY.date()).exclude(consumer=user).exists()
        told = events.known_to(again, on=WEDNESDAY.date()).exclude(complaint__consumer=user).exists()
        roles = [actor.role for actor in actors.actors_of(again, on=WEDNESDAY.date())]
        found = client.get(address, follow=True).status_code == 200
    return [*roles, *(["sees"] if sees else []), *(["is told"] if told else []), *(["opens"] if found else [])]


OFFICER = (
    "insert into authorities_officer (user_id, authority_id, role, tag)"
    " select %s, authority_id, role, tag from authorities_officer where user_id = %s"
)
STAFF = (
    "insert into enterprises_staff (user_id, enterprise_id, branch_id, role, number, tag)"
    " select %s, enterprise_id, branch_id, role, '', tag from enterprises_staff where user_id = %s"
)


@pytest.mark.parametrize(
    ("planting", "holder", "address", "work"),
    [(OFFICER, "rui", "/authority/", "officer"), (STAFF, "ming", "/enterprise/", "handler")],
)
def test_T38_a_planted_post_lets_nobody_work_and_is_named(
    world: World, superuser: Any, caplog: Any, planting: str, holder: str, address: str, work: str
) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    assert case.consumer_id == world.chen.pk
    theirs = getattr(world, holder)
    assert does(theirs, address) == [work, "consumer", "sees", "is told", "opens"]
    assert does(world.otto, address) == ["consumer"]
    superuser.execute(planting, [world.otto.pk, theirs.pk])
    assert does(world.otto, address) == ["consumer"]
    assert "was not written by the portal: it opens nothing" in caplog.text
    assert does(theirs, address) == [work, "consumer", "sees", "is told", "opens"]


def test_T38_a_post_that_was_moved_widened_or_kept_from_ending_opens_nothing(world: World, superuser: Any) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    for table, user, address, change in (
        ("enterprises_staff", world.ming, "/enterprise/", "branch_id = null"),
        ("enterprises_staff", world.hua, "/enterprise/", f"enterprise_id = {world.mobile.pk}"),
        ("authorities_officer", world.rui, "/authority/", "role = 'approver'"),
    ):
        superuser.execute(f"update {table} set {change} where user_id = %s", [user.pk])
        assert does(user, address) == ["consumer"]
    # Who left is not called back, and a second post beside a true one takes that along until it is gone.
    office = Officer.objects.get(user=world.su)
    office.ends_on = WEDNESDAY.date() - timedelta(days=1)
    office.save(update_fields=["ends_on"])
    superuser.execute("update authorities_officer set ends_on = null where id = %s", [office.pk])
    assert does(world.su, "/authority/") == ["consumer"]
    far = world.far_officer.user
    assert does(far, "/authority/")[0] == "officer"
    superuser.execute(OFFICER, [far.pk, world.head_officer.user_id])
    assert does(far, "/authority/") == ["consumer"]


@pytest.mark.parametrize(("planting", "holder"), [(OFFICER, "rui"), (STAFF, "ming")])
def test_T38_a_planted_post_is_named_by_verification_and_told_to_administrators(
    world: World, superuser: Any, settings: Any, planting: str, holder: str
) -> None:
    settings.ALARM_MAIL = ["alarm@example.com"]
    assert signs.sweep_posts(now=WEDNESDAY) == 1
    assert verify().findings == []
    assert "posts_planted" not in signs.read(now=WEDNESDAY).alarms
    superuser.execute(planting + " returning id", [world.otto.pk, getattr(world, holder).pk])
    [planted] = superuser.fetchone()
    # Nobody tried to work by it.
    later = WEDNESDAY + timedelta(minutes=10)
    signs.sweep_posts(now=later)
    signs.sweep_alarms(now=later)
    table = planting.split()[2]
    assert [str(one) for one in verify().findings] == [f"{table} {planted}: its tag was not made with an entry key"]
    sentence = signs.condition_text("posts_planted")
    keeper = User.objects.create_user("system@example.com", PASSWORD, name="系统员")
    Administrator.objects.create(user=keeper, kind="system", since=WEDNESDAY)
    assert sentence in page_of(keeper, "/administration/system/")
    assert any(sentence in letter.body for letter in OutgoingMessage.objects.all())
    superuser.execute(f"delete from {table} where id = %s", [planted])
    signs.sweep_posts(now=later + timedelta(minutes=10))
    assert "posts_planted" not in signs.read(now=later).alarms
    assert verify().findings == []


def test_T38_a_token_of_a_planted_post_opens_nothing(world: World, superuser: Any) -> None:
    issued = token_for(world.ming, world=world, place="enterprise")
    tokens.opened_by(issued.secret, address="192.0.2.1", now=issued.token.created_at)
    superuser.execute("update enterprises_staff set branch_id = null where user_id = %s", [world.ming.pk])
    with pytest.raises(tokens.TokenRefused):
        tokens.opened_by(issued.secret, address="192.0.2.1", now=issued.token.created_at)


def test_T38_posts_that_the_portal_gives_changes_and_ends_stand(world: World) -> None:
    Staff.objects.filter(user=world.ming).update(role="manager")
    Officer.objects.update(ends_on=WEDNESDAY.date())
    job = Staff.objects.get(user=world.hua)
    job.ends_on = WEDNESDAY.date()
    job.save(update_fields=["ends_on"])
    station = Station.objects.create(code="T1", name="测试站", authority=world.rui_officer.authority, kind="mall")
    StationStaff.objects.bulk_create([StationStaff(user=world.chen, station=station)])
    for model in (Staff, Officer, StationStaff):
        assert model._default_manager.exists()
        assert all(row_tags.stands(row) for row in model._default_manager.all())


def test_T38_what_the_portal_changes_itself_stands(world: World, settings: Any) -> None:
    user = User.objects.create_user("new@example.com", PASSWORD, name="新人")
    assert row_tags.stands(reloaded(user))
    user.set_password(PLANTED)
    user.save(update_fields=["password"])
    assert authenticate(username="new@example.com", password=PLANTED) == user
    user.email = "newer@example.com"
    user.save(update_fields=["email"])
    assert authenticate(username="newer@example.com", password=PLANTED) == user
    old = settings.VAULT_KEYS
    newer = keys.parse(keys.fresh(wrap=old.wrap_version + 1, index=old.index_version + 1, entry=old.entry_version + 1))
    settings.VAULT_KEYS = keys.VaultKeys(
        wrap={**old.wrap, **newer.wrap}, index={**old.index, **newer.index}, entry={**old.entry, **newer.entry}
    )
    call_command("rotate_keys", stdout=StringIO())
    assert all(row_tags.stands(one) for one in User.objects.all())
    assert authenticate(username="newer@example.com", password=PLANTED) == user


def test_T38_rows_of_before_are_taken_as_ours_by_the_migration(world: World) -> None:
    migration = import_module("accounts.migrations.0005_row_tags")
    tokens_of = import_module("enterprises.migrations.0003_token_tags")
    issued = token_for(world.ming, world=world, place="enterprise")
    SecondFactor.objects.create(user=world.ming, kind="passkey", credential_id=b"i", key=b"k", created_at=WEDNESDAY)
    Administrator.objects.create(user=world.otto, kind="audit", since=WEDNESDAY)
    offices_of = import_module("authorities.migrations.0003_office_tags")
    posts_of = import_module("enterprises.migrations.0005_post_tags")
    models = (User, SecondFactor, Administrator, type(issued.token), Officer, Staff)
    # Nobody had proved a phone then.
    User.objects.update(own_phone=None, own_phone_index=None)
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"update {model._meta.db_table} set tag = ''")
            assert not any(row_tags.stands(row) for row in model._default_manager.all())
        others = [("enterprises_apitoken", tokens_of.COLUMNS), ("authorities_officer", offices_of.COLUMNS)]
        for table, columns in (*migration.TABLES, *others, ("enterprises_staff", posts_of.JOB)):
            migration.tag_rows(cursor, table, columns)
        again = import_module("accounts.migrations.0010_demo_under_the_tag")
        # Somebody whose password was changed behind our back before that update.
        cursor.execute("update accounts_user set password = 'x' where id = %s", [world.hua.pk])
        again.tag_again(apps, connection.schema_editor())
    assert [row for row in User.objects.all() if not row_tags.stands(row)] == [world.hua]
    for model in models[1:]:
        assert all(row_tags.stands(row) for row in model._default_manager.all())
