"""JSON that means one thing only: what two readers could understand differently is refused.

Duplicate keys, NaN and infinities, numbers beyond what anybody counts, nesting without
end, and characters that no database holds are 400 and never reach a field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

DEEPEST = 20
_LONGEST_NUMBER = 40


class StrictJSONParser(BaseParser):
    """For application/json; numbers with a point come as Decimal."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return read(stream.read())


def read(body: bytes) -> Any:
    """The value of ``body``. Raises ParseError with a sentence."""
    if not body.strip():
        return {}
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_number,
            parse_int=_whole,
        )
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise ParseError(_("正文不是有效的JSON。")) from None
    _walk(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError(_("JSON里有重复的字段名。"))
    return found


def _constant(text: str) -> Any:
    raise ParseError(_("JSON里不能有NaN或无穷大。"))


def _number(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER or abs(float(text)) > 1e18:
        raise ParseError(_("JSON里的数字太大或太长。"))
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ParseError(_("JSON里的数字太大或太长。"))
    return int(text)


def _walk(value: Any) -> None:
    """Depth and characters, without recursion."""
    waiting = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            raise ParseError(_("JSON最多嵌套%(n)s层。") % {"n": DEEPEST})
        if isinstance(one, str):
            _check(one)
        elif isinstance(one, dict):
            for key, inner in one.items():
                _check(key)
                waiting.append((inner, depth + 1))
        elif isinstance(one, list):
            waiting += [(inner, depth + 1) for inner in one]


def _check(text: str) -> None:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ParseError(_("JSON里有不能保存的字符。"))
