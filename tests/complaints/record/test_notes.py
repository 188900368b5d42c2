"""Checkpoints in the standard form, and the proofs of RFC 9162 against its own definition."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from complaints.record import notes
from complaints.record.notes import COSIGNS, SIGNS, NoteKey, OddNote
from tests.proof import tree

KEY, OTHER = Ed25519PrivateKey.from_private_bytes(b"1" * 32), Ed25519PrivateKey.from_private_bytes(b"2" * 32)
ORIGIN = "odr.example/record"
LOG = NoteKey(ORIGIN, SIGNS, notes.raw_key(KEY))
LEAVES = [tree.leaf(b"%d" % number) for number in range(40)]
#: An example of the standard (tlog-cosignature): the form that every other program writes.
STANDARD = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 \
jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


def test_a_checkpoint_of_the_standard_is_read_and_written_again_to_the_letter() -> None:
    note = notes.parse(STANDARD)
    assert (note.origin, note.size, len(note.root)) == ("example.com/behind-the-sofa", 20852163, 32)
    assert [name for name, _ in note.lines] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert note.text == STANDARD


def test_a_checkpoint_holds_under_its_own_key_alone() -> None:
    note = notes.parse(notes.signed(ORIGIN, 40, tree.root(LEAVES), KEY))
    assert note.is_signed_by(LOG)
    assert not note.is_signed_by(NoteKey(ORIGIN, SIGNS, notes.raw_key(OTHER)))
    assert not note.is_signed_by(NoteKey(ORIGIN, COSIGNS, notes.raw_key(KEY)))
    assert not notes.parse(note.text.replace("\n40\n", "\n41\n")).is_signed_by(LOG)


def test_a_cosignature_says_when_and_lies_over_the_checkpoint_and_that_time() -> None:
    witness = NoteKey("council.example/witness", COSIGNS, notes.raw_key(OTHER))
    note = notes.parse(notes.signed(ORIGIN, 40, tree.root(LEAVES), KEY))
    message = f"cosignature/v1\ntime 1700000000\n{note.body}".encode()
    blob = witness.id + (1700000000).to_bytes(8, "big") + OTHER.sign(message)
    both = note.with_lines([(witness.name, blob)])
    assert both.cosigned_at(witness) == 1700000000
    assert both.is_signed_by(LOG)
    assert notes.parse(both.text) == both
    assert note.cosigned_at(witness) is None
    later = witness.id + (1700000001).to_bytes(8, "big") + blob[12:]
    assert note.with_lines([(witness.name, later)]).cosigned_at(witness) is None
    assert len(both.with_lines([(witness.name, later)]).lines) == 2, "the newer of one witness takes its place"


GOOD = notes.signed(ORIGIN, 40, tree.root(LEAVES), KEY)
ODD = {
    "empty": "",
    "no signature": GOOD.partition("\n\n")[0] + "\n",
    "a size with a zero before it": GOOD.replace("\n40\n", "\n040\n"),
    "no size": GOOD.replace("\n40\n", "\n-40\n"),
    "a size of another script": GOOD.replace("\n40\n", "\n４０\n"),
    "a size beyond the standard": GOOD.replace("\n40\n", f"\n{2**63}\n"),
    "a short root": GOOD.replace(base64.b64encode(tree.root(LEAVES)).decode(), "AAAA"),
    "a root that is no base64": GOOD.replace("\n40\n", "\n40\n!"),
    "no origin": GOOD.replace(f"{ORIGIN}\n", "\n", 1),
    "a tab": GOOD.replace(f"{ORIGIN}\n", f"{ORIGIN}\t\n", 1),
    "windows line ends": GOOD.replace("\n", "\r\n"),
    "another dash": GOOD.replace("—", "-"),
    "no end of line": GOOD[:-1],
    "too long": GOOD + GOOD.rpartition("\n\n")[2] * 1000,
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_what_is_not_in_the_form_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(OddNote):
        notes.parse(text)


def test_keys_are_handed_on_as_a_line_and_a_wrong_letter_is_noticed() -> None:
    assert notes.parse_key(f" {LOG.text}\n") == LOG
    for odd in ("", "x", LOG.text.replace("odr", "otr"), LOG.text[:-6] + "AAAAA=", f"{ORIGIN}+00000000+AAAA"):
        with pytest.raises(OddNote):
            notes.parse_key(odd)


def test_proofs_agree_with_the_definition_of_the_rfc_and_false_ones_are_refused() -> None:
    for size in range(1, len(LEAVES) + 1):
        leaves = LEAVES[:size]
        root = tree.root(leaves)
        for place in range(size):
            proof = tree.inclusion(place, leaves)
            assert notes.inclusion_holds(place, size, leaves[place], proof, root)
            assert not notes.inclusion_holds(place, size, tree.leaf(b"x"), proof, root)
            assert not notes.inclusion_holds(place, size, leaves[place], [*proof, root], root)
            assert not proof or not notes.inclusion_holds(place, size, leaves[place], proof[:-1], root)
            old, before = place + 1, tree.root(leaves[: place + 1])
            proof = tree.consistency(old, leaves)
            assert notes.consistency_holds(old, size, before, root, proof)
            assert not notes.consistency_holds(old, size, before, tree.leaf(b"x"), proof)
            assert not notes.consistency_holds(old, size, tree.leaf(b"x"), root, proof)
            assert not notes.consistency_holds(old, size, before, root, [*proof, root])
            assert not proof or not notes.consistency_holds(old, size, before, root, proof[:-1])
    assert notes.consistency_holds(0, 40, notes.EMPTY_ROOT, tree.root(LEAVES), [])
    assert not notes.consistency_holds(41, 40, tree.root(LEAVES), tree.root(LEAVES), [])


def test_witnesses_are_set_by_key_and_address_and_how_many_are_needed() -> None:
    one, two = (NoteKey(f"w{n}.example", COSIGNS, bytes([n]) * 32).text for n in (1, 2))
    assert notes.parse_witnesses("") == notes.Witnesses()
    read = notes.parse_witnesses(f"1 of {one}@https://w1.example/at/ {two}@http://10.0.0.2:8970")
    assert (read.needed, [witness.url for witness in read.all]) == (
        1,
        ["https://w1.example/at", "http://10.0.0.2:8970"],
    )
    assert notes.parse_witnesses(f"{one}@https://w1.example").needed == 1
    for odd in (
        "3 of",
        f"2 of {one}@https://w1.example",
        f"0 of {one}@https://w1.example",
        f"{one}@ftp://w1.example",
        one,
        f"{LOG.text}@https://log.example",
        f"{one}@https://w1.example {one}@https://w2.example",
    ):
        with pytest.raises(OddNote):
            notes.parse_witnesses(odd)
