"""The blind index: equal texts have equal digests, and without the index key a digest says nothing.

Equality is that of the written form (full-width digits, +86, spaces and case do not count), and the
key is never in the database: all mobile numbers of a country can be tried against a plain digest within an hour.

A digest is: version of the index key (1 byte, 128 added for SM3), then 128 bit of the HMAC. While keys change, all
versions are asked for (``digests``); only the newest is written (``digest``).
"""

import re
import unicodedata
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from accounts.keys.ciphers import AES, SM4, keyed_digest
from accounts.keys.keys import VaultKeys

SIZE = 16
_NOT_OF_A_NUMBER = re.compile(r"[^\d+]")
_SPACE = re.compile(r"\s+")


def written(kind: str, text: str) -> str:
    """The one form in which a text of this kind is compared; "" has no digest."""
    typed = unicodedata.normalize("NFKC", text).casefold()
    if kind != "phone":
        return _SPACE.sub("", typed)
    digits = _NOT_OF_A_NUMBER.sub("", typed)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    return digits.removeprefix("+86")


def digest(kind: str, text: str, *, keys: VaultKeys, suite: int) -> bytes | None:
    """With the newest index key; None for nothing."""
    form = written(kind, text)
    return _digest(kind, form, keys.index_version, keys.index[keys.index_version], suite) if form else None


def digests(kind: str, text: str, *, keys: VaultKeys) -> list[bytes]:
    """All digests under which this text may stand, whichever key and suite wrote it."""
    form = written(kind, text)
    return (
        [_digest(kind, form, version, secret, suite) for version, secret in keys.index.items() for suite in (AES, SM4)]
        if form
        else []
    )


def _digest(kind: str, form: str, version: int, secret: bytes, suite: int) -> bytes:
    message = f"{kind}\x1f{form}".encode()
    head = version | (128 if suite == SM4 else 0)
    return bytes([head]) + keyed_digest(message, suite=suite, secret=_index_key(secret))[:SIZE]


@lru_cache(maxsize=16)
def _index_key(secret: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), 32, b"odr vault blind index").derive(secret)
