"""/open/league/: who settles more often, by sector, region and period, with the interval of each.

A page is read from the published lines as they stand; nothing is counted, ranked or withheld here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.public_pages import public_page
from complaints.procedure.categories import OBJECT_LABELS
from enterprises.models import LeagueLine, LeagueSet, PublicReply
from enterprises.models.published import ALL
from oversight.presenting.leagues import RANKED_FROM
from web.languages import name_in_language

PAGE = 50
#: Nobody asks for more pages than this many lines.
_FURTHEST = 1_000_000
#: The bar of an interval: its left end and its length in the drawing.
_LEFT, _WIDTH = 4, 232


@dataclass(frozen=True, slots=True)
class Row:
    """A line in words."""

    line: LeagueLine
    name: str
    url: str
    sector: str
    place: str
    share: str
    interval: str
    n: str
    settled: str
    unconfirmed: str
    received: str
    per_customers: str
    last_day: str
    again: str
    bar: tuple[float, float, float, float]
    has_reply: bool


@public_page(parameters=("region", "sector", "period", "after"))
def league(request: HttpRequest) -> HttpResponse:
    sets = newest_sets()
    chosen = next((one for one in sets if key_of(one) == request.GET.get("period")), sets[0] if sets else None)
    if chosen is None:
        return render(request, "open/league.html", {"set": None})
    asked = _asked(request.GET, chosen)
    lines = list(
        LeagueLine.objects.filter(
            of=chosen, region=asked["region"], sector=asked["sector"], position__gt=asked["after"]
        ).order_by("position")[: PAGE + 1]
    )
    more, lines = len(lines) > PAGE, lines[:PAGE]
    replied = set(
        PublicReply.objects.filter(
            enterprise__in=[line.enterprise_id for line in lines], state=PublicReply.State.SHOWN
        ).values_list("enterprise_id", flat=True)
    )
    rows = [_row(line, replied) for line in lines]
    here: dict[str, Any] = {"region": asked["region"], "sector": asked["sector"], "period": key_of(chosen)}

    def page(after: int) -> str:
        return "?" + urlencode(
            {name: value for name, value in here.items() if value} | ({"after": after} if after else {})
        )

    return render(
        request,
        "open/league.html",
        {
            "set": chosen,
            "asked": asked,
            "ranked": [row for row in rows if row.line.is_ranked],
            "unranked": [row for row in rows if not row.line.is_ranked],
            "ranked_from": RANKED_FROM,
            "place": _place(chosen, asked["region"]),
            "period": period_words(chosen),
            "regions": [
                {
                    "value": pk,
                    "label": "　" * {"country": 0, "province": 1}.get(level, 2) + name_in_language(name, english),
                }
                for pk, level, name, english in chosen.places
            ],
            "sectors": [{"value": code, "label": OBJECT_LABELS.get(code, code)} for code in chosen.sectors],
            "periods": [{"value": key_of(one), "label": period_words(one)} for one in sets],
            "period_key": key_of(chosen),
            "previous_url": page(max(0, asked["after"] - PAGE)) if asked["after"] else "",
            "next_url": page(lines[-1].position) if more else "",
        },
    )


def newest_sets() -> list[LeagueSet]:
    """The newest version of each period: the newest period first, of those the longest."""
    found = LeagueSet.objects.order_by("-last", "first", "-version").distinct("last", "first")
    return list(found[:40])


def key_of(one: LeagueSet) -> str:
    return f"{one.first:%Y-%m}_{one.last:%Y-%m}"


def period_words(one: LeagueSet) -> str:
    first, last = (date_format(day, "YEAR_MONTH_FORMAT") for day in (one.first, one.last))
    return first if first == last else _("%(first)s至%(last)s") % {"first": first, "last": last}


def _asked(said: Mapping[str, str], chosen: LeagueSet) -> dict[str, Any]:
    """What the address asks for, as far as the set has it; else all of the country."""
    regions = {str(pk): pk for pk, *_rest in chosen.places}
    sector = said.get("sector", "")
    after = said.get("after", "")
    return {
        "region": regions.get(said.get("region", ""), chosen.country),
        "sector": sector if sector in chosen.sectors else ALL,
        "after": min(int(after), _FURTHEST) if after.isascii() and after.isdigit() and len(after) < 9 else 0,
    }


def _place(chosen: LeagueSet, region: int) -> str:
    return next((name_in_language(name, english) for pk, _level, name, english in chosen.places if pk == region), "")


def _row(line: LeagueLine, replied: set[int]) -> Row:
    low, high = (line.low or 0) / 10, (line.high or 0) / 10
    middle = _middle(line)
    return Row(
        line=line,
        name=name_in_language(line.name, line.name_en),
        url=reverse("complaints:open-enterprise", args=[line.code]),
        sector=str(OBJECT_LABELS.get(line.main_sector, "")),
        place=_places(line),
        share=_percents(line),
        interval=f"{low:.0f}–{high:.0f}%",
        n=_number(line.n, line.n),
        settled=_number(line.settled_least, line.settled_most) if line.tells_settled else _("不公布"),
        unconfirmed=_number(line.unconfirmed_least, line.unconfirmed_most) if line.tells_unconfirmed else _("不公布"),
        received=_number(line.received, line.received),
        per_customers=f"{line.per_customers:,}" if line.per_customers is not None else "",
        last_day=_share(line.last_day_share),
        again=_share(line.again_share),
        bar=(
            _LEFT + low / 100 * _WIDTH,
            max(2.0, (high - low) / 100 * _WIDTH),
            _LEFT + middle / 100 * _WIDTH - 1.5,
            middle,
        ),
        has_reply=line.enterprise_id in replied,
    )


def _middle(line: LeagueLine) -> float:
    return 50.0 * ((line.settled_least or 0) + (line.settled_most or 0)) / line.n if line.n else 0.0


def _percents(line: LeagueLine) -> str:
    """One percentage, or two where the number is withheld."""
    if not line.n or line.settled_least is None or line.settled_most is None:
        return ""
    least, most = (round(100 * part / line.n) for part in (line.settled_least, line.settled_most))
    return f"{least}%" if least == most else f"{least}–{most}%"


def _number(least: int | None, most: int | None) -> str:
    """In words where it is withheld."""
    if least is None or most is None:
        return _("不公布")
    return f"{least:,}" if least == most else f"{least:,}–{most:,}"


def _places(line: LeagueLine) -> str:
    if line.place_first is None:
        return ""
    return str(line.place_first) if line.place_first == line.place_last else f"{line.place_first}–{line.place_last}"


def _share(thousandths: int | None) -> str:
    return f"{thousandths / 10:.0f}%" if thousandths is not None else ""
