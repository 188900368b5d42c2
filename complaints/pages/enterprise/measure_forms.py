"""What somebody says about many equal cases: which, what each kind of demand gets, and what shows that it was done.

The fields are named as the rule names them, one block a kind of demand that the chosen cases have.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.forms.enterprise_offer_form import VERDICTS
from complaints.forms.fields import UNCHOSEN, Choice, Day, FreeText, Money, StepForm, labels_of
from complaints.handling.steps.offers import SHORTEST_REASON
from complaints.measures.choosing import MOST_CASES, KindRule, Rule
from complaints.models import Demand
from complaints.models.settlement import MONEY_KINDS, OBLIGATION_KINDS
from complaints.tables.table_forms import SheetField

SOURCES = (
    ("none", _("没有金额")),
    ("asked", _("消费者要求的金额")),
    ("table", _("表中的金额")),
    ("fixed", _("统一的金额")),
)

#: The controls of one kind of demand.
KIND_FIELDS = ("verdict", "source", "fixed", "reason", "by")


class ChoosingForm(StepForm):
    title = FreeText(
        label=_("这份批量方案叫什么"), rows=1, longest=60, help_text=_("例如：8月宽带中断统一补偿。只有本单位看得到。")
    )
    lines = forms.CharField(
        label=_("案件编号，一行一件"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("编号后面可以跟金额，中间用逗号或者制表符隔开；也可以从表格里复制两列贴过来。"),
    )
    file = SheetField(
        label=_("或者上传一份表格"), required=False, help_text=_("第一列编号，第二列金额（可以没有）；CSV或者xlsx。")
    )
    use_list = forms.BooleanField(required=False)

    def __init__(self, *args: Any, listed: str = "", **options: Any) -> None:
        """``listed``: how many cases the list shows from which one came, in words; empty without one."""
        super().__init__(*args, **options)
        self.fields["lines"].widget.attrs.pop("maxlength", None)
        if listed:
            self.fields["use_list"].label = gettext("用列表里的案件（%(n)s件）") % {"n": listed}
        else:
            del self.fields["use_list"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = [name for name in ("lines", "file", "use_list") if cleaned.get(name)]
        if not given and not self.errors:
            self.add_error("lines", gettext("请写出案件编号，或者上传一份表格，最多%(n)s件。") % {"n": MOST_CASES})
        elif len(given) > 1:
            self.add_error(given[-1], gettext("请只用一种办法选案件。"))
        return cleaned


class RuleForm(StepForm):
    """``kinds``: kind of demand → how many of the chosen cases have it."""

    template = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**53 - 1)
    due_on = Day(label=_("最后一天"), required=False, help_text=_("同意的，都在这一天之前做到。"))
    message = FreeText(label=_("给消费者的话"), required=False, rows=3)

    def __init__(self, data: Any = None, *, kinds: dict[str, int], today: date, rule: Rule | None = None) -> None:
        initial: dict[str, Any] = (
            {"due_on": rule.due_on, "message": rule.message, "template": rule.template} if rule else {}
        )
        for kind, known in rule.kinds.items() if rule else ():
            initial |= {f"{name}-{kind}": getattr(known, name) for name in KIND_FIELDS}
        super().__init__(data, initial=initial)
        self.kinds, self.today = kinds, today
        for kind in kinds:
            self._add(kind)
        self.order_fields([*(name for name in self.fields if name not in ("due_on", "message")), "due_on", "message"])

    def _add(self, kind: str) -> None:
        slot = {"demand": wording.label(kind, kind="demand_kind")}
        self.fields |= {
            f"verdict-{kind}": Choice(
                label=gettext("“%(demand)s”的答复") % slot, choices=labels_of(VERDICTS, "verdict")
            ),
            f"source-{kind}": Choice(
                label=gettext("“%(demand)s”的金额") % slot, choices=SOURCES, widget=forms.Select, initial="none"
            ),
            f"fixed-{kind}": Money(label=gettext("“%(demand)s”统一的金额（元）") % slot),
            f"reason-{kind}": FreeText(
                label=gettext("“%(demand)s”的说明") % slot, required=False, rows=2, longest=1000
            ),
            f"by-{kind}": Choice(
                label=gettext("“%(demand)s”怎么做") % slot,
                required=False,
                widget=forms.Select,
                choices=[UNCHOSEN, *labels_of(OBLIGATION_KINDS, "obligation_kind")],
            ),
        }

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return [
            {"title": wording.label(kind, kind="demand_kind"), "count": count}
            | {name: self[f"{name}-{kind}"] for name in KIND_FIELDS}
            for kind, count in self.kinds.items()
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        promises = False
        for kind in self.kinds:
            verdict, source, by = (cleaned.get(f"{name}-{kind}") for name in ("verdict", "source", "by"))
            promises |= bool(by) and verdict != "refuse"
            if verdict in ("part", "refuse") and len(cleaned.get(f"reason-{kind}", "")) < SHORTEST_REASON:
                text = gettext("部分同意或者不同意时，请写明理由，至少%(n)s个字。") % {"n": SHORTEST_REASON}
                self.add_error(f"reason-{kind}", text)
            if source == "fixed" and not cleaned.get(f"fixed-{kind}") and f"fixed-{kind}" not in self.errors:
                self.add_error(f"fixed-{kind}", gettext("金额请填数字，例如 128.50"))
            if by in MONEY_KINDS and verdict != "refuse" and source == "none":
                self.add_error(f"source-{kind}", gettext("要给钱的，请选金额从哪里来。"))
            if verdict in ("grant", "part") and f"by-{kind}" not in self.errors:
                if not by:
                    self.add_error(f"by-{kind}", gettext("同意的，请选怎么做。"))
                elif by not in MONEY_KINDS and source != "none":
                    self.add_error(f"by-{kind}", gettext("同意金额的，请选一种付钱的方式。"))
        due_on = cleaned.get("due_on")
        if promises and due_on is None and "due_on" not in self.errors:
            self.add_error("due_on", gettext("请写明最后一天。"))
        elif due_on is not None and due_on < self.today:
            self.add_error("due_on", gettext("这一天已经过去。"))
        return cleaned

    def rule(self) -> Rule:
        cleaned = self.cleaned_data
        kinds = {
            kind: KindRule(
                fixed=str(cleaned[f"fixed-{kind}"] or "") if cleaned[f"source-{kind}"] == "fixed" else "",
                **{name: cleaned[f"{name}-{kind}"] for name in ("verdict", "source", "by", "reason")},
            )
            for kind in self.kinds
        }
        return Rule(due_on=cleaned["due_on"], message=cleaned["message"], kinds=kinds, template=cleaned.get("template"))


class DoneForm(StepForm):
    """What shows that a measure was performed: one proof for all, or one for each case of a table."""

    proof = FreeText(
        label=_("共同的证明"),
        required=False,
        rows=3,
        longest=1000,
        help_text=_("批次号、日期、渠道等，便于消费者核对。每件都会写上这一段，除非下面给了它自己的证明。"),
    )
    channel = FreeText(
        label=_("怎么做到的"), required=False, rows=1, longest=60, help_text=_("例如：原路退回、账单抵扣。")
    )
    lines = forms.CharField(
        label=_("只报告这些案件"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("一行一件：编号，后面可以跟这一件的证明。不填，就是所有待做到的案件。"),
    )
    file = SheetField(
        label=_("或者上传一份表格"), required=False, help_text=_("第一列编号，第二列证明（可以没有）；CSV或者xlsx。")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["lines"].widget.attrs.pop("maxlength", None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("lines") and cleaned.get("file"):
            self.add_error("file", gettext("请只用一种办法选案件。"))
        if not cleaned.get("proof") and not cleaned.get("lines") and not cleaned.get("file") and not self.errors:
            self.add_error("proof", gettext("请填写这一项。"))
        return cleaned


def kinds_in(demands: Iterable[Demand]) -> dict[str, int]:
    """Kind → how many cases have it, the most frequent first."""
    pairs = {(demand.kind, demand.complaint_id) for demand in demands}
    counts = Counter(kind for kind, _case in pairs)
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
