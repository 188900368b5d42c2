"""The table of what is read in answers: `answers.toml`, read once. A file that cannot be used is refused by key."""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from complaints.listening.patterns import Row, in_full, row_of
from complaints.procedure.toml_table import TomlTable

FILE = Path(__file__).with_name("answers.toml")
#: Every list of the table.
LISTS = (
    *("threats", "conditions", "blanks", "unreached", "closes", "phoned", "attached", "courtesies"),
    *(
        "vague",
        "sends_away",
        "denies",
        "pays_first",
        "grants",
        "about",
        "refusing",
        "giving",
        "provided",
        "told_of",
        "free",
        "words",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What can be found: ``reason`` and ``better`` as people read them; ``second``: it never goes out in one name."""

    code: str
    reason: Promise
    better: Promise
    second: bool


@dataclass(frozen=True, slots=True)
class AnswerPatterns:
    """``version``: stands in the record with whatever was found."""

    version: int
    kinds: tuple[Kind, ...]
    rows: dict[str, tuple[Row, ...]]

    def of(self, name: str) -> tuple[Row, ...]:
        return self.rows[name]

    def kind(self, code: str) -> Kind | None:
        return next((kind for kind in self.kinds if kind.code == code), None)


@cache
def answer_patterns() -> AnswerPatterns:
    top = TomlTable.of_file(FILE)
    version, kinds = top.take("version", int, 0), top.each("kinds", _kind)
    groups: dict[str, str] = {}
    for name, words in top.each("groups", lambda table: (table.text("name"), table.text("words", needed=True))):
        groups[name] = in_full(words, groups)
    rows = {name: top.each(name, partial(row_of, groups=groups, newest=version)) for name in LISTS}
    top.done()
    return AnswerPatterns(version, kinds, rows)


def _kind(table: TomlTable) -> Kind:
    return Kind(
        code=table.text("code", needed=True),
        reason=gettext_lazy(table.text("reason", needed=True)),
        better=gettext_lazy(table.text("better", needed=True)),
        second=table.flag("second"),
    )
