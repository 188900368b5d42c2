"""/open/ and /open/problems/…: the indicators of the platform or a region, and one kind of problem in it.

The newest published set is shown as it stands; nothing is counted or withheld here.
"""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.public_pages import public_page
from accounts.sign_in.entering import is_here
from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS
from oversight.models.published_models import OpenIndicators
from oversight.open_data.files import label_of
from oversight.open_pages import findings, league
from oversight.open_pages.findings import Months, least, number
from oversight.published.indicator_making import MONTHS, OTHER
from web.incoming import whole
from web.small_numbers import ENOUGH, too_few
from web.templatetags.portal import name_of

#: Categories stand in the order of the form, and regions in that of their codes: by number, what is withheld would have
#: to be ranked too.
_FORM, _LAST = {code: place for place, code in enumerate(OBJECT_LABELS)}, len(OBJECT_LABELS)


class _Place:
    """The row that is asked for, else that of the country; None before the first night."""

    def __init__(self, request: HttpRequest) -> None:
        asked = whole(request.GET.get("region"), 9)
        self.country = OpenIndicators.objects.filter(level="country").first()
        self.row = (OpenIndicators.objects.filter(region=asked).first() if asked else None) or self.country

    @property
    def is_whole(self) -> bool:
        return self.row is None or self.country is None or self.row.region == self.country.region

    @property
    def number(self) -> str:
        """As it stands in addresses; nothing for the whole country."""
        return "" if self.row is None or self.is_whole else str(self.row.region)

    @property
    def name(self) -> str:
        return _("全国") if self.is_whole else name_of(self.row)

    def below(self) -> list[OpenIndicators]:
        return list(OpenIndicators.objects.filter(parent=self.row.region).order_by("region")) if self.row else []

    def above(self) -> OpenIndicators | None:
        return OpenIndicators.objects.filter(region=self.row.parent).first() if self.row and self.row.parent else None


# A campaign or a warning that is taken back is gone from here within the minute.
@public_page(parameters=("region",), kept=0)
def home(request: HttpRequest) -> HttpResponse:
    place = _Place(request)
    row = place.row
    context: dict[str, Any] = {"has_reports": is_here("/open/reports/"), "has_data": is_here("/open/data/"), "row": row}
    context |= findings.acts(row)
    if row is not None:
        above, months = place.above(), Months.of(row.data)
        most = max((least(n) for _, n in row.data["categories"]), default=0) or 1
        first = row.data["months"]
        context |= {
            "place": place.name,
            "is_rounded": row.data.get("multiple_of", 1) > 1,
            "above": above,
            "above_name": name_of(above) if above else "",
            "headline": findings.headline(months),
            "newest": months.newest,
            "problems": findings.problems(months, place.number),
            "all_problems": findings.problems(months, place.number, most=None),
            "league": league.first_of(row.region, findings.FIRMS),
            "cards": _cards(row.data),
            "bars": findings.bars(first),
            "months": [(name, number(n)) for name, n in first],
            "categories": [
                (
                    (_("其他和没有写明的") if code == OTHER else str(OBJECT_LABELS.get(code, code))),
                    number(n),
                    f"{100 * least(n) / most:.1f}",
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
                    "received": number(one.data["received"]),
                    "settled": _share(one.data["settled"]),
                }
                for one in place.below()
            ],
        }
    return render(request, "open/home.html", context)


@public_page(parameters=("region",), kept=0)
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """One kind of problem in a place: month by month, where it is, what is being done about it, what one can do."""
    place = _Place(request)
    if code not in PROBLEM_LABELS:
        raise Http404
    context: dict[str, Any] = {"label": label_of("problem", code), "place": place.name, "region": place.number}
    context |= {"row": place.row, **findings.acts(place.row, code)}
    if place.row is not None:
        months, above = Months.of(place.row.data), place.above()
        numbers = months.problems.get(code, [0] * len(months.names))
        shown = list(zip(months.names, numbers, strict=True))[-MONTHS:]
        context |= {
            "said": months.said(numbers),
            "newest": months.newest,
            "is_rounded": months.is_rounded,
            "bars": findings.bars(shown),
            "months": [(name, number(n)) for name, n in shown],
            "above_url": findings.address(code, str(above.region) if above.parent else "") if above else "",
            "above_name": name_of(above) if above else "",
            "regions": [
                {"name": name_of(one), "url": findings.address(code, str(one.region)), "received": number(counts[-1])}
                for one in place.below()
                if (counts := one.data.get("problems", {}).get(code))
            ],
        }
    return render(request, "open/problem.html", context)


def _cards(data: dict[str, Any]) -> list[dict[str, str]]:
    """Each figure with what it was made of; a share only where its parts are shown and there are thirty or more."""
    settled, unconfirmed, _other, judged = data["settled"]
    upper = ""
    if None not in (settled, unconfirmed, judged) and judged >= ENOUGH:
        upper = _("没答复的也算上，最多%(share)s") % {"share": f"{100 * (settled + unconfirmed) / judged:.0f}%"}
    quarters = _quarters(data["quarters"])
    results = [
        _card(_("收到的投诉"), number(data["received"]), _("近12个月各渠道收到的投诉件数，按收到的日期。")),
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
