"""What tests of dossiers share: a settled case with texts and a file, sealed, and its dossier built and fetched."""

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from complaints import evidence
from complaints.documents import signing
from complaints.dossier import building, proving
from complaints.handling.steps import consumer
from complaints.models import Complaint, Dossier
from complaints.procedure.workflow import Status
from complaints.record.checkpoints import seal
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, signed_in

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw().hex()


@pytest.fixture(autouse=True)
def exports(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    settings.EXPORT_ROOT = str(tmp_path / "exports")
    return tmp_path / "exports" / "dossiers"


def a_case(world: World, *, status: Status = Status.PERFORMING) -> Complaint:
    """Chen's case with a statement, a file of her own, an accepted offer; another one beside it; all sealed."""
    now = timezone.now()
    case = given.a_complaint(world, status=status, now=now)
    file, chen = SimpleUploadedFile("清单.txt", "九月 39 元\n".encode()), world.chen.pk
    row = evidence.receive_for_case(file, complaint=case, kind="receipt", uploaded_by=chen, now=now)
    given.step(case, consumer.add_statement(text="补充：见附件。", files=[row.sha256]), world.consumer, now)
    for _ in range(2):
        given.filed(world, now=now)
    proving.certified(signing.document_key(), now=now)
    assert seal(now=now, key=KEY) is not None
    return case


def place(case: Complaint) -> str:
    return f"/cases/{case.number}/dossier/"


def asked(case: Complaint, user: User) -> Dossier:
    answer = send(signed_in(user), place(case), {})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return Dossier.objects.latest("pk")


def built(dossier: Dossier, *, after: timedelta = timedelta()) -> Dossier:
    building.sweep_dossiers(now=timezone.now() + after)
    dossier.refresh_from_db()
    return dossier


def fetched(dossier: Dossier, user: User, form: str = "zip") -> bytes:
    answer = signed_in(user).get(f"{place(dossier.complaint)}{dossier.public_id}/{form}/")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


_kept: list[bytes] = []


@pytest.fixture
def archive(request: pytest.FixtureRequest) -> bytes:
    """A dossier as Chen fetched it; made once a run, for tests that only look at the bytes."""
    if not _kept:
        world: World = request.getfixturevalue("world")
        _kept.append(fetched(built(asked(a_case(world), world.chen)), world.chen))
    return _kept[0]


#: A dossier of the older form (odr-dossier-1) with short papers, and the key of its seal.
OLD = Path(__file__).with_name("dossier-1.zip")
OLD_PUBLIC = "af6594a85840588404adc82c0969133f2169c11e27bf90564ba4ff4c9c155b68"


def known_keys() -> str:
    """What somebody knows from elsewhere: the key of the seals, and that of the manifest."""
    return f"{PUBLIC} {signing.document_key().public}"


Parts = dict[str, bytes]


def parts_of(archive: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(archive)) as result:
        return {name: result.read(name) for name in result.namelist()}


def packed(parts: Parts) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    out.seek(0)
    return out


def made_anew(
    archive: bytes, change: Callable[[Parts, dict[str, Any]], Any], *, key: Ed25519PrivateKey | None = None
) -> bytes:
    """As the keeper of the document key would make it: ``change`` works on parts and manifest, then all is listed and
    signed again. What it leaves out of the list of parts is put there."""
    parts = parts_of(archive)
    manifest = json.loads(parts.pop("manifest.json"))
    del parts["manifest.sig"]
    change(parts, manifest)
    manifest["parts"] = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(parts.items())
    ]
    written = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    signer = key or signing.document_key().manifest
    signature = signer.sign(b"odr-dossier-2 manifest\0" + hashlib.sha256(written).digest())
    return laid([*sorted(parts.items()), ("manifest.json", written), ("manifest.sig", signature.hex().encode())])


def laid(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP in the right form of exactly these parts."""
    out, directory, count = b"", b"", 0
    for name, content in parts:
        common = struct.pack("<HHHHIII", 0x800, 0, 0, 33, zlib.crc32(content), len(content), len(content))
        raw = name.encode()
        entry = b"PK\1\2" + struct.pack("<HH", 0x314, 20) + common
        directory += entry + struct.pack("<HHHHHII", len(raw), 0, 0, 0, 0, 0o100644 << 16, len(out)) + raw
        out += b"PK\3\4" + struct.pack("<H", 20) + common + struct.pack("<HH", len(raw), 0) + raw + content
        count += 1
    return out + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0)


def altered(archive: bytes, name: str, change: Callable[[Any], Any]) -> io.BytesIO:
    """The same archive with one JSON part changed in place (or replaced by what ``change`` returns)."""
    parts = parts_of(archive)
    value = json.loads(parts[name])
    parts[name] = json.dumps(change(value) or value, ensure_ascii=False).encode()
    return packed(parts)


def text_of(paper: pikepdf.Pdf) -> str:
    """The words of a paper, by the tables from glyphs to letters that are embedded for copying."""
    results = []
    for page in paper.pages:
        tables = {}
        for name, font in page.Resources.Font.items():
            lines = font.ToUnicode.read_bytes().decode()
            table = {}
            for code, text in re.findall(r"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>", lines):
                table[code.upper()] = bytes.fromhex(text).decode("utf-16-be")
            tables[name] = table
        current: dict[str, str] = {}
        for operands, operator in pikepdf.parse_content_stream(page):
            if str(operator) == "Tf":
                current = tables[str(operands[0])]
            if str(operator) in ("Tj", "TJ"):
                pieces = operands[0] if str(operator) == "TJ" else [operands[0]]
                for piece in pieces:
                    if isinstance(piece, pikepdf.String):
                        codes = bytes(piece).hex().upper()
                        results.append("".join(current.get(codes[i : i + 4], "") for i in range(0, len(codes), 4)))
    return "".join(results)
