"""/open/league/: who settles more often.

The newest published set is shown as it stands; nothing is counted, ranked or withheld here.
"""

from collections.abc import Mapping
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
from oversight.models.published_models import DataSet
from web.incoming import whole
from web.languages import name_in_language
from web.small_numbers import ENOUGH

PAGE = 50
#: Nobody asks for more pages than this many lines.
_FURTHEST = 1_000_000
#: The bar of an interval: its left end and its length in the drawing.
_LEFT, _WIDTH = 4, 232


@public_page(parameters=("region", "sector", "period", "after"))
def league(request: HttpRequest) -> HttpResponse:
    sets = newest_sets()
    chosen = next((one for one in sets if key_of(one) == request.GET.get("period")), sets[0] if sets else None)
    if chosen is None:
        return render(request, "open/league.html", {"set": None})
    asked = _asked(request.GET, chosen)
    asked_for = LeagueLine.objects.filter(of=chosen, region=asked["region"], sector=asked["sector"])
    lines = list(asked_for.filter(position__gt=asked["after"]).order_by("position")[: PAGE + 1])
    more, lines = len(lines) > PAGE, lines[:PAGE]
    replies = PublicReply.objects.filter(state=PublicReply.State.SHOWN)
    of_page = replies.filter(enterprise__in=[line.enterprise_id for line in lines])
    replied = set(of_page.values_list("enterprise_id", flat=True))
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
            "ranked": [row for row in rows if row["line"].is_ranked],
            "unranked": [row for row in rows if not row["line"].is_ranked],
            "ranked_from": ENOUGH,
            "is_rounded": DataSet.objects.filter(month__range=(chosen.first, chosen.last), multiple_of__gt=1).exists(),
            "place": next(
                (name_in_language(*names) for pk, _level, *names in chosen.places if pk == asked["region"]), ""
            ),
            "period": period_label(chosen),
            "regions": [
                {
                    "value": pk,
                    "label": "　" * {"country": 0, "province": 1}.get(level, 2) + name_in_language(name, english),
                }
                for pk, level, name, english in chosen.places
            ],
            "sectors": [{"value": code, "label": OBJECT_LABELS.get(code, code)} for code in chosen.sectors],
            "periods": [{"value": key_of(one), "label": period_label(one)} for one in sets],
            "period_key": key_of(chosen),
            "previous_url": page(max(0, asked["after"] - PAGE)) if asked["after"] else "",
            "next_url": page(lines[-1].position) if more else "",
        },
    )


def newest_sets() -> list[LeagueSet]:
    """The newest version of each period: the newest period first, of those the longest."""
    result = LeagueSet.objects.order_by("-last", "first", "-version").distinct("last", "first")
    return list(result[:40])


def first_of(region: int, most: int, sector: str = ALL) -> dict[str, Any] | None:
    """The first ranked lines of a place over the longest newest period; None without one. Two statements."""
    chosen = next(iter(newest_sets()), None)
    if chosen is None:
        return None
    lines = LeagueLine.objects.filter(of=chosen, region=region, sector=sector, place_first__isnull=False)
    rows = [_row(line, set()) for line in lines.order_by("position")[:most]]
    query = urlencode({"region": region} | ({"sector": sector} if sector else {}))
    return {"rows": rows, "period": period_label(chosen), "url": f"{reverse('oversight:open-league')}?{query}"}


def key_of(one: LeagueSet) -> str:
    return f"{one.first:%Y-%m}_{one.last:%Y-%m}"


def period_label(one: LeagueSet) -> str:
    first, last = (date_format(day, "YEAR_MONTH_FORMAT") for day in (one.first, one.last))
    return first if first == last else _("%(first)s至%(last)s") % {"first": first, "last": last}


def _asked(values: Mapping[str, str], chosen: LeagueSet) -> dict[str, Any]:
    regions = {str(pk): pk for pk, *_rest in chosen.places}
    sector = values.get("sector", "")
    return {
        "region": regions.get(values.get("region", ""), chosen.country),
        "sector": sector if sector in chosen.sectors else ALL,
        "after": min(whole(values.get("after"), 8) or 0, _FURTHEST),
    }


def _row(line: LeagueLine, replied: set[int]) -> dict[str, Any]:
    low, high = (line.low or 0) / 10, (line.high or 0) / 10
    middle = 50.0 * ((line.settled_least or 0) + (line.settled_most or 0)) / line.n if line.n else 0.0
    return {
        "line": line,
        "name": name_in_language(line.name, line.name_en),
        "url": reverse("complaints:open-enterprise", args=[line.code]),
        "sector": str(OBJECT_LABELS.get(line.main_sector, "")),
        "place": _places(line),
        "share": _percents(line),
        "interval": f"{low:.0f}–{high:.0f}%",
        "n": _range(line.n, line.n),
        "settled": _range(line.settled_least, line.settled_most) if line.tells_settled else _("不公布"),
        "unconfirmed": _range(line.unconfirmed_least, line.unconfirmed_most) if line.tells_unconfirmed else _("不公布"),
        "let_rest": _range(line.let_rest, line.let_rest),
        "received": _range(line.received, line.received),
        "per_customers": f"{line.per_customers:,}" if line.per_customers is not None else "",
        "last_day": _thousandths(line.last_day_share),
        "kept": _kept(line),
        "again": _thousandths(line.again_share),
        "bar": (
            _LEFT + low / 100 * _WIDTH,
            max(2.0, (high - low) / 100 * _WIDTH),
            _LEFT + middle / 100 * _WIDTH - 1.5,
            middle,
        ),
        "has_reply": line.enterprise_id in replied,
    }


def _kept(line: LeagueLine) -> str:
    """The share of promises kept with how many came due, under 30 the two numbers; empty where one is not published."""
    if line.kept is None or line.promised is None:
        return ""
    if line.promised < ENOUGH:
        return _("%(part)s/%(whole)s项") % {"part": line.kept, "whole": line.promised}
    values = {"share": round(100 * line.kept / line.promised), "n": f"{line.promised:,}"}
    return _("%(share)s%%（共%(n)s项）") % values


def _percents(line: LeagueLine) -> str:
    if not line.n or line.settled_least is None or line.settled_most is None:
        return ""
    least, most = (round(100 * part / line.n) for part in (line.settled_least, line.settled_most))
    return f"{least}%" if least == most else f"{least}–{most}%"


def _range(least: int | None, most: int | None) -> str:
    if least is None or most is None:
        return _("不公布")
    return f"{least:,}" if least == most else f"{least:,}–{most:,}"


def _places(line: LeagueLine) -> str:
    if line.place_first is None:
        return ""
    return str(line.place_first) if line.place_first == line.place_last else f"{line.place_first}–{line.place_last}"


def _thousandths(thousandths: int | None) -> str:
    return f"{thousandths / 10:.0f}%" if thousandths is not None else ""
