"""The judge of the fault tests: each broken promise is seen and called by its name, and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults import checker, twins
from tests.faults.checker import Case, ClockRow, Entry, Reminded, Rows, Text
from tests.faults.history import History, Request, Sent

DUE = datetime(2026, 11, 11, 16, 0, tzinfo=UTC)
LATER = DUE + timedelta(seconds=2)
CASE = Case(1, "N1", "with_enterprise", 2)
SENT = Sent("file", "m1", "words m1", "k1", "N1", ["/cases/N1/receipt/"])
TEXT = Text(1, "consumer_statement", "m1", "words m1")
CLOCK = ClockRow(1, 1, "acceptance", "lapsed", DUE, None, DUE, LATER, None)
ENTRIES = [
    Entry(1, 1, "parties", 1, "file", "draft", "filed", "", "", ""),
    Entry(2, 1, "parties", 2, "forward", "filed", "with_enterprise", "", "", ""),
    Entry(3, 1, "parties", 3, "remind", "with_enterprise", "with_enterprise", "acceptance", "100", "2026-11-11"),
    Entry(4, 1, "parties", 4, "lapse_acceptance", "with_enterprise", "with_enterprise", "acceptance", "", ""),
]
GOOD = Rows([CASE], [TEXT], [CLOCK], ENTRIES, [Reminded(1, "100")], LATER)


def seen(rows: Rows = GOOD, sent: Sent = SENT, *requests: Request) -> list[str]:
    history = History()
    history.sent = {sent.marker: sent}
    history.requests = list(requests)
    return [line.partition(" ")[0] for line in checker.violations(history, rows, late=timedelta(seconds=60))]


def test_answers_are_promises_and_a_request_that_hangs_or_is_refused_is_seen() -> None:
    assert seen() == []
    assert seen(GOOD, SENT, Request(0, 0.1, "POST", "/file/", 503), Request(0, 9.9, "POST", "/file/", 0)) == []
    assert seen(GOOD, replace(SENT, answers=["/cases/N1/receipt/", "/cases/N2/receipt/"])) == ["DOUBLED"]
    assert seen(GOOD, replace(SENT, answers=["/cases/N2/receipt/"])) == ["LOST"]
    assert seen(replace(GOOD, texts=[]), replace(SENT, answers=[])) == []
    assert seen(GOOD, SENT, Request(0, 10.1, "GET", "/", 200)) == ["HUNG"]
    assert seen(GOOD, SENT, Request(0, 0.1, "POST", "/file/", 403)) == ["REFUSED"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (replace(GOOD, texts=[]), {"LOST"}),
        (replace(GOOD, texts=[TEXT, TEXT]), {"DOUBLED"}),
        (replace(GOOD, texts=[replace(TEXT, text="other words m1")]), {"CHANGED"}),
        (replace(GOOD, cases=[replace(CASE, demands=1)]), {"TORN"}),
        (replace(GOOD, cases=[replace(CASE, status="filed")]), {"TORN", "STUCK"}),
        (replace(GOOD, entries=ENTRIES[:3]), {"TORN"}),
        (replace(GOOD, entries=[*ENTRIES, replace(ENTRIES[3], pk=5, sequence=5)]), {"TWICE"}),
        (replace(GOOD, entries=[*ENTRIES[:3], replace(ENTRIES[3], sequence=5)]), {"TORN"}),
        (replace(GOOD, entries=[*ENTRIES[:3], replace(ENTRIES[3], came_from="filed")]), {"TORN"}),
        (replace(GOOD, clocks=[replace(CLOCK, written_at=DUE - timedelta(seconds=1))]), {"EARLY"}),
        (replace(GOOD, clocks=[replace(CLOCK, written_at=DUE + timedelta(seconds=61))]), {"LATE"}),
        (
            replace(
                GOOD, clocks=[replace(CLOCK, state="running", lapsed_at=None, written_at=None)], entries=ENTRIES[:3]
            ),
            {"MISSED"},
        ),
        (replace(GOOD, reminded=[Reminded(1, "100")] * 2), {"TWICE", "TORN"}),
        (replace(GOOD, reminded=[]), {"TWICE"}),
        (replace(GOOD, entries=[*ENTRIES[:2], replace(ENTRIES[3], sequence=3)]), {"TORN"}),
    ],
)
def test_each_broken_promise_has_its_name(rows: Rows, words: set[str]) -> None:
    assert set(seen(rows)) == words


@pytest.mark.parametrize("twin", twins.TWINS, ids=lambda twin: twin.name)
def test_each_twin_still_fits_the_source(twin: twins.Twin) -> None:
    """Else it would be found out only when somebody proves the teeth."""
    for file in {change.file for change in twin.changes}:
        source = (twins.ROOT / file).read_text(encoding="utf-8")
        assert all(source.count(change.before) == 1 for change in twin.changes if change.file == file), file
