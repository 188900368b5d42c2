"""T41: nobody but its sender opens a file before the scanner has passed it, and no case waits for a scanner."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import SecurityEvent
from complaints import evidence
from complaints.evidence.scanning import LEASE, sweep_evidence, sweep_scans
from complaints.models import Complaint, Evidence, EvidenceState
from complaints.procedure.workflow import Status
from oversight.portal_state.state import backlog
from tests import given, health, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.clamd import EICAR, Clamd, running
from tests.complaints.evidence.files import GPS, jpeg
from tests.complaints.pages.at_the_desk import shown, signed_in

MINUTE = timedelta(minutes=1)


@pytest.fixture
def scanner(settings: Any) -> Iterator[Clamd]:
    with running() as server:
        settings.CLAMD, settings.EVIDENCE_SCAN = server.place, True
        yield server


@pytest.fixture
def case(world: World) -> Complaint:
    return given.a_complaint(world, status=Status.NEGOTIATING)


def put(case: Complaint, world: World, content: bytes = jpeg(), name: str = "账单.jpg") -> Evidence:
    return evidence.receive_for_case(
        SimpleUploadedFile(name, content), complaint=case, kind="photo", uploaded_by=world.chen.pk, now=WEDNESDAY
    )


def status(client: Client, case: Complaint, row: Evidence, form: str = "") -> int:
    return client.get(f"/cases/{case.number}/files/{row.pk}/{form}").status_code


def test_T41_a_file_is_shown_to_others_only_once_found_clean_and_cases_filed_together_share_one_verdict(
    world: World, case: Complaint, scanner: Clamd
) -> None:
    row, twin = put(case, world), Evidence.objects.get()
    twin.pk, twin.complaint = None, given.a_complaint(world, status=Status.NEGOTIATING)
    twin.save()
    sender, handler, officer = signed_in(world.chen), signed_in(world.ming), signed_in(world.rui)
    assert (row.state, status(sender, case, row)) == (EvidenceState.QUARANTINED, 200)
    for other in (handler, officer):
        for form in ("", "original/", "thumbnail/"):
            assert status(other, case, row, form) == 404
    page = shown(handler.get(f"/enterprise/cases/{case.number}/"))
    assert ("正在查毒，查完才能打开" in page, f"/files/{row.pk}/" in page) == (True, False)
    assert sweep_scans(now=WEDNESDAY) == 1
    assert scanner.seen == [jpeg()]
    for one in (row, twin):
        assert (reloaded(one).state, one.scanned_at, one.scan_after) == (EvidenceState.CLEAN, WEDNESDAY, None)
    assert status(handler, case, row) == status(handler, case, row, "thumbnail/") == 200
    assert sweep_scans(now=WEDNESDAY + LEASE) == 0


def test_T41_what_is_infected_is_opened_by_nobody(world: World, case: Complaint, scanner: Clamd) -> None:
    row = put(case, world, b"Hello\n" + EICAR, "a.txt")
    assert sweep_scans(now=WEDNESDAY) == 1
    assert (reloaded(row).state, row.finding) == (EvidenceState.INFECTED, "Eicar")
    for person in (world.chen, world.ming, world.rui):
        assert status(signed_in(person), case, row) == status(signed_in(person), case, row, "original/") == 404
    assert "有病毒，不能打开" in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_T41_a_scanner_that_falls_or_is_away_decides_nothing_the_case_goes_on_and_somebody_hears(
    world: World, case: Complaint, scanner: Clamd, client: Client
) -> None:
    row = put(case, world)
    scanner.falls = True
    for wait in (0, 1, 5, 15, 15):
        at = WEDNESDAY + wait * MINUTE
        Evidence.objects.update(scan_after=at)
        assert sweep_scans(now=at) == 0
        assert reloaded(row).state == EvidenceState.QUARANTINED
        assert row.scan_after is not None
        assert row.scan_after > at
    assert row.scan_after == at + 15 * MINUTE
    scanner.falls = False
    assert sweep_scans(now=row.scan_after) == 1
    row = put(case, world, jpeg() + b"x")
    scanner.server_close()
    assert sweep_scans(now=WEDNESDAY) == 0
    assert reloaded(row).state == EvidenceState.QUARANTINED
    queue = backlog(now=WEDNESDAY + 31 * MINUTE)["files to scan"]
    assert (queue.count, queue.age, queue.limit) == (1, 31 * MINUTE, 30 * MINUTE)
    assert "files to scan wait too long" in health().json()["notes"]
    assert signed_in(world.ming).get(f"/enterprise/cases/{case.number}/offer/").status_code == 200


def test_T41_what_no_scan_reads_its_sender_has_and_an_odd_answer_is_no_answer(
    world: World, case: Complaint, scanner: Clamd
) -> None:
    for number, (answer, state) in enumerate(
        (
            (b"INSTREAM size limit exceeded. ERROR\0", EvidenceState.UNSCANNABLE),
            (b"stream: Access denied. ERROR\0", EvidenceState.UNSCANNABLE),
            (b"stream: O", EvidenceState.QUARANTINED),
            (b"HTTP/1.1 200 OK\0", EvidenceState.QUARANTINED),
            (b"stream: OK but not\0", EvidenceState.QUARANTINED),
        )
    ):
        row = put(case, world, jpeg() + bytes([number]))
        scanner.answer = answer
        assert sweep_scans(now=WEDNESDAY) == (state == EvidenceState.UNSCANNABLE)
        assert reloaded(row).state == state
        assert (status(signed_in(world.chen), case, row), status(signed_in(world.ming), case, row)) == (200, 404)


def test_unchecked_without_a_scanner_the_other_party_gets_the_copy_and_only_sender_and_officer_the_original(
    world: World, case: Complaint, client: Client
) -> None:
    row, head = put(case, world), {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
    head |= {"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}
    assert (row.state, sweep_evidence(now=WEDNESDAY)) == (EvidenceState.UNCHECKED, 0)
    assert "未查毒" in shown(signed_in(world.ming).get(f"/enterprise/cases/{case.number}/"))
    assert health().json()["evidence scan"] == "off"
    for person, has_original in ((world.chen, True), (world.ming, False), (world.rui, True)):
        client = signed_in(person)
        for form in ("", "original/", "thumbnail/"):
            told = client.get(f"/cases/{case.number}/files/{row.pk}/{form}")
            assert told.status_code == (200 if has_original or form != "original/" else 404)
            if told.status_code == 200:
                assert told["Content-Disposition"].startswith("attachment")
                assert {name: told[name] for name in head} == head
                assert (GPS in b"".join(told.streaming_content)) == (form == "original/")
        assert ("原件" in shown(client.get(f"/cases/{case.number}/", follow=True))) == has_original
    sealed = b"".join(signed_in(world.rui).get(f"/cases/{case.number}/files/{row.pk}/original/").streaming_content)
    assert (sealed, GPS in sealed) == (jpeg(), True)
    noted = SecurityEvent.objects.filter(kind="reveal", reason="original")
    assert {event.subject for event in noted} == {f"{case.number} file {row.pk}"}
    assert status(signed_in(world.hua), case, row, "thumbnail/") == 404
