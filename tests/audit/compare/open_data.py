"""Every issued file of open data beside the cases: what it tells, what it withholds, and what two versions tell.

Nothing of the package oversight is asked: the files are read as everybody gets them, from the rows that keep them.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

from django.db import connection

from tests.audit import Pair, Pairs
from tests.audit.compare import Audit
from tests.audit.core.doubt import Impossible, Line, narrowed, worked_out
from tests.audit.core.open_counts import AsOf, last_of, payments
from tests.audit.core.record import DAY, local
from tests.audit.core.sheets import WITHHELD, Release, Sheet, releases, sheets_of

#: Months from here on are told as multiples of five; those before withhold 1 to 4 and what would lead to it.
ROUNDED_FROM, BASE = date(2026, 12, 1), 5
#: A rounded number may lie so far from the truth where no nearer one adds up; in so many of a thousand cells, and of a
#: table with under a hundred cases in so many of a hundred.
FARTHEST, OFTEN, OFTEN_IN_FEW, FEW = 6, 1, 4, 100
#: Values that must stay possible of a number from 1 to 4.
POSSIBLE = 4
#: Of payments: so many, and so much beside the two largest, as a share of the largest; told in such steps of yuan.
FEWEST_PAYMENTS, BESIDE, YUAN = 10, 0.15, 1000


@dataclass
class Seen:
    """What one release was found to be made of."""

    told: int = 0
    withheld: int = 0
    off: int = 0
    unsure: int = 0
    allowed: float = 1.0


def compared(audit: Audit, seen: dict[str, Seen] | None = None) -> Pairs:
    """Each number of each file, each sum, and the rules about them; ``seen`` is filled with what each release tells."""
    with connection.cursor() as cursor:
        every = releases(cursor)
        cursor.execute("select id, uscc from enterprises_enterprise")
        firms = {uscc or f"e{pk}": pk for pk, uscc in cursor.fetchall()}
    as_of = lru_cache(maxsize=4)(lambda at: AsOf(audit.book, at))
    newest: dict[date, Release] = {}
    for release in every:
        found = Seen()
        before = newest.get(release.month)
        yield from _of_the_whole(release, before)
        yield from _of_files(release)
        for sheet in sheets_of(release, as_of(release.made_at), firms):
            yield from _held(release, sheet, before, found, as_of(release.made_at).moves())
        yield from _of_money(release, before, as_of(release.made_at))
        yield Pair(
            "cells off by 5 or 6, more than allowed", str(release), "", max(0, found.off - int(found.allowed)), 0
        )
        if before is not None:
            yield from _of_two(before, release)
        newest[release.month] = release
        if seen is not None:
            seen[str(release)] = found


def _of_the_whole(release: Release, before: Release | None) -> Pairs:
    """When a month may be told again, and in which way it is told."""
    base = before.base if before is not None else BASE if release.month >= ROUNDED_FROM else 1
    yield Pair("counts are multiples of", str(release), "", release.base, base)
    if before is None:
        return
    on = local(release.made_at).date()
    if release.base == BASE:
        yield Pair("a rounded month is told again once", str(release), "", release.version, 2)
        yield Pair("not before three months", str(release), "", on >= _after(release.month, 4), True)
    else:
        is_right = on < ROUNDED_FROM or bool(release.reason)
        yield Pair("a month of before is not told again", str(release), "", is_right, True)


def _after(month: date, n: int) -> date:
    for _ in range(n):
        month = last_of(month) + DAY
    return month


def _of_files(release: Release) -> Pairs:
    """Digests, and that both shapes of a table say the same."""
    sums = dict(line.split("  ")[::-1] for line in release.files["SHA256SUMS"].decode().splitlines())
    for name, content in release.files.items():
        if name != "SHA256SUMS":
            yield Pair("digest", f"{release} {name}", "", hashlib.sha256(content).hexdigest(), sums.get(name))
    for name, lines in release.tables.items():
        other = json.loads(release.files[f"{name}.json"])
        same = [{key: _said(value) for key, value in line.items()} for line in other]
        yield Pair("CSV and JSON", f"{release} {name}", "", same == [_plain(line) for line in lines], True)
        for line in lines:
            yield Pair("multiple_of", f"{release} {name}", "", int(line.get("multiple_of", 1)), release.base)


def _said(value: Any) -> Any:
    return WITHHELD if value is None else float(value) if isinstance(value, (int, float)) else str(value)


def _plain(line: Mapping[str, str]) -> dict[str, Any]:
    texts = {"region_code", "parent_code", "seat_code", "customers", "code", "enterprise"}
    return {key: value if key in texts else _number(value) for key, value in line.items()}


def _number(value: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return value


def _held(release: Release, sheet: Sheet, before: Release | None, found: Seen, moves: int) -> Pairs:
    """Each number beside the truth, each sum beside its parts."""
    rows, columns = sheet.names(sheet.rows), sheet.names(sheet.columns)
    whole = max((n for n in sheet.truth.values()), default=0)
    cells = [(row, column) for row in rows for column in columns]
    counted = sum(sheet.true(key) > 0 for key in cells)
    found.allowed += counted * (OFTEN / 1000 if whole >= FEW else OFTEN_IN_FEW / 100)
    for key in cells:
        if not sheet.is_told(key):
            continue
        said, true = sheet.told.get(key, 0), sheet.true(key)
        about = (f"{sheet.name} {key[1]}", f"{key[0]}", str(release))
        if said is None:
            found.withheld += 1
            yield Pair("nothing is withheld of a rounded month", *about[:2], release.base, 1)
            continue
        found.told += 1
        yield _beside(about, said, true, release.base, found, moves)
        if release.base == 1:
            yield Pair("a number from 1 to 4 is told", *about[1:], said in range(1, 5), False)
    if release.base == 1:
        # Whether a number was from 1 to 4 is not known where cases moved since.
        yield from _doubts(release, sheet, is_first=before is None) if not moves else ()
    else:
        yield from _sums(release, sheet, found, moves)


def _beside(about: tuple[str, str, str], said: int, true: int, base: int, found: Seen, moves: int) -> Pair:
    """A number and the truth: equal, or one of the two multiples beside it. Where cases moved since, near enough."""
    if base == 1:
        if said != true and abs(said - true) <= moves:
            found.unsure += 1
            return Pair(*about, said, said)
        return Pair(*about, said, true)
    low = true // base * base
    beside = (low, low + base if true % base else low)
    if said in beside:
        return Pair(*about, said, said)
    if said % base == 0 and abs(said - true) <= FARTHEST + moves:
        # Where cases moved since nobody knows which of both it is.
        found.off += not moves
        found.unsure += bool(moves)
        return Pair(*about, said, said)
    return Pair(*about, said, " or ".join(map(str, beside)))


def _sums(release: Release, sheet: Sheet, found: Seen, moves: int) -> Pairs:
    """What is told adds up; where something is told nowhere, the rest is that rounded as well."""
    for whole, parts in sheet.lines():
        hidden = [part for part in parts if not sheet.is_told(part)]
        if not sheet.is_told(whole) or len(hidden) > 1:
            continue
        rest = (sheet.told.get(whole) or 0) - sum(sheet.told.get(part) or 0 for part in parts if part not in hidden)
        about = (f"{sheet.name} {whole[1]}: sum", whole[0], str(release))
        if hidden:
            yield _beside(about, rest, sheet.true(hidden[0]), release.base, found, moves)
        else:
            yield Pair(*about, rest, 0)


def _doubts(release: Release, sheet: Sheet, *, is_first: bool) -> Pairs:
    """What is withheld is withheld for a small number, and nobody can work that number out."""
    lines = list(sheet.lines())
    cells = dict.fromkeys(cell for whole, parts in lines for cell in (whole, *parts))
    withheld = {key for key in cells if sheet.is_told(key) and sheet.told.get(key, 0) is None}
    most = sum(n or 0 for n in sheet.told.values()) + 10**6
    known = {key for key in cells if sheet.is_told(key) and key not in withheld}
    bounds = dict.fromkeys(cells, (0, most))
    bounds |= {key: (sheet.told.get(key) or 0,) * 2 for key in known}
    bounds |= dict.fromkeys(withheld, (1 if is_first else 0, most))
    try:
        left = narrowed(lines, bounds)
    except Impossible as wrong:
        yield Pair(f"{sheet.name}: adds up", str(wrong), str(release), False, True)
        return
    alone, unknown = worked_out(lines, known), [key for key in cells if key not in known]
    small = {key for key in unknown if sheet.true(key) in range(1, 5)}
    for key in small:
        about = (f"{sheet.name} {key[1]}: a number from 1 to 4 can be worked out", key[0], str(release))
        low, high = left[key]
        yield Pair(*about, key in alone or high - low < POSSIBLE - 1, False)
    for group in _groups(lines, unknown) if is_first else ():
        if some := withheld.intersection(group):
            about = (f"{sheet.name} {min(some)[1]}: withheld for a number from 1 to 4", min(some)[0], str(release))
            yield Pair(*about, not small.isdisjoint(group), True)


def _groups(lines: Sequence[Line], unknown: Collection[Any]) -> list[list[Any]]:
    """Cells that stand in a sum together, directly or by others."""
    to = {key: key for key in unknown}

    def root(key: Any) -> Any:
        while to[key] != key:
            to[key] = key = to[to[key]]
        return key

    for whole, parts in lines:
        there = [cell for cell in (whole, *parts) if cell in to]
        for one, other in pairwise(there):
            to[root(one)] = root(other)
    result = defaultdict(list)
    for key in to:
        result[root(key)].append(key)
    return list(result.values())


def _of_money(release: Release, before: Release | None, as_of: AsOf) -> Pairs:
    codes = {region.code: pk for pk, region in as_of.book.rows.regions.items()}
    was = {line["region_code"]: line["recovered"] for line in before.tables["regions"]} if before else {}
    days = (release.month, last_of(release.month))
    for line in release.tables["regions"]:
        said, about = line["recovered"], ("recovered", line["region_code"], str(release))
        if before is not None and release.base == BASE:
            if said != WITHHELD:
                yield Pair(*about, said, was.get(line["region_code"], said))
            continue
        cents = payments(as_of.counts(days, region=codes[line["region_code"]]))
        if release.base == 1:
            if line["recovered_n"] == WITHHELD:
                yield Pair(*about, said, WITHHELD)
            elif said == WITHHELD:
                # A sum that tells a payment, or that leads to one; nothing at all is no such sum.
                yield Pair("money withheld without a payment", *about[1:], not as_of.unsure and not cents, False)
            elif not as_of.unsure:
                yield Pair(*about, round(100 * float(said)), sum(cents))
        elif said != WITHHELD and not as_of.unsure:
            yield Pair(*about, float(said) % YUAN == 0 and abs(float(said) - sum(cents) / 100) <= YUAN / 2, True)
            yield Pair("a sum that tells a payment", *about[1:], float(said) > 0 and not _may_be_told(cents), False)


def _may_be_told(cents: Sequence[int]) -> bool:
    first, second = (*sorted(cents, reverse=True), 0, 0)[:2]
    return len(cents) >= FEWEST_PAYMENTS and sum(cents) - first - second >= BESIDE * first


def _of_two(before: Release, after: Release) -> Pairs:
    """What an earlier version withheld the later one withholds too."""
    keys = {"regions": ("region_code",), "categories": ("region_code", "by", "code")}
    keys |= {"region_quarters": ("region_code",), "enterprise_quarters": ("enterprise",)}
    for name, key in keys.items():
        now = {tuple(line[one] for one in key): line for line in after.tables.get(name, ())}
        for line in before.tables.get(name, ()):
            who = tuple(line[one] for one in key)
            for column, value in line.items():
                if value == WITHHELD and after.base == 1:
                    said = now.get(who, {}).get(column, WITHHELD)
                    yield Pair(f"{name} {column}: stays withheld", " ".join(who), str(after), said, WITHHELD)
