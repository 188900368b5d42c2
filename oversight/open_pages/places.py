"""/open/ and /open/problems/…: the indicators of the platform or a region, and one kind of problem in it.

The newest published set is shown as it stands; nothing is counted or withheld here.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.public_pages import public_page
from accounts.sign_in.entering import is_here
from accounts.sign_in.limits import place_of
from authorities.models import Region
from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS
from oversight.models.published_models import OpenIndicators
from oversight.open_data.files import label_of
from oversight.open_pages import findings, league, problem_ranks
from oversight.open_pages.findings import Months, least, number
from oversight.published.indicator_making import FORMULA, LEVELS, MONTHS, OTHER
from web.incoming import whole
from web.small_numbers import ENOUGH, too_few
from web.templatetags.portal import name_of

#: Categories stand in the order of the form, and regions in that of their codes: by number, what is withheld would have
#: to be ranked too.
_FORM, _LAST = {code: place for place, code in enumerate(OBJECT_LABELS)}, len(OBJECT_LABELS)


class _Place:
    """The region that is asked for, else the country; its row, where anything was issued of it."""

    def __init__(self, request: HttpRequest) -> None:
        asked = whole(request.GET.get("region"), 9)
        self.country = OpenIndicators.objects.filter(level="country").first()
        self.row = OpenIndicators.objects.filter(region=asked).first() if asked else None
        #: A region of which nothing was issued; rows of another formula were not made of all that have a page now.
        self.bare = (
            Region.objects.filter(pk=asked, country="CN", level__in=LEVELS).first()
            if asked and self.country is not None and self.row is None and self.country.formula == FORMULA
            else None
        )
        if self.bare is None and self.row is None:
            self.row = self.country

    @property
    def is_whole(self) -> bool:
        return self.bare is None and (self.row is None or self.row.level == Region.Level.COUNTRY)

    @property
    def region(self) -> int | None:
        """None for the whole country."""
        if self.bare is not None:
            return self.bare.pk
        return None if self.row is None or self.is_whole else self.row.region

    @property
    def number(self) -> str:
        """As it stands in addresses; nothing for the whole country."""
        return str(self.region or "")

    @property
    def name(self) -> str:
        return _("全国") if self.is_whole else name_of(self.bare or self.row)

    @property
    def nothing(self) -> str:
        """Why there are no numbers. What has no line in an issued file happened no time there."""
        if self.bare is None or self.country is None:
            return _("还没有公布过数字。每天夜里从公开数据里算。")
        first, last = (date_format(day, "YEAR_MONTH_FORMAT") for day in (self.country.first, self.country.last))
        values = {"place": self.name, "first": first, "last": last}
        if untold := findings.untold(self.country.data, [self.bare.level]):
            return " ".join([_("%(first)s至%(last)s，%(place)s没有公布过数字。") % values, *untold])
        return _("%(first)s至%(last)s，%(place)s没有收到投诉。有了以后，月份结束、公布以后就在这里。") % values

    @cached_property
    def below(self) -> list[OpenIndicators]:
        return list(OpenIndicators.objects.filter(parent=self.row.region).order_by("region")) if self.row else []

    def untold(self) -> list[str]:
        """Months shown here of which nothing is said of this place, or of those right below it."""
        if self.row is None:
            return []
        return findings.untold(self.row.data, {self.row.level, *(one.level for one in self.below)})

    def above(self) -> tuple[str, str] | None:
        """Number ("" for the whole country) and name of what it lies in."""
        parent = self.bare.parent_id if self.bare is not None else self.row.parent if self.row is not None else None
        above = Region.objects.filter(pk=parent).first() if parent else None
        if above is None:
            return None
        return ("" if above.level == Region.Level.COUNTRY else str(above.pk)), name_of(above)


# A campaign or a warning that is taken back is gone from here within the minute.
@public_page(parameters=("region",), kept=0)
def home(request: HttpRequest) -> HttpResponse:
    place = _Place(request)
    row = place.row
    context: dict[str, Any] = {"has_reports": is_here("/open/reports/"), "has_data": is_here("/open/data/"), "row": row}
    context |= {"place": place.name, "nothing": place.nothing, "above": place.above(), **findings.acts(place.region)}
    if row is not None:
        months = Months.of(row.data)
        first = row.data["months"]
        context |= {
            "is_rounded": row.data.get("multiple_of", 1) > 1,
            "frames": {
                name: f"{place_of(request)}{reverse(f'oversight:embed-{name}')}?region={row.region}"
                for name in ("received", "kinds")
            },
            "headline": findings.headline(months),
            "newest": months.newest,
            "problems": findings.problems(months, place.number),
            "all_problems": findings.problems(months, place.number, most=None),
            "league": league.first_of(row.region, findings.FIRMS),
            "cards": _cards(row.data),
            "bars": findings.bars(first),
            "months": [(name, number(n)) for name, n in first],
            "kinds": kinds_of(row.data),
            "regions": [
                {
                    "name": name_of(one),
                    "region": one.region,
                    "received": number(one.data["received"]),
                    "settled": _share(one.data["settled"]),
                }
                for one in place.below
            ],
            "untold": place.untold(),
        }
    return render(request, "open/home.html", context)


def kinds_of(data: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """What complaints are of, in the order of the form: name, number, width of its bar in per cent, whether it is a
    least number."""
    most = max((least(n) for _, n in data["categories"]), default=0) or 1
    return [
        (
            _("其他和没有写明的") if code == OTHER else str(OBJECT_LABELS.get(code, code)),
            number(n),
            f"{100 * least(n) / most:.1f}",
            isinstance(n, list),
        )
        for code, n in sorted(
            ((code, n) for code, n in data["categories"] if n != 0), key=lambda one: _FORM.get(one[0], _LAST)
        )
    ]


@public_page(parameters=("region",), kept=0)
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """One kind of problem in a place: month by month, where it is, what is being done about it, what one can do."""
    place = _Place(request)
    if code not in PROBLEM_LABELS:
        raise Http404
    context: dict[str, Any] = {"label": label_of("problem", code), "place": place.name, "region": place.number}
    context |= {"row": place.row, "said": place.nothing, **findings.acts(place.region, code)}
    if (above := place.above()) is not None:
        context |= {"above_url": findings.address(code, above[0]), "above_name": above[1]}
    if place.row is not None:
        months = Months.of(place.row.data)
        numbers = findings.of_problem(place.row.data, code)
        sector = problem_ranks.sector_of(code)
        shown = list(zip(months.names, numbers, strict=True))[-MONTHS:]
        context |= {
            "said": months.said(numbers) or place.nothing,
            "newest": months.newest,
            "is_rounded": months.is_rounded,
            "untold": place.untold(),
            "bars": findings.bars(shown),
            "months": [(name, number(n)) for name, n in shown],
            "regions": problem_ranks.places(code, place.below),
            "league": league.first_of(place.row.region, findings.FIRMS, sector),
            "sector": str(OBJECT_LABELS.get(sector, "")),
            "enough": ENOUGH,
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
            _of(data["kept"], _("共%(n)s项")),
        ),
    ]
    if data["response"]:
        hours, n = data["response"]
        why = _("从送达企业到第一次联系上消费者，一半在多少个工作小时以内；每天8个工作小时。")
        value = _("≤%(n)s工作小时") % {"n": hours}
        results.append(_card(_("首次响应"), value, why, _("一半在此以内"), _("共%(n)s件") % {"n": f"{n:,}"}))
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


def _of(parts: Sequence[int | None], words: str = "") -> str:
    """Of how many; ``words``: where these are no cases."""
    return (words or _("共%(n)s件")) % {"n": f"{parts[-1]:,}"} if parts[-1] is not None else ""
