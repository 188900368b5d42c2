"""No sentence has a number of the law typed into it: working days never, other time where it is a number of old.

All that a person may read is looked at in its source, also what no page of a test shows: refusals, letters,
commands, both languages.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests import APPS, ROOT
from tests.numbers.reading import Length, Numbers, english_of, pieces_of, policy_file, told, typed

#: What people of the demonstration wrote is theirs.
READ = tuple(app for app in APPS if app != "demo")


def test_no_sentence_has_a_number_of_the_law_typed_into_it() -> None:
    old = Numbers().old
    for _name, number, unit in policy_file():
        old[unit].add(number)
    wrong = {
        f"{where}: {length.around}"
        for text, where in (*python_texts(), *other_texts(), *english_texts())
        for length in told(text)
        if _is_of_the_law(length, old)
    }
    assert not wrong, (
        "Give the sentence a hole for the number in force (authorities/policies.py); a number that no authority can "
        "change goes to tests/numbers/typed.csv with the reason:\n" + "\n".join(sorted(wrong))
    )


def test_each_sentence_that_keeps_its_number_is_still_there() -> None:
    everything = [text for text, _where in (*python_texts(), *other_texts())]
    pieces = {piece for text in typed() for piece in pieces_of(text)}
    assert not [piece for piece in pieces if not any(piece in other for other in everything)]
    assert not [text for text in typed() if not any(pieces_of(text))]


def _is_of_the_law(length: Length, old: dict[str, set[int]]) -> bool:
    return length.unit == "WD" or length.is_one_of(old)


@cache
def python_texts() -> list[tuple[str, str]]:
    """Every string of the programs but the docstrings."""
    results = []
    for path in sorted(file for app in READ for file in (ROOT / app).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                results.append((node.value, f"{path.relative_to(ROOT)}:{node.lineno}"))
    return results


def other_texts() -> Iterator[tuple[str, str]]:
    """Templates without their comments, sectors, statements in files, and what is typeset."""
    for path in sorted((ROOT / "templates").rglob("*.*")):
        source = re.sub(r"(?s)\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", path.read_text(encoding="utf-8"))
        # A hole of a template is one of the catalogue.
        yield re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", source), str(path.relative_to(ROOT))
    for path in sorted(
        file for app in READ for form in ("*.typ", "*.toml", "*.sql") for file in (ROOT / app).rglob(form)
    ):
        lines = path.read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.lstrip().startswith(("//", "#", "--")))
        yield text, str(path.relative_to(ROOT))


def english_texts() -> Iterator[tuple[str, str]]:
    for text, translations in english_of().items():
        for english in translations:
            yield english, f"the English of {text}"
