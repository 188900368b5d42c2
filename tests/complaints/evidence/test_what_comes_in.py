"""T40, T42, T43: what a file really is decides, a bomb is refused in its own process, and the portal lives on; no name
leads anywhere, hides its end, or breaks out of a header.
"""

import io
import os
import re
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from complaints.evidence import examine, examining, limits, page
from complaints.evidence.files import ENDINGS, HEAD, disposition, media_type_of, name_as, shown_name
from tests import PATIENCE, found_in
from tests.complaints.evidence import files
from tests.complaints.evidence.files import GPS, jpeg, pdf, png, recording

Name, Dictionary = pikepdf.Name, pikepdf.Dictionary


def with_root(key: str, value: Any) -> bytes:
    return pdf(lambda document: document.Root.__setitem__(key, value))


def with_link(action: dict[str, Any]) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].Annots = pikepdf.Array(
            [Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=Dictionary(action))]
        )

    return pdf(change)


def with_file(document: pikepdf.Pdf) -> None:
    document.attachments["evil.exe"] = b"MZ"


def with_stream(content: bytes, *, times: int = 1, **entries: Any) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        stream = document.make_stream(b"")
        packed = content
        for _time in range(times):
            packed = zlib.compress(packed)
        stream.write(packed, filter=pikepdf.Array([Name.FlateDecode] * times))
        for key, value in entries.items():
            stream[f"/{key}"] = value
        document.pages[0].Contents = stream

    return pdf(change, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
ZIP = b"PK\x03\x04\x14\0\x06\0" + bytes(200)
SCRIPT = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
NAMED = Dictionary(JavaScript=Dictionary(Names=pikepdf.Array([])))
TO_THE_NET = Dictionary(S=Name.URI, URI="https://a.example")
PACKED, VAST = pikepdf.ObjectStreamMode.generate, {"Width": 400_000, "Height": 400_000}

#: (what it is, its bytes, the type under which it is taken or "", the refusal of the examination or "")
TAKEN: list[tuple[str, bytes, str]] = [
    ("jpeg", jpeg(), "image/jpeg"),
    ("jpeg with a page behind it", jpeg() + HTML, "image/jpeg"),
    ("jpeg with an archive behind it", jpeg() + ZIP, "image/jpeg"),
    ("png", png(), "image/png"),
    ("png with transparency", png(3, "RGBA"), "image/png"),
    ("grey png", png(9, "L"), "image/png"),
    ("png with sixteen bits", files._picture("PNG", 300, mode="I;16"), "image/png"),
    ("png with a palette", files._picture("PNG", 7, mode="P"), "image/png"),
    ("webp", files.webp(), "image/webp"),
    ("heic", files.heic(), "image/heic"),
    ("jpeg in CMYK", files._picture("JPEG", mode="CMYK"), "image/jpeg"),
    ("pdf", pdf(), "application/pdf"),
    ("pdf that opens at a page", with_root("/OpenAction", pikepdf.Array([0, Name.Fit])), "application/pdf"),
    ("pdf with a link", with_link({"/S": Name.URI, "/URI": "https://example.org/"}), "application/pdf"),
    ("pdf with a form", with_root("/AcroForm", Dictionary(Fields=pikepdf.Array([]))), "application/pdf"),
    ("pdf that speaks of /JavaScript", with_root("/Lang", "(/JavaScript)"), "application/pdf"),
    ("mp4", recording("mp4"), "video/mp4"),
    ("m4a", recording("ipod"), "audio/mp4"),
    ("mp3", recording("mp3"), "audio/mpeg"),
    ("text", "账单明细\n9月 128.50".encode(), "text/plain"),
    ("text of an old system", "账单明细\n9月 128.50".encode("gb18030"), "text/plain"),
    ("text with a mark", "﻿账单".encode(), "text/plain"),
    ("a chat", "<2026-09-01> 客服：您好".encode(), "text/plain"),
]
NO_TYPE: list[tuple[str, bytes]] = [
    ("page", HTML),
    ("page after spaces", b"\n \t" + HTML),
    ("svg", SVG),
    ("xml", b"<?xml version='1.0'?><a/>"),
    ("hta", b"<HTA:APPLICATION id=x><script>1</script>"),
    ("page after a remark", b"<!-- x --><b>"),
    ("mhtml", b"MIME-Version: 1.0\nContent-Type: text/html\n\n<b>"),
    ("php", b"<?php system($_GET['a']);"),
    ("program of Windows", b"MZ\x90\0\x03\0\0\0"),
    ("program of Linux", b"\x7fELF\x02\x01\x01\0"),
    ("shortcut", b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0"),
    ("document with macros", ZIP),
    ("old document", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("gzip", b"\x1f\x8b\x08\0" + bytes(50)),
    ("7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
    ("rar", b"Rar!\x1a\x07\x01\0"),
    ("gif", b"GIF89a\x01\0\x01\0\0\0"),
    ("bitmap", b"BM\x46\0\0\0\0\0"),
    ("tiff", b"II*\0\x08\0\0\0"),
    ("wave", b"RIFF\x10\0\0\0WAVEfmt "),
    ("mov", b"\0\0\0\x18ftypqt  \0\0\0\0"),
    ("mkv", b"\x1aE\xdf\xa3\x01\0\0\0"),
    ("class", b"\xca\xfe\xba\xbe\0\0\0\x34"),
    ("flash", b"CWS\x0a\0\0\0\0"),
    ("postscript with control", b"%!PS\x04\x00"),
    ("text with NUL", b"a\0b"),
]
REFUSED: list[tuple[str, bytes, str]] = [
    ("only the head of a jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + HTML, "broken"),
    ("half a jpeg", jpeg(size=(640, 480))[:900], "broken"),
    ("only the head of a png", b"\x89PNG\r\n\x1a\n" + HTML, "broken"),
    ("only the head of a webp", b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20), "broken"),
    ("only the head of a heic", b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(99), "broken"),
    ("only the head of a pdf", b"%PDF-1.7\n" + HTML, "broken"),
    ("only the head of an mp4", b"\0\0\0\x18ftypmp42\0\0\0\0" + bytes(99), "broken"),
    ("only the head of an m4a", b"\0\0\0\x18ftypM4A \0\0\0\0" + bytes(99), "broken"),
    ("only the head of an mp3", b"ID3\x04\0\0\0\0\0\0" + HTML, "broken"),
    ("a film that says it is sound", b"\0\0\0\x1cftypM4A " + recording("mp4")[12:], "broken"),
    ("a png of 10 thousand million pixels", files.png_that_says(100_000, 100_000), "pixels"),
    ("a png of 400 million pixels", files.png_that_says(20_000, 20_000), "pixels"),
    ("pdf with a script", with_root("/OpenAction", SCRIPT), "pdf_script"),
    ("pdf with a script in names", with_root("/Names", NAMED), "pdf_script"),
    ("pdf with a script behind a link", with_link({"/S": Name.JavaScript, "/JS": "1"}), "pdf_script"),
    ("pdf that starts a program", with_link({"/S": Name.Launch, "/F": "cmd.exe"}), "pdf_script"),
    ("pdf that opens a page of the net", with_root("/OpenAction", TO_THE_NET), "pdf_script"),
    ("pdf that sends its form", with_link({"/S": Name.SubmitForm}), "pdf_script"),
    ("pdf with deeds of its own", with_root("/AA", Dictionary(WC=Dictionary(S=Name.GoTo))), "pdf_script"),
    ("pdf with XFA", with_root("/AcroForm", Dictionary(XFA="x", Fields=pikepdf.Array([]))), "pdf_script"),
    ("pdf with a file", pdf(with_file), "pdf_files"),
    ("pdf with a file in packed objects", pdf(with_file, object_stream_mode=PACKED), "pdf_files"),
    ("pdf with a film", with_root("/X", Dictionary(Type=Name.Annot, Subtype=Name.RichMedia)), "pdf_files"),
    ("pdf with a password", pdf(encryption=pikepdf.Encryption(owner="a", user="b")), "pdf_locked"),
    ("pdf of 100 thousand million pixels", with_stream(b"x", Subtype=Name.Image, **VAST), "pixels"),
    ("pdf packed twice", with_stream(b"x", times=2), "pdf_size"),
]


def looked_at(content: bytes) -> tuple[str | None, dict[str, Any], bytes, bytes]:
    """The first look and the examination, in this process: (type, answer, copy, thumbnail)."""
    kind = media_type_of(content[:HEAD], is_whole=len(content) <= HEAD)
    if kind is None:
        return None, {}, b"", b""
    examine._libraries(kind)
    copy, thumbnail = io.BytesIO(), io.BytesIO()
    result = examine.examine(kind, io.BytesIO(content), copy, thumbnail, pixels=examining.PIXELS)
    return kind, result, copy.getvalue(), thumbnail.getvalue()


@pytest.mark.parametrize(("content", "kind"), [case[1:] for case in TAKEN], ids=[case[0] for case in TAKEN])
def test_T40_what_can_be_read_is_taken_and_copied_clean(content: bytes, kind: str) -> None:
    found_kind, result, copy, thumbnail = looked_at(content)
    assert (found_kind, result.get("refused")) == (kind, None), result
    assert bool(thumbnail) == result["thumbnail"] == kind.startswith(("image/", "video/"))
    for made in (copy, thumbnail):
        assert not found_in(made, GPS, HTML, ZIP[:8])
    if kind.startswith("image/"):
        assert not Image.open(io.BytesIO(copy)).getexif()
        assert result["copy"] == ("image/png" if kind == "image/png" else "image/jpeg")
    if kind.startswith(("video/", "audio/")):
        assert looked_at(copy)[1].get("refused") is None


def test_T40_what_is_none_of_the_nine_types_is_refused_unread() -> None:
    for what, content in NO_TYPE:
        assert media_type_of(content, is_whole=True) is None, what


def test_T40_T42_what_only_looks_like_it_is_refused_in_words_and_there_are_more_than_sixty_files() -> None:
    for what, content, why in REFUSED:
        assert looked_at(content)[1].get("refused") == why, what
        assert why in limits._REFUSALS
    assert "“账单.pdf”有密码" in str(limits.refused("pdf_locked", "账单.pdf"))
    assert len(TAKEN) + len(NO_TYPE) + len(REFUSED) >= 60


def test_a_copy_of_a_picture_stands_upright_and_one_of_an_old_text_is_utf_8() -> None:
    assert Image.open(io.BytesIO(looked_at(jpeg(6))[2])).size == (48, 64)
    assert looked_at("账单明细".encode("gb18030"))[2].decode() == "账单明细"


# --- in the child ------------------------------------------------------------------------------------------------


def inside_child(content: bytes, tmp_path: Path) -> tuple[str, bool]:
    place = tmp_path / "file"
    place.write_bytes(content)
    kind = media_type_of(content[:HEAD], is_whole=len(content) <= HEAD)
    assert kind is not None
    with place.open("rb") as source, (tmp_path / "copy").open("w+b") as copy, (tmp_path / "small").open("w+b") as small:
        seen = examining.look_into(source, kind, copy=copy, thumbnail=small)
    assert (seen.seconds is not None) == kind.startswith(("audio/", "video/"))
    return seen.copy_type, seen.has_thumbnail


def child(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """What runs as the child from now on, beside the module that really does."""
    script = folder / "child.py"
    script.write_text(
        f"import os, sys; sys.path.insert(0, {str(Path(examine.__file__).parent)!r})\nimport examine\n{code}"
    )
    monkeypatch.setattr(examining, "_SCRIPT", script)


def test_the_child_reads_each_kind_within_its_limits(tmp_path: Path) -> None:
    for content, expected in [
        (jpeg(), ("image/jpeg", True)),
        (files.heic(), ("image/jpeg", True)),
        (pdf(), ("", True)),
        (recording("mp4"), ("video/mp4", True)),
        ("账单".encode(), ("", False)),
    ]:
        assert inside_child(content, tmp_path) == expected


def filled(*operators: bytes, size: tuple[int, int] = (200, 100)) -> bytes:
    """A page of this size, drawn on by these operators."""

    def change(document: pikepdf.Pdf) -> None:
        document.add_blank_page(page_size=size)
        document.pages.reverse()
        document.pages[0].Contents = pikepdf.Stream(document, b" ".join(operators))

    return pdf(change)


def test_the_first_page_of_a_pdf_is_drawn(tmp_path: Path) -> None:
    """Of two pages the first, in its own shape: left half red, the rest white."""
    assert inside_child(filled(b"1 0 0 rg 0 0 100 100 re f"), tmp_path) == ("", True)
    with Image.open(tmp_path / "small") as picture:
        assert (picture.format, picture.size) == ("JPEG", (page.SIDE, page.SIDE // 2))
        red, white = picture.getpixel((100, 160)), picture.getpixel((page.SIDE - 100, 160))
    assert (red[0] > 240, red[1] < 15, min(white) > 240) == (True, True, True)


def test_a_page_that_cannot_be_drawn_is_no_reason_to_refuse(tmp_path: Path) -> None:
    for content in [filled(b"0 0 600 800 re f", *[b"0 0 600 800 re f"] * 400_000), filled(b"q", size=(3, 14_400))]:
        copy_type, _has_picture = inside_child(content, tmp_path)
        assert copy_type == ""
        assert (tmp_path / "small").stat().st_size < 100_000


#: 150 MB of zeros in a PDF of 150 kB; and 39 million pixels with transparency: below the limit of pixels, and 600 MB
#: at sixteen bits a colour.
BOMBS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "pixels": (lambda: files.png_that_says(100_000, 100_000), {"pixels"}),
    "streams": (lambda: with_stream(bytes(150 * 1024 * 1024)), {"pdf_size"}),
    "transparency": (lambda: files._picture("PNG", 5, size=(6_600, 6_000), mode="RGBA"), {"", "memory"}),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_T42_a_bomb_ends_in_its_child_below_300_MB(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb, codes = BOMBS[kind]
    peak = tmp_path / "peak"
    reads = "next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]"
    work = f"for line in examine.main(): print(line, flush=True)\nopen({str(peak)!r}, 'w').write({reads})\n"
    child(tmp_path, monkeypatch, work)
    try:
        code = "" if inside_child(bomb(), tmp_path) else "?"
    except examining.Unreadable as refused:
        code = str(refused)
    assert code in codes
    assert 0 < int(peak.read_text()) < 300 * 1024
    assert inside_child(png(), tmp_path) == ("image/png", True), "the next file is examined as ever"


def test_T42_a_million_objects_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    def many(document: pikepdf.Pdf) -> None:
        document.Root.Many = pikepdf.Array([document.make_indirect(Dictionary(N=n)) for n in range(2000)])

    monkeypatch.setattr(examine, "PDF_OBJECTS", 1000)
    assert looked_at(pdf(many))[1]["refused"] == "pdf_size"


def test_T42_whatever_the_child_does_the_portal_hears_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    for action, code in [
        ("while True: pass", "slow"),
        ("x = bytearray(400_000_000)", "memory"),
        ("import os; os.abort()", "memory"),
        ("import os; os.kill(os.getpid(), 11)", "broken"),
        ("print('no answer')", "broken"),
        ("print('[1]')", "broken"),
        ("open('/dev/fd/%s' % sys.argv[4], 'wb').write(bytes(70_000_000))", "memory"),
    ]:
        settings.EVIDENCE_INSPECTION_SECONDS = 2 if code == "slow" else PATIENCE
        child(tmp_path, monkeypatch, f"examine.shut_in(2)\n{action}\n")
        with pytest.raises(examining.Unreadable) as refused:
            inside_child(png(), tmp_path)
        assert str(refused.value) == code


def test_the_child_sees_no_secret_and_no_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a" * 40)
    answer = "{'copy': ' '.join(sorted(os.environ)), 'thumbnail': len(os.listdir('/proc/self/fd')) > 9}"
    child(tmp_path, monkeypatch, f"import json; examine.shut_in(2)\nprint(json.dumps({answer}))\n")
    seen, has_open_files = inside_child(png(), tmp_path)
    assert ("SECRET" in seen, has_open_files) == (False, False)


def test_T42_only_two_are_examined_at_once(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EVIDENCE_INSPECTION_SECONDS = 0
    for _one in range(2):
        assert examining.AT_ONCE.acquire(blocking=False)
    try:
        with pytest.raises(examining.Unreadable, match="busy"):
            inside_child(png(), tmp_path)
    finally:
        for _one in range(2):
            examining.AT_ONCE.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; everybody else is tested as such")
def test_no_kind_needs_what_only_root_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root is not bound by the limit of processes; the portal of a real server is."""
    code = """
shut_in = examine.shut_in
def as_nobody(*words, **more):
    os.setgroups([]); os.setgid(65534); os.setuid(65534); shut_in(*words, **more)
examine.shut_in = as_nobody
for line in examine.main(): print(line, flush=True)
"""
    child(tmp_path, monkeypatch, code)
    for content in (jpeg(), png(), files.webp(), files.heic(), pdf(), recording("mp4"), recording("mp3")):
        assert inside_child(content, tmp_path)


BIDI = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
NAMES = st.one_of(st.text(max_size=300), st.text(alphabet="/\\.\0\r\n\"';%\u202e\u2066 a.jpgé\u0301", max_size=60))


@settings(max_examples=200, deadline=None)
@given(name=NAMES, kind=st.sampled_from(sorted(ENDINGS)))
@example(name="a\u202egpj.exe", kind="image/jpeg")
@example(name="x\r\nSet-Cookie: a=b", kind="text/plain")
@example(name="../../etc/passwd\0.png", kind="image/png")
@example(name="\ud800.pdf", kind="application/pdf")
def test_T43_nothing_slips_through_a_name(name: str, kind: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown) <= 120
    assert shown == unicodedata.normalize("NFC", shown)
    assert not set(shown) & (BIDI | set("/\\\0\r\n"))
    handed = name_as(shown, kind)
    assert handed.lower().endswith(ENDINGS[kind])
    header = disposition(handed)
    assert header.isascii()
    assert not set(header) & set("/\\\0\r\n")
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9._-]+\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", header)


def test_T43_a_name_ends_in_what_the_file_is() -> None:
    for name, kind, expected in [
        ("账单.jpg", "image/jpeg", "账单.jpg"),
        ("照片.HEIC", "image/jpeg", "照片.jpg"),
        ("evil.hta", "text/plain", "evil.hta.txt"),
        ("a.html", "image/png", "a.html.png"),
        ("无名", "application/pdf", "无名.pdf"),
        (".pdf", "text/plain", ".pdf.txt"),
    ]:
        assert name_as(name, kind) == expected
