"""The issued files of open data as everybody gets them, and the tables in them with all that adds up."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.audit.core.doubt import Line
from tests.audit.core.open_counts import (
    MENDED,
    OUTCOMES,
    RESPONDED,
    AsOf,
    categories,
    last_of,
    month_counts,
    months_back,
    quarter_counts,
)

WITHHELD, REST = "*", "_rest"
#: What each column of a figure is part of; one that begins with _ is told nowhere.
CLOSED = {**{f"closed_{outcome}": "closed" for outcome in OUTCOMES}, "closed": ""}
OF_MONTHS: tuple[Mapping[str, str], ...] = (
    CLOSED,
    {"review_met": "reviewed", "review_late": "reviewed", "reviewed": ""},
    {"recovered_n": ""},
)
OF_QUARTERS: tuple[Mapping[str, str], ...] = (
    {
        **{"settled": "ended", "unconfirmed": "ended", "other": "ended", "ended": ""},
        **{"settled_elsewhere": "other", "failed": "other", "let_rest": "failed", "_failed_otherwise": "failed"},
    },
    {
        **{"in_time": "due", "late": "due", "due": "", "answered": "in_time", "_otherwise": "in_time"},
        **{"last_day": "answered", "_earlier": "answered"},
    },
    {"promises_kept": "promised", "promises_not_kept": "promised", "promised": ""},
    {"again": "delivered", REST: "delivered", "delivered": ""},
    {"rated": ""},
    {**{f"responded_{name}": "responded" for name in (*(f"{h}h" for h in RESPONDED), "later")}, "responded": ""},
    {"misrouted": "routed", REST: "routed", "routed": ""},
    {**{f"mended_{name}": "mended" for name in (*(f"{h}h" for h in MENDED), "later")}, "mended": ""},
)
Key = tuple[str, str]


@dataclass
class Release:
    """One version of a month, as everybody can download it."""

    month: date
    version: int
    made_at: datetime
    base: int
    reason: str
    files: dict[str, bytes]
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, content in self.files.items():
            if name.endswith(".csv"):
                self.tables[name.removesuffix(".csv")] = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}.{self.version}"

    @property
    def levels(self) -> list[str]:
        """Of the places that have lines, as the file says it."""
        every = ["country", "province", "city", "county"]
        finest = next((line.get("finest", "county") for line in self.tables["regions"]), "county")
        return every[: every.index(finest) + 1]


def releases(cursor: Any) -> list[Release]:
    cursor.execute(
        "select id, month, version, made_at, multiple_of, reason from oversight_dataset order by month, version"
    )
    results = []
    for pk, *values in cursor.fetchall():
        cursor.execute("select name, content from oversight_datafile where data_set_id = %s", [pk])
        results.append(Release(*values, {name: bytes(content) for name, content in cursor.fetchall()}))
    return results


@dataclass
class Sheet:
    """A figure of a release with all that adds up: rows and columns, each with what it is part of ("" for the whole).

    ``told``: None is withheld, missing is zero. A row or column that begins with _ is told nowhere.
    """

    name: str
    told: dict[Key, int | None]
    truth: dict[Key, int]
    rows: Sequence[Mapping[str, str]]
    columns: Sequence[Mapping[str, str]]

    def names(self, divisions: Sequence[Mapping[str, str]]) -> list[str]:
        return list(dict.fromkeys(name for division in divisions for name in division))

    def lines(self) -> Iterator[Line]:
        """Every sum: along the rows for each column, and along the columns for each row."""
        rows, columns = ["", *self.names(self.rows)], self.names(self.columns)
        for division in self.rows:
            for whole, parts in parts_of(division).items():
                for column in columns:
                    yield (whole, column), [(part, column) for part in parts]
        for division in self.columns:
            for whole, parts in parts_of(division).items():
                if whole:
                    for row in rows:
                        yield (row, whole), [(row, part) for part in parts]

    def is_told(self, key: Key) -> bool:
        return key[0] != "" and not any(name.startswith("_") for name in key)

    def true(self, key: Key) -> int:
        """Of what is told nowhere: what the told parts leave of the whole."""
        row, column = key
        if row == "":
            division = self.rows[0]
            return sum(self.true((name, column)) for name, whole in division.items() if not whole)
        for names, at in ((self.rows, 0), (self.columns, 1)):
            if key[at].startswith("_"):
                division = next(one for one in names if key[at] in one)
                whole, beside = division[key[at]], [n for n in division if division[n] == division[key[at]]]
                put = lambda name, at=at: (name, column) if at == 0 else (row, name)  # noqa: E731
                return self.true(put(whole)) - sum(self.true(put(name)) for name in beside if name != key[at])
        return self.truth.get(key, 0)


def parts_of(division: Mapping[str, str]) -> dict[str, list[str]]:
    result: defaultdict[str, list[str]] = defaultdict(list)
    for name, whole in division.items():
        result[whole].append(name)
    return dict(result)


def _count(value: str | None) -> int | None:
    return None if value == WITHHELD else int(value or 0)


def sheets_of(release: Release, as_of: AsOf, firms: Mapping[str, int]) -> Iterator[Sheet]:
    codes = {region.code: pk for pk, region in as_of.book.rows.regions.items()}
    parents = {region.code: region.parent_id for region in as_of.book.rows.regions.values()}
    code_of = {pk: code for code, pk in codes.items()}
    levels = {region.code: region.level for region in as_of.book.rows.regions.values()}

    def tree(told: Collection[str], counted: Collection[str]) -> dict[str, str]:
        """The regions where something was told or counted, what lies in them, and what lies in no part of them."""
        here = {code for code in {*told, *counted} if levels[code] in release.levels}
        result = {code: code_of.get(parents[code] or 0, "") for code in sorted(here)}
        return result | {f"{REST}:{whole}": whole for whole in set(result.values()) - {""}}

    month = (release.month, last_of(release.month))
    of_region = {line["region_code"]: line for line in release.tables["regions"]}
    counted = {
        code_of[pk]: as_of.counts(month, region=pk)
        for pk in as_of.book.rows.of_regions()
        if levels[code_of[pk]] in release.levels
    }
    truth = {code: month_counts(slow) for code, slow in counted.items()}
    rows = [tree(of_region, [code for code, n in truth.items() if any(n.values())])]
    for columns in OF_MONTHS:
        if "closed_let_rest" in columns and not all("closed_let_rest" in line for line in of_region.values()):
            # Issued before this column was: what was let rest stood among what was withdrawn.
            columns = {name: whole for name, whole in columns.items() if name != "closed_let_rest"}
            for n in truth.values():
                n["closed_withdrawn"] += n["closed_let_rest"]
        yield _sheet(next(iter(parts_of(columns)[""])), of_region, truth, rows, [columns])
    yield _received(release, of_region, rows, {code: categories(slow) for code, slow in counted.items()}, truth)
    if "region_quarters" not in release.tables:
        return
    quarter = (months_back(release.month, 2), last_of(release.month))
    lines = {line["region_code"]: line for line in release.tables["region_quarters"]}
    of_firms = {f"e:{line['enterprise']}": line for line in release.tables["enterprise_quarters"]}
    truth = {code: quarter_counts(as_of.counts(quarter, region=codes[code])) for code in counted}
    truth |= {name: quarter_counts(as_of.counts(quarter, enterprise=firms[name[2:]])) for name in of_firms}
    regions = tree(lines, [code for code in counted if any(truth[code].values())])
    rows = [regions, {**dict.fromkeys(of_firms, ""), f"{REST}:firms": ""}]
    for columns in OF_QUARTERS:
        if "let_rest" in columns and not all("let_rest" in line for line in (*lines.values(), *of_firms.values())):
            # Issued before this column was.
            columns = {name: whole for name, whole in columns.items() if whole != "failed"}
        if "answered" in columns and not all("answered" in line for line in (*lines.values(), *of_firms.values())):
            # Issued before these columns were; its last_day counted other stages.
            columns = {name: whole for name, whole in columns.items() if name in ("in_time", "late", "due")}
        yield _sheet(next(iter(parts_of(columns)[""])), lines | of_firms, truth, rows, [columns])


def _sheet(
    name: str,
    lines: Mapping[str, Mapping[str, str]],
    truth: Mapping[str, Mapping[str, int]],
    rows: Sequence[Mapping[str, str]],
    columns: Sequence[Mapping[str, str]],
) -> Sheet:
    names = [column for division in columns for column in division if not column.startswith("_")]
    told = {(row, column): _count(line.get(column)) for row, line in lines.items() for column in names}
    true = {(row, column): n[column] for row, n in truth.items() for column in names}
    return Sheet(name, told, true, rows, columns)


def _received(
    release: Release,
    of_region: Mapping[str, Mapping[str, str]],
    rows: Sequence[Mapping[str, str]],
    counted: Mapping[str, Counter[Key]],
    truth: Mapping[str, Mapping[str, int]],
) -> Sheet:
    """What was received, divided in three ways at once."""
    told = {(row, "received"): _count(line["received"]) for row, line in of_region.items()}
    true = {(row, "received"): n["received"] for row, n in truth.items()}
    lines = release.tables["categories"]
    told |= {(line["region_code"], f"{line['by']} {line['code']}"): _count(line["received"]) for line in lines}
    true |= {(row, f"{by} {code}"): n for row, counts in counted.items() for (by, code), n in counts.items()}
    columns = []
    for by in ("channel", "object", "problem"):
        names = sorted({column for _row, column in told.keys() | true.keys() if column.startswith(f"{by} ")})
        division = {}
        for name in names:
            kind, dot, _rest = name.partition(".")
            division[name] = kind if dot and kind in ("object goods", "object service") else "received"
        columns.append(division)
    columns[0]["received"] = ""
    return Sheet("received", told, true, rows, columns)
