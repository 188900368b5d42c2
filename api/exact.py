"""JSON that means one thing only, and fields that take what was said and nothing like it.

Duplicate keys, NaN and infinities, numbers beyond what anybody counts, nesting without end, and characters that no
database holds are 400 and never reach a field. What is checked is the kind and the size; whether it makes sense is for
the verb.
"""

import json
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from authorities.periods import YEARS

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
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ParseError(_("JSON里有重复的字段名。"))
    return result


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


#: Beyond what any verb takes; a guard against bodies, not a rule.
LONGEST_TEXT = 20_000
#: Every reader of JSON keeps whole numbers exactly up to here.
LARGEST = 2**53 - 1


def rows(kind: Any, **options: Any) -> Any:
    """A list of objects, with the bounds of its length."""
    return kind(many=True, **options)


class Text(serializers.CharField):
    """NFC; no number, no list."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", LONGEST_TEXT)
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return unicodedata.normalize("NFC", super().to_internal_value(data))


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=type(data).__name__)
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    default_error_messages = {"whole": gettext_lazy("请写整数。")}

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        options.setdefault("max_value", LARGEST)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("whole")
        return int(data)


class YesNo(serializers.BooleanField):
    default_error_messages = {"yes_no": gettext_lazy("请写true或false。")}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool):
            self.fail("yes_no")
        return data


class Money(serializers.DecimalField):
    """Yuan and cents, as text ("128.50") or number."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        super().__init__(max_digits=14, decimal_places=2, **options)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Day(serializers.DateField):
    """A local day within reason: calendars do not reach to the year 9999."""

    default_error_messages = {"year": gettext_lazy("年份请写在2000和2100之间。")}

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["iso-8601"], **options)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DD")
        result = super().to_internal_value(value)
        if not YEARS[0] <= result.year <= YEARS[1]:
            self.fail("year")
        return result


class Moment(serializers.DateTimeField):
    """An instant with its zone; without one it is Beijing time."""

    default_error_messages = {"year": gettext_lazy("年份请写在2000和2100之间。")}

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss+08:00")
        result = super().to_internal_value(value)
        if not YEARS[0] < result.year < YEARS[1]:
            self.fail("year")
        return result
