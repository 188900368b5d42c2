"""/open/ and /open/league/: the indicators of the platform or a region, and who settles more often.

The newest published set is shown as it stands; nothing is counted, ranked or withheld here.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.public_pages import public_page
from accounts.sign_in.entering import is_here
from complaints.procedure.categories import OBJECT_LABELS
from enterprises.models import LeagueLine, LeagueSet, PublicReply
from enterprises.models.published import ALL
from oversight.models.published_models import DataSet, OpenIndicators
from oversight.published.indicator_making import OTHER
from web.incoming import whole
from web.languages import name_in_language
from web.small_numbers import ENOUGH, too_few
from web.templatetags.portal import name_of

#: The drawing of the months: its width, the height of the tallest bar, the room of one.
_WIDE, _HIGH = 480.0, 100.0


#: Categories stand in the order of the form, and regions in that of their codes: by number, what is withheld would have
#: to be ranked too.
_FORM, _LAST = {code: place for place, code in enumerate(OBJECT_LABELS)}, len(OBJECT_LABELS)


@public_page(parameters=("region",))
def home(request: HttpRequest) -> HttpResponse:
    number = whole(request.GET.get("region"), 9)
    country = OpenIndicators.objects.filter(level="country").first()
    row = (OpenIndicators.objects.filter(region=number).first() if number else None) or country
    context: dict[str, Any] = {"has_reports": is_here("/open/reports/"), "has_data": is_here("/open/data/"), "row": row}
    if row is not None and country is not None:
        below = list(OpenIndicators.objects.filter(parent=row.region))
        above = OpenIndicators.objects.filter(region=row.parent).first() if row.parent else None
        months = row.data["months"]
        most = max((_least(n) for _, n in row.data["categories"]), default=0) or 1
        context |= {
            "place": name_of(row),
            "is_rounded": row.data.get("multiple_of", 1) > 1,
            "is_whole": row.region == country.region,
            "above": above,
            "above_name": name_of(above) if above else "",
            "cards": _cards(row.data),
            "bars": bars(months),
            "months": [(name, number_text(n)) for name, n in months],
            "quarters": _quarters(row.data["quarters"]),
            "categories": [
                (
                    (_("其他和没有写明的") if code == OTHER else str(OBJECT_LABELS.get(code, code))),
                    number_text(n),
                    f"{100 * _least(n) / most:.1f}",
                    isinstance(n, list),
                )
                for code, n in sorted(
                    ((code, n) for code, n in row.data["categories"] if n != 0),
                    key=lambda one: _FORM.get(one[0], _LAST),
                )
            ],
            "regions": [
                {
                    "name": name_of(one),
                    "region": one.region,
                    "received": number_text(one.data["received"]),
                    "settled": _share(one.data["settled"]),
                }
                for one in sorted(below, key=lambda one: one.region)
            ],
        }
    return render(request, "open/home.html", context)


def _cards(data: dict[str, Any]) -> list[dict[str, str]]:
    """Each figure with what it was made of; a share only where its parts are shown and there are thirty or more."""
    settled, unconfirmed, _other, judged = data["settled"]
    upper = ""
    if None not in (settled, unconfirmed, judged) and judged >= ENOUGH:
        upper = _("没答复的也算上，最多%(share)s") % {"share": f"{100 * (settled + unconfirmed) / judged:.0f}%"}
    quarters = _quarters(data["quarters"])
    results = [
        _card(_("收到的投诉"), number_text(data["received"]), _("近12个月各渠道收到的投诉件数，按收到的日期。")),
        _card(
            _("ODR和解成功率"),
            _share(data["settled"]),
            _("消费者确认和解 ÷（确认和解＋未获确认＋另行和解＋和解不成），按阶段结束的日期。没有答复的不算成功。"),
            upper or quarters,
            _of(data["settled"]),
        ),
        _card(
            _("按时办结率"),
            _share(data["on_time"]),
            _("协商期限届满前结束的阶段 ÷（这些＋期限届满的阶段，不论后来是否结束）。"),
            quarters,
            _of(data["on_time"]),
        ),
        _card(
            _("守约率"),
            _share(data["kept"]),
            _("按时做到并经消费者确认的约定 ÷ 到期的企业约定。"),
            quarters,
            _of(data["kept"]),
        ),
    ]
    if data["response"]:
        hours, n = data["response"]
        why = _("从送达企业到第一次联系上消费者，一半在多少个工作小时以内；每天8个工作小时。")
        value = _("≤%(n)s工作小时") % {"n": hours}
        results.append(_card(_("首次响应"), value, why, _("一半在此以内"), f"n={n:,}"))
    if data["recovered"] is not None:
        why = _("企业已退付、并经消费者确认的金额。")
        results.append(_card(_("挽回经济损失"), f"¥{data['recovered']:,}", why))
    return results


def _card(title: str, value: str, why: str, foot: str = "", n: str = "") -> dict[str, str]:
    return {"title": title, "value": value, "foot": foot, "n": n, "why": why}


def _quarters(named: Sequence[str]) -> str:
    return " – ".join(dict.fromkeys(named))


#: A number of a set: itself, [at least], or None where nothing can be said.
_Number = int | list[int] | None


def number_text(n: _Number) -> str:
    if isinstance(n, list):
        return _("至少%(n)s") % {"n": f"{n[0]:,}"}
    return _("不公布") if n is None else f"{n:,}"


def _least(n: _Number) -> int:
    return n[0] if isinstance(n, list) else n or 0


def _share(parts: Sequence[int | None]) -> str:
    """The first part of the last number."""
    part, whole = parts[0], parts[-1]
    if part is None or whole is None:
        return _("不公布")
    if whole < ENOUGH:
        return too_few(whole) or "–"
    return f"{100 * part / whole:.0f}%"


def _of(parts: Sequence[int | None]) -> str:
    return f"n={parts[-1]:,}" if parts[-1] is not None else ""


def bars(months: Sequence[tuple[str, int | None]]) -> list[dict[str, Any]]:
    """Where each bar stands; a withheld one has no height."""
    most = max((n or 0 for _, n in months), default=0) or 1
    room = _WIDE / max(1, len(months))
    return [
        {
            "x": f"{place * room + room * 0.15:.1f}",
            "y": f"{_HIGH - (n or 0) / most * _HIGH + 10:.1f}",
            "width": f"{room * 0.7:.1f}",
            "height": f"{(n or 0) / most * _HIGH:.1f}",
            "middle": f"{place * room + room / 2:.1f}",
            "label": name[5:].lstrip("0"),
            "is_withheld": n is None,
        }
        for place, (name, n) in enumerate(months)
    ]


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
    return _("%(share)s%%（n=%(n)s）") % values


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
