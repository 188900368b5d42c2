"""Who takes what market regulation does not: one table, `duties.toml`, for whoever asks, listens or decides."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from complaints.procedure.toml_table import TomlTable

FILE = Path(__file__).with_name("duties.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A matter of other bodies, what it is known by and what is told. ``matter``: words that carry it as the matter
    itself, whatever else is said. ``words``: others by which it is known; none where it is only asked about.
    ``is_occasion``: where a carrier is blamed or a seller named, those are only the occasion of a complaint.
    ``is_grave``: its ``matter`` is asked about wherever it stands."""

    code: str
    bodies: tuple[str, ...]
    matter: re.Pattern[str] | None
    words: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    is_occasion: bool
    is_grave: bool
    reason: str | Promise
    law: str | Promise
    next_step: str | Promise

    def found_in(self, text: str, *, is_purchase: bool = False) -> re.Match[str] | None:
        """The words that speak of it, unless others in the same text explain them away. ``is_purchase``: a carrier is
        blamed or a seller named."""
        if self.matter and (hit := self.matter.search(text)):
            return hit
        if self.words is None or (is_purchase and self.is_occasion):
            return None
        return None if self.unless and self.unless.search(text) else self.words.search(text)

    def speaks_in(self, text: str) -> bool:
        """Whether any of its words stand in the text, explained away or not."""
        return any(words is not None and words.search(text) for words in (self.matter, self.words))


@cache
def duties() -> dict[str, Duty]:
    """The table by code, in its order. TomlProblem says by key what is wrong with the file."""
    top = TomlTable.of_file(FILE)
    rows = top.each("duties", partial(_duty, seller=top.text("seller", needed=True)))
    top.done()
    return {row.code: row for row in rows}


def found_in(text: str, *, is_purchase: bool = False) -> Iterator[tuple[Duty, re.Match[str]]]:
    """The matters of other bodies that the words of a text speak of: first those that it carries as the matter itself,
    each in the order of the table."""
    rows = [row for row in duties().values() if row.matter or row.words]
    found = [(row, hit) for row in rows if (hit := row.found_in(text, is_purchase=is_purchase))]
    yield from sorted(found, key=lambda one: one[0].matter is None or one[1].re is not one[0].matter)


def _duty(table: TomlTable, *, seller: str) -> Duty:
    def pattern(key: str) -> re.Pattern[str] | None:
        words = table.text(key).replace("SELLER", seller)
        return re.compile(words) if words else None

    return Duty(
        code=table.text("code", needed=True),
        bodies=table.texts("bodies"),
        matter=pattern("matter"),
        words=pattern("words"),
        unless=pattern("unless"),
        is_occasion=table.flag("occasion"),
        is_grave=table.flag("grave"),
        reason=gettext_lazy(table.text("reason", needed=True)),
        law=gettext_lazy(table.text("law", needed=True)),
        next_step=gettext_lazy(table.text("next_step", needed=True)),
    )
