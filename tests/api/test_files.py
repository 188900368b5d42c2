"""Files of a case over the page or the API for programs."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from complaints.models import Evidence, HandlingStep
from complaints.procedure.workflow import Status
from tests import given
from tests.api.conftest import Making
from tests.cast import World


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
