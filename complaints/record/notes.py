"""Signed notes and the proofs that go with them: checkpoints (C2SP tlog-checkpoint, signed-note), cosignatures
(C2SP tlog-cosignature v1, Ed25519) and the Merkle proofs of RFC 9162. Pure: no database, no settings, no clock."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: Signature types of signed-note: the log's own, and a witness's with its time.
SIGNS, COSIGNS = 1, 4
#: Longer ones are refused before they are read: a checkpoint with a hundred cosignatures is shorter.
LONGEST = 64 * 1024
MOST_SIGNATURES = 128
MOST_LEAVES = 2**63 - 1


class OddNote(ValueError):
    """Not in the form of the standard; the message says which part."""


def raw_key(key: Ed25519PrivateKey | Ed25519PublicKey) -> bytes:
    """The 32 bytes of the public half (RFC 8032)."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True, slots=True)
class NoteKey:
    """Who signs, and with which public key. ``kind`` is SIGNS or COSIGNS, ``raw`` the 32 bytes of the key."""

    name: str
    kind: int
    raw: bytes

    @property
    def id(self) -> bytes:
        """4 bytes that stand before a signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    @property
    def text(self) -> str:
        """As people hand it on: name+id+key (signed-note, "verifier keys")."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.raw).decode()}"


def parse_key(text: str) -> NoteKey:
    """A key as ``NoteKey.text`` writes it. Raises OddNote."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_name(parts[0]):
        raise OddNote("a key is written name+id+base64")
    raw = _base64(parts[2], "the key")
    if len(raw) != 33 or raw[0] not in (SIGNS, COSIGNS):
        raise OddNote("the key must be an Ed25519 key of a log (type 1) or of a witness (type 4)")
    key = NoteKey(parts[0], raw[0], raw[1:])
    if key.id.hex() != parts[1]:
        raise OddNote("the id of the key does not belong to its name and bytes: a character may be wrong")
    return key


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody outside who signs checkpoints: their key, and the address that add-checkpoint lies under."""

    key: NoteKey
    url: str


@dataclass(frozen=True, slots=True)
class Witnesses:
    """All that are asked, and of how many a cosignature is needed."""

    needed: int = 0
    all: tuple[Witness, ...] = ()


def parse_witnesses(text: str) -> Witnesses:
    """``2 of KEY@URL KEY@URL KEY@URL``; without "n of" all are needed; empty: none. Raises OddNote with a sentence."""
    words = text.replace(",", " ").split()
    needed = 0
    if len(words) > 1 and words[1] == "of":
        needed = int(words[0]) if words[0].isascii() and words[0].isdecimal() else -1
        words = words[2:]
        if not 1 <= needed <= len(words):
            raise OddNote("before “of” stands how many cosignatures are needed, from 1 to the number of witnesses")
    found = []
    for word in words:
        key, at, url = word.partition("@")
        parsed = parse_key(key)
        if not at or parsed.kind != COSIGNS or not url.startswith(("https://", "http://")):
            raise OddNote(
                f"write KEY@https://host/ of each witness, with the key that witness.py printed: {parsed.name}"
            )
        found.append(Witness(parsed, url.rstrip("/")))
    if len({one.key.raw for one in found}) != len(found) or len({one.key.name for one in found}) != len(found):
        raise OddNote("two witnesses have the same key or the same name")
    return Witnesses(needed or len(found), tuple(found))


def is_name(name: str) -> bool:
    """A name of signed-note: no spaces, no plus, no control characters."""
    return bool(name) and name.isprintable() and "+" not in name and not any(letter.isspace() for letter in name)


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint: ``origin`` names the log, ``size`` counts its leaves, ``root`` is their RFC 9162 root. ``body`` is
    what is signed, ``lines`` are (name, 4 bytes of key id ‖ signature)."""

    origin: str
    size: int
    root: bytes
    body: str
    lines: tuple[tuple[str, bytes], ...]

    @property
    def text(self) -> str:
        return f"{self.body}\n" + "".join(signature_line(name, blob) for name, blob in self.lines)

    @property
    def own_text(self) -> str:
        """With the log's own signatures alone, as it goes to witnesses and programs."""
        return f"{self.body}\n" + "".join(
            signature_line(name, blob) for name, blob in self.lines if name == self.origin
        )

    def is_signed_by(self, key: NoteKey) -> bool:
        """Whether the log's own signature by ``key`` stands in it and holds."""
        return key.kind == SIGNS and any(_holds(key, blob[4:], self.body.encode()) for blob in self._of(key))

    def cosigned_at(self, witness: NoteKey) -> int | None:
        """Seconds since 1970 at which this witness says it saw the checkpoint; None without a signature that holds."""
        times = [
            at
            for blob in self._of(witness)
            if witness.kind == COSIGNS and len(blob) == 4 + 8 + 64
            for at in [int.from_bytes(blob[4:12], "big")]
            if _holds(witness, blob[12:], cosigned_message(self.body, at))
        ]
        return max(times, default=None)

    def with_lines(self, other: Sequence[tuple[str, bytes]]) -> "Note":
        """The same checkpoint with more signatures; one of the same key takes the place of the older one."""
        kept = {(name, blob[:4]): blob for name, blob in (*self.lines, *other)}
        lines = tuple((name, blob) for (name, _), blob in kept.items())
        return Note(self.origin, self.size, self.root, self.body, lines)

    def _of(self, key: NoteKey) -> list[bytes]:
        return [blob for name, blob in self.lines if name == key.name and blob[:4] == key.id]


def body_of(origin: str, size: int, root: bytes) -> str:
    """What a checkpoint's signatures are over: three lines, each with its line break."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def cosigned_message(body: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{body}".encode()


def signature_line(name: str, blob: bytes) -> str:
    return f"— {name} {base64.b64encode(blob).decode()}\n"


def signed(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> str:
    """The text of a new checkpoint, signed by the log."""
    body = body_of(origin, size, root)
    blob = NoteKey(origin, SIGNS, raw_key(key)).id + key.sign(body.encode())
    return f"{body}\n{signature_line(origin, blob)}"


def proof_lines(proof: Sequence[bytes]) -> str:
    """The hashes of a proof in base64, a line each."""
    return "".join(f"{base64.b64encode(digest).decode()}\n" for digest in proof)


def parse(text: str) -> Note:
    """A checkpoint as the standard writes it, to the letter. Raises OddNote. Signatures are not checked here."""
    if len(text) > LONGEST:
        raise OddNote("it is longer than a checkpoint is")
    if any(letter < " " and letter != "\n" for letter in text):
        raise OddNote("a checkpoint has no control characters")
    body, empty, rest = text.rpartition("\n\n")
    lines = body.split("\n")
    if not empty or len(lines) < 3 or not all(lines):
        raise OddNote("a checkpoint has three lines, an empty one, and signatures")
    origin, size, root = lines[:3]
    if not is_name(origin):
        raise OddNote("the first line names no log")
    if not (size.isascii() and size.isdecimal()) or str(int(size[:20])) != size or int(size) > MOST_LEAVES:
        raise OddNote("the second line is no number of leaves")
    digest = _base64(root, "the third line")
    if len(digest) != 32:
        raise OddNote("the third line is no root of 32 bytes")
    return Note(origin, int(size), digest, f"{body}\n", tuple(parse_lines(rest)))


def parse_lines(text: str) -> list[tuple[str, bytes]]:
    """Signature lines: (name, 4 bytes of key id ‖ signature). Raises OddNote."""
    if not text.endswith("\n") or text.count("\n") > MOST_SIGNATURES:
        raise OddNote("the signatures do not end with a line, or are too many")
    found = []
    for line in text[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not is_name(parts[1]):
            raise OddNote("a signature is written: — name base64")
        blob = _base64(parts[2], "a signature")
        if len(blob) < 5:
            raise OddNote("a signature is too short")
        found.append((parts[1], blob))
    return found


def _base64(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise OddNote(f"{what} is no base64") from None
    if base64.b64encode(raw).decode() != text:
        raise OddNote(f"{what} is no base64")
    return raw


def _holds(key: NoteKey, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def leaf_of(data: bytes) -> bytes:
    """The hash of a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


#: The root of a log without leaves.
EMPTY_ROOT = hashlib.sha256(b"").digest()


def inclusion_holds(place: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: whether ``leaf`` (its hash) stands at ``place`` (from 0) of ``size`` leaves under ``root``."""
    if not 0 <= place < size:
        return False
    at, last, digest = place, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            digest = node_of(sibling, digest)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            digest = node_of(digest, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and digest == root


def consistency_holds(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2: whether the first ``old`` of ``size`` leaves under ``root`` are those under ``old_root``."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return old_root == root and not proof
    if old == 0:
        return old_root == EMPTY_ROOT and not proof
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not proof:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_of(sibling, before), node_of(sibling, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_of(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root
