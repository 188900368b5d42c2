"""An archive that was cut, changed or made by a stranger is refused in one sentence, before anything is touched."""

import io
import json
import os
import random
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from odr_portal.backup import archive
from odr_portal.backup.archive import Unusable, Writer
from tests.odr_portal.backup.conftest import quiet

NAMES = ["evidence/00/a.jpg", "evidence/ff/长名字" + "x" * 120 + ".pdf", "files/b.txt"]


def write(path: Path, names: list[str] = NAMES, **changes: Any) -> Path:
    with path.open("w+b") as file:
        writer = Writer(file, written_at=1_790_000_000)
        dump = writer.add(archive.DUMP, [b"PGDMP", b"x" * 3000])
        parts = {kind: archive.Counted() for kind in (archive.EVIDENCE, archive.FILES)}
        for name in names:
            added = writer.add(name, [name.encode() * 50])
            part = parts.get(name.partition("/")[0], archive.Counted())
            part.count, part.size = part.count + 1, part.size + added.size
        manifest: dict[str, Any] = {"format": 1, "made_at": "2026-11-25T16:00:00+08:00", "portal": "0.1.0"}
        manifest |= {"server": 18, "seal": None, "migrations": [], "rows": {}, "missing_count": 0}
        counted: dict[str, Any] = {kind: {"count": part.count, "size": part.size} for kind, part in parts.items()}
        manifest["parts"] = counted | {archive.DUMP: {"size": dump.size, "sha256": dump.sha256}}
        writer.finish(manifest | changes)
    return path


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write(tmp_path / "whole.tar")


def refused(path: Path) -> str:
    with pytest.raises(Unusable) as problem:
        archive.check(path, tell=quiet)
    sentence = str(problem.value)
    assert "\n" not in sentence
    assert len(sentence) < 300
    return sentence


def test_a_whole_archive_passes_any_machine_can_open_it_and_people_read_its_manifest(
    whole: Path, tmp_path: Path
) -> None:
    manifest = archive.check(whole, tell=quiet)
    assert manifest["parts"]["evidence"]["count"] == 2
    out = tmp_path / "out"
    with tarfile.open(whole) as tar:
        tar.extractall(out, filter="data")
    checked = subprocess.run(["sha256sum", "-c", "sha256.txt"], cwd=out, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == 1 + len(NAMES)
    assert json.loads((out / "manifest.json").read_text())["made_at"].startswith("2026-11-25")


def test_any_changed_byte_that_is_read_is_found(whole: Path, tmp_path: Path) -> None:
    """Whatever byte is turned: refused, unless it is padding, which nobody reads."""
    good = whole.read_bytes()
    manifest = archive.check(whole, tell=quiet)
    bad = tmp_path / "bad.tar"
    dice = random.Random(12315)
    for _ in range(300):
        at = dice.randrange(len(good))
        bad.write_bytes(good[:at] + bytes([good[at] ^ 1 << dice.randrange(8)]) + good[at + 1 :])
        try:
            assert archive.check(bad, tell=quiet) == manifest
        except Unusable:
            continue
        assert good[at] == 0, f"byte {at} was changed and not missed"


def test_cut_off_anywhere_is_refused_and_a_changed_file_is_named(whole: Path, tmp_path: Path) -> None:
    good = whole.read_bytes()
    cut = tmp_path / "cut.tar"
    for length in [0, 1, 511, 512, 513, *range(600, len(good) - 1024, 400)]:
        cut.write_bytes(good[:length])
        sentence = refused(cut)
        assert "cut off" in sentence or "not complete" in sentence
    content = whole.read_bytes()
    at = content.index(b"files/b.txt" * 50)
    whole.write_bytes(content[:at] + b"F" + content[at + 1 :])
    assert "files/b.txt" in refused(whole)


ELSEWHERE = "evidence/../../etc/passwd ../x /etc/passwd evidence//x files/./x evidence/a\\..\\b other/x evidence/"
LINKS = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE)


def test_what_is_no_archive_and_a_name_a_link_or_a_device_that_leads_elsewhere_is_refused(
    whole: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "odd.tar"
    for garbage in (b"PK\x03\x04" + b"x" * 2000, b"\x1f\x8b" + os.urandom(2000), "随便".encode() * 500, b"\0" * 4096):
        odd.write_bytes(garbage)
        assert "no backup" in refused(odd) or "not complete" in refused(odd)
    for name in (*ELSEWHERE.split(), "database.dump"):
        assert "nothing was taken" in refused(write(odd, [name])), name
    for kind in LINKS:
        info = tarfile.TarInfo("evidence/aa/link")
        info.type, info.linkname = kind, "/etc/passwd"
        odd.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + whole.read_bytes())
        assert "evidence/aa/link" in refused(odd), kind


def test_a_manifest_of_another_format_or_that_says_other_things_is_refused(tmp_path: Path) -> None:
    assert "format 2" in refused(write(tmp_path / "later.tar", format=2))
    wrong: list[dict[str, Any]] = [{"parts": {}}, {"rows": None}, {"migrations": "x"}, {"seal": 3}, {"server": "18"}]
    for changes in [*wrong, {"checkpoint": 3}, {"checkpoint": [1]}, {"checkpoint": {"size": 1, "root": "00"}}]:
        assert "does not say" in refused(write(tmp_path / "odd.tar", **changes)), changes


def test_a_size_of_petabytes_is_not_believed_and_more_than_eight_gigabytes_are_said_truly(
    whole: Path, tmp_path: Path
) -> None:
    info = tarfile.TarInfo(archive.DUMP)
    info.size = 2**60
    odd = tmp_path / "odd.tar"
    odd.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + whole.read_bytes()[512:])
    assert "cut off" in refused(odd)
    # The old field for the size ends there.
    header = Writer(io.BytesIO(), written_at=0)._header(archive.DUMP, 2**35)
    assert next(archive.entries(io.BytesIO(header))).size == 2**35
