"""What a verification cannot do without: its statements and their rows, and each JSON text parsed, each sealed value
opened, each hash and HMAC made once. Comparing, replaying and naming are left out."""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch


def of(work: Callable[[], Any]) -> Callable[[], None]:
    """Does ``work`` once and watches it; what is returned does again what was seen, and nothing between."""
    from django.db import connection, transaction

    from accounts.keys import ciphers
    from complaints.record import record

    statements: list[tuple[str, Any]] = []
    texts: dict[str | bytes, None] = {}
    sealed: dict[tuple[Any, ...], None] = {}
    hashed: dict[bytes, None] = {}
    macs: dict[tuple[Any, ...], None] = {}
    suite_of, sha256, mac, decode = ciphers._suite, hashlib.sha256, hmac.digest, record._decode

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    class Suite:
        def __init__(self, suite: int, secret: bytes) -> None:
            self.suite = suite_of(suite, secret)

        def decrypt(self, *values: bytes) -> bytes:
            sealed[self.suite, *values] = None
            return self.suite.decrypt(*values)

    def parsed(text: str | bytes) -> Any:
        texts[text] = None
        return decode(text)

    def digested(data: bytes = b"", **known: Any) -> Any:
        hashed[data] = None
        return sha256(data, **known)

    def made(key: bytes, message: bytes, kind: str) -> bytes:
        macs[key, message, kind] = None
        return mac(key, message, kind)

    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(statement))
        for owner, name, watched in (
            (ciphers, "_suite", Suite),
            (record, "_decode", parsed),
            (hashlib, "sha256", digested),
            (hmac, "digest", made),
        ):
            stack.enter_context(patch.object(owner, name, watched))
        work()

    def again() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, params in statements:
                cursor.execute(sql, params)
                if cursor.description is not None:
                    cursor.fetchall()
        for text in texts:
            decode(text)
        for suite, *values in sealed:
            suite.decrypt(*values)
        for data in hashed:
            sha256(data).digest()
        for known in macs:
            mac(*known)

    return again
