"""Each threat that we name has a test that names it."""

import ast
import re
from pathlib import Path

from django.conf import settings

PAGE = Path(settings.ROOT, "docs", "threats.md")


def asked_for() -> set[str]:
    spans = ((1, 17), (20, 31), (40, 53), (60, 66), (70, 71), (73, 75), (77, 79), (81, 82), (86, 90))
    return {f"T{number:02d}" for first, last in spans for number in range(first, last + 1)}


def shown() -> set[str]:
    """Ids in the names of test functions: test_T06_T71_nobody_… counts for both."""
    results: set[str] = set()
    for file in Path(settings.ROOT, "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_T"):
                results.update(re.findall(r"_(T\d\d)(?=_)", node.name))
    return results


def rows(part: str) -> dict[str, str]:
    return {
        cells[1]: cells[-2].strip()
        for cells in (re.split(r"\s*\|\s*", line) for line in part.splitlines())
        if len(cells) > 3 and re.fullmatch(r"T\d\d", cells[1])
    }


def test_every_threat_has_a_test_or_a_reason() -> None:
    standing, _, excused = PAGE.read_text(encoding="utf-8").partition("Not applicable:")
    named, reasons = rows(standing), rows(excused)
    assert all(reasons.values())
    assert asked_for() <= named.keys() | reasons.keys()
    assert sorted(named.keys() - shown()) == []
