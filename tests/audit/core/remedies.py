"""What is said of remedies and of the undertakings of campaigns, counted anew: docs/how-to/remedies.md, campaigns.md.

Remedies are read by plain SQL; undertakings are counted from the cases.
"""

from __future__ import annotations

import re
import unicodedata
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp, lgamma, log
from typing import Any

from tests.audit.core.record import Book, local
from tests.audit.core.rows import Case, Rows

SELECTED = {
    "remedies": """
        select id as pk, enterprise_id, sector, problem, first, last, state, publicity, listed_at, list_deleted_at,
            listed, listed_remedied, complaints, complainants, complainants_listed, compared_at
        from oversight_remedy order by id""",
    "reports": """
        select remedy_id, population, remedied, unreachable, declined, explained from oversight_remedyreport
        order by id""",
    "samples": """
        select remedy_id, listed_at, whole, lines, bad, checked_at from oversight_remedysample order by id""",
    "lines": "select remedy_id, line, digest, is_remedied from oversight_remedylist",
}
SIZES, WANTED = (59, 93, 124), 0.95
#: Of the normal distribution, two sides of 95 %.
Z = 1.959963984540054
#: So many newest cases of a remedy are held against its list.
MOST = 5000
DAY = timedelta(days=1)


@dataclass
class Remedy:
    """One remedy with what hangs on it, in its order."""

    row: Any
    reports: list[Any]
    samples: list[Any]
    lines: list[Any]

    @property
    def has_list(self) -> bool:
        return self.row.listed_at is not None and self.row.list_deleted_at is None


def read(cursor: Any) -> list[Remedy]:
    remedies = {row.pk: Remedy(row, [], [], []) for row in _selected(cursor, "remedies")}
    for name in ("reports", "samples", "lines"):
        for row in _selected(cursor, name):
            getattr(remedies[row.remedy_id], name).append(row)
    return list(remedies.values())


def _selected(cursor: Any, name: str) -> Iterator[Any]:
    cursor.execute(SELECTED[name])
    make = namedtuple(name, [column[0] for column in cursor.description])._make
    yield from map(make, cursor.fetchall())


# --- a sample ---------------------------------------------------------------------------------------------------------


def least_share(n: int, bad: int, whole: int) -> float:
    """The share of good ones that is passed with 95 % certainty: the 5 % quantile of the beta distribution with n - bad
    and bad + 1, its density summed by Simpson's rule.
    """
    good = n - bad
    if not n or not good:
        return 0.0
    if n >= whole:
        return good / n
    if not bad:
        return float(0.05 ** (1 / n))
    of_all = lgamma(n + 1) - lgamma(good) - lgamma(bad + 1)

    def density(x: float) -> float:
        return exp(of_all + (good - 1) * log(x) + bad * log(1 - x)) if 0 < x < 1 else 0.0

    def below(end: float, steps: int = 4000) -> float:
        wide = end / steps
        inner = sum((4 if k % 2 else 2) * density(k * wide) for k in range(1, steps))
        return (density(0.0) + density(end) + inner) * wide / 3

    low, high = 0.0, good / n
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < 0.05 else (low, middle)
    return low


def is_well_drawn(sample: Any, lines: Iterable[Any] | None) -> bool:
    """Of the lines said to be remedied, none twice, as many as one may ask for; ``lines`` of the list, if kept."""
    drawn = list(sample.lines)
    is_right = len(set(drawn)) == len(drawn) and set(sample.bad) <= set(drawn)
    is_right &= len(drawn) in {min(size, sample.whole) for size in SIZES}
    if lines is None:
        return is_right
    remedied = {row.line for row in lines if row.is_remedied}
    return is_right and set(drawn) <= remedied and sample.whole == len(remedied)


# --- who is on the list -----------------------------------------------------------------------------------------------


def between(part: int, whole: int) -> tuple[float, float]:
    """Shares that lie 1.96 standard errors of their own from what was found; found by halving."""
    if not whole:
        return 0.0, 1.0
    found = part / whole

    def far(p: float) -> bool:
        return (found - p) ** 2 > Z * Z * p * (1 - p) / whole

    results = []
    for end in (0.0, 1.0):
        near, away = found, end
        for _ in range(60):
            middle = (near + away) / 2
            near, away = (near, middle) if far(middle) else (middle, away)
        results.append(near)
    return results[0], results[1]


def cases_of(rows: Rows, row: Any) -> list[Case]:
    """The newest cases of the cause, as they are now."""
    found = [
        case
        for case in rows.cases.values()
        if case.row.enterprise_id == row.enterprise_id
        and row.first <= local(case.row.received_at).date() <= row.last
        and row.sector in ("", case.row.object_category)
        and row.problem in ("", case.row.problem_category)
    ]
    return sorted(found, key=lambda case: (case.row.received_at, case.row.pk), reverse=True)[:MOST]


def moved_since(cases: Iterable[Case], at: datetime) -> int:
    """How many may have been other cases then."""
    return sum(bool(case.entries) and case.entries[-1].written_at > at for case in cases)


def form_of(text: str) -> str:
    """A number as it stands on a list: +86 and eleven digits, a landline with +86, another as capitals and digits."""
    solid = "".join(
        sign for sign in unicodedata.normalize("NFKC", text).upper() if not sign.isspace() and sign not in "·."
    )
    digits = re.sub(r"(?<=\d)-(?=\d)", "", solid)
    national = digits.removeprefix("+").removeprefix("86") if digits.startswith(("+86", "86")) else digits
    if re.fullmatch(r"1[3-9]\d{9}", national):
        return f"+86{national}"
    if digits.startswith("0"):
        return f"+86{digits[1:]}"
    return digits if digits.startswith("+") else solid.replace("-", "")


def on_the_list(
    remedy: Remedy, numbers: Mapping[int, Mapping[str, str]], digests: Callable[[str], Iterable[bytes]]
) -> tuple[int, int]:
    """(people, of them on the list). ``numbers``: of each case its numbers by kind; people are told apart by phone."""
    there = {bytes(row.digest) for row in remedy.lines}
    people: dict[str, bool] = {}
    for case, of_case in numbers.items():
        forms = {kind: form_of(text) for kind, text in of_case.items() if text.strip()}
        who = forms.get("consumer_phone") or f"case {case}"
        is_there = any(digest in there for form in forms.values() for digest in digests(f"{remedy.row.pk}:{form}"))
        people[who] = people.get(who, False) or is_there
    return len(people), sum(people.values())


def may_be_verified(remedy: Remedy) -> bool:
    """Everybody is accounted for, 95 % are true at least, the complainants do not refute the list."""
    row = remedy.row
    if not remedy.reports or not remedy.samples or row.compared_at is None:
        return False
    said, sample = remedy.reports[-1], remedy.samples[-1]
    is_all_said = said.population == said.remedied + said.unreachable + said.declined
    is_explained = not (said.unreachable or said.declined) or bool(said.explained)
    is_true = sample.checked_at is not None and sample.listed_at == row.listed_at
    is_true = is_true and least_share(len(sample.lines), len(sample.bad), sample.whole) >= WANTED - 1e-9
    _low, high = between(row.complainants_listed, row.complainants)
    is_whole = not row.complainants or high >= WANTED
    return is_all_said and is_explained and is_true and is_whole


# --- undertakings -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Undertaken:
    """Whose figure, of which place, object and problem ("" for all)."""

    firm: int
    region: int
    sector: str
    problem: str


def _is_of(book: Book, row: Any, asked: Undertaken) -> bool:
    return (
        asked.region in book.rows.above(row.handling_region_id)
        and asked.sector in ("", row.object_category)
        and asked.problem in ("", row.problem_category)
    )


def received(book: Book, asked: Undertaken, first: date, last: date) -> int:
    return sum(
        case.row.enterprise_id == asked.firm
        and first <= local(case.row.received_at).date() <= last
        and _is_of(book, case.row, asked)
        for case in book.rows.cases.values()
    )


def pair_of(book: Book, figure: str, asked: Undertaken, first: date, last: date) -> tuple[int, int]:
    """(what counts, the rest)."""
    if figure == "received":
        return received(book, asked, first, last), 0
    part = rest = 0
    for pk, stages in book.stages.items():
        if not _is_of(book, book.rows.cases[pk].row, asked):
            continue
        for stage in stages:
            if stage.row.enterprise_id != asked.firm:
                continue
            is_here = stage.has_ended and first <= local(stage.row.until_at).date() <= last
            if figure == "settled":
                part += is_here and stage.result == "settled"
                rest += is_here and stage.result in ("unconfirmed", "settled_elsewhere", "failed")
            else:
                part += is_here and not stage.is_late
                rest += any(first <= day <= last for day in _ran_out(stage))
    return part, rest


def _ran_out(stage: Any) -> list[date]:
    """The last day of the ten, where they passed while the enterprise had the case."""
    due = [
        clock.due_at
        for clock in stage.case.clocks
        if clock.clock == "negotiation"
        and clock.lapsed_at is not None
        and stage.row.from_at <= clock.due_at
        and (stage.row.until_at is None or clock.due_at <= stage.row.until_at)
    ]
    return [local(min(due) - timedelta(microseconds=1)).date()] if due else []


def value_of(figure: str, pair: tuple[int, int], days: int) -> float | None:
    """Complaints in thirteen weeks, or per cent."""
    part, rest = pair
    if figure == "received":
        return part * 91 / days
    return 100 * part / (part + rest) if part + rest else None


def days_counted(called_on: date, last: date) -> tuple[date, date] | None:
    """Up to thirteen weeks that end on this day, none before the call; fewer than four weeks say nothing."""
    first = max(called_on + DAY, last - 90 * DAY)
    return (first, last) if (last - first).days >= 27 else None
