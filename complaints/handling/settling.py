"""Promises after a settlement: they come into force, are kept, fall silent or are broken.

The one rule (procedure, section 3): performing ends when no obligation is due or reported;
all confirmed is a success, silence never is, one broken goes to review at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from complaints.handling import clocks, leaving
from complaints.handling.casefile import CaseFile
from complaints.handling.effect import Effect
from complaints.models import Obligation, Offer
from complaints.workflow import Clock, Outcome, Status


def bring_into_force(file: CaseFile, obligations: list[Obligation], at: datetime) -> None:
    """Proposed obligations become due and their clocks start."""
    for obligation in obligations:
        file.change(obligation, state="due")
    for obligation in obligations:
        clocks.start_for_obligation(file, obligation, at)


def drop_obligations(file: CaseFile, offer: Offer) -> None:
    for obligation in file.obligations:
        if obligation.offer_id == offer.pk and obligation.state == "proposed":
            file.change(obligation, state="dropped")


def is_mediated(file: CaseFile) -> bool:
    """Whether the promises in force stem from a mediation."""
    kept = [o for o in file.obligations if o.state not in ("proposed", "dropped")]
    return bool(kept) and kept[-1].source == "mediation"


def when_all_is_done(file: CaseFile, effect: Effect) -> Effect:
    """Add the end of performing to ``effect`` when nothing is due or reported any more."""
    if file.status not in (Status.PERFORMING, Status.REVIEW):
        return effect
    mediated = is_mediated(file)
    # What was promised before a mediation was settled anew by it.
    counts = [o for o in file.obligations if (o.source == "mediation") == mediated]
    in_force = [o for o in counts if o.state in ("confirmed", "silent", "waived")]
    if not in_force or any(o.state in ("due", "reported", "broken") for o in counts):
        return effect
    at = effect.happened_at or file.now
    if mediated:
        return replace(effect, to=Status.CLOSED, outcome=Outcome.MEDIATED, reason="performed")
    silent = any(o.state == "silent" for o in in_force)
    outcome = Outcome.UNCONFIRMED if silent else Outcome.SETTLED
    leaving.end_engagement(file, "unconfirmed" if silent else "settled", "performed", at)
    return replace(effect, to=Status.CLOSED, outcome=outcome,
                   reason="performance_unconfirmed" if silent else "performed")


def breach(file: CaseFile, obligation: Obligation, data: dict[str, Any],
           happened_at: datetime | None = None, texts: dict[str, str] | None = None) -> Effect:
    """One broken promise: →review at once, the others stay in force; after a mediation the
    case closes as not kept, with the way to court, and a lead is opened."""
    at = happened_at or file.now
    file.change(obligation, state="broken", is_late=True)
    for kind in (Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER, Clock.CONFIRMATION):
        row = clocks.live(file, kind, obligation=obligation)
        if row is not None:
            clocks.end(file, row, at, met=False)
    if is_mediated(file):
        file.complaint.is_not_kept = True
        matter = file.open_matter("lead", by="system", audience="authority",
                                  obligation=obligation.ordinal)
        clocks.start(file, Clock.LEAD, file.now, matter=matter)
        return Effect(to=Status.CLOSED, outcome=Outcome.MEDIATED, reason="not_kept",
                      data=data | {"court": True}, texts=texts or {}, happened_at=happened_at)
    if file.status == Status.PERFORMING:
        return leaving.leave(file, result="failed", ended_by="breach", reason="breach",
                             data=data, texts=texts, happened_at=happened_at)
    return Effect(data=data, texts=texts or {}, reason="breach", happened_at=happened_at)


def confirm(file: CaseFile, obligation: Obligation, at: datetime) -> None:
    """The one to whom it was owed says it was done."""
    file.change(obligation, state="confirmed", confirmed_at=at)
    _end_clocks(file, obligation, at)
    clocks.release_obligations(file, obligation, at)


def waive(file: CaseFile, obligation: Obligation, at: datetime) -> None:
    file.change(obligation, state="waived")
    _end_clocks(file, obligation, at, met=False)
    clocks.release_obligations(file, obligation, at)


def _end_clocks(file: CaseFile, obligation: Obligation, at: datetime, *, met: bool = True) -> None:
    for kind in (Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER, Clock.CONFIRMATION):
        row = clocks.live(file, kind, obligation=obligation)
        if row is not None:
            clocks.end(file, row, at, met=met)
