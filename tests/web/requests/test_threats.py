"""The papers say no more than is shown: each threat has tests that run, each requirement an answer that holds."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib.metadata import version

import pytest

from tests import APPS, ROOT

ASVS, THREATS, THIEF = (ROOT / "docs" / name for name in ("asvs.md", "threats.md", "threats-data.md"))
ID = re.compile(r"\bT\d\d\b")
TEST = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
#: `file` says `words`, or `file::name` says `words`: of the function or class of that name.
QUOTE = re.compile(r"`([\w./-]+?)(?:::(\w+))?` says `([^`]+)`")
FILE = re.compile(r"`((?:docs|tests|tools)/[\w./-]+)[:`]")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| \*\*(met|N/A|not met)\*\* (.+) \|$", re.MULTILINE)
KINDS = ("met", "N/A", "not met")
#: Section → how many requirements of levels 1 and 2 version 5.0.0 has in it.
SECTIONS = {
    **{"1.1": (0, 2), "1.2": (5, 4), "1.3": (2, 9), "1.4": (0, 3), "1.5": (1, 1)},
    **{"2.1": (1, 2), "2.2": (2, 1), "2.3": (1, 3), "2.4": (0, 1)},
    **{"3.2": (2, 0), "3.3": (1, 3), "3.4": (2, 4), "3.5": (3, 2), "3.7": (0, 2)},
    **{"4.1": (1, 2), "4.2": (0, 1), "4.3": (0, 2), "4.4": (1, 3)},
    **{"5.1": (0, 1), "5.2": (2, 1), "5.3": (2, 0), "5.4": (0, 3)},
    **{"6.1": (1, 2), "6.2": (8, 4), "6.3": (2, 2), "6.4": (2, 2), "6.5": (0, 5), "6.6": (0, 3), "6.8": (0, 4)},
    **{"7.1": (0, 3), "7.2": (4, 0), "7.3": (0, 2), "7.4": (2, 3), "7.5": (0, 2), "7.6": (0, 2)},
    **{"8.1": (1, 1), "8.2": (2, 1), "8.3": (1, 0), "8.4": (0, 1)},
    **{"9.1": (3, 0), "9.2": (1, 3)},
    **{"10.1": (0, 2), "10.2": (0, 2), "10.3": (0, 4), "10.4": (5, 6), "10.5": (0, 5), "10.6": (0, 2), "10.7": (0, 3)},
    **{"11.1": (0, 2), "11.2": (0, 3), "11.3": (2, 1), "11.4": (1, 3), "11.5": (0, 1), "11.6": (0, 1)},
    **{"12.1": (1, 2), "12.2": (2, 0), "12.3": (0, 4)},
    **{"13.1": (0, 1), "13.2": (0, 5), "13.3": (0, 2), "13.4": (1, 4)},
    **{"14.1": (0, 2), "14.2": (1, 3), "14.3": (1, 2)},
    **{"15.1": (1, 2), "15.2": (1, 2), "15.3": (1, 6)},
    **{"16.1": (0, 1), "16.2": (0, 5), "16.3": (0, 4), "16.4": (0, 3), "16.5": (0, 3)},
    **{"17.1": (0, 1), "17.2": (0, 4), "17.3": (0, 2)},
}


@cache
def rows() -> list[tuple[str, str, str, str, str]]:
    """(number, level, what is asked, met | N/A | not met, what shows or lacks it)."""
    return ROW.findall(ASVS.read_text(encoding="utf-8"))


@cache
def running() -> set[str]:
    """Node ids, without parameters, of the tests that these papers may mean and that `make test` runs: pytest collects
    them, nothing skips them always, and they are not left to `make test-full` (tests/collected.py)."""
    files = {name.partition("::")[0] for paper in (ASVS, THREATS) for name in TEST.findall(paper.read_text("utf-8"))}
    for file in (ROOT / "tests").rglob("test_*.py"):
        if re.search(r"^ *def test_T\d\d_", file.read_text(encoding="utf-8"), re.MULTILINE):
            files.add(file.relative_to(ROOT).as_posix())
    asked = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "tests.collected", *sorted(files)]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(asked, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return {line.removeprefix("RUNS ") for line in done.stdout.splitlines() if line.startswith("RUNS ")}


@cache
def shown() -> set[str]:
    """Ids in the names of tests that run: test_T06_T71_nobody_… counts for both."""
    return {threat for name in running() for threat in re.findall(r"_(T\d\d)(?=_)", name.partition("::")[2])}


def test_every_threat_has_a_test_that_runs_and_every_id_of_a_test_stands_in_the_paper() -> None:
    text = THREATS.read_text(encoding="utf-8")
    named = re.findall(r"^\| (T\d\d) \| .+ \| .+ \|$", text, re.MULTILINE)
    assert len(named) == len(set(named)) > 70
    assert sorted(set(named) ^ shown()) == []
    for paper in (text, THIEF.read_text(encoding="utf-8"), (ROOT / "SECURITY.md").read_text(encoding="utf-8")):
        assert set(ID.findall(paper)) <= set(named)
        assert [file for file in FILE.findall(paper) if not (ROOT / file).exists()] == []


def test_every_requirement_of_levels_one_and_two_has_an_answer_and_the_table_counts_them() -> None:
    text = ASVS.read_text(encoding="utf-8")
    assert len(re.findall(r"^\| \d+\.\d+\.\d+ ", text, re.MULTILINE)) == len(rows()) == 253
    assert len({number for number, *_ in rows()}) == 253
    levels = Counter((number.rpartition(".")[0], level) for number, level, *_ in rows())
    assert {section: (levels[section, "1"], levels[section, "2"]) for section, _level in levels} == SECTIONS
    assert Counter(level for _, level, *_ in rows()) == {"1": 70, "2": 183}
    counts = Counter((kind, level) for _number, level, _asked, kind, _shows in rows())
    lines = ["| | level 1 | level 2 | together |", "|---|---:|---:|---:|"]
    for kind in KINDS:
        one, two = counts[kind, "1"], counts[kind, "2"]
        lines.append(f"| {kind} | {one} | {two} | {one + two} |")
    lines.append("| asked | 70 | 183 | 253 |")
    assert "\n".join(lines) in text, "\n".join(lines)


def said_in(file: str, name: str) -> str:
    """The text of a file, or of the function or class of that name; marks of code left out of documents."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if not name:
        return text.replace("`", "") if file.endswith(".md") else text
    found = [
        ast.get_source_segment(text, node) or ""
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
    ]
    assert found, f"{file} has no {name}"
    return "\n".join(found)


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_answer_names_is_there_and_runs(kind: str) -> None:
    wrong = []
    for number, _level, _asked, answer, shows in rows():
        if answer != kind:
            continue
        tests, ids, quotes = TEST.findall(shows), ID.findall(re.sub(r"`[^`]*`", "", shows)), QUOTE.findall(shows)
        wrong += [f"{number}: {name} does not run" for name in tests if name not in running()]
        wrong += [f"{number}: no test of {one} runs" for one in ids if one not in shown()]
        wrong += [
            f"{number}: {file} does not say {words}" for file, name, words in quotes if words not in said_in(file, name)
        ]
        wrong += [f"{number}: no {file}" for file in FILE.findall(shows) if not (ROOT / file).exists()]
        if kind == "met" and not (tests or ids or quotes):
            wrong.append(f"{number}: nothing shows it")
        if kind == "not met" and len(shows) < 40:
            wrong.append(f"{number}: what is missing?")
    assert wrong == []


PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^ ;\\]+)")


def pins(lock: str) -> dict[str, list[str]]:
    """package → its hashes."""
    result: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            pin = PIN.match(line)
            assert pin is not None, f"{lock}: {line} has no exact version"
            name = pin["name"]
            result[name] = []
        elif "--hash=sha256:" in line:
            result[name].append(line.strip())
    return result


def test_T46_T78_every_package_is_pinned_with_hashes_names_no_index_says_why_and_has_the_fixes_and_no_traps() -> None:
    for name in ("requirements", "requirements-dev"):
        result = pins(f"{name}.txt")
        assert len(result) > 20
        assert [package for package, hashes in result.items() if not hashes] == []
        assert "://" not in re.sub(r"#.*", "", (ROOT / f"{name}.txt").read_text(encoding="utf-8"))
        for line in (ROOT / f"{name}.in").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-c")):
                assert re.search(r"[=<>].*#\s*\S", line), line
    assert tuple(int(part) for part in version("django").split(".")[:3]) >= (5, 2, 8)
    # These two lose the worker when the broker goes away in the middle of a task.
    assert version("celery") not in {"5.6.2", "5.7.0"}


def test_T46_no_query_is_built_from_what_somebody_sent() -> None:
    banned = re.compile(r"\.extra\(|RawSQL\(\s*f\W|objects\.raw\(|\*\*(?:self\.)?request\.(?:GET|POST|data|query)")
    for app in APPS:
        for file in (ROOT / app).rglob("*.py"):
            if "migrations" not in file.parts:
                assert not banned.search(file.read_text(encoding="utf-8")), file
