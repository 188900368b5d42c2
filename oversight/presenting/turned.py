"""Who got worse, on the first page: the on-time share of enterprises and of the next lower places in the last four
weeks beside the four before, each with its interval.

It looks at many and at their past, so it is kept as long as that stays the same (`Counters.name_of_past`), and read
only of a place that one look goes through quickly; `/oversight/compare/` has it of every place and period.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.models import Enterprise
from oversight.figures.definitions import Period
from oversight.figures.figures import Measure
from oversight.presenting import cards, worse
from oversight.presenting.backlog import Flows
from oversight.presenting.cards import Lists
from oversight.presenting.choosing import DashboardPage, patiently
from oversight.presenting.past import WEEKS_OF_HISTORY
from oversight.presenting.worse import Line, Looked, Pair
from web.languages import name_in_language, named
from web.small_numbers import ENOUGH, wilson

DAYS, A_DAY = 28, 24 * 3600
#: Of a place where more came in than this it is read on its own page only.
MOST_CASES = 100_000
#: So many are drawn; all stand in the table.
DRAWN = 5
CODE = "on_time"


@dataclass(frozen=True, slots=True)
class Both:
    """Of enterprises, and of the next lower places; None where the database gave up. ``names``: of the enterprises that
    are named, Chinese and English.
    """

    enterprises: Looked | None
    places: Looked | None
    names: Mapping[str, tuple[str, str]]


def periods(today: date) -> tuple[Period, Period]:
    """The last four weeks, and the four before."""
    last = today - timedelta(days=1)
    first = last - timedelta(days=DAYS - 1)
    return Period(first=first, last=last), Period(first=first - timedelta(days=DAYS), last=first - timedelta(days=1))


def read(page: DashboardPage, flows: Flows | None, name: str) -> Both | None:
    """``name``: of the past of what is looked at, "" where it has none. None where it is read on its own page only."""
    if not name or flows is None or len(flows.received) < WEEKS_OF_HISTORY or sum(flows.received) > MOST_CASES:
        return None
    places = [sorted(region.pk for region in regions) for regions in (page.places.regions, page.places.parts)]
    given = repr((name, places, page.workspace.today, page.measure.calendar.version))
    key = "worse:" + sha256(given.encode()).hexdigest()
    result: Both | None = cache.get(key)
    if result is None:
        result = _read(page, len(flows.received))
        cache.set(key, result, A_DAY)
    return result


def _read(page: DashboardPage, known: int) -> Both:
    after, before = periods(page.workspace.today)

    def looked(measure: Measure, by: str) -> Looked | None:
        found = patiently(lambda: worse.read(measure, before, by=by, known=known, codes=(CODE,)))
        return found[0] if found else None

    measure = replace(page.measure, period=after)
    of_parts = replace(measure, scope=replace(measure.scope, regions=page.places.parts))
    firms = looked(measure, "enterprise")
    keys = [line.key for line in (*firms.lines, *firms.better)] if firms else []
    rows = Enterprise.objects.filter(pk__in=keys).values_list("pk", "name", "name_en") if keys else ()
    names = {str(pk): (name, name_en) for pk, name, name_en in rows}
    return Both(firms, looked(of_parts, "region") if page.places.parts else None, names)


def panel(page: DashboardPage, flows: Flows | None, name: str) -> dict[str, Any]:
    """What stands on the first page; ``name`` as for `read`."""
    both = read(page, flows, name)
    about = {"title": _("谁变差了"), "url": _all_url(page)}
    if both is not None:
        return about | shown(page, both)
    if flows is None or len(flows.received) < WEEKS_OF_HISTORY:
        about["why"] = _("历史不足%(weeks)s周，不作比较。") % {"weeks": WEEKS_OF_HISTORY}
    return about


def shown(page: DashboardPage, both: Both) -> dict[str, Any]:
    """Those who got worse, the surest drawn; who got better, counted; the others in a table."""
    kinds = [("enterprise", both.enterprises), ("region", both.places)]
    found = [(kind, looked) for kind, looked in kinds if looked is not None]
    down = [(kind, line) for kind, looked in found for line in looked.lines]
    up = [(kind, line) for kind, looked in found for line in looked.better]
    names = {("enterprise", key): name_in_language(*both_names) for key, both_names in both.names.items()}
    codes = {str(region.pk): region.code for region in page.places.parts}
    names |= {("region", str(region.pk)): named(region) for region in page.places.parts}
    after, before = periods(page.workspace.today)

    def row(kind: str, line: Line) -> dict[str, Any]:
        narrowed: dict[str, Any] = (
            {"enterprise_id": int(line.key)} if kind == "enterprise" else {"region": codes[line.key]}
        )
        return {
            "name": names.get((kind, line.key), line.key),
            "is_place": kind == "region",
            "sides": [
                _side(pair, line.phi, replace(page.lists, period=period), narrowed)
                for pair, period in ((line.before, before), (line.after, after))
            ],
        }

    rows, better = ([row(*one) for one in sorted(some, key=lambda one: one[1].verdict.p)] for some in (down, up))
    lost = [kind for kind, looked in kinds if looked is None and not (kind == "region" and not page.places.parts)]
    looked_at = sum(looked.looked for _kind, looked in found)
    enough = sum(looked.enough for _kind, looked in found)
    return {
        "title": _title(len(down), enough),
        "looked": _("看了%(looked)s家，两期都满%(fewest)s件的%(enough)s家。")
        % {"looked": f"{looked_at:,}", "fewest": ENOUGH, "enough": f"{enough:,}"},
        "is_too_much": bool(lost),
        "after": after,
        "before": before,
        "rows": rows[:DRAWN],
        "others": [*rows[DRAWN:], *better],
        "better": len(better),
    }


def _title(n: int, enough: int) -> str:
    if not enough:
        return _("谁的按时办结率变差了：件数太少，说不清")
    if not n:
        return _("没有谁的按时办结率变差得超出平常波动")
    return _("%(n)s家的按时办结率变差，超出平常波动") % {"n": n}


def _side(pair: Pair, phi: float, lists: Lists, narrowed: dict[str, Any]) -> dict[str, Any]:
    """A share with its interval, in per cent of the width of the picture, and the list of those in time."""
    part, whole = pair
    # As restless as it was measured: as wide as of so many fewer.
    low, high = wilson(round(part / phi), max(1, round(whole / phi)))
    return {
        "share": cards.percent(part / whole),
        "at": round(100 * part / whole, 1),
        "low": round(100 * min(low, part / whole), 1),
        "width": round(100 * (max(high, part / whole) - min(low, part / whole)), 1),
        "part": f"{part:,}",
        "whole": f"{whole:,}",
        "url": lists.behind("in_time", **narrowed),
    }


def _all_url(page: DashboardPage) -> str:
    """The page that says it of all figures and problems."""
    after, _before = periods(page.workspace.today)
    asked = page.asked.url(
        period="chosen", first=after.first.isoformat(), last=after.last.isoformat(), worse="1", page=""
    )
    return reverse("oversight:compare") + asked + "#h-worse"
