"""Evidence in an S3-compatible bucket: signed as others expect it, and the same to everybody as a file on disk."""

import hashlib
import io
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings as portal
from django.core.files import File
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import evidence
from complaints.evidence.bucket import Bucket, BucketAway, Keys, signed
from complaints.evidence.storing import FilesRead, damaged
from complaints.models import Evidence
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.files import jpeg
from tests.complaints.pages.at_the_desk import signed_in
from web.environment import BucketPlace

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_the_signature_is_that_of_the_published_example() -> None:
    """The one with a range, in the documentation of the signature."""
    headers = signed(
        "GET",
        "/test.txt",
        {"host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9"},
        payload=hashlib.sha256(b"").hexdigest(),
        keys=KEYS,
        at=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["Authorization"].endswith(
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


class _Door(BaseHTTPRequestHandler):
    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if (
            hashlib.sha256(body).hexdigest() != self.headers["x-amz-content-sha256"]
            or not self.headers["Authorization"]
        ):
            self._answer(403)
            return
        self.server.kept[self.path] = body  # type: ignore[attr-defined]
        self._answer(200)

    def do_GET(self) -> None:
        kept = self.server.kept  # type: ignore[attr-defined]
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
    settings.EVIDENCE_S3 = BucketPlace(
        f"http://127.0.0.1:{server.server_port}", "evidence", "cn-1", KEYS.name, KEYS.secret
    )
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
    assert [(one.part, one.what) for one in damaged(FilesRead()) if one.what != "not in the record"] == [
        ("copy", "changed")
    ]
    del kept[f"/evidence/{row.thumbnail_path}"]
    assert client.get(f"/cases/{case.number}/files/{row.pk}/thumbnail/").status_code == 404
    evidence.take_away(Evidence.objects.get())
    assert kept == {}


def test_a_bucket_that_is_away_says_so_and_keeps_its_words_to_itself(kept: dict[str, bytes]) -> None:
    away = Bucket(endpoint="http://127.0.0.1:9", bucket="evidence", keys=KEYS)
    with pytest.raises(BucketAway, match="ConnectionRefusedError"):
        away.exists("a")
    with pytest.raises(BucketAway):
        away.save("a", File(io.BytesIO(b"x")))
    with pytest.raises(FileNotFoundError):
        evidence.storage().open("missing")


def test_an_odd_setting_does_not_start() -> None:
    for changes, named in [
        ({"EVIDENCE_STORAGE": "ftp"}, "EVIDENCE_STORAGE"),
        ({"EVIDENCE_STORAGE": "s3"}, "EVIDENCE_S3_ENDPOINT"),
        ({"EVIDENCE_STORAGE": "s3", "EVIDENCE_S3_ENDPOINT": "https://s3.example.org"}, "EVIDENCE_S3_BUCKET"),
        (
            {
                "EVIDENCE_STORAGE": "s3",
                "EVIDENCE_S3_ENDPOINT": "https://s3.example.org",
                "EVIDENCE_S3_BUCKET": "evidence",
            },
            "EVIDENCE_S3_SECRET",
        ),
        ({"EVIDENCE_FILE_MB": "0"}, "EVIDENCE_FILE_MB"),
        ({"CLAMD_URL": "http://x"}, "CLAMD_URL"),
        ({"EVIDENCE_SCAN": "on"}, "EVIDENCE_SCAN"),
    ]:
        code = "import odr_portal.settings"
        env = {**os.environ, "SECRET_KEY": secrets.token_urlsafe(48), **changes}
        done = subprocess.run([sys.executable, "-c", code], cwd=portal.ROOT, capture_output=True, text=True, env=env)
        assert done.returncode != 0
        assert done.stderr.strip().splitlines()[-1].startswith(f"{named}=")
