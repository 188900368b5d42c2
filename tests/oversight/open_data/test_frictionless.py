"""The packages of issued sets, read by the program of whoever specified them: structure, types, constraints, keys."""

from pathlib import Path

import pytest
from frictionless import Package

from oversight.models import DataSet
from oversight.open_data import issuing
from tests.cast import World
from tests.oversight.counting import a_shop
from tests.oversight.open_data.test_open_data import written
from tests.oversight.open_data.test_rounded_sets import LATER, NOW, OCTOBER, SEPTEMBER, fill
from tests.oversight.test_reports import issue


def problems(data_set: DataSet, folder: Path) -> list[str]:
    """What it finds wrong, with the file and the row."""
    report = Package(str(written(data_set, folder) / "datapackage.json")).validate()
    assert len(report.tasks) >= 4
    found = report.flatten(["type", "note"]) + [
        [task.name, *row] for task in report.tasks for row in task.flatten(["rowNumber", "fieldName", "type", "note"])
    ]
    return [" ".join(map(str, one)) for one in found]


def test_a_small_month_is_valid(world: World, tmp_path: Path) -> None:
    assert problems(issue(world), tmp_path / "set") == []


@pytest.mark.parametrize("is_rounded", [False, True])
def test_months_and_a_quarter_with_many_small_numbers_are_valid_withheld_and_rounded(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_rounded: bool
) -> None:
    monkeypatch.setattr(issuing, "ROUNDED_FROM", SEPTEMBER if is_rounded else LATER.date())
    shops = [world.mobile, a_shop(world)]
    for seed, month in enumerate((SEPTEMBER, OCTOBER)):
        fill(month, seed, shops)
        made = issuing.issue(month, now=NOW if month == SEPTEMBER else LATER)
        assert made is not None
        assert (made.multiple_of > 1) == is_rounded
        assert problems(made, tmp_path / f"{month}") == []


def test_a_wrong_key_and_a_wrong_number_are_found(world: World, tmp_path: Path) -> None:
    """That the program looks."""
    folder = written(issue(world), tmp_path / "set")
    table = folder / "categories.csv"
    table.write_bytes(table.read_bytes().replace(world.region.code.encode(), b"999999", 1))
    report = Package(str(folder / "datapackage.json")).validate()
    assert not report.valid
    assert {"foreign-key"} <= {kind for (kind,) in report.flatten(["type"])}
