"""Every text that people may read has its words in every language, in some package's catalogue, and nowhere else."""

import ast
import csv
import re
import tomllib
from collections import namedtuple
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

from tests import APPS, ROOT

#: Name → (has a context, has a plural).
CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (False, False)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (False, True)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (True, False)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (True, True)),
}
#: Data file → the context and the columns that people read.
DATA = {
    "complaints/settlement/legal_minimum.csv": ("", ("law", "words", "if")),
    "authorities/law/articles.csv": ("article", ("title",)),
}
_IN_TEMPLATE = re.compile(r"(?<![A-Za-z_])(_|gettext|ngettext|pgettext|npgettext)\(")
_LITERAL = re.compile(r"\s*,?\s*u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")


#: One text to translate and where it stands.
Text = namedtuple("Text", "context singular plural where")


def _text(call: str, literals: list[str], where: str) -> Text | None:
    has_context, has_plural = CALLS[call]
    needed = 1 + has_context + has_plural
    if len(literals) < needed:
        return None
    context = literals.pop(0) if has_context else None
    return Text(context, literals[0], literals[1] if has_plural else None, where)


def name_of(called: ast.expr) -> str:
    return str(getattr(called, "id", getattr(called, "attr", "")))


def template_texts() -> Iterator[Text]:
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
    for path in sorted(file for app in APPS for file in (ROOT / app).rglob("*.py")):
        if "migrations" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = name_of(node.func) if isinstance(node, ast.Call) else ""
            if name not in CALLS:
                continue
            literals = []
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    break
                literals.append(argument.value)
            if text := _text(name, literals, f"{path.relative_to(ROOT)}:{node.lineno}"):
                yield text


#: The keys of a sector's file, or of the table of duties, whose texts people read.
SECTOR_WORDS = frozenset(
    {"name", "short", "help", "why", "hint", "title", "group", "way", "notice", "office", "label", "reason", "law"}
) | {"next_step"}
#: The lists whose names have a context.
SECTOR_CONTEXTS = {"bodies": "body", "causes": "root_cause"}


def sector_texts() -> Iterator[Text]:
    procedure = ROOT / "complaints" / "procedure"
    answers = ROOT / "complaints" / "listening" / "answers.toml"
    for kind in tomllib.loads(answers.read_text(encoding="utf-8"))["kinds"]:
        yield from (Text(None, kind[key], None, f"{answers.name} {kind['code']}") for key in ("reason", "better"))
    for path in sorted([procedure / "duties.toml", *(procedure / "sectors").glob("*.toml")]):
        yield from _in_table(tomllib.loads(path.read_text(encoding="utf-8")), "", str(path.relative_to(ROOT)))


def _in_table(table: dict[str, Any], of: str, where: str) -> Iterator[Text]:
    for key, value in table.items():
        if isinstance(value, str) and key in SECTOR_WORDS:
            yield Text(SECTOR_CONTEXTS.get(of) if key == "name" else None, value, None, f"{where} {of}")
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from _in_table(inner, key, where)


def data_texts() -> Iterator[Text]:
    """Of the data files whose sentences are ours."""
    for name, (context, columns) in DATA.items():
        with (ROOT / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(line for line in file if not line.startswith("#")):
                yield from (Text(context or None, row[column], None, name) for column in columns if row[column])


@cache
def all_texts() -> list[Text]:
    """Each once for each place where it stands; what cannot be understood is reported, never left out."""
    return [*template_texts(), *python_texts(), *sector_texts(), *data_texts()]


def catalogues(language: str) -> dict[str, Catalog]:
    """All catalogues of a language by their path."""
    result = {}
    locale = to_locale(language)
    for path in sorted((ROOT / "locale").glob(f"*/{locale}/LC_MESSAGES/django.po")):
        with path.open("rb") as handle:
            result[str(path.relative_to(ROOT))] = read_po(handle, locale=locale)
    return result


EVERY_LANGUAGE = pytest.mark.parametrize(
    "language", [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
)
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


def holes(text: str) -> set[str]:
    return {first or second for first, second in PLACEHOLDER.findall(text)}


def translated(text: Text, result: dict[str, Catalog]) -> bool:
    for catalogue in result.values():
        message = catalogue.get(text.singular, context=text.context)
        if message is None or message.fuzzy:
            continue
        label = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if all(label) and not (text.plural and len(label) < catalogue.num_plurals):
            return True
    return False


def messages(language: str) -> Iterator[tuple[str, Any]]:
    return ((path, message) for path, entries in catalogues(language).items() for message in entries if message.id)


@EVERY_LANGUAGE
def test_every_text_is_translated(language: str) -> None:
    result = catalogues(language)
    texts = {text.singular for text in all_texts()}
    assert {"长辈版", "验证码", "有%(n)s处需要修改"} <= texts, "the search finds no texts at all"
    missing = {
        f"{text.where}: {text.singular!r}" + (f" ({text.context})" if text.context else "")
        for text in all_texts()
        if text.singular.strip() and not translated(text, result)
    }
    assert not missing, f"{len(missing)} texts without words in {language}:\n" + "\n".join(sorted(missing))


@EVERY_LANGUAGE
def test_no_entry_is_fuzzy_or_empty_and_its_holes_are_those_of_the_text(language: str) -> None:
    wrong = []
    for path, message in messages(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy or not all(strings):
            wrong.append(f"{path}: {message.id!r}")
            continue
        allowed = set().union(*(holes(text) for text in ids))
        if any(not holes(text) <= allowed for text in strings) or not allowed <= holes(strings[-1]):
            wrong.append(f"{path}: {ids[-1]!r} → {strings[-1]!r}")
    assert not wrong, "\n".join(wrong)


@EVERY_LANGUAGE
def test_catalogues_of_two_packages_do_not_contradict_each_other(language: str) -> None:
    result: dict[tuple[str | None, object], tuple[str, object]] = {}
    wrong = []
    for path, message in messages(language):
        first = result.setdefault((message.context, message.id), (path, message.string))
        if first[1] != message.string:
            wrong.append(f"{message.id!r}: {first[0]} says {first[1]!r}, {path} says {message.string!r}")
    assert not wrong, "\n".join(wrong)


CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
#: A page of documentation whose tables have both languages, and names of holidays and places.
WITH_BOTH = {
    "complaints/management/commands/write_lifecycle.py",
    "authorities/calendar.py",
    "authorities/management/commands/write_regions.py",
}
ONE_LANGUAGE = re.compile(
    r"is_chinese|is_english|_Chinese\b|_English\b|get_language\(\)[^\n]*[=!]= ?[\"']|LANGUAGE_CODE ?=="
)


def _said(node: ast.expr) -> str:
    """What a literal says; of an f-string what stands in it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _side_by_side(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Literals that stand beside each other in a tuple, a call, a dictionary or a choice, with their line."""
    for node in ast.walk(tree):
        rows: list[list[ast.expr]] = []
        if isinstance(node, ast.Tuple | ast.List):
            rows = [node.elts]
        elif isinstance(node, ast.Call) and name_of(node.func) not in CALLS:
            rows = [[*node.args, *(word.value for word in node.keywords)]]
        elif isinstance(node, ast.IfExp):
            rows = [[node.body, node.orelse]]
        elif isinstance(node, ast.Dict):
            rows = [node.values, *([key, value] for key, value in zip(node.keys, node.values, strict=True) if key)]
        for row in rows:
            for one, other in pairwise(row):
                yield one.lineno, _said(one), _said(other)


def test_no_sentence_stands_in_two_languages_and_no_code_asks_which_is_read() -> None:
    wrong = []
    for path in sorted(file for app in APPS if app != "demo" for file in (ROOT / app).rglob("*.py")):
        name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        if "migrations" in path.parts or name in WITH_BOTH:
            continue
        wrong += [f"{name}: {result[0]}" for result in ONE_LANGUAGE.finditer(text)]
        wrong += [
            f"{name}:{line}: {one!r} beside {other!r}"
            for line, one, other in _side_by_side(ast.parse(text))
            if (CHINESE.search(one) and not CHINESE.search(other) and ENGLISH.search(other))
            or (CHINESE.search(other) and not CHINESE.search(one) and ENGLISH.search(one))
        ]
    for path in sorted((ROOT / "templates").rglob("*.html")):
        wrong += [f"{path.relative_to(ROOT)}: {result[0]}" for result in ONE_LANGUAGE.finditer(path.read_text("utf-8"))]
    assert not wrong, "\n".join(wrong)


#: What Chinese text stands in code that gettext is not asked for, and why nobody reads it in another language.
STAYS_CHINESE = {
    "the text of a statutory document, or of what is recorded or published once for all": """
complaints/documents/kinds complaints/documents/wording complaints/handling/steps/documents complaints/parties/actors
complaints/dossier/court oversight/hot_spots/warning oversight/open_data/files oversight/open_data/issuing
oversight/reports/drafting
""",
    "a word that is looked for in what people write, or a key": """
accounts/masking accounts/sign_in/guessable complaints/acceptance/publication complaints/acceptance/review_advice
complaints/forms/enrol_forms
authorities/law/citations complaints/listening/answering complaints/listening/row_by_row
complaints/listening/answer_text complaints/listening/promised_days
complaints/listening/days complaints/listening/demands complaints/listening/hearing complaints/listening/numbers
complaints/listening/regions complaints/listening/shops complaints/listening/bills complaints/filing/bills
complaints/procedure/typed_values complaints/reading/case_documents
complaints/settlement/answer_templates complaints/tables/platform/lines
complaints/tables/round_trip/rows complaints/triage/signals enterprises/directory/spelling
enterprises/directory/typed oversight/presenting/charts web/chinese
""",
    "a name: of the law, a holiday, a step of the calendar, a language": """
authorities/calendar authorities/law/__init__ complaints/procedure/workflow complaints/procedure/working_calendar
odr_portal/settings
""",
    "said in both languages": "complaints/management/commands/write_lifecycle web/errors",
}


def not_handed_to_gettext(tree: ast.AST) -> list[int]:
    """Lines with Chinese text that is neither an argument of gettext nor a docstring."""
    handed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in CALLS:
            handed.update(ast.walk(node))
        elif isinstance(node, ast.Expr):
            handed.add(node.value)
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and node not in handed
        and isinstance(node.value, str)
        and CHINESE.search(node.value)
    ]


def test_every_chinese_text_in_code_is_handed_to_gettext() -> None:
    """Messages after a step, refusals of every kind, errors that nobody draws in a test."""
    assert not_handed_to_gettext(ast.parse('messages.error(request, "已保存。")')) == [1]
    assert not not_handed_to_gettext(ast.parse('messages.error(request, _("已保存%(n)s") % {"n": 1})'))
    files = sorted(file for app in APPS if app != "demo" for file in (ROOT / app).rglob("*.py"))
    results = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if "migrations" not in path.parts and (lines := not_handed_to_gettext(ast.parse(path.read_text("utf-8"))))
    }
    stays = {f"{name}.py" for names in STAYS_CHINESE.values() for name in names.split()}
    assert not {name: lines for name, lines in results.items() if name not in stays}
    assert stays == results.keys()
