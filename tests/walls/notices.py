"""Every notice that any step may write, to everybody whom it may tell."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from complaints.acceptance.remedies import BODIES
from complaints.documents.kinds import KINDS
from complaints.handling.transition.writing import open_files
from complaints.models import Notice
from complaints.notices.writing import for_file, write
from complaints.parties.actors import SYSTEM, consumer
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import HIDDEN_CLOCKS, TABLE, Outcome, Status
from complaints.record.record import Entry
from tests.walls.world import World


def notices(world: World, status: str, language: str) -> Iterator[Notice]:
    """As every step that may be taken here would write them to everybody, wherever it may lead; nothing is kept."""
    case = world.target.case(status)
    (file,) = open_files([case.pk], now=world.now, conditions=Conditions.at(world.now), is_looking=True)
    for entry in _entries(file.complaint, Status(status), file.clocks, world):
        file.complaint.status, file.complaint.outcome = entry.to_status, entry.outcome
        file.entries[:] = [entry]
        for notice in for_file(file):
            write(notice, file, entry, language=language)
            yield notice


def _entries(case: Any, status: Status, clocks: list[Any], world: World) -> Iterator[Entry]:
    """As taken by the system, and as an officer wrote it down for the consumer."""
    papers = {"documents": [{"form": form, "reference": "1"} for form in KINDS]}
    duty = {"ground": "outside_duty", "body": BODIES[0], "body_until": world.now.date().isoformat()}
    for step, row in TABLE.items():
        if status not in row.at and (step, status) != ("file", Status.FILED):
            continue
        for to, outcome in row.to or ((status, Outcome(case.outcome) if case.outcome else None),):
            for actor, given in (
                (SYSTEM, papers),
                (consumer(world.target.consumer), papers | duty | {"recorded": True}),
            ):
                for tells, data in product(("both", "authority"), _reminded(clocks) if step == "remind" else [{}]):
                    yield Entry(
                        complaint=case,
                        step=step,
                        actor=actor,
                        happened_at=world.now,
                        written_at=world.now,
                        from_status=status,
                        to_status=to,
                        outcome=outcome or "",
                        sequence=99,
                        tells=tells,
                        data=given | data,
                    )


def _reminded(clocks: list[Any]) -> list[dict[str, str]]:
    return [
        {"clock": clock.clock, "last_day": clock.last_day.isoformat()}
        for clock in clocks
        if clock.ended_at is None and clock.clock not in HIDDEN_CLOCKS
    ]
