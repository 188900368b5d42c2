"""What people read of a page, and which of it is neither the third language nor a name, a typed or a recorded text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.db import models

from accounts.keys.sealed_fields import SealedText
from accounts.models import OutgoingMessage
from complaints.models import Notice, PersonalText
from web.languages import languages

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
#: Attributes that are shown or read aloud.
_SHOWN = frozenset({"alt", "title", "placeholder", "label", "aria-label", "aria-description", "aria-roledescription"})
#: What is typed into a machine as it stands: Latin letters there are no English.
_CODE = frozenset({"code", "kbd", "samp", "pre"})
_VALUES = frozenset({"submit", "button", "reset", "text", "search"})


class _Reader(HTMLParser):
    """Collects (where it stands, text); nothing of an element that says it is in another language."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[tuple[str, str]] = []
        self.language = ""
        self._open: list[tuple[str, bool]] = []

    @property
    def _is_out(self) -> bool:
        return any(is_out for _tag, is_out in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values.get("lang", "")
        is_data = tag == "script" and values.get("type") == "application/json"
        is_out = (tag in {"script", "style"} and not is_data) or (tag != "html" and "lang" in values)
        if not (is_out or self._is_out):
            for name, value in values.items():
                is_value = name == "value" and tag == "input" and values.get("type", "text") in _VALUES
                is_description = name == "content" and values.get("name") in {"description", "author"}
                # A word alone, and what only a script reads, is a code.
                is_read = " " in value or HAN.search(value)
                is_of_a_script = name.startswith("data-") and is_read and value[0] not in "[{"
                if name in _SHOWN or is_of_a_script or is_value or is_description:
                    self._add(f"{tag} {name}", value)
        if tag not in _VOID:
            self._open.append((tag, is_out))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if not self._is_out:
            self._add(self._open[-1][0] if self._open else "", data)

    def _add(self, where: str, text: str) -> None:
        if any(tag in _CODE for tag, _is_out in self._open):
            text = " ".join(HAN.findall(text))
        if text := " ".join(text.split()):
            self.texts.append((where, text))


def texts_of(page: str) -> tuple[str, list[tuple[str, str]]]:
    """The language that the page says it is in, and its texts with the element or attribute where each stands."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.language, reader.texts


HAN = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]+")
#: Written the same in every language: addresses, file names, hashes, numbers with letters in them.
_THE_SAME = re.compile(
    r"https?://\S+|[\w.+-]+@[\w.-]+|/[\w./<>{}-]+/(?:#\w+)?|[\w.-]*\d[\w.-]*|\w+[./]\w[\w./]*|\w+(?:_\w+)+", re.ASCII
)


def foreign(text: str) -> Iterator[str]:
    """Runs of Chinese characters, and Latin words but abbreviations in capitals (PDF, MB)."""
    rest = _THE_SAME.sub(" ", text)
    yield from HAN.findall(text)
    yield from (word for word in LATIN.findall(rest) if len(word) > 1 and not word.isupper())


#: The number of an official document: as statutory as the document (complaints/documents/kinds.py).
NUMBER = re.compile(r"\w+〔\d{4}〕第\d+号")
QUOTED = re.compile(r"“([^“”]+)”")
#: So many letters of a text show that it is that text, where a page shows a piece of it.
PIECE = 12
OF_TEXT = (SealedText, models.CharField, models.TextField, models.JSONField)


@dataclass
class Known:
    """Chinese run or Latin word → the lines of known texts in which it stands."""

    lines: dict[str, set[str]] = field(default_factory=dict)
    #: Text → what was found in it: frames of pages say the same again and again.
    _found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, text: str) -> None:
        self._found.clear()
        for line in text.splitlines():
            given = " ".join(line.split()).casefold()
            for word in foreign(given):
                self.lines.setdefault(word, set()).add(given)

    def left(self, texts: Iterable[tuple[str, str]]) -> set[str]:
        """Where and in which text something is left, of (where it stands, text); empty where all is in order."""
        return {
            f"{where}: {text[:160]!r}: {', '.join(label[:8])}" for where, text in texts if (label := self.unknown(text))
        }

    def unknown(self, text: str) -> list[str]:
        """What in this text of a page is neither the third language nor part of a known text that stands in it."""
        if text not in self._found:
            shown = text.casefold()
            without = QUOTED.sub(lambda quote: " " if self._has(quote[1].casefold()) else quote[0], text)
            self._found[text] = [
                word
                for word in foreign(NUMBER.sub("", without))
                if not any(_stands_in(shown, line) for line in self.lines.get(word.casefold(), ()))
                and not (f"{word}**" in text and self._begins(word.casefold()))
            ]
        return self._found[text]

    def _has(self, quote: str) -> bool:
        """Whether these words stand in a known text: what is found in an answer is quoted from it."""
        return any(quote in line for lines in self.lines.values() for line in lines)

    def _begins(self, word: str) -> bool:
        """Whether a known text begins so: of a name or an address the rest may be masked."""
        return any(line.startswith(word) for lines in self.lines.values() for line in lines)


def _stands_in(shown: str, line: str) -> bool:
    """Whether a known text is shown: as it is, its beginning, or a long piece of it."""
    return line in shown or (len(line) > PIECE and line[:PIECE] in shown) or (len(shown) > PIECE and shown in line)


def read() -> Known:
    """Every text of every table, sealed ones too; but not what letters say, which has to prove itself."""
    texts: set[str] = set()
    for model in set(apps.get_models()) - {Notice, OutgoingMessage}:
        columns = [one for one in model._meta.concrete_fields if isinstance(one, OF_TEXT) or hasattr(one, "base_field")]
        sealed = [one.attname for one in columns if isinstance(one, SealedText)]
        plain = [one.attname for one in columns if one.attname not in sealed]
        rows = model._default_manager.order_by()
        if plain:
            texts.update(texts_in(list(rows.values_list(*plain))))
        if sealed:
            texts.update(texts_in([[getattr(row, name) for name in sealed] for row in rows]))
    # A language is offered by its own name.
    texts.update(language.name for language in languages())
    # What these seal is the text behind its salt.
    texts.update(row.text for row in PersonalText.objects.all())
    known = Known()
    for text in texts:
        known.add(text)
    return known


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value of JSON; not the names in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
