"""The judge of the fault tests: each broken promise is seen and called by its name, and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cluster import release
from tests.cluster import twins as cluster
from tests.faults import checker, twins
from tests.faults.checker import Case, ClockRow, Entry, Reminded, Rows, Text
from tests.faults.history import History, Request, Sent
from tests.odr_portal import twins as hosts
from tests.proof import twins as proof
from tests.walls import twins as walls

DUE = datetime(2026, 11, 11, 16, 0, tzinfo=UTC)
LATER = DUE + timedelta(seconds=2)
CASE = Case(1, "N1", "with_enterprise", 2)
SENT = Sent("file", "m1", "words m1", "k1", "N1", ["/cases/N1/receipt/"])
TEXT = Text(1, "consumer_statement", "m1", "words m1")
CLOCK = ClockRow(1, 1, "acceptance", "lapsed", DUE, None, DUE, LATER, None)
RUNNING = CLOCK._replace(state="running", lapsed_at=None, written_at=None)
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
    there, elsewhere = SENT.answers[0], "/cases/N2/receipt/"
    for answers, words in (([there], []), ([there, elsewhere], ["DOUBLED"]), ([elsewhere], ["LOST"])):
        assert seen(GOOD, replace(SENT, answers=answers)) == words
    assert seen(GOOD._replace(texts=[]), replace(SENT, answers=[])) == []
    assert seen(GOOD, SENT, Request(0, 0.1, "POST", "/file/", 503), Request(0, 9.9, "POST", "/file/", 0)) == []
    assert seen(GOOD, SENT, Request(0, 10.1, "GET", "/", 200)) == ["HUNG"]
    assert seen(GOOD, SENT, Request(0, 0.1, "POST", "/file/", 403)) == ["REFUSED"]


#: What stands otherwise than it must, and the name of the promise that is broken.
BROKEN: list[tuple[dict[str, Any], set[str]]] = [
    ({"texts": []}, {"LOST"}),
    ({"texts": [TEXT, TEXT]}, {"DOUBLED"}),
    ({"texts": [TEXT._replace(text="other words m1")]}, {"CHANGED"}),
    ({"cases": [CASE._replace(demands=1)]}, {"TORN"}),
    ({"cases": [CASE._replace(status="filed")]}, {"TORN", "STUCK"}),
    ({"entries": ENTRIES[:3]}, {"TORN"}),
    ({"entries": [*ENTRIES, ENTRIES[3]._replace(pk=5, sequence=5)]}, {"TWICE"}),
    ({"entries": [*ENTRIES[:3], ENTRIES[3]._replace(sequence=5)]}, {"TORN"}),
    ({"entries": [*ENTRIES[:3], ENTRIES[3]._replace(came_from="filed")]}, {"TORN"}),
    ({"entries": [*ENTRIES[:2], ENTRIES[3]._replace(sequence=3)]}, {"TORN"}),
    ({"clocks": [CLOCK._replace(written_at=DUE - timedelta(seconds=1))]}, {"EARLY"}),
    ({"clocks": [CLOCK._replace(written_at=DUE + timedelta(seconds=61))]}, {"LATE"}),
    (
        {"clocks": [CLOCK._replace(state="running", lapsed_at=None, written_at=None)], "entries": ENTRIES[:3]},
        {"MISSED"},
    ),
    ({"reminded": [Reminded(1, "100")] * 2}, {"TWICE", "TORN"}),
    ({"reminded": []}, {"TWICE"}),
]


def test_each_broken_promise_has_its_name() -> None:
    for changes, words in BROKEN:
        assert set(seen(GOOD._replace(**changes))) == words, changes


def test_each_twin_still_fits_the_source() -> None:
    """Else it would be found out only when somebody proves the teeth."""
    for twin in (*twins.TWINS, *walls.TWINS, *proof.TWINS, *cluster.TWINS, *hosts.TWINS):
        for change in twin.changes:
            source = (twins.ROOT / change.file).read_text(encoding="utf-8")
            assert source.count(change.before) == 1, (twin.name, change.file)
    for change in release.CHANGES:
        assert (twins.ROOT / change.file).read_text(encoding="utf-8").count(change.before) == 1, change.file
