"""Recompute the published figures from the open data. One file, Python 3.10 or newer, nothing to install.

    python recompute_figures.py FOLDER [--region CODE] [--before FOLDER]

FOLDER holds the files of one version of a month, as downloaded from /open/data/. The program checks their digests, checks
that the numbers add up, and prints as JSON what pages and reports show: shares with their 95 % interval (Wilson), money,
satisfaction, the tables of a monthly report, and the shares of enterprises. A number that is withheld is null, and
so is whatever would be made from it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from math import sqrt
from pathlib import Path

WITHHELD = "*"
Z = 1.959963984540054
#: Sums that stand in the files, and what they are sums of.
SUMS = {
    "ended": ("settled", "unconfirmed", "settled_elsewhere", "failed"),
    "due": ("in_time", "late"),
    "promised": ("promises_kept", "promises_not_kept"),
    "reviewed": ("review_met", "review_late"),
    "closed": ("closed_settled", "closed_unconfirmed", "closed_settled_elsewhere", "closed_negotiation_failed", "closed_mediated",
               "closed_not_kept", "closed_mediation_terminated", "closed_refused", "closed_redirected", "closed_withdrawn"),
}
#: Shares by their name: part, whole; the whole of a list is the sum of its members.
SHARES = {
    "settled": ("settled", "ended"), "on_time": ("in_time", "due"), "review_on_time": ("review_met", "reviewed"),
    "mediated": ("closed_mediated", ("closed_mediated", "closed_mediation_terminated")), "kept": ("promises_kept", "promised"),
}


def read(folder: Path, name: str) -> list[dict]:
    """The lines of a table; numbers as int or float, None where withheld."""
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return [{key: _value(text) for key, text in line.items()} for line in csv.DictReader(file)]


def _value(text: str) -> object:
    if text == WITHHELD:
        return None
    try:
        return float(text) if "." in text and text.replace(".", "", 1).isdigit() else int(text) if text.isdigit() and len(text) < 12 else text
    except ValueError:
        return text


def wrong_digests(folder: Path) -> list[str]:
    """Files that are not what SHA256SUMS says, or are missing."""
    wrong = []
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _space, name = line.partition("  ")
        file = folder / name
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    return wrong


def wrong_sums(folder: Path) -> list[str]:
    """Lines whose parts do not come to their sum, and regions that are less than what lies in them."""
    wrong = []
    regions = {str(line["region_code"]): line for line in read(folder, "regions")}
    for table in ("regions", "enterprises"):
        for line in read(folder, table):
            for total, parts in SUMS.items():
                numbers = [line.get(part) for part in parts]
                if total in line and line[total] is not None and None not in numbers and sum(numbers) != line[total]:
                    wrong.append(f"{table} {next(iter(line.values()))} {total}")
    for code, line in regions.items():
        below = [one for one in regions.values() if str(one["parent_code"]) == code]
        for column in ("received", "closed", "ended", "due", "promised", "reviewed"):
            shown = [one[column] for one in below if one[column] is not None]
            if line[column] is not None and sum(shown) > line[column]:
                wrong.append(f"regions {code} {column} is less than its parts")
    return wrong


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    p, z2 = part / whole, Z * Z
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return max(0.0, middle - half), min(1.0, middle + half)


def shares(line: dict) -> dict:
    """Each share of a line: part, whole, value, interval; of the success rate also had every silence been a yes."""
    found = {}
    for name, (part_name, whole_names) in SHARES.items():
        names = (whole_names,) if isinstance(whole_names, str) else whole_names
        if part_name not in line or any(one not in line for one in names):
            continue
        wholes = [line[one] for one in names]
        part, whole = line[part_name], None if None in wholes else sum(wholes)
        share = {"part": part, "whole": whole, "value": None}
        if part is not None and whole:
            low, high = wilson(part, whole)
            share |= {"value": part / whole, "low": low, "high": high}
            if name == "settled" and line["unconfirmed"] is not None:
                share["upper"] = (part + line["unconfirmed"]) / whole
        found[name] = share
    return found


def figures_of(folder: Path, code: str, before: Path | None = None) -> dict:
    """What the report of one region says."""
    lines = {str(line["region_code"]): line for line in read(folder, "regions")}
    was = {str(line["region_code"]): line for line in read(before, "regions")} if before else {}
    line = lines[code]
    counted = [one for one in read(folder, "categories") if str(one["region_code"]) == code]
    by = {name: {one["code"]: one["received"] for one in counted if one["by"] == name} for name in ("channel", "object", "problem")}
    return {
        "received": line["received"], "closed": line["closed"], "recovered": line["recovered"],
        "rating": line["marks"] / line["rated"] if line["marks"] is not None and line["rated"] else None,
        "received_before": was[code]["received"] if code in was else None,
        "shares": shares(line), "by": by,
        "units": {str(one["region_code"]): {"received": one["received"], "closed": one["closed"], "shares": shares(one)}
                  for one in lines.values() if str(one["parent_code"]) == code},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Recompute published figures from the open data of a month.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--region", help="code of the region whose report is recomputed")
    parser.add_argument("--before", type=Path, help="files of the month before")
    asked = parser.parse_args()
    found = {"wrong_digests": wrong_digests(asked.folder), "wrong_sums": wrong_sums(asked.folder),
             "enterprises": {str(line["enterprise"]): shares(line) for line in read(asked.folder, "enterprises")}}
    if asked.region:
        found["figures"] = figures_of(asked.folder, asked.region, asked.before)
    json.dump(found, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return 1 if found["wrong_digests"] or found["wrong_sums"] else 0


if __name__ == "__main__":
    sys.exit(main())
