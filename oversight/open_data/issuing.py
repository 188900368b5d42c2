"""Issuing the open data of a month, and once more where a number came out otherwise or a set told too much.

A version is written once. A later one is only made where its tables differ, and says line by line what is told
otherwise; the earlier ones stay where they were. A set is judged by its files alone.

From ``ROUNDED_FROM`` on counts are rounded to multiples of 5 that add up (oversight/figures/rounding.py), and nothing
is withheld but sums of money and marks. Before such a set is written it is held against what a reader of it, and of the
version before, could find out. It is restated once. Months of before keep the version that they have.
"""

import csv
import io
import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from authorities.models import Region
from complaints.models import Heartbeat
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Enterprise
from oversight.counters import rollups
from oversight.figures.figures import VERSIONS
from oversight.figures.rounding import BASE
from oversight.models import DataFile, DataSet
from oversight.open_data import files, quarters, reading
from oversight.open_data.cells import (
    NONE,
    Cells,
    Numbers,
    Withheld,
    cells_of,
    payments_of,
    sums_of,
    sums_told,
    withholding,
)
from oversight.open_data.quarters import ends_with
from oversight.open_data.reading import OF_QUARTERS, RETIRED, TABLES, WITHHELD
from oversight.open_data.rounded_tables import Rounding, TellsTooMuch
from web import small_numbers
from web.small_numbers import SMALL

logger = logging.getLogger(__name__)

#: Told by months before stages of enterprises were told by quarters.
BY_QUARTERS_NOW = "更早的版本按月公布了企业阶段的结果，和季度数字比较能推算出1到4的数。请改用本版，不要再用更早的版本。"
#: Sums that are no counts of cases, and what counts are a multiple of.
_NO_COUNTS = frozenset({"marks", "multiple_of"})
#: Months that are first issued by rounding: this one and all later ones (docs/decisions/0010-rounded-to-five.md).
ROUNDED_FROM = small_numbers.ROUNDED_FROM
#: A rounded month is restated once, so many months after it was issued.
RESTATED_AFTER = 3


def wrong_in(data_set: DataSet) -> list[str]:
    """What breaks the rule in this set: names of tables and columns, and cells with a small number."""
    results: list[str] = []
    tables = [name for name in TABLES if name not in OF_QUARTERS or ends_with(data_set.month)]
    for file in data_set.files.filter(name__endswith=".csv").order_by("pk"):
        name = file.name.removesuffix(".csv")
        if name not in tables:
            results.append(name)
            continue
        results += _columns(name, file)
        results += _small(name, file, data_set.multiple_of)
    return results


def broken() -> Iterator[tuple[DataSet, list[str]]]:
    """The newest version of each month that breaks the rule, the oldest month first."""
    for data_set in DataSet.objects.order_by("month", "-version").distinct("month"):
        if wrong := wrong_in(data_set):
            yield data_set, wrong


def _hold_back_money(cells: Cells, month: date, before: DataSet | None) -> None:
    """Of a month told by withholding: a sum that tells a payment (``sums_told``) is withheld from the first version on,
    and what that withheld stays so."""
    places = {region.pk: region for region in Region.objects.all()}
    if before is None:
        own = payments_of(month, places)
        held = sums_of(own, places).keys() - sums_told(own, places).keys()
    else:
        was = {
            line["region_code"]
            for file in before.files.filter(name="regions.csv")
            for line in reading.lines(file)
            if line.get("recovered") == WITHHELD
        }
        held = {pk for pk, region in places.items() if region.code in was}
    for pk in held & cells.regions.keys():
        cells.regions[pk]["recovered"] = None


def _columns(name: str, file: DataFile) -> list[str]:
    known = {column.name for column in TABLES[name].columns}
    given = next(csv.reader(io.StringIO(bytes(file.content).decode("utf-8-sig"), newline="")), [])
    return [f"{name}.{column}" for column in given if column not in known]


def _small(name: str, file: DataFile, multiple_of: int) -> list[str]:
    counts = [one.name for one in TABLES[name].columns if one.kind == "integer" and one.name not in _NO_COUNTS]
    key = TABLES[name].key
    return [
        f"{name} {' '.join(line.get(one, '') for one in key)} {column}"
        for line in reading.lines(file)
        for column in counts
        if (given := line.get(column, "")).isdigit() and (int(given) in SMALL or int(given) % multiple_of)
    ]


#: A month is issued on this day of the next one: what happened on its last day has been told by then.
FROM_DAY = 3
#: Months that are looked at again with each new one.
RESTATED = 12
#: Lines of a change that are named one by one; all are counted.
NAMED = 200
#: With more entries of the record than this not folded into the counters, a month is not whole yet.
BEHIND = 500
#: How sets of the older shape wrote what no category was given for.
OLD_NONE = "'-"
_LOCK, _MARK = 0x0F1653, "open data of "
#: How a version is called: month and number.
_NAME = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])\.([1-9][0-9]{0,3})")


def newest(month: date) -> DataSet | None:
    """The version that counts."""
    return DataSet.objects.filter(month=month).order_by("-version").first()


def of_mark(mark: str) -> DataSet | None:
    """The version that is called so: ``2026-10.1``; None for whatever names none."""
    given = _NAME.fullmatch(mark)
    if given is None:
        return None
    year, month, version = map(int, given.groups())
    return DataSet.objects.filter(month=date(year, month, 1), version=version).first()


def sweep_open_data(*, now: datetime) -> int:
    """Issue one month that is over and was not looked at since the newest month began to be issued; how many were."""
    here = now.astimezone(SHANGHAI)
    if here.day < FROM_DAY or rollups.waiting(most=BEHIND) > BEHIND:
        return 0
    begun = here.replace(day=FROM_DAY, hour=0, minute=0, second=0, microsecond=0)
    looked_at = set(
        Heartbeat.objects.since(begun, now=now).filter(name__startswith=_MARK).values_list("name", flat=True)
    )
    for month in (reading.back(here.date().replace(day=1), n) for n in range(1, RESTATED + 2)):
        if f"{_MARK}{month:%Y-%m}" not in looked_at:
            try:
                issue(month, now=now)
            except TellsTooMuch:
                # The other months go on; this one is tried again in the next round.
                logger.exception("open data of %s not issued: it would tell too much", month)
            Heartbeat.objects.update_or_create(name=f"{_MARK}{month:%Y-%m}", defaults={"at": now})
            return 1
    return 0


def issue(month: date, *, now: datetime) -> DataSet | None:
    """The next version of this month's data, or None where it would say what the newest one says.

    One that takes the place of a version that told too much says so. Raises ``TellsTooMuch``.
    """
    before, already = newest(month), withheld_before(month)
    if before is not None and not _may_be_restated(before, on=now.astimezone(SHANGHAI).date()):
        return None
    is_rounded = before.multiple_of > 1 if before is not None else month >= ROUNDED_FROM and not already
    told = _told(month, before, is_rounded=is_rounded, already=already, now=now)
    multiple_of = BASE if is_rounded else 1
    tables = files.rows_of(month, told.cells, told.quarter, multiple_of=multiple_of, finest=told.finest)
    made = files.tables_of(tables)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        if newest(month) != before:
            return None
        earlier = before.files.exclude(name__in=files.ABOUT_TABLES) if before is not None else ()
        was = {file.name: file for file in earlier}
        if {file.name: file.sha256 for file in made} == {name: file.sha256 for name, file in was.items()}:
            return None
        changes = (
            [change for name in tables if (change := _compared(name, tables[name], was.get(f"{name}.csv")))]
            if before
            else []
        )
        data_set = DataSet.objects.create(
            month=month,
            version=before.version + 1 if before else 1,
            made_at=now,
            formulas=dict(VERSIONS),
            changes=changes,
            multiple_of=multiple_of,
            finest=told.finest,
            counted=told.counted,
            reason=BY_QUARTERS_NOW if before and wrong_in(before) else "",
        )
        DataFile.objects.bulk_create(
            [
                DataFile(
                    data_set=data_set,
                    name=file.name,
                    media_type=file.media_type,
                    content=file.content,
                    size=len(file.content),
                    rows=file.rows,
                    sha256=file.sha256,
                )
                for file in files.described(data_set, made)
            ]
        )
    return data_set


@dataclass(frozen=True, slots=True)
class _Told:
    """What may be told of a month down to the ``finest`` places, and the true numbers behind it."""

    finest: str
    cells: Cells
    quarter: Numbers | None
    counted: dict[str, Any]


def _told(
    month: date, before: DataSet | None, *, is_rounded: bool, already: Collection[Withheld], now: datetime
) -> _Told:
    """By county; a rounded month that would tell too much so by city, else by province. Raises ``TellsTooMuch``.

    A later version goes down to the places of the one before it: two levels of one month would tell what lies between
    them.
    """
    levels = [before.finest] if before is not None else list(DataSet.FINEST if is_rounded else DataSet.FINEST[:1])
    for finest in levels:
        rounding = Rounding(f"{month:%Y-%m}", before.counted if before is not None else {}) if is_rounded else None
        by: Any = {"now": now, "finest": finest, "already": already, "by": rounding or withholding}
        try:
            quarter = quarters.publishable(month, **by) if quarters.ends_with(month) else None
            cells = cells_of(month, **by)
        except TellsTooMuch as error:
            if finest == levels[-1]:
                raise
            logger.warning("open data of %s: too few cases to be told by %s (%s)", month, finest, error)
            continue
        if rounding:
            rounding.tell_money(cells, month)
        else:
            _hold_back_money(cells, month, before)
        return _Told(finest, cells, quarter, rounding.counted if rounding else {})
    raise AssertionError("there is always a level")


def _may_be_restated(before: DataSet, *, on: date) -> bool:
    """A rounded month once, in the third month after it was issued; one of before no more, unless it told too much.

    What was counted by other formulas stays as it was issued: counts of a month never change with a formula.
    """
    if before.formulas != VERSIONS:
        return bool(wrong_in(before))
    if before.multiple_of > 1:
        return before.version == 1 and before.month <= reading.back(on.replace(day=1), RESTATED_AFTER + 1)
    return on < ROUNDED_FROM or bool(wrong_in(before))


def withheld_before(month: date) -> set[Withheld]:
    """What any earlier version of this month withheld: who compares two versions shall not find it in the later one.

    Of a quarter also what older sets withheld when they told the same by months: else two months and the quarter would
    tell the third. Whatever pattern kept a number open then lies in withheld cells of the quarter as well, so it still
    does.
    """
    results: set[Withheld] = set()
    regions = dict(Region.objects.values_list("code", "pk"))
    named = Enterprise.objects.exclude(enrolled_by=None).only("pk", "uscc")
    enterprises = {enterprise.code: enterprise.pk for enterprise in named}
    by_quarter = {column.name for name in OF_QUARTERS for column in TABLES[name].columns}
    months = [reading.back(month, n) for n in range(3 if quarters.ends_with(month) else 1)]
    names = [f"{name}.csv" for name in (*TABLES, *RETIRED)]
    kept = DataFile.objects.filter(data_set__month__in=months, name__in=names).select_related("data_set")
    for file in kept.iterator(chunk_size=1):
        for line in reading.lines(file):
            pk = regions.get(line["region_code"]) if "region_code" in line else enterprises.get(line["enterprise"])
            if pk is None:
                continue
            kind = "enterprises" if "enterprise" in line else "categories" if "by" in line else "regions"
            withheld = {column for column, value in line.items() if value == WITHHELD}
            if file.data_set.month != month:
                withheld &= by_quarter
            if kind != "categories" and withheld & {"settled_elsewhere", "failed"}:
                withheld |= {"other"}
            if kind == "categories" and withheld:
                withheld = {f"{line['by']} {line['code'].replace(OLD_NONE, NONE)}"}
            results |= {(kind, str(pk), column) for column in withheld}
    return results


def _compared(name: str, rows: list[dict[str, Any]], was: DataFile | None) -> dict[str, Any] | None:
    """Every cell of a table that differs from before, and rows that came or went. None of a new table."""
    if was is None:
        return None
    key = TABLES[name].key
    columns = [column.name for column in TABLES[name].columns if column.name not in key]
    written = io.StringIO(files.csv_of(name, rows).decode("utf-8-sig"), newline="")
    now = {_key(key, line): line for line in csv.DictReader(written)}
    old = {_key(key, line): line for line in reading.lines(was)}
    if old:
        columns = [column for column in columns if column in next(iter(old.values()))]
    results = []
    for one in old | now:
        for column in columns:
            before, after = (lines.get(one, {}).get(column, "") for lines in (old, now))
            if before != after:
                results.append({"key": one, "column": column, "before": before, "after": after})
    return {"file": name, "rows": len(results), "lines": results[:NAMED]} if results else None


def _key(names: tuple[str, ...], line: Mapping[str, str]) -> str:
    return " ".join(line[name] for name in names)
