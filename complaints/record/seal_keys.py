"""The keys that sign checkpoints, as the house chain names them: which key may sign a log of which size.

Trust begins with the first key. ``key_handed_over`` names the next one, signed by a key that may sign and by the new
one; ``way`` is ``first``, ``replace`` (the old one ends), ``add`` (a further watch, the old one stays) or
``recovered``. The recovery key lies offline; its public half stands in the first entry. It hands over where the old
key is lost, and ends a stolen one (``key_revoked``) from a size on: checkpoints of that size or above, signed by it,
count for nothing.
"""

import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from complaints.models import Checkpoint, HouseEntry
from complaints.record import house
from complaints.record.findings import Finding
from complaints.record.notes import SIGNS, Note, NoteKey, raw_key
from complaints.record.record import canonical

FIRST, REPLACE, ADD, RECOVERED = "first", "replace", "add", "recovered"
#: The steps of the house chain that speak of keys.
STEPS = ("key_handed_over", "key_revoked")
_MARK = "-----BEGIN PUBLIC KEY-----"


class UnusableKey(ValueError):
    """A key file or a key that cannot be used; the sentence says why and what to do."""


@dataclass(slots=True)
class Span:
    """From which size on a key may sign, and from which on no more; ``ended`` says how: ``key_replaced`` or
    ``key_revoked``."""

    since: int
    until: int | None = None
    ended: str = ""


@dataclass(slots=True)
class SealKeys:
    """What the house chain says. ``first``: the key with which trust begins; ``origin`` names the log."""

    origin: str = ""
    first: bytes = b""
    recovery: bytes = b""
    spans: dict[bytes, Span] = field(default_factory=dict)
    wrong: list[Finding] = field(default_factory=list)

    def fault(self, key: bytes, size: int) -> str:
        """Why this key may not sign a log of this size: ``key_unknown``, ``key_replaced``, ``key_revoked``; or ""."""
        span = self.spans.get(key)
        if span is None or size < span.since:
            return "key_unknown"
        return span.ended if span.until is not None and size >= span.until else ""

    def _take(self, entry: HouseEntry) -> str:
        """Take one entry in; says what is wrong with it."""
        data = entry.data
        key, by = bytes.fromhex(data["key"]), bytes.fromhex(data["by_key"])
        size = int(data["from"])
        signatures = [bytes.fromhex(one) for one in data["signatures"]]
        message = signed_message(data)
        if entry.step == "key_revoked":
            if not self.recovery or by != self.recovery or not _all_signed([by], signatures, message):
                return "it is not signed by the recovery key"
            span = self.spans.get(key)
            if span is None:
                return "it ends a key that never signed"
            if span.until is None or size <= span.until:
                # What had ended before stays ended from there on.
                self.spans[key] = Span(span.since, size, "key_revoked")
            return ""
        way = data["way"]
        if way == FIRST:
            if self.first or not _all_signed([key], signatures, message):
                return "it is not the first, or is not signed by its key"
            self.origin, self.first = str(data["origin"]), key
        else:
            may = by == self.recovery if way == RECOVERED else not self.fault(by, size)
            if way not in (REPLACE, ADD, RECOVERED) or not by or not may:
                return "it is not handed over by a key that may"
            if not _all_signed([by, key], signatures, message):
                return "it is not signed by both keys"
            if key in self.spans:
                return "this key has been in use before"
            if way == REPLACE:
                self.spans[by] = Span(self.spans[by].since, size, "key_replaced")
        self.spans[key] = Span(size)
        if data.get("recovery") and not self.recovery:
            self.recovery = bytes.fromhex(data["recovery"])
        return ""


def known() -> SealKeys:
    """The keys of this portal's log."""
    return folded(house.proven(*STEPS))


def is_name_of(origin: str, name: str) -> bool:
    """Whether a log that began as ``origin`` may be called so; after each restore it is ``origin/2``, ``origin/3`` …"""
    first, _, number = name.rpartition("/")
    return bool(origin) and (name == origin or (first == origin and number.isascii() and number.isdecimal()))


def may_have_signed(note: Note, keys: SealKeys | None = None) -> bool:
    """Whether a key that may sign this portal's log of that size signed this checkpoint, under its name or under one
    that it got by a restore."""
    keys = known() if keys is None else keys
    return is_name_of(keys.origin, note.origin) and any(
        not keys.fault(key, note.size) and note.is_signed_by(NoteKey(note.origin, SIGNS, key)) for key in keys.spans
    )


def folded(entries: Iterable[HouseEntry]) -> SealKeys:
    """The keys that these entries name, the oldest entry first. What does not hold is passed over and named."""
    keys = SealKeys()
    for entry in entries:
        if entry.data.get("of"):
            # A key that signs something else (complaints/dossier/proving.py).
            continue
        try:
            wrong = keys._take(entry)
        except (KeyError, ValueError, TypeError, AttributeError):
            wrong = "it cannot be read"
        if wrong:
            keys.wrong.append(Finding("seal_key", house.NAME, house.NAME, entry.sequence, detail=wrong))
    return keys


def signed_message(data: dict[str, Any]) -> bytes:
    """What the signatures of such an entry are over: all that it says but them."""
    return b"odr seal key\n" + canonical({name: data[name] for name in data if name != "signatures"}).encode()


def begin(key: Ed25519PrivateKey, *, origin: str, recovery: bytes, now: datetime, **more: Any) -> HouseEntry:
    """The first key of a log."""
    data = {"way": FIRST, "key": raw_key(key).hex(), "by_key": "", "from": 0, "origin": origin}
    return _written("key_handed_over", data | {"recovery": recovery.hex()} | more, [key], now=now)


def hand_over(
    by: Ed25519PrivateKey, key: Ed25519PrivateKey, *, way: str, size: int, now: datetime, recovery: bytes = b""
) -> HouseEntry:
    """``key`` may sign logs of ``size`` leaves and more. ``by``: the old key, or the recovery key. Raises UnusableKey
    where that does not hold."""
    data = {"way": way, "key": raw_key(key).hex(), "by_key": raw_key(by).hex(), "from": size}
    return _written("key_handed_over", data | {"recovery": recovery.hex()}, [by, key], now=now)


def revoke(key: bytes, *, by: Ed25519PrivateKey, size: int, now: datetime) -> HouseEntry:
    """Nothing that ``key`` signed over ``size`` leaves or more counts. Raises UnusableKey where ``by`` may not, and
    where no checkpoint would be left that the log can go on from."""
    first = Checkpoint.objects.order_by("number").first()
    if first is not None and size <= first.size and key == known().first:
        raise UnusableKey(f"The log begins with a checkpoint over {first.size} entries: end its key from a later size.")
    return _written("key_revoked", {"key": key.hex(), "by_key": raw_key(by).hex(), "from": size}, [by], now=now)


def _written(step: str, data: dict[str, Any], signers: list[Ed25519PrivateKey], *, now: datetime) -> HouseEntry:
    data |= {"signatures": [key.sign(signed_message(data)).hex() for key in signers]}
    asked = HouseEntry(step=step, body=json.dumps({"data": data}))
    if wrong := known()._take(asked):
        raise UnusableKey(f"The record would not accept this: {wrong}.")
    return house.write(step, data, by="command", now=now)


def _all_signed(keys: list[bytes], signatures: list[bytes], message: bytes) -> bool:
    try:
        for key, signature in zip(keys, signatures, strict=True):
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read(path: Path) -> tuple[Ed25519PrivateKey, bytes]:
    """A key file: (the key, the public half of the recovery key that stands behind it, or empty).

    Raises UnusableKey."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UnusableKey(f"{path} can be read by others: run `chmod 600 {path}`.")
        secret, mark, public = path.read_text("ascii").partition(_MARK)
        key = load_pem_private_key(secret.encode(), password=None)
        recovery = load_pem_public_key((mark + public).encode()) if mark else None
    except OSError as error:
        raise UnusableKey(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if isinstance(error, UnusableKey):
            raise
        raise UnusableKey(f"{path} is no key file: make one with `manage.py make_seal_key FILE`.") from None
    if not isinstance(key, Ed25519PrivateKey) or not isinstance(recovery, Ed25519PublicKey | None):
        raise UnusableKey(f"{path} holds no Ed25519 key: make one with `manage.py make_seal_key FILE`.")
    return key, raw_key(recovery) if recovery else b""


def make(path: Path, *, recovery: bytes = b"") -> Ed25519PrivateKey:
    """A new key in a new file that only its owner reads (mode 0600). Raises UnusableKey, also where a file is there."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if recovery:
        public = Ed25519PublicKey.from_public_bytes(recovery)
        text += public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except OSError as error:
        raise UnusableKey(f"{path} cannot be made: {error.strerror}.") from None
    return key
