"""What is typed about remedies, and the words in which they are shown."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import PlainForm
from complaints.procedure.categories import PROBLEM_CATEGORIES
from complaints.procedure.typed_values import Choice, Day, FreeText, Money
from complaints.reading.case_people import label_of
from oversight.hot_spots.reduction_forms import CHOOSE, LONGEST_DAYS
from oversight.models import Remedy, RemedyReport, RemedySample
from oversight.models.reduction import LONGEST
from oversight.remedies import affected, verifying
from oversight.remedies.figures import SIZES
from oversight.remedies.remedying import Reported
from web.incoming import whole
from web.languages import named
from web.listing import joined
from web.small_numbers import ENOUGH

TONES = {"asked": "warn", "proposed": "warn", "agreed": "info", "running": "info", "verified": "ok"}
_LIST = ".csv,text/csv"
#: Digits of a count of people.
_DIGITS = 9


def _text(label: Any, missing: Any, help_text: Any = "", *, required: bool = True, lines: int = 3) -> FreeText:
    errors = {"required": missing}
    return FreeText(
        label=label, most=LONGEST, lines=lines, required=required, error_messages=errors, help_text=help_text
    )


def _day(label: Any, missing: Any, help_text: Any = "") -> Day:
    return Day(label=label, error_messages={"required": missing}, help_text=help_text)


class People(forms.CharField):
    """A count of people as it is typed: 12400, 12,400, １２４００."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "class": "w-10", "autocomplete": "off"})

    def clean(self, value: Any) -> int:
        text = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", super().clean(value)))
        number = whole(text, _DIGITS)
        if number is None:
            raise forms.ValidationError(_("人数请写数字，例如 12400"))
        return number


def _people(label: Any, help_text: Any = "") -> People:
    return People(label=label, error_messages={"required": _("请写人数，没有就写 0")}, help_text=help_text)


class ReasonForm(PlainForm):
    """Why; for actions that need nothing else."""

    why = _text(_("理由"), _("请写明理由"), _("企业读得到；不要写个人信息"))


class WithdrawForm(PlainForm):
    """Why it is public no more."""

    why = _text(_("理由"), _("请写明理由"), _("写在公开的页面上；不要写个人信息"))


class _OfToday(PlainForm):
    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        self.today = today


class _CauseForm(_OfToday):
    """A cause, and in which days complaints of it were received."""

    cause = _text(_("同一个原因"), _("请写明是什么原因"), _("企业和公众会读到；不要写个人信息"))
    first = _day(_("这类投诉从哪天收到"), _("请写第一天，例如 2026-09-01"))
    last = _day(_("到哪天"), _("请写最后一天，例如 2026-11-30"), _("这些天里的投诉者，用来核对名单"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["first"].latest = fields["last"].latest = self.today

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", _("最后一天不能早于第一天"))
        return values


def _problem() -> Choice:
    return Choice(
        label=_("哪类投诉"), widget=forms.Select, error_messages={"required": CHOOSE, "invalid_choice": CHOOSE}
    )


def _offer_problems(form: forms.Form) -> None:
    field: Any = form.fields["problem"]
    field.choices = (("", _("请选择")), *PROBLEM_CATEGORIES)


class DemandForm(_CauseForm):
    """What an officer demands; of a root cause also about which kind of complaint (``asks_problem``)."""

    enterprise = Choice(
        label=_("要求哪家企业"), widget=forms.RadioSelect, error_messages={"required": CHOOSE, "invalid_choice": CHOOSE}
    )
    problem = _problem()
    field_order = ("enterprise", "problem", "cause", "first", "last")

    def __init__(
        self, *args: Any, enterprises: Sequence[tuple[str, str]], asks_problem: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["enterprise"]
        if asks_problem:
            _offer_problems(self)
            field.help_text = gettext("这段时间投诉最多的在前；哪家把投诉的原因标为这个，不告诉任何人。")
        else:
            # A hot spot, a campaign and a case say it.
            del self.fields["problem"]
        field.choices = enterprises
        if len(enterprises) == 1:
            field.initial = enterprises[0][0]


class ProposalForm(_OfToday):
    """What an enterprise proposes."""

    affected = _text(_("谁受影响"), _("请写明谁受影响"), _("公众会读到；没有投诉的也算，例如“9月被多扣费的全部用户”"))
    how = _text(_("怎么补救"), _("请写明怎么补救"), _("公众会读到；写清楚每人得到什么、怎么得到"))
    due_on = _day(_("最后一天"), _("请写最后一天，例如 2026-12-31"))

    def clean_due_on(self) -> date:
        due: date = self.cleaned_data["due_on"]
        if due < self.today:
            raise forms.ValidationError(_("期限不能早于今天，请改成今天或以后的日期"))
        if (due - self.today).days > LONGEST_DAYS:
            raise forms.ValidationError(_("期限最长一年，请改近一些"))
        return due


class OfferForm(_CauseForm, ProposalForm):
    """What an enterprise proposes of its own accord."""

    problem = _problem()
    field_order = ("problem", "cause", "first", "last", "affected", "how", "due_on")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _offer_problems(self)


class RemedyReportForm(PlainForm):
    """How far it is. ``before``: the report before this one, if any."""

    population = _people(_("一共影响多少人"), _("没有投诉的也算"))
    why_moved = _text(_("人数为什么变了"), "", _("和上一次报告的不同才写"), required=False, lines=2)
    remedied = _people(_("已补救多少人"))
    unreachable = _people(_("联系不上多少人"))
    declined = _people(_("不要补救多少人"))
    explained = _text(
        _("联系不上、不要补救的，为什么"), "", _("例如“已发三次短信、打过电话”；没有就不写"), required=False, lines=2
    )
    money = Money(label=_("一共补救了多少元"), required=False)
    evidence = _text(_("凭证"), _("请写明有什么凭证"), _("例如退费清单的编号、公告的网址；不要写个人信息"))
    field_order = (
        *("population", "why_moved", "remedied", "unreachable", "declined"),
        *("explained", "money", "evidence"),
    )

    def __init__(self, *args: Any, before: RemedyReport | None, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        if before is not None:
            counts = ("population", "remedied", "unreachable", "declined", "explained", "money", "evidence")
            options.setdefault("initial", {name: getattr(before, name) for name in counts})
        super().__init__(*args, **options)
        self.before = before
        if before is None:
            del self.fields["why_moved"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        left = values.get("population")
        if left is None:
            return values
        if self.before is not None and left != self.before.population and not values.get("why_moved"):
            self.add_error(
                "why_moved",
                gettext("上一次报告的是%(n)s人，请写明人数为什么变了") % {"n": f"{self.before.population:,}"},
            )
        for name in ("remedied", "unreachable", "declined"):
            if values.get(name) is None:
                return values
            if values[name] > left:
                self.add_error(
                    name,
                    gettext("三项加起来超过了受影响的%(n)s人，这一项最多%(left)s人")
                    % {"n": f"{values['population']:,}", "left": f"{left:,}"},
                )
                return values
            left -= values[name]
        if values["unreachable"] + values["declined"] and not values.get("explained"):
            self.add_error("explained", _("请写明他们为什么联系不上或者不要补救"))
        return values

    def reported(self) -> Reported:
        values = {name: self.cleaned_data.get(name) for name in Reported.__slots__}
        values["why_moved"] = values["why_moved"] or ""
        return Reported(**values)  # type: ignore[arg-type]


class ListForm(PlainForm):
    """The affected."""

    file = forms.FileField(
        label=_("受影响的名单"),
        widget=forms.FileInput(attrs={"accept": _LIST}),
        allow_empty_file=True,
        error_messages={name: _("请选一份CSV文件。") for name in ("required", "invalid", "missing")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        self.fields["file"].help_text = gettext(
            "CSV，最多%(lines)s行：第一列手机号或者账号，第二列“已补救”“未补救”“联系不上”或者“不要补救”"
        ) % {"lines": f"{affected.MOST_LINES:,}"}


class DrawForm(PlainForm):
    """How many are looked at."""

    n = forms.TypedChoiceField(
        label=_("抽查多少人"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        field: Any = self.fields["n"]
        field.choices = [
            (n, gettext("%(n)s人：最多%(bad)s人不属实，就能说至少95%%属实") % {"n": n, "bad": bad})
            for bad, n in enumerate(SIZES)
        ]
        field.initial = SIZES[0]


class ExamineForm(PlainForm):
    """What was found in a sample."""

    bad = forms.CharField(
        label=_("不属实的是哪几行"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("写行号，用逗号分开；都属实就不写"),
    )
    how = _text(_("怎么看的"), _("请写明怎么看的"), _("例如“逐行看退费凭证，并打了10个电话”；不要写个人信息"))

    def __init__(self, *args: Any, sample: RemedySample, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        self.sample = sample

    def clean_bad(self) -> list[int]:
        typed = unicodedata.normalize("NFKC", self.cleaned_data["bad"])
        lines = []
        for part in re.split(r"[\s,;、]+", typed.strip(" ,;、")):
            if not part:
                continue
            number = whole(part, _DIGITS)
            if number is None or number not in self.sample.lines:
                raise forms.ValidationError(_("“%(part)s”不是抽到的行号，请照左边的行号写"), params={"part": part[:20]})
            lines.append(number)
        return sorted(set(lines))


# --- in words ---------------------------------------------------------------------------------------------------------


def about_of(remedy: Remedy) -> str:
    """某某公司 · 多扣费."""
    parts = [named(remedy.enterprise), *(label_of(code) for code in (remedy.sector, remedy.problem) if code)]
    return " · ".join(parts)


def reported_text(report: RemedyReport | None) -> str:
    """影响12,400人，已补救11,900人."""
    if report is None:
        return gettext("企业还没有报告。")
    text = gettext("影响%(all)s人，已补救%(done)s人") % {
        "all": f"{report.population:,}",
        "done": f"{report.remedied:,}",
    }
    beside = [(report.unreachable, gettext("联系不上%(n)s人")), (report.declined, gettext("不要补救%(n)s人"))]
    return joined([text, *(words % {"n": f"{n:,}"} for n, words in beside if n)])


def checked_texts(samples: Collection[RemedySample]) -> list[str]:
    """抽查59人无误（至少95%属实） of the newest that was looked at, and how many there were before."""
    looked = [one for one in samples if one.checked_at is not None]
    if not looked:
        return [gettext("还没有抽查。")]
    sample = looked[-1]
    n, bad, limit = len(sample.lines), len(sample.bad), verifying.limit_of(sample)
    values = {"n": n, "bad": bad, "share": int(100 * limit + 1e-9)}
    if n >= sample.whole:
        texts = [gettext("名单里已补救的%(n)s人都看过，%(bad)s人不属实。") % values]
    elif not bad:
        texts = [gettext("抽查%(n)s人无误（至少%(share)s%%属实）。") % values]
    else:
        texts = [gettext("抽查%(n)s人，%(bad)s人不属实：至少%(share)s%%属实。") % values]
    if len(looked) > 1:
        texts.append(gettext("此前抽查过%(n)s次。") % {"n": len(looked) - 1})
    return texts


def complete_texts(remedy: Remedy, *, is_public: bool) -> list[str]:
    """投诉者83%在名单里（68%–91%）; of few the public reads no share."""
    found = verifying.completeness_of(remedy)
    if found is None:
        return [gettext("名单还没有和投诉者核对。") if remedy.listed_at else gettext("企业还没有上传名单。")]
    if not found.whole:
        return [gettext("没有可以核对的投诉者。")]
    if is_public and found.whole < ENOUGH:
        texts = [gettext("投诉者不足%(n)s人，不说比例。") % {"n": ENOUGH}]
        return [*texts, gettext("名单不完整。")] if found.is_refuted else texts
    low, high = found.interval
    texts = [
        gettext("投诉者%(share)s%%在名单里（%(low)s%%–%(high)s%%）。")
        % {"share": round(100 * found.share), "low": round(100 * low), "high": round(100 * high)}
    ]
    if found.is_refuted:
        texts.append(gettext("名单不完整，受影响的至少约%(n)s人。") % {"n": f"{found.least_population:,}"})
    return texts


def reach_text(remedy: Remedy, report: RemedyReport | None) -> str:
    """How many people stand behind a complaint, for the two sides, as it tells the complaints; "" of none."""
    if report is None or not remedy.complaints:
        return ""
    return gettext("收到%(n)s件投诉，每件背后约%(people)s人受影响。") % {
        "n": f"{remedy.complaints:,}",
        "people": f"{report.population / remedy.complaints:,.1f}",
    }


def figures_of(
    remedy: Remedy, report: RemedyReport | None, samples: Collection[RemedySample], *, is_public: bool
) -> list[str]:
    """The sentences with the figures, in order."""
    texts = [reported_text(report), *checked_texts(samples), *complete_texts(remedy, is_public=is_public)]
    reach = "" if is_public else reach_text(remedy, report)
    return [*texts, reach] if reach else texts
