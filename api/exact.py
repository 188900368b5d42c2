"""Fields that take what was said and nothing like it: a number is no text, "true" is no yes.

What is checked here is the kind and the size; whether it makes sense is for the verb.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from authorities.periods import YEARS

#: Beyond what any verb takes; a guard against bodies, not a rule.
LONGEST_TEXT = 20_000
LARGEST = 2_147_483_647


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
    default_error_messages = {"whole": _("请写整数。")}

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        options.setdefault("max_value", LARGEST)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("whole")
        return int(data)


class YesNo(serializers.BooleanField):
    default_error_messages = {"yes_no": _("请写true或false。")}

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

    default_error_messages = {"year": _("年份请写在2000和2100之间。")}

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["iso-8601"], **options)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DD")
        found = super().to_internal_value(value)
        if not YEARS[0] <= found.year <= YEARS[1]:
            self.fail("year")
        return found


class Moment(serializers.DateTimeField):
    """An instant with its zone; without one it is Beijing time."""

    default_error_messages = {"year": _("年份请写在2000和2100之间。")}

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss+08:00")
        found = super().to_internal_value(value)
        if not YEARS[0] < found.year < YEARS[1]:
            self.fail("year")
        return found
