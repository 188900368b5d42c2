"""The auditor shares nothing with what it audits."""

import ast
from pathlib import Path

from tests import APPS, ROOT

CORE = Path(__file__).parent / "core"


def imported(file: Path) -> set[Path]:
    """Files of the project that a file imports, whatever the form, and the folders above them."""
    results: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: say the whole name"
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] in (*APPS, "tests"):
                for end in range(1, len(parts) + 1):
                    place = ROOT.joinpath(*parts[:end])
                    results |= {one for one in (place.with_suffix(".py"), place / "__init__.py") if one.exists()}
    return results


def reached(files: list[Path]) -> set[Path]:
    seen: set[Path] = set()
    left = set(files)
    while left:
        file = left.pop()
        if file not in seen:
            seen.add(file)
            left |= imported(file)
    return seen


def test_nothing_that_counts_again_imports_what_it_checks_however_far_away() -> None:
    own = list(CORE.rglob("*.py"))
    assert len(own) > 2
    found = reached(own)
    assert ROOT / "tests" / "audit" / "__init__.py" in found, "the walk goes up to the packages"
    packages = {file.relative_to(ROOT).parts[0] for file in found}
    assert packages == {"tests"}, "raw rows and the standard library are all it needs"
    assert ROOT / "oversight" / "figures" / "figures.py" in reached(list((CORE.parent / "compare").glob("*.py")))


def test_nothing_is_imported_by_its_name_as_text() -> None:
    for file in CORE.rglob("*.py"):
        words = {node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name)}
        assert not words & {"import_module", "__import__", "exec", "eval"}, file
