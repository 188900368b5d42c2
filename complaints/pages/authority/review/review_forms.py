"""What an officer types under review and about violations.

A form is built from what the file shows: nothing is chosen beforehand, and a ground that the file rules out has no
radio.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.roles import Right
from complaints import wording
from complaints.acceptance import review_advice, review_facts, review_grounds
from complaints.acceptance.remedies import PHONES, phone_of
from complaints.desks.officer_case import OfficerCase
from complaints.forms.fields import CHOOSE, Choice, Day, Words, lines_of, set_choices, words_of
from complaints.handling import Move
from complaints.handling.steps import authority, violations
from complaints.handling.transition.settling import KINDS
from complaints.models import Complaint, Deadline, Matter
from complaints.pages.authority.forms import CaseForm, long_enough, officer_choices, officers_of, please_choose
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Clock


def known_of(officer_case: OfficerCase) -> review_facts.Known:
    """Only cases that this officer sees stand among the earlier ones."""
    return review_facts.known_of(officer_case.found.complaint, among=officer_case.workspace.cases())


class MaterialForm(CaseForm):
    """What is missing, until when (art. 10)."""

    what = Words(label=_("需要补正什么"), help_text=_("逐项写清楚；消费者看得到。"))
    last_day = Day(label=_("补正的最后一天"), required=False)
    is_identity = forms.BooleanField(label=_("要求提供身份证明（文书第4号）"), required=False)

    def prepare(self, officer_case: OfficerCase) -> None:
        # The consumer reads it, so it begins in the consumer's language.
        with override(self.case.language):
            lacking = review_grounds.lacking(known_of(officer_case))
            self.fields["what"].initial = review_advice.wanted(lacking)
        review = Deadline.objects.filter(complaint=self.case, clock=Clock.REVIEW, state="running").first()
        latest = current_calendar().before(review.last_day, 1) if review is not None else None
        self.fields["last_day"].help_text = (
            _("不填按通常的期限；最晚是审查期限的前一个工作日。")
            if latest is None or latest < self.today
            else _("不填按通常的期限；最晚%(day)s，审查期限的前一个工作日。") % {"day": latest.isoformat()}
        )

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and day < self.today:
            raise forms.ValidationError(_("这一天已经过去。"))
        return day


class RefusalForm(CaseForm):
    """Art. 16: one of the grounds that the file does not rule out, its facts, and who else: the body that has the duty
    (ground 1), or who has handled it (ground 2)."""

    ground = Choice(label=_("不予受理的七种情形（第十六条）"))
    body = forms.ChoiceField(
        label=_("哪个部门"),
        required=False,
        widget=forms.Select(attrs={"class": "w-24"}),
        help_text=_("第一项必填：有职责的部门。第二项：谁已经受理或者处理过。"),
        error_messages={"invalid_choice": CHOOSE},
    )
    earlier = forms.ChoiceField(
        label=_("监管部门受理或者处理过的同一争议"), required=False, widget=forms.Select(attrs={"class": "w-24"})
    )
    facts = Words(label=_("事实和理由"), help_text=_("写明查到了什么、凭什么认定；写进决定书。至少10个字。"))

    def prepare(self, officer_case: OfficerCase) -> None:
        self.known = known_of(officer_case)
        self.cases: Sequence[Complaint] = ()
        if self.known.earlier:
            self.cases = review_facts.earlier_cases(self.case, among=officer_case.workspace.cases())
        self.grounds = {ground.code: ground for ground in review_grounds.grounds(self.known)}
        codes = [code for code, ground in self.grounds.items() if not ground.barred]
        set_choices(self, "ground", lines_of(codes, "refusal_ground"))
        bodies = words_of(tuple(PHONES), "body")
        set_choices(self, "body", please_choose((code, _with_phone(code, text)) for code, text in bodies))
        earlier = [(one.number, f"{one.number} {wording.label(one.outcome or one.status)}") for one in self.cases]
        set_choices(self, "earlier", [("", str(_("不是"))), *earlier])
        if not earlier:
            del self.fields["earlier"]

    def clean_facts(self) -> str:
        return long_enough(self.cleaned_data["facts"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        typed = self.grounds.get(self.data.get("ground", ""))
        if typed is not None and typed.barred:
            self.errors.pop("ground", None)
            self.add_error("ground", typed.barred)
        if "body" in self.errors or cleaned.get("body"):
            return cleaned
        if cleaned.get("ground") == "outside_duty":
            self.add_error("body", _("不属于本部门职责的，请写明应当找哪个部门。"))
        if cleaned.get("ground") == "already_handled" and not cleaned.get("earlier"):
            self.add_error("body", _("请写明谁已经受理或者处理过：一个部门，或者查到的那件投诉。"))
        return cleaned

    def move(self) -> Move:
        return authority.refuse(**{"earlier": "", **self.cleaned_data})


def _with_phone(body: str, label: str) -> str:
    phone = phone_of(body)
    return f"{label} {phone}" if phone and phone not in label else label


class LeadForm(CaseForm):
    """One record of the register that is being checked, and what is said of it."""

    matter = Choice(label=_("哪一件"), widget=forms.Select(attrs={"class": "w-24"}))
    text = Words(label=_("为什么延长"), help_text=_("只有监管部门看得到。"))

    def prepare(self, officer_case: OfficerCase) -> None:
        rows = Matter.objects.filter(complaint=self.case, kind__in=KINDS, state="open").order_by("pk")
        self.matters = list(rows)
        choices = [(str(m.pk), f"{m.subject} · {wording.label(m.kind, kind='matter_kind')}") for m in self.matters]
        set_choices(self, "matter", please_choose(choices))
        only = choices[0][0] if len(choices) == 1 else ""
        self.fields["matter"].initial = officer_case.query.get("matter", "") or only

    def move(self) -> Move:
        return violations.extend_lead(matter_id=int(self.cleaned_data["matter"]), text=self.cleaned_data["text"])


class LeadResultForm(LeadForm):
    """What the check brought, in two names."""

    result = Choice(label=_("核查结果"), choices=lambda: lines_of(violations.RESULTS, "lead_result"))
    second_officer = Choice(label=_("第二名核查人员"), widget=forms.Select(attrs={"class": "w-24"}))
    text = Words(label=_("说明"), help_text=_("只有监管部门看得到。"))
    told = Words(
        label=_("告知举报人的话"),
        required=False,
        help_text=_("印在举报处理结果告知书上，核查结果不用重复。告知书随办结自动制作。"),
    )
    field_order = ("matter", "result", "second_officer", "text", "told")

    def prepare(self, officer_case: OfficerCase) -> None:
        super().prepare(officer_case)
        if not any(m.kind == "report" for m in self.matters):
            del self.fields["told"]
        people = officers_of(officer_case, Right.HOLD_CASE, without=[officer_case.workspace.user.pk])
        set_choices(self, "second_officer", please_choose(officer_choices(people)))

    def move(self) -> Move:
        cleaned = self.cleaned_data
        return violations.close_lead(
            matter_id=int(cleaned["matter"]),
            result=cleaned["result"],
            second_officer_id=int(cleaned["second_officer"]),
            text=cleaned["text"],
            told=cleaned.get("told", ""),
        )
