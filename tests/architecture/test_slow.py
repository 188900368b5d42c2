"""The list of what `make test-fast` leaves out names tests that are there, and `make test` runs them."""

import ast
import re

from tests import APPS, ROOT, slow
from tests.conftest import FULL


def _tests() -> set[str]:
    results = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        place = file.relative_to(ROOT).as_posix()
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                results |= {
                    f"{place}::{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)
                }
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                results.add(f"{place}::{node.name}")
    return results


def test_each_line_names_a_test_once_and_in_order() -> None:
    lines = slow.LIST.read_text().splitlines()
    assert lines == sorted(set(lines))
    gone = set(lines) - _tests()
    assert not gone, "take these lines out of tests/slow.txt, or name them as they are called now"


def test_each_name_of_the_long_run_is_a_module_or_a_test() -> None:
    tests = _tests()
    assert not [name for name in FULL if name.partition("[")[0] not in tests and not (ROOT / name).is_file()]


def test_a_quick_look_has_something_of_every_package() -> None:
    assert set(APPS) <= {test.split("/")[1] for test in _tests() - slow.listed()}


def test_make_test_leaves_out_nothing_that_stands_in_the_list() -> None:
    """It leaves out what is `full`; only `make test-fast` asks for what is not `slow`."""
    rules = re.findall(r'^([a-z-]+):.*\n(?:\t.*\n)*?\t.*-m "([^"]*)"', (ROOT / "Makefile").read_text(), re.M)
    assert dict(rules)["test"] == "not full"
    assert [name for name, chosen in rules if "slow" in chosen] == ["test-fast"]
