"""How cases stand now, as cards and in words: open, due soon, overdue by which clocks; each number with its list."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from complaints.desks.case_query import INSIDE, OUTSIDE, TWICE, WHEN_CLOSED
from oversight.presenting.cards import Card, FigurePart, Lists, percent, unit_of
from web.small_numbers import ENOUGH


def open_cards(totals: Mapping[str, int], lists: Lists) -> list[Card]:
    tones = {"overdue": "bad", "due_soon": "warn", "open": "info"}
    urls = {"overdue": lists.url(overdue="1"), "due_soon": lists.url(overdue="soon"), "open": lists.url()}
    return [
        Card(
            code=code,
            value=f"{totals[code]:,}",
            unit=unit_of(totals[code]),
            url=urls[code],
            tone=tones[code] if totals[code] else "neutral",
            foot=(_among(code, totals), *(_late_by(totals) if code == "overdue" else ())),
            parts=_overdue_parts(totals, lists) if code == "overdue" else (),
        )
        for code in ("overdue", "due_soon", "open")
    ]


def overdue_text(totals: Mapping[str, int]) -> str:
    """How many are overdue, and by which clocks where it is not by those of parties alone."""
    about = {"n": f"{totals['overdue']:,}", "by": "".join(_late_by(totals)[:1])}
    return _("逾期%(n)s件（%(by)s）") % about if totals["late_inside"] else _("逾期%(n)s件") % about


def _late_by(totals: Mapping[str, int]) -> list[str]:
    """By which clocks cases are late, and closed ones on which something is; nothing where there is nothing to tell."""
    about = {name: f"{n:,}" for name, n in totals.items()}
    by = _("对外%(late_outside)s，内部%(late_inside)s，两者都有%(late_twice)s") % about
    closed = _("另有已办结的%(late_when_closed)s件还有事逾期") % about
    return [by] * (totals["late_inside"] > 0) + [closed] * (totals["late_when_closed"] > 0)


def _overdue_parts(totals: Mapping[str, int], lists: Lists) -> tuple[FigurePart, ...]:
    parts = (
        ("late_outside", _("对外期限"), OUTSIDE),
        ("late_inside", _("内部期限"), INSIDE),
        ("late_twice", _("其中两者都有"), TWICE),
        ("late_when_closed", _("已办结，还有事逾期（另计）"), WHEN_CLOSED),
    )
    return tuple(
        FigurePart(label, f"{totals[name]:,}", lists.url(overdue=which) if totals[name] else "")
        for name, label, which in parts
    )


def _among(code: str, totals: Mapping[str, int]) -> str:
    if code == "open" or totals["open"] < ENOUGH:
        return _("此刻")
    about = {"n": f"{totals['open']:,}", "share": percent(totals[code] / totals["open"])}
    return _("占在办%(n)s件的%(share)s") % about
