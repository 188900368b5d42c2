"""Dossiers of the older form (odr-dossier-1): each part that somebody alters is named, the first broken entry first.
What that form does not cover, its papers, is said; so none of them is more than "unbroken, but" (exit code 3)."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from complaints.dossier import proving
from complaints.models.record import FREE_KINDS
from tests.complaints.dossier.conftest import OLD, altered, packed, parts_of
from tests.complaints.dossier.conftest import OLD_PUBLIC as PUBLIC

verifier = proving.verifier()
CHINESE, ENGLISH = verifier.LANGUAGES["zh"], verifier.LANGUAGES["en"]
#: A key that did not sign it.
OTHER = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


@pytest.fixture
def archive() -> bytes:
    return OLD.read_bytes()


def _text(name: str, old: bytes, new: bytes) -> Callable[[bytes], io.BytesIO]:
    def change(archive: bytes) -> io.BytesIO:
        parts = parts_of(archive)
        assert old in parts[name]
        return packed(parts | {name: parts[name].replace(old, new)})

    return change


def _json(part: str, change: Callable[[Any], Any]) -> Callable[[bytes], io.BytesIO]:
    return lambda archive: altered(archive, f"{part}.json", change)


def _swap(parts: dict[str, bytes]) -> io.BytesIO:
    parts["entries/0002.json"], parts["entries/0003.json"] = parts["entries/0003.json"], parts["entries/0002.json"]
    return packed(parts)


def _without(parts: dict[str, bytes], name: str) -> io.BytesIO:
    return packed({key: value for key, value in parts.items() if key != name})


def _reversed(value: Any) -> Any:
    entries = value["entries"]
    entries[1], entries[2] = entries[2], entries[1]


def _without_text(value: Any) -> Any:
    value["texts"] = [text for text in value["texts"] if text["kind"] != "consumer_statement"]


def _rewritten(archive: bytes) -> io.BytesIO:
    """All of it computed anew from entry 2 on, as somebody would who only lacks the key of the seal."""
    import hashlib

    parts = parts_of(archive)
    index = json.loads(parts["dossier.json"])
    previous = b""
    for place, entry in enumerate(index["entries"], 1):
        name = f"entries/{place:04d}.json"
        if place == 2:
            body = json.loads(parts[name])
            body["written"] = "2020-01-01T00:00:00.000000Z"
            parts[name] = json.dumps(body, ensure_ascii=False).encode()
        previous = hashlib.sha256(b"\0" + previous + parts[name]).digest()
        entry["hash"] = previous.hex()
    seal = json.loads(parts["seal.json"])
    seal["hash"] = previous.hex()
    return packed(parts | {"dossier.json": json.dumps(index).encode(), "seal.json": json.dumps(seal).encode()})


#: What somebody did → code of what is named first, and the number with it.
ALTERED: dict[str, tuple[Callable[[bytes], io.BytesIO], str, int]] = {
    "an entry": (_text("entries/0003.json", b'"sequence":3', b'"sequence":4'), "entry_changed", 3),
    "one letter": (_text("entries/0001.json", b'"step":"file"', b'"step":"fine"'), "entry_changed", 1),
    "an entry taken out": (lambda a: _without(parts_of(a), "entries/0002.json"), "entry_missing", 2),
    "an entry and its line taken out": (_json("dossier", lambda v: v["entries"].pop(1) and None), "entry_missing", 2),
    "the order of the texts of entries": (lambda a: _swap(parts_of(a)), "entry_changed", 2),
    "the order of the lines": (_json("dossier", _reversed), "entry_place", 2),
    "the last entry cut off": (_json("dossier", lambda v: v["entries"].pop() and None), "seal_cut", 6),
    "no entry left": (_json("dossier", lambda v: v["entries"].clear()), "entry_missing", 1),
    "another number": (_json("dossier", lambda v: v.update(case="20260101-AAAAAAAAAAAA-0")), "entry_other", 1),
    "a text": (_text("texts.json", "智家体验包".encode(), "智家体验券".encode()), "text_changed", 1),
    "a text taken out": (_json("texts", _without_text), "text_missing", 1),
    "a text moved to another entry": (_json("texts", lambda v: v["texts"][0].update(sequence=2)), "text_missing", 1),
    "a name": (_json("texts", lambda v: v["names"][0].update(text="张三")), "name_changed", 1),
    "a name taken out": (_json("texts", lambda v: v["names"].clear()), "name_missing", 1),
    "a file": (lambda a: packed(parts_of(a) | {"files/01.txt": b"x"}), "file_changed", 6),
    "a file taken out": (lambda a: _without(parts_of(a), "files/01.txt"), "file_missing", 6),
    "a file and its line taken out": (_json("dossier", lambda v: v["files"].clear()), "file_missing", 6),
    "a file put in": (lambda a: packed(parts_of(a) | {"files/02.txt": b"x"}), "file_foreign", 0),
    "everything from entry 2 on, computed anew": (_rewritten, "seal_proof", 1),
    "the seal's time": (_json("seal", lambda v: v.update(at="2020-01-01T00:00:00.000000Z")), "seal_root", 1),
    "the seal's size": (_json("seal", lambda v: v.update(size=1)), "seal_root", 1),
    "the seal's signature": (_json("seal", lambda v: v.update(signature="00" * 64)), "seal_signature", 1),
    "the seal's key": (_json("seal", lambda v: v.update(public_key=OTHER)), "seal_signature", 1),
    "the proof": (_json("seal", lambda v: v["path"].reverse()), "seal_proof", 1),
    "the place in the tree": (_json("seal", lambda v: v.update(index=1)), "seal_proof", 1),
    "the sealed digest": (_json("seal", lambda v: v.update(hash="00" * 32)), "seal_other_entry", 6),
}


def test_what_was_altered_or_lacks_its_seal_is_named_in_words(archive: bytes) -> None:
    wrong = {}
    for what, (change, code, n) in ALTERED.items():
        result = verifier.check(change(archive), key=PUBLIC)
        if result.exit_code != 1 or (result.first.code, result.first.n) != (code, n):
            wrong[what] = (result.exit_code, result.first, result.broken)
        for language in ("zh", "en"):
            assert verifier.told(result, verifier.LANGUAGES[language])[1]
    assert (wrong, verifier.check(io.BytesIO(archive), key=PUBLIC).exit_code) == ({}, 3)
    assert verifier.check(packed(parts_of(archive)), key=PUBLIC).exit_code == 3
    assert verifier.check(io.BytesIO(archive), key="00" * 32).first.code == "seal_key"
    broken = verifier.check(ALTERED["a text"][0](archive), key=PUBLIC).first
    assert broken.words(CHINESE) == "第1条记录的文字“争议事实”被改动"
    assert broken.words(ENGLISH) == "the text “statement of the facts” of entry 1 was changed"
    assert verifier.kind_words("answer_2", CHINESE) == "对第2项诉求的答复"
    assert verifier.kind_words("of_another_version", ENGLISH) == "of_another_version"
    texts = json.loads(parts_of(archive)["texts.json"])["texts"]
    kinds = (FREE_KINDS - OF_THE_AUTHORITY) | {text["kind"] for text in texts}
    assert {kind for kind in kinds if verifier.kind_words(kind, CHINESE) == kind} == set()
    assert "PDF" in "".join(verifier.told(verifier.check(io.BytesIO(archive), key=PUBLIC), CHINESE))
    report = verifier.check(_without(parts_of(archive), "seal.json"), key=PUBLIC)
    assert (report.exit_code, report.first, report.sealed) == (3, None, 0)
    assert "没有封印" in verifier.told(report, CHINESE)[1]


#: What only the authority's chain has, which no dossier of a party holds.
OF_THE_AUTHORITY = {"report", "lead", "concern"}


def _zip_of(count: int, content: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in range(count):
            archive.writestr(f"files/{place}", content)
    return out


def _encrypted(archive: bytes) -> io.BytesIO:
    raw = bytearray(archive)
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    return io.BytesIO(raw)


def test_T40_what_is_no_dossier_is_said_and_costs_little(archive: bytes) -> None:
    parts = parts_of(archive)
    deep = b"[" * 100_000
    cases: dict[str, tuple[io.BytesIO, str]] = {
        "empty": (io.BytesIO(), "not_a_zip"),
        "a picture": (io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"\0" * 500), "not_a_zip"),
        "half of it": (io.BytesIO(archive[: len(archive) // 2]), "not_a_zip"),
        "a bomb": (_zip_of(50, b"\0" * 8_000_000), "too_large"),
        "too many parts": (_zip_of(21_000, b""), "too_large"),
        "encrypted": (_encrypted(archive), "not_a_zip"),
        "another ZIP": (packed({"a.txt": b"x"}), "not_a_dossier"),
        "no JSON": (packed(parts | {"dossier.json": b"{"}), "not_a_dossier"),
        "deep JSON": (packed(parts | {"dossier.json": deep}), "not_a_dossier"),
        "a huge number": (packed(parts | {"dossier.json": b"9" * 10_000}), "not_a_dossier"),
        "no list": (altered(archive, "dossier.json", lambda v: v.update(entries={"a": 1})), "not_a_dossier"),
        "numbers for words": (altered(archive, "texts.json", lambda v: v["texts"][0].update(text=5)), "not_a_dossier"),
        "another form": (altered(archive, "dossier.json", lambda v: v.update(format="odr-dossier-9")), "not_a_dossier"),
        "a seal of words": (altered(archive, "seal.json", lambda v: v.update(number="one")), "not_a_dossier"),
        "a long JSON": (packed(parts | {"texts.json": b" " * 7_000_000 + parts["texts.json"]}), "too_large"),
    }
    for what, (file, code) in cases.items():
        with pytest.raises(verifier.Unreadable) as refused:
            proving.report_on(file)
        assert refused.value.code == code, what


def test_a_dossier_with_its_lists_torn_never_breaks_the_program(archive: bytes) -> None:
    """Every value of every JSON part replaced by something else: an answer each time."""
    answers = set()
    for name in ("dossier.json", "texts.json", "seal.json"):
        value = json.loads(parts_of(archive)[name])
        for path in list(_paths(value))[::3]:
            for odd in (None, -1, "\ud83d", [], 10**30):
                torn = json.loads(json.dumps(value))
                _put(torn, path, odd)
                out = packed_once(archive, name, json.dumps(torn).encode())
                try:
                    answers.add(verifier.check(out, key=PUBLIC).exit_code)
                except verifier.Unreadable:
                    answers.add(2)
    assert answers == {1, 2, 3}


def packed_once(archive: bytes, name: str, content: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for key, value in parts_of(archive).items():
            if not key.endswith(".pdf"):
                made.writestr(key, content if key == name else value)
    return out


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*before, key)
        yield from _paths(inner, (*before, key))


def _put(value: Any, path: tuple[Any, ...], odd: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = odd
