"""Promises after a settlement: they come into force, are kept, fall silent or are broken.

The one rule (procedure, section 3): performing ends when no obligation is due or reported;
all confirmed is a success, silence never is, one broken goes to review at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import clocks, leaving
from complaints.handling.transition.effect import Effect
from complaints.handling.transition.registering import register
from complaints.models import Obligation, Offer
from complaints.procedure.workflow import Clock, Outcome, Status


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
    """Whether the newest promises in force stem from a mediation."""
    kept = [o for o in file.obligations if o.state not in ("proposed", "dropped")]
    return bool(kept) and kept[-1].source == "mediation"


def _newest(file: CaseFile) -> list[Obligation]:
    """The promises of the newest settlement: one agreement, or all offers of one engagement.

    What an earlier one left broken was settled anew.
    """
    kept = [o for o in file.obligations if o.state not in ("proposed", "dropped")]
    if not kept:
        return []
    last = kept[-1]
    return [o for o in kept if o.source == last.source and o.settlement == last.settlement]


def when_all_is_done(file: CaseFile, effect: Effect) -> Effect:
    """Add the end of performing to ``effect`` when nothing is due or reported any more.

    From review it ends only as a confirmed success with no demand left open; silence there
    changes nothing, and a case that an authority has received goes back to it.
    """
    newest = _newest(file)
    in_force = [o for o in newest if o.state in ("confirmed", "silent", "waived")]
    if file.status not in (Status.PERFORMING, Status.REVIEW) or not in_force:
        return effect
    if file.obligations_in("due", "reported") or any(o.state == "broken" for o in newest):
        return effect
    silent = any(o.state == "silent" for o in in_force)
    at = effect.happened_at or file.now
    if file.status == Status.REVIEW:
        open_demand = any(not d.is_settled and not d.is_given_up for d in file.demands)
        if silent or open_demand:
            return effect
    if in_force[-1].source == "mediation":
        return replace(effect, to=Status.CLOSED, outcome=Outcome.MEDIATED, reason="performed")
    if silent and file.was_received_by_authority:
        leaving.end_engagement(file, "unconfirmed", "silence", at)
        leaving.to_county(file)
        return replace(effect, to=Status.REVIEW, reason="performance_unconfirmed")
    outcome = Outcome.UNCONFIRMED if silent else Outcome.SETTLED
    leaving.end_engagement(file, "unconfirmed" if silent else "settled", "performed", at)
    return replace(
        effect, to=Status.CLOSED, outcome=outcome, reason="performance_unconfirmed" if silent else "performed"
    )


def settle_anew(file: CaseFile, at: datetime) -> None:
    """A mediation agreement replaces what was promised before it."""
    for obligation in file.obligations_in("due", "reported"):
        waive(file, obligation, at)


def breach(
    file: CaseFile,
    obligation: Obligation,
    data: dict[str, Any],
    happened_at: datetime | None = None,
    texts: dict[str, str] | None = None,
) -> Effect:
    """One broken promise: →review at once, the others stay in force; after a mediation the
    case closes as not kept, with the way to court, and a lead is opened."""
    at = happened_at or file.now
    file.change(obligation, state="broken", is_late=True)
    for demand in file.demands:
        # The next offer answers it again.
        file.change(demand, is_settled=False)
    for kind in (Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER, Clock.CONFIRMATION):
        row = clocks.live(file, kind, obligation=obligation)
        if row is not None:
            clocks.end(file, row, at, met=False)
    if is_mediated(file):
        file.complaint.is_not_kept = True
        register(file, "lead", by="system", obligation=obligation.ordinal)
        return Effect(
            to=Status.CLOSED,
            outcome=Outcome.MEDIATED,
            reason="not_kept",
            data=data | {"court": True},
            texts=texts or {},
            happened_at=happened_at,
        )
    if file.status == Status.PERFORMING:
        return leaving.leave(
            file, result="failed", ended_by="breach", reason="breach", data=data, texts=texts, happened_at=happened_at
        )
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
