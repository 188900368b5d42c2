"""The figures as cards: the number in words, what stands beside it, the lists that it opens.

A count is a link only where the list behind it has exactly that many cases.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from oversight.figures.definitions import DEFINITIONS, Definition, Period
from oversight.figures.figures import OF_TWO_COUNTS, VERSIONS, Figure
from oversight.presenting import lengths
from oversight.presenting.leagues import ratio_interval
from web.small_numbers import ENOUGH, share_text, too_few, wilson

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class FigurePart:
    """One line behind a figure; ``url`` opens the cases that it counts."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """How a figure stands against another period, in words; ``direction`` (up, down) only beyond its usual swings."""

    text: str
    direction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure ready to be shown."""

    code: str
    value: str
    unit: str = ""
    tone: str = "neutral"
    foot: tuple[str, ...] = ()
    parts: tuple[FigurePart, ...] = ()
    shifts: tuple[Shift, ...] = ()
    url: str = ""

    @property
    def version(self) -> int:
        return VERSIONS[self.code]

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.code]


# A table of places has some hundred addresses, which have most of their parts in common.
@cache
def _page(name: str) -> str:
    return reverse(name)


@lru_cache(maxsize=5000)
def _pair(name: str, value: str) -> str:
    return urlencode({name: value})


@dataclass(frozen=True, slots=True)
class Lists:
    """Addresses of the list of cases under the same conditions as the figures."""

    period: Period
    category: str = ""
    enterprise_id: int | None = None
    #: Code of the place that is looked at; empty for all of the own regions.
    region: str = ""
    channel: str = ""

    def url(self, *, enterprise_id: int | None = None, region: str = "", **query: str) -> str:
        return self._address(_page("complaints:authority-cases"), query, enterprise_id, region)

    def behind(self, what: str, *, enterprise_id: int | None = None, region: str = "") -> str:
        """What a counter counted in the period, one by one (oversight/counters/behind.py)."""
        days = {"first": self.period.first.isoformat(), "last": self.period.last.isoformat()}
        return self._address(_page("oversight:cases"), {"what": what, **days}, enterprise_id, region)

    def _address(self, here: str, query: Mapping[str, str], enterprise_id: int | None, region: str) -> str:
        enterprise = enterprise_id or self.enterprise_id
        values = {
            **query,
            "region": region or self.region,
            "category": self.category,
            "channel": self.channel,
            "enterprise": str(enterprise) if enterprise else "",
        }
        text = "&".join(_pair(name, value) for name, value in values.items() if value)
        return f"{here}?{text}" if text else here

    def received_of(self, problem: str, thing: str) -> str:
        """Those of one problem with one object."""
        url = replace(self, category=problem).received()
        return f"{url}&{_pair('object', thing)}"

    def received(self, *, enterprise_id: int | None = None, region: str = "") -> str:
        days = {"received_from": self.period.first.isoformat(), "received_to": self.period.last.isoformat()}
        return self.url(enterprise_id=enterprise_id, region=region, status="any", **days)


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value * 100:.1f}%"


def percents(low: float | None, high: float | None) -> str:
    """58.0～71.0%: confirmed to upper bound; one number where they are the same."""
    if low is None or high is None:
        return NOTHING
    first, last = f"{low * 100:.1f}", f"{high * 100:.1f}"
    return (
        f"{last}%"
        if first == last
        else pgettext("from a share to a share", "%(low)s～%(high)s%%") % {"low": first, "high": last}
    )


def share_of(figure: Figure) -> str:
    """A share as people read it, up to its upper bound where it has one; of too few the two counts."""
    whole = figure.denominator or 0
    if figure.upper is None or whole < ENOUGH:
        return share_text(figure.numerator or 0, whole)
    return percents(figure.value, figure.upper_value)


def cases(n: int) -> str:
    return ngettext("%(n)s件", "%(n)s件", n) % {"n": f"{n:,}"}


def unit_of(n: int) -> str:
    return ngettext("件", "件", n)


def few(n: int) -> tuple[str, ...]:
    """Why no share stands there, as a line of a card."""
    return (reason,) if (reason := too_few(n)) else ()


def tone_of(tone: str, n: int) -> str:
    """Too few have no colour."""
    return tone if n >= ENOUGH else "neutral"


def n_of(figure: Figure) -> str:
    return _("共%(n)s件") % {"n": f"{figure.n:,}"}


def _count(figure: Figure, lists: Lists) -> Card:
    url = lists.received() if figure.code == "received" else lists.behind(figure.code)
    return Card(code=figure.code, value=f"{figure.n:,}", unit=unit_of(figure.n), url=url, foot=(_("本时间段"),))


def share_card(figure: Figure, *parts: FigurePart, tone: str = "neutral", foot: tuple[str, ...] = ()) -> Card:
    """A share with its number of cases and its interval, and the two or more numbers that it is made of."""
    foot = (n_of(figure), *interval(figure), *foot, *few(figure.n))
    return Card(code=figure.code, value=share_of(figure), tone=tone_of(tone, figure.n), foot=foot, parts=parts)


def goal_tone(value: float | None) -> str:
    """Of a share that ought to be 95 % or more."""
    return "neutral" if value is None else "ok" if value >= 0.95 else "warn"


def _settled(figure: Figure, lists: Lists) -> Card:
    names = (
        ("settled", _("确认和解")),
        ("unconfirmed", _("未获确认")),
        ("settled_elsewhere", _("另行和解")),
        ("failed", _("和解不成")),
        ("let_rest", _("其中消费者不再坚持")),
        ("withdrawn", _("撤回（不计）")),
        ("returned", _("退回（不计）")),
    )
    parts = [part(label, figure.beside[name], lists, f"ended_{name}") for name, label in names]
    parts.append(part(_("其中部分和解"), figure.beside["in_part"], lists, "in_part"))
    label = _("已确认～含未答复") if figure.n >= ENOUGH else _("已确认")
    return Card(
        code="settled",
        value=share_of(figure),
        parts=tuple(parts),
        foot=(f"{label} · {n_of(figure)}", *interval(figure), *few(figure.n)),
    )


def part(label: str, n: int, lists: Lists, what: str) -> FigurePart:
    return FigurePart(label, cases(n), lists.behind(what) if n else "")


def interval(figure: Figure) -> tuple[str, ...]:
    """Where the share lies with 95 % certainty, by Wilson; a ratio of two counts may lie over 100 %. Of too few
    nothing."""
    whole = figure.denominator or 0
    if whole < ENOUGH:
        return ()
    low, high = (ratio_interval if figure.code in OF_TWO_COUNTS else wilson)(figure.numerator or 0, whole)
    return (_("95%%区间%(share)s") % {"share": percents(low, high)},)


def _on_time(figure: Figure, lists: Lists) -> Card:
    beside = figure.beside
    return share_card(
        figure,
        part(_("届满前结束"), figure.numerator or 0, lists, "in_time"),
        part(_("其中企业自己报告和解不成"), beside["reported"], lists, "in_time_reported"),
        part(_("其中撤回、退回"), beside["apart"], lists, "in_time_apart"),
        part(_("届满后才结束"), beside["ended_late"], lists, "ended_late"),
        part(_("届满仍未结束"), beside["open_overdue"], lists, "open_overdue"),
        tone=goal_tone(figure.value),
        foot=(_("其中自报和解不成%(n)s件") % {"n": beside["reported"]},),
    )


def _response(figure: Figure, *parts: FigurePart) -> Card:
    """A median of working minutes."""
    if not figure.n:
        return Card(code=figure.code, value=NOTHING, foot=(n_of(figure),), parts=parts)
    value, unit = lengths.working_time(figure.spread["minutes_median"])
    nine, nine_unit = lengths.time_within(figure.spread["minutes_p90"])
    foot = (_("中位 · 九成在%(value)s%(unit)s以内") % {"value": nine, "unit": nine_unit}, n_of(figure))
    return Card(code=figure.code, value=lengths.about(value, figure), unit=unit, foot=foot, parts=parts)


def _first_response(figure: Figure, lists: Lists) -> Card:
    waiting = part(_("此刻尚未响应"), figure.beside["unanswered"], lists, "waiting")
    if not figure.n:
        return _response(figure, waiting)
    names = (("wd_median", _("中位（工作日）")), ("wd_p90", _("90分位（工作日）")))
    times = [FigurePart(label, lengths.days(figure.spread[name])) for name, label in names if name in figure.spread]
    return _response(figure, part(_("已响应"), figure.n, lists, "responded"), *times, waiting)


def _acceptance(figure: Figure, lists: Lists) -> Card:
    return _response(figure, *([part(_("已受理"), figure.n, lists, "accepted")] if figure.n else []))


def _review(figure: Figure, lists: Lists) -> Card:
    return share_card(
        figure,
        part(_("按时决定"), figure.numerator or 0, lists, "review_met"),
        part(_("期限已过"), figure.beside["late"], lists, "review_late"),
        tone=goal_tone(figure.value),
    )


def _handling_time(figure: Figure, lists: Lists) -> Card:
    if not figure.n:
        return Card(code="handling_time", value=NOTHING, foot=(n_of(figure),))
    spread = figure.spread
    names = (
        *(("wd_mean", _("平均（工作日）")), ("wd_median", _("中位（工作日）")), ("wd_p90", _("90分位（工作日）"))),
        *(("cd_mean", _("平均（自然日）")), ("cd_median", _("中位（自然日）")), ("cd_p90", _("90分位（自然日）"))),
    )
    usual = {"median": lengths.about(lengths.days(spread["wd_median"]), figure), "p90": lengths.days(spread["wd_p90"])}
    return Card(
        code="handling_time",
        value=lengths.number(spread["wd_mean"]),
        unit=_("个工作日"),
        foot=(_("中位%(median)s，九成在%(p90)s以内") % usual, n_of(figure)),
        parts=(
            part(_("计入的案件"), figure.n, lists, "handled"),
            *(FigurePart(label, lengths.days(spread[name])) for name, label in names),
        ),
    )


def _mediated(figure: Figure, lists: Lists) -> Card:
    return share_card(
        figure,
        part(_("达成调解"), figure.numerator or 0, lists, "closed_mediated"),
        part(_("终止调解"), figure.beside["terminated"], lists, "closed_mediation_terminated"),
        part(_("达成后没有做到（不计）"), figure.beside["not_kept"], lists, "closed_not_kept"),
    )


def _kept(figure: Figure, lists: Lists) -> Card:
    names = (
        ("late", _("逾期才做到")),
        ("silent", _("消费者没有答复")),
        ("broken", _("没有做到")),
        ("waiting", _("到期待办或待确认")),
    )
    return Card(
        code="kept",
        value=share_of(figure),
        tone=tone_of("bad" if figure.beside["broken"] else "neutral", figure.n),
        foot=(_("共%(n)s项") % {"n": f"{figure.n:,}"}, *interval(figure), *few(figure.n)),
        parts=(
            _promises(_("按时做到并经确认"), figure.numerator or 0, lists, "promise_kept"),
            *(_promises(label, figure.beside[name], lists, f"promise_{name}") for name, label in names),
        ),
    )


def _promises(label: str, n: int, lists: Lists, what: str) -> FigurePart:
    return FigurePart(label, promises(n), lists.behind(what) if n else "")


def promises(n: int) -> str:
    return ngettext("%(n)s项", "%(n)s项", n) % {"n": f"{n:,}"}


def _recovered(figure: Figure, lists: Lists) -> Card:
    sums = sorted(figure.money.items(), key=lambda row: (row[0] != "CNY", row[0]))
    parts = [
        FigurePart(label, amount_in(currency, row[name]))
        for currency, row in sums
        for name, label in (
            ("confirmed", _("经确认")),
            ("vouchers", _("抵用券（不计）")),
            ("unconfirmed", _("未经确认（不计）")),
        )
        if row[name]
    ]
    shown = [amount_in(currency, row["confirmed"], is_short=True) for currency, row in sums if row["confirmed"]]
    return Card(
        code="recovered",
        value=shown[0] if shown else amount_in("CNY", 0),
        foot=(*shown[1:3], _("共%(n)s项") % {"n": f"{figure.n:,}"}),
        parts=(_promises(_("经确认的约定"), figure.n, lists, "recovered_n"), *parts),
    )


def amount_in(currency: str, amount: Any, *, is_short: bool = False) -> str:
    """Large sums without cents where they stand alone."""
    sign = "¥" if currency == "CNY" else f"{currency} "
    return f"{sign}{amount:,.0f}" if is_short and amount >= 10_000 else f"{sign}{amount:,.2f}"


def _misrouted(figure: Figure, lists: Lists) -> Card:
    wrong = part(_("被退回"), figure.numerator or 0, lists, "misrouted")
    return share_card(figure, wrong, _promises(_("结束的阶段"), figure.n, lists, "routed"))


def _mended(figure: Figure, lists: Lists) -> Card:
    return share_card(
        figure,
        FigurePart(_("按时再次分送"), cases(figure.numerator or 0)),
        FigurePart(_("超时"), cases(figure.beside["late"])),
        FigurePart(_("还在期限内（不计）"), cases(figure.beside["waiting"])),
        tone="warn" if figure.beside["late"] else "neutral",
    )


CARDS: Mapping[str, Callable[[Figure, Lists], Card]] = {
    **{"received": _count, "closed": _count, "settled": _settled, "on_time": _on_time},
    **{"first_response": _first_response, "acceptance": _acceptance, "review_on_time": _review},
    **{"handling_time": _handling_time, "mediated": _mediated, "kept": _kept, "recovered": _recovered},
    **{"misrouted": _misrouted, "mended": _mended},
}


def flow_cards(result: Mapping[str, Figure], lists: Lists) -> list[Card]:
    return [build(result[code], lists) for code, build in CARDS.items() if code in result]
