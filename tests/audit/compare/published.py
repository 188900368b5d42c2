"""What was published: the first page /open/, the league, reports and yearly grades, made again from the issued files;
and the files themselves by their digests."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection

from authorities.models import Region
from complaints.models import Heartbeat
from enterprises.models import Appraisal, Enterprise, LeagueLine, LeagueSet
from enterprises.models.enrolment import EnrolmentEntry
from oversight.mirror import appraisals
from oversight.models import MonthlyReport
from oversight.models.published_models import OpenIndicators
from oversight.published import indicator_making, league_making
from oversight.reports.shares import shares
from tests.audit import Pair, Pairs
from tests.audit.compare import Audit, paired
from tests.audit.core import published
from tests.audit.core.published import Issued

#: Categories that a table of a report names.
MOST = {"objects": 5, "problems": 10}


def compared(audit: Audit) -> Pairs:
    with connection.cursor() as cursor, TemporaryDirectory() as folder:
        for mark, name, told, found in published.digests(cursor):
            yield Pair(f"digest of {name}", "open data", mark, told, found)
        every = published.sets(cursor)
        if every:
            yield from _first_page(cursor, every, Path(folder, "open"))
            yield from _league(cursor, every, Path(folder, "league"))
            yield from _reports(cursor, every, Path(folder, "reports"))
            yield from _grades(cursor, every, Path(folder, "grades"))


def _made_of(cursor: Any, every: list[Issued], mark: str, folder: Path) -> dict[str, Path]:
    """The files that a page of today was made of: the newest when it was made."""
    folder.mkdir()
    at = Heartbeat.objects.filter(name=mark).values_list("at", flat=True).first()
    return published.written(cursor, published.newest(every, at), folder) if at is not None else {}


def _first_page(cursor: Any, every: list[Issued], folder: Path) -> Pairs:
    folders = _made_of(cursor, every, indicator_making.MARK, folder)
    if not folders:
        return
    program = published.program()
    told, codes = program.indicators(folders), dict(Region.objects.values_list("pk", "code"))
    shown = {codes[row.region]: row.data for row in OpenIndicators.objects.all()}
    for code in sorted(told.keys() | shown.keys()):
        auditor, portal = told.get(code, {}), shown.get(code, {})
        yield from paired(
            {
                "received": portal.get("received"),
                "months": dict(portal.get("months", ())),
                "categories": dict(portal.get("categories", ())),
                "response": portal.get("response"),
                "recovered": portal.get("recovered"),
                **{name: portal.get(name) for name in ("settled", "on_time", "kept")},
            },
            {
                **{name: auditor.get(name) for name in ("received", "response", "recovered")},
                **{name: dict(auditor.get(name, ())) for name in ("months", "categories")},
                **{name: auditor.get(name, {}).get("numbers") for name in ("settled", "on_time", "kept")},
            },
            f"/open/ {code}",
            max(folders),
        )


#: Columns of a line of the league and what the program calls them.
LEAGUE = {
    **{name: name for name in ("n", "low", "high", "let_rest", "received", "place_first", "place_last")},
    "last_day_share": "last_day",
    "again_share": "again",
}


def _league(cursor: Any, every: list[Issued], folder: Path) -> Pairs:
    folders = _made_of(cursor, every, league_making.MARK, folder)
    standing = {(one.first, one.last): one for one in LeagueSet.objects.order_by("version")}
    standing = {key: one for key, one in standing.items() if one.formula == league_making.FORMULA}
    if not folders or not standing:
        return
    # Who has left the portal stands in the files of its time, and in no table.
    here = {one.code for one in Enterprise.objects.filter(enrolled_by__isnull=False).only("pk", "uscc")}
    for one in folders.values():
        _without_others(one / "enterprise_quarters.csv", here)
    codes = dict(Region.objects.values_list("pk", "code"))
    told = {(*one["table"], one["enterprise"]): one for one in published.program().league(folders)}
    shown: dict[tuple[Any, ...], LeagueLine] = {}
    for one in standing.values():
        for line in LeagueLine.objects.filter(of=one):
            shown[f"{one.first:%Y-%m}", f"{one.last:%Y-%m}", codes[line.region], line.sector, line.code] = line
    periods = {key[:2] for key in told}
    for key in sorted(told.keys() | {key for key in shown if key[:2] in periods}):
        scope, period = f"league {key[2]} {key[3] or 'all'}: {key[4]}", f"{key[0]} to {key[1]}"
        line, auditor = shown.get(key), told.get(key)
        if line is None or auditor is None:
            yield Pair("line", scope, period, line is not None, auditor is not None)
            continue
        portal = {column: getattr(line, column) for column in LEAGUE}
        portal |= {"settled": [line.settled_least, line.settled_most]}
        portal |= {"unconfirmed": [line.unconfirmed_least, line.unconfirmed_most]}
        own = {column: auditor[name] for column, name in LEAGUE.items()}
        yield from paired(portal, own | {name: auditor[name] for name in ("settled", "unconfirmed")}, scope, period)
        rates = [None if one is None else float(one) for one in (line.per_customers, auditor["per_customers"])]
        # Told to a tenth.
        is_same = None in rates or abs(rates[0] - rates[1]) <= 0.05
        yield Pair("per_customers", scope, period, rates[0], rates[0] if is_same and None not in rates else rates[1])


def _without_others(path: Path, here: set[str]) -> None:
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if row["enterprise"] in here]
        names = list(reader.fieldnames or ())
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def _reports(cursor: Any, every: list[Issued], folder: Path) -> Pairs:
    by_mark = {one.mark: one for one in every}
    folder.mkdir()
    for report in MonthlyReport.objects.filter(state="published").select_related("authority__region"):
        figures, region = report.figures, report.authority.region.code
        marks = [mark for mark in (*figures["sets"], *figures.get("quarter_sets", ())) if mark]
        of_months = {by_mark[mark].month: by_mark[mark] for mark in reversed(marks)}
        folders = published.written(cursor, of_months.values(), folder)
        month = f"{report.month:%Y-%m}"
        told = published.program().figures_of(folders, region, month)
        scope, summary = f"report {report.pk} of {region}", figures["summary"]
        counts = [name for name in ("received", "closed", "closed_let_rest", "let_rest") if name in summary]
        yield from paired(
            {
                **{name: summary[name] for name in counts},
                "recovered": None if summary["recovered"] is None else float(summary["recovered"]),
            },
            {
                **{name: told[name] for name in counts},
                "recovered": None if told["recovered"] is None else float(told["recovered"]),
            },
            scope,
            month,
        )
        yield from paired(
            {name: (one.part, one.whole, one.value) for name, one in shares(summary).items()},
            {name: (one["part"], one["whole"], one["value"]) for name, one in told["shares"].items()},
            scope,
            month,
        )
        yield from _tables(figures, told, scope, month)


def _tables(figures: dict[str, Any], told: dict[str, Any], scope: str, month: str) -> Pairs:
    is_rounded = bool(figures["summary"].get("is_rounded"))
    by, received = told["by"], told["received"]
    dotted = {code: n for code, n in by["object"].items() if code not in ("goods", "service")}
    every = {
        "channels": (by["channel"], received),
        "kinds": ({code: n for code, n in by["object"].items() if "." not in code}, received),
        "objects": (dotted, received),
        "problems": (by["problem"], received),
        "units": ({code: one["received"] for code, one in told["units"].items()}, received),
        "firms": ({code: one["delivered"] for code, one in told["firms"].items()}, None),
    }
    for name, (counts, whole) in every.items():
        shown = {line["code"]: line for line in figures[name]}
        yield from paired(
            {code: line["received"] for code, line in shown.items()},
            {code: counts.get(code, "missing") for code in shown},
            f"{scope}, {name}",
            month,
        )
        if "method" not in figures:
            # It ranked as was done before; its correction stands beside it.
            continue
        if name in MOST:
            named = {code: n for code, n in counts.items() if code != "none"}
            if whole is not None:
                whole -= sum(n or 0 for code, n in counts.items() if code not in named)
            counts = named
        rounded = is_rounded if name != "firms" else bool(figures["summary"].get("quarter_is_rounded"))
        places = published.placed(counts, whole, is_rounded=rounded, most=MOST.get(name))
        yield from paired(
            {f"place of {code}": tuple(line["place"]) if "place" in line else None for code, line in shown.items()},
            {f"place of {code}": place for code, place in places.items()},
            f"{scope}, {name}",
            month,
        )


def _grades(cursor: Any, every: list[Issued], folder: Path) -> Pairs:
    folder.mkdir()
    for row in Appraisal.objects.filter(formula=appraisals.FORMULA).select_related("enterprise"):
        stood = {one.month: one for one in published.newest(every, row.proposed_at) if one.month.year == row.year}
        folders = published.written(cursor, stood.values(), folder)
        quarters, country = (
            [
                line
                for month in (3, 6, 9, 12)
                if (at := folders.get(f"{row.year}-{month:02}"))
                for line in published.lines(at, table)
                if line[column] == value
            ]
            for table, column, value in (
                ("enterprise_quarters", "enterprise", row.enterprise.code),
                ("region_quarters", "level", "country"),
            )
        )
        points = published.points(quarters, country)
        was_suspended = EnrolmentEntry.objects.filter(
            enterprise=row.enterprise, kind=EnrolmentEntry.Kind.SUSPENDED, at__year=row.year
        ).exists()
        yield from paired(
            {**{f"points.{name}": n for name, n in row.points.items()}, "computed": row.computed},
            {
                **{f"points.{name}": n for name, n in points.items()},
                "computed": published.grade(sum(points.values()), was_suspended=was_suspended),
            },
            f"grade of enterprise {row.enterprise_id}",
            str(row.year),
        )
