"""What is typed about campaigns, and the words in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.forms.fields import PlainForm
from complaints.procedure.categories import CAUSE_LABELS, OBJECT_CATEGORIES, PROBLEM_CATEGORIES
from complaints.procedure.typed_values import Choice, Day, FreeText, Several
from complaints.reading.case_people import label_of
from enterprises.models import Enterprise
from oversight.hot_spots import campaign_effects
from oversight.hot_spots.ancova import FEWEST_CONTROLS, LOOKS, SHORTEST
from oversight.hot_spots.campaign_counts import LEAST
from oversight.hot_spots.guiding import WantedMeasure
from oversight.hot_spots.reduction_forms import CHOOSE, MeasureForm
from oversight.models import Campaign, CampaignEffect, Figure, Guidance, GuidanceMeasure, HotSpot
from oversight.models.reduction import LONGEST, LONGEST_WARNING
from web.languages import named
from web.small_numbers import ENOUGH

_UNCLEAR = CampaignEffect.Verdict.UNCLEAR
#: Letters of the minutes.
LONGEST_MINUTES = 6000
Choices = Sequence[tuple[str, Any]]
TONES = {"draft": "neutral", "called": "warn", "running": "info", "judged": "ok"}


def _day(label: Any, missing: Any, help_text: Any = "") -> Day:
    return Day(label=label, error_messages={"required": missing}, help_text=help_text)


def _text(label: Any, missing: Any, help_text: Any = "", *, most: int = LONGEST, lines: int = 3) -> FreeText:
    return FreeText(label=label, most=most, lines=lines, error_messages={"required": missing}, help_text=help_text)


def _list(label: Any, help_text: Any = "") -> Choice:
    errors = {"invalid_choice": CHOOSE, "required": CHOOSE}
    return Choice(label=label, required=False, widget=forms.Select, error_messages=errors, help_text=help_text)


def _firms(label: Any, missing: Any, help_text: Any = "") -> Several:
    errors = {"required": missing, "invalid_choice": CHOOSE}
    return Several(label=label, widget=forms.CheckboxSelectMultiple, error_messages=errors, help_text=help_text)


class CampaignForm(PlainForm):
    """A new campaign. One from a hot spot has its place, object and problem from there."""

    title = FreeText(label=_("行动名称"), most=80, error_messages={"required": _("请写行动的名称")})
    why = _text(_("为什么要行动"), _("请写明为什么要行动"), _("企业和公众会读到；不要写个人信息"))
    region = _list(_("地区"))
    sector = _list(_("品类"))
    problem = _list(_("问题"))

    def __init__(self, *args: Any, regions: Choices, is_free: bool, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        if not is_free:
            for name in ("region", "sector", "problem"):
                del self.fields[name]
            return
        fields: Any = self.fields
        fields["region"].choices, fields["region"].required = regions, True
        fields["sector"].choices = (("", _("全部品类")), *OBJECT_CATEGORIES)
        fields["problem"].choices = (("", _("全部问题")), *PROBLEM_CATEGORIES)


def of_cause(code: str) -> dict[str, str]:
    """What a campaign against this root cause begins with; nothing of an unknown one."""
    if code not in CAUSE_LABELS:
        return {}
    cause = {"cause": wording.label(code, kind="root_cause")}
    return {
        "title": (gettext("“%(cause)s”降诉行动") % cause)[:80],
        "why": gettext("不止一家企业把投诉的原因标为“%(cause)s”。") % cause,
    }


class CallForm(PlainForm):
    """Whom, and to when and where."""

    firms = _firms(_("召集哪些企业"), _("请至少选一家企业"), _("起算时这类投诉最多的在前"))
    meets_on = _day(_("开会日期"), _("请写开会的日期，例如 2026-12-31"))
    where = FreeText(label=_("开会地点"), most=200, error_messages={"required": _("请写在哪里开会")})

    def __init__(self, *args: Any, firms: Choices, today: date, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        field: Any = self.fields["firms"]
        field.choices, self.today = firms, today

    def clean_meets_on(self) -> date:
        day: date = self.cleaned_data["meets_on"]
        if day < self.today:
            raise forms.ValidationError(_("开会日期不能早于今天"))
        return day


class MeetForm(PlainForm):
    """What came of the meeting."""

    met_on = _day(_("开会日期"), _("请写开会的日期，例如 2026-12-31"))
    firms = _firms(_("到会的企业"), _("请至少选一家到会的企业"))
    attended = _text(
        _("到会的部门和岗位"), _("请写明谁到了会"), _("写单位和岗位，例如“鼓楼区局分管负责人”，不写姓名"), lines=2
    )
    minutes = _text(
        _("会议纪要"), _("请写会议纪要"), _("召集的企业会读到，不公开；不要写个人信息"), most=LONGEST_MINUTES, lines=10
    )

    def __init__(self, *args: Any, firms: Choices, campaign: Campaign, today: date, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        field: Any = self.fields["firms"]
        field.choices, self.campaign = firms, campaign
        day: Any = self.fields["met_on"]
        day.latest = today

    def clean_met_on(self) -> date:
        day: date = self.cleaned_data["met_on"]
        if self.campaign.called_on is not None and day < self.campaign.called_on:
            raise forms.ValidationError(_("开会不能早于召集那天"))
        return day


class JudgeForm(PlainForm):
    """The judgement that ends a campaign."""

    verdict = Choice(
        label=_("这次行动"),
        widget=forms.RadioSelect,
        choices=Guidance.Verdict.choices,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    why = _text(
        _("判断的依据"), _("请写明依据什么判断"), _("企业和公众会读到；和对照相比投诉确实少了，才能选“起了作用”")
    )


class ReplyForm(PlainForm):
    """What an enterprise says to the public."""

    reply = _text(
        _("本企业的公开说明"),
        _("请写说明"),
        _("监管部门核对没有写到消费者个人信息后，公开在行动的页面上"),
        most=LONGEST_WARNING,
        lines=5,
    )


class UndertakingForm(MeasureForm):
    """One undertaking of an enterprise in a campaign."""

    figure = Choice(
        label=_("平台计算的数字"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": CHOOSE},
        help_text=_("选了的，由平台到期计算是否达到"),
    )
    target = forms.FloatField(
        label=_("目标"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "w-10"}),
        error_messages={
            "invalid": _("目标请写数字，例如 95"),
            "min_value": _("目标不能小于0"),
            "max_value": _("目标太大，请核对"),
        },
        help_text=_("件数写13周多少件，比率写百分之几"),
    )
    field_order = ("what", "figure", "target", "responsible", "due_on")

    def __init__(self, *args: Any, called_on: date | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.called_on = called_on
        field: Any = self.fields["figure"]
        field.choices = (("", _("不是数字")), *Figure.choices)
        field.initial = ""
        self.fields["what"].label = _("做什么")
        self.fields["what"].help_text = _("公众会读到；写清楚做什么、做到什么程度")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        figure, target, due = (values.get(name) for name in ("figure", "target", "due_on"))
        if figure and target is None and "target" not in self.errors:
            self.add_error("target", _("请写目标的数字"))
        if figure and figure != Figure.RECEIVED and target is not None and target > 100:
            self.add_error("target", _("比率的目标不能超过100"))
        if figure and due and self.called_on and (due - self.called_on).days < LEAST:
            self.add_error("due_on", _("数字从召集次日起算，期限至少在召集后%(n)s天") % {"n": LEAST})
        return values

    def wanted(self) -> WantedMeasure:
        values = {name: self.cleaned_data[name] for name in ("what", "responsible", "due_on", "figure", "target")}
        return WantedMeasure(**values)


# --- in words ---------------------------------------------------------------------------------------------------------


def cell_text(campaign: Campaign) -> str:
    """福州市 · 电信服务 · 多扣费."""
    parts = [named(campaign.region)]
    parts += [label_of(code) for code in (campaign.sector, campaign.problem) if code]
    if len(parts) == 1:
        parts.append(gettext("全部投诉"))
    return " · ".join(parts)


def title_of(spot: HotSpot) -> str:
    """The name that a campaign from a hot spot begins with."""
    about = label_of(spot.category) if spot.category else gettext("投诉")
    return (gettext("%(about)s降诉行动") % {"about": about})[:80]


def firm_choices(rows: Iterable[Sequence[int]]) -> list[tuple[str, str]]:
    """The enterprises of the frozen figures, with both numbers."""
    counts = list(rows)
    names = {row.pk: named(row) for row in Enterprise.objects.filter(pk__in=[row[0] for row in counts])}
    return [
        (str(pk), gettext("%(name)s（%(n)s件，此前26周%(before)s件）") % {"name": names[pk], "n": n, "before": before})
        for pk, n, before in counts
        if pk in names
    ]


def number_text(figure: str, value: float | None) -> str:
    """93% / 41件; a dash where there is none."""
    if value is None:
        return "–"
    if figure == Figure.RECEIVED:
        return gettext("%(n)s件") % {"n": f"{value:.0f}"}
    return f"{value:.0f}%"


def figure_text(measure: GuidanceMeasure) -> str:
    """按时办结率：召集前88%，目标95%，现在91% of an undertaking that is a figure; "" of others."""
    if not measure.figure:
        return ""
    values = {
        "figure": Figure(measure.figure).label,
        "baseline": number_text(measure.figure, measure.baseline),
        "target": number_text(measure.figure, measure.target),
        "now": number_text(measure.figure, measure.counted),
    }
    if measure.counted is None:
        return gettext("%(figure)s：召集前13周%(baseline)s，目标%(target)s") % values
    return gettext("%(figure)s：召集前13周%(baseline)s，目标%(target)s，现在%(now)s") % values


def days_late(measure: GuidanceMeasure, *, today: date) -> int:
    """How many days after its last day it was done, or is not yet."""
    until = measure.done_on if measure.state == GuidanceMeasure.State.DONE and measure.done_on else today
    return max(0, (until - measure.due_on).days)


def standing_of(measure: GuidanceMeasure, *, today: date) -> tuple[str, str]:
    """(words, tone): 做到, 晚5天做到, 逾期5天, 还有11天."""
    late = days_late(measure, today=today)
    if measure.state == GuidanceMeasure.State.DONE:
        return (gettext("晚%(n)s天做到") % {"n": late}, "warn") if late else (gettext("做到"), "ok")
    if late:
        return gettext("逾期%(n)s天") % {"n": late}, "bad"
    left = (measure.due_on - today).days
    return (gettext("还有%(n)s天") % {"n": left} if left else gettext("今天到期")), "neutral"


def undertakings_of(guidance: Guidance, *, today: date) -> list[dict[str, Any]]:
    rows = []
    for measure in guidance.measures.all():
        words, tone = standing_of(measure, today=today)
        rows.append({"row": measure, "standing": words, "tone": tone, "figure": public_figure_text(measure)})
    return rows


def public_figure_text(measure: GuidanceMeasure) -> str:
    """What everybody is told of a figure: its target and tenths of the way, never a count."""
    if not measure.figure:
        return ""
    target = gettext("%(figure)s，目标%(target)s") % {
        "figure": Figure(measure.figure).label,
        "target": number_text(measure.figure, measure.target),
    }
    if measure.told_to is None:
        return target
    if measure.told is None:
        return gettext("%(target)s；件数不足%(n)s，不说进度") % {"target": target, "n": ENOUGH}
    return gettext("%(target)s；从召集前到目标，走了%(tenths)s%%") % {"target": target, "tenths": 10 * measure.told}


def headline(measures: Sequence[dict[str, Any]], *, today: date) -> str:
    """企业措施4项：2项做到，1项逾期."""
    done = sum(one["row"].state == GuidanceMeasure.State.DONE for one in measures)
    late = sum(
        one["row"].state != GuidanceMeasure.State.DONE and days_late(one["row"], today=today) > 0 for one in measures
    )
    return gettext("企业答应%(all)s项措施：%(done)s项做到，%(late)s项逾期") % {
        "all": len(measures),
        "done": done,
        "late": late,
    }


def effect_sentence(effect: CampaignEffect, *, is_public: bool = True) -> str:
    """One sentence that says no more than was measured. Of few cases the public reads no number."""
    verdict = effect.verdict
    if verdict == CampaignEffect.Verdict.FEW_CONTROLS:
        return gettext("可比的其他企业不足%(n)s家，不判断效果，只看进展。") % {"n": FEWEST_CONTROLS}
    if verdict == CampaignEffect.Verdict.SHORT_HISTORY:
        return gettext("召集以前的历史不足%(n)s周，不判断效果，只看进展。") % {"n": SHORTEST}
    if effect.ratio is None or effect.low is None or effect.high is None:
        return gettext("说不清：没有可以比较的数。")
    counts = [sum(effect.counts[name]) for name in ("base", "after")]
    if is_public and min(counts) < ENOUGH:
        return {
            CampaignEffect.Verdict.BETTER: gettext("比没有行动时好，其他企业没有同样变化；件数少，不列数。"),
            CampaignEffect.Verdict.WORSE: gettext("比没有行动时差；件数少，不列数。"),
        }.get(CampaignEffect.Verdict(verdict), gettext("说不清：件数太少。"))
    if effect.figure == Figure.RECEIVED:
        values = _change(effect.ratio) | {"low": _signed(effect.low), "high": _signed(effect.high)}
        if verdict == CampaignEffect.Verdict.UNCLEAR:
            return gettext("说不清：和没有行动时相比，在%(low)s到%(high)s之间。") % values
        if effect.ratio < 1:
            return gettext("投诉比没有行动时少%(by)s（%(low)s到%(high)s）。") % values
        return gettext("投诉比没有行动时多%(by)s（%(low)s到%(high)s）。") % values
    values = {name: f"{getattr(effect, name):.2f}" for name in ("ratio", "low", "high")}
    if verdict == CampaignEffect.Verdict.UNCLEAR:
        return gettext("说不清：优势比%(ratio)s，95%%区间%(low)s–%(high)s；1是和没有行动时一样。") % values
    return gettext("优势比%(ratio)s（95%%区间%(low)s–%(high)s）；1是和没有行动时一样。") % values


def _change(ratio: float) -> dict[str, str]:
    return {"by": f"{abs(1 - ratio) * 100:.0f}%"}


def _signed(ratio: float) -> str:
    """−38% / +12%."""
    return f"{(ratio - 1) * 100:+.0f}%".replace("-", "−")


def effects_of(campaign: Campaign, *, today: date, is_public: bool = True) -> dict[str, Any]:
    """The newest look that was due, a line a figure; and when the next one is."""
    rows = list(campaign.effects.all())
    newest = max((row.weeks for row in rows), default=0)
    order = Figure.values
    shown = sorted((row for row in rows if row.weeks == newest), key=lambda row: order.index(row.figure))
    later = next((weeks for weeks in LOOKS if weeks > newest), None)
    return {
        "weeks": newest,
        "controls": shown[0].controls if shown else 0,
        "is_country": campaign.controls_of == "country",
        "rows": [
            {
                "figure": Figure(row.figure).label,
                "verdict": "" if row.ratio is None or row.verdict == _UNCLEAR else row.get_verdict_display(),
                "text": effect_sentence(row, is_public=is_public),
                "row": row,
            }
            for row in shown
        ],
        # On the evening of the day before, so many weeks are over.
        "next_on": campaign_effects.judged_on(campaign, later) if later and campaign.called_on else None,
        "is_over": later is None,
        "today": today,
    }
