"""Signals as an officer reads them: a sentence with its evidence, the cases behind it as links, and the step that fits.

This is asked only by pages of the authority, under the officer's own sight; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.desks.authority_workspace import Workspace
from complaints.models import Complaint
from complaints.triage.signal_facts import signals_of
from complaints.triage.signals import Signal, looked_back
from complaints.wording import signals as labels_signals

#: Signals for which cases can be put together.
_TOGETHER = frozenset({"duplicate_order", "duplicate_text", "order_of_another", "joint"})
#: What is only incomplete is told more quietly.
_QUIET = frozenset({"no_proof", "missing"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One signal. ``cases``: (number, address); ``more``: (words, address) of the list or the step that fits."""

    code: str
    text: str
    short: str
    tone: str
    cases: list[tuple[str, str]] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)


def shown_signals(
    cases: Sequence[Complaint], workspace: Workspace, *, may: Collection[str] = ()
) -> dict[int, list[Shown]]:
    """What this officer should know of each of these cases; as many queries for a page as for one. ``may``: the steps
    that are open.
    """
    return all_shown(
        cases, signals_of(cases, regions=workspace.regions, looked_back=looked_back_at(workspace)), may=may
    )


def looked_back_at(workspace: Workspace) -> timedelta:
    """How far back cases are compared at this desk."""
    return looked_back(workspace.conditions.policies, workspace.first_region)


def all_shown(
    cases: Sequence[Complaint], signals: Mapping[int, Sequence[Signal]], *, may: Collection[str] = ()
) -> dict[int, list[Shown]]:
    """The same of signals that were asked for with something else."""
    return {case.pk: [shown(signal, case.number, may=may) for signal in signals[case.pk]] for case in cases}


def shown(signal: Signal, number: str, *, may: Collection[str] = ()) -> Shown:
    """``number``: the case that it is about, "" before it is filed."""
    return Shown(
        code=signal.code,
        text=labels_signals.sentence(signal.code, signal.values),
        short=labels_signals.short(signal.code),
        tone="neutral" if signal.code in _QUIET else "warn",
        cases=[(other, reverse("complaints:authority-case", args=[other])) for other in signal.cases],
        more=_more(signal, number, may),
    )


def _more(signal: Signal, number: str, may: Collection[str]) -> list[tuple[str, str]]:
    found = []
    if signal.day is not None and signal.respondent is not None:
        query = {
            "status": "any",
            "enterprise": signal.respondent,
            "received_from": signal.day,
            "received_to": signal.day,
        }
        found.append((_("看这一天的投诉"), f"{reverse('complaints:authority-cases')}?{urlencode(query)}"))
    if number and signal.code == "report" and "split_report" in may:
        found.append((_("拆分举报"), reverse("complaints:authority-step", args=[number, "split"])))
    if number and signal.code in _TOGETHER and "link_cases" in may:
        query = {"with": " ".join(signal.cases)}
        found.append(
            (_("关联或者合并"), f"{reverse('complaints:authority-together', args=[number])}?{urlencode(query)}")
        )
    return found


def short_words(found: Sequence[Shown]) -> list[tuple[str, str]]:
    """(word, tone) of each kind once, for a column of a list."""
    words: Mapping[str, str] = {one.short: one.tone for one in found}
    return list(words.items())
