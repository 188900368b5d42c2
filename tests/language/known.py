"""What may be shown as it is in every language: names, typed texts and recorded texts of the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

from accounts.keys.sealed_fields import SealedText
from accounts.models import OutgoingMessage
from complaints.models import Notice, PersonalText
from tests.language.reading import foreign
from web.languages import languages

#: The number of an official document: as statutory as the document (complaints/documents/kinds.py).
NUMBER = re.compile(r"\w+〔\d{4}〕第\d+号")
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
            self._found[text] = [
                word
                for word in foreign(NUMBER.sub("", text))
                if not any(_stands_in(shown, line) for line in self.lines.get(word.casefold(), ()))
                and not (f"{word}**" in text and self._begins(word.casefold()))
            ]
        return self._found[text]

    def _begins(self, word: str) -> bool:
        """Whether a known text begins so: of a name or an address the rest may be masked."""
        return any(line.startswith(word) for lines in self.lines.values() for line in lines)


def _stands_in(shown: str, line: str) -> bool:
    """Whether a known text is shown: as it is, its beginning, or a long piece of it."""
    return line in shown or (len(line) > PIECE and line[:PIECE] in shown) or (len(shown) > PIECE and shown in line)


def read() -> Known:
    """Every text of every table, sealed ones too; but not what letters say, which has to prove itself."""
    known = Known()
    for model in set(apps.get_models()) - {Notice, OutgoingMessage}:
        columns = [one for one in model._meta.concrete_fields if isinstance(one, OF_TEXT) or hasattr(one, "base_field")]
        sealed = [one.attname for one in columns if isinstance(one, SealedText)]
        for column in columns:
            if column.attname not in sealed:
                values = model._default_manager.order_by().values_list(column.attname, flat=True).distinct()
                _add(known, values)
        for row in model._default_manager.order_by() if sealed else ():
            _add(known, (getattr(row, name) for name in sealed))
    # A language is offered by its own name.
    _add(known, (language.name for language in languages()))
    # What these seal is the text behind its salt.
    _add(known, (row.text for row in PersonalText.objects.all()))
    return known


def _add(known: Known, values: Iterable[Any]) -> None:
    for value in values:
        for text in texts_in(value):
            known.add(text)


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
