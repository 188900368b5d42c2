"""Speaking instead of typing, and a number that no code has proven: an officer writes down, an officer rings."""

import tempfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints.evidence import examining, limits
from complaints.handling.steps import casework
from complaints.models import Complaint, Evidence, FilingDraft, Notice, PersonalText
from complaints.procedure.workflow import Status
from routing.forwarding import forwarding
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence import files
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import PNG, begin, fill, screen, send, url
from tests.complaints.filing.test_submit import file, prove

SPOKEN = {"story": ""}


def looked_into(content: bytes, kind: str, *, longest: int) -> tuple[str, bool]:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as copy, tempfile.TemporaryFile() as small:
        source.write(content)
        source.flush()
        seen = examining.look_into(source, kind, copy=copy, thumbnail=small, longest=longest)
    return seen.copy_type, seen.has_thumbnail


def recorded(seconds: float = 0.5) -> SimpleUploadedFile:
    return SimpleUploadedFile("语音陈述.webm", files.recording("webm", seconds), content_type="audio/webm")


def test_who_cannot_type_speaks_and_an_officer_writes_it_down(client: Client, town: Town) -> None:
    response = send(client, "/file/", SPOKEN)
    assert (response.status_code, "请写几句发生了什么" in response.content.decode()) == (422, True)
    handed = f"/file/?pick={town.pick}&service_region={town.gulou}"
    response = send(client, handed, SPOKEN, voice=recorded())
    draft = FilingDraft.objects.get()
    assert response.headers["Location"] == url(draft, "heard")
    for screen_, who in (("story", "(self)"), ("heard", "()")):
        assert f"microphone={who}" in client.get(url(draft, screen_)).headers["Permissions-Policy"]
    row = Evidence.objects.get()
    assert (row.kind, row.media_type, row.copy_type) == ("recording", "audio/webm", "audio/webm")
    assert "删除录音" in screen(client, draft, "story")
    fill(client, draft)
    assert "语音陈述，工作人员会写下来" in screen(client, draft)
    prove(client, draft)
    assert file(client, draft).status_code == 302
    case = Complaint.objects.get()
    assert (case.facts["voice"], case.facts["voice_only"]) == (row.sha256, True)
    assert "录音在材料里；工作人员会写下来" in client.get(f"/cases/{case.number}/").content.decode()


def test_no_recording_is_refused_a_new_one_replaces_the_old_one_and_may_go(client: Client, town: Town) -> None:
    draft = begin(client, town)
    for name, content, words in (
        ("照片.png", PNG, "不是录音"),
        ("坏.webm", b"\x1aE\xdf\xa3webm" + bytes(500), "打不开"),
        ("录像.mp4", files.recording("mp4"), "不是录音"),
        ("空.webm", b"", "空文件"),
    ):
        send(client, url(draft, "story"), {"story": "在东街口"}, voice=SimpleUploadedFile(name, content))
        assert not missing_in(screen(client, draft, "story"), words, "在东街口")
        assert not Evidence.objects.exists()
    for seconds in (0.4, 0.6):
        response = send(client, url(draft, "story"), SPOKEN, keep_voice="1", voice=recorded(seconds))
        assert response.headers["Location"].endswith("/story/#voice")
    assert Evidence.objects.count() == 1
    send(client, url(draft, "story"), SPOKEN, remove_voice="1")
    assert (Evidence.objects.exists(), "voice" in FilingDraft.objects.get().data) == (False, False)
    assert send(client, url(draft, "story"), SPOKEN).status_code == 422
    send(client, url(draft, "story"), SPOKEN, voice=recorded())
    fill(client, draft)
    send(client, url(draft, "evidence"), {"remove": str(Evidence.objects.get().pk)} | answers.YOU)
    assert "还有没填好的" in screen(client, draft)


def test_more_than_three_minutes_are_refused(client: Client, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(examining.Unreadable, match="long"):
        looked_into(files.recording("mp3"), "audio/mpeg", longest=1)
    assert looked_into(files.recording("mp3"), "audio/mpeg", longest=2) == ("audio/mpeg", False)
    monkeypatch.setattr(limits, "VOICE_SECONDS", 1)
    monkeypatch.setattr(limits, "VOICE_SLACK", 0)
    draft = begin(client, town)
    send(client, url(draft, "story"), SPOKEN, voice=recorded(1.5))
    assert "超过3分钟" in screen(client, draft, "story")
    assert not Evidence.objects.exists()


def test_what_was_only_spoken_waits_for_somebody_who_writes_and_nothing_else(world: World) -> None:
    case, move = given.a_complaint(world, status=Status.REVIEW), casework.write_down_statement(text="九月起每月多扣。")
    given.refused(case, move, world.officer, WEDNESDAY)
    case = given.filed(world, statement="", absent=("statement",))
    Complaint.objects.filter(pk=case.pk).update(facts={"voice": "ab" * 32, "voice_only": True})
    forwarding.sweep_filed(now=WEDNESDAY)
    assert (reloaded(case).status, case.reason) == (Status.TRIAGE, "statement_by_voice")
    given.step(case, move, world.intake, WEDNESDAY)
    text = PersonalText.objects.get(complaint=case, kind="consumer_transcript")
    # It is the consumer's word: it lies under the consumer's key and goes with it.
    assert text.key_id == case.consumer_key
    assert Notice.objects.filter(complaint=case, addressee="consumer").exists()
    client = Client()
    client.force_login(world.chen)
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert not missing_in(page, "九月起每月多扣。", "由工作人员听录音写下来；写得不对，消费者可以更正")


def test_an_officer_rings_the_number_that_no_code_has_proven(world: World) -> None:
    for result, is_verified in [("call_confirmed", True), ("call_no_answer", False), ("call_not_theirs", False)]:
        case, move = given.filed(world, contact_verified=False), casework.verify_contact(result=result)
        forwarding.sweep_filed(now=WEDNESDAY)
        assert (reloaded(case).status, case.reason) == (Status.TRIAGE, "contact_unverified")
        given.step(case, move, world.intake, WEDNESDAY)
        # What waited for the number alone goes on.
        assert (case.contact_verified, case.status) == (is_verified, Status.FILED if is_verified else Status.TRIAGE)
        if is_verified:
            given.refused(case, move, world.intake, WEDNESDAY)
