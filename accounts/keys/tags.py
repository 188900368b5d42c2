"""Tags: what the portal wrote carries a proof that only the holder of an entry key can make.

Whoever has the database alone, its superuser too, cannot write a row that passes for ours. HMAC with SHA-256 (RFC
2104); each kind of row has a name of its own, so that the tag of one never fits another."""

import hmac

from accounts.keys import keyring

#: The version of the entry key, then the HMAC.
SIZE = 33


def tag_of(kind: str, message: bytes) -> bytes:
    """The tag of ``message`` with the newest entry key: 1 byte version, 32 bytes HMAC."""
    keys = keyring.keys()
    return bytes([keys.entry_version]) + _mac(keys.entry[keys.entry_version], kind, message)


def is_tagged(kind: str, message: bytes, tag: bytes) -> bool:
    """Whether ``tag`` was made for this by one of our keys; a version that we have no key of is none of ours."""
    key = keyring.keys().entry.get(tag[0]) if len(tag) == SIZE else None
    return key is not None and hmac.compare_digest(tag[1:], _mac(key, kind, message))


def _mac(key: bytes, kind: str, message: bytes) -> bytes:
    return hmac.digest(key, kind.encode() + b"\x00" + message, "sha256")
