"""Tags: only a holder of an entry key makes one, and it fits one kind of row alone."""

import hashlib
import hmac
import secrets
from typing import Any

from accounts.keys import keys, tags


def test_a_tag_fits_its_kind_and_its_message_alone_and_every_key_we_had_still_checks(settings: Any) -> None:
    old = settings.VAULT_KEYS
    tag = tags.tag_of("odr entry", b"a hash")
    # RFC 2104 by its own formula, without the module that made it.
    key = old.entry[1].ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(x ^ 0x36 for x in key) + b"odr entry\x00a hash").digest()
    assert tag == b"\x01" + hashlib.sha256(bytes(x ^ 0x5C for x in key) + inner).digest()
    assert tags.is_tagged("odr entry", b"a hash", tag)
    assert not tags.is_tagged("odr entr", b"y\x00a hash", tag)
    forged = b"\x01" + hmac.digest(secrets.token_bytes(32), b"odr entry\x00a hash", "sha256")
    wrong = (b"", tag[:-1], tag + b"\x00", b"\x02" + tag[1:], bytes([tag[0]]) + bytes(32), forged)
    assert not any(tags.is_tagged("odr entry", b"a hash", other) for other in wrong)
    newer = keys.parse(keys.fresh(entry=2))
    settings.VAULT_KEYS = keys.VaultKeys(wrap=old.wrap, index=old.index, entry={**old.entry, **newer.entry})
    assert tags.is_tagged("odr entry", b"a hash", tag)
    assert tags.tag_of("odr entry", b"a hash")[0] == 2
