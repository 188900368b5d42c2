"""Imports go down only and never in a circle; what stands where is written in pyproject.toml.

import-linter holds the layers of packages (test_house.py runs it). Here: files, pages, the width of a folder.
"""

import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests import APPS, ROOT

#: Nobody finds a file among more.
MOST_FILES = 30
#: A page answers a request; it stands in such a folder, or its name ends in "views".
FOLDERS_OF_PAGES = {"pages", "views", "open_pages", "site"}
#: What nobody asks anything of: they only name pages.
NAMES_PAGES = {"urls", "site_urls"}


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Module → the modules that it imports: in functions and under TYPE_CHECKING too."""
    return graph_of(*APPS)


def graph_of(*packages: str) -> dict[str, set[str]]:
    graph = grimp.build_graph(*packages, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circle_in(imports: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle; none where all imports go one way."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def is_page(module: str) -> bool:
    *folders, name = module.split(".")
    return bool(FOLDERS_OF_PAGES & {*folders}) or name.endswith("views")


def test_no_files_import_each_other_in_a_circle(imports: dict[str, set[str]]) -> None:
    assert len(imports) > 650
    assert not circle_in(imports)


def test_a_circle_is_found_however_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "in_circles"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "below.py").write_text("from in_circles import above\nx = above\n")
    monkeypatch.syspath_prepend(tmp_path)
    for back in (
        "",
        "import in_circles.below\n",
        "def late():\n    from in_circles import below\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from in_circles.below import x\n",
    ):
        (package / "above.py").write_text(back)
        circle = {"in_circles.below", "in_circles.above"} if back else set()
        assert set(circle_in(graph_of("in_circles"))) == circle, back


def test_no_rule_imports_a_page(imports: dict[str, set[str]]) -> None:
    rules = [module for module in imports if not is_page(module) and module.rpartition(".")[2] not in NAMES_PAGES]
    assert not [f"{rule} → {page}" for rule in rules for page in imports[rule] if is_page(page)]


def test_the_procedure_knows_no_database() -> None:
    """The table of steps, deadlines, calendar and closed lists can be read and tried without one."""
    for path in (ROOT / "complaints" / "procedure").glob("*.py"):
        text = path.read_text()
        assert "django.db" not in text, path.name
        assert ".models" not in text, path.name


def test_every_package_has_its_layer() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages == set(settings["root_packages"]) == set(APPS)
    named = settings["contracts"][0]["layers"]
    assert {name for layer in named for name in layer.split(" | ")} == packages


def test_no_folder_is_too_full() -> None:
    files = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for top in (*APPS, "tests", "benchmarks")
        for path in (ROOT / top).rglob("*.py")
        if path.name != "__init__.py" and "migrations" not in path.parts
    )
    assert not {folder: count for folder, count in files.items() if count > MOST_FILES}
