"""/authority/triage/: what waits for a person to say where it goes, and one case of it.

One decision in seconds; the first suggestion is one button, all else is one page away, and what blocks it is said in
words. Many go at once to where each should (forward.py). A page of rows is read by two statements, as one row would be.
Signals are asked for only by pages of the authority, as far as the officer sees the cases; nothing of them is kept.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.roles import Right
from complaints import wording
from complaints.desks import keyset, neighbours
from complaints.desks.authority_lists import PASSED_ON, RELATED, ListedCase, due_today, late, rows_of, waits_for
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.bulk_run import BulkRun, run_once
from complaints.desks.keyset import Tab
from complaints.desks.officer_case import officer_case_of
from complaints.forms.fields import set_choices
from complaints.models import Complaint, PersonalText
from complaints.pages.authority.triage import forward, taking_back, targets
from complaints.pages.authority.triage.forward import BatchForm
from complaints.pages.authority.triage.targets import (
    Target,
    latest_decision,
    looked_up,
    ranked,
    reason_texts,
    suggested,
)
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import PASS_TO_REGULATOR, PAUSE_FOR_SETTLEMENT, SHARE_WITH_ENTERPRISE
from complaints.procedure.workflow import Status
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, CasePage, case_url, page_of
from complaints.triage.signal_facts import Asking, signals_of
from complaints.triage.signals import Signal, looked_back
from complaints.wording.reasons import RETURN_REASONS, short_signal, signal_sentence
from complaints.wording.standing import standing
from web.languages import named

#: Signals for which cases can be put together.
_TOGETHER = frozenset({"duplicate_order", "duplicate_text", "order_of_another", "joint"})
#: What is only incomplete is told more quietly.
_QUIET = frozenset({"no_proof", "missing"})


@dataclass(frozen=True, slots=True)
class SignalView:
    """One signal. ``cases``: (number, address); ``more``: (label, address) of the list or the step that fits."""

    code: str
    text: str
    tone: str
    cases: list[tuple[str, str]] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)


def signals_at(workspace: Workspace, cases: Sequence[Complaint]) -> dict[int, list[Signal]]:
    """What this officer should know of these cases, by id; as many queries as for one."""
    return signals_of(cases, regions=workspace.regions, looked_back=looked_back_at(workspace))


def looked_back_at(workspace: Workspace) -> timedelta:
    """How far back cases are compared for this officer."""
    return looked_back(workspace.conditions.policies, workspace.first_region)


def signal_view(signal: Signal, number: str, *, may: Collection[str] = ()) -> SignalView:
    """``number``: the case that it is about, "" before it is filed; ``may``: the steps that are open there."""
    return SignalView(
        code=signal.code,
        text=signal_sentence(signal.code, signal.values),
        tone=_tone_of(signal),
        cases=[(other, reverse("complaints:authority-case", args=[other])) for other in signal.cases],
        more=_more(signal, number, may),
    )


def _tone_of(signal: Signal) -> str:
    return "neutral" if signal.code in _QUIET else "warn"


def _more(signal: Signal, number: str, may: Collection[str]) -> list[tuple[str, str]]:
    more = []
    if signal.day is not None and signal.respondent is not None:
        day, enterprise = signal.day, signal.respondent
        query = {"status": "any", "enterprise": enterprise, "received_from": day, "received_to": day}
        more.append((_("看这一天的投诉"), f"{reverse('complaints:authority-cases')}?{urlencode(query)}"))
    if number and signal.code == "report" and "split_report" in may:
        more.append((_("拆分举报"), reverse("complaints:authority-step", args=[number, "split"])))
    if number and signal.code in _TOGETHER and "link_cases" in may:
        others = urlencode({"with": " ".join(signal.cases)})
        more.append((_("关联或者合并"), f"{reverse('complaints:authority-together', args=[number])}?{others}"))
    return more


_asking = Asking(
    more={"clocks": case_rows.CLOCKS, "decisions": targets.DECISIONS},
    # After the three lists of signals: enterprises, branches, whom consumers named.
    then={
        "firms": targets.enterprises_at(3),
        "branches": targets.branches_at(4),
        "successions": targets.successions_at(5),
    },
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a page of the list shows beside its rows, each by the id of a case; ``words``: the consumer's own."""

    targets: dict[int, list[Target]] = field(default_factory=dict)
    signals: dict[int, list[Signal]] = field(default_factory=dict)
    words: dict[int, list[PersonalText]] = field(default_factory=dict)
    files: Counter[int] = field(default_factory=Counter)


def waiting_rows(cases: Sequence[Complaint], workspace: Workspace) -> tuple[list[ListedCase], Waiting]:
    """The rows and what stands beside them: two statements, beside keys that are not held yet."""
    if not cases:
        return [], Waiting()
    asked = _asking.about(cases, workspace.regions, looked_back=looked_back_at(workspace))
    candidates = targets.candidates_of(asked.rows["decisions"])
    named = targets.named_by(cases)
    rows = asked.answered(*targets.wanted_of(candidates), named, people=case_rows.people_of(cases))
    conditions = workspace.conditions
    conditions.know_successors(named, rows["successions"])
    enterprises = targets.suggested_among(cases, candidates, rows["firms"], rows["branches"], conditions=conditions)
    texts = asked.rows["texts"]
    names = [text for text in texts if text.kind == "consumer_name"]
    words: dict[int, list[PersonalText]] = {case.pk: [] for case in cases}
    for text in texts:
        if text.kind in ("consumer_statement", "consumer_transcript"):
            words[text.complaint_id].append(text)
    return rows_of(cases, workspace, beside=case_rows.CaseExtras.of(names, asked.rows["clocks"])), Waiting(
        {case.pk: ranked(case, enterprises[case.pk], workspace, conditions=conditions) for case in cases},
        asked.signals(),
        words,
        Counter(file.complaint_id for file in asked.rows["files"]),
    )


BESIDE = 30
#: Earlier complaints of the same person that an officer should know of.
LOOK_BACK = timedelta(days=365)
#: Steps of whoever distributes.
_SENDING = frozenset({"forward", "assign_authority", "ask_consent"})
#: A view or the number of a case, as an address of the list names them.
_ASKED = re.compile(r"[A-Za-z0-9-]{1,32}")
#: Enterprise with or without branch, or an authority.
_TARGET = re.compile(r"\d{1,18}-\d{0,18}|a\d{1,18}")


TABS = (
    Tab("all", gettext_lazy("全部待分送"), "neutral", gettext_lazy("没有等待分送的投诉。")),
    Tab("today", gettext_lazy("今日到期"), "warn", gettext_lazy("今天没有到期的。")),
    Tab("late", gettext_lazy("已逾期"), "bad", gettext_lazy("没有逾期的。")),
    Tab("twice", gettext_lazy("退回两次"), "bad", gettext_lazy("没有被退回两次的。")),
    Tab("asked", gettext_lazy("等消费者同意"), "neutral", gettext_lazy("没有在等消费者同意的。")),
)


def waiting(workspace: Workspace) -> QuerySet[Complaint]:
    return workspace.cases().filter(status=Status.TRIAGE)


def _lists(workspace: Workspace) -> dict[str, QuerySet[Complaint]]:
    rows = waiting(workspace)
    return {
        "all": rows,
        "today": rows.filter(due_today(workspace, workspace.calendar)),
        "late": rows.filter(late(workspace.now)),
        "twice": rows.filter(returns__gte=2),
        "asked": rows.filter(waits_for("consent")),
    }


@officer_page("GET", "POST")
def triage(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/triage/?view=…: one view of what waits; POST distributes the chosen ones."""
    beside = neighbours.asked_for(request)
    if beside is not None:
        return redirect(beside)
    if request.method != "POST":
        return _show(request, workspace)
    tab = keyset.chosen_tab(TABS, request.GET)
    # What was chosen is a target in its form; whether it is one says the step.
    target = request.POST.get("target", "")
    form = BatchForm(request.POST, targets=[(target, target)] if _TARGET.fullmatch(target) else [])

    def take() -> BulkRun | None:
        return forward.distribute(form, _lists(workspace)[tab.code], workspace) if form.is_valid() else None

    run = run_once(request, take)
    if run is None:
        return _show(request, workspace, form)
    context = {
        "run": run,
        "title": run.title(),
        "groups": run.refusals(),
        "case_page": "complaints:authority-case",
        "back_url": keyset.tab_url(reverse("complaints:authority-triage"), tab),
    }
    return render(request, "staff/bulk_done.html", context)


def _show(request: HttpRequest, workspace: Workspace, form: BatchForm | None = None) -> HttpResponseBase:
    """``form``: what was sent and is wrong."""
    page, shown = keyset.tabbed(request, TABS, _lists(workspace), related=RELATED)
    rows, beside = waiting_rows(page.rows, workspace)
    may_send = workspace.may(Right.DISTRIBUTE)
    targets = forward.targets_of(beside.targets)
    if form is not None:
        set_choices(form, "target", [(forward.OWN, str(_("各自的第一个建议"))), *targets])
    opened = request.GET.get("open", "")
    groups = _groups(rows, beside, shown["tab"], opened=opened)
    addresses = {line["row"].complaint.pk: line["url"] for _title, _remark, lines in groups for line in lines}
    context = {
        "rows": rows,
        "groups": groups,
        "now": workspace.now,
        **shown,
        "list": neighbours.sealed_list(request, [addresses[row.complaint.pk] for row in rows], more=shown["next_url"]),
        "batch": (form or BatchForm(targets=targets)) if may_send and page.rows else None,
        "form": form,
        "sent": taking_back.sent(request.GET.get("sent", ""), workspace) if may_send else None,
        "may_send": may_send,
        "may_intake": workspace.may(Right.WRITE_DOWN),
    }
    return render(request, "authority/triage.html", context, status=422 if form else 200)


def _groups(
    rows: Sequence[ListedCase], beside: Waiting, tab: Tab, *, opened: str
) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """(title, remark, lines) of the page, by how sure the first suggestion is. One line is open, with all that a
    decision needs; ``query`` says which one opens after it."""
    groups: list[tuple[str, str, list[ListedCase]]] = [
        (_("把握高"), "", []),
        (_("要看一眼"), _("建议不止一种，或者还不能送"), []),
        (_("须人工决定"), _("被退回两次，或者没有建议"), []),
    ]
    for row in rows:
        first = next(iter(beside.targets[row.complaint.pk]), None)
        by_hand = first is None or row.complaint.returns >= 2
        groups[2 if by_hand or first is None else 0 if first.may_go_with_others else 1][2].append(row)
    order = [row for _title, _remark, members in groups for row in members]
    numbers = [row.complaint.number for row in order]
    current = opened if opened in numbers else next(iter(numbers), "")
    url = f"{keyset.tab_url(reverse('complaints:authority-triage'), tab)}&open="
    lines = {}
    for place, row in enumerate(order):
        case, targets = row.complaint, beside.targets[row.complaint.pk]
        after = numbers[place + 1] if place + 1 < len(numbers) else numbers[place - 1] if place else ""
        lines[case.pk] = {
            "row": row,
            "url": triage_url(case),
            "open_url": url + case.number,
            "first": next(iter(targets), None),
            "targets": targets[:3],
            # (word, tone) of each kind of signal once.
            "signals": list({short_signal(one.code): _tone_of(one) for one in beside.signals[case.pk]}.items()),
            "is_open": case.number == current,
            "is_sure": place < len(groups[0][2]),
            "words": "\n".join(text.text for text in beside.words[case.pk]) if case.number == current else "",
            "files": beside.files[case.pk],
            "agreed": _agreed(case.consents.get(SHARE_WITH_ENTERPRISE)),
            "before_url": url + numbers[place - 1] if place else "",
            "after_url": url + numbers[place + 1] if place + 1 < len(numbers) else "",
            "query": urlencode({"view": tab.code, "open": after}),
        }
    return [
        (title, remark, [lines[row.complaint.pk] for row in members]) for title, remark, members in groups if members
    ]


def after_sending(query: Mapping[str, str], sent: str) -> str:
    """The list as one left it, with the row that follows the one that was ``sent``, which one key takes back."""
    asked = {name: query[name] for name in ("view", "open") if _ASKED.fullmatch(query.get(name, ""))} | {"sent": sent}
    address = reverse("complaints:authority-triage")
    return f"{address}?{urlencode(asked)}"


def triage_url(complaint: Complaint) -> str:
    return reverse("complaints:authority-triage-case", args=[complaint.number])


@officer_page("GET")
def triage_case(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """One case: what was filed | to whom it may go. Not in triage any more: its case page."""
    officer_case = officer_case_of(workspace, number, request.GET)
    case = officer_case.access.complaint
    if case.status != Status.TRIAGE:
        return redirect(case_url(case, AUTHORITY))
    page = page_of(officer_case.access, now=workspace.now)
    beside = keyset.first(waiting(workspace), BESIDE, related=RELATED)
    decision = latest_decision(case)
    conditions = workspace.conditions
    targets = ranked(case, suggested(case, decision, conditions=conditions), workspace, conditions=conditions)
    query = request.GET.get("q", "")[:80]
    signals = [signal_view(one, number, may=officer_case.may) for one in signals_at(workspace, [case])[case.pk]]
    context = {
        "page": page,
        "case": case,
        "may": officer_case.may,
        "query": query,
        "beside": [(row, triage_url(row.complaint)) for row in rows_of(beside, workspace)],
        "why": reason_texts(decision),
        "targets": targets,
        "reason": wording.reason(case.reason) if case.reason else "",
        "hits": looked_up(case, query, workspace, conditions=conditions, besides=targets),
        "checks": _checks(page, workspace, signals),
        "signals": signals,
        "asked": page.matters.get("consent"),
        "is_returned_twice": case.returns >= 2,
        # Who gave the case back, and why in words, where a reason was chosen.
        "returned_by": [
            (
                named(stage.branch or stage.enterprise),
                wording.label(stage.ended_by, kind="return_reason") if stage.ended_by in RETURN_REASONS else "",
            )
            for stage in page.engagements
            if stage.odr_result == "returned" and stage.ended_by != PASSED_ON
        ],
        "consents": _consents(case, conditions),
        "dispute": page.matters.get("jurisdiction"),
        "may_send": not _SENDING.isdisjoint(officer_case.may),
        "sender": named(case.handling_authority) if case.handling_authority else "",
    }
    return render(request, "authority/triage_case.html", context)


def _checks(page: CasePage, workspace: Workspace, signals: list[SignalView]) -> dict[str, Any]:
    """Other complaints of the same person within a year, as far as this officer sees them and no signal names them."""
    case = page.complaint
    named = {number for signal in signals for number, _url in signal.cases}
    others = list(
        workspace.cases()
        .filter(consumer_key=case.consumer_key, filed_at__gte=workspace.now - LOOK_BACK)
        .exclude(pk=case.pk)
        .order_by("-filed_at")[:5]
    )
    return {
        "others": [(o, case_url(o, AUTHORITY), standing(o).text) for o in others if o.number not in named],
        "has_others": bool(others),
    }


def _agreed(said: bool | None) -> tuple[str, str]:
    """What the consumer said, and its tone."""
    if said is None:
        return _("没有问过"), "neutral"
    return (_("同意"), "ok") if said else (_("不同意"), "bad")


def _consents(case: Complaint, conditions: Conditions) -> list[tuple[str, str, str]]:
    """What the consumer said to handing over, and to whom, and to a supervised settlement; (what, word, tone)."""
    given = dict.fromkeys((case.consents.get("named_entity"), *case.consents.get("entities", ())))
    enterprises = [enterprise for pk in given if pk and (enterprise := conditions.enterprise(pk)) is not None]
    names = (
        (SHARE_WITH_ENTERPRISE, _("转给企业")),
        (PAUSE_FOR_SETTLEMENT, _("先让企业和解，审查计时暂停")),
        (PASS_TO_REGULATOR, _("谈不成交市场监管局")),
    )
    consents = [
        (label, *_agreed(case.consents.get(code)))
        for code, label in names
        if code in case.consents or code == SHARE_WITH_ENTERPRISE
    ]
    if enterprises and (case.consents.get(SHARE_WITH_ENTERPRISE) or case.consents.get("entities")):
        receivers = pgettext("between names", "、").join(map(named, enterprises))
        consents[0] = (_("转给企业"), _("同意转给%(names)s") % {"names": receivers}, "ok")
    return consents
