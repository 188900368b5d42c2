"""T41: nobody but its sender opens a file before the scanner has passed it, and no case waits for a scanner."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import SecurityEvent
from complaints import evidence
from complaints.evidence.scanning import LEASE
from complaints.filing import drafts
from complaints.handling import scanned_files
from complaints.handling.scanned_files import sweep_evidence, sweep_scans
from complaints.handling.steps import consumer
from complaints.models import Complaint, Evidence, EvidenceState, HandlingStep
from complaints.procedure.workflow import Status
from complaints.record.verification import verify
from oversight.portal_state.state import backlog
from tests import given, health, missing_in, reloaded
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
    assert ("正在检查，查完才能打开" in page, f"/files/{row.pk}/" in page) == (True, False)
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
    page = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    assert "有病毒，不能打开" in page
    # The record says who held it back, when and why; a second look by another sweep adds nothing.
    entry = HandlingStep.objects.get(complaint=case, step="hold_back_file")
    verdict = {
        "why": "infected",
        "finding": "Eicar",
        "scanner": "clamd",
        "found": WEDNESDAY.astimezone(UTC).isoformat(),
    }
    assert (entry.audience, entry.actor_role, entry.happened_at) == ("parties", "system", WEDNESDAY)
    assert entry.data == {"sha256": row.sha256} | verdict
    assert not missing_in(page, "扣下文件，不提供给别人", f"SHA-256 {row.sha256}")
    Evidence.objects.update(state=EvidenceState.QUARANTINED, scan_after=WEDNESDAY)
    assert sweep_scans(now=WEDNESDAY) == 1
    assert reloaded(row).state == EvidenceState.INFECTED
    assert HandlingStep.objects.filter(complaint=case, step="hold_back_file").count() == 1


def test_T41_of_cases_filed_together_each_record_says_what_is_held_back_and_one_failure_leaves_the_file_to_be_judged(
    world: World, case: Complaint, scanner: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, twin = put(case, world, b"Hello\n" + EICAR, "a.txt"), Evidence.objects.get()
    twin.pk, twin.complaint = None, given.a_complaint(world, status=Status.NEGOTIATING)
    twin.save()
    for one in (case, twin.complaint):
        given.step(one, consumer.add_statement(text="见附件。", files=[row.sha256]), world.consumer, WEDNESDAY)
    with monkeypatch.context() as broken:
        broken.setattr(scanned_files, "take", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sweep_scans(now=WEDNESDAY)
    assert reloaded(row).state == EvidenceState.QUARANTINED
    assert sweep_scans(now=WEDNESDAY + LEASE) == 1
    told = HandlingStep.objects.filter(step="hold_back_file").values_list("complaint_id", "data__sha256")
    assert set(told) == {(case.pk, row.sha256), (twin.complaint_id, row.sha256)}
    for one in (case, twin.complaint):
        assert verify(number=one.number).findings == []


def test_T41_what_was_judged_while_the_complaint_was_a_draft_is_said_in_its_record(
    world: World, scanner: Clamd
) -> None:
    draft, _key = drafts.begin(now=WEDNESDAY)
    file = SimpleUploadedFile("a.txt", b"Hello\n" + EICAR)
    row = evidence.receive(file, draft=draft, kind="photo", uploaded_by=None, now=WEDNESDAY)
    assert sweep_scans(now=WEDNESDAY) == 1
    assert not HandlingStep.objects.filter(step="hold_back_file").exists()
    case = given.filed(world, evidence_ids=(row.pk,))
    entry = HandlingStep.objects.get(complaint=case, step="hold_back_file")
    assert (entry.sequence, entry.data["sha256"], entry.data["why"]) == (2, row.sha256, "infected")
    assert entry.data["found"] == WEDNESDAY.astimezone(UTC).isoformat()
    assert verify(number=case.number).findings == []


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
