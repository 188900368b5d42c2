"""One sealed value: whose key opens it, and where it belongs.

A value opens only at the place where it was sealed. Table, column and what makes the row this row are
bound into it, so a value that somebody moved to another row or column does not open.

A value is: suite (1 byte), person (16), nonce (12), ciphertext, tag (16). Suite 0 is plain text, for free texts where
the portal was told not to encrypt them. Empty is empty: nothing, or erased. A wrapped key of a person is: suite (1),
version of the wrapping key (1), nonce, ciphertext, tag.
"""

import secrets
from uuid import UUID

from accounts.keys.ciphers import CannotOpen, decrypt, encrypt, keyed_digest
from accounts.keys.keys import SIZE, VaultKeys

PLAIN = 0
_HEAD = 17


def seal(text: str, *, person: UUID, secret: bytes, place: bytes, suite: int) -> bytes:
    """``secret``: the person's own; ``place``: the same must be given to open it."""
    if not text:
        return b""
    head = bytes([suite]) + person.bytes
    return head + encrypt(text.encode(), suite=suite, secret=secret, bound=head + place)


def plain(text: str) -> bytes:
    return bytes([PLAIN]) + text.encode() if text else b""


def person_of(sealed: bytes) -> UUID | None:
    """Whose key opens it; None for what is empty or plain. Raises CannotOpen for what is no sealed value."""
    head = head_of(sealed)
    return UUID(bytes=head) if head else None


def head_of(sealed: bytes) -> bytes:
    """The same as 16 bytes, or none."""
    if not sealed or sealed[0] == PLAIN:
        return b""
    if len(sealed) < _HEAD:
        raise CannotOpen
    return sealed[1:_HEAD]


def open_sealed(sealed: bytes, *, secret: bytes, place: bytes) -> str:
    """The text; raises CannotOpen. ``secret`` is not looked at for what is empty or plain."""
    if not sealed:
        return ""
    if sealed[0] == PLAIN:
        return sealed[1:].decode()
    return decrypt(sealed[_HEAD:], suite=sealed[0], secret=secret, bound=sealed[:_HEAD] + place).decode()


def new_secret() -> bytes:
    """The key of a person: random, nothing that could be made again."""
    return secrets.token_bytes(SIZE)


def wrap(secret: bytes, *, person: UUID, keys: VaultKeys, suite: int) -> bytes:
    """A person's key, closed with the newest wrapping key."""
    head = bytes([suite, keys.wrap_version])
    return head + encrypt(secret, suite=suite, secret=keys.wrap[keys.wrap_version], bound=head + person.bytes)


def unwrap(wrapped: bytes, *, person: UUID, keys: VaultKeys) -> bytes:
    """A person's key; raises CannotOpen, also where its wrapping key is no longer there."""
    if len(wrapped) < 2 or wrapped[1] not in keys.wrap:
        raise CannotOpen
    return decrypt(wrapped[2:], suite=wrapped[0], secret=keys.wrap[wrapped[1]], bound=wrapped[:2] + person.bytes)


def mark(text: str, *, secret: bytes, place: str) -> bytes:
    """The same 16 bytes for the same text of one person, and nothing to anybody without that person's key."""
    return keyed_digest(f"{place}\x1f{text}".encode(), suite=1, secret=secret)[:16]
