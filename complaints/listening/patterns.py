"""The patterns as data: `patterns.toml`, read once. A file that cannot be used is refused by key: TomlProblem."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from complaints.procedure.toml_table import TomlTable

FILE = Path(__file__).with_name("patterns.toml")
#: Every list of the table.
LISTS = (
    *("firms", "around", "demands", "usual", "not_asked", "circumstances", "urgent", "platforms", "shops", "idle"),
    "problems",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. ``name``, ``name_en``: how the directory or people call it; ``asks``: words among the
    row's own with which it is only asked; ``former``: those that a firm or its service had once; ``where``: of what
    stands around a name, before or after it."""

    code: str
    words: re.Pattern[str]
    unless: re.Pattern[str] | None
    asks: re.Pattern[str] | None
    former: re.Pattern[str] | None
    name: str
    name_en: str
    where: str
    weight: int
    why: str
    version: int

    def found_in(self, text: str) -> re.Match[str] | None:
        """The first hit, unless other words of the text explain it away."""
        hit = self.words.search(text)
        return None if hit is None or (self.unless and self.unless.search(text)) else hit


@dataclass(frozen=True, slots=True)
class Patterns:
    """``version``: goes along with whatever was heard."""

    version: int
    rows: dict[str, tuple[Row, ...]]

    def of(self, name: str) -> tuple[Row, ...]:
        return self.rows[name]

    def one(self, name: str, code: str) -> re.Pattern[str]:
        """The words of the only row of this code."""
        (row,) = (row for row in self.rows[name] if row.code == code)
        return row.words


@cache
def patterns() -> Patterns:
    top = TomlTable.of_file(FILE)
    version, kin = top.take("version", int, 0), top.text("kin", needed=True)
    rows = {name: top.each(name, partial(row_of, groups={"KIN": kin}, newest=version)) for name in LISTS}
    top.done()
    return Patterns(version, rows)


def in_full(words: str, groups: Mapping[str, str]) -> str:
    """An expression with each name of ``groups`` in it replaced by what it stands for."""
    for name, stands_for in groups.items():
        words = words.replace(name, stands_for)
    return words


def row_of(table: TomlTable, *, newest: int, groups: Mapping[str, str]) -> Row:
    """A row of the table whose version is ``newest``; ``groups``: what names in capitals stand for in its words."""

    def pattern(key: str) -> re.Pattern[str]:
        try:
            return re.compile(in_full(table.text(key, needed=key == "words"), groups), re.IGNORECASE)
        except re.error as error:
            raise table.fail(key, str(error)) from error

    def pattern_or_none(key: str) -> re.Pattern[str] | None:
        return pattern(key) if key in table.raw else None

    row = Row(
        code=table.text("code", needed=True),
        words=pattern("words"),
        unless=pattern_or_none("unless"),
        asks=pattern_or_none("asks"),
        former=pattern_or_none("former"),
        name=table.text("name"),
        name_en=table.text("name_en"),
        where=table.text("where"),
        weight=table.take("weight", int, 1),
        why=table.text("why"),
        version=table.take("version", int, 1),
    )
    if row.unless is not None and not row.why:
        raise table.fail("why", "says for what the exceptions are")
    if not 1 <= row.version <= newest:
        raise table.fail("version", f"is not between 1 and {newest}")
    return row
