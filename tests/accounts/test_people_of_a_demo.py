"""Whoever a demo made opens nothing elsewhere, and the portal does not start with the wrong people."""

import base64
import importlib
import os
import subprocess
import sys
from io import StringIO
from typing import Any

import psycopg2
import pytest
from celery import signals
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils import timezone

from accounts import demo
from accounts.keys import keyring, row_tags
from accounts.models import Administrator, CountedTry, OutgoingMessage, SignInCode, User
from accounts.sign_in.contacts import Contact
from database import request_words, roles
from enterprises.models import Enterprise, Staff
from enterprises.team import team
from enterprises.team.rights import Post, TeamActor, enterprise_reach
from odr_portal import celery
from odr_portal.processes import embedded
from tests import ROOT, reloaded
from tests.accounts.authenticator import newest_code
from tests.api.conftest import Program, token_for
from tests.cast import PASSWORD, World, a_new_phone
from tests.server import DATABASE

KEY = "a-key-for-tests-that-signs-nothing-0123456789ABCDEF"
#: What `check --deploy` asks of every installation beside that.
SEPARATED = {
    "PROCESS_USERS": "web=daemon worker=bin beat=sys watch=games",
    "DOCUMENT_KEY_FILE": "",
    "SMS_GATEWAY_URL": "https://sms.example.org/",
    "SMS_GATEWAY_SECRET": "whsec_" + base64.b64encode(KEY.encode()).decode(),
}


def by_password(email: str) -> tuple[int, bool]:
    """Status, and whether anybody is in afterwards."""
    client = Client()
    answer = client.post("/account/sign-in/password/", {"email": email, "password": PASSWORD, "idempotency_key": KEY})
    return answer.status_code, client.get("/account/").status_code == 200 or "_auth_user_id" in client.session


def by_code(address: str) -> tuple[int, bool]:
    """Status, and whether anybody is in afterwards; who may not come in is sent no code."""
    client = Client()
    SignInCode.objects.all().delete()
    CountedTry.objects.all().delete()
    letters = OutgoingMessage.objects.filter(state="queued")
    sent = letters.count()
    client.post("/account/sign-in/", {"address": address, "idempotency_key": KEY})
    was_sent = letters.count() == sent + 1
    answer = client.post("/account/sign-in/code/", {"code": newest_code(), "idempotency_key": KEY})
    is_in = client.get("/account/").status_code == 200
    assert was_sent == is_in
    return answer.status_code, is_in


def by_reset(email: str) -> bool:
    client = Client()
    client.post("/account/password/reset/", {"email": email, "idempotency_key": KEY})
    client.post("/account/password/reset/code/", {"code": newest_code(), "idempotency_key": KEY})
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("domain", ["demo.invalid", "example.org"])
def test_T25_a_person_of_a_demo_comes_in_by_no_way_once_it_is_none(world: World, settings: Any, domain: str) -> None:
    """Also who came into the demo with an address of their own."""
    settings.DEMO = True
    worker = User.objects.create_user(f"w@{domain}", PASSWORD, name="演示", own_phone=a_new_phone())
    consumer = User.objects.create_user(f"c@{domain}", name="演示", phone="+8619900007777")
    Staff.objects.create(user=worker, enterprise=Enterprise.objects.get(pk=world.mobile.pk), role="handler")
    program = Program(token_for(worker, world=world, place="enterprise").secret)
    browsers = [Client(), Client()]
    for browser, user in zip(browsers, (worker, consumer), strict=True):
        browser.force_login(user)

    def opened() -> list[bool]:
        return [
            by_password(f"w@{domain}")[1],
            by_code(f"c@{domain}")[1],
            by_code("199 0000 7777")[1],
            program.get("/me/").status_code == 200,
            *(browser.get("/account/").status_code == 200 for browser in browsers),
        ]

    assert opened() == [True] * 6
    settings.DEMO = False
    assert opened() == [False] * 6
    assert by_password(f"w@{domain}")[0] == by_password("nobody@example.org")[0] == 422
    assert by_code(f"c@{domain}")[0] == 422
    assert not by_reset(f"w@{domain}")
    assert not Client().login(username=f"w@{domain}", password=PASSWORD)
    settings.DEMO = True
    assert opened()[:4] == [True] * 4, "in the demo they are as they were"


def test_who_came_into_a_demo_later_is_not_offered_for_one_click(client: Client, settings: Any, db: None) -> None:
    settings.DEMO = True
    other = User.objects.create_user("own@example.org")
    assert other.is_demo
    assert client.post("/account/sign-in/demo/", {"person": other.pk}).status_code == 404
    settings.DEMO = False
    assert not User.objects.create_user("real@example.org").is_demo


def test_a_database_is_served_to_the_people_that_it_was_made_for(settings: Any, db: None) -> None:
    for settings.DEMO in (True, False):
        assert demo.refusal() == "", "nobody is there yet"
    person = User.objects.create_user("ming@demo.invalid", PASSWORD)
    assert demo.refusal().startswith("DEMO is off, but people of a demo are active in this database (1)")
    settings.DEMO = True
    assert demo.refusal() == ""
    User.objects.create_user("came@example.org")
    assert demo.refusal() == "", "who comes into a demo is of the demo"
    settings.DEMO = False
    User.objects.create_user("real@example.org", is_active=False)
    settings.DEMO = True
    assert demo.refusal().startswith("DEMO is on, but this database has people whom no demo made (1)")
    assert celery.app.main == "odr_portal"
    with pytest.raises(SystemExit, match="DEMO is on"):
        signals.worker_init.send(sender=None)
    with pytest.raises(SystemExit, match="DEMO is on"):
        call_command("watch", once=True)
    settings.DEMO = False
    User.objects.filter(pk__gte=person.pk).update(is_active=False)
    assert demo.refusal() == ""


def test_of_an_older_demo_everybody_counts_as_of_the_demo_and_of_a_real_portal_nobody(settings: Any, db: None) -> None:
    mark = importlib.import_module("accounts.migrations.0006_people_of_a_demo").mark
    real = User.objects.create_user("real@example.org")
    settings.DEMO = True
    mark(apps, None)
    assert not reloaded(real).is_demo, "a demo did not begin this database"
    real.delete()
    User.objects.create_user("chen@demo.invalid")
    came = User.objects.create_user("came@example.org", is_demo=False)
    settings.DEMO = False
    mark(apps, None)
    assert not reloaded(came).is_demo, "this is no demo"
    settings.DEMO = True
    mark(apps, None)
    assert reloaded(came).is_demo


@pytest.fixture
def served_database(postgres_server: embedded.ThrowAwayPostgres, django_db_setup: None) -> Any:
    """Rows that other processes see; taken away afterwards."""
    administrator = psycopg2.connect(postgres_server.dsn(user="postgres", database=DATABASE))
    administrator.autocommit = True
    with override_settings(SECRET_KEY_FALLBACKS=[KEY]):
        request_words.lay(administrator)
    with administrator.cursor() as cursor:
        yield cursor, postgres_server.dsn(user=roles.WEB, database=DATABASE)
        cursor.execute("delete from accounts_user where password = 'of-this-test'")
    request_words.lay(administrator)
    administrator.close()


def started(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO_ALLOW"))}
    env = {**kept, "SECRET_KEY": KEY, **variables}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True)


def test_T77_web_and_the_deploy_check_stop_where_people_of_a_demo_are_active(served_database: Any) -> None:
    cursor, url = served_database
    where = {"DATABASE_URL": url, "SITE_URL": "https://odr.example.org", "VAULT_KEYS": ""} | SEPARATED
    check = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    web = ("-c", "import os; os.environ.pop('PROCESS_USERS'); import odr_portal.wsgi")
    assert [started(*one, **where).returncode for one in (check, web)] == [0, 0]
    cursor.execute(
        "insert into accounts_user (password, name, is_demo, language, is_active, person_key, created_at, email_index)"
        " values ('of-this-test', '', true, 'en', true, gen_random_uuid(), now(), '\\x00')"
    )
    for arguments in (check, web):
        done = started(*arguments, **where)
        assert done.returncode != 0
        assert "people of a demo are active" in done.stderr
    cursor.execute("update accounts_user set is_demo = false where password = 'of-this-test'")
    assert started(*web, **where, DEMO="yes").returncode != 0
    nowhere = started(*check, SITE_URL="https://odr.example.org", DATABASE_URL="postgresql://x@/x?host=/nowhere")
    assert nowhere.returncode != 0
    assert "cannot be asked" in nowhere.stderr, "a check that could not look does not pass"


def test_make_demo_harmless_ends_the_accounts_and_says_what_stays(world: World, settings: Any) -> None:
    settings.DEMO = True
    today = timezone.localdate()
    lead = User.objects.create_user(
        "lead@demo.invalid", PASSWORD, phone="+8615400000001", name="管演示", own_phone=a_new_phone()
    )
    admin = User.objects.create_user("admin@demo.invalid", PASSWORD)
    keyring.secrets_of({lead.person_key, admin.person_key}, make=True)
    Administrator.objects.create(user=admin, kind="security", since=timezone.now())
    Staff.objects.create(user=lead, enterprise=Enterprise.objects.get(pk=world.mobile.pk), role="manager")
    token_for(lead, world=world, place="enterprise")
    Client().force_login(lead)
    actor = TeamActor(user=lead, reach=enterprise_reach(lead.pk, on=today), now=timezone.now())
    contact = Contact("email", "new@example.org")
    team.invite(contact, Post(enterprise=world.mobile), "handler", by=actor, language="en", place="http://x/")
    with pytest.raises(CommandError, match="DEMO is on"):
        call_command("make_demo_harmless", yes=True)
    settings.DEMO = False
    with pytest.raises(CommandError, match="ends 2 accounts and cannot be undone: say --yes"):
        call_command("make_demo_harmless")
    assert demo.refusal()
    said = StringIO()
    call_command("make_demo_harmless", yes=True, stdout=said)
    assert "Ended 2 accounts of a demo: 1 sessions, 0 second factors, 0 recovery codes, 1 tokens" in said.getvalue()
    assert "1 invitations, 1 duties, 1 jobs and offices" in said.getvalue()
    assert "deadlines of open cases run on" in said.getvalue()
    assert demo.refusal() == ""
    for user in map(reloaded, (lead, admin)):
        assert (user.is_active, user.email, user.phone, user.has_usable_password()) == (False, None, None, False)
        assert row_tags.stands(user)
    assert not Staff.objects.on(today).filter(user=lead).exists()
    assert not Administrator.objects.filter(user=admin).exists()
    assert reloaded(world.ming).is_active, "others are left alone"
    assert User.objects.create_user("lead@demo.invalid"), "the address is free again"
