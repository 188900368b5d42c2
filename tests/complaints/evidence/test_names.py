"""T43: no name leads anywhere, hides its end, or breaks out of a header."""

import re
import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from complaints.evidence.files import ENDINGS, disposition, name_as, shown_name

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
