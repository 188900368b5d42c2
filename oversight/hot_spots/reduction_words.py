"""Hot spots, guidance and what was done, in words: one place that the pages of officers, enterprises and the public
share.

Nothing is looked up here; whoever asks has read the rows, with enterprise and region.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import log10
from typing import Any

from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from complaints.reading.case_people import label_of
from oversight.hot_spots import unusual
from oversight.hot_spots.effects import ENOUGH, Control, Effect
from oversight.hot_spots.unusual import DAYS, USUAL, Ratio
from oversight.models import ConsumerWarning, Deed, Guidance, GuidanceMeasure, HotSpot
from web.dates import day_text
from web.languages import named

SPOT_TONES: Mapping[str, str] = {"open": "warn", "guided": "info", "dismissed": "neutral"}
GUIDANCE_TONES: Mapping[str, str] = {"draft": "neutral", "sent": "info", "closed": "ok"}
MEASURE_TONES: Mapping[str, str] = {"open": "neutral", "under_way": "info", "done": "ok"}
WARNING_TONES: Mapping[str, str] = {"draft": "neutral", "proposed": "warn", "published": "ok", "withdrawn": "neutral"}
#: The chart, in units of its view box.
WIDE, HIGH, BAR, GAP = 540, 150, 44, 16
#: Usual counts of which the page says what rise would be seen.
EXAMPLES = (1, 2, 5, 10, 20, 40, 80, 160)


def cell_of(spot: HotSpot) -> tuple[str, str]:
    """(whose, what): 某某公司 · 多扣费; the category is "all complaints" where it is all of them."""
    whose = named(spot.enterprise) if spot.enterprise_id else named(spot.region)
    return whose, label_of(spot.category) if spot.category else _("全部投诉")


def span_of(spot: HotSpot) -> str:
    first, last = day_text(spot.first, weekday=spot.first == spot.last), day_text(spot.last, weekday=False)
    return first if spot.first == spot.last else f"{first} – {last}"


def times(value: float | None) -> str:
    """2.3倍 / 2.3 times; more than a hundred is said so."""
    if value is None:
        return _("平时没有")
    return _("100倍以上") if value > 100 else _("%(n)s倍") % {"n": f"{value:.1f}"}


def chance_words(chance: float) -> str:
    """约1,200分之一 / about 1 in 1,200; below one in a million nobody needs more."""
    if chance < 1e-6:
        return _("不到百万分之一")
    n = 1 / chance
    return _("约%(n)s分之一") % {"n": f"{round(n, 1 - int(log10(n))):,.0f}"}


def line_of(spot: HotSpot, *, url: str) -> dict[str, Any]:
    whose, what = cell_of(spot)
    return {
        "spot": spot,
        "url": url,
        "whose": whose,
        "what": what,
        "span": span_of(spot),
        "rise": times(spot.rise),
        "expected": f"{spot.expected:.1f}",
        "kind": HotSpot.Kind(spot.kind).label,
        "tone": SPOT_TONES[spot.state],
        "state": HotSpot.State(spot.state).label,
    }


def chart_of(spot: HotSpot) -> dict[str, Any]:
    """The nine counts as bars, and the line of what was expected."""
    counts = [*spot.usual, spot.observed]
    most = max(*counts, 1)
    step = timedelta(days=DAYS)
    bars = []
    for at, count in enumerate(counts):
        first, last = (day - (USUAL - at) * step for day in (spot.first, spot.last))
        label = day_text(last, weekday=False) if first == last else f"{first:%m-%d}–{last:%m-%d}"
        height = round(count / most * HIGH)
        bars.append(
            {
                "label": label,
                "count": count,
                "x": GAP + at * (BAR + GAP),
                "y": HIGH - height,
                "height": height,
                "is_last": at == USUAL,
            }
        )
    return {
        "bars": bars,
        "width": WIDE + GAP,
        "height": HIGH,
        "line": round(HIGH - min(spot.expected / most, 1) * HIGH),
        "bar": BAR,
    }


def detectable_rises() -> list[tuple[int, str]]:
    """(usual count a week, the rise that is found nine times out of ten)."""
    return [
        (usual, times(unusual.detectable(usual * USUAL, unusual.ASSUMED, unusual.WEEK_LEVEL))) for usual in EXAMPLES
    ]


def ratio_words(ratio: Ratio | None) -> str:
    """0.52（95%区间 0.38–0.71）."""
    if ratio is None:
        return _("还不能比较")
    return _("%(value)s（95%%区间 %(low)s–%(high)s）") % {
        "value": f"{ratio.value:.2f}",
        "low": f"{ratio.low:.2f}",
        "high": f"{ratio.high:.2f}",
    }


def control_words(group: Control) -> str:
    """Whose complaints the cell is compared with."""
    place = {"place": named(group)}
    if group.kind == "counties":
        return _("对照：%(place)s其他县（市、区）、其他企业的同类投诉") % place
    if group.kind == "cities":
        return _("对照：%(place)s其他城市、其他企业的同类投诉") % place
    if group.kind == "firms":
        return _("对照：%(place)s其他企业的同类投诉") % place
    if group.kind == "country":
        return _("对照：全国其他地方、其他企业的同类投诉")
    return _("对照：全国别处的同类投诉")


def why_control(group: Control) -> str:
    """Why these; nothing of rows of before there was a choice."""
    if not group.kind:
        return ""
    chosen = _(
        "对照组先取同一个省的：那里的季节、促销和天气最相近。被指导的企业都不算在内；送达前八周不足%(n)s件的，改用全国。"
    ) % {"n": ENOUGH}
    if group.kind == "country" and group.name:
        chosen += _("这一次%(place)s不足，所以用全国。") % {"place": named(group)}
    return chosen


def effect_words(effect: Effect | None) -> dict[str, Any] | None:
    """The table before and after, and one sentence that says no more than the intervals do."""
    if effect is None:
        return None
    beyond = effect.beyond
    if beyond is None:
        verdict = _("送达后还没有完整的一天，或者件数太少，还不能比较。")
    elif beyond.is_fall:
        verdict = _("与别处同类投诉相比，降幅超出了偶然。")
    elif beyond.is_rise:
        verdict = _("与别处同类投诉相比，反而增多，超出了偶然。")
    else:
        verdict = _("与别处同类投诉相比，看不出变化：区间跨过1。")

    def a_week(count: int, days: int) -> str:
        result = effect.per_week(count, days)
        return "–" if result is None else f"{result:.1f}"

    return {
        "effect": effect,
        "verdict": verdict,
        "beyond": ratio_words(beyond),
        "why_control": why_control(effect.control_group),
        "rows": [
            {
                "label": _("本指导所指的投诉"),
                "before": effect.before,
                "before_a_week": a_week(effect.before, effect.days_before),
                "after": effect.after,
                "after_a_week": a_week(effect.after, effect.days_after),
                "ratio": ratio_words(effect.own),
            },
            {
                "label": control_words(effect.control_group),
                "before": effect.elsewhere_before,
                "before_a_week": a_week(effect.elsewhere_before, effect.days_before),
                "after": effect.elsewhere_after,
                "after_a_week": a_week(effect.elsewhere_after, effect.days_after),
                "ratio": ratio_words(effect.control),
            },
        ],
    }


def said_of(action: Deed) -> str:
    """The state or judgement that a deed carried, in words."""
    if action.kind == Deed.Kind.REPORTED:
        return str(GuidanceMeasure.State(action.said).label)
    if action.kind == Deed.Kind.CLOSED:
        return str(Guidance.Verdict(action.said).label)
    return action.said if action.warning_id else ""


def history_of(deeds: Iterable[Deed], *, names: bool = True) -> list[dict[str, Any]]:
    """What was done, in order; ``names``: an enterprise reads which side did it, not which officer."""
    rows = list(deeds)
    if names:
        sealed_fields.load_for(row.by for row in rows if row.by is not None)
    return [
        {
            "at": row.at,
            "what": Deed.Kind(row.kind).label,
            "measure": row.measure,
            "text": row.text,
            "said": said_of(row),
            "who": (row.by.name if names else "") if row.by else _("系统"),
        }
        for row in rows
    ]


def measures_of(guidance: Guidance, *, today: Any) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "state": GuidanceMeasure.State(row.state).label,
            "tone": MEASURE_TONES[row.state],
            "is_late": (
                guidance.state == Guidance.State.SENT and row.due_on < today and row.state != GuidanceMeasure.State.DONE
            ),
        }
        for row in guidance.measures.all()
    ]


def warning_line(warning: ConsumerWarning, *, url: str) -> dict[str, Any]:
    return {
        "warning": warning,
        "url": url,
        "state": ConsumerWarning.State(warning.state).label,
        "tone": WARNING_TONES[warning.state],
    }
