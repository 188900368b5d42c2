"""The one file format for enterprises: what a row may be, which cells it uses, and the export.

What `export_enterprises` writes, `import_enterprises` reads back without a change, and the same directory gives the
same bytes. A row is one fact; docs/how-to/enterprises.md explains it to people.
"""

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _
from stdnum.cn import uscc as credit_code

from authorities.periods import DatedRow
from authorities.tables import rows_of
from enterprises.models import Alias, Branch, BranchAuthority, BrandHolding, Enterprise, ServiceArea, Succession
from web.safe_cells import plain_cell, safe_cell

COLUMNS: tuple[str, ...] = ("row", "enterprise", "name", "name_en", "uscc", "branch", "region_code", "category")
COLUMNS += ("authority", "enrolment", "starts_on", "ends_on")
USED: Mapping[str, frozenset[str]] = {
    "enterprise": frozenset({"name", "name_en", "uscc", "region_code", "authority", "enrolment", "ends_on"}),
    "branch": frozenset({"enterprise", "name", "name_en", "branch", "region_code", "starts_on", "ends_on"}),
    "area": frozenset({"enterprise", "branch", "region_code", "category", "starts_on", "ends_on"}),
    "authority": frozenset({"enterprise", "branch", "authority", "starts_on", "ends_on"}),
    "brand": frozenset({"enterprise", "name", "name_en", "category", "starts_on", "ends_on"}),
    "alias": frozenset({"enterprise", "name", "starts_on", "ends_on"}),
    "former": frozenset({"enterprise", "name", "starts_on", "ends_on"}),
    "successor": frozenset({"enterprise", "name", "starts_on"}),
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "enterprise": ("name", "enrolment"),
    "branch": ("enterprise", "name"),
    "area": ("enterprise", "branch", "region_code"),
    "authority": ("enterprise", "branch", "authority"),
    "brand": ("enterprise", "name"),
    "alias": ("enterprise", "name"),
    "former": ("enterprise", "name"),
    "successor": ("enterprise", "name", "starts_on"),
}
LONGEST: Mapping[str, int] = {"name": 200, "name_en": 200, "category": 60}
CATEGORY = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return _("第 %(line)s 行，%(column)s 列：%(reason)s（%(value)s）") % {
            "line": self.line,
            "column": self.column,
            "reason": self.reason,
            "value": self.value or "—",
        }


@dataclass(slots=True)
class DirectoryRow:
    """One fact, its cells read."""

    line: int
    kind: str
    cells: Mapping[str, str]
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, column: str, reason: str) -> None:
        self.problems.append(Problem(self.line, column, self.cells.get(column, ""), reason))


def read(path: Path) -> list[DirectoryRow]:
    """All rows of a file, each checked on its own; a file of another shape is refused."""
    optional = [name for name in COLUMNS if name not in {"row", "name"}]
    return [_row(line, cells) for line, cells in rows_of(path, required=("row", "name"), optional=optional)]


def _row(line: int, values: Mapping[str, str]) -> DirectoryRow:
    cells = {column: plain_cell(text) for column, text in values.items()}
    row = DirectoryRow(line, cells["row"], cells)
    if row.kind not in USED:
        row.wrong("row", _("没有这种行"))
        return row
    for column in REQUIRED[row.kind]:
        if not cells[column]:
            row.wrong(column, _("不能为空"))
    for column in COLUMNS[1:]:
        if cells[column] and column not in USED[row.kind]:
            row.wrong(column, _("这种行不使用此列"))
    for column, longest in LONGEST.items():
        if len(cells[column]) > longest:
            row.wrong(column, _("过长"))
    if any("\0" in value for value in cells.values()):
        row.wrong("name", _("含有不可用的字符"))
    row.starts_on, row.ends_on = _day(row, "starts_on"), _day(row, "ends_on")
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        row.wrong("ends_on", _("早于开始日期"))
    if cells["category"] and not CATEGORY.fullmatch(cells["category"]):
        row.wrong("category", _("类别代码由小写字母、数字、点组成"))
    if row.kind == "brand" and len(cells["name"]) > 80:
        row.wrong("name", _("过长"))
    if row.kind == "enterprise":
        _check_enterprise(row)
    return row


def _day(row: DirectoryRow, column: str) -> dt.date | None:
    text = row.cells[column]
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        row.wrong(column, _("日期写作 2026-01-31"))
        return None


def _check_enterprise(row: DirectoryRow) -> None:
    cells = row.cells
    if cells["uscc"] and not credit_code.is_valid(cells["uscc"]):
        row.wrong("uscc", _("统一社会信用代码的校验位不对"))
    if cells["enrolment"] and cells["enrolment"] not in Enterprise.Enrolment.values:
        row.wrong("enrolment", _("入驻状态只能是 enrolled、suspended、not_enrolled、ended"))
    if cells["enrolment"] == Enterprise.Enrolment.ENDED and not cells["ends_on"]:
        row.wrong("ends_on", _("已注销的企业须有终止日期"))
    if cells["enrolment"] in {"enrolled", "suspended"} and not cells["authority"]:
        row.wrong("authority", _("入驻企业须有批准入驻的部门"))


def reference(enterprise: Enterprise, *, is_shared_name: bool) -> str:
    """How other rows name this enterprise: code, else name, else name@region."""
    if enterprise.uscc:
        return enterprise.uscc
    if is_shared_name and enterprise.domicile is not None:
        return f"{enterprise.name}@{enterprise.domicile.code}"
    return enterprise.name


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
    shared = {name for name, n in Counter(e.name for e in enterprises).items() if n > 1}
    names = {e.pk: reference(e, is_shared_name=e.name in shared) for e in enterprises}
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
    for rows in (
        (
            _dated("branch", names[b.enterprise_id], b, name=b.name, name_en=b.name_en)
            | {"branch": b.parent.name if b.parent else "", "region_code": b.place.code if b.place else ""}
            for b in Branch.objects.select_related("parent", "place")
        ),
        (
            _dated("area", names[a.branch.enterprise_id], a, branch=a.branch.name)
            | {"region_code": a.region.code, "category": a.category}
            for a in ServiceArea.objects.select_related("branch", "region")
        ),
        (
            _dated("authority", names[a.branch.enterprise_id], a, branch=a.branch.name, authority=a.authority.name)
            for a in BranchAuthority.objects.select_related("branch", "authority")
        ),
        (
            _dated("brand", names[h.enterprise_id], h, name=h.brand.name, name_en=h.brand.name_en, category=h.category)
            for h in BrandHolding.objects.select_related("brand")
        ),
        (_dated(a.kind, names[a.enterprise_id], a, name=a.name) for a in Alias.objects.all()),
        (
            {"row": "successor", "enterprise": names[s.predecessor_id], "name": names[s.successor_id]}
            | {"starts_on": s.on_day}
            for s in Succession.objects.all()
        ),
    ):
        yield from sorted(rows, key=lambda row: tuple(_text(row.get(column)) for column in COLUMNS))


def _dated(kind: str, enterprise: str, row: DatedRow, **cells: str) -> dict[str, Any]:
    return {"row": kind, "enterprise": enterprise, **cells, "starts_on": row.starts_on, "ends_on": row.ends_on}
