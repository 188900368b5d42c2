"""What a published row says as a sentence, as bars and as an order, and what is being done: for pages of places and of
problems.

All numbers are those of ``OpenIndicators`` (oversight/published/indicator_making.py); nothing is counted. An order and
a change are made as a monthly report makes them (oversight/reports), so both say the same of the same months.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from authorities.models import Region
from complaints.parties.conditions import current_calendar
from complaints.procedure.categories import PROBLEM_LABELS
from oversight.figures.rounding import FAR
from oversight.hot_spots.campaign_forms import TONES, cell_text
from oversight.models import Campaign, ConsumerWarning, DataSet
from oversight.open_data.files import label_of, not_told
from oversight.presenting import shifts
from oversight.reports.changes import Run, span_of
from oversight.reports.figures import top
from oversight.reports.showing import place_of
from web.listing import listed

#: A number of a set: itself, [at least], or None where nothing can be said.
Number = int | list[int] | None
#: The drawing of the months: its width, the height of the tallest bar.
WIDE, HIGH = 480.0, 100.0
#: So many campaigns and warnings, problems and enterprises stand on the page of a place.
ACTS, PROBLEMS, FIRMS = 4, 6, 5


def number(n: Number) -> str:
    if isinstance(n, list):
        return _("至少%(n)s") % {"n": f"{n[0]:,}"}
    return _("不公布") if n is None else f"{n:,}"


def of_problem(data: dict[str, Any], code: str) -> list[int | None]:
    """What was received of a problem in each month of ``run``; what no line names is nothing, where lines are told."""
    untold = set(data.get("untold", ()))
    nothing = [None if name in untold else 0 for name, _by in data.get("run", ())]
    return list(data.get("problems", {}).get(code, nothing))


def untold(data: dict[str, Any], levels: Iterable[str]) -> list[str]:
    """2026-12 件数太少，不按县公布。 Of the months shown those without rows of places of one of these levels."""
    levels, shown = set(levels), {name for name, _n in data["months"]}
    return [
        f"{name} {not_told(finest)}"
        for name, finest in data.get("coarse", ())
        if name in shown and not all(DataSet(finest=finest).tells(level) for level in levels)
    ]


def least(n: Number) -> int:
    return n[0] if isinstance(n, list) else n or 0


def bars(months: Sequence[tuple[str, int | None]]) -> list[dict[str, Any]]:
    """Where each bar stands; a withheld one has no height."""
    most = max((n or 0 for _, n in months), default=0) or 1
    room = WIDE / max(1, len(months))
    return [
        {
            "x": f"{place * room + room * 0.15:.1f}",
            "y": f"{HIGH - (n or 0) / most * HIGH + 10:.1f}",
            "width": f"{room * 0.7:.1f}",
            "height": f"{(n or 0) / most * HIGH:.1f}",
            "middle": f"{place * room + room / 2:.1f}",
            "label": name[5:].lstrip("0"),
            "is_withheld": n is None,
        }
        for place, (name, n) in enumerate(months)
    ]


@dataclass(frozen=True, slots=True)
class Months:
    """The months of a row, the oldest first, and what was received in them; a row of before has none."""

    run: Run | None
    names: Sequence[str]
    received: Sequence[int | None]
    problems: dict[str, list[int | None]]
    #: Those that tell nothing of such places.
    untold: Sequence[str]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Months:
        months = [(name, multiple) for name, multiple in data.get("run", ())]
        sets = [DataSet(month=date.fromisoformat(f"{name}-01"), multiple_of=by) for name, by in reversed(months)]
        run = Run(sets, [span_of(one, 1) for one in sets], current_calendar()) if len(sets) > 1 else None
        return cls(
            run,
            [name for name, _by in months],
            data.get("history", ()),
            data.get("problems", {}),
            data.get("untold", ()),
        )

    @property
    def newest(self) -> str:
        """2026年10月; "" without months."""
        return date_format(date.fromisoformat(f"{self.names[-1]}-01"), "YEAR_MONTH_FORMAT") if self.names else ""

    @property
    def is_rounded(self) -> bool:
        return self.run is not None and self.run.sets[0].multiple_of > 1

    def change(self, numbers: Sequence[int | None]) -> shifts.Change | None:
        """From the month before to the newest; None where one of them is withheld, or nothing came."""
        return self.run.of_counts(list(reversed(numbers))) if self.run is not None else None

    def said(self, numbers: Sequence[int | None]) -> str:
        """2026年10月收到806件，比上月多80件，超出平常波动（多8%–84%）。"""
        if not numbers:
            return ""
        values: dict[str, Any] = {"month": self.newest, "n": number(numbers[-1])}
        if numbers[-1] is None:
            return _("%(month)s收到的件数不公布。") % values
        change = self.change(numbers)
        if change is None:
            return _("%(month)s收到%(n)s件。") % values
        values["change"] = shifts.shift("received", change, pgettext("in a sentence", "上月")).text
        return _("%(month)s收到%(n)s件，%(change)s。") % values


def headline(months: Months) -> list[str]:
    """What came in, whether that is a change, and the commonest problem where one is surely that."""
    result = [months.said(months.received)]
    first = [one["label"] for one in problems(months, "")[:PROBLEMS] if one["first"] == 1]
    if len(first) == 1:
        result.append(_("最多的是%(problem)s。") % {"problem": first[0]})
    elif 1 < len(first) < PROBLEMS:
        result.append(_("最多的是%(problems)s，分不出先后。") % {"problems": listed(first)})
    return [words for words in result if words]


def problems(months: Months, region: str, *, most: int | None = PROBLEMS) -> list[dict[str, Any]]:
    """The problems of the newest month in an order that holds whatever is rounded or withheld (``top`` of reports).

    Without a place: what is not published could stand before it, or there are under thirty in all. ``region``: of the
    addresses.
    """
    if not months.names or months.names[-1] in months.untold:
        return []
    now = {code: numbers[-1] for code, numbers in months.problems.items() if numbers[-1] != 0}
    old = {code: numbers[-2] for code, numbers in months.problems.items()} if months.run is not None else None
    lines = top(now, old, whole=months.received[-1], far=FAR if months.is_rounded else 0, most=most)
    judged = {code: change for code in now if (change := months.change(months.problems[code])) is not None}
    changes = shifts.many(judged)
    highest = max((n or 0 for n in now.values()), default=0) or 1
    return [
        {
            "first": line.get("place", (0, 0))[0],
            "place": place_of(line),
            "label": label_of("problem", line["code"]),
            # What no problem was written of has no page.
            "url": address(line["code"], region) if line["code"] in PROBLEM_LABELS else "",
            "n": number(line["received"]),
            "is_withheld": line["received"] is None,
            "width": f"{100 * (line['received'] or 0) / highest:.1f}",
            "change": shifts.alone("received", change)
            if (change := changes.get(line["code"])) is not None and change.is_real
            else "",
        }
        for line in lines
    ]


def address(code: str, region: str) -> str:
    """The page of a problem; ``region`` is a number, or nothing for the whole country."""
    page = reverse("oversight:open-problem", args=[code])
    return f"{page}?{urlencode({'region': region})}" if region else page


def campaigns_of(rows: QuerySet[Campaign]) -> list[dict[str, Any]]:
    """The newest that everybody may read. One statement."""
    shown = rows.filter(publicity=Campaign.Publicity.PUBLISHED).select_related("authority", "region")
    return [
        {
            "title": row.title,
            "url": reverse("oversight:open-campaign", args=[row.pk]),
            "about": cell_text(row),
            "on_day": row.called_on,
            "state": Campaign.State(row.state).label,
            "tone": TONES[row.state],
        }
        for row in shown.defer("printed", "minutes", "figures").order_by("-published_at", "-id")[:ACTS]
    ]


def campaigns_of_firm(enterprise: int) -> list[dict[str, Any]]:
    """Those that it was called to; for the page of an enterprise."""
    return campaigns_of(Campaign.objects.filter(firms__enterprise=enterprise))


def acts(region: int | None, problem: str = "") -> dict[str, list[Any]]:
    """Campaigns and warnings of a region (None: of all), of those that it lies in and of those that lie in it, or about
    one problem."""
    campaigns, warnings = Campaign.objects.all(), ConsumerWarning.objects.filter(state=ConsumerWarning.State.PUBLISHED)
    if problem:
        campaigns, warnings = campaigns.filter(problem=problem), warnings.filter(hot_spot__facet=f"p:{problem}")
    if region is not None:
        lineage = ("pk", "parent", "parent__parent", "parent__parent__parent")
        above = Region.objects.filter(pk=region).values_list(*lineage)
        below = Region.objects.filter(Q(pk=region) | Q(parent=region) | Q(parent__parent=region))
        around = {pk for line in above for pk in line if pk} | set(below.values_list("pk", flat=True))
        campaigns, warnings = campaigns.filter(region__in=around), warnings.filter(hot_spot__place__in=around)
    newest = warnings.select_related("authority").order_by("-published_at", "-id")[:ACTS]
    return {
        "campaigns": campaigns_of(campaigns),
        "warnings": [{"title": one.title, "url": reverse("oversight:open-warning", args=[one.pk])} for one in newest],
    }
