"""What follows from a step beside what it says: who has the case, who was heard.

These hold for every step alike, so ``take`` applies them and no verb does.
"""

from __future__ import annotations

from datetime import datetime

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import clocks, settling
from complaints.parties.actors import Actor
from complaints.procedure.workflow import ENTERPRISE_SIDE, Clock, Status


def receive(file: CaseFile, old: Status, new: Status) -> None:
    """The authority gets the case: at triage for the first time, or when it flows back.

    A supervised settlement never left it: its review clock rests and goes on.
    """
    complaint = file.complaint
    comes_back = new == Status.REVIEW and old in ENTERPRISE_SIDE | {Status.CLOSED}
    first = new in (Status.TRIAGE, Status.REVIEW) and complaint.authority_received_at is None
    if first or (comes_back and clocks.live(file, Clock.REVIEW) is None):
        complaint.authority_received_at = file.now


def take_back_offer(file: CaseFile, at: datetime) -> None:
    """No offer outlives its case: it would bar the next one when the case is reopened."""
    offer = file.open_offer
    if offer is not None:
        file.change(offer, state="withdrawn", answered_at=at)
        settling.drop_obligations(file, offer)


def heard_from_consumer(file: CaseFile, actor: Actor) -> None:
    """Who speaks up can be reached, and an heir who speaks for the dead has come forward."""
    if actor.recorded_by is not None and actor.party is None and file.complaint.pk is not None:
        # An officer rang the number or saw the person: the contact is proven. A complaint that is filed says itself
        # whether.
        file.complaint.contact_verified = True
    matter = file.matter("unreachable")
    running = clocks.live(file, Clock.ANSWER, matter=matter) if matter else None
    if matter is not None and running is not None:
        clocks.end(file, running, file.now)
        file.end_matter(matter, "fallen")
    heirs = clocks.live(file, Clock.HEIRS)
    if heirs is not None:
        clocks.end(file, heirs, file.now)
        for row in file.clocks:
            if row.owed_by == "consumer" and row.state == "paused" and row.ended_at is None:
                clocks.resume(file, row, file.now)


def readdress(file: CaseFile) -> None:
    """An instruction goes with the case: to the authority that has it now, with an enterprise to its successor.

    It falls when nobody is left whom it was meant for: the enterprise lost the case, or whoever sent it took it over.
    """
    complaint = file.complaint
    for matter in file.matters:
        if matter.kind != "urge" or matter.state != "open" or matter.authority_id is None:
            continue
        if matter.to_authority_id is None:
            has_it = complaint.enterprise_id
            if has_it == matter.enterprise_id or (
                has_it is not None and has_it in file.conditions.with_successors(matter.enterprise_id or 0)
            ):
                continue
        elif matter.to_authority_id == complaint.handling_authority_id:
            continue
        elif file.conditions.jurisdiction.is_above(matter.authority_id, complaint.handling_authority_id):
            file.change(matter, to_authority_id=complaint.handling_authority_id)
            continue
        running = clocks.live(file, Clock.INSTRUCTION, matter=matter)
        if running is not None:
            clocks.end(file, running, file.now, met=False)
        file.end_matter(matter, "fallen")
