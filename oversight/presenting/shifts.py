"""What changed, in words: beside each figure, and as a sentence or two that say why it matters.

Every word follows from two numbers; what lies within chance is called so and never made a headline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from authorities.models import Region
from oversight.figures.figures import Figure
from oversight.figures.scope import Period
from oversight.presenting import cards, changes
from oversight.presenting.cards import Shift
from oversight.presenting.changes import Change
from oversight.presenting.overview import Overview
from web.languages import named

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
    found = {
        code: changes.of_figures(now[code], then[code], days=days_of(periods[0]), days_before=days_of(periods[nth]))
        for code in now
        if code in then
    }
    if len(overview.buckets) > nth:
        found["first_response"] = changes.of_medians(MINUTES, overview.buckets[0], overview.buckets[nth])
    return {code: change for code, change in found.items() if change is not None}


def shift(code: str, change: Change, than: str) -> Shift:
    """▲ 比前7天多42件（+16%）. ``than`` names the other period."""
    up = change.by > 0
    said = {
        "than": than,
        "by": _by(code, abs(change.by)),
        "share": (
            _("（%(share)s）") % {"share": f"{change.share:+.0%}"}
            if change.share is not None and code in ("received", "closed")
            else ""
        ),
    }
    if not change.by or (not change.share and code in ("received", "closed") and change.before):
        return Shift(_("与%(than)s持平") % said, "", None)
    if code in changes.LENGTHS:
        words = _("比%(than)s慢%(by)s") if up else _("比%(than)s快%(by)s")
    elif code in ("received", "closed", "recovered"):
        words = _("比%(than)s多%(by)s%(share)s") if up else _("比%(than)s少%(by)s%(share)s")
    else:
        words = _("比%(than)s高%(by)s") if up else _("比%(than)s低%(by)s")
    return Shift(words % said, "up" if up else "down", change.is_chance)


def _by(code: str, n: float) -> str:
    if code == "handling_time":
        return cards.with_unit(cards.number(n), _("个工作日"))
    if code in changes.LENGTHS:
        return cards.with_unit(*cards.working_time(n))
    if code == "recovered":
        return cards.amount_in("CNY", n, is_short=True)
    if code == "rating":
        return cards.with_unit(f"{n:.2f}", _("分"))
    if code in ("received", "closed"):
        return cards.cases(round(n))
    return ngettext("%(n)s个百分点", "%(n)s个百分点", 2) % {"n": f"{n * 100:.1f}"}


def sentences(overview: Overview, parts: Sequence[Region], than: str, found: Mapping[str, Change]) -> list[str]:
    """What changed against the period before and why it matters: three sentences at the most."""
    now = overview.whole.periods[0]
    said = [_arrivals(overview, parts, than, found)]
    received, closed = now["received"].n, now["closed"].n
    if received > closed:
        said.append(
            _("办结%(closed)s件，比收到的少%(n)s件，积压在增加。")
            % {"closed": f"{closed:,}", "n": f"{received - closed:,}"}
        )
    elif closed > received:
        said.append(
            _("办结%(closed)s件，比收到的多%(n)s件，积压在减少。")
            % {"closed": f"{closed:,}", "n": f"{closed - received:,}"}
        )
    shares = [
        (code, change)
        for code, change in found.items()
        if code in ("settled", "on_time", "first_response") and change.is_real
    ]
    if shares:
        said.append(_share(*max(shares, key=lambda one: abs(one[1].share or 0)), than))
    elif any(code in found for code in ("settled", "on_time", "first_response")):
        said.append(_("和解成功率、按时办结率和首次响应的变化都在偶然范围内。"))
    return said


def _arrivals(overview: Overview, parts: Sequence[Region], than: str, found: Mapping[str, Change]) -> str:
    change = found.get("received")
    n = f"{overview.whole.periods[0]['received'].n:,}"
    if change is None or change.is_chance is not False or not change.by:
        return _("收到%(n)s件，与%(than)s相比的变化在偶然范围内。") % {"n": n, "than": than}
    told = {"n": n, "than": than, "by": f"{abs(change.by):,.0f}"}
    if change.by > 0:
        words = _("收到%(n)s件，比%(than)s多%(by)s件，超出偶然范围") % told
    else:
        words = _("收到%(n)s件，比%(than)s少%(by)s件，超出偶然范围") % told
    where = _where(overview, parts, up=change.by > 0)
    return words + (_("；变化最大的是%(place)s（%(by)s件）。") % where if where else _("。"))


def _where(overview: Overview, parts: Sequence[Region], *, up: bool) -> dict[str, Any] | None:
    """The part whose own change is the largest in that direction, and no chance."""
    best: tuple[int, Region] | None = None
    for region in parts:
        part = overview.parts[region.pk]
        after, before = part.now["received"].n, part.came_before
        change = changes.of_counts(after, before)
        if change.is_real and (after > before) == up and (best is None or abs(after - before) > abs(best[0])):
            best = after - before, region
    return {"place": named(best[1]), "by": f"{best[0]:+,}"} if best else None


def _share(code: str, change: Change, than: str) -> str:
    titles = {"settled": _("ODR和解成功率"), "on_time": _("按时办结率"), "first_response": _("首次响应")}
    is_better = (change.by < 0) == (code in LESS_IS_BETTER)
    told = {"title": titles[code], "change": shift(code, change, than).words}
    return (
        _("%(title)s%(change)s，超出偶然范围，是好转。")
        if is_better
        else _("%(title)s%(change)s，超出偶然范围，需要查原因。")
    ) % told


def first_cards(
    figures: Mapping[str, Figure], lists: cards.Lists, against: Sequence[tuple[str, Mapping[str, Change]]]
) -> list[cards.Card]:
    """The cards of the period with their changes; ``against`` names each other period and what changed since. What came
    in and what went says so where there was nothing then, as in the first year of a portal.
    """
    return [
        replace(
            card,
            shifts=tuple(
                (
                    shift(card.code, found[card.code], than)
                    if card.code in found
                    else Shift(_("%(than)s没有数据") % {"than": than})
                )
                for than, found in against
                if card.code in found or (card.code in ("received", "closed") and not found)
            ),
        )
        for card in cards.flow_cards(figures, lists)
    ]
