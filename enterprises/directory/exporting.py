"""Writes the directory of enterprises in the format that the import reads.

The same directory gives the same bytes, whatever ids the rows have.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any, TextIO

from enterprises.directory.exchange import COLUMNS, reference
from enterprises.models import Alias, Branch, BranchAuthority, BrandHolding, Enterprise, ServiceArea, Succession
from web.safe_cells import safe_cell


def export_enterprises(out: TextIO) -> int:
    """Write all enterprises; returns the number of rows."""
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in _rows():
        writer.writerow({column: _text(value) for column, value in row.items()})
        count += 1
    return count


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, dt.date) else safe_cell(str(value))


def _rows() -> Iterator[dict[str, Any]]:
    enterprises = list(
        Enterprise.objects.select_related("domicile", "enrolled_by").order_by("uscc", "name", "domicile__code")
    )
    shared = {name for name, n in Counter(f.name for f in enterprises).items() if n > 1}
    ref = {f.pk: reference(f, is_shared_name=f.name in shared) for f in enterprises}
    for enterprise in enterprises:
        yield {
            "row": "enterprise",
            "name": enterprise.name,
            "name_en": enterprise.name_en,
            "uscc": enterprise.uscc,
            "region_code": enterprise.domicile.code if enterprise.domicile else "",
            "authority": enterprise.enrolled_by.name if enterprise.enrolled_by else "",
            "enrolment": enterprise.enrolment,
            "ends_on": enterprise.ended_on,
        }
    facts = [*_branches(ref), *_areas(ref), *_authorities(ref), *_brands(ref), *_names(ref), *_successions(ref)]
    yield from facts


def _sorted(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: tuple(_text(row.get(column)) for column in COLUMNS))


def _branches(ref: dict[int, str]) -> list[dict[str, Any]]:
    branches = Branch.objects.select_related("parent", "place")
    return _sorted(
        {
            "row": "branch",
            "enterprise": ref[b.enterprise_id],
            "name": b.name,
            "name_en": b.name_en,
            "branch": b.parent.name if b.parent else "",
            "region_code": b.place.code if b.place else "",
            **_period(b),
        }
        for b in branches
    )


def _areas(ref: dict[int, str]) -> list[dict[str, Any]]:
    return _sorted(
        {
            "row": "area",
            "enterprise": ref[a.branch.enterprise_id],
            "branch": a.branch.name,
            "region_code": a.region.code,
            "category": a.category,
            **_period(a),
        }
        for a in ServiceArea.objects.select_related("branch", "region")
    )


def _authorities(ref: dict[int, str]) -> list[dict[str, Any]]:
    return _sorted(
        {
            "row": "authority",
            "enterprise": ref[a.branch.enterprise_id],
            "branch": a.branch.name,
            "authority": a.authority.name,
            **_period(a),
        }
        for a in BranchAuthority.objects.select_related("branch", "authority")
    )


def _brands(ref: dict[int, str]) -> list[dict[str, Any]]:
    return _sorted(
        {
            "row": "brand",
            "enterprise": ref[h.enterprise_id],
            "name": h.brand.name,
            "name_en": h.brand.name_en,
            "category": h.category,
            **_period(h),
        }
        for h in BrandHolding.objects.select_related("brand")
    )


def _names(ref: dict[int, str]) -> list[dict[str, Any]]:
    return _sorted(
        {"row": a.kind, "enterprise": ref[a.enterprise_id], "name": a.name, **_period(a)} for a in Alias.objects.all()
    )


def _successions(ref: dict[int, str]) -> list[dict[str, Any]]:
    return _sorted(
        {"row": "successor", "enterprise": ref[s.predecessor_id], "name": ref[s.successor_id], "starts_on": s.on_day}
        for s in Succession.objects.all()
    )


def _period(row: Any) -> dict[str, Any]:
    return {"starts_on": row.starts_on, "ends_on": row.ends_on}
