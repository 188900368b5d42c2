"""Evidence in an S3-compatible bucket: signed as others expect it, and the same to everybody as a file on disk.

T45: one byte that changed on the disk is found, and exactly its file is named.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import pytest
from django.conf import settings as portal
from django.core.files import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from complaints import evidence
from complaints.evidence import bucket, storing, uploads
from complaints.evidence.bucket import Bucket, BucketAway, Keys, signed
from complaints.evidence.storing import FilesRead, damaged
from complaints.models import Complaint, Evidence, Upload
from complaints.procedure.workflow import Status
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.files import jpeg, pdf, png
from tests.complaints.evidence.test_uploads import PART, TEXT, Sender
from tests.complaints.pages.at_the_desk import send, signed_in
from web.environment import BucketPlace

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_the_signature_is_that_of_the_published_example() -> None:
    """The one with a range, in the documentation of the signature."""
    asked = {"host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9"}
    payload, at = hashlib.sha256(b"").hexdigest(), datetime(2013, 5, 24, tzinfo=UTC)
    headers = signed("GET", "/test.txt", asked, payload=payload, keys=KEYS, at=at)
    assert headers["Authorization"].endswith(
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_the_signature_of_a_list_is_that_of_the_published_example() -> None:
    at, how = datetime(2013, 5, 24, tzinfo=UTC), {"payload": hashlib.sha256(b"").hexdigest(), "keys": KEYS}
    headers = signed("GET", "/", {"host": "examplebucket.s3.amazonaws.com"}, at=at, query="max-keys=2&prefix=J", **how)
    assert headers["Authorization"].endswith(
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )


#: So many names a list of the bucket here gives at once.
A_PAGE = 2


class _Door(BaseHTTPRequestHandler):
    #: What the next of these requests meet: a status, or 0 for a line that is cut.
    troubles: ClassVar[list[int]] = []

    def parse_request(self) -> bool:
        is_read = super().parse_request()
        if is_read and self.troubles:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = self.troubles.pop(0)
            self.close_connection = True
            if status:
                self._answer(status)
            return False
        return is_read

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = hashlib.sha256(body).hexdigest()
        if digest != self.headers["x-amz-content-sha256"] or not self.headers["Authorization"]:
            self._answer(403)
            return
        self.server.kept[self.path] = body  # type: ignore[attr-defined]
        self._answer(200)

    def do_GET(self) -> None:
        kept = self.server.kept  # type: ignore[attr-defined]
        _place, _, query = self.path.partition("?")
        if query:
            asked = dict(parse_qsl(query))
            names = sorted(name.removeprefix("/evidence/") for name in kept)
            after = asked.get("start-after", "")
            found = [name for name in names if name.startswith(asked["prefix"]) and name > after]
            rows = (
                f"<Contents><Key>{escape(name)}</Key><LastModified>2026-11-04T02:00:00.000Z</LastModified></Contents>"
                for name in found[:A_PAGE]
            )
            more = str(len(found) > A_PAGE).lower()
            self._answer(200, f"<R><IsTruncated>{more}</IsTruncated>{''.join(rows)}</R>".encode())
            return
        self._answer(200, kept[self.path]) if self.path in kept else self._answer(404)

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        self._answer(204 if self.server.kept.pop(self.path, None) else 404)  # type: ignore[attr-defined]

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def kept(settings: Any) -> Iterator[dict[str, bytes]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    server.kept = {}  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.EVIDENCE_STORAGE = "s3"
    endpoint = f"http://127.0.0.1:{server.server_port}"
    settings.EVIDENCE_S3 = BucketPlace(endpoint, "evidence", "cn-1", KEYS.name, KEYS.secret)
    yield server.kept  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def test_a_file_goes_to_the_bucket_and_comes_from_it(world: World, kept: dict[str, bytes]) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    row = evidence.receive_for_case(
        SimpleUploadedFile("账单.jpg", jpeg()), complaint=case, kind="photo", uploaded_by=world.chen.pk, now=WEDNESDAY
    )
    assert set(kept) == {f"/evidence/{path}" for path in row.paths}
    assert kept[f"/evidence/{row.path}"] == jpeg()
    client = signed_in(world.chen)
    assert b"".join(client.get(f"/cases/{case.number}/files/{row.pk}/original/").streaming_content) == jpeg()
    kept[f"/evidence/{row.copy_path}"] += b"x"
    found = [(one.part, one.what) for one in damaged(FilesRead()) if one.what != "not in the record"]
    assert found == [("copy", "changed")]
    del kept[f"/evidence/{row.thumbnail_path}"]
    assert client.get(f"/cases/{case.number}/files/{row.pk}/thumbnail/").status_code == 404
    evidence.take_away(Evidence.objects.get())
    assert kept == {}


def incoming(kept: dict[str, bytes]) -> list[bytes]:
    return [kept[name] for name in sorted(kept) if name.startswith("/evidence/incoming/")]


def test_what_one_host_began_to_take_in_another_goes_on_with(
    world: World, kept: dict[str, bytes], settings: Any, tmp_path: Path
) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    sender = Sender(signed_in(world.chen), f"/cases/{case.number}/", TEXT)
    assert sender.begin().status_code == 200
    for number in range(3):
        settings.EVIDENCE_ROOT = str(tmp_path / f"host-{number}")
        assert sender.part(number).status_code == 200
        assert incoming(kept)[number] == TEXT[number * PART :][:PART]
    settings.EVIDENCE_ROOT = str(tmp_path / "another")
    assert sender.finish().json()["is_done"]
    assert incoming(kept) == []
    whole = Upload.objects.get().kept
    assert whole is not None
    assert kept[f"/evidence/{whole['path']}"] == TEXT
    assert not [place for place in tmp_path.rglob("*") if place.is_file()]


def test_parts_in_the_bucket_that_nobody_finishes_go_away(world: World, kept: dict[str, bytes]) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = signed_in(world.chen)
    for content in (TEXT, TEXT + b"x"):
        sender = Sender(client, f"/cases/{case.number}/", content)
        sender.begin()
        assert (sender.part(0).status_code, sender.part(1).status_code) == (200, 200)
    # Its row went without its parts, as with a draft that is thrown away.
    Upload.objects.filter(pk=sender.id).delete()
    due = Upload.objects.get().expires_at
    written = datetime(2026, 11, 4, 2, tzinfo=UTC)
    assert uploads.throw_away_expired(now=min(due - timedelta(seconds=1), written + uploads.KEPT_FOR)) == 0
    assert len(incoming(kept)) == 4
    assert uploads.throw_away_expired(now=max(due, written + uploads.KEPT_FOR + timedelta(seconds=1))) == 3
    assert incoming(kept) == []


def test_a_bucket_that_is_away_says_so_and_keeps_its_words_to_itself(kept: dict[str, bytes]) -> None:
    away = Bucket(endpoint="http://127.0.0.1:9", bucket="evidence", keys=KEYS)
    with pytest.raises(BucketAway, match="ConnectionRefusedError"):
        away.exists("a")
    with pytest.raises(BucketAway):
        away.save("a", File(io.BytesIO(b"x")))
    with pytest.raises(FileNotFoundError):
        evidence.storage().open("missing")


@pytest.mark.parametrize("trouble", [500, 503, 0])
def test_one_trouble_of_the_bucket_is_asked_again_and_the_file_is_whole(kept: dict[str, bytes], trouble: int) -> None:
    storage, whole = evidence.storage(), os.urandom(300_000)
    _Door.troubles[:] = [trouble]
    assert storage.save("a", File(io.BytesIO(whole))) == "a"
    assert kept == {"/evidence/a": whole}
    _Door.troubles[:] = [trouble]
    assert storage.open("a").read() == whole
    _Door.troubles[:] = [trouble, trouble]
    with pytest.raises(BucketAway, match=str(trouble) if trouble else "RemoteDisconnected"):
        storage.save("b", File(io.BytesIO(whole)))
    assert set(kept) == {"/evidence/a"}


def test_a_bucket_that_does_not_answer_is_told_as_that_and_a_full_disk_as_full(
    world: World, kept: dict[str, bytes], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)

    def refused() -> str:
        file = SimpleUploadedFile("账单.jpg", jpeg())
        answer = send(
            signed_in(world.chen), f"/cases/{case.number}/statement/", {"text": "见附件。", "uploads": [file]}
        )
        assert answer.status_code == 422
        return answer.content.decode()

    # Longer than the portal waits: both times it takes the body and says nothing.
    monkeypatch.setattr(bucket, "ANSWERS_WITHIN", 0.2)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.EVIDENCE_S3 = BucketPlace(endpoint, "evidence", "cn-1", KEYS.name, KEYS.secret)
        assert not missing_in(refused(), "存放文件的地方没有回应，“账单.jpg”没有收下；请稍后再试")

    def full(source: Any, *, ending: str) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storing, "keep", full)
    assert not missing_in(refused(), "我们这边存放文件的地方满了，“账单.jpg”没有收下")
    assert not Evidence.objects.exists()


def test_an_odd_setting_does_not_start() -> None:
    bucket = {"EVIDENCE_STORAGE": "s3"}
    at_home = bucket | {"EVIDENCE_S3_ENDPOINT": "https://s3.example.org"}
    for changes, named in [
        ({"EVIDENCE_STORAGE": "ftp"}, "EVIDENCE_STORAGE"),
        (bucket, "EVIDENCE_S3_ENDPOINT"),
        (at_home, "EVIDENCE_S3_BUCKET"),
        (at_home | {"EVIDENCE_S3_BUCKET": "evidence"}, "EVIDENCE_S3_SECRET"),
        ({"EVIDENCE_FILE_MB": "0"}, "EVIDENCE_FILE_MB"),
        ({"CLAMD_URL": "http://x"}, "CLAMD_URL"),
        ({"EVIDENCE_SCAN": "on"}, "EVIDENCE_SCAN"),
    ]:
        code = "import odr_portal.settings"
        env = {**os.environ, "SECRET_KEY": secrets.token_urlsafe(48), **changes}
        done = subprocess.run([sys.executable, "-c", code], cwd=portal.ROOT, capture_output=True, text=True, env=env)
        assert done.returncode != 0
        assert done.stderr.strip().splitlines()[-1].startswith(f"{named}=")


@pytest.fixture
def case(world: World) -> Complaint:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    files = [
        SimpleUploadedFile(name, content) for name, content in (("a.jpg", jpeg()), ("b.png", png()), ("c.pdf", pdf()))
    ]
    form = {"text": "三份材料。", "uploads": files}
    assert send(signed_in(world.chen), f"/cases/{case.number}/statement/", form).status_code == 302
    return case


def verified(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify_evidence", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def named(name: str) -> Evidence:
    return next(row for row in Evidence.objects.all() if row.name == name)


def flip(place: Path) -> None:
    whole = bytearray(place.read_bytes())
    whole[len(whole) // 2] ^= 1
    os.chmod(place, 0o600)
    place.write_bytes(whole)


def test_T45_a_flipped_byte_names_exactly_its_file(case: Complaint, folder: Path) -> None:
    for part in ["path", "copy_path", "thumbnail_path"]:
        assert verified() == (0, "8 files read, 0 damaged.\n")
        row = named("b.png")
        flip(folder / getattr(row, part))
        code, text = verified()
        assert (code, text.count("DAMAGED")) == (1, 1)
        assert not missing_in(text, f"case {case.number} file {row.pk}", getattr(row, part))
        result = json.loads(verified("--json", "--case", case.number)[1])["damaged"]
        assert [(one["evidence"], one["what"]) for one in result] == [(row.pk, "changed")]
        flip(folder / getattr(row, part))


def test_T45_a_file_that_is_gone_is_missing_one_changed_with_its_row_no_record(case: Complaint, folder: Path) -> None:
    row = named("c.pdf")
    flip(folder / row.path)
    Evidence.objects.filter(pk=row.pk).update(sha256=hashlib.sha256((folder / row.path).read_bytes()).hexdigest())
    code, text = verified()
    assert (code, "not in the record" in text) == (1, True)
    (folder / row.path).unlink()
    code, text = verified()
    assert (code, text.count("missing")) == (1, 1)


def test_T43_the_sealed_files_are_for_nobody_else_to_read_or_write(case: Complaint, folder: Path) -> None:
    for row in Evidence.objects.all():
        for path in row.paths:
            assert (folder / path).stat().st_mode & 0o777 == 0o400
            assert re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{30}\.[a-z0-9]{3,4}", path), "nothing of the sender's name"
    assert evidence.storage().exists(row.path)
