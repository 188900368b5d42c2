"""Each threat that we name has a test that names it."""

import ast
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from django.conf import settings

from tests import APPS

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


ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$", re.MULTILINE)
#: How many requirements version 5.0.0 has on each level.
LEVELS = {"1": 70, "2": 183}


def test_every_requirement_has_an_answer_that_holds() -> None:
    rows = ROW.findall(Path(settings.ROOT, "docs", "asvs.md").read_text(encoding="utf-8"))
    assert len({number for number, *_ in rows}) == len(rows)
    for level, expected in LEVELS.items():
        assert sum(row[1] == level for row in rows) == expected
    there = shown()
    for number, level, _asked, answer in rows:
        ids = re.findall(r"\bT\d\d\b", answer)
        assert set(ids) <= there, f"{number}: no test of {sorted(set(ids) - there)}"
        known = (
            bool(ids)
            or answer.startswith(("reason: ", "N/A: "))
            or (level == "2" and answer.startswith("not assessed"))
        )
        assert known, f"{number}: {answer}"
        for page in re.findall(r"`(docs/[\w/.-]+\.md)`", answer):
            assert Path(settings.ROOT, page).exists(), f"{number}: {page}"


PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^ ;\\]+)")


def pins(lock: str) -> dict[str, list[str]]:
    """package → its hashes."""
    result: dict[str, list[str]] = {}
    name = ""
    for line in Path(settings.ROOT, lock).read_text(encoding="utf-8").splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            pin = PIN.match(line)
            assert pin is not None, f"{lock}: {line} has no exact version"
            name = pin["name"]
            result[name] = []
        elif "--hash=sha256:" in line:
            result[name].append(line.strip())
    return result


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_T78_every_package_is_pinned_with_hashes_and_names_no_index(lock: str) -> None:
    result = pins(lock)
    assert len(result) > 20
    assert [name for name, hashes in result.items() if not hashes] == []
    text = Path(settings.ROOT, lock).read_text(encoding="utf-8")
    assert "http" not in re.sub(r"#.*", "", text)


def test_T46_T78_each_choice_of_ours_says_why_and_has_the_fixes_and_not_the_traps() -> None:
    for name in ("requirements.in", "requirements-dev.in"):
        for line in Path(settings.ROOT, name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-c")):
                assert re.search(r"[=<>].*#\s*\S", line), line
    assert tuple(int(part) for part in version("django").split(".")[:3]) >= (5, 2, 8)
    # These two lose the worker when the broker goes away in the middle of a task.
    assert version("celery") not in {"5.6.2", "5.7.0"}


def test_T46_no_query_is_built_from_what_somebody_sent() -> None:
    banned = re.compile(r"\.extra\(|RawSQL\(\s*f\W|objects\.raw\(|\*\*(?:self\.)?request\.(?:GET|POST|data|query)")
    for app in APPS:
        for file in Path(settings.ROOT, app).rglob("*.py"):
            if "migrations" not in file.parts:
                assert not banned.search(file.read_text(encoding="utf-8")), file
