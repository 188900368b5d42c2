"""Who takes what market regulation does not: one table, `duties.toml`, for whoever asks, listens or decides."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from complaints.procedure.toml_table import TomlTable

FILE = Path(__file__).with_name("duties.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A matter of other bodies, what it is known by and what is told. ``words``: none where it is only asked about.
    ``is_occasion``: where a carrier is blamed or a seller named, the matter is only the occasion of a complaint."""

    code: str
    bodies: tuple[str, ...]
    words: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    is_occasion: bool
    reason: str | Promise
    law: str | Promise
    next_step: str | Promise

    def found_in(self, text: str) -> re.Match[str] | None:
        """The words that speak of it, unless others in the same text explain them away."""
        hit = self.words.search(text) if self.words else None
        return None if hit is None or (self.unless and self.unless.search(text)) else hit


@cache
def duties() -> dict[str, Duty]:
    """The table by code, in its order. TomlProblem says by key what is wrong with the file."""
    top = TomlTable.of_file(FILE)
    rows = top.each("duties", _duty)
    top.done()
    return {row.code: row for row in rows}


def found_in(text: str) -> Iterator[tuple[Duty, re.Match[str]]]:
    """The matters of other bodies that the words of a text speak of, in the order of the table."""
    for duty in duties().values():
        if hit := duty.found_in(text):
            yield duty, hit


def _duty(table: TomlTable) -> Duty:
    words, unless = table.text("words"), table.text("unless")
    return Duty(
        code=table.text("code", needed=True),
        bodies=table.texts("bodies"),
        words=re.compile(words) if words else None,
        unless=re.compile(unless) if unless else None,
        is_occasion=table.flag("occasion"),
        reason=gettext_lazy(table.text("reason", needed=True)),
        law=gettext_lazy(table.text("law", needed=True)),
        next_step=gettext_lazy(table.text("next_step", needed=True)),
    )
