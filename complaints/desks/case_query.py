"""The cases of an authority that meet the conditions of an address: for the list, an export, an instruction.

A condition narrows what the workspace sees and never widens it; one that cannot be read is left out and said so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority, Officer, Region
from authorities.periods import in_our_years
from complaints.desks import authority_lists
from complaints.desks.authority_workspace import Workspace
from complaints.desks.case_search import matching, number_in
from complaints.forms.fields import Choices, labels_of, set_choices
from complaints.handling.steps.platform import CONDITIONS
from complaints.models import Complaint, Engagement
from complaints.models.complaint import OPEN, ended_as, lies_in
from complaints.procedure.categories import OBJECT_CATEGORIES, PROBLEM_CATEGORIES
from complaints.procedure.workflow import Status
from complaints.reading.case_people import by_name, label_of
from enterprises.models import Branch, Enterprise
from web.incoming import ID_DIGITS, whole
from web.languages import named
from web.listing import listed

OPEN_CASES, ANY = "open", "any"
STATUSES = tuple(s for s in Status if s not in (Status.DRAFT, Status.FILED, Status.CLOSED))
WAITING = ("return", "extension", "objection", "recusal", "office_question", "proposal", "power", "signs")
#: Where a case lies.
LIES = {
    authority_lists.HERE: _("在监管部门手里"),
    authority_lists.OTHERS: _("等对方办理"),
    authority_lists.BACK: _("企业没有谈成、转回来的"),
    authority_lists.UNOWNED: _("超过1个工作日无人经办"),
    authority_lists.AT_ENTERPRISE: _("在企业手里"),
}
#: What is late: any clock; one that parties know of; one that only authorities know of; both; of a closed case.
LATE, OUTSIDE, INSIDE, TWICE, WHEN_CLOSED = "1", "outside", "inside", "twice", "closed"
DUE = {
    LATE: _("已逾期"),
    OUTSIDE: _("已逾期（对外期限）"),
    INSIDE: _("已逾期（内部期限）"),
    TWICE: _("已逾期（对外、内部都有）"),
    WHEN_CLOSED: _("已办结，还有事逾期"),
}
_LATE = {
    LATE: authority_lists.late,
    OUTSIDE: authority_lists.late_outside,
    INSIDE: authority_lists.late_inside,
    TWICE: authority_lists.late_twice,
    WHEN_CLOSED: authority_lists.late_when_closed,
}
#: Ways by which a complaint comes.
CAME_BY = ("web", "station", "phone", "counter", "post", "hotline", "platform", "import", "api")
RESULTS = ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")
#: How, or when, an enterprise's time with a case ended.
OF_A_STAGE = ("result", "ended_from", "ended_to")
#: With one of these a list is about a period, so closed cases belong to it.
OF_A_PERIOD = ("received_from", "received_to", *OF_A_STAGE)
#: Before the id of an authority: what lies there and was given to nobody; all that it holds, whoever has it there.
NONE_AT, ALL_AT = "none-", "all-"
#: Shown when "more conditions" is folded.
FIRST = ("q", "status", "overdue", "enterprise", "officer")
#: Before codes with commas between them: all but these.
ALL_BUT = "~"
_CODES = re.compile(r"[A-Za-z0-9_.:-]{1,60}|~[A-Za-z0-9_.:-]{1,60}(,[A-Za-z0-9_.:-]{1,60}){0,9}")


class Day(forms.DateField):
    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d", "%Y/%m/%d"],
            validators=[in_our_years],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": _("日期请写成 2026-12-02 这样。")},
        )


class Code(forms.CharField):
    """One of a list, a code that only other sources use, or all but some."""

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, max_length=620, widget=forms.Select)
        self.error_messages["invalid"] = _("请从列出的选项中选一项。")

    def clean(self, value: Any) -> str:
        code = str(super().clean(value))
        if code and not _CODES.fullmatch(code):
            raise forms.ValidationError(self.error_messages["invalid"])
        return code


@dataclass(frozen=True, slots=True)
class ActiveCondition:
    name: str
    text: str


class CaseFilter(forms.Form):
    """``conditions`` holds what could be read; ``left_out`` says what could not."""

    q = forms.CharField(
        label=_("编号、商品、姓名、电话"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "size": 14}),
    )
    status = forms.ChoiceField(label=_("状态"), required=False)
    overdue = forms.ChoiceField(
        label=_("期限"), required=False, choices=[("", _("全部")), *DUE.items(), ("soon", _("2个工作日内到期"))]
    )
    enterprise = forms.CharField(
        label=_("企业"), required=False, max_length=80, widget=forms.TextInput(attrs={"type": "search", "size": 14})
    )
    officer = forms.ChoiceField(label=_("经办人"), required=False)
    region = forms.CharField(label=_("地区"), required=False, max_length=24, widget=forms.Select)
    category = Code(label=_("类别"))
    object = Code(label=_("商品或服务"))
    channel = forms.ChoiceField(
        label=_("渠道"), required=False, error_messages={"invalid_choice": _("请从列出的选项中选一项。")}
    )
    waiting = forms.ChoiceField(label=_("等待决定"), required=False)
    platform = forms.ChoiceField(label=_("全国平台"), required=False, choices=[("", _("不限")), *CONDITIONS.items()])
    received_from, received_to = Day(_("收到日期，自")), Day(_("收到日期，至"))
    result = forms.ChoiceField(label=_("企业阶段的结果"), required=False)
    ended_from, ended_to = Day(_("企业阶段结束，自")), Day(_("企业阶段结束，至"))

    def __init__(
        self,
        asked: Mapping[str, str],
        *,
        officers: Sequence[Officer],
        regions: Sequence[Region],
        office: Authority | None = None,
    ) -> None:
        """``office``: the one whose cases, or those of them that nobody has yet, may be asked for."""
        values = {name: asked.get(name, "") for name in self.base_fields}
        super().__init__(values, label_suffix="")
        self.regions = regions
        everything: Choices = [("", str(_("全部")))]
        people = [("me", str(_("我经办的"))), ("none", str(_("未指派")))]
        if office is not None:
            nobody = gettext("未指派 · %(office)s") % {"office": named(office)}
            people += [(f"{NONE_AT}{office.pk}", nobody), (f"{ALL_AT}{office.pk}", named(office))]
        set_choices(self, "officer", [*everything, *people, *((str(o.pk), o.user.name) for o in officers)])
        set_choices(self, "waiting", [("", _("不限")), *labels_of(WAITING, "matter_kind"), *LIES.items()])
        set_choices(self, "channel", [*everything, *labels_of(CAME_BY, "channel")])
        set_choices(self, "result", [*everything, *labels_of(RESULTS, "odr_result")])
        statuses = labels_of((*STATUSES, Status.CLOSED), "status")
        set_choices(self, "status", [(OPEN_CASES, _("未办结")), *statuses, (ANY, _("全部"))])
        _widget(self, "region", [*everything, *((r.code, named(r)) for r in regions)], values["region"])
        _widget(self, "object", [*everything, *OBJECT_CATEGORIES], values["object"])
        _widget(self, "category", [*everything, *OBJECT_CATEGORIES, *PROBLEM_CATEGORIES], values["category"])
        self.is_valid()
        cleaned = self.cleaned_data
        for start, end in (("received_from", "received_to"), ("ended_from", "ended_to")):
            if cleaned.get(start) and cleaned.get(end) and cleaned[start] > cleaned[end]:
                self.add_error(end, _("结束日期早于开始日期。"))
                cleaned.pop(start)
        self.conditions: dict[str, Any] = {name: value for name, value in cleaned.items() if value}
        is_of_closed = self.conditions.get("overdue") == WHEN_CLOSED
        self.default = ANY if is_of_closed or any(name in self.conditions for name in OF_A_PERIOD) else OPEN_CASES
        self.conditions.setdefault("status", self.default)
        values["status"] = self.conditions["status"]

    @property
    def left_out(self) -> list[str]:
        return [
            gettext("没有用“%(field)s”这个条件：%(why)s")
            % {"field": self.fields[name].label, "why": " ".join(str(error) for error in errors)}
            for name, errors in self.errors.items()
        ]

    @property
    def is_wide_open(self) -> bool:
        """A condition beyond the first few is in force, or was meant to be."""
        return any(name in self.conditions or name in self.errors for name in self.fields if name not in FIRST)

    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in FIRST]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in FIRST]

    def address(self) -> dict[str, str]:
        return {
            name: value.isoformat() if isinstance(value, date) else str(value)
            for name, value in self.conditions.items()
            if (name, value) != ("status", self.default)
        }

    def active(self, *, enterprise: str, region: str) -> list[ActiveCondition]:
        names = {"enterprise": enterprise, "region": region}
        results = []
        for name, value in self.address().items():
            field = self.fields[name]
            known: dict[Any, Any] = {}
            for code, text in getattr(field.widget, "choices", ()):
                known |= dict(text) if isinstance(text, (list, tuple)) else {code: text}
            text = names.get(name) or known.get(value, value)
            results.append(ActiveCondition(name, gettext("%(name)s：%(value)s") % {"name": field.label, "value": text}))
        return results


def _widget(form: forms.Form, name: str, choices: Sequence[tuple[Any, Any]], text: str) -> None:
    """Choices of a field that takes others too; the one that was asked for stays chosen."""
    flat = {
        code
        for first, second in choices
        for code in ([c for c, _label in second] if isinstance(second, (list, tuple)) else [first])
    }
    extra = [(text, _named(text))] if text and text not in flat and _CODES.fullmatch(text) else []
    form.fields[name].widget.choices = [*choices, *extra]


def _named(text: str) -> str:
    if not text.startswith(ALL_BUT):
        return text
    names = listed([str(label_of(code)) for code in text.removeprefix(ALL_BUT).split(",")])
    return gettext("除了%(names)s") % {"names": names}


#: A piece of a name may mean so many enterprises; more are not told apart by it.
MOST_ENTERPRISES = 200


def asked_for(workspace: Workspace, asked: Mapping[str, str]) -> tuple[CaseFilter, QuerySet[Complaint]]:
    form = CaseFilter(
        asked,
        officers=_officers(workspace, asked.get("officer", "")),
        regions=workspace.choices.parts,
        office=_office(workspace, asked.get("officer", "")),
    )
    given = form.conditions
    chosen = narrowed(workspace.cases(), given, workspace)
    if given.get("q"):
        # Of these there may be very many, so words are looked for among the newest only.
        is_long = given["status"] in (Status.CLOSED, ANY)
        chosen = matching(chosen, given["q"], newest_by="received_at" if is_long else "")
    return form, chosen


def narrowed(cases: QuerySet[Complaint], values: dict[str, Any], workspace: Workspace) -> QuerySet[Complaint]:
    status = values["status"]
    if status == OPEN_CASES and not number_in(values.get("q", "")):
        cases = cases.filter(OPEN)
    elif status not in (OPEN_CASES, ANY):
        cases = cases.filter(status=status)
    overdue = values.get("overdue", "")
    if overdue in _LATE:
        cases = cases.filter(_LATE[overdue](workspace.now))
    elif overdue == "soon":
        cases = cases.filter(authority_lists.due_soon(workspace.now, workspace.calendar))
    if values.get("waiting") in authority_lists.LYING:
        cases = cases.filter(authority_lists.LYING[values["waiting"]](workspace))
    elif values.get("waiting"):
        cases = cases.filter(authority_lists.waits_for(values["waiting"]))
    if values.get("platform"):
        cases = cases.filter(authority_lists.at_platform(workspace, values["platform"]))
    officer = values.get("officer", "")
    if officer == "me":
        cases = cases.filter(officer__user=workspace.user)
    elif officer.startswith(NONE_AT):
        nobody = Q(officer=None, handling_authority_id=int(officer.removeprefix(NONE_AT)))
        cases = cases.filter(authority_lists.at_an_authority(), nobody)
    elif officer.startswith(ALL_AT):
        here = Q(handling_authority_id=int(officer.removeprefix(ALL_AT)))
        held = ~authority_lists.at_an_enterprise()
        if overdue == LATE:
            # What only authorities know of is theirs, whoever has the case.
            held |= authority_lists.late_inside(workspace.now)
        cases = cases.filter(OPEN, held, here)
    elif officer:
        cases = cases.filter(officer=None if officer == "none" else int(officer))
    if values.get("region"):
        region = Region.objects.filter(code=values["region"]).first()
        cases = cases.filter(lies_in(region)) if region else cases.none()
    if values.get("object"):
        cases = cases.filter(_of_kind(values["object"], "object_category"))
    if values.get("category"):
        cases = cases.filter(_of_kind(values["category"], "problem_category", "object_category"))
    if values.get("channel"):
        cases = cases.filter(channel=values["channel"])
    if values.get("received_from"):
        cases = cases.filter(received_at__gte=authority_lists.midnight(values["received_from"]))
    if values.get("received_to"):
        cases = cases.filter(received_at__lt=authority_lists.midnight(values["received_to"] + timedelta(days=1)))
    if values.get("enterprise") and not any(values.get(name) for name in OF_A_STAGE):
        cases = cases.filter(_against(values["enterprise"]))
    return cases


def _of_kind(code: str, column: str, other: str = "") -> Q:
    """With this code in one of the columns; where some are left out, in the first."""
    if code.startswith(ALL_BUT):
        return ~Q((f"{column}__in", code.removeprefix(ALL_BUT).split(",")))
    return Q((column, code)) | Q((other, code)) if other else Q((column, code))


def ended(values: dict[str, Any], cases: QuerySet[Complaint]) -> QuerySet[Engagement]:
    """An enterprise's time with one of ``cases`` that ended so, or then; one for each case, the
    last. The enterprise that is asked for is the one whose time it was, whoever has the case now."""
    stages = Engagement.objects.filter(until_at__isnull=False).exclude(ended_by=authority_lists.PASSED_ON)
    if values.get("result"):
        stages = stages.filter(ended_as(values["result"]))
    if values.get("ended_from"):
        stages = stages.filter(until_at__gte=authority_lists.midnight(values["ended_from"]))
    if values.get("ended_to"):
        stages = stages.filter(until_at__lt=authority_lists.midnight(values["ended_to"] + timedelta(days=1)))
    if values.get("enterprise"):
        enterprise = id_of(values["enterprise"])
        stages = stages.filter(enterprise_id__in=[enterprise] if enterprise else _enterprises(values["enterprise"]))
    again = stages.filter(complaint=OuterRef("complaint"), pk__gt=OuterRef("pk"))
    return stages.filter(~Exists(again), complaint__in=cases)


def _against(text: str) -> Q:
    """An enterprise by its number in the directory, or by a piece of a name."""
    enterprise = id_of(text)
    if enterprise:
        return Q(enterprise_id=enterprise)
    branches = Branch.objects.filter(Q(name__icontains=text) | Q(name_en__icontains=text)).order_by("pk")
    return (
        Q(enterprise_id__in=_enterprises(text))
        | Q(branch_id__in=list(branches.values_list("pk", flat=True)[:MOST_ENTERPRISES]))
        | Q(enterprise=None, respondent_named__icontains=text)
    )


def id_of(text: str) -> int:
    return whole(text, ID_DIGITS) or 0


def _enterprises(text: str) -> list[int]:
    enterprises = Enterprise.objects.filter(Q(name__icontains=text) | Q(name_en__icontains=text)).order_by("pk")
    return list(enterprises.values_list("pk", flat=True)[:MOST_ENTERPRISES])


def _officers(workspace: Workspace, one_more: str) -> list[Officer]:
    """Who may handle cases here today, and ``one_more`` (an id) wherever in these regions that is."""
    rows = [officer for officer in workspace.choices.officers if officer.user_id != workspace.user.pk]
    asked = id_of(one_more)
    if not asked or asked in {row.pk for row in rows}:
        return rows
    elsewhere = Officer.objects.filter(workspace.around("authority__region_id"), pk=asked).select_related("user")
    return by_name([*rows, *elsewhere])


def _office(workspace: Workspace, asked: str) -> Authority | None:
    """The office in these regions, or above one of them, whose cases are asked for."""
    key = asked.removeprefix(NONE_AT).removeprefix(ALL_AT)
    if key == asked or not (pk := id_of(key)):
        return None
    office = Authority.objects.filter(pk=pk).select_related("region").first()
    regions = [actor.region for actor in workspace.actors if actor.region is not None]
    is_near = office is not None and any(
        first <= office.region_id <= last or office.region.covers(first) for first, last in regions
    )
    return office if is_near else None
