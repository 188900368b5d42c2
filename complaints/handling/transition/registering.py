"""The register of violations: a report or a lead gets a number of its own and the clock of its check.

What is registered is the authority's alone; its number is random, so that no row of numbers has a gap.
"""

from __future__ import annotations

from datetime import date

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import clocks
from complaints.models import Matter
from complaints.parties.actors import Actor
from complaints.procedure.numbering import new_number
from complaints.procedure.workflow import Clock

#: A report of the consumer (举报) and a lead that an officer found (线索).
KINDS = ("report", "lead")
_PREFIX = {"report": "JB", "lead": "XS"}


def number_for(kind: str, day: date) -> str:
    """JB20261126-7K3Q9M2PT4RA-5."""
    return f"{_PREFIX[kind]}{new_number(day)}"


def register(
    file: CaseFile, kind: str, *, by: str, actor: Actor | None = None, obligation: int | None = None
) -> Matter:
    """A record with its number; to be checked within 15 working days (art. 27)."""
    officers = [actor.officer_id] if actor is not None and actor.officer_id is not None else []
    matter = file.open_matter(
        kind,
        by=by,
        key=actor.person_key if actor is not None else None,
        audience="authority",
        subject=number_for(kind, file.today),
        officers=officers,
    )
    if obligation is not None:
        matter.data = {**matter.data, "obligation": obligation}
    clocks.start(file, Clock.LEAD, file.now, matter=matter)
    return matter
