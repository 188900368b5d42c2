"""Evidence files: what they are is in their bytes, and they go out harmless."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints import evidence
from complaints.evidence import limits
from complaints.evidence.files import media_type_of, shown_name
from complaints.models import Evidence
from tests import missing_in
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import KEY, PNG, begin, screen, url


def test_the_bytes_say_what_a_file_is_and_names_are_shown_without_paths_and_tricks() -> None:
    # Of which there is no whole file in tests/complaints/evidence/test_what_comes_in.py.
    heads = {b"\xff\xfb\x90\x00": "audio/mpeg", b"ID3\x04\0": "audio/mpeg", b"\xff\xd8\xff\xe0JFIF": "image/jpeg"}
    assert {head: media_type_of(head, is_whole=True) for head in heads} == heads
    text = ("字" * 2000).encode()
    assert (media_type_of(text[:4096]), shown_name("C:\\fake\\账单.pdf")) == ("text/plain", "账单.pdf")
    assert (shown_name("../../etc/passwd"), shown_name("a\u202egpj.exe\x00")) == ("passwd", "agpj.exe")
    assert shown_name("") == "未命名文件"
    assert len(shown_name("长" * 300 + ".png")) < 120


def upload(client: Client, draft: Any, name: str, content: bytes, **more: str) -> str:
    values = {"upload": "1", "kind": "photo", "files": SimpleUploadedFile(name, content)}
    client.post(url(draft, "evidence"), KEY | values | more)
    return screen(client, draft, "evidence")


def test_bad_files_are_refused_by_name_and_good_ones_attached(client: Client, town: Town, settings: Any) -> None:
    draft = begin(client, town)
    assert "“run.png”不是图片" in upload(client, draft, "run.png", b"MZ\x90\0\x03\0")
    assert "“empty.txt”是空文件" in upload(client, draft, "empty.txt", b"")
    big = upload(client, draft, "big.pdf", b"%PDF-1.7" + b"\0" * limits.bytes_a_file())
    assert not missing_in(big, "“big.pdf”有10.0", "可先提交，稍后补充")
    assert not Evidence.objects.exists()
    assert not [place for place in Path(settings.EVIDENCE_ROOT).rglob("*") if place.is_file()]
    assert "账单.html" in upload(client, draft, "账单.html", PNG)
    row = Evidence.objects.get()
    assert (row.media_type, row.size, row.sha256) == ("image/png", len(PNG), hashlib.sha256(PNG).hexdigest())
    assert row.path.endswith(".png")
    sealed = client.get(f"/file/{draft.pk}/evidence/{row.pk}/original/")
    assert b"".join(sealed.streaming_content) == PNG  # type: ignore[attr-defined]
    place = Path(settings.EVIDENCE_ROOT) / row.path
    assert (place.read_bytes(), place.stat().st_mode & 0o077) == (PNG, 0)
    response = client.get(f"/file/{draft.pk}/evidence/{row.pk}/")
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]
    assert response.headers["Content-Disposition"].startswith('attachment; filename="__.html.png"')
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert response.headers["Content-Type"] == "image/png"


def test_nine_files_and_none_twice_and_those_of_another_draft_cannot_be_removed(client: Client, town: Town) -> None:
    draft, other = begin(client, town), Client()
    for number in range(9):
        upload(client, draft, f"{number}.png", PNG + bytes([number]))
    assert "最多9个文件，“ten.png”没有收下" in upload(client, draft, "ten.png", PNG + b"x")
    row = Evidence.objects.order_by("pk")[0]
    theirs = begin(other, town)
    other.post(url(theirs, "evidence"), KEY | {"remove": str(row.pk)})
    assert other.get(f"/file/{theirs.pk}/evidence/{row.pk}/").status_code == 404
    for odd in ("²", "１", "9" * 40, "x"):
        assert client.post(url(draft, "evidence"), KEY | {"remove": odd}).status_code < 500, odd
    assert Evidence.objects.count() == 9
    client.post(url(draft, "evidence"), KEY | {"remove": str(row.pk)})
    assert (Evidence.objects.count(), evidence.storage().exists(row.path)) == (8, False)
    assert "“again.png”已经在列表里" in upload(client, draft, "again.png", PNG + bytes([5]))
