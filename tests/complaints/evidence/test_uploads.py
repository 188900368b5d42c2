"""T44: a file arrives in parts over any network, nobody fills the disk, and files of all sides stand in the record."""

import hashlib
import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints.evidence import limits, uploads
from complaints.models import Evidence, FilingDraft, HandlingStep, Upload
from complaints.procedure.workflow import Status
from tests import given, missing_in
from tests.cast import World
from tests.complaints.evidence.files import pdf, png
from tests.complaints.filing.conftest import Town, town  # noqa: F401
from tests.complaints.filing.test_drafts import begin
from tests.complaints.pages.at_the_desk import send, shown, signed_in

PART = limits.PART
#: Two parts and a half; text, so that the examination is quick.
TEXT = ("账单明细 128.50\n" * 200_000).encode()[: PART * 2 + 5000]


class Sender:
    """What the browser does, step by step."""

    def __init__(self, client: Client, address: str, content: bytes, name: str = "账单.txt") -> None:
        self.client, self.content, self.name = client, content, name
        self.id = uuid.uuid4()
        self.address = f"{address}uploads/{self.id}/"
        parts = [content[at : at + PART] for at in range(0, len(content), PART)]
        self.digests = [hashlib.sha256(part).hexdigest() for part in parts]

    def begin(self, size: int | None = None) -> Any:
        return self.client.post(self.address, {"size": len(self.content) if size is None else size, "name": self.name})

    def part(self, number: int, content: bytes | None = None) -> Any:
        body = self.content[number * PART : (number + 1) * PART] if content is None else content
        return self.client.post(
            f"{self.address}part/?at={number * PART}&sha256={self.digests[number]}",
            body,
            content_type="application/octet-stream",
            headers={"File-Name": quote(self.name)},
        )

    def finish(self) -> Any:
        whole = hashlib.sha256("".join(self.digests).encode()).hexdigest()
        return self.client.post(f"{self.address}finish/", {"name": self.name, "kind": "receipt", "sha256": whole})

    def all(self) -> Any:
        assert self.begin().status_code == 200
        for number in range(len(self.digests)):
            assert self.part(number).status_code == 200
        return self.finish()


@pytest.fixture
def draft(client: Client, town: Town) -> FilingDraft:  # noqa: F811
    return begin(client, town)


def of(draft: FilingDraft) -> str:
    return f"/file/{draft.pk}/"


def parts_on_disk(folder: Path) -> list[Path]:
    return list((folder / "incoming").glob("*"))


def test_a_file_comes_in_parts_and_goes_on_after_a_break(client: Client, draft: FilingDraft, folder: Path) -> None:
    sender = Sender(client, of(draft), TEXT)
    assert sender.begin().json() == {"received": 0, "size": len(TEXT), "is_done": False}
    assert sender.part(0).json()["received"] == PART
    # The answer was lost: the same part again, the beginning again, and a part that comes too early.
    assert (sender.part(0).json()["received"], sender.begin().json()["received"]) == (PART, PART)
    early = sender.part(2)
    assert (early.status_code, early.json()["received"]) == (409, PART)
    assert client.get(sender.address).json()["received"] == PART
    # Broken on the way: the digest does not fit.
    assert (sender.part(1, content=b"x" * PART).status_code, sender.finish().status_code) == (409, 409)
    assert (sender.part(1).status_code, sender.part(2).json()["received"]) == (200, len(TEXT))
    assert sender.finish().json()["is_done"]
    assert sender.finish().json()["is_done"], "asked again, it is still done, once"
    row, expected = Evidence.objects.get(), (draft.pk, "receipt", "账单.txt", hashlib.sha256(TEXT).hexdigest())
    assert (row.draft_id, row.kind, row.name, row.sha256) == expected
    assert parts_on_disk(folder) == []


def test_what_is_no_evidence_or_not_the_whole_is_refused(client: Client, draft: FilingDraft, folder: Path) -> None:
    sender = Sender(client, of(draft), b"MZ\x90\0\x03" + bytes(PART + 1), "run.png")
    sender.begin()
    answer = sender.part(0)
    assert (answer.status_code, "“run.png”不是图片" in answer.json()["text"]) == (422, True)
    assert (Upload.objects.exists(), parts_on_disk(folder)) == (False, [])
    answer = Sender(client, of(draft), b"%PDF-1.7\n" + b"x" * 2000, "账单.pdf").all()
    assert (answer.status_code, "“账单.pdf”打不开" in answer.json()["text"]) == (422, True)
    assert not Upload.objects.exists()
    assert not [place for place in folder.rglob("*") if place.is_file()]
    sender = Sender(client, of(draft), pdf())
    sender.begin()
    sender.part(0)
    assert client.post(f"{sender.address}finish/", {"name": "a.pdf", "sha256": "0" * 64}).status_code == 409
    assert not Evidence.objects.exists()


def test_T44_nothing_is_promised_that_does_not_fit_and_uploads_on_the_way_count_like_files(
    client: Client, draft: FilingDraft, settings: Any
) -> None:
    def one(content: bytes = b"x") -> Sender:
        return Sender(client, of(draft), content)

    assert "是空文件" in one(b"").begin().json()["text"]
    assert "上限50.0" in one().begin(51 * 1024 * 1024).json()["text"]
    assert one().begin(10**15).status_code == 422
    for _number in range(9):
        assert one().begin().status_code == 200
    assert "最多9个文件" in one().begin().json()["text"]
    client.post(f"/file/{draft.pk}/uploads/{Upload.objects.order_by('pk')[0].pk}/cancel/")
    # A text may have 10 MB, whatever was said before.
    sender = one(TEXT)
    assert sender.begin(11 * 1024 * 1024).status_code == 200
    assert "上限10.0" in sender.part(0).json()["text"]
    settings.EVIDENCE_DISK_RESERVE_MB = 10**9
    assert "没有收下" in one().begin().json()["text"]


def test_T44_a_case_holds_so_much_and_no_more(world: World, settings: Any) -> None:
    settings.EVIDENCE_CASE_MB, settings.EVIDENCE_FILES_A_CASE = 2, 3
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = signed_in(world.chen)
    address = f"/cases/{case.number}/"
    assert Sender(client, address, b"x").begin(PART + 1).status_code == 200
    assert "一件投诉最多3个文件、共2.0" in Sender(client, address, b"x").begin(PART + 1).json()["text"]
    Upload.objects.all().delete()
    form = {"uploads": [SimpleUploadedFile(f"{number}.png", png(number)) for number in range(4)]}
    answer = send(client, f"{address}statement/", form)
    assert (answer.status_code, "“3.png”没有收下" in shown(answer)) == (422, True)
    assert not Evidence.objects.exists()


def test_T44_what_nobody_finishes_and_parts_alone_go_away(client: Client, draft: FilingDraft, folder: Path) -> None:
    def begun() -> Sender:
        sender = Sender(client, of(draft), TEXT)
        sender.begin()
        sender.part(0)
        return sender

    sender, due = begun(), Upload.objects.get().expires_at
    assert uploads.throw_away_expired(now=due - timedelta(seconds=1)) == 0
    assert client.get(sender.address).status_code == 200
    assert (uploads.throw_away_expired(now=due), parts_on_disk(folder)) == (1, [])
    assert client.get(sender.address).status_code == 404
    begun()
    later = Upload.objects.get().expires_at + timedelta(minutes=1)
    draft.delete()
    assert (len(parts_on_disk(folder)), uploads.throw_away_expired(now=later)) == (1, 1)
    assert parts_on_disk(folder) == []


def test_an_upload_is_nobody_elses(client: Client, draft: FilingDraft, town: Town, world: World) -> None:  # noqa: F811
    mine = Sender(client, of(draft), TEXT)
    mine.begin()
    other = Client()
    theirs = begin(other, town)
    for address in (of(draft), of(theirs)):
        for action in ("", "part/", "finish/", "cancel/"):
            assert other.get(f"{address}uploads/{mine.id}/{action}").status_code in {404, 405}
            assert other.post(f"{address}uploads/{mine.id}/{action}", {"size": "1"}).status_code == 404
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    sent = Sender(signed_in(world.chen), f"/cases/{case.number}/", TEXT)
    sent.begin()
    assert signed_in(world.ming).get(sent.address).status_code == 404
    assert signed_in(world.hua).post(sent.address, {"size": "1"}).status_code == 404
    assert Upload.objects.count() == 2


def test_files_sent_before_go_with_the_step_and_odd_words_in_place_of_one_bring_nothing(
    world: World, folder: Path
) -> None:
    case, client = given.a_complaint(world, status=Status.NEGOTIATING), signed_in(world.chen)
    for odd in ("", "x", "x/y", "00000000-0000-4000-8000-000000000000/a.txt", "?"):
        typed = {"text": "没有附件。", "uploaded": odd}
        assert send(client, f"/cases/{case.number}/statement/", typed).status_code == 302
    sender = Sender(client, f"/cases/{case.number}/", TEXT)
    assert sender.all().json()["is_done"]
    assert not Evidence.objects.exists(), "it waits for the step"
    form = f"/cases/{case.number}/statement/"
    assert "data-uploads" in shown(client.get(form))
    name = f"{sender.id}/账单.txt"
    bad = send(client, form, {"uploaded": name, "uploads": [SimpleUploadedFile("x.exe", b"MZ\x90\0")]})
    assert bad.status_code == 422
    assert f'value="{name}"' in shown(bad), "it waits on in the form"
    assert not Evidence.objects.exists()
    assert send(client, form, {"text": "见附件。", "uploaded": name}).status_code == 302
    row = Evidence.objects.get(complaint=case)
    assert (row.name, row.sha256, row.uploaded_by_id) == ("账单.txt", hashlib.sha256(TEXT).hexdigest(), world.chen.pk)
    # A second step cannot bring it again, and what ran out takes nothing away.
    assert send(client, form, {"uploaded": name}).status_code == 422
    uploads.throw_away_expired(now=Upload.objects.get().expires_at)
    assert (folder / row.path).exists()


PROOF = {"obligations": "1", "proof": "退款流水 8842，11月12日"}
MINUTES = {"minutes": "双方到场，各自陈述。", "present": "consumer"}
ENTERPRISE = (Status.PERFORMING, "enterprise", "performed", PROOF, "report_performed", "证明材料")
AUTHORITY = (Status.MEDIATING, "authority", "session-record", MINUTES, "record_session", "笔录等材料")


@pytest.mark.parametrize(("status", "side", "slug", "said", "step", "label"), [ENTERPRISE, AUTHORITY])
def test_a_step_of_staff_brings_files_on_both_ways(
    world: World, status: Status, side: str, slug: str, said: dict[str, Any], step: str, label: str
) -> None:
    case = given.a_complaint(world, status=status)
    person = world.ming if side == "enterprise" else world.rui
    client = signed_in(person)
    place = f"/{side}/cases/{case.number}/{slug}/"
    assert not missing_in(shown(client.get(place)), label, 'enctype="multipart/form-data"')
    sender = Sender(client, f"/cases/{case.number}/", TEXT, "清单.txt")
    assert sender.all().json()["is_done"]
    bad = send(client, place, said | {"uploads": [SimpleUploadedFile("a.exe", b"MZ\x90\0")]})
    assert (bad.status_code, missing_in(shown(bad), "“a.exe”的类型不能接收", next(iter(said.values())))) == (422, [])
    assert not Evidence.objects.exists()
    files = {"uploads": [SimpleUploadedFile("凭证.pdf", pdf())], "uploaded": f"{sender.id}/清单.txt"}
    done = send(client, place, said | files)
    assert done.status_code == 302, shown(done)
    rows = {row.name: row for row in Evidence.objects.filter(complaint=case)}
    assert set(rows) == {"凭证.pdf", "清单.txt"}
    assert {row.uploaded_by_id for row in rows.values()} == {person.pk}
    entry = HandlingStep.objects.get(complaint=case, step=step)
    assert set(json.loads(entry.body)["files"]) == {row.sha256 for row in rows.values()}
    assert rows["清单.txt"].sha256 == hashlib.sha256(TEXT).hexdigest()
    assert f"/files/{rows['凭证.pdf'].pk}/" in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_a_step_that_is_refused_keeps_no_file_and_one_sent_twice_keeps_it_once(world: World, folder: Any) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    form = {"obligations": "1", "proof": "x", "uploads": [SimpleUploadedFile("a.png", png())]}
    assert send(signed_in(world.ming), f"/enterprise/cases/{case.number}/performed/", form).status_code in {409, 422}
    assert not Evidence.objects.exists()
    assert not [place for place in folder.rglob("*") if place.is_file()]
    client = signed_in(world.chen)
    for _time in range(2):
        form = {"text": "见附件。", "uploads": [SimpleUploadedFile("a.png", png())]}
        assert send(client, f"/cases/{case.number}/statement/", form, key="the-same-key-twice").status_code == 302
    row = Evidence.objects.get()
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == sorted(row.paths)
