"""What a consumer types on a step page: a text, a plain yes or no; nothing is chosen beforehand.

Whether the step may be taken is judged by its verb; a refusal lands on the field of the same name.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording
from complaints.casefile.case_file import CONSENT_LABELS, REVOCABLE
from complaints.forms.fields import Pick, StepForm
from complaints.forms.file_forms import FilesField, TakesFiles
from complaints.forms.suggestion_form import NamesSuggestion
from complaints.handling.steps import consumer
from complaints.reading.case import CasePage


def area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class Essay(forms.CharField):
    """Free text; its length is checked by the verb so that the words are the same everywhere."""

    def __init__(self, *, rows: int = 4, required: bool = True, **options: Any) -> None:
        options.setdefault("error_messages", {"required": gettext_lazy("请填写这一项。")})
        super().__init__(widget=area(rows), required=required, strip=True, **options)


class EssayForm(StepForm):
    """One text."""

    def __init__(self, data: Any, *, label: Any, rows: int = 4, required: bool = True) -> None:
        super().__init__(data)
        self.fields["text"] = Essay(label=label, rows=rows, required=required)


class YesNoForm(StepForm):
    """A plain yes or no."""

    def __init__(self, data: Any, *, yes: Any, no: Any, label: Any = "", name: str = "answer"):
        super().__init__(data)
        self.name = name
        self.fields[name] = Pick(label=label or _("您的答复"), choices=[("yes", yes), ("no", no)])

    @property
    def is_yes(self) -> bool:
        return bool(self.cleaned_data[self.name] == "yes")


class StatementForm(TakesFiles, StepForm):
    text = Essay(label=gettext_lazy("补充一条"), required=False, help_text=gettext_lazy("企业和监管部门都能看到。"))
    uploads = FilesField(label=gettext_lazy("材料"))


class MaterialForm(TakesFiles, StepForm):
    text = Essay(label=gettext_lazy("说明"), required=False)
    uploads = FilesField(label=gettext_lazy("材料"))
    has_none = forms.BooleanField(label=gettext_lazy("我没有这些材料"), required=False)


class WithdrawForm(StepForm):
    reason = Pick(label=gettext_lazy("为什么撤回"), choices=())
    text = Essay(label=gettext_lazy("补充说明"), required=False, rows=3)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (code, wording.label(code, kind="withdraw_reason")) for code in consumer.WITHDRAW_REASONS
        ]


class SettledElsewhereForm(StepForm):
    """Claims when nobody has; answers the enterprise's claim otherwise."""

    answer = Pick(
        label=gettext_lazy("企业说双方已经另行和解，是这样吗"),
        choices=[("yes", gettext_lazy("是，已经另行和解")), ("no", gettext_lazy("没有和解"))],
    )
    text = Essay(label=gettext_lazy("怎么和解的"), rows=3)

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        if not page.may("deny_settled_elsewhere"):
            del self.fields["answer"]
            return
        self.fields["text"].required = False
        self.fields["text"].label = _("说明")
        if not page.may("confirm_settled_elsewhere"):
            # A representative without that power may say no, and nothing else.
            self.fields["answer"].choices = [("no", _("没有和解"))]  # type: ignore[attr-defined]


class LateForm(StepForm):
    answer = Pick(label=gettext_lazy("您的答复"), choices=())
    text = Essay(label=gettext_lazy("补充说明"), required=False, rows=3)

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        lapsed = any(o.state_code == "lapsed" for o in page.offers)
        yes = _("接受最后一份方案") if lapsed else _("企业已经兑现")
        no = _("不接受") if lapsed else _("企业没有兑现")
        self.fields["answer"].choices = [("yes", yes), ("no", no)]  # type: ignore[attr-defined]


class WithdrawConsentForm(StepForm):
    purpose = Pick(label=gettext_lazy("您同意过的"), choices=())

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        given = page.complaint.consents
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (name, CONSENT_LABELS[name]) for name in REVOCABLE if given.get(name) is True
        ]


class SuggestionForm(NamesSuggestion, StepForm):
    """The mediator's way to settle it: yes or no, each for itself."""

    answer = Pick(
        label=gettext_lazy("您的答复"),
        choices=[("yes", gettext_lazy("同意这个方案")), ("no", gettext_lazy("不同意这个方案"))],
    )
    text = Essay(label=gettext_lazy("想说明的"), required=False, rows=3)

    def __init__(self, data: Any, *, page: CasePage) -> None:
        matter = page.matters.get("suggestion")
        super().__init__(data, initial={"matter_id": matter.pk if matter is not None else None})


class RecusalForm(StepForm):
    whom = forms.CharField(
        label=gettext_lazy("请谁回避"), max_length=120, error_messages={"required": gettext_lazy("请填写这一项。")}
    )
    text = Essay(label=gettext_lazy("为什么"))
