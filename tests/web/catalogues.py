"""Finds every text that people may read; what cannot be understood is reported, never left out."""

import ast
import csv
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

from tests import APPS, ROOT

# name → (has a context, has a plural)
CALLS = {
    "_": (False, False),
    "gettext": (False, False),
    "gettext_lazy": (False, False),
    "gettext_noop": (False, False),
    "ngettext": (False, True),
    "ngettext_lazy": (False, True),
    "pgettext": (True, False),
    "pgettext_lazy": (True, False),
    "npgettext": (True, True),
    "npgettext_lazy": (True, True),
}
#: Data file → the context and the columns that people read.
DATA = {
    "complaints/settlement/legal_minimum.csv": ("", ("law", "words", "if")),
    "authorities/law/articles.csv": ("article", ("title",)),
}
_IN_TEMPLATE = re.compile(r"(?<![A-Za-z_])(_|gettext|ngettext|pgettext|npgettext)\(")
_LITERAL = re.compile(r"\s*,?\s*u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")


@dataclass(frozen=True, slots=True)
class Text:
    """One text to translate and where it stands."""

    context: str | None
    singular: str
    plural: str | None
    where: str


def _text(call: str, literals: list[str], where: str) -> Text | None:
    has_context, has_plural = CALLS[call]
    needed = 1 + has_context + has_plural
    if len(literals) < needed:
        return None
    context = literals.pop(0) if has_context else None
    return Text(context, literals[0], literals[1] if has_plural else None, where)


def template_texts() -> Iterator[Text]:
    """The texts of all templates."""
    folders = [ROOT / "templates", *(ROOT / app for app in APPS)]
    for path in sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in {".html", ".txt"}):
        if "templates" not in path.parts:
            continue
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path.relative_to(ROOT)))
        for result in _IN_TEMPLATE.finditer(source):
            literals, position = [], result.end()
            while literal := _LITERAL.match(source, position):
                literals.append(ast.literal_eval(literal.group(1)))
                position = literal.end()
            where = f"{path.relative_to(ROOT)}:{source.count(chr(10), 0, result.start()) + 1}"
            if text := _text(result.group(1), literals, where):
                yield text


def python_texts() -> Iterator[Text]:
    """The texts of all Python files of the apps."""
    for path in sorted(file for app in APPS for file in (ROOT / app).rglob("*.py")):
        if "migrations" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name not in CALLS:
                continue
            literals = []
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    break
                literals.append(argument.value)
            if text := _text(name, literals, f"{path.relative_to(ROOT)}:{node.lineno}"):
                yield text


#: The keys of a sector's file whose texts people read.
SECTOR_WORDS = frozenset(
    {"name", "short", "help", "why", "hint", "title", "group", "way", "notice", "office", "label", "reason", "law"}
) | {"next_step"}
#: The lists whose names have a context.
SECTOR_CONTEXTS = {"bodies": "body", "causes": "root_cause"}


def sector_texts() -> Iterator[Text]:
    """The texts of the files of the sectors."""
    for path in sorted((ROOT / "complaints" / "procedure" / "sectors").glob("*.toml")):
        yield from _in_table(tomllib.loads(path.read_text(encoding="utf-8")), "", str(path.relative_to(ROOT)))


def _in_table(table: dict[str, Any], of: str, where: str) -> Iterator[Text]:
    for key, value in table.items():
        if isinstance(value, str) and key in SECTOR_WORDS:
            yield Text(SECTOR_CONTEXTS.get(of) if key == "name" else None, value, None, f"{where} {of}")
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from _in_table(inner, key, where)


def data_texts() -> Iterator[Text]:
    """The texts of the data files whose sentences are ours."""
    for name, (context, columns) in DATA.items():
        with (ROOT / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(line for line in file if not line.startswith("#")):
                yield from (Text(context or None, row[column], None, name) for column in columns if row[column])


def all_texts() -> list[Text]:
    """Every text once for each place where it stands."""
    return [*template_texts(), *python_texts(), *sector_texts(), *data_texts()]


def catalogues(language: str) -> dict[str, Catalog]:
    """All catalogues of a language by their path."""
    result = {}
    locale = to_locale(language)
    for path in sorted((ROOT / "locale").glob(f"*/{locale}/LC_MESSAGES/django.po")):
        with path.open("rb") as handle:
            result[str(path.relative_to(ROOT))] = read_po(handle, locale=locale)
    return result
