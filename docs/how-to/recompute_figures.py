"""Recompute the published figures from the open data. One file, Python 3.10 or newer, nothing to install.

    python recompute_figures.py FOLDER [FOLDER …] [--report REGION [--month 2026-09]]

A FOLDER holds the files of one version of a month, or all that a browser downloaded from /open/data/ with the names
that it gave them (2026-09.1-regions.csv); take the newest version of each of the last 26 months to get all that
the pages show. The program checks their digests, checks that the numbers add up, and prints as JSON what /open/ shows
of each region, what /open/league/ shows of each enterprise, and with --report what the monthly report of a region
shows. Counts of a rounded month (multiple_of is 5) are multiples of 5; intervals allow for that. A number that is
withheld is null, and so is whatever would be made from it; what can still be said of it comes
as the least and the most that it may be.
"""

import argparse
import csv
import hashlib
import json
import sys
from math import sqrt
from pathlib import Path

WITHHELD = "*"
Z = 1.959963984540054
#: Under so many cases there is no share and no place; who is ranked is known to a tenth of all.
RANKED_FROM, KNOWN_TO = 30, 10
MONTHS, QUARTERS, CUSTOMERS = 12, 4, 100_000
#: So many months are told of each problem.
RUN = 26
HOURS = (2, 4, 8, 16, 24, 40)
#: Columns that are text, however much they look like numbers.
TEXTS = {
    "region_code",
    "region_name",
    "region_name_en",
    "level",
    "parent_code",
    "month",
    "quarter",
    "by",
    "code",
    "label",
    "enterprise",
    "name",
    "name_en",
    "seat_code",
    "seat_path",
    "sector",
    "finest",
}
#: Levels of places, the narrowest first.
FINEST = ("county", "city", "province")
#: Sums that stand in the files, and what they are sums of.
SUMS = {
    "other": ("settled_elsewhere", "failed"),
    "ended": ("settled", "unconfirmed", "other"),
    "due": ("in_time", "late"),
    "promised": ("promises_kept", "promises_not_kept"),
    "reviewed": ("review_met", "review_late"),
    "responded": (*(f"responded_{hours}h" for hours in HOURS), "responded_later"),
    "mended": ("mended_24h", "mended_72h", "mended_later"),
    "closed": (
        "closed_settled",
        "closed_unconfirmed",
        "closed_settled_elsewhere",
        "closed_negotiation_failed",
        "closed_mediated",
        "closed_not_kept",
        "closed_mediation_terminated",
        "closed_refused",
        "closed_redirected",
        "closed_withdrawn",
        "closed_let_rest",
    ),
}
#: Shares by their name: part, whole; the whole of a list is the sum of its members.
SHARES = {
    "settled": ("settled", "ended"),
    "on_time": ("in_time", "due"),
    "review_on_time": ("review_met", "reviewed"),
    "mediated": ("closed_mediated", ("closed_mediated", "closed_mediation_terminated")),
    "kept": ("promises_kept", "promised"),
}
FILES = ("regions", "categories", "region_quarters", "enterprise_quarters")


# --- reading and checking ---------------------------------------------------------------------------------------------


def file_of(folder: Path, name: str) -> Path:
    """Of a folder of one version; or of one into which a browser put all of them: then ``folder`` ends with
    2026-09.1-."""
    return folder / name if folder.is_dir() else folder.with_name(folder.name + name)


def versions_in(folder: Path) -> list[Path]:
    """The one version that a folder holds, or the newest of each month where the names of the files say which they are
    of.
    """
    if (folder / "datapackage.json").exists():
        return [folder]
    marks = sorted(
        (file.name.removesuffix("datapackage.json") for file in folder.glob("*-datapackage.json")),
        key=lambda mark: int(mark.rstrip("-").partition(".")[2] or 0),
    )
    if not marks:
        sys.exit(f"{folder}: no datapackage.json in it; download all files of a month from /open/data/.")
    return list({month_of(folder / mark): folder / mark for mark in marks}.values())


def read(folder: Path, name: str) -> list[dict]:
    """The lines of a table; numbers as int or float, None where withheld. Nothing where the month has no such table."""
    path = file_of(folder, f"{name}.csv")
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{key: _value(key, text) for key, text in line.items()} for line in csv.DictReader(file)]


def _value(column: str, text: str) -> object:
    if text == WITHHELD:
        return None
    if column in TEXTS or not text:
        return text
    return float(text) if "." in text else int(text)


def month_of(folder: Path) -> str:
    """2026-09, as the package says it."""
    return json.loads(file_of(folder, "datapackage.json").read_text(encoding="utf-8"))["name"].removeprefix("odr-")


def wrong_digests(folder: Path) -> list[str]:
    """Files that are not what SHA256SUMS says, or are missing."""
    wrong = []
    for line in file_of(folder, "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _space, name = line.partition("  ")
        file = file_of(folder, name)
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    return wrong


def wrong_sums(folder: Path) -> list[str]:
    """Lines whose parts do not come to their sum, and regions that are less than what lies in them."""
    wrong = []
    for table in FILES:
        lines = read(folder, table)
        for line in lines:
            for total, parts in SUMS.items():
                # Files from before a part was told do not have it.
                numbers = [line[part] for part in parts if part in line]
                if line.get(total) is not None and None not in numbers and sum(numbers) != line[total]:
                    wrong.append(f"{table} {next(iter(line.values()))} {total}")
        if table in ("regions", "region_quarters"):
            for line in lines:
                below = [one for one in lines if one["parent_code"] == line["region_code"]]
                for column in {"received", "closed", "reviewed", "ended", "due", "promised", "delivered"} & line.keys():
                    if line[column] is not None and sum(one[column] or 0 for one in below) > line[column]:
                        wrong.append(f"{table} {line['region_code']} {column} is less than its parts")
    return wrong


def tells(lines: list[dict], level: str) -> bool:
    """Whether places of this level have lines in a table: a month with too few cases goes by wider places alone. Files
    from before this column have all."""
    finest = lines[0].get("finest", "county") if lines else "county"
    return level not in FINEST[: FINEST.index(finest)]


# --- sums of what may be unknown --------------------------------------------------------------------------------------


def added(numbers: list) -> int | None:
    """The sum, unknown where one of them is."""
    return None if None in numbers else sum(numbers)


def shown(numbers: list) -> object:
    """The sum; [what it is at least] where some are withheld."""
    known = sum(number or 0 for number in numbers)
    return added(numbers) if None not in numbers else [known] if known else None


def wilson(part: int, whole: int, rounded: int = 0) -> tuple[float, float]:
    """The 95 % interval of a share; each rounded number that part and whole are sums of adds 8 to the variance."""
    p, z2 = part / whole, Z * Z
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    half = sqrt(half * half + z2 * 8 * rounded / (whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def shares(line: dict) -> dict:
    """Each share of a line: part, whole, and from thirty on value and interval; of the success rate also had every
    silence been a yes."""
    result = {}
    for name, (part_name, whole_names) in SHARES.items():
        names = (whole_names,) if isinstance(whole_names, str) else whole_names
        if part_name not in line or any(one not in line for one in names):
            continue
        part, whole = line[part_name], added([line[one] for one in names])
        share = {"part": part, "whole": whole, "value": None}
        if part is not None and whole is not None and whole >= RANKED_FROM:
            base = line.get("multiple_of" if name in ("review_on_time", "mediated") else "multiple_of_quarter", 1)
            low, high = wilson(part, whole, int(base > 1))
            share |= {"value": part / whole, "low": low, "high": high}
            if name == "settled" and line["unconfirmed"] is not None:
                share["upper"] = (part + line["unconfirmed"]) / whole
        result[name] = share
    return result


# --- /open/ -----------------------------------------------------------------------------------------------------------


def _before(month: str, months: int) -> str:
    number = int(month[:4]) * 12 + int(month[5:]) - 1 - months
    return f"{number // 12}-{number % 12 + 1:02}"


def run_of(months: list[str], step: int, most: int) -> list[str]:
    """The newest month and those right before it, ``step`` months apart, without a gap; the oldest first."""
    results = []
    for month in sorted(months, reverse=True):
        if (results and month != _before(results[-1], step)) or len(results) == most:
            break
        results.append(month)
    return results[::-1]


class Untold(dict):
    """The line of a place that a month tells nothing of."""

    def __missing__(self, column: str) -> None:
        return None


def indicators(folders: dict[str, Path]) -> dict[str, dict]:
    """What /open/ shows of the country, each province, city and county; shares from thirty on."""
    run = run_of(list(folders), 1, RUN)
    months = run[-MONTHS:]
    ends = run_of(
        [
            month
            for month in folders
            if int(month[5:]) % 3 == 0 and file_of(folders[month], "region_quarters.csv").exists()
        ],
        3,
        QUARTERS,
    )
    tables = {month: read(folders[month], "regions") for month in run}
    of_months = {month: {line["region_code"]: line for line in lines} for month, lines in tables.items()}
    quarter_tables = [read(folders[month], "region_quarters") for month in ends]
    of_quarters = [{line["region_code"]: line for line in lines} for lines in quarter_tables]
    objects: dict[str, dict[str, list]] = {}
    problems: dict[str, dict[str, dict[str, object]]] = {}
    for month in run:
        for line in read(folders[month], "categories"):
            if line["by"] == "problem":
                problems.setdefault(line["region_code"], {}).setdefault(line["code"], {})[month] = line["received"]
            elif line["by"] == "object" and "." in line["code"] and month in months:
                objects.setdefault(line["region_code"], {}).setdefault(line["code"], []).append(line["received"])
    levels = {code: line["level"] for lines in (*of_months.values(), *of_quarters) for code, line in lines.items()}
    country = next((code for code, level in levels.items() if level == "country" and code == "CN"), None)
    named = sorted(objects.get(country, {}))
    result = {}
    for region, level in levels.items():
        if level not in ("country", "province", "city", "county"):
            continue
        # A line that is missing says that nothing came, but where a month has no lines of such places.
        untold = {month for month, lines in tables.items() if not tells(lines, level)}
        received = [
            of_months[month].get(region, {"received": None if month in untold else 0})["received"] for month in months
        ]
        quarters = [
            lines.get(region, Untold())
            for lines, table in zip(of_quarters, quarter_tables, strict=True)
            if region in lines or not tells(table, level)
        ]
        nothing = [None for month in months if month in untold]
        of_region = {name: [*objects.get(region, {}).get(name, []), *nothing] for name in named}
        exact = added([added(of_region[name]) for name in named])
        total = added(received)
        categories = {name: shown(of_region[name]) for name in named}
        categories["other"] = total - exact if total is not None and exact is not None else None
        one = {
            "received": shown(received),
            "months": dict(zip(months, received, strict=True)),
            "categories": categories,
            "problems": {
                code: [None if month in untold else numbers.get(month, 0) for month in run]
                for code, numbers in problems.get(region, {}).items()
            },
        }
        for name, parts in (
            ("settled", ("settled", "unconfirmed", "other", "ended")),
            ("on_time", ("in_time", "late", "due")),
            ("kept", ("promises_kept", "promises_not_kept", "promised")),
        ):
            numbers = [added([line[part] for line in quarters]) for part in parts]
            is_told = numbers[0] is not None and numbers[-1] is not None and numbers[-1] >= RANKED_FROM
            one[name] = {"numbers": numbers, "share": numbers[0] / numbers[-1] if is_told else None}
        one["response"] = _response(quarters)
        one["recovered"] = _recovered(
            [
                of_months[month].get(region, Untold())
                for month in months
                if region in of_months[month] or month in untold
            ]
        )
        result[region] = one
    return result


def _response(quarters: list[dict]) -> list[int] | None:
    """Working hours within which half of the first responses came, as far as shown numbers prove it, and of how
    many."""
    whole, within = added([line["responded"] for line in quarters]), 0
    for hours in HOURS if whole is not None and whole >= RANKED_FROM else ():
        within += sum(line[f"responded_{hours}h"] or 0 for line in quarters)
        if 2 * within >= whole:
            return [hours, whole]
    return None


def _recovered(lines: list[dict]) -> int | None:
    n = added([line["recovered_n"] for line in lines])
    if n is None or n < RANKED_FROM or any(line["recovered"] is None for line in lines):
        return None
    return sum(round(100 * line["recovered"]) for line in lines) // 100


# --- /open/league/ ----------------------------------------------------------------------------------------------------


def league(folders: dict[str, Path]) -> list[dict]:
    """Each line of each table, in the tables of all quarters together and of each of them."""
    ends = run_of(
        [month for month in folders if file_of(folders[month], "enterprise_quarters.csv").exists()], 3, QUARTERS
    )
    results = []
    for months in [ends, *([month] for month in ends)] if len(ends) > 1 else [ends] if ends else []:
        tables: dict[tuple, list[dict]] = {}
        rows: dict[str, list[dict]] = {}
        for month in reversed(months):
            for line in read(folders[month], "enterprise_quarters"):
                rows.setdefault(line["enterprise"], []).append(line)
        for code, of_enterprise in rows.items():
            if all(line["ended"] == 0 and line["delivered"] == 0 for line in of_enterprise):
                continue
            newest = of_enterprise[0]
            # The country, and the province and the city of the seat.
            for region in (
                "CN",
                *(code for code in newest["seat_path"].split("/") if len(code) == 6 and code.endswith("00")),
            ):
                for sector in {"", newest["sector"]}:
                    tables.setdefault((_before(months[0], 2), months[-1], region, sector), []).append(
                        _line(code, of_enterprise)
                    )
        for key, lines in sorted(tables.items()):
            ranked = [line for line in lines if line["low"] is not None]
            for line in lines:
                line["table"] = list(key)
                is_ranked = line["low"] is not None
                line["place_first"] = 1 + sum(other["low"] > line["high"] for other in ranked) if is_ranked else None
                line["place_last"] = (
                    len(ranked) - sum(other["high"] < line["low"] for other in ranked) if is_ranked else None
                )
            results += lines
    return results


def _line(code: str, quarters: list[dict]) -> dict:
    n, delivered = (added([line[name] for line in quarters]) for name in ("ended", "delivered"))
    # Files from before this column counted other stages as last_day.
    answered = added([line.get("answered") for line in quarters])
    settled, unconfirmed = _range(quarters, "settled"), _range(quarters, "unconfirmed")
    low = high = None
    if n is not None and n >= RANKED_FROM and settled[1] is not None and KNOWN_TO * (settled[1] - settled[0]) <= n:
        rounded = sum(line.get("multiple_of", 1) > 1 for line in quarters)
        low = round(1000 * wilson(settled[0], n, rounded)[0])
        high = round(1000 * wilson(settled[1], n, rounded)[1])
    customers = int(quarters[0]["customers"] or 0)
    return {
        "enterprise": code,
        "n": n,
        "settled": settled,
        "unconfirmed": unconfirmed,
        "let_rest": added([line.get("let_rest") for line in quarters]),
        "low": low,
        "high": high,
        "received": delivered,
        "per_customers": (
            delivered * CUSTOMERS / customers
            if delivered is not None and delivered >= RANKED_FROM and customers
            else None
        ),
        "last_day": _thousandths(added([line["last_day"] for line in quarters]), answered),
        "again": _thousandths(added([line["again"] for line in quarters]), delivered),
    }


def _range(quarters: list[dict], part: str) -> list:
    """The least and the most; nothing where there is no most."""
    least = most = 0
    for line in quarters:
        if line[part] is not None:
            least, most = least + line[part], most + line[part]
        elif line["ended"] is None:
            return [None, None]
        else:
            most += line["ended"] - sum(line[other] or 0 for other in ("settled", "unconfirmed", "other"))
    return [least, most]


def _thousandths(part: int | None, whole: int | None) -> int | None:
    return round(1000 * part / whole) if part is not None and whole is not None and whole >= RANKED_FROM else None


# --- the monthly report -----------------------------------------------------------------------------------------------


def figures_of(folders: dict[str, Path], code: str, month: str) -> dict:
    """What the report of one region says of a month: numbers of the month, and of the newest quarter that is over with
    it.
    """
    lines = {line["region_code"]: line for line in read(folders[month], "regions")}
    level = (
        "country"
        if code == "CN"
        else "province"
        if code.endswith("0000")
        else "city"
        if code.endswith("00")
        else "county"
    )
    if not tells(list(lines.values()), level):
        sys.exit(f"{month}: too few cases; nothing is told of {code}.")
    end = _before(month, int(month[5:]) % 3)
    of_quarter = {line["region_code"]: line for line in read(folders[end], "region_quarters")} if end in folders else {}
    for one in of_quarter.values():
        one["multiple_of_quarter"] = one.pop("multiple_of", 1)
    was = (
        {line["region_code"]: line for line in read(folders[_before(month, 1)], "regions")}
        if _before(month, 1) in folders
        else {}
    )
    line = {**lines.get(code, {}), **of_quarter.get(code, {})}
    counted = [one for one in read(folders[month], "categories") if one["region_code"] == code]
    by = {
        name: {one["code"]: one["received"] for one in counted if one["by"] == name}
        for name in ("channel", "object", "problem")
    }
    units = {
        one["region_code"]: {**one, **of_quarter.get(one["region_code"], {})}
        for one in lines.values()
        if one["parent_code"] == code
    }
    enterprises = (
        [one for one in read(folders[end], "enterprise_quarters") if code in one["seat_path"].split("/")]
        if end in folders and not units
        else []
    )
    return {
        "received": line.get("received", 0),
        "closed": line.get("closed", 0),
        # Not told by files from before; nothing at all happened in a region without a line.
        "closed_let_rest": lines.get(code, {"closed_let_rest": 0}).get("closed_let_rest"),
        "let_rest": of_quarter.get(code, {"let_rest": 0}).get("let_rest") if end in folders else None,
        "recovered": line.get("recovered", 0),
        "rating": (
            line["marks"] / line["rated"]
            if line.get("marks") is not None and (line.get("rated") or 0) >= RANKED_FROM
            else None
        ),
        "received_before": was[code]["received"] if code in was else None,
        "quarter": f"{end[:4]}-Q{int(end[5:]) // 3}",
        "shares": shares(line),
        "by": by,
        "units": {
            one["region_code"]: {"received": one["received"], "closed": one["closed"], "shares": shares(one)}
            for one in units.values()
        },
        "firms": {
            one["enterprise"]: {
                "delivered": one["delivered"],
                "shares": shares({**one, "multiple_of_quarter": one.get("multiple_of", 1)}),
            }
            for one in enterprises
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Recompute published figures from the open data.")
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--report", help="code of the region whose monthly report is recomputed")
    parser.add_argument("--month", help="month of the report; the newest one without it")
    asked = parser.parse_args()
    folders = {month_of(folder): folder for given in asked.folders for folder in versions_in(given)}
    result = {
        "wrong_digests": {month: wrong for month, folder in folders.items() if (wrong := wrong_digests(folder))},
        "wrong_sums": {month: wrong for month, folder in folders.items() if (wrong := wrong_sums(folder))},
        "indicators": indicators(folders),
        "league": league(folders),
    }
    if asked.report:
        result["figures"] = figures_of(folders, asked.report, asked.month or max(folders))
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return 1 if result["wrong_digests"] or result["wrong_sums"] else 0


if __name__ == "__main__":
    sys.exit(main())
