"""What is typed to make, change, end, try and decide on a routing rule.

A form finds the row of the directory that is meant; whether the rule may be is judged by `rule_changing`.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.forms.models import model_to_dict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority, Region
from complaints import wording
from complaints.forms.fields import Choice, Day, FreeText, StepForm
from complaints.procedure import categories
from enterprises.directory.spelling import fold_name
from enterprises.models import Branch, Brand, Enterprise
from routing.directory_changes.change_forms import WIDE, DecisionForm, Named
from routing.models import LONGEST, RoutingRule
from routing.rule_desk.rule_changing import COLUMNS, FEWEST_DAYS, MOST_DAYS, TRIAL_DAYS
from web.languages import named

#: Ways in by which a complaint may come; what a program or an import says is no fact about who answers.
CHANNELS = ("web", "station", "phone", "counter", "post")
OTHER = "other"
_CODE_OR_NAME = _("统一社会信用代码，或登记的全名")


class RowByCode(Named):
    """A row by its code, its name, or both as it is shown; none is needed."""

    def __init__(self, rows: QuerySet[Any], code: str, label: Any, missing: Any, help_text: Any = "") -> None:
        super().__init__(
            rows.order_by("id"), code=code, missing=missing, label=label, help_text=help_text, required=False
        )

    def clean(self, value: Any) -> Model | None:
        text = str(value or "").strip()
        _name, space, code = text.rpartition(" ")
        if space and self.rows.filter(**{self.code: code}).exists():
            text = code
        return super().clean(text)


def shown(row: Any, code: str) -> str:
    """A row as its field shows it."""
    if row is None:
        return ""
    value = getattr(row, code)
    return f"{named(row)} {value}" if value and value != row.name else row.name


class RuleForm(StepForm):
    """When it matches, where it leads, from when on, and why. ``regions``: those of who writes it."""

    named = FreeText(
        label=_("消费者写的名称"),
        rows=1,
        longest=200,
        required=False,
        help_text=_("消费者没有点选、只写了名称时用；大小写和空格不论。"),
    )
    region = RowByCode(
        Region.objects.filter(country="CN"),
        "code",
        _("地区"),
        _("没有这个地区"),
        _("名称或六位代码，例如 鼓楼区 或 350102；须在您的辖区之内。"),
    )
    enterprise = RowByCode(Enterprise.objects.all(), "uscc", _("被投诉企业"), _("没有这个企业"), _CODE_OR_NAME)
    brand = RowByCode(Brand.objects.all(), "name", _("品牌"), _("没有这个品牌"))
    category = forms.ChoiceField(label=_("类别"), required=False, widget=forms.Select(attrs=WIDE))
    channel = forms.ChoiceField(label=_("渠道"), required=False, widget=forms.Select(attrs=WIDE))
    target_enterprise = RowByCode(Enterprise.objects.all(), "uscc", _("转给企业"), _("没有这个企业"), _CODE_OR_NAME)
    target_branch = forms.CharField(
        label=_("分支机构"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=WIDE),
        help_text=_("不写，就按服务区域由最近的分支机构答复。"),
    )
    target_authority = RowByCode(Authority.objects.all(), "name", _("或者交给监管部门人工分送"), _("没有这个部门"))
    priority = forms.IntegerField(
        label=_("优先级"),
        min_value=1,
        max_value=999,
        help_text=_("1到999；数字小的先试。"),
        widget=forms.NumberInput(attrs={"class": "w-10", "inputmode": "numeric"}),
    )
    starts_on = Day(label=_("自哪一天起"), help_text=_("批准得晚，就自批准当天起。旧版本到前一天为止。"))
    ends_on = Day(label=_("最后一天"), required=False, help_text=_("长期有效的，不填。"))
    why = FreeText(label=_("理由"), rows=2, longest=LONGEST, help_text=_("按这条规则分送的每一件都会记下这个理由。"))
    why_en = FreeText(label=_("英文理由"), rows=2, longest=LONGEST, required=False)

    def __init__(self, *args: Any, regions: Sequence[Region] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["region"].near = regions  # type: ignore[attr-defined]
        choices: dict[str, list[Any]] = {
            "category": [("", gettext("全部类别")), *categories.OBJECT_CATEGORIES, *categories.SECTOR_PROBLEMS],
            "channel": [("", gettext("全部渠道")), *((code, wording.label(code, kind="channel")) for code in CHANNELS)],
        }
        for name, listed in choices.items():
            # A rule of a table may say what no list has (a whole group): it is kept, not lost.
            value = self.initial.get(name)
            known = {code for code, _label in _flat(listed)}
            more = [(value, value)] if value and value not in known else []
            self.fields[name].choices = [*listed, *more]  # type: ignore[attr-defined]
        self.fields["named"].widget.attrs |= WIDE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        enterprise, text = cleaned.get("target_enterprise"), str(cleaned.get("target_branch") or "").strip()
        if text and enterprise is not None:
            branch = (
                Branch.objects.filter(enterprise=enterprise, name=text).first()
                or Branch.objects.filter(enterprise=enterprise, name_en=text).first()
            )
            if branch is None:
                self.add_error("target_branch", gettext("这个企业没有这个分支机构"))
            cleaned["target_branch"] = branch
        elif text:
            self.add_error("target_enterprise", gettext("写了分支机构，也要写企业。"))
        else:
            cleaned["target_branch"] = None
        written = cleaned.get("named")
        if written and not fold_name(written):
            self.add_error("named", gettext("名称里至少要有一个字。"))
        return cleaned

    @property
    def what(self) -> dict[str, Any]:
        """The columns of the rule as a change keeps them."""
        cleaned = {name: self.cleaned_data.get(name) for name in COLUMNS}
        return {name: value.pk if isinstance(value, Model) else value for name, value in cleaned.items()}


def _flat(listed: Any) -> list[tuple[str, Any]]:
    results: list[tuple[str, Any]] = []
    for value, text in listed:
        results += list(text) if isinstance(text, list | tuple) else [(value, text)]
    return results


def initial_of(rule: RoutingRule) -> dict[str, Any]:
    """A rule with its rows attached, as the form shows it."""
    plain = ("named", "category", "channel", "priority", "starts_on", "ends_on")
    codes = {"region": "code", "enterprise": "uscc", "brand": "name"}
    codes |= {"target_enterprise": "uscc", "target_authority": "name"}
    return {
        **model_to_dict(rule, plain),
        **{name: shown(getattr(rule, name), code) for name, code in codes.items()},
        "target_branch": rule.target_branch.name if rule.target_branch else "",
        "why": rule.reason,
        "why_en": rule.reason_en,
    }


class EndForm(StepForm):
    """The last day of a rule, and why."""

    ends_on = Day(label=_("最后一天"), help_text=_("到这一天24:00为止；批准得晚，就到批准当天为止。"))
    why = FreeText(label=_("为什么"), rows=2, longest=LONGEST)


class TrialForm(StepForm):
    """How far back."""

    days = Choice(
        label=_("用多少天的案件试"),
        initial="30",
        choices=[*((str(n), _("最近30天") if n == 30 else _("最近90天")) for n in TRIAL_DAYS), (OTHER, _("别的天数"))],
    )
    number = forms.IntegerField(
        label=_("天数"),
        required=False,
        min_value=FEWEST_DAYS,
        max_value=MOST_DAYS,
        widget=forms.NumberInput(attrs={"class": "w-10", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("days") == OTHER and cleaned.get("number") is None and "number" not in self.errors:
            self.add_error("number", gettext("请写%(first)s到%(last)s天。") % {"first": FEWEST_DAYS, "last": MOST_DAYS})
        return cleaned

    @property
    def chosen(self) -> int:
        days = self.cleaned_data["days"]
        return int(self.cleaned_data["number"] if days == OTHER else days)


class RuleDecisionForm(DecisionForm):
    """Approve or not; the author reads why not."""

    reason = FreeText(
        label=_("理由"), rows=2, longest=LONGEST, required=False, help_text=_("不批准的，须写明理由；起草人会看到。")
    )


class DismissForm(StepForm):
    """Why a lesson is not to become a rule."""

    reason = FreeText(label=_("为什么不采纳"), rows=1, longest=LONGEST)
