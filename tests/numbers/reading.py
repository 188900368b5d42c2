"""Numbers with a unit of time, found in what people read: in digits and in words, in Chinese and in English.

Nothing here is shared with what writes them; a sentence that may keep its number stands in typed.csv with the
reason, and the words of the law in authorities/law/articles.csv.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from itertools import chain
from pathlib import Path

from babel.messages.pofile import read_po

from tests import ROOT

UNITS = ("WD", "CD", "minutes")
_ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip
_DIGITS = "零一二三四五六七八九"
_TIMES = {"十": 10, "百": 100}
#: Not a day of a month, not 第七天 (a place in a row), not 一天 (some day or other).
_CHINESE_TIME = re.compile(
    r"(?<![\d年月第至.–-])(?P<n>\d+|[一二三四五六七八九十两百零]+)[\s ]?(?:个(?:\s)?)?"
    r"(?P<unit>工作日|工作天|自然日|天|日(?![期志历程常报])|月(?!\d)|年(?![度级])|周(?!末)|小时|分钟)"
)
_ENGLISH_TIME = re.compile(
    r"(?<![\w.,:§-])(?P<n>\d+|" + "|".join(_ENGLISH) + r")[-\s ]"
    r"(?:more\s|further\s|full\s|last\s|whole\s|next\s|different\s)?(?P<kind>working|calendar)?[-\s ]?"
    r"(?P<unit>day|week|month|year|hour|minute)s?\b",
    re.IGNORECASE,
)
_DAYS_OF = {"天": 1, "日": 1, "自然日": 1, "周": 7, "年": 365, "day": 1, "week": 7, "year": 365}
_TAG = re.compile(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>")


@dataclass
class Numbers:
    """Numbers by unit: ``old`` of the file, ``country`` and ``county`` in their place."""

    old: dict[str, set[int]] = field(default_factory=lambda: {unit: set() for unit in UNITS})
    country: dict[str, set[int]] = field(default_factory=lambda: {unit: set() for unit in UNITS})
    county: dict[str, set[int]] = field(default_factory=lambda: {unit: set() for unit in UNITS})

    def strange_to(self, clocks: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
        """What a page about a case of the county must not tell: numbers of old, and those of the country but of
        ``clocks`` (unit, length) that began elsewhere and keep what they began with."""
        return {unit: self.old[unit] | self.country[unit] - {n for of, n in clocks if of == unit} for unit in UNITS}


@dataclass(frozen=True)
class Length:
    """So much time, as it was said; ``days`` counts calendar days, None where it is no number of days."""

    said: str
    number: int
    unit: str
    around: str

    def is_one_of(self, numbers: dict[str, set[int]]) -> bool:
        return self.number in numbers.get(self.unit, ())


def _rows(path: str) -> Iterator[dict[str, str]]:
    """Of a table of the portal, without its comments."""
    with (ROOT / path).open(encoding="utf-8") as lines:
        yield from csv.DictReader(line for line in lines if not line.startswith("#"))


def policy_file() -> Iterator[tuple[str, int, str]]:
    """(name, number, unit) of every number that measures time."""
    for row in _rows("authorities/data/policies.csv"):
        if row["unit"] in UNITS:
            yield row["name"], int(row["number"]), row["unit"]


def lengths(text: str) -> Iterator[Length]:
    """Every length of time in a text, calendar days for weeks and years as well."""
    for pattern in (_CHINESE_TIME, _ENGLISH_TIME):
        for result in pattern.finditer(text):
            unit = result["unit"].lower()
            number = _value(result["n"])
            if number is None or (result["n"] in {"一", "one"} and unit not in {"工作日", "day"}):
                continue
            kind = (result.groupdict().get("kind") or "").lower()
            around = text[max(0, result.start() - 40) : result.end() + 40]
            if unit in {"工作日", "工作天"} or (kind, unit) == ("working", "day"):
                yield Length(result[0], number, "WD", around)
            elif unit in _DAYS_OF:
                yield Length(result[0], number * _DAYS_OF[unit], "CD", around)
            else:
                yield Length(result[0], number, "minutes" if unit in {"分钟", "minute"} else unit, around)


def _value(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    if text.lower() in _ENGLISH:
        return _ENGLISH[text.lower()]
    total, digit = 0, 0
    for sign in text.replace("两", "二"):
        if sign in _TIMES:
            total, digit = total + (digit or 1) * _TIMES[sign], 0
        elif sign in _DIGITS:
            digit = digit * 10 + _DIGITS.index(sign)
        else:
            return None
    return total + digit


def shown(page: str) -> str:
    """The words of a page as they are read, a bar between elements; attributes that are read aloud or shown too."""
    named = re.findall(r'(?:title|aria-label|placeholder|alt|data-th)="([^"]*)"', page)
    text = _TAG.sub("¦", page) + "¦" + "¦".join(named)
    return re.sub(r"\s+", " ", re.sub(r"[¦\s]*¦[¦\s]*", "¦", unescape(text)))


def told(text: str) -> list[Length]:
    """What is left of a text without the law's own words and the sentences that may keep their number."""
    if not any(lengths(text)):
        return []
    text = text.lower()
    for piece in _kept_pieces():
        if piece in text:
            text = text.replace(piece, "…")
    return list(lengths(text))


@cache
def typed() -> dict[str, str]:
    """Sentence (or the part of one that bears the number) → why its number is typed."""
    with (Path(__file__).with_name("typed.csv")).open(encoding="utf-8", newline="") as lines:
        return {row["text"]: row["why"] for row in csv.DictReader(lines)}


@cache
def _kept_pieces() -> tuple[str, ...]:
    """The longest first, cut at the holes; with their English and the articles of the law."""
    english = (one for text in typed() for one in english_of().get(text, ()))
    results = {piece.lower() for text in chain(typed(), english, _law()) for piece in pieces_of(text)}
    return tuple(sorted(results, key=len, reverse=True))


def _law() -> Iterator[str]:
    """The articles with their headings, and what the law gives at least in one sentence each; both languages."""
    columns = {
        "authorities/law/articles.csv": ("title", "text"),
        "complaints/settlement/legal_minimum.csv": ("words", "if"),
    }
    for text in (row[column] for path in columns for row in _rows(path) for column in columns[path]):
        yield from re.split(r"(?<=[。；：:])|(?=（[一二三四五六七八九十]+）)", text)
        yield from english_of().get(text, ())


def pieces_of(text: str) -> Iterator[str]:
    for piece in re.split(r"%\(\w+\)s|\{[^{}]*\}|%%|\n", text):
        piece = re.sub(r"\s+", " ", piece).strip()
        if piece and any(lengths(piece)):
            yield piece


@cache
def english_of() -> dict[str, tuple[str, ...]]:
    """Text → its English in any catalogue."""
    result: dict[str, set[str]] = {}
    for path in (ROOT / "locale").glob("*/en/LC_MESSAGES/django.po"):
        with path.open("rb") as handle:
            for message in read_po(handle, locale="en"):
                ids, strings = (
                    texts if isinstance(texts, tuple | list) else (texts,) for texts in (message.id, message.string)
                )
                for one in ids:
                    result.setdefault(one, set()).update(strings)
    return {text: tuple(strings) for text, strings in result.items()}
