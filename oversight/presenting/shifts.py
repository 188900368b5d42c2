"""What changed, beside each figure; whether it really changed, or only as numbers do by chance.

A change is said to be one only where it lies beyond the usual swings of the same comparison at earlier dates
(oversight/figures/chance.py). What was not measured so (sums of money, lengths of time, marks) is shown and never
judged; so is everything while there is too little history, or while today, which is not over, is in the period.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oversight.figures import chance
from oversight.figures.chance import Verdict
from oversight.figures.dispersion import Dispersion, q_values
from oversight.figures.figures import OF_TWO_COUNTS, Figure
from oversight.presenting import cards, lengths, past
from oversight.presenting.cards import Shift
from oversight.presenting.overview import Overview
from oversight.presenting.past import COUNTS, HISTORY, TODAY, Usual
from web.small_numbers import ENOUGH

#: Lengths of time, and which number of their spread stands for them.
LENGTHS = {"first_response": "minutes_median", "acceptance": "minutes_median", "handling_time": "wd_mean"}
#: Why a change is not judged, beside too little history and a day that is not over: nothing measures it; too few cases;
#: two places.
UNMEASURED, FEW, PLACES = "", "few", "places"


@dataclass(frozen=True, slots=True)
class Change:
    """From ``before`` to ``after``. Without a ``verdict`` it is not judged, for the reason ``why`` (too few: with one).
    ``needed``: so many cases would show a change of three tenths, or so many weeks of history are needed.
    """

    after: float
    before: float
    verdict: Verdict | None = None
    why: str = UNMEASURED
    needed: int = 0

    @property
    def by(self) -> float:
        return self.after - self.before

    @property
    def is_real(self) -> bool:
        """Beyond the usual swings."""
        return self.verdict is not None and self.verdict.p <= chance.LEVEL

    @property
    def is_rise(self) -> bool:
        """Of a count: beyond what its days let expect."""
        return (self.by if self.verdict is None else self.verdict.by) > 0


def of_counts(after: int, before: int, known: Dispersion, share: float = 0.5) -> Change:
    """Two counts; ``share``: of both together, the part to be expected in the later."""
    verdict, needed = chance.judged(chance.of_counts(after, before, share), known), chance.cases_to_see(known)
    is_few = verdict.p > chance.LEVEL and max(after, before) < needed
    # What is too small to show anything is one of the many that were looked at all the same.
    return Change(after, before, verdict, FEW if is_few else "", needed)


def of_shares(after: Figure, before: Figure, known: Dispersion) -> Change | None:
    """Two shares, or ratios of counts; None where one is of too few."""
    difference, value, then = past.difference_of(after, before), after.value, before.value
    if (
        difference is None
        or value is None
        or then is None
        or min(after.denominator or 0, before.denominator or 0) < ENOUGH
    ):
        return None
    return Change(value, then, chance.judged(difference, known))


def unjudged(after: Figure, before: Figure, why: str = UNMEASURED, needed: int = 0) -> Change | None:
    """The two numbers of a figure side by side; None without both."""
    values = [_value(figure) for figure in (after, before)]
    return None if values[0] is None or values[1] is None else Change(values[0], values[1], None, why, needed)


def _value(figure: Figure) -> float | None:
    """None also for a share or mark of too few."""
    if figure.denominator is not None:
        return figure.value if figure.denominator >= ENOUGH else None
    if figure.code == "rating":
        return figure.spread.get("mean") if figure.n >= ENOUGH else None
    if figure.code in LENGTHS:
        return figure.spread.get(LENGTHS[figure.code])
    if figure.money or figure.code == "recovered":
        return float(figure.money.get("CNY", {}).get("confirmed", 0))
    return float(figure.n)


def judged(after: Mapping[str, Figure], before: Mapping[str, Figure], usual: Usual | None) -> dict[str, Change]:
    """The change of each figure of one place; without what is ``usual`` nothing is judged."""
    results: dict[str, Change | None] = {}
    for code in [code for code in after if code in before]:
        one, other = after[code], before[code]
        if usual is not None and usual.why and (code in COUNTS or one.denominator is not None):
            results[code] = unjudged(one, other, usual.why, usual.needed)
        elif usual is None or code not in usual.dispersions:
            results[code] = unjudged(one, other)
        elif code in COUNTS:
            results[code] = of_counts(one.n, other.n, usual.dispersions[code], usual.expected[code])
        else:
            results[code] = of_shares(one, other, usual.dispersions[code])
    return {code: change for code, change in results.items() if change is not None}


def of_places(here: Mapping[str, Figure], there: Mapping[str, Figure], sides: Sequence[Usual]) -> dict[str, Change]:
    """Two places beside each other: shares, each as restless as it was against its own time before (``sides``). Counts
    are not judged, as places are of different sizes.
    """
    why = next((side.why for side in sides if side.why), "")
    needed = max((side.needed for side in sides), default=0)
    results: dict[str, Change | None] = {}
    for code in [code for code in here if code in there]:
        one, other = here[code], there[code]
        if code in COUNTS:
            results[code] = unjudged(one, other, PLACES)
        elif one.denominator is None or other.denominator is None or not sides:
            results[code] = unjudged(one, other)
        elif why or not all(code in side.dispersions for side in sides):
            results[code] = unjudged(one, other, why, needed)
        else:
            first, second = (side.dispersions[code] for side in sides)
            results[code] = of_shares(one, other, past.of_both(first, one, second, other))
    return {code: change for code, change in results.items() if change is not None}


def many(changes: Mapping[Any, Change]) -> dict[Any, Change]:
    """Of many comparisons at once: each ``p`` becomes the share of false ones among all as sure (Benjamini and
    Hochberg), so that the more are looked at, the surer one must be to be named.
    """
    sure = {key: change.verdict for key, change in changes.items() if change.verdict is not None}
    shares = q_values([verdict.p for verdict in sure.values()])
    named_sure = {key: replace(verdict, p=q) for (key, verdict), q in zip(sure.items(), shares, strict=True)}
    return {key: replace(change, verdict=named_sure.get(key)) for key, change in changes.items()}


def of_overview(overview: Overview, nth: int) -> dict[str, Change]:
    """The change of each figure of the whole against the ``nth`` period; what has nothing to compare is left out.

    Nothing came in and nothing ended then: there are no figures of those days, as in the first year of a portal.
    """
    now, then = overview.whole.periods[0], overview.whole.periods[nth]
    if not then["received"].n and not then["closed"].n:
        return {}
    return judged(now, then, overview.usual[nth - 1])


def of_parts(overview: Overview) -> dict[int, Change]:
    """What came in of each part against the period before; many at once, so that only what is surely one is named."""
    usual, known = overview.usual[0], overview.usual_of_parts
    counts = {pk: (part.now["received"].n, part.came_before) for pk, part in overview.parts.items()}
    if usual is None or usual.why or not all(pk in known for pk in counts):
        why, needed = (usual.why, usual.needed) if usual is not None else (UNMEASURED, 0)
        return {pk: Change(*numbers, None, why, needed) for pk, numbers in counts.items()}
    share = usual.expected["received"]
    return many({pk: of_counts(*numbers, known[pk], share) for pk, numbers in counts.items()})


def shift(code: str, change: Change, than: str) -> Shift:
    """▲ 比前7天多80件，超出平常波动（多8%–84%）. ``than`` names the other period."""
    up = change.is_rise
    values: dict[str, Any] = {"than": than, "before": _number(code, change.before), "needed": f"{change.needed:,}"}
    if not change.is_real:
        return Shift(_why(change) % values, "")
    values["by"] = _by(code, abs(change.by))
    if (change.by > 0) != up or not change.by:
        # Of a period with fewer working days, or more.
        text = _("%(than)s%(before)s；按工作日、休息日折算，超出平常波动")
    elif code in COUNTS:
        text = _("比%(than)s多%(by)s，超出平常波动") if up else _("比%(than)s少%(by)s，超出平常波动")
    else:
        text = _("比%(than)s高%(by)s，超出平常波动") if up else _("比%(than)s低%(by)s，超出平常波动")
    return Shift(text % values + _range(code, change), "up" if up else "down")


def short(change: Change) -> Shift:
    """The same of what came in, for a narrow column under the name of the other period."""
    values = {"before": _number("received", change.before)}
    if not change.is_real:
        return Shift((_("%(before)s，不能说有变化") if change.verdict is not None else "%(before)s") % values, "")
    text = _("%(before)s，超出平常波动") % values + _range("received", change)
    return replace(shift("received", change, ""), text=text)


def alone(code: str, change: Change) -> str:
    """The same where the number of before stands beside it: ▲ 多80件，超出平常波动（多8%–84%）."""
    up = change.is_rise
    if not change.is_real:
        if change.verdict is not None:
            return _("件数太少，说不清") if change.why == FEW else _("波动常见，不能说有变化")
        return reason(change) or _("只列出，不作判断")
    values = {"by": _by(code, abs(change.by))}
    if (change.by > 0) != up or not change.by:
        text = _("按工作日、休息日折算，超出平常波动")
    elif code in COUNTS:
        text = _("▲ 多%(by)s，超出平常波动") if up else _("▼ 少%(by)s，超出平常波动")
    else:
        text = _("▲ 高%(by)s，超出平常波动") if up else _("▼ 低%(by)s，超出平常波动")
    return text % values + _range(code, change)


def reason(change: Change) -> str:
    """Why nothing is compared, where that holds for all."""
    if change.why == HISTORY:
        return _("历史不足%(n)s周，不作比较") % {"n": change.needed}
    return _("今天还没有过完，不作比较") if change.why == TODAY else ""


def _why(change: Change) -> str:
    if change.verdict is not None and not change.why:
        return _("%(than)s%(before)s；这样的波动常见，不能说有变化")
    return {
        FEW: _("%(than)s%(before)s；件数太少，说不清；每期约%(needed)s件才看得出三成的变化"),
        HISTORY: _("%(than)s%(before)s；历史不足%(needed)s周，不作比较"),
        TODAY: _("%(than)s%(before)s；今天还没有过完，不作比较"),
        PLACES: _("%(than)s%(before)s；两边大小不同，不比较件数"),
    }.get(change.why, _("%(than)s%(before)s（只列出，不作判断）"))


def _number(code: str, n: float) -> str:
    if code == "handling_time":
        return lengths.with_unit(lengths.number(n), _("个工作日"))
    if code in LENGTHS:
        return lengths.with_unit(*lengths.working_time(n))
    if code == "recovered":
        return cards.amount_in("CNY", n, is_short=True)
    if code == "rating":
        return lengths.with_unit(f"{n:.2f}", _("分"))
    return cards.cases(round(n)) if code in COUNTS else cards.percent(n)


def _by(code: str, n: float) -> str:
    if code in COUNTS:
        return cards.cases(round(n))
    return ngettext("%(n)s个百分点", "%(n)s个百分点", 2) % {"n": f"{n * 100:.1f}"}


def _range(code: str, change: Change) -> str:
    """The 95 % interval of the change, in brackets: of counts in per cent (nothing of few), of shares in points, of
    ratios as their quotient.
    """
    verdict, up = change.verdict, change.is_rise
    if verdict is None or (code in COUNTS and min(change.after, change.before) < ENOUGH):
        return ""
    if code in OF_TWO_COUNTS:
        return _("（%(low)s–%(high)s倍）") % {"low": f"{exp(verdict.low):.2f}", "high": f"{exp(verdict.high):.2f}"}
    if code in COUNTS:
        ends = sorted(abs(exp(end) - 1) for end in (verdict.low, verdict.high))
        values = {"low": f"{ends[0]:.0%}", "high": f"{ends[1]:.0%}"}
        return (_("（多%(low)s–%(high)s）") if up else _("（少%(low)s–%(high)s）")) % values
    ends = sorted(abs(end) * 100 for end in (verdict.low, verdict.high))
    values = {"low": f"{ends[0]:.1f}", "high": f"{ends[1]:.1f}"}
    return (_("（高%(low)s–%(high)s个百分点）") if up else _("（低%(low)s–%(high)s个百分点）")) % values


def first_cards(
    result: Mapping[str, Figure],
    lists: cards.Lists,
    against: Sequence[tuple[str, Mapping[str, Change]]],
    today: tuple[str, ...] = (),
) -> list[cards.Card]:
    """The cards of the period with their changes; ``against`` names each other period and what changed since, ``today``
    what came in since the period. What came in and what went says so where there was nothing then, as in the first
    year of a portal.
    """
    return [
        replace(
            card,
            foot=(*card.foot, *(today if card.code == "received" else ())),
            shifts=tuple(
                (
                    shift(card.code, changes[card.code], than)
                    if card.code in changes
                    else Shift(_("%(than)s没有数据") % {"than": than})
                )
                for than, changes in against
                if card.code in changes or (card.code in COUNTS and not changes)
            ),
        )
        for card in cards.flow_cards(result, lists)
    ]
