"""What an officer types: one form a step, each field named as the rule names it.

A form only reads and says what is missing; whether the step may be taken is judged
by the verb, and its refusal lands on the field of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from authorities.models import Officer
from complaints import wording
from complaints.acceptance.mediation import Ground
from complaints.acceptance.remedies import BODIES
from complaints.forms.fields import (
    CHOOSE,
    FILL,
    Choice,
    Day,
    StepForm,
    Words,
    after_today,
    lines_of,
    set_choices,
    words_of,
)
from complaints.forms.file_forms import FilesField, TakesFiles
from complaints.handling.steps.casework import CALL_RESULTS, SERVICE_CHANNELS
from complaints.parties.powers import SEEN
from enterprises.models import MediationBody
from web.languages import named

SHORTEST_FACTS = 10


class PublicationForm(StepForm):
    """Shown to the public, or not and why."""

    decision = Choice(label=_("您的决定"))
    text = Words(label=_("不予公示的理由"), required=False, rows=3, longest=400)

    def __init__(self, *args: Any, is_shown: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = [] if is_shown else [("publish", str(_("公示")))]
        set_choices(self, "decision", [*offered, ("withhold", str(_("不再公示") if is_shown else _("不予公示")))])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("decision") == "withhold" and not said.get("text"):
            self.add_error("text", FILL)
        return said


class OfficerForm(StepForm):
    """Who handles it (责任到人)."""

    officer = Choice(label=_("由谁经办"), widget=forms.Select(attrs={"class": "w-24"}))

    def __init__(self, *args: Any, people: Sequence[Officer], chosen: int | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(
            self,
            "officer",
            [("", str(_("请选择"))), *((str(p.pk), f"{p.user.name} · {p.get_role_display()}") for p in people)],
        )
        if chosen in {p.pk for p in people}:
            self.fields["officer"].initial = str(chosen)


def long_enough(facts: str) -> str:
    if len(facts) < SHORTEST_FACTS:
        raise forms.ValidationError(_("请至少写%(n)s个字。"), params={"n": SHORTEST_FACTS})
    return facts


class TerminationForm(StepForm):
    """Art. 23: one of the grounds that the case bears, with its facts."""

    ground = Choice(label=_("终止调解的情形（第二十三条）"))
    facts = Words(label=_("事实和理由"), help_text=_("写进终止调解决定书。至少10个字。"))

    def __init__(self, *args: Any, grounds: Sequence[Ground], **options: Any) -> None:
        super().__init__(*args, **options)
        self.grounds = grounds
        set_choices(
            self, "ground", lines_of([ground.code for ground in grounds if ground.is_open], "termination_ground")
        )

    def clean_facts(self) -> str:
        return long_enough(self.cleaned_data["facts"])


class RedirectForm(StepForm):
    """Only what is no consumer complaint (arts 34, 44)."""

    matter = Choice(label=_("这其实是什么"))
    body = Choice(label=_("应当找哪个部门"), widget=forms.Select(attrs={"class": "w-24"}))
    text = Words(label=_("告知的内容"), help_text=_("消费者看得到。"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "matter", lines_of(tuple(wording.KINDS["redirected_matter"]), "redirected_matter"))
        set_choices(self, "body", [("", str(_("请选择"))), *words_of(BODIES, "body")])


class SessionForm(StepForm):
    """When, where and how the parties meet (art. 20)."""

    at = forms.DateTimeField(
        label=_("什么时候"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "w-24"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": _("请填写这一项。"), "invalid": _("时间请写成 2026-12-02 15:30 这样。")},
    )
    place = Words(label=_("地点或接入方式"), rows=1, longest=200)
    mode = Choice(label=_("方式"))

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now
        set_choices(self, "mode", lines_of(tuple(wording.KINDS["session_mode"]), "session_mode"))

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at <= self.now:
            raise forms.ValidationError(_("请写现在之后的时间。"))
        return at


class MinutesForm(TakesFiles, StepForm):
    """What was said in a session, and who was there."""

    minutes = Words(label=_("调解情况"), rows=8, help_text=_("双方看得到。"))
    uploads = FilesField(label=_("笔录等材料"))
    present = forms.MultipleChoiceField(
        label=_("谁在场"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": CHOOSE},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(
            self,
            "present",
            [
                ("consumer", wording.label("consumer", kind="side")),
                ("enterprise", wording.label("enterprise", kind="side")),
                ("body", wording.label("mediation_body", kind="role")),
            ],
        )


class RecusalForm(StepForm):
    """Art. 21: decided by another officer."""

    decision = Choice(label=_("怎么决定"))
    text = Words(label=_("理由"), required=False, help_text=_("不同意回避的，须写明理由。"))

    def __init__(self, *args: Any, may_suspend: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        codes = [c for c in wording.KINDS["recusal_decision"] if may_suspend or c != "suspend"]
        set_choices(self, "decision", lines_of(codes, "recusal_decision"))


class AppraisalForm(StepForm):
    """鉴定、检测: who, until when, at whose cost (art. 22)."""

    laboratory = Words(label=_("鉴定、检测机构"), rows=1, longest=200)
    until = Day(label=_("预计哪天出结果"))
    cost_borne_by = Choice(label=_("费用由谁先承担"))

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        set_choices(self, "cost_borne_by", lines_of(tuple(wording.KINDS["cost_bearer"]), "cost_bearer"))

    def clean_until(self) -> date:
        return after_today(self.cleaned_data["until"], self.today)


class ServeForm(StepForm):
    """Which document went out, how, and whether it arrived."""

    document = Words(label=_("文书名称"), rows=1, longest=60)
    channel = Choice(label=_("怎么送的"))
    arrived = Choice(label=_("送到了吗"), choices=[("yes", _("已经送达")), ("no", _("没有送到"))])
    text = Words(label=_("备注"), required=False, rows=2)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "channel", words_of(SERVICE_CHANNELS, "service_channel"))


class CallForm(StepForm):
    """What the call to the number on file brought."""

    result = Choice(label=_("打过去的结果"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "result", [(code, wording.reason(code, "")) for code in CALL_RESULTS])


class ContactForm(StepForm):
    """What the consumer asked to be reached by, and how the officer knows that it was the consumer."""

    how = Choice(label=_("怎么确认是本人"))
    proof = Words(label=_("录音编号或者签字单编号"), rows=1, longest=40, help_text=_("不写姓名和号码。"))
    phone = Words(label=_("新的电话"), required=False, rows=1, longest=40)
    email = Words(label=_("新的邮箱"), required=False, rows=1, longest=254)
    address = Words(label=_("新的联系地址"), required=False, rows=1, longest=200)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "how", lines_of(("phone", "counter"), "recording"))


class BodyForm(StepForm):
    """Art. 19: one of the register that may mediate here."""

    body_id = Choice(label=_("委托给哪个组织"))

    def __init__(self, *args: Any, bodies: Sequence[MediationBody], **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "body_id", [(str(row.pk), f"{named(row)} · {row.get_kind_display()}") for row in bodies])
        if not bodies:
            self.fields["body_id"].help_text = _("名册里没有可以委托的组织。由负责人在“受委托调解组织”登记。")


class PartyGoneForm(StepForm):
    """Who is dead or dissolved, and how that is known."""

    party = Choice(label=_("哪一方死亡或者终止"), choices=[("consumer", _("消费者")), ("enterprise", _("被投诉人"))])
    text = Words(label=_("怎么知道的"), rows=3, help_text=_("写明证明材料的名称和编号；双方看得到。"))


class PowerForm(StepForm):
    """What the power of attorney covers and until when; or why it proves nothing."""

    decision = Choice(
        label=_("这份委托书"), choices=[("grant", _("认可这份委托书")), ("refuse", _("不认可这份委托书"))]
    )
    seen = Choice(label=_("怎么核验的"), required=False, help_text=_("认可的，须填写。"))
    may_settle = Choice(
        label=_("写明可以代为和解、放弃或撤回吗"),
        required=False,
        help_text=_("认可的，须填写。"),
        choices=[("yes", _("写明了")), ("no", _("没有写明"))],
    )
    valid_until = Day(label=_("委托到哪一天为止"), required=False)
    text = Words(
        label=_("委托事项和权限，或者不认可的理由"),
        required=False,
        rows=3,
        help_text=_("不认可的，须写明理由；代理人看得到，可以补交。"),
    )

    def __init__(self, *args: Any, until: date | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "seen", lines_of(SEEN, "reason"))
        self.fields["valid_until"].initial = until

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        needed = {"grant": ("seen", "may_settle", "valid_until"), "refuse": ("text",)}
        for name in needed.get(said.get("decision", ""), ()):
            if not said.get(name) and name not in self.errors:
                self.add_error(name, FILL)
        return said


class ReopenForm(StepForm):
    """Only for a broken promise, a clerical error, or an objection that was upheld."""

    ground = Choice(label=_("为什么重新办理"))
    text = Words(label=_("说明"))

    def __init__(self, *args: Any, chosen: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "ground", lines_of(tuple(wording.KINDS["reopening_ground"]), "reopening_ground"))
        self.fields["ground"].initial = chosen
