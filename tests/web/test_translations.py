"""Every text that people may read has its words in every language, in some package's catalogue, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings

from tests import APPS, ROOT
from tests.web.catalogues import CALLS, Text, all_texts, catalogues

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
        if text.plural and len(label) < catalogue.num_plurals:
            continue
        if all(label):
            return True
    return False


@EVERY_LANGUAGE
def test_every_text_is_translated(language: str) -> None:
    result = catalogues(language)
    missing = {
        f"{text.where}: {text.singular!r}" + (f" ({text.context})" if text.context else "")
        for text in all_texts()
        if text.singular.strip() and not translated(text, result)
    }
    assert not missing, f"{len(missing)} texts without words in {language}:\n" + "\n".join(sorted(missing))


@EVERY_LANGUAGE
def test_no_entry_is_fuzzy_or_empty(language: str) -> None:
    wrong = [
        f"{path}: {message.id!r}"
        for path, catalogue in catalogues(language).items()
        for message in catalogue
        if message.id
        and (message.fuzzy or not all(message.string if isinstance(message.string, tuple) else [message.string]))
    ]
    assert not wrong


@EVERY_LANGUAGE
def test_the_holes_of_a_text_are_the_holes_of_its_translation(language: str) -> None:
    wrong = []
    for path, catalogue in catalogues(language).items():
        for message in catalogue:
            if not message.id:
                continue
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            allowed = set().union(*(holes(text) for text in ids))
            if any(not holes(text) <= allowed for text in strings) or not allowed <= holes(strings[-1]):
                wrong.append(f"{path}: {ids[-1]!r} → {strings[-1]!r}")
    assert not wrong, "\n".join(wrong)


def test_the_search_finds_texts_at_all() -> None:
    texts = {text.singular for text in all_texts()}
    assert {"长辈版", "验证码", "有%(n)s处需要修改"} <= texts


@EVERY_LANGUAGE
def test_catalogues_of_two_packages_do_not_contradict_each_other(language: str) -> None:
    result: dict[tuple[str | None, object], tuple[str, object]] = {}
    wrong = []
    for path, catalogue in catalogues(language).items():
        for message in catalogue:
            if not message.id:
                continue
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
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) not in CALLS:
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
    "the text of a statutory document, or of what is recorded or published once for all": (
        "complaints/documents/kinds.py",
        "complaints/documents/wording.py",
        "complaints/handling/steps/documents.py",
        "complaints/pages/shared/case_documents.py",
        "complaints/parties/actors.py",
        "oversight/hot_spots/warning.py",
        "oversight/open_data/files.py",
        "oversight/open_data/issuing.py",
        "oversight/reports/figures.py",
    ),
    "a word that is looked for in what people write, or a key": (
        "accounts/masking.py",
        "complaints/acceptance/publication.py",
        "complaints/acceptance/review_advice.py",
        "complaints/forms/enrol_forms.py",
        "complaints/pages/enterprise/offer.py",
        "complaints/procedure/typed_values.py",
        "complaints/reading/case_documents.py",
        "complaints/settlement/answer_templates.py",
        "complaints/settlement/offer_terms.py",
        "complaints/tables/platform/lines.py",
        "complaints/tables/round_trip/rows.py",
        "complaints/triage/signals.py",
        "enterprises/directory/spelling.py",
        "oversight/presenting/charts.py",
    ),
    "a name: of the law, a holiday, a step of the calendar, a language": (
        "authorities/calendar.py",
        "authorities/law/__init__.py",
        "complaints/procedure/workflow.py",
        "complaints/procedure/working_calendar.py",
        "odr_portal/settings.py",
    ),
    "said in both languages": ("complaints/management/commands/write_lifecycle.py", "web/errors.py"),
}


def not_handed_to_gettext(tree: ast.AST) -> list[int]:
    """Lines with Chinese text that is neither an argument of gettext nor a docstring."""
    handed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in CALLS:
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
    stays = {name for names in STAYS_CHINESE.values() for name in names}
    assert not {name: lines for name, lines in results.items() if name not in stays}
    assert stays == results.keys()
