"""/authority/review/: what waits for a decision on acceptance, objections to what was decided, one case under review.

The page of a case shows what the file has and lacks (arts 10 to 12, the seven grounds) and chooses nothing; each
decision is taken at the address of its own step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy, override
from django.utils.translation import gettext_lazy as _

from accounts.keys import sealed_fields
from accounts.roles import Right
from complaints import wording
from complaints.acceptance import review_advice, review_facts, review_grounds
from complaints.acceptance.remedies import PHONES, phone_of
from complaints.acceptance.review_grounds import DOUBT, NOTHING
from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, due_soon, late, rows_of, step_url
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.desks.officer_case import OfficerCase, officer_case_of
from complaints.forms.fields import Choice, Day, Dropdown, FreeText, labels_of, lines_of, set_choices
from complaints.handling import Move
from complaints.handling.steps import authority, violations
from complaints.handling.transition import previewing
from complaints.handling.transition.settling import KINDS
from complaints.models import Complaint, Matter
from complaints.pages.authority.forms import CaseForm, long_enough, officer_choices, officers_of, please_choose
from complaints.pages.authority.triage.triage import signals_at
from complaints.procedure.workflow import Audience, Clock, Status
from complaints.reading import case_documents
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.wording.reasons import ROUTES, signal_sentence
from complaints.wording.standing import standing

#: Where the decision on acceptance is still to be made.
REVIEWED = (Status.REVIEW, Status.AWAITING_MATERIAL)
#: What one may weigh for ground 3; the others are for whoever distributes.
ART_17 = frozenset({"frequent", "frequent_here", "shared_contact", "copied_text", "burst"})
_TONES = {NOTHING: "ok", DOUBT: "warn"}


class MaterialForm(CaseForm):
    """What is missing, until when (art. 10)."""

    what = FreeText(label=_("需要补正什么"), help_text=_("逐项写清楚；消费者看得到。"))
    last_day = Day(label=_("补正的最后一天"), required=False)
    is_identity = forms.BooleanField(label=_("要求提供身份证明（文书第4号）"), required=False)

    def prepare(self, officer_case: OfficerCase) -> None:
        # The consumer reads it, so it begins in the consumer's language.
        with override(self.case.language):
            self.fields["what"].initial = review_advice.wanted(review_grounds.lacking(officer_case.filed))
        running = (row for row in officer_case.rows.clocks if row.clock == Clock.REVIEW and row.state == "running")
        review = next(running, None)
        latest = officer_case.workspace.calendar.before(review.last_day, 1) if review is not None else None
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
    """Art. 16: a ground, its facts, and the body that has the duty (ground 1) or who has handled it (ground 2)."""

    ground = Choice(label=_("不予受理的七种情形（第十六条）"))
    body = Dropdown(
        label=_("哪个部门"), required=False, help_text=_("第一项必填：有职责的部门。第二项：谁已经受理或者处理过。")
    )
    earlier = forms.ChoiceField(
        label=_("监管部门受理或者处理过的同一争议"), required=False, widget=forms.Select(attrs={"class": "w-24"})
    )
    facts = FreeText(label=_("事实和理由"), help_text=_("写明查到了什么、凭什么认定；写进决定书。至少10个字。"))

    def prepare(self, officer_case: OfficerCase) -> None:
        self.cases: Sequence[Complaint] = ()
        if officer_case.filed.earlier:
            self.cases = review_facts.earlier_cases(self.case, among=officer_case.workspace.cases())
        self.grounds = {ground.code: ground for ground in review_grounds.grounds(officer_case.filed)}
        codes = [code for code, ground in self.grounds.items() if not ground.barred]
        set_choices(self, "ground", lines_of(codes, "refusal_ground"))
        bodies = [
            (code, f"{text} {phone}" if (phone := phone_of(code)) and phone not in text else text)
            for code, text in labels_of(tuple(PHONES), "body")
        ]
        set_choices(self, "body", please_choose(bodies))
        earlier = [(one.number, f"{one.number} {standing(one).text}") for one in self.cases]
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


class LeadForm(CaseForm):
    """One record of the register that is being checked, and what is said of it."""

    matter = Dropdown(label=_("哪一件"))
    text = FreeText(label=_("为什么延长"), help_text=_("只有监管部门看得到。"))

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
    second_officer = Dropdown(label=_("第二名核查人员"))
    text = FreeText(label=_("说明"), help_text=_("只有监管部门看得到。"))
    told = FreeText(
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
        cleaned = dict(self.cleaned_data)
        matter, second = int(cleaned.pop("matter")), int(cleaned.pop("second_officer"))
        return violations.close_lead(matter_id=matter, second_officer_id=second, **cleaned)


def review_url(complaint: Complaint) -> str:
    return reverse("complaints:authority-review-case", args=[complaint.number])


def letters_of(officer_case: OfficerCase, move: Move, *, by: str = "") -> dict[str, Any]:
    """``letters`` and ``papers`` as each side would get them; the consumer masked until the officer has said why.
    ``by``: who proposed ``move``. Raises the refusal of the step."""
    actor = officer_case.access.actor
    if actor is None:
        return {}
    officers = list(dict.fromkeys(filter(None, (by, actor.name))))
    case = officer_case.access.complaint
    sent = previewing.would_be_sent(move, case.pk, actor=actor, officers=officers, now=officer_case.workspace.now)
    is_shown = case_documents.is_shown(case, officer_case.access, now=officer_case.workspace.now)
    hide = str if is_shown else case_documents.maskers([case])[case.pk]
    return {
        "papers": [paper if is_shown else case_documents.masked(paper) for paper in sent.papers],
        "letters": [
            {
                "to": wording.label(n.addressee, kind="side"),
                "language": n.language,
                "subject": hide(n.subject),
                "lines": [hide(line) for line in n.body.split("\n")],
            }
            for n in sent.notices
        ],
    }


def grounds_of(officer_case: OfficerCase, form: RefusalForm | None) -> dict[str, Any]:
    """For the grounds as radios: what the file and its words show for each. ``short``: its name, ``label``: the law;
    ``option``: its radio, where it may be chosen; ``earlier``: (number, address) of what ground 2 may mean."""
    known, case = officer_case.filed, officer_case.access.complaint
    said = [
        row
        for row in officer_case.rows.texts
        if row.audience == Audience.PARTIES and row.kind in ("consumer_statement", "consumer_transcript")
    ]
    sealed_fields.load_for(said)
    advice = review_advice.advise("\n".join(row.text for row in said))
    links = [(one.number, case_url(one, AUTHORITY)) for one in (form.cases if form is not None else ())]
    noticed = [
        signal_sentence(one.code, one.values)
        for one in signals_at(officer_case.workspace, [case])[case.pk]
        if one.code in ART_17
    ]
    options = {option.data["value"]: option for option in form["ground"]} if form is not None else {}
    views = [
        {
            "ground": ground,
            "label": wording.capitals(wording.label(ground.code, kind="refusal_ground")),
            "short": wording.label(ground.code, kind="ground_name"),
            "tone": "warn" if advised else _TONES.get(ground.seen, "neutral"),
            "seen": wording.label(DOUBT if advised else ground.seen, kind="seen"),
            "advice": advised,
            "earlier": links if ground.code == "already_handled" else [],
            "option": options.get(ground.code),
        }
        for ground in review_grounds.grounds(known, signals=noticed)
        for advised in [review_advice.of_ground(advice, ground.code)]
    ]
    return {"grounds": views, "elements": review_grounds.elements(known), "lacks": review_grounds.lacking(known)}


@officer_page("GET")
def review_case(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """Not under review any more: its case page."""
    officer_case = officer_case_of(workspace, number, request.GET)
    case = officer_case.access.complaint
    if case.status not in REVIEWED:
        return redirect(case_url(case, AUTHORITY))
    may = officer_case.may
    page = page_of(officer_case.access, now=workspace.now)
    form = RefusalForm(officer_case, None) if "refuse" in may else None
    # Who of the authority can be the second name.
    others = officers_of(officer_case, Right.DECIDE_CASE, without=[workspace.user.pk])
    context = {
        "page": page,
        "case": case,
        "may": may,
        "beside": beside_of(workspace, case),
        **grounds_of(officer_case, form),
        "form": form,
        "material": MaterialForm(officer_case, None) if "request_material" in may else None,
        "routes": list(ROUTES.values()),
        "others": list(dict.fromkeys(person.user.name for person in others)),
        "proposal": page.matters.get("proposal"),
        "urls": {
            slug: reverse("complaints:authority-step", args=[case.number, slug]) + "?from=review"
            for slug in ("accept", "material", "refuse", "return", "split", "redirect")
        },
        "approvals_url": reverse("complaints:authority-approvals"),
        "case_url": case_url(case, AUTHORITY),
    }
    return render(request, "authority/review_case.html", context)


TABS = (
    Tab("all", gettext_lazy("本机关待审查"), "authority", gettext_lazy("没有等待审查的投诉。")),
    Tab("mine", gettext_lazy("我经办的"), "neutral", gettext_lazy("没有由您经办的。")),
    Tab("late", gettext_lazy("已逾期"), "bad", gettext_lazy("没有逾期的。")),
    Tab("soon", gettext_lazy("2个工作日内到期"), "warn", gettext_lazy("2个工作日内没有到期的。")),
    Tab("material", gettext_lazy("等补正"), "neutral", gettext_lazy("没有在等补正的。")),
    Tab("objections", gettext_lazy("异议"), "warn", gettext_lazy("没有等待答复的异议。")),
)


def waiting(workspace: Workspace) -> QuerySet[Complaint]:
    """In whose authority's name this person may act."""
    return workspace.cases().filter(workspace.mine(), status__in=REVIEWED)


def objected(workspace: Workspace) -> QuerySet[Complaint]:
    """Closed, with an objection that nobody has answered."""
    open_ones = Matter.objects.filter(kind="objection", state="open").order_by().values("complaint_id")
    return workspace.cases().filter(workspace.mine(), pk__in=open_ones, status=Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Beside:
    """Where a case stands among those that wait for a decision, from 1 (0: it does not), and the addresses around it.
    ``next``, ``next_title``: what a decision opens; "" after the last one."""

    place: int
    of: int
    before: str = ""
    after: str = ""
    next: str = ""
    next_title: str = ""


def beside_of(workspace: Workspace, case: Complaint) -> Beside:
    """In the order of the list: what is under review here and lies with no second person. One statement."""
    proposed = Matter.objects.filter(kind="proposal", state="open", audience="authority").order_by()
    rows = waiting(workspace).filter(status=Status.REVIEW).exclude(pk__in=proposed.values("complaint_id"))
    names = rows.order_by(keyset.BY_DUE.field, "pk").values_list("number", "item_name", "respondent_named")
    listed = list(names[: keyset.MANY])
    at = next((place for place, row in enumerate(listed) if row[0] == case.number), -1)

    def url(place: int) -> str:
        return reverse("complaints:authority-review-case", args=[listed[place][0]])

    others = [*range(at + 1, len(listed)), *range(max(at, 0))]
    number, item, named = listed[others[0]] if others else ("", "", "")
    return Beside(
        place=at + 1,
        of=len(listed),
        before=url(at - 1) if at > 0 else "",
        after=url(at + 1) if 0 <= at < len(listed) - 1 else "",
        next=url(others[0]) if others else "",
        next_title=item or named or number,
    )


def lists_of(workspace: Workspace) -> dict[str, QuerySet[Complaint]]:
    rows = waiting(workspace)
    return {
        "all": rows,
        "mine": rows.filter(officer__user=workspace.user),
        "late": rows.filter(late(workspace.now)),
        "soon": rows.filter(due_soon(workspace.now, workspace.calendar)),
        "material": rows.filter(status=Status.AWAITING_MATERIAL),
        "objections": objected(workspace),
    }


@officer_page("GET")
def review(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page, shown = keyset.tabbed(request, TABS, lists_of(workspace), related=RELATED)
    matters = Matter.objects.filter(kind="proposal", state="open", audience="authority", complaint__in=page.rows)
    proposed = set(matters.values_list("complaint_id", flat=True))
    rows = []
    for row in rows_of(page.rows, workspace):
        case = row.complaint
        is_objection = shown["tab"].code == "objections"
        url = step_url(case, "objection", "answer_objection", workspace) if is_objection else review_url(case)
        rows.append(replace(row, url=url, is_proposed=case.pk in proposed))
    return render(request, "authority/review.html", {"rows": rows, "now": workspace.now, **shown})
