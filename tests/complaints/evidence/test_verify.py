"""T45: one byte that changed on the disk is found, and exactly its file is named."""

import io
import json
import os
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from complaints import evidence
from complaints.models import Complaint, Evidence
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.evidence.files import jpeg, pdf, png
from tests.complaints.pages.at_the_desk import send, signed_in


@pytest.fixture
def case(world: World) -> Complaint:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    form = {
        "text": "三份材料。",
        "uploads": [
            SimpleUploadedFile("a.jpg", jpeg()),
            SimpleUploadedFile("b.png", png()),
            SimpleUploadedFile("c.pdf", pdf()),
        ],
    }
    assert send(signed_in(world.chen), f"/cases/{case.number}/statement/", form).status_code == 302
    return case


def verified(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify_evidence", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def flip(place: Path) -> None:
    whole = bytearray(place.read_bytes())
    whole[len(whole) // 2] ^= 1
    os.chmod(place, 0o600)
    place.write_bytes(whole)


def test_T45_a_flipped_byte_names_exactly_its_file(case: Complaint, folder: Path) -> None:
    for part in ["path", "copy_path", "thumbnail_path"]:
        assert verified() == (0, "8 files read, 0 damaged.\n")
        row = next(row for row in Evidence.objects.all() if row.name == "b.png")
        flip(folder / getattr(row, part))
        code, text = verified()
        assert (code, text.count("DAMAGED")) == (1, 1)
        assert f"case {case.number} file {row.pk}" in text
        assert getattr(row, part) in text
        result = json.loads(verified("--json", "--case", case.number)[1])["damaged"]
        assert [(one["evidence"], one["what"]) for one in result] == [(row.pk, "changed")]
        flip(folder / getattr(row, part))


def test_T45_a_file_that_is_gone_is_missing_one_changed_with_its_row_no_record(case: Complaint, folder: Path) -> None:
    row = next(row for row in Evidence.objects.all() if row.name == "c.pdf")
    flip(folder / row.path)
    sha256 = __import__("hashlib").sha256((folder / row.path).read_bytes()).hexdigest()
    Evidence.objects.filter(pk=row.pk).update(sha256=sha256)
    code, text = verified()
    assert code == 1
    assert "not in the record" in text
    row = next(row for row in Evidence.objects.all() if row.name == "c.pdf")
    (folder / row.path).unlink()
    code, text = verified()
    assert (code, text.count("missing")) == (1, 1)


def test_T43_the_sealed_files_are_for_nobody_else_to_read_or_write(case: Complaint, folder: Path) -> None:
    for row in Evidence.objects.all():
        for path in row.paths:
            assert (folder / path).stat().st_mode & 0o777 == 0o400
            assert re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{30}\.[a-z0-9]{3,4}", path), "nothing of the sender's name"
    assert evidence.storage().exists(row.path)
