"""The files of a set: tables as CSV and JSON, the package that describes them, checksums. Bytes out, nothing kept.

The same cells give the same bytes: tables name no moment and no version, so a digest of one that differs means that a
number differs. The package says which version of which month it describes and when it was made.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext_lazy

from authorities.models import Region
from complaints import wording
from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS
from enterprises.enrolment.enrolled import customers_on
from enterprises.models import Enterprise
from oversight.models import DataSet
from oversight.open_data import quarters
from oversight.open_data.cells import GOODS, NONE, SERVICE, Cells, Numbers
from oversight.open_data.reading import TABLES, WITHHELD, Column, DataTable
from web.safe_cells import safe_cell

CSV, JSON, TEXT = "text/csv; charset=utf-8", "application/json", "text/plain; charset=utf-8"
#: Of a region or an enterprise that has a row: what is missing there happened zero times.
FileRow = dict[str, Any]
LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it will be served. ``rows``: lines of data."""

    name: str
    media_type: str
    content: bytes
    rows: int = 0

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def tables_of(tables: Mapping[str, list[FileRow]]) -> list[File]:
    """Two files a table."""
    made: list[File] = []
    for name, rows in tables.items():
        text = json.dumps(rows, ensure_ascii=False, indent=0, default=float) + "\n"
        made.append(File(f"{name}.csv", CSV, csv_of(name, rows), len(rows)))
        made.append(File(f"{name}.json", JSON, text.encode(), len(rows)))
    return made


#: What says what the tables are: another one alone makes no new version.
ABOUT_TABLES = ("datapackage.json", "SHA256SUMS")


def described(data_set: DataSet, tables: Sequence[File]) -> list[File]:
    """All files of a version: its tables, the package that describes them, the digests of all."""
    package, sums_name = ABOUT_TABLES
    made = [*tables, File(package, JSON, _package(data_set, tables))]
    sums = "".join(f"{file.sha256}  {file.name}\n" for file in made)
    return [*made, File(sums_name, TEXT, sums.encode())]


def rows_of(
    month: date, cells: Cells, quarter: Numbers | None = None, *, multiple_of: int = 1, finest: str = "county"
) -> dict[str, list[FileRow]]:
    """The lines of each table, in the order of their keys. ``quarter``: of the one that ends with the month."""
    tables = _rows(month, cells, quarter)
    for rows in tables.values():
        for row in rows:
            row["multiple_of"] = multiple_of
            if "region_code" in row:
                row["finest"] = finest
    return tables


def _rows(month: date, cells: Cells, quarter: Numbers | None) -> dict[str, list[FileRow]]:
    places = Region.objects.select_related("parent").in_bulk([*cells.regions, *(quarter.regions if quarter else ())])
    text = f"{month:%Y-%m}"
    with override("zh-hans"):
        return {
            "regions": [
                _filled("regions", {**_of_region(places[pk]), "month": text, **_in_yuan(cells.regions[pk])})
                for pk in sorted(cells.regions)
            ],
            "categories": [
                {
                    **_of_place(places[pk]),
                    "month": text,
                    "by": by,
                    "code": code,
                    "label": label_of(by, code),
                    "received": n,
                }
                for (pk, by, code), n in sorted(cells.categories.items())
            ],
        } | (
            {
                "region_quarters": [
                    _filled(
                        "region_quarters",
                        {**_of_region(places[pk]), "quarter": quarters.mark(month), **quarter.regions[pk]},
                    )
                    for pk in sorted(quarter.regions)
                ],
                "enterprise_quarters": list(_of_enterprises(month, quarter)),
            }
            if quarter
            else {}
        )


def _of_enterprises(month: date, quarter: Numbers) -> Iterator[FileRow]:
    _first, last = quarters.span(month)
    enterprises = Enterprise.objects.select_related("domicile").in_bulk(list(quarter.enterprises))
    sectors = quarters.sectors((last - timedelta(days=360)).replace(day=1), last)
    customers = customers_on(list(enterprises), last)
    parents = {pk: (code, parent) for pk, code, parent in Region.objects.values_list("pk", "code", "parent_id")}
    for pk in sorted(quarter.enterprises):
        enterprise, at = enterprises[pk], enterprises[pk].domicile_id
        path: list[str] = []
        while at is not None and at in parents and parents[at][1] is not None:
            path.insert(0, parents[at][0])
            at = parents[at][1]
        yield _filled(
            "enterprise_quarters",
            {
                "enterprise": enterprise.code,
                "name": enterprise.name,
                "name_en": enterprise.name_en,
                "seat_code": enterprise.domicile.code if enterprise.domicile else "",
                "seat_path": "/".join(path),
                "sector": sectors.get(pk, ""),
                "customers": str(customers[pk].number) if pk in customers else "",
                "quarter": quarters.mark(month),
                **quarter.enterprises[pk],
            },
        )


def _of_place(region: Region) -> FileRow:
    return {"region_code": region.code, "region_name": region.name, "region_name_en": region.name_en}


def _of_region(region: Region) -> FileRow:
    return {**_of_place(region), "level": region.level, "parent_code": region.parent.code if region.parent else ""}


def _in_yuan(numbers: Mapping[str, int | None]) -> FileRow:
    cents = numbers.get("recovered", 0)
    return {**numbers, "recovered": None if cents is None else Decimal(cents) / 100}


def _filled(table: str, row: FileRow) -> FileRow:
    return {column.name: row.get(column.name, 0) for column in TABLES[table].columns}


def label_of(by: str, code: str) -> str:
    """The form's word for a category, in the language that is active."""
    if code in (NONE, GOODS, SERVICE):
        return {NONE: _("没有填写"), GOODS: _("商品"), SERVICE: _("服务")}[code]
    if by == "channel":
        return wording.label(code, kind="channel")
    return str((OBJECT_LABELS if by == "object" else PROBLEM_LABELS).get(code, code))


def not_told(finest: str) -> str:
    """What stands beside numbers of a set that has no rows of some places."""
    if finest == "city":
        return _("件数太少，不按县公布。")
    return _("件数太少，不按县、市公布。") if finest == "province" else ""


def csv_of(name: str, rows: Iterable[FileRow]) -> bytes:
    """UTF-8 with a mark for spreadsheets, lines end as RFC 4180 says."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = [column.name for column in TABLES[name].columns]
    writer.writerow(names)
    for row in rows:
        writer.writerow([WITHHELD if row[name] is None else safe_cell(str(row[name])) for name in names])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


_ABOUT: Mapping[bool, Any] = {
    False: pgettext_lazy("open data", "消费纠纷在线和解公开数据；1至4的数和可以推出它们的数不公布。"),
    True: pgettext_lazy(
        "open data",
        "消费纠纷在线和解公开数据；件数均为5的倍数，与实际一般相差不超过4，各项相加等于合计。“*”是不公布的金额和评分。",
    ),
}


def _in_both(text: str | Promise) -> dict[str, str]:
    """A package has no language of its own: its titles are Chinese, its descriptions English."""
    result = {}
    for name, language in (("title", "zh-hans"), ("description", "en")):
        with override(language):
            result[name] = str(text)
    return result


def schema_of(table: DataTable) -> FileRow:
    """The Table Schema of one table."""
    keys = [
        {"fields": [column.name], "reference": {"resource": _own(column.within, table), "fields": [column.of]}}
        for column in table.columns
        if column.within
    ]
    return {
        "fields": [
            {
                "name": column.name,
                "type": column.kind,
                **_in_both(column.title),
                **({"format": "default"} if column.kind != "string" else {}),
                **({"constraints": limits} if (limits := _constraints(column, table)) else {}),
            }
            for column in table.columns
        ],
        "primaryKey": list(table.key),
        **({"foreignKeys": keys} if keys else {}),
        "missingValues": ["", WITHHELD],
    }


def _own(name: str, table: DataTable) -> str:
    """A table names itself by nothing."""
    return "" if name == table.name else name


def _constraints(column: Column, table: DataTable) -> FileRow:
    """What holds for every value that is not missing."""
    result: FileRow = {"required": True} if column.name in table.key else {}
    if column.among:
        result["enum"] = list(column.among)
    elif column.kind in ("integer", "number"):
        result["minimum"] = 0
    if column.like:
        result["pattern"] = column.like
    return result


def _description(data_set: DataSet) -> str:
    with override("en"):
        return " ".join(filter(None, (str(_ABOUT[data_set.multiple_of > 1]), not_told(data_set.finest))))


def _package(data_set: DataSet, files: Iterable[File]) -> bytes:
    """``datapackage.json``: Data Package of Frictionless, version 1 (specs.frictionlessdata.io)."""
    resources = []
    for file in files:
        name, form = file.name.split(".")
        table = TABLES[name]
        resources.append(
            {
                "name": name if form == "csv" else f"{name}-json",
                "path": file.name,
                **_in_both(table.title),
                "profile": "tabular-data-resource",
                "format": form,
                "mediatype": file.media_type.partition(";")[0],
                "encoding": "utf-8",
                # Frictionless (5.21) counts no bytes of JSON, so it calls them wrong; SHA256SUMS has all digests.
                **({"bytes": len(file.content), "hash": f"sha256:{file.sha256}"} if form == "csv" else {}),
                "schema": schema_of(table),
            }
        )
    month = f"{data_set.month:%Y-%m}"
    page = f"{settings.SITE_URL}/open/data/{data_set}/" if settings.SITE_URL else ""
    return (
        json.dumps(
            {
                "profile": "tabular-data-package",
                "name": f"odr-{month}",
                "title": f"消费纠纷在线和解公开数据 {month}",
                "description": _description(data_set),
                "version": f"{data_set.version}.0.0",
                "created": data_set.made_at.isoformat(),
                **({"id": page, "homepage": page} if page else {}),
                "keywords": ["consumer complaints", "online dispute resolution", "China"],
                "licenses": [LICENCE],
                "sources": [
                    {
                        "title": "Counters of the portal, derived from the record of its cases",
                        **({"path": f"{settings.SITE_URL}/open/record/"} if page else {}),
                    }
                ],
                "resources": resources,
            },
            ensure_ascii=False,
            indent=1,
        ).encode()
        + b"\n"
    )
