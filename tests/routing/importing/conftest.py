"""What the tests of the import share: the directory of the project, and one way to call the command."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import ROOT
from tests.cast import load_directory
from tests.routing.importing import register

MAPPINGS = Path("complaints/tables/importing/mappings")
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _public_side(directory: None, db: None) -> None:
    load_directory()


def run(file: Path, *, mapping: str = "wa_ag", **options: Any) -> tuple[int, str]:
    """(exit code, what it told)."""
    shown = StringIO()
    try:
        # A second process would not see what this test has written and not committed.
        options = {"mapping": MAPPINGS / f"{mapping}.toml", "language": "en", "processes": 1, **options}
        call_command("import_complaints", file, stdout=shown, stderr=shown, **options)
    except CommandError as problem:
        return problem.returncode, f"{shown.getvalue()}\n{problem}"
    return 0, shown.getvalue()


def imported(folder: Path, rows: int, *, spoilt: bool = False, **options: Any) -> tuple[int, str]:
    """The register with so many rows, imported."""
    register.write(folder / "register.csv", rows, spoilt=spoilt)
    return run(folder / "register.csv", **options)
