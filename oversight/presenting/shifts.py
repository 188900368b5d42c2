"""What changed, beside each figure and as a sentence; whether it really changed, or only as numbers do by chance.

A change is said to be one only where the 95 % interval of the difference leaves out "no change". Sums of money have no
interval here and are never judged. Every word follows from two numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from authorities.models import Region
from oversight.counters.sums import quantile
from oversight.figures.definitions import Period
from oversight.figures.figures import OF_TWO_COUNTS, Figure
from oversight.presenting import cards
from oversight.presenting.cards import Shift
from oversight.presenting.leagues import Z, wilson
from oversight.presenting.overview import Overview
from web.languages import named
from web.small_numbers import ENOUGH

#: Lengths of time, and which number of their spread stands for them; without their buckets a difference cannot be
#: judged.
LENGTHS = {"first_response": "minutes_median", "acceptance": "minutes_median", "handling_time": "wd_mean"}
#: Fewer than this on both sides together, and no difference is worth a word.
TOO_FEW = 5


@dataclass(frozen=True, slots=True)
class Change:
    """From ``before`` to ``after``; ``is_chance`` is None where that cannot be judged."""

    after: float
    before: float
    is_chance: bool | None

    @property
    def by(self) -> float:
        return self.after - self.before

    @property
    def share(self) -> float | None:
        """By how much of what was before; None where nothing was."""
        return self.by / self.before if self.before else None

    @property
    def is_real(self) -> bool:
        return self.is_chance is False and self.by != 0


def of_counts(after: int, before: int, *, days: int = 1, days_before: int = 1) -> Change:
    """Two counts over so many days: of both together, the later has its share of the days unless something changed."""
    both = after + before
    low, high = wilson(after, both)
    usual = days / (days + days_before)
    return Change(after, before, both < TOO_FEW or low <= usual <= high)


def of_shares(after: tuple[int, int], before: tuple[int, int]) -> Change | None:
    """(part, whole) twice, by Newcombe's interval of the difference; None where one has nothing to count."""
    if not after[1] or not before[1]:
        return None
    low, high = newcombe(after, before)
    return Change(after[0] / after[1], before[0] / before[1], low <= 0 <= high)


def of_ratios(after: tuple[int, int], before: tuple[int, int]) -> Change | None:
    """(count, count) twice, the first no part of the second: by the interval of the quotient of both ratios."""
    if not after[1] or not before[1]:
        return None
    # Half a case more in each, as nothing has no logarithm.
    (one, of), (other, of_other) = ((part + 0.5, whole + 0.5) for part, whole in (after, before))
    half = Z * sqrt(1 / one + 1 / of + 1 / other + 1 / of_other)
    return Change(after[0] / after[1], before[0] / before[1], abs(log(one / of) - log(other / of_other)) <= half)


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """95 % interval of one share less another (Newcombe 1998, method 10: from the two Wilson intervals)."""
    p, q = one[0] / one[1], other[0] / other[1]
    (low, high), (other_low, other_high) = wilson(*one), wilson(*other)
    return p - q - sqrt((p - low) ** 2 + (other_high - q) ** 2), p - q + sqrt((high - p) ** 2 + (q - other_low) ** 2)


def median_interval(what: str, buckets: Mapping[int, int]) -> tuple[float, float] | None:
    """95 % interval of a median, from the order of the values whatever their distribution; None without any."""
    n = sum(buckets.values())
    if n <= 0:
        return None
    half = Z / (2 * sqrt(n))
    low, high = (quantile(what, buckets, min(1.0, max(0.0, 0.5 + side * half))) or 0.0 for side in (-1, 1))
    return low, high


def of_medians(what: str, after: Mapping[int, int], before: Mapping[int, int]) -> Change | None:
    """Two medians; within chance where their intervals overlap."""
    one, other = median_interval(what, after), median_interval(what, before)
    if one is None or other is None:
        return None
    return Change(
        quantile(what, after, 0.5) or 0.0, quantile(what, before, 0.5) or 0.0, one[0] <= other[1] and other[0] <= one[1]
    )


def of_figures(after: Figure, before: Figure, *, days: int, days_before: int) -> Change | None:
    """The change of a share, mark, length of time or sum (never judged), else of a count; None without both."""
    if after.denominator is not None and before.denominator is not None:
        if min(after.denominator, before.denominator) < ENOUGH:
            return None
        compared = of_ratios if after.code in OF_TWO_COUNTS else of_shares
        return compared((after.numerator or 0, after.denominator), (before.numerator or 0, before.denominator))
    if after.code == "rating":
        marks, then = after.spread.get("mean"), before.spread.get("mean")
        if marks is None or then is None or min(after.n, before.n) < ENOUGH:
            return None
        return Change(marks, then, None)
    if after.code in LENGTHS:
        name = LENGTHS[after.code]
        now, then = after.spread.get(name), before.spread.get(name)
        return None if now is None or then is None else Change(float(now), float(then), None)
    if after.money or before.money or after.code == "recovered":
        sums = [float(figure.money.get("CNY", {}).get("confirmed", 0)) for figure in (after, before)]
        return Change(sums[0], sums[1], None)
    return of_counts(after.n, before.n, days=days, days_before=days_before)


MINUTES = "response_minutes"
#: Figures of which less is better.
LESS_IS_BETTER = frozenset({"received", "first_response"})


def days_of(period: Period) -> int:
    return (period.last - period.first).days + 1


def of_overview(overview: Overview, periods: Sequence[Period], nth: int) -> dict[str, Change]:
    """The change of each figure of the whole against the ``nth`` period; what has nothing to compare is left out.

    Nothing came in and nothing ended then: there are no figures of those days, as in the first year of a portal.
    """
    now, then = overview.whole.periods[0], overview.whole.periods[nth]
    if not then["received"].n and not then["closed"].n:
        return {}
    days, earlier = days_of(periods[0]), days_of(periods[nth])
    both = [code for code in now if code in then]
    result = {code: of_figures(now[code], then[code], days=days, days_before=earlier) for code in both}
    if len(overview.buckets) > nth:
        result["first_response"] = of_medians(MINUTES, overview.buckets[0], overview.buckets[nth])
    return {code: change for code, change in result.items() if change is not None}


def shift(code: str, change: Change, than: str) -> Shift:
    """▲ 比前7天多42件（+16%）. ``than`` names the other period."""
    up = change.by > 0
    values = {
        "than": than,
        "by": _by(code, abs(change.by)),
        "share": (
            _("（%(share)s）") % {"share": f"{change.share:+.0%}"}
            if change.share is not None and code in ("received", "closed") and _enough(change)
            else ""
        ),
    }
    if not change.by or (not change.share and code in ("received", "closed") and change.before):
        return Shift(_("与%(than)s持平") % values, "", None)
    if code in LENGTHS:
        text = _("比%(than)s慢%(by)s") if up else _("比%(than)s快%(by)s")
    elif code in ("received", "closed", "recovered"):
        text = _("比%(than)s多%(by)s%(share)s") if up else _("比%(than)s少%(by)s%(share)s")
    else:
        text = _("比%(than)s高%(by)s") if up else _("比%(than)s低%(by)s")
    return Shift(text % values, "up" if up else "down", change.is_chance)


def _enough(change: Change) -> bool:
    """Of two counts: so many on both sides that the change may be said in per cent."""
    return min(change.after, change.before) >= ENOUGH


def _by(code: str, n: float) -> str:
    if code == "handling_time":
        return cards.with_unit(cards.number(n), _("个工作日"))
    if code in LENGTHS:
        return cards.with_unit(*cards.working_time(n))
    if code == "recovered":
        return cards.amount_in("CNY", n, is_short=True)
    if code == "rating":
        return cards.with_unit(f"{n:.2f}", _("分"))
    if code in ("received", "closed"):
        return cards.cases(round(n))
    return ngettext("%(n)s个百分点", "%(n)s个百分点", 2) % {"n": f"{n * 100:.1f}"}


def sentences(overview: Overview, parts: Sequence[Region], than: str, result: Mapping[str, Change]) -> list[str]:
    """What changed against the period before and why it matters: three sentences at the most."""
    now = overview.whole.periods[0]
    texts = [_arrivals(overview, parts, than, result)]
    received, closed = now["received"].n, now["closed"].n
    if received > closed:
        texts.append(
            _("办结%(closed)s件，比收到的少%(n)s件，积压在增加。")
            % {"closed": f"{closed:,}", "n": f"{received - closed:,}"}
        )
    elif closed > received:
        texts.append(
            _("办结%(closed)s件，比收到的多%(n)s件，积压在减少。")
            % {"closed": f"{closed:,}", "n": f"{closed - received:,}"}
        )
    shares = {code: change for code, change in result.items() if code in ("settled", "on_time", "first_response")}
    real = [(code, change) for code, change in shares.items() if change.is_real]
    if real:
        texts.append(_share(*max(real, key=lambda one: abs(one[1].share or 0)), than))
    elif shares:
        texts.append(_("和解成功率、按时办结率和首次响应的变化都在偶然范围内。"))
    return texts


def _arrivals(overview: Overview, parts: Sequence[Region], than: str, result: Mapping[str, Change]) -> str:
    change = result.get("received")
    n = f"{overview.whole.periods[0]['received'].n:,}"
    if change is None or change.is_chance is not False or not change.by:
        return _("收到%(n)s件，与%(than)s相比的变化在偶然范围内。") % {"n": n, "than": than}
    values = {"n": n, "than": than, "by": f"{abs(change.by):,.0f}"}
    if change.by > 0:
        text = _("收到%(n)s件，比%(than)s多%(by)s件，超出偶然范围") % values
    else:
        text = _("收到%(n)s件，比%(than)s少%(by)s件，超出偶然范围") % values
    where = _where(overview, parts, up=change.by > 0)
    return text + (_("；变化最大的是%(place)s（%(by)s件）。") % where if where else _("。"))


def _where(overview: Overview, parts: Sequence[Region], *, up: bool) -> dict[str, Any] | None:
    """The part whose own change is the largest in that direction, and no chance."""
    best: tuple[int, Region] | None = None
    for region in parts:
        part = overview.parts[region.pk]
        after, before = part.now["received"].n, part.came_before
        change = of_counts(after, before)
        if change.is_real and (after > before) == up and (best is None or abs(after - before) > abs(best[0])):
            best = after - before, region
    return {"place": named(best[1]), "by": f"{best[0]:+,}"} if best else None


def _share(code: str, change: Change, than: str) -> str:
    titles = {"settled": _("ODR和解成功率"), "on_time": _("按时办结率"), "first_response": _("首次响应")}
    is_better = (change.by < 0) == (code in LESS_IS_BETTER)
    values = {"title": titles[code], "change": shift(code, change, than).text}
    return (
        _("%(title)s%(change)s，超出偶然范围，是好转。")
        if is_better
        else _("%(title)s%(change)s，超出偶然范围，需要查原因。")
    ) % values


def first_cards(
    figures: Mapping[str, Figure], lists: cards.Lists, against: Sequence[tuple[str, Mapping[str, Change]]]
) -> list[cards.Card]:
    """The cards of the period with their changes; ``against`` names each other period and what changed since. What came
    in and what went says so where there was nothing then, as in the first year of a portal."""
    return [
        replace(
            card,
            shifts=tuple(
                (
                    shift(card.code, changes[card.code], than)
                    if card.code in changes
                    else Shift(_("%(than)s没有数据") % {"than": than})
                )
                for than, changes in against
                if card.code in changes or (card.code in ("received", "closed") and not changes)
            ),
        )
        for card in cards.flow_cards(figures, lists)
    ]
