"""The stand-alone program: what it computes by itself, and what it says."""

import ast
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone, translation
from django.utils.translation import pgettext

from complaints.documents import signing
from complaints.dossier import proving
from complaints.record import house, seal_keys
from complaints.record.notes import SIGNS, NoteKey, raw_key
from complaints.record.seal_checks import tree_root
from tests import PATIENCE, missing_in
from tests.complaints.dossier.conftest import PUBLIC, parts_of
from tests.old_seals import path_to

verifier = proving.verifier()
CHINESE, ENGLISH = verifier.LANGUAGES["zh"], verifier.LANGUAGES["en"]
pytestmark = pytest.mark.django_db

# RFC 8032, 7.1: key, message, signature.
WORDS = """
d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
-
e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c
72
92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025
af82
6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf
ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704
"""
RFC_8032 = list(zip(WORDS.split()[::3], WORDS.split()[1::3], WORDS.split()[2::3], strict=True))


def test_signatures_of_the_standard_hold_and_altered_ones_do_not() -> None:
    holds = verifier.signature_holds
    for row in RFC_8032:
        public, given, signed = (bytes.fromhex(word.strip("-")) for word in row)
        assert holds(public, given, signed)
        assert not holds(public, given + b"x", signed)
        for place in (0, 31, 32, 63):
            wrong = bytearray(signed)
            wrong[place] ^= 1
            assert not holds(public, given, bytes(wrong))
        # S + L is the same number to a careless checker (RFC 8032, 5.1.7: S must be smaller than L).
        s = int.from_bytes(signed[32:], "little") + 2**252 + 27742317777372353535851937790883648493
        assert not holds(public, given, signed[:32] + s.to_bytes(32, "little"))
        assert not holds(b"\xff" * 32, given, signed)
        assert not holds(public[:31], given, signed)


def test_each_head_is_proved_to_be_under_its_seal_and_no_other() -> None:
    for count in (1, 2, 3, 4, 5, 7, 8, 13):
        heads = [(case, "parties", 3, bytes([case]) * 32) for case in range(count)]
        root = tree_root(iter(heads)).hex()
        for place, (case, audience, sequence, digest) in enumerate(heads):
            path = [one.hex() for one in path_to(heads, place)]
            leaf = f"{case}|{audience}|{sequence}|{digest.hex()}".encode()
            assert verifier._climbed(leaf, place, count, path) == root
            assert verifier._climbed(leaf + b"0", place, count, path) != root
            assert verifier._climbed(leaf, place, count, [*path, root]) == ""
            assert count == 1 or verifier._climbed(leaf, place, count, path[:-1]) == ""
            assert verifier._climbed(leaf, place + count, count, path) == ""


def test_it_lets_those_keys_sign_that_the_portal_lets_sign() -> None:
    now = timezone.now()
    first, second, third, recovery = (Ed25519PrivateKey.generate() for _ in range(4))
    seal_keys.begin(first, origin="x/record", recovery=b"", now=now)
    # The recovery key was made later than the log.
    seal_keys.hand_over(first, second, way=seal_keys.REPLACE, size=3, recovery=raw_key(recovery), now=now)
    seal_keys.hand_over(recovery, third, way=seal_keys.RECOVERED, size=5, now=now)
    seal_keys.revoke(raw_key(second), by=recovery, size=7, now=now)
    known, bodies = seal_keys.known(), {entry.sequence: json.loads(entry.body) for entry in house.entries()}
    for size in range(1, 9):
        may = {key.hex() for key in known.spans if not known.fault(key, size)}
        assert verifier._trusted([raw_key(first).hex()], bodies, size) == may, size


def test_it_is_one_file_that_needs_nothing() -> None:
    nodes = list(ast.walk(ast.parse(proving.PROGRAM.read_text())))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)


def run(archive: bytes, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    file = tmp_path / "dossier.zip"
    file.write_bytes(archive)
    command = [sys.executable, "-I", "-S", str(proving.PROGRAM), str(file), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_on_the_command_line_and_pages_in_both_languages(archive: bytes, tmp_path: Path) -> None:
    document = signing.document_key().public
    code, given = run(archive, tmp_path, "--key", PUBLIC, "--key", document)
    assert code == 0
    assert not missing_in(given, "完整，未被改动", "complete and unbroken")
    assert "every byte of the ZIP" in given
    code, given = run(archive, tmp_path, "--language", "en")
    assert (code, PUBLIC in given, document in given, "完整" in given) == (3, True, True, False)
    # The key of the log leads to that of the manifest, which the house chain names.
    assert run(archive, tmp_path, "--key", PUBLIC)[0] == 0
    assert run(archive, tmp_path, "--key", document)[0] == 3
    assert run(archive, tmp_path, "--key", "00" * 32)[0] == 1
    note = json.loads(parts_of(archive)["manifest.json"])["checkpoint"]
    kept = tmp_path / "kept"
    origin, size, root = note.split("\n")[:3]
    another = note.replace(root, base64.b64encode(bytes(32)).decode())
    for text, expected, said in (
        (note, 0, "完整，未被改动"),
        (another, 1, "记录被重写过"),
        # Nothing is said of it by exit code 0.
        (another.replace(f"\n{size}\n", "\n1\n"), 3, "您保存的检查点（1条）没有比较"),
    ):
        kept.write_text(text)
        code, given = run(archive, tmp_path, "--key", PUBLIC, "--kept", str(kept))
        assert (code, said in given) == (expected, True), given
    kept.write_text("no checkpoint")
    vkey = NoteKey(origin, SIGNS, bytes.fromhex(PUBLIC)).text
    assert run(archive, tmp_path, "--key", vkey)[0] == 0
    # What was given wrongly is no fault of the dossier.
    for option, odd, said in (
        ("--key", "zz", "64 hexadecimal digits"),
        ("--key", "a+b", "name+id+base64"),
        ("--key", f"{vkey}=", "name+id+base64"),
        ("--kept", str(kept), "the checkpoint that you kept"),
        ("--seals", str(kept), "not seals.json"),
        ("--tsa-root", str(tmp_path / "dossier.zip"), "no certificate"),
        *((option, "nowhere.txt", "nowhere.txt: No such file") for option in ("--kept", "--seals", "--tsa-root")),
    ):
        command = [sys.executable, "-I", "-S", str(proving.PROGRAM), str(tmp_path / "dossier.zip"), option, odd]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    code, given = run(b"PK, but no archive", tmp_path)
    assert (code, "ZIP" in given) == (2, True)
    with translation.override("en"):
        assert {text: pgettext("verifier", text) for text in verifier.ENGLISH} == verifier.ENGLISH
