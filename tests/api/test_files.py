"""Files of a case over the page or the API for programs."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from complaints.models import Complaint, Evidence, FilingDraft, HandlingStep
from complaints.procedure.workflow import Status
from tests import given
from tests.api.conftest import Making
from tests.api.test_calls import filing
from tests.cast import World
from tests.complaints.filing.test_voice import recorded


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    return tmp_path / "evidence"


def a_file(text: str = "九月账单 128.50") -> SimpleUploadedFile:
    return SimpleUploadedFile("账单.txt", text.encode(), content_type="text/plain")


def test_a_file_goes_in_once_and_comes_out_as_an_attachment(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    chen, key = program("chen"), uuid.uuid4().hex
    first = chen.upload(f"/complaints/{case.number}/files/", {"file": a_file(), "kind": "receipt"}, key=key)
    assert first.status_code == 201, first.content.decode()
    again = chen.upload(f"/complaints/{case.number}/files/", {"file": a_file(), "kind": "receipt"}, key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert Evidence.objects.count() == 1
    assert HandlingStep.objects.filter(complaint=case, step="add_statement").count() == 1
    listed = program("ming").get(f"/complaints/{case.number}/files/").json()["results"]
    assert [(one["name"], one["kind"], one["sha256"]) for one in listed] == [
        ("账单.txt", "receipt", first.json()["sha256"])
    ]
    handed = program("ming").client.get(listed[0]["url"], headers={"Authorization": f"Bearer {program('ming').secret}"})
    assert b"".join(handed.streaming_content).decode() == "九月账单 128.50"
    assert handed["Content-Disposition"].startswith("attachment")
    assert program("hua").get(f"/complaints/{case.number}/files/").status_code == 404


def test_what_is_no_evidence_or_of_another_case_is_refused(world: World, program: Making, folder: Path) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    chen = program("chen")
    refused = chen.upload(
        f"/complaints/{case.number}/files/", {"file": SimpleUploadedFile("a.jpg", b"<html><script>alert(1)</script>")}
    )
    assert (refused.status_code, refused.json()["field"]) == (422, "file")
    assert chen.upload(f"/complaints/{case.number}/files/", {}).status_code == 400
    assert chen.upload(f"/complaints/{case.number}/files/", {"file": a_file(), "owner": "1"}).status_code == 400
    assert chen.post(f"/complaints/{case.number}/files/", {}).status_code == 415
    assert not Evidence.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]
    mine, other = (given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now()) for _ in range(2))
    chen = program("chen")
    sha = chen.upload(f"/complaints/{other.number}/files/", {"file": a_file()}).json()["sha256"]
    refused = chen.post(f"/complaints/{mine.number}/steps/add_statement/", {"text": "见附件", "files": [sha]})
    assert (refused.status_code, refused.json()["field"]) == (422, "files")


TELECOM = {
    "service_number": "13800000001",
    "plan": "畅享 128",
    "contract_until": "2027-06-30",
    "promised": "每月返还 30 元",
    "noticed_on": timezone.localdate().isoformat(),
}


def test_a_program_answers_the_questions_that_matter_for_a_carrier(world: World, program: Making) -> None:
    chen = program("chen")
    filed = chen.post("/complaints/", filing(world, **TELECOM))
    assert filed.status_code == 201, filed.content.decode()
    case = Complaint.objects.get(number=filed.json()["case"])
    assert (case.facts["contract_until"], case.learned_on.isoformat()) == ("2027-06-30", TELECOM["noticed_on"])
    values = {text.kind: text.text for text in case.texts.all()}
    assert (values["consumer_plan"], values["consumer_promised"]) == ("畅享 128", "每月返还 30 元")
    wrong = chen.post(
        "/complaints/",
        filing(world, **TELECOM | {"contract_until": "soon", "noticed_on": "1999-01-01", "plan": "x" * 101}),
    )
    assert set(wrong.json()["errors"]) == {"/contract_until", "/noticed_on", "/plan"}


def test_a_complaint_is_spoken_to_a_program_too(world: World, program: Making) -> None:
    chen, body = program("chen"), filing(world)
    del body["statement"]
    missing = chen.post("/complaints/", body)
    assert (missing.status_code, set(missing.json()["errors"])) == (400, {"/statement"})
    spoken = {"complaint": json.dumps(body), "voice": recorded()}
    first = chen.upload("/complaints/", spoken, key="spoken-0001")
    assert first.status_code == 201, first.content.decode()
    case = Complaint.objects.get(number=first.json()["case"])
    row = Evidence.objects.get()
    assert (row.complaint_id, row.kind, row.media_type) == (case.pk, "recording", "audio/webm")
    assert case.facts["voice"] == row.sha256
    assert case.facts["voice_only"] is True
    assert not FilingDraft.objects.exists()
    # Sent again it is the same case, and no second recording lies about.
    assert chen.upload("/complaints/", spoken | {"voice": recorded()}, key="spoken-0001").status_code in (201, 422)
    assert Complaint.objects.count() == Evidence.objects.count() == 1


@pytest.mark.parametrize(
    ("voice", "complaint", "place"),
    [(b"no sound", None, "/voice"), (None, {"is_true": False}, "/is_true"), (None, {"amount": "-5"}, "/amount")],
)
def test_a_spoken_complaint_that_is_refused_leaves_nothing(
    world: World, program: Making, settings: Any, voice: bytes | None, complaint: dict[str, Any] | None, place: str
) -> None:
    sent = {
        "complaint": json.dumps(filing(world, **complaint or {})),
        "voice": recorded() if voice is None else SimpleUploadedFile("a.txt", voice),
    }
    refused = program("chen").upload("/complaints/", sent)
    assert refused.status_code == 400, refused.content.decode()
    assert place in refused.json()["errors"]
    assert not Complaint.objects.exists()
    assert not Evidence.objects.exists()
    assert not FilingDraft.objects.exists()
    assert not [path for path in Path(settings.EVIDENCE_ROOT).rglob("*") if path.is_file()]


def test_parts_that_are_missing_or_no_json_are_said(world: World, program: Making) -> None:
    chen = program("chen")
    assert set(chen.upload("/complaints/", {"complaint": "{}"}).json()["errors"]) == {"/voice"}
    bad = chen.upload("/complaints/", {"complaint": '{"a": 1, "a": 2}', "voice": recorded()})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_json")
    assert set(chen.upload("/complaints/", {"complaint": "{}", "voice": recorded(), "more": "x"}).json()["errors"]) == {
        "/more"
    }
