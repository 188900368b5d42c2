"""What corrections teach, and when they teach nothing: a table of choices."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.handling.steps import authority, enterprise
from complaints.models import Complaint, Engagement
from complaints.procedure.workflow import Status
from routing.models import Lesson, RuleUse
from routing.rule_desk import learning, rule_changing
from tests import given, reloaded, undone
from tests.cast import WEDNESDAY, World
from tests.routing.rules_at_work import BECAUSE, WRITTEN, approved, drafted, written

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def chosen(
    world: World, at: datetime, whom: str = "mobile", *, named: str = WRITTEN, comes_back: bool = False
) -> Complaint:
    """An officer sends a written name to one enterprise or the other."""
    case = written(world, at, named)
    firm = getattr(world, whom)
    branch = world.fuzhou.pk if whom == "mobile" else None
    move = authority.forward(enterprise_id=firm.pk, branch_id=branch, because=BECAUSE)
    given.step(case, move, world.intake, at + HOUR)
    if comes_back:
        move = enterprise.return_case(reason="wrong_entity", text="不是我们的客户。")
        given.step(case, move, world.handler, at + 2 * HOUR)
    return case


#: Choices for one written name, oldest first (m: to Mobile, t: to Telecom, r: to Mobile and back) → what is learned.
TABLE = {"mm": None, "mmm": (3, 3), "mmmmt": (4, 5), "mmmt": None, "mmrm": (3, 3), "mmr": None, "": None}


def test_three_that_agree_and_four_of_five(world: World) -> None:
    firms = {"m": "mobile", "t": "telecom", "r": "mobile"}
    for choices in TABLE:
        for nth, letter in enumerate(choices):
            at = WEDNESDAY - (nth + 1) * DAY
            chosen(world, at, firms[letter], named=WRITTEN + choices, comes_back=letter == "r")
    learning.sweep_lessons(now=WEDNESDAY)
    result = {lesson.words: lesson for lesson in Lesson.objects.all()}
    learned = {WRITTEN + choices: wanted for choices, wanted in TABLE.items() if wanted}
    assert {named: (lesson.agree, lesson.total) for named, lesson in result.items()} == learned
    for lesson in result.values():
        expected = ("named", world.fuzhou.pk, world.region.pk)
        assert (lesson.subject_kind, lesson.target_branch_id, lesson.region_id) == expected


def test_other_facts_do_not_add_up_a_withdrawn_draft_gives_its_lesson_back_and_old_ones_go(world: World) -> None:
    for nth, named in enumerate((WRITTEN, WRITTEN, "另一家营业点")):
        chosen(world, WEDNESDAY - (nth + 1) * DAY, named=named)
    learning.sweep_lessons(now=WEDNESDAY)
    assert not Lesson.objects.exists()
    chosen(world, WEDNESDAY - 5 * DAY)
    # Not before an hour has passed.
    assert learning.sweep_lessons(now=WEDNESDAY + HOUR / 2) == 0
    assert learning.sweep_lessons(now=WEDNESDAY + HOUR) == 1
    lesson = Lesson.objects.get()
    with undone():
        change = drafted(world, WEDNESDAY, lesson=lesson)
        assert reloaded(lesson).state == "drafted"
        with pytest.raises(Exception, match="已经起草"):
            drafted(world, WEDNESDAY, lesson=lesson)
        rule_changing.withdraw(change, by=world.su, now=WEDNESDAY)
        assert (reloaded(lesson).state, lesson.decided_by) == ("open", None)
    # After three months nothing of it is left; what was dismissed stays.
    learning.sweep_lessons(now=WEDNESDAY + 100 * DAY)
    assert not Lesson.objects.exists()


def test_how_a_rule_fares(world: World) -> None:
    rule = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    cases = [written(world, WEDNESDAY + (n + 1) * DAY) for n in range(3)]
    later = WEDNESDAY + 5 * DAY
    given.step(cases[0], enterprise.return_case(reason="wrong_entity", text="不是我们的客户。"), world.handler, later)
    given.step(cases[1], enterprise.return_case(reason="duplicate", text="已有一件。"), world.handler, later)
    learning.sweep_lessons(now=later + HOUR)
    use = RuleUse.objects.get(code=rule.code)
    assert (use.forwarded, use.returned, use.held) == (3, 1, 0)


def counted(now: datetime) -> learning.Misroutes:
    return learning.counted(Engagement.objects.filter(until_at__isnull=False), now=now)


#: After the return on a Wednesday: when it was forwarded again (hours), when it is asked → in time, late, waiting.
MENDED: dict[str, tuple[Any, Any, tuple[int, int, int]]] = {"the same day": (3, 5, (1, 0, 0))}
MENDED |= {"the next working day": (26, 30, (1, 0, 0)), "two days later": (50, 60, (0, 1, 0))}
MENDED |= {"not yet, in time": (None, 20, (0, 0, 1)), "not yet, too late": (None, 50, (0, 1, 0))}


def test_mended_within_one_working_day(world: World) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=WEDNESDAY - DAY)
    given.step(case, enterprise.return_case(reason="wrong_entity", text="不是我们的。"), world.handler, WEDNESDAY)
    case.consents = {**case.consents, "entities": [world.telecom.pk]}
    case.save(update_fields=["consents"])
    for name, (again, asked, expected) in MENDED.items():
        with undone():
            if again is not None:
                move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=BECAUSE)
                given.step(reloaded(case), move, world.intake, WEDNESDAY + again * HOUR)
            result = counted(WEDNESDAY + asked * HOUR)
            assert (result.misrouted, result.ended) == (1, 1)
            assert (result.in_time, result.late, result.waiting) == expected, name


def test_neither_a_duplicate_nor_who_took_routings_first_teaches_anything(world: World) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=WEDNESDAY - DAY)
    given.step(case, enterprise.return_case(reason="duplicate", text="已有一件。"), world.handler, WEDNESDAY)
    result = counted(WEDNESDAY + DAY)
    assert (result.misrouted, result.ended) == (0, 0)
    # The written name is like that of an enterprise: routing suggests it, the officer follows.
    for nth in range(4):
        chosen(world, WEDNESDAY - (nth + 1) * DAY, named="榕城移动")
    learning.sweep_lessons(now=WEDNESDAY)
    assert not Lesson.objects.exists()
