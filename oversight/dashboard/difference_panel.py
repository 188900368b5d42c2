"""What explains the difference of the two sides of /oversight/compare/, as its page shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from complaints.procedure.categories import OBJECT_LABELS
from complaints.reading.case_people import label_of
from enterprises.models import Enterprise
from oversight.counters import crossing
from oversight.dashboard import difference
from oversight.dashboard.difference import Atoms, Cell, Explained
from oversight.figures.dispersion import COLD, Dispersion
from oversight.figures.figures import Measure
from oversight.presenting import shifts
from oversight.presenting.cards import Lists
from oversight.presenting.choosing import DashboardPage
from oversight.presenting.past import Usual, length
from web.languages import named


def read(page: DashboardPage, there: Measure, usual: Usual | None, lists: tuple[Lists, Lists]) -> dict[str, Any]:
    """``usual``: what the days before tell of two periods of one place; None of other sides, or where nothing does.
    ``lists`` of both sides. Three statements.
    """
    here = page.measure
    is_same = here.scope == there.scope
    if is_same and here.period.first <= there.period.last and there.period.first <= here.period.last:
        return {"explained_why": _("两段时间重叠，不作比较。")}
    if is_same and usual is not None and usual.why:
        return {"explained_why": shifts.reason(shifts.Change(0, 0, None, usual.why, usual.needed))}
    first, second = (_told_apart(crossing.atoms(one.scope, one.period), here, there) for one in (here, there))
    n, other = sum(first.values()), sum(second.values())
    if not n or not other:
        return {"explained_why": _("有一边没有收到过投诉，不作比较。")}
    share, known = n / (n + other), COLD
    if is_same:
        share, known = _of_periods(here, there, usual)
    parts = page.places.parts if here.scope.regions == there.scope.regions else ()
    found = difference.explained(first, second, share=share, known=known, days=here.period, parts=parts)
    return {"explained": found, "explained_title": _title(found, is_same=is_same), **_rows(found, page, lists)}


def _of_periods(here: Measure, there: Measure, usual: Usual | None) -> tuple[float, Dispersion]:
    """By what their days let expect; where nothing tells the days, by their number."""
    if usual is not None and "received" in usual.expected:
        return usual.expected["received"], usual.dispersions.get("received", COLD)
    days = length(here.period), length(there.period)
    return days[0] / sum(days), COLD


def _told_apart(atoms: Atoms, here: Measure, there: Measure) -> Atoms:
    """Without what the two sides have not in common: of two enterprises each case is of its own one."""
    is_one_firm = here.scope.enterprise_id == there.scope.enterprise_id
    is_one_kind = here.scope.category == there.scope.category
    result = Counter[Cell]()
    for (region, firm, problem), n in atoms.items():
        result[region, firm if is_one_firm else 0, problem if is_one_kind else ""] += n
    return result


def _title(found: Explained, *, is_same: bool) -> str:
    by = found.n - found.usual
    if not found.parts:
        return _("没有一处超出偶然")
    if not is_same:
        return _("一边占得更多的")
    side = _("这段时间") if found.is_first else _("另一边")
    return _("%(side)s多%(n)s件，从哪来") % {"side": side, "n": f"{by:,}"}


def _rows(found: Explained, page: DashboardPage, lists: tuple[Lists, Lists]) -> dict[str, Any]:
    firms = Enterprise.objects.filter(pk__in={one.cell[1] for one in found.parts}).only("name", "name_en").in_bulk()
    regions = {part.pk: part for part in page.places.parts}
    more, less = lists if found.is_first else lists[::-1]

    def url(of: Lists, cell: Cell) -> str:
        region, firm, problem = cell
        own = replace(of, enterprise_id=firm or of.enterprise_id, region=regions[region].code if region else of.region)
        if problem and of.category in OBJECT_LABELS:
            return own.received_of(problem, of.category)
        return (replace(own, category=problem) if problem else own).received()

    def row(cell: Cell, excess: int, n: int, other: int) -> Mapping[str, Any]:
        region, firm, problem = cell
        names = [
            *([named(firms[firm])] if firm in firms else []),
            *([named(regions[region])] if region else []),
            *([label_of(problem)] if problem else []),
        ]
        sides = [(f"{n:,}", url(more, cell) if n else ""), (f"{other:,}", url(less, cell) if other else "")]
        return {"name": " · ".join(names), "excess": f"+{excess:,}", "sides": sides if found.is_first else sides[::-1]}

    return {
        "explained_rows": [row(one.cell, one.excess, one.n, one.other) for one in found.parts],
        "explained_rest": f"{found.rest:+,}",
    }
