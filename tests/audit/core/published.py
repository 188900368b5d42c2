"""What is made of the issued files, made again from their bytes: league, first page, reports and yearly grades.

League, first page and report by the program that everybody can download (docs/how-to/recompute_figures.py), which needs
nothing but the files; places in a report and grades from here.
"""

import csv
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.audit.core.ranking import FEWEST, Z, interval

PROGRAM = Path(__file__).parents[3] / "docs" / "how-to" / "recompute_figures.py"
#: A rounded number is this close to the truth.
CLOSE = 4


@dataclass(frozen=True, slots=True)
class Issued:
    """One version of a month; ``mark`` is its name, such as 2026-09.1."""

    pk: int
    month: date
    version: int
    made_at: datetime

    @property
    def mark(self) -> str:
        return f"{self.month:%Y-%m}.{self.version}"


def program() -> ModuleType:
    spec = spec_from_file_location("recompute_figures", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    result = module_from_spec(spec)
    spec.loader.exec_module(result)
    return result


def sets(cursor: Any) -> list[Issued]:
    cursor.execute("select id, month, version, made_at from oversight_dataset order by month, version")
    return [Issued(*row) for row in cursor.fetchall()]


def newest(every: Sequence[Issued], at: datetime) -> list[Issued]:
    """Of each month the version that stood then."""
    return list({one.month: one for one in every if one.made_at <= at}.values())


def written(cursor: Any, some: Collection[Issued], to: Path) -> dict[str, Path]:
    """The files of these versions, a folder each; the folders by month."""
    result = {}
    for one in some:
        folder = to / one.mark
        folder.mkdir(exist_ok=True)
        cursor.execute("select name, content from oversight_datafile where data_set_id = %s", [one.pk])
        for name, content in cursor.fetchall():
            (folder / name).write_bytes(bytes(content))
        result[f"{one.month:%Y-%m}"] = folder
    return result


def digests(cursor: Any) -> list[tuple[str, str, str, str]]:
    """Of each issued file: version, name, the digest that the portal tells and that of its bytes."""
    cursor.execute(
        """select s.month, s.version, f.name, f.sha256, f.content
        from oversight_datafile f join oversight_dataset s on s.id = f.data_set_id
        order by s.month, s.version, f.name"""
    )
    return [
        (f"{month:%Y-%m}.{version}", name, told, hashlib.sha256(bytes(content)).hexdigest())
        for month, version, name, told, content in cursor.fetchall()
    ]


# --- places in a report -----------------------------------------------------------------------------------------------


def placed(
    counts: Mapping[str, int | None], whole: int | None, *, is_rounded: bool, most: int | None = None
) -> dict[str, tuple[int, int] | None]:
    """Of each line that a table shows the best and the worst place, None where it has none.

    ``counts``: None where withheld; ``whole``: what all of them are parts of, None where they are parts of nothing. A
    withheld number may be all that the shown ones leave: nothing that is not more than that has a place, and of under
    thirty together nothing has. A rounded number is ahead of another when it cannot be less in truth.
    """
    known = {code: n for code, n in counts.items() if n is not None}
    in_all = sum(known.values())
    left: float = -1
    if len(known) < len(counts):
        left = inf if whole is None else whole - in_all
    if (in_all if whole is None else whole) < FEWEST:
        left = inf
    sure = {code: n for code, n in known.items() if n > left}
    apart = 2 * CLOSE if is_rounded else 0
    result: dict[str, tuple[int, int] | None] = {
        code: (
            1 + sum(other - n > apart for other in sure.values()),
            len(sure) - sum(n - other > apart for other in sure.values()),
        )
        for code, n in sure.items()
    }
    if most is not None and (len(sure) >= most or len(sure) == len(counts)):
        return {code: place for code, place in result.items() if place is not None and place[0] <= most}
    return {**result, **dict.fromkeys(counts.keys() - sure.keys())}


# --- yearly grades ----------------------------------------------------------------------------------------------------

#: Name, points, columns of the part and of the whole, and whether what is left of the whole counts.
PARTS = (
    ("settled", 30, "settled", "ended", False),
    ("on_time", 25, "in_time", "due", False),
    ("kept", 20, "promises_kept", "promised", False),
    ("again", 15, "again", "delivered", True),
    ("last_day", 10, "last_day", "answered", True),
)


def points(quarters: Sequence[Mapping[str, int | None]], country: Sequence[Mapping[str, int | None]]) -> dict[str, int]:
    """Of a year's four quarters of one enterprise, beside those of the country. A part of fewer than thirty, or of
    which a number is withheld, is left out, and so is the last day where it cannot be said to be more frequent than in
    the country; the others are scaled up to a hundred, and rounded half up."""
    earned: dict[str, tuple[int, Fraction]] = {}
    for name, most, part, whole, is_turned in PARTS:
        numbers = [line.get(column) for line in quarters for column in (part, whole)]
        if any(n is None for n in numbers):
            continue
        parts, wholes = (sum(line[column] or 0 for line in quarters) for column in (part, whole))
        if wholes >= FEWEST and (name != "last_day" or _drags(parts, wholes, quarters, country)):
            earned[name] = most, Fraction(wholes - parts if is_turned else parts, wholes)
    scale = sum(most for most, _share in earned.values())
    return {name: int(Fraction(100 * most, scale) * share + Fraction(1, 2)) for name, (most, share) in earned.items()}


def _drags(
    part: int, whole: int, quarters: Sequence[Mapping[str, int | None]], country: Sequence[Mapping[str, int | None]]
) -> bool:
    """The lower end of the band lies above the share of the country; each rounded quarter makes the band wider."""
    numbers = [(line.get("last_day"), line.get("answered")) for line in country]
    all_parts, all_wholes = (sum(pair[which] or 0 for pair in numbers) for which in (0, 1))
    if not all_wholes or any(None in pair for pair in numbers):
        return False
    low, high = interval(part, whole)
    rounded = sum((line.get("multiple_of") or 1) > 1 for line in quarters)
    half = (((high - low) / 2) ** 2 + 8 * rounded * (Z / whole) ** 2) ** 0.5
    return (low + high) / 2 - half > all_parts / all_wholes


def grade(in_all: int, *, was_suspended: bool) -> str:
    if in_all >= 85 and not was_suspended:
        return "A"
    return "B" if in_all >= 70 else "C"


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    """A table of one version; counts as int, None where withheld."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {key: None if text == "*" else int(text) if text.isdecimal() else text for key, text in line.items()}
            for line in csv.DictReader(file)
        ]
