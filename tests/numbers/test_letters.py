"""No letter and no official document tells a number of old: every notice of every step, and all ten forms."""

from collections.abc import Iterator
from typing import Any

import pytest

from authorities.models import Officer
from complaints.documents import issuing
from complaints.documents.kinds import KINDS
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import TABLE
from complaints.wording.reasons import REFUSAL_GROUNDS, TERMINATION_GROUNDS
from tests.numbers.reading import Numbers, told
from tests.walls.notices import notices
from tests.walls.world import World


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


@pytest.mark.parametrize("form", KINDS)
def test_no_document_tells_a_number_that_is_not_in_force(world: World, numbers: Numbers, form: int) -> None:
    given = Conditions.at(world.now)
    wrong = []
    for case in world.target.cases.values():
        for ground in ("", *REFUSAL_GROUNDS, *TERMINATION_GROUNDS):
            paper = issuing.preview(
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
