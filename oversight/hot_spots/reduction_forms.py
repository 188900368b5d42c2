"""What is typed about hot spots, guidance and warnings, and the words in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import log10
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.keys import sealed_fields
from complaints.forms.fields import PlainForm
from complaints.procedure.typed_values import Choice, Day, FreeText
from complaints.reading.case_people import label_of
from oversight.hot_spots import before_after, unusual
from oversight.hot_spots.before_after import LOOKS
from oversight.hot_spots.effects import Control, Effect
from oversight.hot_spots.guiding import WantedMeasure
from oversight.hot_spots.unusual import DAYS, USUAL
from oversight.models import ConsumerWarning, Guidance, GuidanceMeasure, HotSpot, HotSpotAction
from oversight.models.reduction import LONGEST, LONGEST_MEASURE, LONGEST_WARNING
from web.dates import day_text
from web.languages import named
from web.small_numbers import ENOUGH

CHOOSE = _("请选择一项")
#: A measure further away than this is no measure.
LONGEST_DAYS = 366


def _text(label: Any, missing: Any, help_text: Any = "", *, most: int = LONGEST, lines: int = 3) -> FreeText:
    """``missing`` is said where it was left out."""
    return FreeText(label=label, most=most, lines=lines, error_messages={"required": missing}, help_text=help_text)


def _choice(label: Any, choices: Sequence[tuple[str, Any]] = ()) -> Choice:
    errors = {"required": CHOOSE, "invalid_choice": CHOOSE}
    return Choice(label=label, widget=forms.RadioSelect, choices=choices, error_messages=errors)


class ReasonForm(PlainForm):
    """Why; for actions that need nothing else."""

    why = _text(_("理由"), _("请写明理由"), _("记入这个热点的经过，本辖区的监管人员看得到；不要写个人信息"))


class MeasureForm(PlainForm):
    """One measure of a guidance."""

    what = _text(_("措施"), _("请写明企业要做什么"), _("企业会读到；写清楚做什么、做到什么程度"), most=LONGEST_MEASURE)
    responsible = FreeText(
        label=_("企业的责任岗位"),
        most=80,
        error_messages={"required": _("请写明由哪个岗位负责")},
        help_text=_("写岗位，例如“客服部负责人”，不写姓名"),
    )
    due_on = Day(label=_("完成期限（最后一天）"), error_messages={"required": _("请填最后一天，例如 2026-12-31")})

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        self.today = today

    def clean_due_on(self) -> date:
        due: date = self.cleaned_data["due_on"]
        if due < self.today:
            raise forms.ValidationError(_("期限不能早于今天，请改成今天或以后的日期"))
        if (due - self.today).days > LONGEST_DAYS:
            raise forms.ValidationError(_("期限最长一年，请改近一些"))
        return due

    def wanted(self) -> WantedMeasure:
        return WantedMeasure(**{name: self.cleaned_data[name] for name in ("what", "responsible", "due_on")})


class GuidanceForm(MeasureForm):
    """A new guidance: to whom, why, and its first measure."""

    enterprise = _choice(_("指导哪家企业"))
    causes = _text(
        _("投诉增多的原因"),
        _("请写明投诉为什么增多"),
        _("看了这些案件，您认为投诉为什么增多；企业会读到，不要写消费者的个人信息"),
        lines=4,
    )
    field_order = ("enterprise", "causes", "what", "responsible", "due_on")

    def __init__(self, *args: Any, enterprises: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["enterprise"]
        field.choices = enterprises
        if len(enterprises) == 1:
            field.initial = enterprises[0][0]


class ReportForm(PlainForm):
    """How far the enterprise is with one measure."""

    state = _choice(_("进展"), GuidanceMeasure.State.choices)
    text = _text(_("说明"), _("请写明做了什么、还差什么"), _("监管部门会读到；写做了什么、还差什么，不要写个人信息"))
    evidence = FreeText(
        label=_("证据在哪里"), most=LONGEST_MEASURE, required=False, help_text=_("例如公告的网址、文件的编号")
    )
    file = forms.FileField(label=_("证据文件"), required=False, help_text=_("照片、PDF等；公众看不到"))


class CloseForm(PlainForm):
    """The judgement that ends a guidance."""

    verdict = _choice(_("这次指导"), Guidance.Verdict.choices)
    why = _text(_("判断的依据"), _("请写明依据什么判断"), _("企业会读到；结果是“低于平常”的，才能选“起了作用”"))


class WarningForm(PlainForm):
    """The text of a warning."""

    title = FreeText(label=_("标题"), most=80, error_messages={"required": _("请写标题")})
    text = _text(
        _("正文"),
        _("请写正文"),
        _("发布后人人可见。投诉不等于违法，没有查明的不要写成事实；不要写个人信息"),
        most=LONGEST_WARNING,
        lines=12,
    )


SPOT_TONES: Mapping[str, str] = {"open": "warn", "guided": "info", "dismissed": "neutral"}
GUIDANCE_TONES: Mapping[str, str] = {"draft": "neutral", "sent": "info", "closed": "ok"}
MEASURE_TONES: Mapping[str, str] = {"open": "neutral", "under_way": "info", "done": "ok"}
WARNING_TONES: Mapping[str, str] = {"draft": "neutral", "proposed": "warn", "published": "ok", "withdrawn": "neutral"}
#: The chart, in units of its view box.
WIDE, HIGH, GAP = 540, 150, 0.27
#: Usual counts of which the page says what rise would be seen.
EXAMPLES = (1, 2, 5, 10, 20, 40, 80, 160)


def about_of(guidance: Guidance) -> str:
    """What a guidance is about: the category of its hot spot, or its campaign."""
    if guidance.campaign is not None:
        return gettext("降诉行动“%(title)s”") % {"title": guidance.campaign.title}
    return cell_of(guidance.hot_spot)[1] if guidance.hot_spot is not None else ""


def cell_of(spot: HotSpot) -> tuple[str, str]:
    """(whose, what): 某某公司 · 多扣费; the category is "all complaints" where it is all of them."""
    whose = named(spot.enterprise) if spot.enterprise_id else named(spot.region)
    return whose, label_of(spot.category) if spot.category else gettext("全部投诉")


def span_of(spot: HotSpot) -> str:
    first, last = day_text(spot.first, weekday=spot.first == spot.last), day_text(spot.last, weekday=False)
    return first if spot.first == spot.last else f"{first} – {last}"


def run_text(spot: HotSpot) -> str:
    """近6周高于此前26周，约从10月中旬起 of a run of weeks; "" of others."""
    if not spot.weeks:
        return ""
    month = date_format(spot.first, pgettext("how a month is written, without its year", "n月"))
    third = (gettext("%(month)s上旬"), gettext("%(month)s中旬"), gettext("%(month)s下旬"))[
        min((spot.first.day - 1) // 10, 2)
    ]
    return gettext("近%(weeks)s周高于此前%(before)s周，约从%(since)s起") % {
        "weeks": len(spot.weeks),
        "before": len(spot.usual),
        "since": third % {"month": month},
    }


def times(value: float | None) -> str:
    """2.3倍 / 2.3 times; more than a hundred is said so."""
    if value is None:
        return gettext("平时没有")
    return gettext("100倍以上") if value > 100 else gettext("%(n)s倍") % {"n": f"{value:.1f}"}


def chance_text(chance: float) -> str:
    """约1,200分之一 / about 1 in 1,200; below one in a million nobody needs more."""
    if chance < 1e-6:
        return gettext("不到百万分之一")
    n = 1 / chance
    return gettext("约%(n)s分之一") % {"n": f"{round(n, 1 - int(log10(n))):,.0f}"}


def line_of(spot: HotSpot, *, url: str) -> dict[str, Any]:
    whose, what = cell_of(spot)
    return {
        "spot": spot,
        "url": url,
        "whose": whose,
        "what": what,
        "span": span_of(spot),
        "run": run_text(spot),
        "rise": times(spot.rise),
        "usual": f"{spot.usual_mean:.1f}",
        "is_of_method_one": spot.method == 1,
        "kind": HotSpot.Kind(spot.kind).label,
        "tone": SPOT_TONES[spot.state],
        "state": HotSpot.State(spot.state).label,
    }


def chart_of(spot: HotSpot) -> dict[str, Any]:
    """The counts before and those of the hot spot as bars, and the line of what was expected."""
    own = spot.weeks or [spot.observed]
    counts = [*spot.usual, *own]
    most = max(*counts, 1)
    step, long = timedelta(days=DAYS), (spot.last - spot.first) % timedelta(days=DAYS)
    wide, bars = WIDE / len(counts), []
    for at, count in enumerate(counts):
        last = spot.last - (len(counts) - 1 - at) * step
        first = last - long
        label = day_text(last, weekday=False) if first == last else f"{first:%m-%d}–{last:%m-%d}"
        height = round(count / most * HIGH)
        place = {"x": round((at + GAP) * wide), "y": HIGH - height, "height": height}
        bars.append({"label": label, "count": count, **place, "is_last": at >= len(spot.usual)})
    line = round(HIGH - min(spot.expected / len(own) / most, 1) * HIGH)
    return {
        "bars": bars,
        "width": round(WIDE + GAP * wide),
        "height": HIGH,
        "line": line,
        "bar": round((1 - GAP) * wide),
    }


def detectable_rises() -> list[tuple[int, str]]:
    """(usual count a week, the rise that is found nine times out of ten)."""
    return [
        (n, times(unusual.detectable(n * USUAL, 1 / (USUAL + 1), unusual.COMMON, unusual.WEEK_LEVEL))) for n in EXAMPLES
    ]


def control_text(group: Control) -> str:
    """Whose complaints the cell is compared with."""
    texts = {
        "counties": gettext("对照：%(place)s其他县（市、区）、其他企业的同类投诉"),
        "cities": gettext("对照：%(place)s其他城市、其他企业的同类投诉"),
        "firms": gettext("对照：%(place)s其他企业的同类投诉"),
        "country": gettext("对照：全国其他地方、其他企业的同类投诉"),
    }
    return texts.get(group.kind, gettext("对照：全国别处的同类投诉")) % {"place": named(group)}


def why_control(effect: Effect) -> str:
    """Why these."""
    group, values = effect.control_group, {"units": before_after.FEWEST_UNITS, "times": before_after.TIMES_OWN}
    chosen = (
        gettext(
            "对照组先取同一个省的：那里的季节、促销和天气最相近；不足%(units)s个单位或者不足自己件数%(times)s倍的，改用全国。被指导的企业都不算在内。"
        )
        % values
    )
    if group.kind == "country" and group.name:
        chosen += gettext("这一次%(place)s不足，所以用全国。") % {"place": named(group)}
    return chosen


def _per_cent(value: float) -> str:
    return f"{abs(1 - value) * 100:.0f}%"


def verdict_text(effect: Effect) -> str:
    """One sentence that says no more than was measured; only of what is below the usual it says that it helped."""
    verdict, ratio = effect.verdict, effect.ratio
    if verdict == before_after.EARLY:
        return gettext("送达后满28天、满56天各看一次；还不能下结论。")
    if verdict == before_after.NO_CONTROL:
        return gettext("没有足够的对照（至少%(units)s个单位，件数至少是自己的%(times)s倍），不下结论。") % {
            "units": before_after.FEWEST_UNITS,
            "times": before_after.TIMES_OWN,
        }
    if verdict == before_after.TREND:
        return gettext("热点以前的26周里，件数已经在升或者在降，不下结论。")
    if verdict == before_after.USUAL:
        return gettext("已回到平常；自行回落也会这样，不算指导的作用。")
    if ratio is None:
        return gettext("低于平常，同类没有同样下降：起了作用。") if effect.is_success else gettext("说不清：件数太少。")
    values = {"by": _per_cent(ratio.value), "low": f"{ratio.low:.2f}", "high": f"{ratio.high:.2f}"}
    if verdict == before_after.BELOW:
        if ratio.high >= 1 or effect.judged.before + effect.judged.after < ENOUGH:
            return gettext("低于平常，同类没有同样下降：起了作用。")
        values |= {"least": _per_cent(ratio.high), "most": _per_cent(ratio.low)}
        return gettext("低于平常%(by)s（%(least)s–%(most)s），同类没有同样下降：起了作用。") % values
    if verdict == before_after.STILL:
        return gettext("仍高于平常：是平常的%(times)s倍（%(low)s–%(high)s）。") % (
            values | {"times": f"{ratio.value:.2f}"}
        )
    return gettext("说不清：是平常的%(times)s倍，但是95%%区间%(low)s–%(high)s太宽。") % (
        values | {"times": f"{ratio.value:.2f}"}
    )


def claims_too_much(guidance: Guidance, effect: Effect | None) -> bool:
    """Called a success by method 1, and not by the present one."""
    return guidance.verdict == Guidance.Verdict.EFFECTIVE and not (effect is not None and effect.is_success)


def judgement_of(guidance: Guidance, effect: Effect | None) -> str:
    """The judgement that ended a guidance; "" before."""
    if not guidance.verdict:
        return ""
    label = str(Guidance.Verdict(guidance.verdict).label)
    return (
        gettext("%(verdict)s（按方法1作出，没有依据）") % {"verdict": label}
        if claims_too_much(guidance, effect)
        else label
    )


def effect_context(effect: Effect | None, guidance: Guidance) -> dict[str, Any] | None:
    """The table before and after, and the verdict."""
    if effect is None:
        return None
    counts, days = effect.judged, LOOKS[len(effect.looks) - 1][0] if effect.looks else effect.days_after

    def a_week(count: int, length: int) -> str:
        return f"{count * DAYS / length:.1f}" if length > 0 else "–"

    return {
        "effect": effect,
        "verdict": verdict_text(effect),
        "days_after": days,
        "before_to": effect.first - timedelta(days=1),
        "why_control": why_control(effect),
        "is_claim_of_method_1": claims_too_much(guidance, effect),
        "method": before_after.METHOD,
        "rows": [
            {
                "label": label,
                "before": before,
                "before_a_week": a_week(before, effect.days_before),
                "after": after,
                "after_a_week": a_week(after, days),
            }
            for label, before, after in (
                (gettext("本指导所指的投诉"), counts.before, counts.after),
                (control_text(effect.control_group), counts.control_before, counts.control_after),
            )
        ],
    }


def outcome_of(action: HotSpotAction) -> str:
    """The state or judgement that an action carried, in words."""
    if action.kind == HotSpotAction.Kind.REPORTED:
        return str(GuidanceMeasure.State(action.said).label)
    if action.kind in (HotSpotAction.Kind.CLOSED, HotSpotAction.Kind.JUDGED):
        return str(Guidance.Verdict(action.said).label)
    return action.said if action.warning_id else ""


def history_of(actions: Iterable[HotSpotAction], *, names: bool = True) -> list[dict[str, Any]]:
    """What was done, in order; ``names``: an enterprise reads which side did it, not which officer."""
    rows = list(actions)
    if names:
        sealed_fields.load_for(row.by for row in rows if row.by is not None)
    return [
        {
            "at": row.at,
            "what": HotSpotAction.Kind(row.kind).label,
            "measure": row.measure,
            "text": row.text,
            "outcome": outcome_of(row),
            "who": (row.by.name if names else "") if row.by else gettext("系统"),
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


def warning_lines(rows: Iterable[ConsumerWarning], page: str) -> list[dict[str, Any]]:
    """``page``: the name of the page of one."""
    return [
        {
            "warning": row,
            "url": reverse(page, args=[row.pk]),
            "state": ConsumerWarning.State(row.state).label,
            "tone": WARNING_TONES[row.state],
        }
        for row in rows
    ]
