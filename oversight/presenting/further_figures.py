"""The figures of the procedure (section 7) that the first page does not show: ODR先行和解率, 满意度, and what tells of
gaming.

All are sums of the counters over the period, so a place of any size costs the same one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oversight.counters.reads import Sums, steadily
from oversight.figures.figures import RESULTS, Figure, Measure
from oversight.presenting import cards
from oversight.presenting.cards import Card, Lists, Part

_ENDED = tuple(f"ended_{result}" for result in RESULTS)
NAMES = (
    "received",
    "closed",
    "rated",
    "marks",
    "delivered",
    "again",
    "offered",
    "offered_last_day",
    "ended_last_day",
    *_ENDED,
)


def counted(measure: Measure) -> dict[str, Figure]:
    """By code; nothing while nothing was ever folded. One statement beside those that ask how far the counters are."""
    sums = steadily(
        lambda counters: counters.sums(measure.scope, measure.period, names=NAMES),
        now=measure.now,
        calendar=measure.calendar,
    )
    return of_sums(sums[""]) if sums else {}


def of_sums(sums: Sums) -> dict[str, Figure]:
    """``sums`` of NAMES."""
    ended = sum(sums[name] for name in _ENDED)

    def share(code: str, part: int, whole: int, **beside: int) -> Figure:
        return Figure(code=code, n=whole, numerator=part, denominator=whole, beside=beside)

    return {
        "first_settled": share("first_settled", sums["ended_settled"], sums["received"]),
        "rating": Figure(
            code="rating",
            n=sums["rated"],
            beside={"marks": sums["marks"], "closed": sums["closed"]},
            spread={"mean": sums["marks"] / sums["rated"]} if sums["rated"] else {},
        ),
        "withdrawn": share("withdrawn", sums["ended_withdrawn"], ended),
        "again": share("again", sums["again"], sums["delivered"]),
        "last_day": share("last_day", sums["ended_last_day"], ended),
        "last_offer": share("last_offer", sums["offered_last_day"], sums["offered"]),
    }


def _share(label: Any, what: str, of: Any, of_what: str) -> Callable[[Figure, Lists], Card]:
    """``what`` and ``of_what`` are lists behind the two numbers (rollup_behind.WHAT)."""

    def build(figure: Figure, lists: Lists) -> Card:
        part, whole = figure.numerator or 0, figure.n
        return Card(
            code=figure.code,
            value=cards.percent(figure.value),
            foot=(cards.n_of(figure), *cards.interval(figure), *cards.few(figure.n)),
            parts=(
                Part(str(label), cards.cases(part), lists.behind(what) if part else ""),
                Part(str(of), cards.cases(whole), lists.behind(of_what) if whole else ""),
            ),
        )

    return build


def _rating(figure: Figure, lists: Lists) -> Card:
    closed = figure.beside["closed"]
    mean = figure.spread.get("mean")
    return Card(
        code="rating",
        value=cards.NOTHING if mean is None else f"{mean:.2f}",
        unit="" if mean is None else _("分"),
        foot=(
            cards.n_of(figure),
            _("办结的%(share)s评了分") % {"share": cards.percent(figure.n / closed) if closed else cards.NOTHING},
            *cards.few(figure.n),
        ),
        parts=(
            Part(_("评了分的"), cards.cases(figure.n), lists.behind("rated") if figure.n else ""),
            Part(_("办结的件数"), cards.cases(closed), lists.behind("closed") if closed else ""),
        ),
    )


_CARDS: Mapping[str, Callable[[Figure, Lists], Card]] = {
    "first_settled": _share(gettext_lazy("确认和解"), "ended_settled", gettext_lazy("收到"), "received"),
    "rating": _rating,
    "withdrawn": _share(gettext_lazy("撤回的"), "ended_withdrawn", gettext_lazy("结束的"), "ended"),
    "again": _share(gettext_lazy("60天内再次投诉"), "again", gettext_lazy("送达的"), "delivered"),
    "last_day": _share(gettext_lazy("最后一天才结束"), "ended_last_day", gettext_lazy("结束的"), "ended"),
    "last_offer": _share(gettext_lazy("最后一天才提方案"), "offered_last_day", gettext_lazy("提过方案的"), "offered"),
}


def cards_of(found: Mapping[str, Figure], lists: Lists) -> list[Card]:
    return [build(found[code], lists) for code, build in _CARDS.items() if code in found]
