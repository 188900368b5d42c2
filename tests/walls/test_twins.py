"""`make prove-walls` takes walls away; here only that each still stands where the twins look for it."""

import pytest

from tests.faults.twins import ROOT
from tests.walls.twins import TWINS, Change


@pytest.mark.parametrize("change", [change for twin in TWINS for change in twin.changes], ids=lambda c: c.file)
def test_a_twin_changes_what_is_there(change: Change) -> None:
    assert (ROOT / change.file).read_text(encoding="utf-8").count(change.before) == 1


def test_every_twin_names_tests_that_exist() -> None:
    assert not [twin.name for twin in TWINS if not (ROOT / twin.tests[0]).is_file()]
