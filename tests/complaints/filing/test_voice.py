"""Speaking instead of typing, and a number that no code has proven: an officer writes down, an officer rings."""

import array
import fractions
import io
import math
import tempfile
from dataclasses import replace
from typing import Any

import av
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints import handling
from complaints.evidence import examining, limits
from complaints.handling.steps import casework
from complaints.models import Complaint, Evidence, FilingDraft, Notice, PersonalText
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from routing.forwarding import forwarding
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence import files
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import PNG, begin, fill, send, url
from tests.complaints.filing.test_submit import file, prove

SPOKEN = answers.PROBLEM | {"statement": ""}


def webm(seconds: float = 0.5) -> bytes:
    """What a browser records."""
    whole = io.BytesIO()
    with av.open(whole, "w", format="webm") as container:
        sound = container.add_stream("libopus", rate=48000)
        sound.layout = "mono"
        for number in range(int(seconds * 50)):
            frame = av.AudioFrame(format="flt", layout="mono", samples=960)
            frame.sample_rate, frame.pts = 48000, number * 960
            frame.time_base = fractions.Fraction(1, 48000)
            tone = array.array("f", [0.3 * math.sin((number * 960 + n) / 16) for n in range(960)])
            frame.planes[0].update(tone.tobytes())
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return whole.getvalue()


def looked_into(content: bytes, kind: str, *, longest: int) -> tuple[str, bool]:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as copy, tempfile.TemporaryFile() as small:
        source.write(content)
        source.flush()
        seen = examining.look_into(source, kind, copy=copy, thumbnail=small, longest=longest)
    return seen.copy_type, seen.has_thumbnail


def recorded(name: str = "语音陈述.webm", content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or webm(), content_type="audio/webm")


def test_who_cannot_type_speaks_and_an_officer_writes_it_down(client: Client, town: Town) -> None:
    draft = begin(client, town)
    send(client, url(draft, "purchase"), answers.PURCHASE)
    response = send(client, url(draft, "problem"), SPOKEN)
    assert response.status_code == 422
    assert "请写明发生了什么" in response.content.decode()
    assert "microphone=(self)" in client.get(url(draft, "problem")).headers["Permissions-Policy"]
    assert "microphone=()" in client.get(url(draft, "purchase")).headers["Permissions-Policy"]
    response = send(client, url(draft, "problem"), SPOKEN, voice=recorded())
    assert response.headers["Location"] == url(draft, "demands")
    row = Evidence.objects.get()
    assert (row.kind, row.media_type, row.copy_type) == ("recording", "audio/webm", "audio/webm")
    assert "删除录音" in client.get(url(draft, "problem")).content.decode()
    fill(client, draft, problem=SPOKEN)
    assert "语音陈述，工作人员会写下来" in client.get(url(draft, "check")).content.decode()
    prove(client, draft)
    assert file(client, draft).status_code == 302
    case = Complaint.objects.get()
    assert case.facts["voice"] == row.sha256
    assert case.facts["voice_only"] is True
    assert "录音在材料里；工作人员会写下来" in client.get(f"/cases/{case.number}/").content.decode()


def test_no_recording_is_refused_a_new_one_replaces_the_old_one_and_may_go(client: Client, town: Town) -> None:
    draft = begin(client, town)
    for name, content, words in (
        ("照片.png", PNG, "不是录音"),
        ("坏.webm", b"\x1aE\xdf\xa3webm" + bytes(500), "打不开"),
        ("录像.mp4", files.recording("mp4"), "不是录音"),
        ("空.webm", b"", "空文件"),
    ):
        text = answers.PROBLEM | {"place": "东街口"}
        send(client, url(draft, "problem"), text, voice=SimpleUploadedFile(name, content))
        page = client.get(url(draft, "problem")).content.decode()
        assert words in page
        assert "东街口" in page
        assert not Evidence.objects.exists()
    for seconds in (0.4, 0.6):
        response = send(client, url(draft, "problem"), SPOKEN, keep_voice="1", voice=recorded(content=webm(seconds)))
        assert response.headers["Location"].endswith("/problem/#voice")
    assert Evidence.objects.count() == 1
    send(client, url(draft, "problem"), SPOKEN, remove_voice="1")
    assert not Evidence.objects.exists()
    assert "voice" not in FilingDraft.objects.get().data
    assert send(client, url(draft, "problem"), SPOKEN).status_code == 422
    fill(client, draft)
    send(client, url(draft, "problem"), SPOKEN, voice=recorded())
    send(client, url(draft, "evidence"), {"remove": str(Evidence.objects.get().pk)})
    page = client.get(url(draft, "check")).content.decode()
    assert "还有1步没有填好" in page


def test_more_than_three_minutes_are_refused(client: Client, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(examining.Unreadable, match="long"):
        looked_into(files.recording("mp3"), "audio/mpeg", longest=1)
    assert looked_into(files.recording("mp3"), "audio/mpeg", longest=2) == ("audio/mpeg", False)
    monkeypatch.setattr(limits, "VOICE_SECONDS", 1)
    monkeypatch.setattr(limits, "VOICE_SLACK", 0)
    draft = begin(client, town)
    send(client, url(draft, "problem"), SPOKEN, voice=recorded(content=webm(1.5)))
    assert "超过3分钟" in client.get(url(draft, "problem")).content.decode()
    assert not Evidence.objects.exists()


def _filed(world: World, **changed: Any) -> Complaint:
    (case,) = handling.file([replace(given.a_request(world), **changed)], actor=world.consumer, now=WEDNESDAY)
    return case


def test_what_was_only_spoken_waits_for_somebody_who_writes_and_nothing_else(world: World) -> None:
    case = given.a_complaint(world, status=Status.REVIEW)
    with pytest.raises(StepNotAllowed):
        handling.take(casework.write_down_statement(text="没有说过。"), [case.pk], actor=world.officer, now=WEDNESDAY)
    case = _filed(world, statement="", absent=("statement",))
    Complaint.objects.filter(pk=case.pk).update(facts={"voice": "ab" * 32, "voice_only": True})
    forwarding.sweep_filed(now=WEDNESDAY)
    case.refresh_from_db()
    assert (case.status, case.reason) == (Status.TRIAGE, "statement_by_voice")
    move = casework.write_down_statement(text="九月起每月多扣二十元。")
    handling.take(move, [case.pk], actor=world.intake, now=WEDNESDAY)
    text = PersonalText.objects.get(complaint=case, kind="consumer_transcript")
    # It is the consumer's word: it lies under the consumer's key and goes with it.
    assert text.key_id == case.consumer_key
    assert Notice.objects.filter(complaint=case, addressee="consumer").exists()
    client = Client()
    client.force_login(world.chen)
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "九月起每月多扣二十元。" in page
    assert "由工作人员听录音写下来；写得不对，消费者可以更正" in page


def test_an_officer_rings_the_number_that_no_code_has_proven(world: World) -> None:
    for result, is_verified in [("call_confirmed", True), ("call_no_answer", False), ("call_not_theirs", False)]:
        case = _filed(world, contact_verified=False)
        forwarding.sweep_filed(now=WEDNESDAY)
        case.refresh_from_db()
        assert (case.status, case.reason) == (Status.TRIAGE, "contact_unverified")
        handling.take(casework.verify_contact(result=result), [case.pk], actor=world.intake, now=WEDNESDAY)
        case.refresh_from_db()
        assert case.contact_verified is is_verified
        assert case.status == Status.TRIAGE
        if is_verified:
            with pytest.raises(StepNotAllowed):
                handling.take(casework.verify_contact(result=result), [case.pk], actor=world.intake, now=WEDNESDAY)
