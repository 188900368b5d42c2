"""Places beside each other on the page of a problem: how many complaints of it came per 100,000 people.

From the published rows and the table of people alone. The interval is Garwood's × √φ, φ from the months before those
shown; each rounded month adds 8 to the variance. Places are shared where intervals overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from authorities.models import Region
from complaints.procedure.categories import SECTORS
from complaints.procedure.sector_files import GENERAL
from enterprises.models.published import ALL
from oversight.figures import chance, rates
from oversight.models.published_models import OpenIndicators
from oversight.open_data import reading
from oversight.open_pages import findings
from oversight.presenting import leagues, tile_map
from oversight.published.indicator_making import MONTHS
from oversight.reports.changes import OF_ROUNDING
from oversight.reports.showing import place_of
from web.small_numbers import ENOUGH
from web.templatetags.portal import name_of

PER = 100_000
A_MONTH = 30


def places(code: str, rows: Sequence[OpenIndicators]) -> dict[str, Any]:
    """Those with a rate by it, the others by their code with the reason. ``years`` in which people were counted."""
    codes = dict(Region.objects.filter(pk__in=[row.region for row in rows]).values_list("pk", "code"))
    lines, people = [], []
    for row in rows:
        numbers = findings.of_problem(row.data, code)
        shown = numbers[-MONTHS:]
        if not any(n is None or n for n in shown):
            continue
        total, lived = reading.added(shown), tile_map.people_of(codes[row.region], row.last)
        line: dict[str, Any] = {
            "name": name_of(row),
            "url": findings.address(code, str(row.region)),
            "newest": findings.number(numbers[-1]),
            "received": findings.number(total if total is not None else [reading.at_least(shown)]),
        }
        if total is None or total < ENOUGH:
            line["why"] = _("有没公布的月份") if total is None else _("不足%(n)s件") % {"n": ENOUGH}
        elif lived is None:
            line["why"] = _("没有人口数")
        else:
            rounded = sum(by > 1 for _name, by in row.data["run"][-MONTHS:])
            squares = [
                square
                for one, other in pairwise(numbers[:-MONTHS])
                if one is not None and other is not None and (square := chance.square_of_counts(one, other)) is not None
            ]
            phi = chance.dispersion(squares, A_MONTH).phi
            low, high = (PER * n / lived.n for n in rates.interval(total, phi + OF_ROUNDING * rounded / total))
            line |= {"rate": PER * total / lived.n, "low": low, "high": high}
            people.append(lived)
        lines.append(line)
    known = sorted((line for line in lines if "rate" in line), key=lambda line: -line["rate"])
    if len(known) > 1:
        ahead = leagues.places([(line["low"], line["high"]) for line in known])
        for line, place in zip(known, ahead, strict=True):
            line["place"] = place_of({"place": place})
    for line in known:
        line["text"] = tile_map.rate_text(line["rate"])
        line["interval"] = f"{tile_map.rate_text(line['low'])}–{tile_map.rate_text(line['high'])}"
    years = sorted({one.year for one in people})
    return {
        "rows": [*known, *(line for line in lines if "rate" not in line)],
        "is_ranked": len(known) > 1,
        "years": "–".join(str(year) for year in dict.fromkeys((years[0], years[-1]))) if years else "",
    }


def sector_of(code: str) -> str:
    """The category of goods or services whose sector alone knows this problem; that of all for a general one."""
    for sector in SECTORS:
        if sector.code != GENERAL and any(kind.code == code for kind in sector.problem_kinds):
            return sector.categories[0].code if sector.categories else ALL
    return ALL
