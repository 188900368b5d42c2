"""The ZIP of a dossier has one right form: whatever is changed in it, by whom it may be, is named."""

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from complaints.dossier import proving
from tests.complaints.dossier.conftest import Parts, known_keys, laid, made_anew, packed, parts_of

pytestmark = pytest.mark.django_db
verifier = proving.verifier()


def code_of(archive: bytes) -> str:
    """ "" for a dossier that is whole, ours and sealed; else the code of what is named first."""
    try:
        report = verifier.check(io.BytesIO(archive), key=known_keys())
    except verifier.Unreadable as wrong:
        return f"unreadable: {wrong.code}"
    if report.first is not None:
        for language in ("zh", "en"):
            assert report.first.words(verifier.LANGUAGES[language])
        return str(report.first.code)
    return "" if report.exit_code == 0 else f"unproved: {[one.code for one in report.unproved]}"


@pytest.fixture
def small(archive: bytes) -> bytes:
    """The same dossier with short papers, signed anew: every byte of it can be tried."""
    return made_anew(archive, lambda parts, _manifest: _shorten(parts))


def _shorten(parts: Parts) -> None:
    for name in list(parts):
        if name.endswith(".pdf"):
            parts[name] = parts[name][:40]


def test_any_program_unpacks_it_and_it_is_as_it_should_be(archive: bytes, small: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert {one.compress_type for one in opened.infolist()} == {zipfile.ZIP_STORED}
    assert names[:-2] == sorted(names[:-2])
    assert names[-2:] == ["manifest.json", "manifest.sig"]
    assert (code_of(archive), code_of(small)) == ("", "")
    assert laid(parts_of(archive).items()) == archive


@pytest.mark.parametrize("every", [pytest.param(41, id="some"), pytest.param(1, id="all", marks=pytest.mark.full)])
def test_each_byte_that_is_changed_is_named(small: bytes, every: int) -> None:
    missed = []
    for at in range(0, len(small), every):
        for change in (1 << (at % 8), 0xFF):
            changed = bytearray(small)
            changed[at] ^= change
            code = code_of(bytes(changed))
            if not code or code.startswith("un"):
                missed.append((at, change, code))
    assert missed == []


def test_bytes_that_are_put_in_taken_out_or_cut_off_are_named(small: bytes) -> None:
    dice = random.Random(22)
    for _ in range(60):
        at, length = dice.randrange(len(small)), dice.randrange(1, 40)
        assert code_of(small[:at] + dice.randbytes(length) + small[at:]), ("put in", at, length)
        assert code_of(small[:at] + small[at + length :]), ("taken out", at, length)
        assert code_of(small[: max(60, at)]), ("cut off", at)


def _part(name: str, content: bytes) -> Callable[[bytes], bytes]:
    """By somebody without a key, in the right form."""
    return lambda archive: laid((key, content if key == name else old) for key, old in parts_of(archive).items())


def _put_in(archive: bytes) -> bytes:
    parts = parts_of(archive)
    tail = [(name, parts.pop(name)) for name in ("manifest.json", "manifest.sig")]
    return laid([*sorted((parts | {"files/99.txt": b"x"}).items()), *tail])


def _taken_out(name: str) -> Callable[[bytes], bytes]:
    return lambda archive: laid((key, old) for key, old in parts_of(archive).items() if key != name)


def _appended(archive: bytes) -> bytes:
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a") as opened:
        opened.writestr("notes.txt", "x")
    return out.getvalue()


def _commented(archive: bytes) -> bytes:
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a") as opened:
        opened.comment = b"x"
    return out.getvalue()


def _twice(archive: bytes) -> bytes:
    first, *others = parts_of(archive).items()
    return laid([first, first, *others])


def _without_statement(parts: Parts, _manifest: dict[str, Any]) -> dict[str, Any]:
    texts = json.loads(parts["texts.json"])
    lost = next(text for text in texts["texts"] if text["kind"] == "consumer_statement")
    texts["texts"].remove(lost)
    parts["texts.json"] = json.dumps(texts).encode()
    return dict(lost)


def _declared(reason: str, made_for: str = "consumer", **other: Any) -> Callable[[bytes], bytes]:
    """The keeper leaves the statement out, gives a reason, and signs."""

    def change(parts: Parts, manifest: dict[str, Any]) -> None:
        lost = _without_statement(parts, manifest)
        about = {"what": "text", "entry": lost["sequence"], "digest": lost["digest"], "kind": lost["kind"]}
        manifest["withheld"].append(about | {"reason": reason} | other)
        manifest["made_for"] = made_for

    return lambda archive: made_anew(archive, change)


def _entry_withheld(made_for: str) -> Callable[[bytes], bytes]:
    def change(parts: Parts, manifest: dict[str, Any]) -> None:
        del parts["entries/0004.json"]
        lost = {"what": "entry", "kind": "entry", "entry": 4, "digest": manifest["entries"][3], "reason": "not_yours"}
        manifest["withheld"].append(lost)
        manifest["made_for"] = made_for

    return lambda archive: made_anew(archive, change)


#: What somebody did → what is named first.
CHEATS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "the agreement altered": (_part("agreement.pdf", b"%PDF-1.7 another"), "part_changed"),
    "the dossier's paper altered": (_part("dossier.pdf", b"%PDF-1.7 another"), "part_changed"),
    "README altered": (_part("README.txt", b"x"), "part_changed"),
    "the key beside it altered": (_part("public-key.txt", b"00\n"), "part_changed"),
    "an entry altered": (_part("entries/0002.json", b"{}"), "entry_changed"),
    "a file put in": (_put_in, "part_added"),
    "a file put in at the end": (_appended, "zip_header"),
    "a comment": (_commented, "zip_directory"),
    "something before it": (lambda archive: b"MZ" + archive, "zip_directory"),
    "something after it": (lambda archive: archive + b"\0", "zip_directory"),
    "cut off": (lambda archive: archive[:-30], "zip_directory"),
    "half of it": (lambda archive: archive[: len(archive) // 2], "zip_cut"),
    "a part twice": (_twice, "zip_header"),
    "a paper taken out": (_taken_out("agreement.pdf"), "part_missing"),
    "the signature taken out": (_taken_out("manifest.sig"), "zip_order"),
    "the manifest taken out": (_taken_out("manifest.json"), "zip_order"),
    "packed anew by another program": (lambda a: packed(parts_of(a)).getvalue(), "zip_header"),
    "all signed with another key": (
        lambda archive: made_anew(archive, lambda *_: None, key=Ed25519PrivateKey.generate()),
        "manifest_signature",
    ),
    "a text left out, the keeper signs": (lambda archive: made_anew(archive, _without_statement), "text_missing"),
    "a text left out as not theirs": (_declared("not_yours"), "withheld_wrongly"),
    "a text left out as not an officer's": (_declared("not_yours", "authority"), "withheld_wrongly"),
    "a text left out as erased": (_declared("erased"), "withheld_unproved"),
    "a text left out as held back": (_declared("held_back"), "withheld_wrongly"),
    "a text left out for another reason": (_declared("lost"), "withheld_wrongly"),
    "a text left out of another entry": (_declared("not_yours", entry=2), "withheld_unknown"),
    "an entry left out": (_entry_withheld("consumer"), "withheld_wrongly"),
    "an entry left out, for the authority": (_entry_withheld("authority"), "withheld_wrongly"),
}


def test_every_cheat_is_named_with_and_without_the_document_key(archive: bytes) -> None:
    wrong = {}
    for what, (change, code) in CHEATS.items():
        found = code_of(change(archive))
        if found != code:
            wrong[what] = found
    assert (wrong, code_of(archive)) == ({}, "")


def test_another_key_that_names_itself_is_not_taken_for_ours(archive: bytes) -> None:
    stranger = Ed25519PrivateKey.generate()
    public = stranger.public_key().public_bytes_raw().hex()
    forged = made_anew(archive, lambda _p, manifest: manifest.update(key=public), key=stranger)
    report = verifier.check(io.BytesIO(forged), key=known_keys())
    assert (report.exit_code, report.first, report.is_document_key_known) == (3, None, False)
    assert public in "".join(verifier.told(report, verifier.LANGUAGES["en"]))


def test_what_is_said_to_be_restricted_and_is_not_proved_is_told_as_such(archive: bytes) -> None:
    report = verifier.check(io.BytesIO(_declared("restricted")(archive)), key=known_keys())
    assert (report.exit_code, report.first) == (3, None)
    assert [(one.code, one.n, one.what) for one in report.unproved] == [("restricted", 1, "consumer_statement")]
    assert "争议事实" in "".join(verifier.told(report, verifier.LANGUAGES["zh"]))
