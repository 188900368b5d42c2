"""What an officer types at the review desk and about violations; the rules are those of authority_forms.

Nothing is chosen beforehand, and a ground that the file rules out has no radio.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from authorities.models import Officer
from complaints import wording
from complaints.acceptance import review_grounds
from complaints.acceptance.remedies import PHONES, phone_of
from complaints.acceptance.review_facts import Known
from complaints.forms.fields import CHOOSE, Choice, Day, StepForm, Words, lines_of, set_choices, words_of
from complaints.handling.steps.violations import RESULTS
from complaints.models import Complaint, Matter
from complaints.pages.authority.forms import long_enough


class MaterialForm(StepForm):
    """What is missing, until when (art. 10)."""

    what = Words(label=_("需要补正什么"), help_text=_("逐项写清楚；消费者看得到。"))
    last_day = Day(label=_("补正的最后一天"), required=False)
    is_identity = forms.BooleanField(label=_("要求提供身份证明（文书第4号）"), required=False)

    def __init__(self, *args: Any, today: date, latest: date | None = None, what: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["what"].initial = what
        self.fields["last_day"].help_text = (
            _("不填按通常的期限；最晚是审查期限的前一个工作日。")
            if latest is None
            else _("不填按通常的期限；最晚%(day)s，审查期限的前一个工作日。") % {"day": latest.isoformat()}
        )

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and day < self.today:
            raise forms.ValidationError(_("这一天已经过去。"))
        return day


class RefusalForm(StepForm):
    """Art. 16: one of the grounds that the file does not rule out, its facts, and who else: the body that has the duty
    (ground 1), or who has handled it (ground 2)."""

    ground = Choice(label=_("不予受理的七种情形（第十六条）"))
    body = forms.ChoiceField(
        label=_("哪个部门"),
        required=False,
        widget=forms.Select(attrs={"class": "w-24"}),
        help_text=_("第一项必填：有职责的部门。第二项：谁已经受理或者处理过。"),
    )
    earlier = forms.ChoiceField(
        label=_("监管部门受理或者处理过的同一争议"), required=False, widget=forms.Select(attrs={"class": "w-24"})
    )
    facts = Words(label=_("事实和理由"), help_text=_("写明查到了什么、凭什么认定；写进决定书。至少10个字。"))

    def __init__(self, *args: Any, known: Known, earlier: Sequence[Complaint] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.known, self.cases = known, tuple(earlier)
        grounds = review_grounds.grounds(known)
        self.grounds = {ground.code: ground for ground in grounds}
        set_choices(self, "ground", lines_of([g.code for g in grounds if not g.barred], "refusal_ground"))
        set_choices(
            self,
            "body",
            [
                ("", str(_("请选择"))),
                *((code, _with_phone(code, words)) for code, words in words_of(tuple(PHONES), "body")),
            ],
        )
        self.fields["body"].error_messages["invalid_choice"] = CHOOSE
        if earlier:
            set_choices(
                self,
                "earlier",
                [
                    ("", str(_("不是"))),
                    *((case.number, f"{case.number} {wording.label(case.outcome or case.status)}") for case in earlier),
                ],
            )
        else:
            del self.fields["earlier"]

    def clean_facts(self) -> str:
        return long_enough(self.cleaned_data["facts"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        typed = self.grounds.get(self.data.get("ground", ""))
        if typed is not None and typed.barred:
            self.errors.pop("ground", None)
            self.add_error("ground", typed.barred)
        if "body" in self.errors or said.get("body"):
            return said
        if said.get("ground") == "outside_duty":
            self.add_error("body", _("不属于本部门职责的，请写明应当找哪个部门。"))
        if said.get("ground") == "already_handled" and not said.get("earlier"):
            self.add_error("body", _("请写明谁已经受理或者处理过：一个部门，或者查到的那件投诉。"))
        return said


def _with_phone(body: str, words: str) -> str:
    phone = phone_of(body)
    return f"{words} {phone}" if phone and phone not in words else words


class LeadForm(StepForm):
    """One record of the register, and what is said of it."""

    matter = Choice(label=_("哪一件"), widget=forms.Select(attrs={"class": "w-24"}))
    text = Words(label=_("说明"), help_text=_("只有监管部门看得到。"))

    def __init__(
        self, *args: Any, matters: Sequence[Matter], chosen: str = "", label: Any = "", **options: Any
    ) -> None:
        super().__init__(*args, **options)
        set_choices(
            self,
            "matter",
            [
                ("", str(_("请选择"))),
                *((str(m.pk), f"{m.subject} · {wording.label(m.kind, kind='matter_kind')}") for m in matters),
            ],
        )
        self.fields["matter"].initial = chosen or (str(matters[0].pk) if len(matters) == 1 else "")
        if label:
            self.fields["text"].label = label


class LeadResultForm(LeadForm):
    """What the check brought, in two names."""

    result = Choice(label=_("核查结果"))
    second_officer = Choice(label=_("第二名核查人员"), widget=forms.Select(attrs={"class": "w-24"}))
    told = Words(
        label=_("告知举报人的话"),
        required=False,
        help_text=_("印在举报处理结果告知书上，核查结果不用重复。告知书随办结自动制作。"),
    )
    field_order = ("matter", "result", "second_officer", "text", "told")

    def __init__(self, *args: Any, people: Sequence[Officer], matters: Sequence[Matter], **options: Any) -> None:
        super().__init__(*args, matters=matters, **options)
        if not any(m.kind == "report" for m in matters):
            del self.fields["told"]
        set_choices(self, "result", lines_of(RESULTS, "lead_result"))
        set_choices(
            self,
            "second_officer",
            [("", str(_("请选择"))), *((str(p.pk), f"{p.user.name} · {p.get_role_display()}") for p in people)],
        )
