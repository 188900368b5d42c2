"""No letter and no official document tells a number of old: every notice of every step, and all ten forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from authorities.models import Officer
from complaints.documents import previewing
from complaints.documents.kinds import KINDS
from complaints.handling.transition.writing import open_files
from complaints.models import Notice
from complaints.notices.writing import ADDRESSEES, for_file
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import HIDDEN_CLOCKS, TABLE, Outcome, Status
from complaints.record.record import Entry
from complaints.wording.reasons import REFUSAL_GROUNDS, TERMINATION_GROUNDS
from tests.numbers.reading import Numbers, told
from tests.walls.world import World


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_notice_tells_a_number_that_is_not_in_force(world: World, numbers: Numbers, language: str) -> None:
    wrong, steps = {}, set()
    for status, case in world.target.cases.items():
        strange = numbers.strange_to(case.deadlines.values_list("unit", "length"))
        for notice in notices(world, status, language):
            steps.add(notice.kind)
            for text in (notice.subject, notice.body, notice.short):
                wrong |= {length.around: notice.kind for length in told(text) if length.is_one_of(strange)}
    assert not wrong
    assert steps >= {step for step, row in TABLE.items() if row.tells}


def notices(world: World, status: str, language: str) -> Iterator[Notice]:
    """As every step that may be taken here would write them to everybody, wherever it may lead."""
    case = world.target.case(status)
    (file,) = open_files([case.pk], now=world.now, conditions=Conditions.at(world.now), is_looking=True)
    for entry in entries(file.complaint, Status(status), file.clocks, world):
        file.complaint.language = language
        file.complaint.status, file.complaint.outcome = entry.to_status, entry.outcome
        file.entries[:] = [entry]
        yield from for_file(file)


def entries(case: Any, status: Status, clocks: list[Any], world: World) -> Iterator[Entry]:
    for step, row in TABLE.items():
        if status not in row.at and (step, status) != ("file", Status.FILED):
            continue
        for to, outcome in row.to or ((status, Outcome(case.outcome) if case.outcome else None),):
            for tells in ADDRESSEES:
                for data in reminded(clocks) if step == "remind" else [{}]:
                    yield Entry(
                        complaint=case,
                        step=step,
                        actor=SYSTEM,
                        happened_at=world.now,
                        written_at=world.now,
                        from_status=status,
                        to_status=to,
                        outcome=outcome or "",
                        sequence=99,
                        tells=tells,
                        data=data,
                    )


def reminded(clocks: list[Any]) -> Iterator[dict[str, str]]:
    for clock in clocks:
        if clock.ended_at is None and clock.clock not in HIDDEN_CLOCKS:
            yield {"clock": clock.clock, "last_day": clock.last_day.isoformat()}


@pytest.mark.thorough
@pytest.mark.parametrize("form", KINDS)
def test_no_document_tells_a_number_that_is_not_in_force(world: World, numbers: Numbers, form: int) -> None:
    given = Conditions.at(world.now)
    wrong = []
    for case in world.target.cases.values():
        for ground in ("", *REFUSAL_GROUNDS, *TERMINATION_GROUNDS):
            paper = previewing.preview(
                form,
                case,
                authorities=given.jurisdiction.authorities,
                policies=given.policies,
                officers=[officer.user.name for officer in Officer.objects.filter(authority=world.target.county)[:2]],
                now=world.now,
                data={"ground": ground, "enterprise": True, "result": "no_violation"},
                last_day=world.now.date(),
            )
            strange = numbers.strange_to(())
            wrong += [length.around for text in words_of(paper) for length in told(text) if length.is_one_of(strange)]
    assert not wrong


def words_of(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from words_of(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from words_of(value)
