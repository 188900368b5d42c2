"""Where a case goes, as an officer chooses it: an enterprise or an authority; first ask the consumer; many at once.

One address takes the choice of the triage page and of its own form alike. Who does not take the first suggestion says
why, in a word that routing can count. Of many cases each is judged for itself, in one transaction and one flush; what
was refused says why and hinders none of the others. What came back twice is for a person to decide and goes in no
batch.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import Right
from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority
from complaints import handling, wording
from complaints.desks.authority_workspace import Workspace
from complaints.desks.bulk_run import BulkRun
from complaints.desks.officer_case import OfficerCase, refuse_unless_open
from complaints.forms.fields import CHOOSE, Choice, Choices, Dropdown, FreeText, StepForm, lines_of, set_choices
from complaints.forms.staff_forms import TakeUpForm
from complaints.handling import Move
from complaints.handling.steps import authority, jurisdiction, supervision
from complaints.models import Complaint
from complaints.pages.authority.forms import CaseForm, please_choose
from complaints.pages.authority.triage.targets import (
    SURE,
    Target,
    because_of,
    first_of,
    latest_decisions,
    looked_up,
    ranked,
    ranking,
    suggested_each,
)
from complaints.pages.shared.step_pages import Data, StepPage
from complaints.parties.actors import Actor, stands_to
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from complaints.wording import label
from web.languages import named


def why_choices() -> Choices:
    return please_choose(lines_of(tuple(wording.KINDS["override_reason"]), "override_reason"))


def ask_why(form: forms.Form, cleaned: dict[str, Any]) -> None:
    """Who does not take the first suggestion says why; “other” in words."""
    if not cleaned.get("why") and "why" not in form.errors:
        form.add_error("why", _("没有选第一个建议的，请选一个原因。"))
    if cleaned.get("why") == "other" and not cleaned.get("note") and "note" not in form.errors:
        form.add_error("note", _("选了其他原因，请写一句。"))


def read_target(value: str) -> tuple[int, int | None]:
    """(enterprise, branch) of what a form chose."""
    enterprise, _dash, branch = value.partition("-")
    return int(enterprise), int(branch) if branch else None


def _within(officer_case: OfficerCase, is_meant: Callable[[Authority], bool]) -> list[Authority]:
    """Authorities in the region of this officer, those of the place of the case first."""
    actor, place = officer_case.access.actor, officer_case.access.complaint.handling_region_id
    first, last = actor.region if actor is not None and actor.region else (0, 0)
    rows = [row for row in Jurisdiction.load().authorities if first <= row.region_id <= last and is_meant(row)]
    return sorted(rows, key=lambda row: (not row.region.covers(place), row.region_id))


def _named(authorities: Sequence[Authority]) -> Choices:
    return please_choose((str(row.pk), named(row)) for row in authorities)


class _SuggestedForm(CaseForm):
    """``first``: the value of the first suggestion; without one, nobody is asked why it was not taken."""

    why = Dropdown(
        label=_("为什么不选第一个建议"), choices=why_choices, required=False, help_text=_("选第一个建议时不用填。")
    )
    note = FreeText(label=_("补充一句"), required=False, rows=2, longest=500, help_text=_("只有监管部门看得到。"))
    first = ""

    def suggest(self, first: str) -> None:
        self.first = first
        if not first:
            del self.fields["why"], self.fields["note"]


class AuthorityForm(_SuggestedForm):
    authority = Dropdown(label=_("分送给哪个机关"))
    text = FreeText(label=_("说明"), required=False, rows=3, help_text=_("写给接收机关；各方看得到。"))
    field_order = ("authority", "text", "why", "note")

    def prepare(self, officer_case: OfficerCase) -> None:
        rows = _within(officer_case, lambda row: row.has_power or row.level == Authority.Level.OFFICE)
        set_choices(self, "authority", _named(rows))
        asked = officer_case.query.get("authority", "")
        meant = [row for row in rows if str(row.pk) == asked]
        here = [row for row in rows if row.region.covers(self.case.handling_region_id) and row.has_power]
        if chosen := next(iter([*meant, *here]), None):
            self.fields["authority"].initial = str(chosen.pk)
        workspace = officer_case.workspace
        self.suggest(first_of(ranking(self.case, workspace, conditions=workspace.conditions)))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.first and cleaned.get("authority") and f"a{cleaned['authority']}" != self.first:
            ask_why(self, cleaned)
        return cleaned

    def move(self) -> Move:
        chosen, text, because = self.cleaned_data["authority"], self.cleaned_data["text"], None
        if self.first:
            note, why = self.cleaned_data["note"], self.cleaned_data["why"]
            because = because_of(f"a{chosen}", self.first, note=note, why=why)
        return authority.assign_authority(authority_id=int(chosen), text=text, because=because)


class DesignationForm(CaseForm):
    """Which authority handles it, as the common superior decides."""

    authority = Dropdown(label=_("分送给哪个机关"))
    text = FreeText(label=_("为什么指定这个机关"), rows=3, help_text=_("写给接收机关；各方看得到。"))

    def prepare(self, officer_case: OfficerCase) -> None:
        actor = officer_case.access.actor
        own = actor.authority_id if actor is not None else None
        set_choices(self, "authority", _named(_within(officer_case, lambda row: row.has_power and row.pk != own)))

    def move(self) -> Move:
        chosen = int(self.cleaned_data["authority"])
        return jurisdiction.designate_authority(authority_id=chosen, text=self.cleaned_data["text"])


def take_up_form(officer_case: OfficerCase, data: Data) -> TakeUpForm:
    """Below whoever takes it up: authorities of the place of the case, and their neighbours."""
    actor, case = officer_case.access.actor, officer_case.access.complaint
    own, every = (actor.authority_id if actor is not None else None) or 0, Jurisdiction.load()
    below = every.below(own)
    rows = [row for row in every.authorities if row.has_power and row.pk in below]
    near = {row.parent_id for row in rows if row.region.covers(case.handling_region_id)}
    rows = [row for row in rows if row.parent_id in near and row.pk != case.handling_authority_id]
    rows.sort(key=lambda row: (not row.region.covers(case.handling_region_id), row.region_id))
    return TakeUpForm(data, authorities=rows, may_keep=case.handling_authority_id != own)


def take_up_move(form: forms.Form) -> Move:
    chosen = form.cleaned_data["authority"]
    return supervision.take_up(text=form.cleaned_data["text"], authority_id=int(chosen) if chosen else None)


class TargetForm(_SuggestedForm):
    """A suggestion of routing, or one that was looked up. ``typed``: what was typed before a search."""

    q = forms.CharField(
        label=_("查找其他企业"),
        required=False,
        max_length=80,
        help_text=_("写企业、分支机构、品牌或统一社会信用代码，按“查找”。"),
    )
    target = Choice(label=_("转给谁"), error_messages={"required": CHOOSE})
    field_order = ("q", "target", "why", "note")

    def __init__(
        self, officer_case: OfficerCase, data: Data, *, step: str, typed: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(officer_case, data)
        typed = typed or (officer_case.query if data is None else data)
        if data is None:
            self.initial = {name: typed.get(name, "") for name in ("q", "target", "why", "note")}
        workspace = officer_case.workspace
        ranked = ranking(self.case, workspace, conditions=workspace.conditions)
        query = typed.get("q", "")[:80]
        hits = looked_up(self.case, query, workspace, conditions=workspace.conditions, besides=ranked)
        self.targets = [target for target in ranked if target.authority_id is None] + hits
        set_choices(self, "target", [(target.value, target.label) for target in self.targets])
        self.suggest(first_of(ranked) if step == "forward" and self.case.status == Status.TRIAGE else "")

    @property
    def picked(self) -> tuple[int, int | None]:
        """(enterprise, branch); the choice was checked by the field."""
        return read_target(str(self.cleaned_data["target"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.first and cleaned.get("target") not in (None, "", self.first):
            ask_why(self, cleaned)
        return cleaned

    def forward(self) -> Move:
        cleaned, (enterprise_id, branch_id) = self.cleaned_data, self.picked
        rank = next((target.rank for target in self.targets if target.value == cleaned["target"]), 0)
        note, why = cleaned.get("note", ""), cleaned.get("why", "")
        because = because_of(cleaned["target"], self.first, rank=rank, note=note, why=why)
        return authority.forward(enterprise_id=enterprise_id, branch_id=branch_id, because=because)

    def ask_consent(self) -> Move:
        return authority.ask_consent(enterprise_id=self.picked[0])


def _page(name: str, step: str, build: Callable[[TargetForm], Move], explain: Any) -> StepPage[OfficerCase]:
    def redraw(officer_case: OfficerCase, typed: Mapping[str, Any]) -> TargetForm | None:
        if "find" not in typed:
            return None
        refuse_unless_open([step], officer_case)
        return TargetForm(officer_case, None, step=step, typed=typed)

    def more(officer_case: OfficerCase, form: TargetForm) -> dict[str, Any]:
        return {
            "targets": form.targets,
            "nothing_found": bool(form["q"].value()) and not any(target.rank == 0 for target in form.targets),
            "other": "ask_consent" if step == "forward" and "ask_consent" in officer_case.may else "",
        }

    return StepPage(
        name=name,
        steps=(step,),
        form=partial(TargetForm, step=step),
        redraw=redraw,
        build=build,
        explain=explain,
        template="authority/forward.html",
        more=more,
    )


PAGES: tuple[StepPage[OfficerCase], ...] = (
    _page(
        "forward",
        "forward",
        TargetForm.forward,
        _("监督企业先与消费者和解。送达即起算%(negotiation)s；本机关的审查期限暂停。"),
    ),
    _page(
        "ask-consent",
        "ask_consent",
        TargetForm.ask_consent,
        _("消费者点一下就能答复，%(consent)s内。不同意或者不答复的，由监管部门处理。"),
    ),
)


#: So many cases at once.
MOST = 500
#: Each to its own first suggestion.
OWN = "own"
NOT_HERE = _("没有这件投诉，或者它不在您的辖区。")
NOT_YOURS = _("这件投诉不由您的机关分送。")
BY_HAND = _("已被退回两次，须人工决定，请打开逐件分送。")
NO_TARGET = _("没有建议的去处，请打开逐件分送。")
NOT_SURE = _("把握不到“高”，请逐件看过再分送。")


class BatchForm(StepForm):
    """Which cases of the list, and where to; ``all`` means the whole list, up to MOST."""

    case = forms.MultipleChoiceField(label=_("案件"), required=False)
    all = forms.BooleanField(label=_("整个列表（最多500件）"), required=False)
    target = forms.ChoiceField(label=_("送给谁"), error_messages={"required": CHOOSE, "invalid_choice": CHOOSE})
    why = forms.ChoiceField(
        label=_("不是第一个建议的，为什么"), required=False, error_messages={"invalid_choice": CHOOSE}
    )
    note = FreeText(label=_("补充一句"), required=False, rows=1, longest=500)

    def __init__(self, data: Any = None, *, targets: Choices) -> None:
        super().__init__(data, auto_id="batch_%s")
        self.numbers: list[str] = list(dict.fromkeys(data.getlist("case") if data else []))
        self.fields["case"].choices = [(number, "") for number in self.numbers]  # type: ignore[attr-defined]
        set_choices(self, "target", [(OWN, str(gettext("各自的第一个建议"))), *targets])
        set_choices(self, "why", why_choices())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("all") and not self.numbers:
            self.add_error("case", gettext("请先选中要分送的案件。"))
        if len(self.numbers) > MOST:
            self.add_error("case", gettext("一次最多分送500件。"))
        return cleaned


def targets_of(suggestions: Mapping[int, Sequence[Target]]) -> Choices:
    """What the cases of a page may go to, each once, the most wanted first."""
    wanted: dict[str, tuple[int, str]] = {}
    for targets in suggestions.values():
        for target in targets:
            if target.authority_id is not None or target.is_enrolled:
                wanted[target.value] = (wanted.get(target.value, (0, ""))[0] + (target.rank == 1), target.name)
    return [(value, name) for value, (_n, name) in sorted(wanted.items(), key=lambda item: (-item[1][0], item[0]))]


def ranked_each(cases: Sequence[Complaint], workspace: Workspace, *, conditions: Conditions) -> dict[int, list[Target]]:
    """The ranked targets of each case, as many queries as for one."""
    decisions = latest_decisions(cases)
    enterprises = suggested_each(decisions, cases, conditions=conditions)
    return {case.pk: ranked(case, enterprises[case.pk], workspace, conditions=conditions) for case in cases}


def distribute(form: BatchForm, waiting: Any, workspace: Workspace) -> BulkRun | None:
    """Distribute those of ``form``, or all of ``waiting`` where it says so; None when the form lacks a reason."""
    conditions = Conditions.at(workspace.now)
    # Number → why not, of all that were named, in the order of the form; "" where it was done.
    if form.cleaned_data["all"]:
        cases = list(waiting.order_by("next_due_at", "pk")[:MOST])
        refused = {case.number: "" for case in cases}
    else:
        refused = {number: str(NOT_HERE) for number in form.numbers}
        named = list(workspace.cases().filter(Q(number__in=form.numbers)))
        refused |= {case.number: "" if case.status == Status.TRIAGE else _moved_on(case.status) for case in named}
        cases = [case for case in named if not refused[case.number]]
    to, why, note = (form.cleaned_data[name] for name in ("target", "why", "note"))
    suggestions = ranked_each(cases, workspace, conditions=conditions)
    if to != OWN and any(first_of(suggestions[case.pk]) not in ("", to) for case in cases):
        ask_why(form, form.cleaned_data)
        if form.errors:
            return None
    moves: list[tuple[int, Move, Actor]] = []
    for case in cases:
        first = first_of(suggestions[case.pk])
        chosen = first if to == OWN else to
        # In which office this person distributes the case.
        able = [a for a in workspace.actors if stands_to(a, case) and a.may(Right.DISTRIBUTE)]
        actor = next((a for a in able if case.handling_authority_id in a.authority_ids), None)
        if case.returns >= 2:
            refused[case.number] = str(BY_HAND)
        elif not chosen:
            refused[case.number] = str(NO_TARGET)
        elif actor is None:
            refused[case.number] = str(NOT_YOURS)
        elif suggestions[case.pk][0].sure < SURE:
            refused[case.number] = str(NOT_SURE)
        else:
            rank = next((target.rank for target in suggestions[case.pk] if target.value == chosen), 0)
            moves.append((case.pk, _move(chosen, because_of(chosen, first, rank=rank, note=note, why=why)), actor))
    refused |= _taken(moves, workspace, conditions)
    done = [number for number, reason in refused.items() if not reason]
    return BulkRun("forward", done, [(number, reason) for number, reason in refused.items() if reason])


def _move(chosen: str, because: dict[str, Any]) -> Move:
    if chosen.startswith("a"):
        return authority.assign_authority(authority_id=int(chosen[1:]), because=because)
    enterprise_id, branch_id = read_target(chosen)
    return authority.forward(enterprise_id=enterprise_id, branch_id=branch_id, because=because)


def _taken(moves: Sequence[tuple[int, Move, Actor]], workspace: Workspace, conditions: Conditions) -> dict[str, str]:
    """Number → why not; "" where it was done. A lone case is a batch as well."""
    if not moves:
        return {}
    try:
        results = handling.take_each(moves, now=workspace.now, conditions=conditions)
    except handling.StepNotAllowed as refusal:
        results = [handling.StepResult(Complaint.objects.get(pk=moves[0][0]), refusal)]
    refused = {}
    for result in results:
        case, reason = result.complaint, result.refusal.reason if result.refusal else ""
        if result.refusal is not None and result.refusal.code == "not_now":
            reason = _moved_on(case.status)
        refused[case.number] = reason
    return refused


def _moved_on(status: str) -> str:
    return gettext("已是“%(status)s”，不再等待分送。") % {"status": label(status, kind="status")}
