"""What stands beside a file: true, the same after the page is loaded anew, and "not searched" at work alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints import evidence
from complaints.handling.scanned_files import sweep_scans
from complaints.models import Complaint, Evidence, EvidenceState, FilingDraft
from complaints.procedure.workflow import Status
from complaints.reading.file_view import state_label
from tests import found_in, given
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.clamd import Clamd, running
from tests.complaints.evidence.files import jpeg
from tests.complaints.evidence.test_quarantine import put
from tests.complaints.evidence.test_uploads import TEXT, Sender, draft, of, town
from tests.complaints.pages.at_the_desk import shown, signed_in

__all__ = ["draft", "town"]


@pytest.fixture
def scanner(settings: Any) -> Iterator[Clamd]:
    with running() as server:
        settings.CLAMD, settings.EVIDENCE_SCAN = server.place, True
        yield server


@pytest.fixture
def case(world: World) -> Complaint:
    return given.a_complaint(world, status=Status.NEGOTIATING)


def test_not_searched_is_told_at_work_alone(world: World, case: Complaint) -> None:
    put(case, world)
    assert not found_in(shown(signed_in(world.chen).get(f"/cases/{case.number}/")), "未查毒")
    assert "未查毒" in shown(signed_in(world.ming).get(f"/enterprise/cases/{case.number}/"))


@pytest.mark.parametrize(
    ("state", "sender", "other"),
    [
        (EvidenceState.UNCHECKED, "已存好", "未查毒"),
        (EvidenceState.QUARANTINED, "已存好，正在检查", "正在检查，查完才能打开"),
        (EvidenceState.CLEAN, "已存好", ""),
        (EvidenceState.UNSCANNABLE, "已存好，但检查不了，别人打不开；请换一个文件", "检查不了，不能打开"),
        (EvidenceState.INFECTED, "有病毒，不能打开", "有病毒，不能打开"),
    ],
)
def test_each_state_in_words_for_sender_and_others(state: str, sender: str, other: str) -> None:
    row = Evidence(state=state)
    opens = state in (EvidenceState.UNCHECKED, EvidenceState.CLEAN)
    sees = state != EvidenceState.INFECTED
    assert state_label(row, is_open=sees, is_theirs=True, is_staff=False) == sender
    assert state_label(row, is_open=opens, is_theirs=False, is_staff=True) == other
    # Somebody by a link, or the consumer, of a file of the other side.
    stranger = state_label(row, is_open=opens, is_theirs=False, is_staff=False)
    assert stranger == ("" if opens else other)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_words_at_the_end_of_an_upload_are_those_after_it_is_loaded_anew(
    client: Client, draft: FilingDraft, scanner: Clamd, language: str
) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    sender = Sender(client, of(draft), TEXT)
    assert "state" not in sender.begin().json()
    said = sender.all().json()
    assert (said["is_done"], said["state"]) == (
        True,
        "已存好，正在检查" if language == "zh-hans" else "Stored, being checked",
    )
    assert said["state"] in shown(client.get(f"{of(draft)}you/"))
    sweep_scans(now=timezone.now())
    again = client.get(sender.address).json()["state"]
    assert again == ("已存好" if language == "zh-hans" else "Stored")
    assert again in shown(client.get(f"{of(draft)}you/"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("账单.jpg", "这其实是一段文字".encode()),
        ("账单.PNG", b"MZ\x90\0\x03\0"),
        ("账单.heic", b"%!PS"),
        ("账单.jpeg", b"<html>"),
        ("账单.jpg", jpeg()[:200]),
        ("账单.webp", b"RIFF\0\0\0\0WEBPVP8 rubbish"),
    ],
)
def test_a_fake_picture_is_named_as_such(world: World, case: Complaint, name: str, content: bytes) -> None:
    file = SimpleUploadedFile(name, content)
    with pytest.raises(evidence.EvidenceRefused) as refusal:
        evidence.receive_for_case(file, complaint=case, kind="photo", uploaded_by=world.chen.pk, now=WEDNESDAY)
    assert str(refusal.value) == f"“{name}”不是图片，或者图片已经损坏；请重新拍一张，或截图后上传"
    assert not Evidence.objects.exists()


def test_a_picture_under_another_name_is_taken_as_what_it_is(world: World, case: Complaint) -> None:
    assert put(case, world, jpeg(), "账单.png").media_type == "image/jpeg"


def test_without_a_script_the_refusal_stands_on_the_page_and_keeps_what_came(
    client: Client, draft: FilingDraft
) -> None:
    files = [SimpleUploadedFile("账单.jpg", jpeg()), SimpleUploadedFile("假.png", b"MZ\x90\0")]
    answer = client.post(f"{of(draft)}you/", {"upload": "1", "kind": "photo", "files": files}, follow=True)
    page = shown(answer)
    assert "“假.png”不是图片" in page
    assert "账单.jpg" in page
    assert "已存好" in page
