"""How right routing is on rows of public registers that a person has read.

Figures are of the half on which no rule was written; a floor is only lowered with the reason beside it.
"""

import hashlib
from pathlib import Path

import pytest
from django.utils import timezone

from tests.cast import load_directory
from tests.routing.labelled.measuring import SHARED, SOURCES, labels, measure

#: (source, in the whole register, by the source's own number too): (right at least, wrong at most), on
#: the other half: 135 rows of the one source, 29 of the other. AnyOf alike names alone fewer enterprises are known.
#: By name alone it was one more, until a known name beside an unknown one (“X/Y”, “X dba Y”) was left to a person.
FLOORS = {
    ("wa_ag", True, False): (92, 0),
    ("wa_ag", True, True): (101, 0),
    ("wa_ag", False, False): (90, 0),
    ("wa_ag", False, True): (100, 0),
    ("cfpb", True, False): (15, 0),
    ("cfpb", False, False): (15, 0),
}


@pytest.mark.parametrize(
    "near_only",
    [
        pytest.param(True, id="among names that are alike"),
        pytest.param(False, id="in the whole register", marks=pytest.mark.full),
    ],
)
@pytest.mark.parametrize("source", list(SOURCES))
def test_routing_is_as_right_as_it_was(directory: None, db: None, tmp_path: Path, source: str, near_only: bool) -> None:
    if not (SHARED / SOURCES[source][0]).exists():
        pytest.skip("the folder shared/data with the public registers is not there")
    load_directory()
    wanted = [label for label in labels() if not label.is_for_writing]
    for by_number, score in measure(source, wanted, tmp_path, now=timezone.now(), near_only=near_only).items():
        right, wrong = FLOORS[source, not near_only, by_number]
        shown = f"{source}, by number {by_number}: {dict(score.counts)}\n" + "\n".join(score.slips)
        assert score["right"] >= right, shown
        assert score["wrong"] <= wrong, shown


def test_the_labels_are_many_hard_and_told_apart_once() -> None:
    result = labels()
    assert len(result) >= 200
    assert len({(label.file, label.row) for label in result}) == len(result)
    assert {"former", "dba", "aka", "slash", "blank", "similar", "spellings", "shared-name"} <= {
        label.stratum for label in result
    }
    halves = sum(label.is_for_writing for label in result)
    assert 0.4 < halves / len(result) < 0.6
    assert hashlib.sha256(b"wa_ag/cases_all.csv.gz:438597").digest()[0] % 2 == 0, "the halves are fixed"
