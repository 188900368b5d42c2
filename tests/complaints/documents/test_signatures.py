"""Every PDF that a worker makes carries a PAdES signature: whatever is changed in it shows in any reader of PDFs."""

import io
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typst
from django.core import checks
from django.core.management import CommandError, call_command
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from complaints.documents import signing
from tests.complaints.documents.signatures import verdict

PAPER = b"= Settlement agreement\n#for i in range(40) [Promise #i: refund 128.50 until 2026-12-15. \\ ]\n"


@pytest.fixture(autouse=True)
def document_key(settings: Any, tmp_path: Path) -> Path:
    file = tmp_path / "documents.pem"
    call_command("make_document_key", file, name="Portal of Fuzhou", stdout=io.StringIO())
    settings.DOCUMENT_KEY_FILE = str(file)
    return file


@pytest.fixture
def signed() -> bytes:
    made = typst.compile(PAPER, format="pdf", timestamp=1764460800)
    assert isinstance(made, bytes)
    assert verdict(made) == "no signature"
    return signing.sign_pdf(made)


def test_readers_show_by_whom_and_that_it_is_whole(signed: bytes) -> None:
    assert verdict(signed) == ""
    assert b"/DocMDP" in signed
    assert b"/ETSI.CAdES.detached" in signed


@pytest.mark.parametrize("tries", [pytest.param(12, id="some"), pytest.param(400, id="many", marks=pytest.mark.full)])
def test_a_changed_bit_outside_of_the_signature_is_seen(signed: bytes, tries: int) -> None:
    start = signed.index(b"/Contents <")
    end = signed.index(b">", start + 11)
    dice, missed = random.Random(22), []
    places = [at for at in range(len(signed)) if not start + 10 <= at <= end]
    for at in dice.sample(places, tries):
        changed = bytearray(signed)
        changed[at] ^= 1 << dice.randrange(8)
        if not verdict(bytes(changed)):
            missed.append(at)
    assert missed == []


def test_what_is_appended_cut_off_or_signed_by_somebody_else_is_seen(
    signed: bytes, settings: Any, tmp_path: Path
) -> None:
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    writer.root["/Extra"] = writer.root["/Pages"]
    writer.update_root()
    writer.write(out)
    assert verdict(out.getvalue()) == "appended"
    assert verdict(signed + b"\n")
    assert verdict(signed[:-1])
    other = tmp_path / "other.pem"
    other.write_text(signing.fresh("Portal of Fuzhou", now=datetime.now(UTC)))
    other.chmod(0o600)
    settings.DOCUMENT_KEY_FILE = str(other)
    assert verdict(signed) == "unknown signer"


def test_a_key_file_is_made_for_its_owner_alone_and_an_odd_one_is_told(document_key: Path, settings: Any) -> None:
    assert document_key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="never overwritten"):
        call_command("make_document_key", document_key)
    text = document_key.read_text()
    blocks = [f"-----BEGIN {block}" for block in text.split("-----BEGIN ")[1:]]
    for odd, said in [
        ("", "make_document_key"),
        ("no PEM at all", "make_document_key"),
        ("0\x82\x04\xa3 as DER", "make_document_key"),
        ("".join(blocks[:2]), "make_document_key"),
        ("".join(blocks[1:]), "make_document_key"),
        (text.replace("MC4", "MC5"), "make_document_key"),
    ]:
        document_key.write_bytes(odd.encode("latin-1"))
        with pytest.raises(signing.NoDocumentKey, match=said):
            signing.document_key()
    document_key.write_text(text)
    for mode in (0o644, 0o604, 0o620, 0o601):
        document_key.chmod(mode)
        with pytest.raises(signing.NoDocumentKey, match="chmod 600"):
            signing.document_key()
    for mode in (0o600, 0o400, 0o640, 0o440):
        document_key.chmod(mode)
        assert signing.document_key()
    settings.DOCUMENT_KEY_FILE = ""
    with pytest.raises(signing.NoDocumentKey, match="is not set"):
        signing.document_key()


@pytest.mark.django_db
def test_the_watch_says_at_its_start_that_it_lacks_the_key_and_so_does_a_check(
    document_key: Path, settings: Any
) -> None:
    for command, file, told in (
        ("watch", str(document_key), []),
        ("check", str(document_key), []),
        ("check", "", []),
        ("watch", "", ["odr_portal.W001"]),
        ("watch", "/nowhere/documents.pem", ["odr_portal.W001"]),
        ("check", "/nowhere/documents.pem", ["odr_portal.W001"]),
        ("migrate", "", []),
    ):
        settings.COMMAND, settings.DOCUMENT_KEY_FILE = command, file
        assert [one.id for one in checks.run_checks() if one.id.startswith("odr_portal.W")] == told, (command, file)
        infos = [one.id for one in checks.run_checks(include_deployment_checks=True) if one.id == "odr_portal.I001"]
        # Who serves pages must not have it, so for a deployment it is told and is no fault.
        assert infos == ([] if file else ["odr_portal.I001"])
