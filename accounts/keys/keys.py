"""The secrets that never lie in the database: wrapping keys (they close the key of each person), index keys, and entry
keys (who has none cannot write an entry of the record that is taken for ours).

What is weak, short or written twice refuses to start, in one sentence. A key file has lines like
``wrap 1 <base64 of 32 bytes>``, ``index 1 …`` and ``entry 1 …``; the highest number is the one in use. Lower ones of
wrap and index still open what they closed until `manage.py rotate_keys` has been through; an entry key stays as long as
the entries that it tagged.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from web.environment import open_to_others

SIZE = 32
HIGHEST = 127
#: A key of 32 random bytes has about 30 different ones; far fewer is something that a person typed.
LEAST_DIFFERENT = 16
PURPOSES = ("wrap", "index", "entry")


class UnusableKeys(ValueError):
    """The text is one sentence that says what to do; it never holds a key."""


@dataclass(frozen=True)
class VaultKeys:
    """Secrets by version, 1 to 127."""

    wrap: Mapping[int, bytes] = field(repr=False)
    index: Mapping[int, bytes] = field(repr=False)
    entry: Mapping[int, bytes] = field(repr=False)

    @property
    def wrap_version(self) -> int:
        return max(self.wrap)

    @property
    def index_version(self) -> int:
        return max(self.index)

    @property
    def entry_version(self) -> int:
        return max(self.entry)


def parse(text: str) -> VaultKeys:
    """The keys of a key file; lines (or parts between semicolons), # begins a remark. Raises UnusableKeys."""
    result: dict[str, dict[int, bytes]] = {purpose: {} for purpose in PURPOSES}
    for number, line in enumerate(text.replace(";", "\n").splitlines(), start=1):
        texts = line.partition("#")[0].split()
        if not texts:
            continue
        if len(texts) != 3 or texts[0] not in PURPOSES or not texts[1].isdecimal():
            raise UnusableKeys(f"line {number} of the vault keys is not “wrap 1 …”, “index 1 …” or “entry 1 …”.")
        purpose, version = texts[0], int(texts[1])
        if not 1 <= version <= HIGHEST:
            raise UnusableKeys(f"line {number} of the vault keys: versions go from 1 to {HIGHEST}.")
        if version in result[purpose]:
            raise UnusableKeys(f"the vault keys hold {purpose} {version} twice.")
        result[purpose][version] = _secret(texts[2], number)
    for purpose, keys in result.items():
        if not keys:
            raise UnusableKeys(
                "the vault keys hold no entry key: add one with `manage.py make_vault_keys FILE --next`."
                if purpose == "entry"
                else f"the vault keys hold no {purpose} key: make a file with `manage.py make_vault_keys`."
            )
    every = [secret for keys in result.values() for secret in keys.values()]
    if len(set(every)) != len(every):
        raise UnusableKeys("two of the vault keys are the same: each needs random bytes of its own.")
    return VaultKeys(**result)


def _secret(written: str, number: int) -> bytes:
    try:
        secret = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKeys(f"line {number} of the vault keys is not base64.") from None
    if len(secret) != SIZE:
        raise UnusableKeys(f"line {number} of the vault keys has {len(secret)} bytes: {SIZE} random ones are needed.")
    if len(set(secret)) < LEAST_DIFFERENT:
        raise UnusableKeys(f"line {number} of the vault keys is not random: make a new one.")
    return secret


def read(file: Path) -> VaultKeys:
    """The keys of this file; raises UnusableKeys."""
    try:
        if wrong := open_to_others(file):
            raise UnusableKeys(wrong)
        return parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnusableKeys(f"the file of the vault keys cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise UnusableKeys("the file of the vault keys is no text.") from None


def fresh(**versions: int) -> str:
    """Lines with a new key of each purpose, in these versions or the first."""
    numbered = dict.fromkeys(PURPOSES, 1) | versions
    return "".join(_line(purpose, version) for purpose, version in numbered.items())


def with_entry_key(text: str) -> str:
    """A key file from before entries had tags gets its first entry key; any other stays as it is."""
    if any(line.split()[:1] == ["entry"] for line in text.replace(";", "\n").splitlines()):
        return text
    return text + ("" if text.endswith("\n") else "\n") + _line("entry", 1)


def _line(purpose: str, version: int) -> str:
    return f"{purpose} {version} {base64.b64encode(secrets.token_bytes(SIZE)).decode()}\n"
