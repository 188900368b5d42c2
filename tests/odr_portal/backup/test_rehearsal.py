"""The whole thing, as on a bad day: real processes file and sweep while the backup runs, then the server is gone."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.keys import keys as vault
from database import roles
from odr_portal.processes import embedded
from tests import ROOT, waited

pytestmark = [pytest.mark.full, pytest.mark.fault]
NAME = "portal"
FILE_ALWAYS = ("-m", "tests.faults", "file")
PUT_FILE = """
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from complaints import evidence, handling
from complaints.handling.steps import consumer
from complaints.models import Complaint
from complaints.parties import actors
for case in Complaint.objects.order_by("pk")[:5]:
    upload = SimpleUploadedFile("a.txt", f"evidence of {case.number}".encode())
    row = evidence.receive_for_case(upload, complaint=case, kind="receipt", uploaded_by=None, now=timezone.now())
    move = consumer.add_statement(text="a.txt", files=[row.sha256])
    handling.take(move, [case.pk], actor=actors.consumer(case.consumer), now=timezone.now())
"""


class Cluster:
    """A server of its own with a portal beside it, all of it gone at the end."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.server = embedded.ThrowAwayPostgres(Path(tempfile.mkdtemp(prefix=f"odr-test-{os.getpid()}-")))
        self.server.prepare(NAME)
        self.folder = folder
        folder.mkdir()
        self.log = folder / "log"
        self.at_work: list[subprocess.Popen[str]] = []
        if not (keys / "vault").exists():
            (keys / "vault").touch(mode=0o600)
            (keys / "vault").write_text(vault.fresh())
        own = {"ODR_LOCAL": folder, "EVIDENCE_ROOT": folder / "evidence", "MEDIA_ROOT": folder / "files"}
        own |= {"SEAL_KEY_FILE": keys / "key.pem", "VAULT_KEY_FILE": keys / "vault", "SWEEP_EVERY": 1}
        own |= {"DATABASE_URL": self.server.dsn(user=roles.WEB, database=NAME)}
        own |= {"DATABASE_OWNER_URL": self.server.dsn(user=roles.OWNER, database=NAME)}
        own |= {"SECRET_KEY": "a-key-for-tests-that-signs-nothing-else"}
        self.variables = {**os.environ, **{name: str(value) for name, value in own.items()}}

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.variables, capture_output=True, text=True)
        # 3: a record that is whole, and was compared with nothing from outside.
        assert done.returncode == (3 if arguments[0] == "verify_record" else 0), done.stdout + done.stderr
        return done

    @contextlib.contextmanager
    def going_on(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        how = {"cwd": ROOT, "env": self.variables, "stdout": self.log.open("a"), "stderr": subprocess.STDOUT}
        process = subprocess.Popen([sys.executable, *arguments], text=True, **how)
        try:
            self.at_work.append(process)
            yield process
        finally:
            self.at_work.remove(process)
            process.send_signal(signal.SIGKILL)
            process.wait()

    def query(self, statement: str) -> list[Any]:
        line = psycopg2.connect(self.server.dsn(user="postgres", database=NAME))
        with contextlib.closing(line), line.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def evidence(self) -> dict[Path, bytes]:
        return {path.relative_to(self.folder): path.read_bytes() for path in self.folder.glob("evidence/**/*.txt")}

    def until(self, statement: str, least: int) -> None:
        waited(lambda: self.query(statement)[0][0] >= least, self.log.read_text, *self.at_work)


CASES = "select count(*) from complaints_complaint"
SEALS = "select coalesce(max(number), 0) from complaints_checkpoint"


def test_a_lost_server_comes_back(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    key = Ed25519PrivateKey.generate()
    pem, public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (keys / "key.pem").write_bytes(private)
    (keys / "key.pem").chmod(0o600)
    (keys / "public.pem").write_bytes(key.public_key().public_bytes(pem, public))
    archive = tmp_path / "portal.tar"

    lost = Cluster(tmp_path / "lost", keys)
    try:
        lost.manage("migrate", "--noinput", "-v0")
        lost.manage("load_directory", "-v0")
        with lost.going_on(*FILE_ALWAYS) as filing, lost.going_on(*FILE_ALWAYS), lost.going_on("manage.py", "watch"):
            lost.until(CASES, 20)
            lost.until("select count(*) from complaints_forwardingdecision", 10)
            lost.until(SEALS, 1)
            lost.manage("shell", "-c", PUT_FILE)
            [(before,)] = lost.query(CASES)
            given = lost.manage("backup", "--to", str(archive))
            assert "MISSING" not in given.stderr
            lost.until(CASES, before + 3)
            assert filing.poll() is None
        saved = int(given.stdout.split(" cases")[0].rpartition(" ")[2])
        assert before <= saved < lost.query(CASES)[0][0]
        standing = lost.evidence()
    finally:
        lost.server.stop()

    again = Cluster(tmp_path / "again", keys)
    try:
        checked = ("--public-key", str(keys / "public.pem"))
        given = again.manage("restore", str(archive), "--into", again.variables["DATABASE_OWNER_URL"], *checked)
        assert "The record is unbroken." in given.stdout
        assert again.query(CASES) == [(saved,)]
        assert again.evidence() == standing
        assert len(standing) == 5
        [(sealed,)] = again.query(SEALS)
        with again.going_on(*FILE_ALWAYS), again.going_on("manage.py", "watch"):
            again.until(CASES, saved + 3)
            again.until("select count(distinct complaint_id) from complaints_forwardingdecision", saved + 3)
            again.until(SEALS, sealed + 1)
        report = json.loads(again.manage("verify_record", "--json", *checked).stdout)
        assert report["unbroken"]
        twice = "select complaint_id from complaints_forwardingdecision group by 1 having count(*) > 1"
        assert again.query(twice) == []
    finally:
        again.server.stop()
