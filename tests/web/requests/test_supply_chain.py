"""What the portal is built on is pinned to the byte, and known traps are not among it."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from django.conf import settings

from tests import APPS

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


def test_T78_each_choice_of_ours_says_why() -> None:
    for name in ("requirements.in", "requirements-dev.in"):
        for line in Path(settings.ROOT, name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-c")):
                assert re.search(r"[=<>].*#\s*\S", line), line


def test_T46_T78_what_is_installed_has_the_fixes_and_not_the_traps() -> None:
    # 5.2.8 closes the injection through `_connector`.
    assert tuple(int(part) for part in version("django").split(".")[:3]) >= (5, 2, 8)
    # These two lose the worker when the broker goes away in the middle of a task.
    assert version("celery") not in {"5.6.2", "5.7.0"}


def test_T46_no_query_is_built_from_what_somebody_sent() -> None:
    banned = re.compile(r"\.extra\(|RawSQL\(\s*f\W|objects\.raw\(|\*\*(?:self\.)?request\.(?:GET|POST|data|query)")
    for app in APPS:
        for file in Path(settings.ROOT, app).rglob("*.py"):
            if "migrations" not in file.parts:
                assert not banned.search(file.read_text(encoding="utf-8")), file
