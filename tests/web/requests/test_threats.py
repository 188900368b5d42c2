"""Each threat that we name has a test that names it."""

import re
from collections import Counter
from functools import cache
from importlib.metadata import version

from tests import APPS, ROOT

#: The ids that are asked for, first and last of each span.
SPANS = ((1, 17), (20, 31), (40, 53), (60, 66), (70, 71), (73, 75), (77, 79), (81, 82), (86, 90))


@cache
def shown() -> set[str]:
    """Ids in the names of test functions: test_T06_T71_nobody_… counts for both."""
    texts = (file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    names = (name for text in texts for name in re.findall(r"^ *def (test_T\w+)\(", text, re.MULTILINE))
    return {threat for name in names for threat in re.findall(r"_(T\d\d)(?=_)", name)}


def rows(part: str) -> dict[str, str]:
    return {
        cells[1]: cells[-2].strip()
        for cells in (re.split(r"\s*\|\s*", line) for line in part.splitlines())
        if len(cells) > 3 and re.fullmatch(r"T\d\d", cells[1])
    }


def test_every_threat_has_a_test_or_a_reason() -> None:
    standing, _, excused = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8").partition("Not applicable:")
    named, reasons = rows(standing), rows(excused)
    assert all(reasons.values())
    asked_for = {f"T{number:02d}" for first, last in SPANS for number in range(first, last + 1)}
    assert asked_for <= named.keys() | reasons.keys()
    assert sorted(named.keys() - shown()) == []


ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$", re.MULTILINE)
#: How many requirements version 5.0.0 has on each level.
LEVELS = {"1": 70, "2": 183}


def test_every_requirement_has_an_answer_that_holds() -> None:
    rows = ROW.findall((ROOT / "docs" / "asvs.md").read_text(encoding="utf-8"))
    assert len({number for number, *_ in rows}) == len(rows)
    assert Counter(level for _, level, *_ in rows) == LEVELS
    for number, level, _asked, answer in rows:
        ids = set(re.findall(r"\bT\d\d\b", answer))
        assert ids <= shown(), f"{number}: no test of {sorted(ids - shown())}"
        reasons = ("reason: ", "N/A: ", *(["not assessed"] if level == "2" else []))
        assert ids or answer.startswith(reasons), f"{number}: {answer}"
        for page in re.findall(r"`(docs/[\w/.-]+\.md)`", answer):
            assert (ROOT / page).exists(), f"{number}: {page}"
        for file, test in re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", answer):
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{number}: {file}::{test}"


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
