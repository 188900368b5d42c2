"""The cast: Chen complains, Ming answers, Hua must see nothing, Rui and Su are the authority; the directory is real."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from typing import Any, TypeVar
from uuid import uuid4
from zlib import crc32

import psycopg2
import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, transaction

from accounts.keys import keyring
from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints.parties import actors
from complaints.parties.actors import Actor
from enterprises.models import Branch, Enterprise, Staff
from tests.server import COUNT_A_CHANGE

#: A Wednesday morning in Fuzhou: 2026-11-11 10:00.
WEDNESDAY = datetime(2026, 11, 11, 2, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
MOBILE, TELECOM = "中国移动通信集团福建有限公司", "中国电信股份有限公司福建分公司"
GULOU, CITY, FAR = "福州市鼓楼区市场监督管理局", "福州市市场监督管理局", "闽侯县市场监督管理局"
T = TypeVar("T")


_APPS = ("authorities", "enterprises", "routing")
_kept: list[str] = []


def load_directory() -> None:
    """Load it where it is missing: by the command the first time, from a copy after a flush."""
    if Authority.objects.exists():
        return
    if _kept:
        _as_owner(*(f'insert into "{table}" select * from kept."{table}"' for table in _kept), COUNT_A_CHANGE)
        return
    call_command("load_directory", verbosity=0, stdout=StringIO())
    tables = [model._meta.db_table for app in _APPS for model in apps.get_app_config(app).get_models()]
    if not connection.in_atomic_block:
        _as_owner(
            "create schema if not exists kept",
            *(f'create table kept."{table}" as select * from "{table}"' for table in tables),
            # As a flush leaves it: a directory of before, of which the house chain says nothing.
            "truncate complaints_houseentry",
        )
        _kept.extend(tables)


def _as_owner(*statements: str) -> None:
    with psycopg2.connect(os.environ["DATABASE_OWNER_URL"]) as owner, owner.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
    owner.close()


@pytest.fixture(scope="session")
def directory(django_db_setup: None, django_db_blocker: Any) -> None:
    """The real directory, once a run, outside the tests' transactions."""
    with django_db_blocker.unblock():
        load_directory()


@pytest.fixture(scope="module")
def public_side(directory: None, django_db_blocker: Any) -> None:
    """For tests that need no people: regions, authorities, policies, calendars, demo enterprises and rules."""
    with django_db_blocker.unblock():
        load_directory()


@pytest.fixture(scope="module")
def demo_directory(public_side: None) -> None:
    """The same, for tests that look at the demo enterprises."""


@dataclass
class World:
    """People and the places where they belong."""

    chen: User
    otto: User
    ming: User
    lead: User
    hua: User
    rui: User
    su: User
    mobile: Enterprise
    fuzhou: Branch
    telecom: Enterprise
    gulou: Authority
    city: Authority
    region: Region
    ming_staff: Staff
    lead_staff: Staff
    hua_staff: Staff
    rui_officer: Officer
    su_officer: Officer
    head_officer: Officer
    superior_officer: Officer
    far_officer: Officer

    def actor(self, who: str) -> Actor:
        """An actor by the name of the part: consumer, handler, officer, head, system …"""
        officers = {"head": self.head_officer, "superior": self.superior_officer, "far_officer": self.far_officer}
        others = {"system": actors.SYSTEM, "other_consumer": actors.consumer(self.otto)}
        return actors.officer([officers[who]]) if who in officers else others.get(who) or getattr(self, who)

    @property
    def consumer(self) -> Actor:
        return actors.consumer(self.chen)

    @property
    def handler(self) -> Actor:
        return actors.staff_member(self.ming_staff)

    @property
    def manager(self) -> Actor:
        return actors.staff_member(self.lead_staff)

    @property
    def stranger(self) -> Actor:
        return actors.staff_member(self.hua_staff)

    @property
    def officer(self) -> Actor:
        return actors.officer([self.rui_officer])

    @property
    def intake(self) -> Actor:
        return actors.officer([self.su_officer])


hashed = cache(make_password)


def a_person(name: str, address: str) -> User:
    """Not saved. Everybody has the same password, so it is hashed once a run; each has a proved phone of their own."""
    return User(email=address, password=hashed(PASSWORD), name=name, own_phone=an_own_phone(address))


def a_new_phone() -> str:
    """The proved phone of somebody else at work."""
    return f"+86156{secrets.randbelow(10**8):08}"


def somebody() -> User:
    """Saved, with a proved phone and without work."""
    return save_people(a_person("某试", f"{uuid4().hex}@example.com"))[0]


def an_own_phone(address: str) -> str:
    return f"+86155{crc32(address.encode()) % 10**8:08}"


def save_people(*people: User) -> list[User]:
    """All keys in one statement, and not one a row."""
    keyring.secrets_of({person.person_key for person in people}, make=True)
    return User.objects.bulk_create(people)


@pytest.fixture
def world(directory: None, db: None) -> World:
    """Everybody, as of today; reloads the directory where a test flushed it."""
    load_directory()
    return _everybody()


@contextmanager
def standing(blocker: Any, make: Callable[[World], T]) -> Iterator[tuple[World, T]]:
    """Everybody and what ``make`` adds, for a fixture of a whole module: rolled back at the end of the block.

    Each test of the module works on a savepoint in it, with a copy of the objects; none may be ``transaction=True``.
    """
    with blocker.unblock():
        load_directory()
        with transaction.atomic():
            world = _everybody()
            made = make(world)
            # What waits for the end of the transaction is checked once here, not at the end of each test.
            connection.check_constraints()
            yield world, made
            transaction.set_rollback(True)


def _everybody() -> World:
    """In few statements: nearly every test begins with it."""
    firms = {row.name: row for row in Enterprise.objects.filter(name__in=(MOBILE, TELECOM))}
    offices = {row.name: row for row in Authority.objects.filter(name__in=(GULOU, CITY, FAR))}
    mobile, telecom, gulou, city = firms[MOBILE], firms[TELECOM], offices[GULOU], offices[CITY]
    fuzhou, nobody = Branch.objects.get(name="中国移动福州分公司"), make_password(None)
    at_work = {"ming": "明试", "lead": "主管", "hua": "华试", "rui": "瑞试", "su": "苏试"}
    at_work |= {"head": "长试", "superior": "上试", "far": "远试"}
    chen, otto, ming, lead, hua, rui, su, head, superior, far = save_people(
        User(phone="+8613800000001", password=nobody, name="陈试"),
        User(phone="+8613800000009", password=nobody, name="欧托"),
        *(a_person(name, f"{part}@example.com") for part, name in at_work.items()),
    )
    staff = Staff.objects.bulk_create(
        [
            Staff(user=ming, enterprise=mobile, branch=fuzhou, role=Role.HANDLER.post),
            Staff(user=lead, enterprise=mobile, role=Role.MANAGER.post),
            Staff(user=hua, enterprise=telecom, role=Role.HANDLER.post),
        ]
    )
    officers = Officer.objects.bulk_create(
        [
            Officer(user=rui, authority=gulou, role=Role.OFFICER.post),
            Officer(user=su, authority=city, role=Role.INTAKE.post),
            Officer(user=head, authority=gulou, role=Role.APPROVER.post),
            Officer(user=superior, authority=city, role=Role.OFFICER.post),
            Officer(user=far, authority=offices[FAR], role=Role.OFFICER.post),
        ]
    )
    places = (mobile, fuzhou, telecom, gulou, city, Region.objects.get(code="350102"))
    return World(chen, otto, ming, lead, hua, rui, su, *places, *staff, *officers)
