"""A closed case and an archive beside the database of the tests."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from complaints.models import Complaint, Deadline, HandlingStep, Notice, PersonalText
from complaints.privacy import archiving
from complaints.procedure.workflow import Status
from complaints.record import checkpoints
from odr_portal.processes import embedded
from tests import given
from tests.cast import WEDNESDAY, World

KEY = Ed25519PrivateKey.generate()
LATER = WEDNESDAY + timedelta(days=1200)
NAME = "archive"
LONG = (HandlingStep, PersonalText, Notice, Deadline)


@pytest.fixture
def archive(postgres_server: embedded.ThrowAwayPostgres, settings: Any) -> Iterator[str]:
    administrator = postgres_server.dsn(user="postgres", database="postgres")
    embedded.run_statements(administrator, [f"drop database if exists {NAME} with (force)", f"create database {NAME}"])
    settings.ARCHIVE_DATABASE_URL = postgres_server.dsn(user="postgres", database=NAME)
    yield settings.ARCHIVE_DATABASE_URL
    embedded.run_statements(administrator, [f"drop database {NAME} with (force)"])


def query(url: str, sql: str, *values: Any) -> list[Any]:
    with psycopg2.connect(url) as line, line.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def case(world: World) -> Complaint:
    """Closed, told of and sealed."""
    result = given.a_complaint(world, status=Status.CLOSED)
    told(result)
    assert checkpoints.seal(now=LATER - timedelta(days=1), key=KEY) is not None
    return result


def told(case: Complaint) -> None:
    for row in Notice.objects.filter(complaint=case):
        row.state = "in_portal"
        row.save()


@pytest.fixture
def moved(case: Complaint, archive: str) -> Complaint:
    assert archiving.move_some(now=LATER).cases == 1
    return case


def left(case: Complaint) -> int:
    return sum(model.objects.filter(complaint=case).count() for model in LONG)  # type: ignore[attr-defined]


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(getattr(world, who))
    return client
