"""A third language that is made, not translated: every word of the English catalogues in Cyrillic letters.

A text that shows Chinese or Latin letters in it did not come through a catalogue. Letters are exchanged one for one,
so that a page in it can still be read: `readable` gives the English back.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.test import override_settings
from django.utils import translation

from tests import ROOT
from web.languages import languages

#: Mongolian: Django knows it, the portal does not, and it is written with Cyrillic letters.
CODE = "mn"
#: Where the catalogue says by Django's letters for dates how a day is written: "n月j日" is no text.
FORMATS = frozenset({"date", "date in full"})
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC = "абцдефгхийклмнопярстувшжыз"
_LETTERS = str.maketrans(_LATIN + _LATIN.upper(), _CYRILLIC + _CYRILLIC.upper())
_BACK = str.maketrans(_CYRILLIC + _CYRILLIC.upper(), _LATIN + _LATIN.upper())
_HAN = re.compile(r"[\u3400-\u9fff]")
#: What a program reads: placeholders, tags, entities.
_KEPT = re.compile(r"(%\(\w+\)[-#0 +]*[\d.]*[a-z]|%[-#0 +]*[\d.]*[sdif%]|\{[^{}]*\}|<[^<>]+>|&#?\w+;)")


def transformed(text: str) -> str:
    """The text in letters of the third language; what a program reads stays as it is."""
    pieces = _KEPT.split(text)
    pieces[::2] = [_in_letters(piece) for piece in pieces[::2]]
    return "".join(pieces)


def readable(text: str) -> str:
    """What a text of the third language says in English."""
    return text.translate(_BACK)


def _in_letters(text: str) -> str:
    return _HAN.sub(lambda found: _CYRILLIC[ord(found[0]) % 26], text.translate(_LETTERS))


def _sources() -> Iterator[Path]:
    """The English catalogues: ours, and those of Django and of what else is installed, which hold msgids alone."""
    yield from sorted((ROOT / "locale").glob("*/en/LC_MESSAGES/django.po"))
    folders = [Path(django.__file__).parent / "conf", *(Path(config.path) for config in apps.get_app_configs())]
    for folder in folders:
        yield from sorted((folder / "locale" / "en" / "LC_MESSAGES").glob("django.po"))


def _message(message: Message) -> str | tuple[str, ...]:
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    texts = [string or text for string, text in zip(strings, ids, strict=True)]
    if message.context not in FORMATS or "%(" in ids[0]:
        texts = [transformed(text) for text in texts]
    return tuple(texts) if len(ids) > 1 else texts[0]


def _made(path: Path) -> Catalog:
    """The catalogue at `path` in the third language; one for each, as two may hold a text with and without a plural."""
    made = Catalog(charset="utf-8")
    with path.open("rb") as stream:
        for message in read_po(stream):
            if message.id:
                made.add(message.id, _message(message), context=message.context)
    return made


def write(folder: Path) -> list[Path]:
    """Put the compiled catalogues below `folder`, and return the folders for LOCALE_PATHS."""
    results = []
    for number, path in enumerate(_sources()):
        place = folder / str(number) / CODE / "LC_MESSAGES"
        place.mkdir(parents=True)
        with (place / "django.mo").open("wb") as stream:
            write_mo(stream, _made(path))
        results.append(folder / str(number))
    return results


@contextmanager
def spoken(folder: Path) -> Iterator[None]:
    """Inside, the portal speaks the third language too, as after one more line in LANGUAGES; `folder` is empty."""
    with override_settings(
        LANGUAGES=[*settings.LANGUAGES, (CODE, "Монгол")], LOCALE_PATHS=[*write(folder), *settings.LOCALE_PATHS]
    ):
        languages.cache_clear()
        try:
            yield
        finally:
            translation.deactivate()
            languages.cache_clear()
