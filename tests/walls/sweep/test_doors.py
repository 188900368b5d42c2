"""At every address: everybody in every status; and a form of ours, from a page of ours, or nothing happens.

And no sign of a report or a concern for those who must not know of it: not in a body, a header, a count or a gap.
"""

import pytest
import time_machine
from django.utils import timezone

from complaints import handling
from complaints.handling import Move
from complaints.handling.steps import enterprise, violations
from complaints.parties.actors import officer, staff_member
from tests import by_commit, undone
from tests.walls.addresses import addresses, places
from tests.walls.calling import Answer, Caller
from tests.walls.sweep.test_matrix import LEAST, PARTS, report
from tests.walls.sweeping import Sweep, written
from tests.walls.world import World

WHO = ("consumer", "manager headquarters", "approver at own")
#: Programs come without cookies: here a cookie opens nothing.
PROGRAMS = "api:"
#: One click out of a letter: the address carries our signature, and a cookie opens nothing. A forged one is not there.
SIGNED = {"complaints:notice-off"}
#: The question to everybody sets no cookie, so there is no token: whoever answers says it for nobody.
NOBODYS = {"complaints:survey"}

#: Portals of provinces ask each other without cookies: what none of them signed is not heard.
OF_PORTALS = {"complaints:cell-draft", "complaints:cell-number", "oversight:cell-sums"}


@pytest.mark.parametrize("part", range(PARTS))
def test_T01_T09_everybody_in_every_status(world: World, part: int) -> None:
    """Every sixth address; that the words of a case are met by whom they are for is a test of the matrix."""
    tally = Sweep(world, every_status=True).run(list(addresses())[part::PARTS])
    print(tally.said())
    assert not tally.wrong, report(tally)
    assert tally.checks >= LEAST / PARTS, tally.said()


def test_T28_a_form_without_our_token_does_nothing(world: World) -> None:
    wrong, tried, dice = [], 0, by_commit()
    callers = {name: Caller(world.person(name), world) for name in WHO}
    for caller in callers.values():
        caller.token = ""
    for address in addresses():
        # The middleware asks nobody who he is.
        name = dice.choice(WHO)
        for place in places(address, world, "negotiating")[:1]:
            with undone():
                before = written()
                answer = callers[name].call("POST", place.path, {"idempotency_key": "forged-0001"}, csrf=True)
                wrote = written() != before
            tried += 1
            wanted = {401, 403, 405} if address.name.startswith(PROGRAMS) else {403, 405}
            if address.name in SIGNED:
                wanted = {404}
            if address.name in NOBODYS:
                wanted = {422}
            if address.name in OF_PORTALS:
                wanted = {400}
            if answer.status not in wanted or wrote:
                wrong.append(f"{name}: {place.path} {answer.status}{' and wrote' if wrote else ''}")
    assert not wrong, wrong
    assert tried > 200


def test_T28_a_form_from_another_site_does_nothing_even_with_our_token(world: World) -> None:
    person = world.person("consumer")
    caller, case = Caller(person, world), world.target.case("negotiating")
    path = f"/cases/{case.number}/statement/"
    page = caller.call("GET", path, csrf=True)
    assert page.status == 200
    secret = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    caller.cookies["csrftoken"] = secret
    data = {"csrfmiddlewaretoken": secret, "idempotency_key": "origin-00001", "text": "补充一点"}
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}):
        with undone():
            assert caller.call("POST", path, data, csrf=True, **headers).status == 403, headers
    with undone():
        assert caller.call("POST", path, data, csrf=True, origin="http://testserver").status != 403


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
