"""Pages, steps and tracking of a case that lies in the archive."""

import re
from typing import Any

import psycopg2
import pytest
import time_machine
from django.db import transaction
from django.test import Client

from complaints.filing import drafts
from complaints.models import Complaint, Dossier, HouseEntry, PersonalText
from complaints.privacy import archiving
from complaints.record.moved import named, rows
from complaints.record.verification import verify
from odr_portal.processes import embedded
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.complaints.pages.links.test_track import TOKEN, ask
from tests.proof.beside.conftest import LATER, NAME, client_of, left, query

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        "delete from complaints_handlingstep where id = (select max(id) from complaints_handlingstep)",
        "update complaints_handlingstep set hash = sha256('x') where audience = 'parties'"
        " and sequence = (select max(sequence) from complaints_handlingstep where audience = 'parties')",
        "truncate complaints_handlingstep",
    ],
)
def test_what_is_changed_in_the_archive_is_named_and_not_shown(
    moved: Complaint, archive: str, world: World, change: str
) -> None:
    query(archive, change)
    assert "archive_differs" in {one.code for one in verify().findings}
    assert "archive_differs" in {one.code for one in verify(number=moved.number).findings}
    with time_machine.travel(LATER, tick=False):
        answer = client_of(world, "chen").get(f"/cases/{moved.number}/")
    assert answer.status_code == 503
    assert "不符" in answer.content.decode()
    assert left(moved) == 0


def test_everybody_with_rights_reads_it_and_nobody_else(moved: Complaint, world: World) -> None:
    house_entries = HouseEntry.objects.count()
    with transaction.atomic():
        named.read_back([moved.pk])
        texts = PersonalText.objects.filter(complaint=moved, kind="consumer_statement")
        spoken = [text.text for text in texts]
        transaction.set_rollback(True)
    assert spoken
    with time_machine.travel(LATER, tick=False):
        page = client_of(world, "chen").get(f"/cases/{moved.number}/")
        assert page.status_code == 200
        shown = page.content.decode()
        assert all(word in shown for word in spoken)
        assert client_of(world, "ming").get(f"/enterprise/cases/{moved.number}/").status_code == 200
        assert client_of(world, "hua").get(f"/enterprise/cases/{moved.number}/").status_code == 404
        assert client_of(world, "hua").get(f"/cases/{moved.number}/").status_code == 404
    assert (left(moved), HouseEntry.objects.count()) == (0, house_entries)


def test_an_archive_that_is_away_or_not_set_is_said(moved: Complaint, world: World, settings: Any) -> None:
    for url in ("postgresql:///none?host=/nowhere", ""):
        settings.ARCHIVE_DATABASE_URL = url
        with time_machine.travel(LATER, tick=False):
            page = client_of(world, "chen").get(f"/cases/{moved.number}/")
            assert client_of(world, "chen").get("/cases/").status_code == 200
        assert page.status_code == 503
        assert "归档库" in page.content.decode()
        report = verify()
        assert (report.findings, report.archived, report.read_there) == ([], 1, 0)
        with pytest.raises(rows.ArchiveAway):
            archiving.move_some(now=LATER)


def without_tokens(page: str) -> str:
    return re.sub(r"(csrfmiddlewaretoken|idempotency_key|nonce)[^>]*", "", page)


def test_whoever_holds_the_token_tracks_a_moved_case(case: Complaint, archive: str) -> None:
    rows_of_case, own = Complaint.objects.filter(pk=case.pk), case.tracking_digest
    pages = []
    for is_moved in (False, True):
        rows_of_case.update(tracking_digest=own)
        assert archiving.move_some(now=LATER).cases == is_moved if is_moved else True
        rows_of_case.update(tracking_digest=drafts.tracking_digest(TOKEN))
        client = Client()
        with time_machine.travel(LATER, tick=False):
            assert ask(client, case.number)["Location"] == f"/track/{case.number}/"
            pages.append(without_tokens(shown(client.get(f"/track/{case.number}/"))))
    assert pages[0] == pages[1]
    assert left(case) == 0


def test_who_sends_something_to_a_moved_case_has_it_brought_back(moved: Complaint, world: World) -> None:
    with time_machine.travel(LATER, tick=False):
        strangers = send(signed_in(world.hua), f"/cases/{moved.number}/dossier/", {"kind": "dossier"})
        assert (strangers.status_code, left(moved)) == (404, 0)
        answer = send(signed_in(world.chen), f"/cases/{moved.number}/dossier/", {"kind": "dossier"})
        assert answer.status_code == 302, answer.content.decode()[:300]
        assert left(moved) > 0
        assert Dossier.objects.filter(complaint=moved).exists()
    assert verify().is_unbroken


def test_a_login_that_only_reads_is_enough_for_pages(
    moved: Complaint, archive: str, world: World, settings: Any, postgres_server: embedded.ThrowAwayPostgres
) -> None:
    query(archive, "drop role if exists archive_reader")
    query(archive, "create role archive_reader login in role pg_read_all_data")
    settings.ARCHIVE_DATABASE_URL = postgres_server.dsn(user="archive_reader", database=NAME)
    with time_machine.travel(LATER, tick=False):
        assert client_of(world, "chen").get(f"/cases/{moved.number}/").status_code == 200
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(settings.ARCHIVE_DATABASE_URL, "delete from complaints_handlingstep")
    settings.ARCHIVE_DATABASE_URL = archive
    query(archive, "drop role archive_reader")
