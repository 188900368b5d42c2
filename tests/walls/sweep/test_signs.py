"""No sign of a report or a concern for those who must not know of it: not in a body, a header, a count or a gap."""

import pytest
import time_machine
from django.utils import timezone

from complaints import handling
from complaints.handling import Move
from complaints.handling.steps import enterprise, violations
from complaints.parties.actors import officer, staff_member
from tests.walls.calling import Answer, Caller
from tests.walls.world import World, undone

#: Where somebody meets a case: lists, the case, its record, for people and for programs.
_API = ("/api/v1/complaints/", "/api/v1/complaints/{number}/", "/api/v1/complaints/{number}/record/", "/api/v1/events/")
PAGES = {
    "consumer": ("/cases/", "/cases/{number}/", "/cases/{number}/why/negotiation/", "/account/data/", *_API),
    "holder of the token": ("/track/{number}/",),
    "manager headquarters": ("/enterprise/queue/", "/enterprise/cases/{number}/", "/enterprise/exports/", *_API),
    "reviewer own": ("/enterprise/queue/", "/enterprise/cases/{number}/"),
    "handler of the former enterprise": ("/enterprise/cases/{number}/", "/api/v1/events/"),
}
UNAWARE = {"report": tuple(PAGES), "concern": ("consumer", "holder of the token", "handler of the former enterprise")}


def said(world: World, what: str) -> tuple[Move, object]:
    if what == "report":
        return violations.split_report(text="又一件举报"), officer([world.officers["authority_handler", "own"]])
    return enterprise.flag_concern(text="又一个疑点"), staff_member(world.target.staff["handler", "own"])


def seen(world: World, names: tuple[str, ...]) -> dict[tuple[str, str], Answer]:
    number = world.target.case("negotiating").number
    result = {}
    for name in names:
        caller = Caller(world.person(name), world)
        for pattern in PAGES[name]:
            path = pattern.format(number=number)
            result[name, path] = caller.call("GET", path)
    return result


@pytest.mark.parametrize("what", list(UNAWARE))
def test_T01_who_must_not_know_sees_the_same_with_and_without_it(world: World, what: str) -> None:
    case, names = world.target.case("negotiating"), UNAWARE[what]
    # Pages may say what time it is.
    with undone(), time_machine.travel(timezone.now(), tick=False):
        # Opening a case leaves who was there and how far they read; from the second look on that stands.
        seen(world, names)
        before = seen(world, names)
        assert sum(answer.status == 200 for answer in before.values()) >= len(names), {
            key: answer.status for key, answer in before.items()
        }
        move, actor = said(world, what)
        handling.take(move, [case.pk], actor=actor, now=timezone.now())  # type: ignore[arg-type]
        after = seen(world, names)
    different = [key for key in before if before[key].compared() != after[key].compared()]
    assert not different, [(before[key].status, after[key].status, key) for key in different]


def test_the_authority_does_see_it(world: World) -> None:
    case = world.target.case("negotiating")
    caller, path = Caller(world.person("authority_handler at own"), world), f"/authority/cases/{case.number}/"
    with undone():
        before = caller.call("GET", path)
        move, actor = said(world, "report")
        handling.take(move, [case.pk], actor=actor, now=timezone.now())  # type: ignore[arg-type]
        assert caller.call("GET", path).compared() != before.compared()
