"""What an import says: how far it is, what was built, what was filed, and why rows are bad or went to a person."""

import sys
import time
from collections.abc import Iterator, Mapping
from typing import TextIO

from complaints.tables.importing.batches import Tally
from complaints.tables.importing.directory import BuiltDirectory
from complaints.tables.importing.reading import BadRows
from complaints.tables.importing.rows import DoubtfulRows
from enterprises.directory.reasons import say

MOST_REASONS = 10
SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_BARS = 0.2
_WIDTH = 30


class Progress:
    """A bar on a terminal, a line every ten seconds elsewhere; always on stderr."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self.total = max(total, 1)
        self.stream = stream or sys.stderr
        self.is_terminal = self.stream.isatty()
        self.started = self.last = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self.last < (SECONDS_BETWEEN_BARS if self.is_terminal else SECONDS_BETWEEN_LINES):
            return
        self.last = now
        done = tally.filed + tally.there
        share = min(done / self.total, 1.0)
        rate = done / max(now - self.started, 0.001)
        text = f"{share:4.0%}  {tally.rows:,} rows, {tally.filed:,} filed, {rate:,.0f} rows/s"
        if self.is_terminal:
            bar = "#" * round(share * _WIDTH)
            self.stream.write(f"\r[{bar:<{_WIDTH}}] {text}  ")
        else:
            self.stream.write(f"{text}\n")
        self.stream.flush()

    def end(self) -> None:
        if self.is_terminal:
            self.stream.write("\n")


def directory_lines(built: BuiltDirectory, *, dry_run: bool = False) -> Iterator[str]:
    """What was built from the names of the file."""
    verb = "would be new" if dry_run else "new"
    yield (
        f"directory: {built.named:,} enterprises named in {built.rows:,} rows; {built.enterprises:,} {verb}, "
        f"{built.names:,} other names {verb}, {built.cities:,} places {verb}"
    )
    if built.too_long:
        yield f"directory: {built.too_long:,} names are too long for an enterprise and were left out"
    if built.unplaced:
        top = ", ".join(f"{state} ({count})" for state, count in built.unplaced.most_common(5))
        yield f"directory: {built.unplaced.total():,} enterprises without a place, as the state is not known: {top}"


def doubt_lines(doubted: Mapping[str, DoubtfulRows]) -> Iterator[str]:
    """What good rows say that cannot be; they were taken as they stand."""
    for what, rows in doubted.items():
        more = ", …" if rows.count > len(rows.first) else ""
        yield f"doubt: {rows.count:,} × {what}; taken as written (rows {', '.join(map(str, rows.first))}{more})"


def bad_lines(bad: BadRows) -> Iterator[str]:
    """Bad cells by column and reason, the commonest first."""
    for (column, reason), count in bad.reasons.most_common(MOST_REASONS):
        yield f"bad: {count:,} × {column or 'the row'}: {reason}"
    rest = bad.cells - sum(count for _reason, count in bad.reasons.most_common(MOST_REASONS))
    if rest:
        yield f"bad: {rest:,} × for other reasons"


def filing_lines(tally: Tally, bad: BadRows, *, dry_run: bool = False) -> Iterator[str]:
    """The figures of the rows, and why what went to a person went there."""
    if dry_run:
        yield (
            f"rows {tally.rows:,}: would be filed {tally.filed:,}, already there {tally.there:,}, "
            f"bad {bad.rows:,}; dry run: nothing was written"
        )
        yield from bad_lines(bad)
        return
    yield (f"rows {tally.rows:,}: filed {tally.filed:,}, already there {tally.there:,}, bad {bad.rows:,}")
    if tally.filed:
        routed = tally.forwarded + sum(
            count for status, count in tally.statuses.items() if status not in ("with_enterprise", "triage", "filed")
        )
        yield (
            f"routed without a person: {routed:,} of {tally.filed:,} ({routed / tally.filed:.1%}), "
            f"of these by the source's own number {tally.by_number:,}"
        )
        for (reason, several), count in tally.triage.most_common(MOST_REASONS):
            yield f"triage: {count:,} × {reason}: {say({'code': reason, 'count': several})}"
        for named, count in tally.unnamed.most_common(5):
            yield f"triage: {count:,} × “{named}”"
        yield (
            f"{tally.seconds:.1f} s ({tally.cpu_seconds:.1f} s of CPU here), "
            f"{tally.filed / max(tally.seconds, 0.001):,.0f} rows/s"
        )
    elif not bad.rows and not tally.stopped:
        yield "nothing new"
    yield from bad_lines(bad)
    if tally.lapses:
        yield f"clocks: {tally.lapses:,} cases looked at as their days came"
    if tally.stopped:
        yield "stopped; run the same command again to go on"
