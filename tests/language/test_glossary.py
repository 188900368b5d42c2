"""One word for one thing: no text that people read uses a word that the glossary (locale/glossary.toml) replaces."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests import ROOT
from tests.web.test_translations import all_texts, messages


@dataclass(frozen=True)
class Term:
    """One thing: what it is called, what it is not called, and pieces of texts where such a word is another thing."""

    word: str
    instead_of: tuple[str, ...]
    not_english: tuple[str, ...]
    exceptions: tuple[str, ...]

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Term":
        words = (tuple(row.get(key, ())) for key in ("not", "not_english", "except"))
        assert all(row.get(key) for key in ("word", "english", "means", "not")), row
        return cls(row["word"], *words)

    def wrong_in(self, text: str) -> list[str]:
        for piece in self.exceptions:
            text = text.replace(piece, "")
        return [word for word in self.instead_of if word in text]

    def wrong_in_english(self, text: str, english: str) -> list[str]:
        return [word for word in self.not_english if self.word in text and word in english.lower()]


GLOSSARY = tomllib.loads((ROOT / "locale" / "glossary.toml").read_text(encoding="utf-8"))
TERMS = [Term.of(row) for row in GLOSSARY["term"]]


def texts() -> Iterator[tuple[str, str]]:
    """(where it stands, text) of every text in code, templates and data."""
    for text in all_texts():
        if text.where.partition(":")[0] not in GLOSSARY["left_out"]:
            yield text.where, text.singular


def test_one_word_for_one_thing() -> None:
    wrong = {
        f"{where}: {text!r} has {', '.join(words)} for {term.word}"
        for where, text in texts()
        for term in TERMS
        if (words := term.wrong_in(text))
    }
    assert not wrong, "\n".join(sorted(wrong))


def test_one_english_word_for_one_thing() -> None:
    wrong = []
    for path, message in messages("en"):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        found = {word for term in TERMS for one in strings for word in term.wrong_in_english(ids[0], one)}
        wrong += [f"{path}: {ids[0]!r} has {word}" for word in found]
    assert not wrong, "\n".join(sorted(wrong))


def test_every_line_of_the_glossary_is_needed() -> None:
    """A word that no text has is no word of the portal; an exception that no text needs hides the next mistake."""
    every = [text for _where, text in texts()]
    unused = [term.word for term in TERMS if not any(term.word in text for text in every)]
    needless = [piece for term in TERMS for piece in term.exceptions if not any(piece in text for text in every)]
    assert (unused, needless) == ([], [])
    assert all((ROOT / path).exists() for path in GLOSSARY["left_out"])


def test_a_wrong_word_is_found_and_another_thing_is_not() -> None:
    term = next(term for term in TERMS if term.word == "约定")
    assert term.wrong_in("企业没有兑现承诺，请看承诺书。") == ["承诺"]
    assert not term.wrong_in("请看承诺书。")
    assert term.wrong_in_english("补上约定", "Add the missing Obligation") == ["obligation"]
