"""What must hold after any fault: pure functions from what was promised and what stands to what is broken.

Nothing here asks a database or a clock, so a kept history can be judged again. Each sentence begins with
the word for the promise that it breaks: LOST, DOUBLED, CHANGED, EARLY, MISSED, TWICE, TORN, STUCK, HUNG, REFUSED.
"""

from collections import Counter, defaultdict, namedtuple
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import pairwise

from tests.faults.history import History, Request, Sent

LONGEST_REQUEST = 10.0
HIDDEN = {"fall_silent": "confirmation"}


Case = namedtuple("Case", "pk number status demands")
#: A personal text that carries a marker.
Text = namedtuple("Text", "case kind marker text")
ClockRow = namedtuple("ClockRow", "pk case clock state due_at chase_at lapsed_at written_at ended_at")
#: One entry of the record, in the order in which it was written.
Entry = namedtuple("Entry", "pk case audience sequence step came_from went_to clock mark last_day")
Reminded = namedtuple("Reminded", "clock_row mark")
#: What stands in the database; `at`: when it was read.
Rows = namedtuple("Rows", "cases texts clocks entries reminded at")


def promises(sent: Mapping[str, Sent], rows: Rows) -> list[str]:
    """No acknowledged form lost, none done twice, each with what it said, at the address that was answered."""
    cases = {case.pk: case for case in rows.cases}
    numbers = Counter(case.number for case in rows.cases)
    results = [f"DOUBLED the number {number} stands {times} times" for number, times in numbers.items() if times > 1]
    of_marker: dict[str, list[Text]] = defaultdict(list)
    for text in rows.texts:
        of_marker[text.marker].append(text)
    for one in sent.values():
        stands = of_marker[one.marker]
        if len(stands) > 1:
            results.append(f"DOUBLED {one.kind} {one.marker} stands {len(stands)} times under one key")
        if one.is_acknowledged and not stands:
            results.append(f"LOST {one.kind} {one.marker} was acknowledged as {one.answers[0]}")
        if len(set(one.answers)) > 1:
            results.append(f"DOUBLED {one.kind} {one.marker} was answered differently: {sorted(set(one.answers))}")
        for text in stands:
            case = cases.get(text.case)
            if case is None:
                results.append(f"TORN {one.marker} belongs to no case")
                continue
            if text.text != one.text:
                results.append(f"CHANGED {one.kind} {one.marker} does not say what was sent")
            if one.is_acknowledged and f"/cases/{case.number}/" not in one.answers[0]:
                results.append(f"LOST {one.kind} {one.marker} stands in {case.number}, answered was {one.answers[0]}")
            if one.kind == "file" and case.demands != 2:
                results.append(f"TORN {case.number} has {case.demands} of its 2 demands")
    return results


def lapses(rows: Rows, *, late: timedelta | None = None) -> list[str]:
    """Every due clock lapsed exactly once, with one entry, and never before it was due."""
    results: list[str] = []
    written = Counter(
        (entry.case, entry.clock) for entry in rows.entries if entry.step.startswith("lapse_") or entry.step in HIDDEN
    )
    rowed: Counter[tuple[int, str]] = Counter()
    for clock in rows.clocks:
        name = f"clock {clock.pk} ({clock.clock} of case {clock.case})"
        if clock.lapsed_at is not None and clock.written_at is not None:
            rowed[clock.case, clock.clock] += 1
            if clock.written_at < clock.due_at:
                results.append(f"EARLY {name}: written {clock.written_at}, due {clock.due_at}")
            if late is not None and clock.written_at - clock.due_at > late:
                results.append(f"LATE {name}: {clock.written_at - clock.due_at}")
        elif clock.ended_at is None and clock.state == "running" and rows.at and clock.due_at <= rows.at:
            results.append(f"MISSED {name} was due {clock.due_at}")
    for case, kind in sorted(written.keys() | rowed.keys()):
        entries, lapsed = written[case, kind], rowed[case, kind]
        if entries > lapsed:
            results.append(f"TWICE {kind} of case {case}: {lapsed} lapsed, {entries} entries")
        if entries < lapsed:
            results.append(f"TORN {kind} of case {case}: {lapsed} lapsed, {entries} entries")
    return results


def reminders(rows: Rows) -> list[str]:
    """One reminder a mark, one entry a reminder."""
    times = Counter(rows.reminded)
    results = [f"TWICE reminder {row.mark} of clock {row.clock_row}: {n}" for row, n in times.items() if n > 1]
    of_clock = {clock.pk: (clock.case, clock.clock) for clock in rows.clocks}
    given = Counter((*of_clock[row.clock_row], row.mark) for row in rows.reminded if row.clock_row in of_clock)
    shown = Counter((entry.case, entry.clock, entry.mark) for entry in rows.entries if entry.step == "remind")
    results += [
        f"{'TWICE' if shown[key] > given[key] else 'TORN'} reminder {key}: {given[key]} given, {shown[key]} entries"
        for key in sorted(given.keys() | shown.keys())
        if given[key] != shown[key]
    ]
    return results


def record(rows: Rows) -> list[str]:
    """Each chain counts 1, 2, 3 …; each status follows the one before; the case says where it ended."""
    results: list[str] = []
    chains: dict[tuple[int, str], list[int]] = defaultdict(list)
    of_case: dict[int, list[Entry]] = defaultdict(list)
    for entry in sorted(rows.entries, key=lambda entry: entry.pk):
        chains[entry.case, entry.audience].append(entry.sequence)
        of_case[entry.case].append(entry)
    for (case, audience), numbers in chains.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            results.append(f"TORN chain {audience} of case {case}: {sorted(numbers)}")
    for case in rows.cases:
        entries = of_case[case.pk]
        if not entries:
            results.append(f"TORN case {case.number} has no record")
            continue
        for before, after in pairwise(entries):
            if after.came_from != before.went_to:
                results.append(
                    f"TORN case {case.number}: {before.step} → {before.went_to}, {after.step} ← {after.came_from}"
                )
        if entries[-1].went_to != case.status:
            results.append(f"TORN case {case.number} is {case.status}, its record ends {entries[-1].went_to}")
    return results


def requests(made: Iterable[Request], *, longest: float = LONGEST_REQUEST) -> list[str]:
    """Nobody waits longer than promised, and nothing but a fault of the server is a fault."""
    results = []
    for one in made:
        if one.seconds > longest:
            results.append(f"HUNG {one.method} {one.path} for {one.seconds} s ({one.status} {one.error})")
        if one.status not in (0, 200, 302, 409) and one.status < 500:
            results.append(f"REFUSED {one.method} {one.path}: {one.status}")
    return results


def violations(
    history: History, rows: Rows, *, late: timedelta | None = None, longest: float = LONGEST_REQUEST
) -> list[str]:
    """Everything that is broken, the gravest first."""
    return [
        *promises(history.sent, rows),
        *lapses(rows, late=late),
        *reminders(rows),
        *record(rows),
        # What was filed must be moved on, whatever became of the messages.
        *(f"STUCK case {case.number} was never moved on" for case in rows.cases if case.status == "filed"),
        *history.broken,
        *requests(history.requests, longest=longest),
    ]
