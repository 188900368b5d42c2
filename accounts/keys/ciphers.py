"""What encrypts: AES-256-GCM, or SM4-GCM with SM3 where the national suite is asked for.

The suite stands in every value, so both can be read at any time and the setting only decides what is
written next. One secret serves both: each suite derives a key of its own from it.
"""

import hmac
import secrets
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

AES, SM4 = 1, 2
SUITES = {"aes-gcm": AES, "sm4-gcm": SM4}
NONCE, TAG = 12, 16
_NAMES = {AES: b"odr vault aes-256-gcm", SM4: b"odr vault sm4-gcm"}
_KEY_BYTES = {AES: 32, SM4: 16}
#: Prepared keys at hand; to prepare one costs a few microseconds.
_MOST_KEYS = 1024


class CannotOpen(Exception):
    """Another key, another place, or changed bytes: which of them nobody can say."""


class _Suite(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...


class _Sm4:
    """SM4-GCM as ``AESGCM`` has it."""

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        worker = Cipher(self._key, modes.GCM(nonce)).encryptor()
        worker.authenticate_additional_data(associated_data)
        return worker.update(data) + worker.finalize() + worker.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        worker = Cipher(self._key, modes.GCM(nonce, data[-TAG:])).decryptor()
        worker.authenticate_additional_data(associated_data)
        return worker.update(data[:-TAG]) + worker.finalize()


@lru_cache(maxsize=_MOST_KEYS)
def _suite(suite: int, secret: bytes) -> _Suite:
    if suite not in _NAMES:
        raise CannotOpen
    key = HKDFExpand(hashes.SHA256(), _KEY_BYTES[suite], _NAMES[suite]).derive(secret)
    return AESGCM(key) if suite == AES else _Sm4(key)


def encrypt(clear: bytes, *, suite: int, secret: bytes, bound: bytes) -> bytes:
    """Nonce, ciphertext and tag. ``bound`` is not written, but opening needs the same."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + _suite(suite, secret).encrypt(nonce, clear, bound)


def decrypt(sealed: bytes, *, suite: int, secret: bytes, bound: bytes) -> bytes:
    """What ``encrypt`` was given; raises CannotOpen."""
    if len(sealed) < NONCE + TAG:
        raise CannotOpen
    try:
        return _suite(suite, secret).decrypt(sealed[:NONCE], sealed[NONCE:], bound)
    except InvalidTag:
        raise CannotOpen from None


def keyed_digest(message: bytes, *, suite: int, secret: bytes) -> bytes:
    """HMAC with SHA-256, or with SM3 in the national suite: 32 bytes."""
    if suite != SM4:
        return hmac.digest(secret, message, "sha256")
    worker = HMAC(secret, hashes.SM3())
    worker.update(message)
    return worker.finalize()
