"""What an officer types: one form a step, each field named as the rule names it.

A form reads and says what is missing; the verb judges, and its refusal lands on the field of the same name. ``move`` is
what a valid form means.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.roles import Right
from authorities.models import Officer
from complaints import handling, wording
from complaints.acceptance import mediation as mediation_rules
from complaints.acceptance.mediation import Ground
from complaints.acceptance.publication import SHOWN, state_of
from complaints.acceptance.remedies import BODIES
from complaints.desks.officer_case import OfficerCase
from complaints.documents.kinds import KINDS
from complaints.forms.fields import (
    CHOOSE,
    FILL,
    Choice,
    Choices,
    Day,
    Dropdown,
    FilesField,
    FreeText,
    StepForm,
    TakesFiles,
    after_today,
    labels_of,
    lines_of,
    set_choices,
)
from complaints.handling import Move
from complaints.handling.steps import authority, casework, documents, mediation, parties
from complaints.handling.steps.casework import CALL_RESULTS, SERVICE_CHANNELS
from complaints.models import Deadline
from complaints.pages.shared.step_pages import Data
from complaints.parties import powers
from complaints.parties.powers import SEEN
from complaints.procedure.workflow import Status
from complaints.reading.case_people import by_name
from complaints.reading.mediation_facts import mediation_clock
from complaints.triage.signal_facts import signals_of
from complaints.triage.signals import looked_back
from complaints.wording.reasons import OWN_SIGNS, signal_sentence
from web.dates import last_day
from web.languages import named

SHORTEST_FACTS = 10


def please_choose(choices: Iterable[tuple[str, str]]) -> Choices:
    return [("", str(_("请选择"))), *choices]


def officer_choices(people: Iterable[Officer]) -> Choices:
    return [(str(one.pk), f"{one.user.name} · {one.get_role_display()}") for one in people]


def coded(kind: str) -> Callable[[], Choices]:
    """Every code of a closed list, in the language of whoever reads the form."""
    return lambda: lines_of(tuple(wording.KINDS[kind]), kind)


def long_enough(facts: str) -> str:
    if len(facts) < SHORTEST_FACTS:
        raise forms.ValidationError(_("请至少写%(n)s个字。"), params={"n": SHORTEST_FACTS})
    return facts


def officers_of(officer_case: OfficerCase, right: Right, *, without: Any) -> list[Officer]:
    """Officers of the authority that handles the case whose post has ``right``, by name; less the users ``without``."""
    rows = Officer.objects.on(officer_case.workspace.today).select_related("user")
    here = officer_case.access.complaint.handling_authority_id
    rows = rows.filter(authority_id=here, user__is_active=True, role__in=right.posts)
    return by_name(rows.exclude(user__in=without).order_by("pk"))


def termination_grounds(officer_case: OfficerCase, clock: Deadline | None) -> list[Ground]:
    """The grounds of art. 23; ``clock``: the deadline of the mediation."""
    grounds = mediation_rules.grounds(
        officer_case.access.complaint,
        matters=list(officer_case.around.matters.values()),
        sixty=clock if clock is not None and clock.ended_at is None else None,
        now=officer_case.workspace.now,
    )
    return list(grounds.values())


class ListFilter(forms.Form):
    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")

    def read(self) -> dict[str, Any]:
        """What was chosen, by its name; what cannot be read is left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class CaseForm(StepForm):
    def __init__(self, officer_case: OfficerCase, data: Data) -> None:
        super().__init__(data)
        self.case, self.today = officer_case.access.complaint, officer_case.workspace.today
        self.prepare(officer_case)

    def prepare(self, officer_case: OfficerCase) -> None:
        """Set choices and first values by the case."""


class PublicationForm(CaseForm):
    decision = Choice(label=_("您的决定"))
    text = FreeText(label=_("不予公示的理由"), required=False, rows=3, longest=400)

    def prepare(self, officer_case: OfficerCase) -> None:
        is_shown = state_of(self.case) == SHOWN
        offered = [] if is_shown else [("publish", str(_("公示")))]
        set_choices(self, "decision", [*offered, ("withhold", str(_("不再公示") if is_shown else _("不予公示")))])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "withhold" and not cleaned.get("text"):
            self.add_error("text", FILL)
        return cleaned

    def move(self) -> Move:
        if self.cleaned_data["decision"] == "withhold":
            return casework.withhold(text=self.cleaned_data["text"])
        return casework.publish()


class OfficerForm(CaseForm):
    """Who handles it (责任到人)."""

    officer = Dropdown(label=_("由谁经办"))

    def prepare(self, officer_case: OfficerCase) -> None:
        people = officers_of(officer_case, Right.DECIDE_CASE, without=powers.recused(self.case))
        set_choices(self, "officer", please_choose(officer_choices(people)))
        actor = officer_case.access.actor
        own = min((p.pk for p in people if actor is not None and p.user_id == actor.user_id), default=None)
        chosen = self.case.officer_id or own
        if chosen in {p.pk for p in people}:
            self.fields["officer"].initial = str(chosen)

    def move(self) -> Move:
        return authority.assign_officer(officer_id=int(self.cleaned_data["officer"]))


class TerminationForm(CaseForm):
    """Art. 23: one of the grounds that the case bears, with its facts."""

    ground = Choice(label=_("终止调解的情形（第二十三条）"))
    facts = FreeText(label=_("事实和理由"), help_text=_("写进终止调解决定书。至少10个字。"))

    def prepare(self, officer_case: OfficerCase) -> None:
        self.grounds = termination_grounds(officer_case, mediation_clock(self.case))
        codes = [ground.code for ground in self.grounds if ground.is_open]
        set_choices(self, "ground", lines_of(codes, "termination_ground"))

    def clean_facts(self) -> str:
        return long_enough(self.cleaned_data["facts"])


class RedirectForm(StepForm):
    """Only what is no consumer complaint (arts 34, 44)."""

    matter = Choice(label=_("这其实是什么"), choices=coded("redirected_matter"))
    body = Dropdown(label=_("应当找哪个部门"), choices=lambda: please_choose(labels_of(BODIES, "body")))
    text = FreeText(label=_("告知的内容"), help_text=_("消费者看得到。"))


class SessionForm(StepForm):
    """When, where and how the parties meet (art. 20)."""

    at = forms.DateTimeField(
        label=_("什么时候"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "w-24"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": _("请填写这一项。"), "invalid": _("时间请写成 2026-12-02 15:30 这样。")},
    )
    place = FreeText(label=_("地点或接入方式"), rows=1, longest=200)
    mode = Choice(label=_("方式"), choices=coded("session_mode"))

    def __init__(self, *args: Any, now: datetime, until: Deadline | None = None, **options: Any) -> None:
        """``until``: the clock of the mediation; on a day after it nothing could be agreed in time."""
        super().__init__(*args, **options)
        self.now = now
        self.until = until if until is not None and until.lapsed_at is None and until.ended_at is None else None
        if self.until is not None:
            self.fields["at"].help_text = _("最晚%(day)s：调解期限到这一天为止。") % {
                "day": last_day(self.until.due_at)
            }

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at <= self.now:
            raise forms.ValidationError(_("请写现在之后的时间。"))
        if self.until is not None and at >= self.until.due_at:
            raise forms.ValidationError(
                _("调解期限到%(day)s为止。请选这一天或者更早；要等鉴定的，先送鉴定，期限会停。")
                % {"day": last_day(self.until.due_at)}
            )
        return at


def who_was_there() -> Choices:
    return [*labels_of(("consumer", "enterprise"), "side"), ("body", wording.label("mediation_body", kind="role"))]


class MinutesForm(TakesFiles, StepForm):
    minutes = FreeText(label=_("调解情况"), rows=8, help_text=_("双方看得到。"))
    uploads = FilesField(label=_("笔录等材料"))
    present = forms.MultipleChoiceField(
        label=_("谁在场"),
        choices=who_was_there,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": CHOOSE},
    )


class SignsForm(CaseForm):
    """What the consumer objects to: which signs go, and the answer. Those that this officer is shown may go."""

    removed = forms.MultipleChoiceField(
        label=_("去掉哪些提示"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("一项也不去掉的，提示保留，请写明理由。"),
        error_messages={"invalid_choice": CHOOSE},
    )
    text = FreeText(label=_("答复"))

    def prepare(self, officer_case: OfficerCase) -> None:
        workspace, case = officer_case.workspace, self.case
        back = looked_back(workspace.conditions.policies, case.handling_region_id)
        found = signals_of([case], regions=workspace.regions, looked_back=back)[case.pk]
        choices = {one.code: signal_sentence(one.code, one.values) for one in found if one.code in OWN_SIGNS}
        set_choices(self, "removed", list(choices.items()))

    def move(self) -> Move:
        return casework.answer_signs(text=self.cleaned_data["text"], removed=self.cleaned_data["removed"])


class RecusalForm(CaseForm):
    """Art. 21: decided by another officer."""

    decision = Choice(label=_("怎么决定"))
    text = FreeText(label=_("理由"), required=False, help_text=_("不同意回避的，须写明理由。"))

    def prepare(self, officer_case: OfficerCase) -> None:
        may_suspend = self.case.status == Status.MEDIATING
        codes = [c for c in wording.KINDS["recusal_decision"] if may_suspend or c != "suspend"]
        set_choices(self, "decision", lines_of(codes, "recusal_decision"))


class AppraisalForm(CaseForm):
    """鉴定、检测: who, until when, at whose cost (art. 22)."""

    laboratory = FreeText(label=_("鉴定、检测机构"), rows=1, longest=200)
    until = Day(label=_("预计哪天出结果"))
    cost_borne_by = Choice(label=_("费用由谁先承担"), choices=coded("cost_bearer"))

    def clean_until(self) -> date:
        return after_today(self.cleaned_data["until"], self.today)


class ServeForm(StepForm):
    document = FreeText(label=_("文书名称"), rows=1, longest=60)
    channel = Choice(label=_("怎么送的"), choices=lambda: labels_of(SERVICE_CHANNELS, "service_channel"))
    arrived = Choice(label=_("送到了吗"), choices=[("yes", _("已经送达")), ("no", _("没有送到"))])
    text = FreeText(label=_("备注"), required=False, rows=2)

    def move(self) -> Move:
        cleaned = dict(self.cleaned_data)
        return casework.serve_notice(is_served=cleaned.pop("arrived") == "yes", **cleaned)


class CallForm(StepForm):
    """What the call to the number on file brought."""

    result = Choice(
        label=_("打过去的结果"), choices=lambda: [(code, wording.reason(code, "")) for code in CALL_RESULTS]
    )


class ContactForm(StepForm):
    """What the consumer asked to be reached by, and how the officer knows that it was the consumer."""

    how = Choice(label=_("怎么确认是本人"), choices=lambda: lines_of(("phone", "counter"), "recording"))
    proof = FreeText(label=_("录音编号或者签字单编号"), rows=1, longest=40, help_text=_("不写姓名和号码。"))
    phone = FreeText(label=_("新的电话"), required=False, rows=1, longest=40)
    email = FreeText(label=_("新的邮箱"), required=False, rows=1, longest=254)
    address = FreeText(label=_("新的联系地址"), required=False, rows=1, longest=200)


class BodyForm(CaseForm):
    """Art. 19: one of the register that may mediate here."""

    body_id = Choice(label=_("委托给哪个组织"))

    def prepare(self, officer_case: OfficerCase) -> None:
        rows = list(mediation_rules.bodies_for(self.case, on=self.today))
        bodies = [row for row in rows if not mediation_rules.why_not_to_body(self.case, row)]
        set_choices(self, "body_id", [(str(row.pk), f"{named(row)} · {row.get_kind_display()}") for row in bodies])
        if not bodies:
            self.fields["body_id"].help_text = _("名册里没有可以委托的组织。由负责人在“受委托调解组织”登记。")

    def move(self) -> Move:
        return mediation.delegate_mediation(body_id=int(self.cleaned_data["body_id"]))


class PartyGoneForm(StepForm):
    """Who is dead or dissolved, and how that is known."""

    party = Choice(label=_("哪一方死亡或者终止"), choices=[("consumer", _("消费者")), ("enterprise", _("被投诉人"))])
    text = FreeText(label=_("怎么知道的"), rows=3, help_text=_("写明证明材料的名称和编号；双方看得到。"))


class PowerForm(CaseForm):
    """What the power of attorney covers and until when; or why it proves nothing."""

    decision = Choice(
        label=_("这份委托书"), choices=[("grant", _("认可这份委托书")), ("refuse", _("不认可这份委托书"))]
    )
    seen = Choice(
        label=_("怎么核验的"), choices=lambda: lines_of(SEEN, "reason"), required=False, help_text=_("认可的，须填写。")
    )
    may_settle = Choice(
        label=_("写明可以代为和解、放弃或撤回吗"),
        required=False,
        help_text=_("认可的，须填写。"),
        choices=[("yes", _("写明了")), ("no", _("没有写明"))],
    )
    valid_until = Day(label=_("委托到哪一天为止"), required=False)
    text = FreeText(
        label=_("委托事项和权限，或者不认可的理由"),
        required=False,
        rows=3,
        help_text=_("不认可的，须写明理由；代理人看得到，可以补交。"),
    )

    def prepare(self, officer_case: OfficerCase) -> None:
        self.fields["valid_until"].initial = self.case.represented_until

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needed = {"grant": ("seen", "may_settle", "valid_until"), "refuse": ("text",)}
        for name in needed.get(cleaned.get("decision", ""), ()):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, FILL)
        return cleaned

    def move(self) -> Move:
        cleaned = self.cleaned_data
        if cleaned["decision"] == "refuse":
            return parties.refuse_power(text=cleaned["text"])
        until, settles = cleaned["valid_until"].isoformat(), cleaned["may_settle"] == "yes"
        return parties.confirm_power(seen=cleaned["seen"], may_settle=settles, valid_until=until, text=cleaned["text"])


class ReopenForm(CaseForm):
    """Only for a broken obligation, a clerical error, or an objection that was upheld."""

    ground = Choice(label=_("为什么重新办理"), choices=coded("reopening_ground"))
    text = FreeText(label=_("说明"))

    def prepare(self, officer_case: OfficerCase) -> None:
        self.fields["ground"].initial = officer_case.query.get("ground", "")


class DrawUpForm(StepForm):
    """A document that no step issues by itself."""

    form = Choice(
        label=_("哪一种文书"), choices=lambda: [(str(form), str(KINDS[form].title)) for form in documents.DRAWN_UP]
    )
    text = FreeText(label=_("告知书的内容"), required=False, help_text=_("举报处理结果告知书须填写；登记表不用。"))

    def move(self) -> Move:
        return documents.draw_up_document(form=int(self.cleaned_data["form"]), text=self.cleaned_data["text"])


def either(grant: str, refuse: str, *names: str) -> Callable[[Any], Move]:
    """``grant`` with its named fields, or ``refuse`` with why."""

    def build(form: forms.Form) -> Move:
        cleaned = form.cleaned_data
        if cleaned["decision"] == "refuse":
            return handling.MOVES[refuse](text=cleaned["text"])
        return handling.MOVES[grant](**{name: cleaned[name] for name in names})

    return build
