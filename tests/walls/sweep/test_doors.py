"""At every address: everybody in every status; and a form of ours, from a page of ours, or nothing happens."""

from random import Random

import pytest

from tests.walls.addresses import addresses, places
from tests.walls.calling import Caller
from tests.walls.sweep.test_matrix import report
from tests.walls.sweeping import Sweep, seed, written
from tests.walls.world import World, undone

WHO = ("consumer", "manager headquarters", "approver at own")
#: Programs come without cookies: here a cookie opens nothing.
PROGRAMS = "api:"
#: One click out of a letter: the address carries our signature, and a cookie opens nothing. A forged one is not there.
SIGNED = {"complaints:notice-off"}
#: Both cores share the long run; so many checks in all parts together.
PARTS, LEAST = 6, 30_000


@pytest.mark.parametrize("part", range(PARTS))
def test_T01_T09_everybody_in_every_status(world: World, part: int) -> None:
    """Every sixth address; that the words of a case are met by whom they are for is a test of the matrix."""
    tally = Sweep(world, every_status=True).run(list(addresses())[part::PARTS])
    print(tally.said())
    assert not tally.wrong, report(tally)
    assert tally.checks >= LEAST / PARTS, tally.said()


def test_T28_a_form_without_our_token_does_nothing(world: World) -> None:
    wrong, tried, dice = [], 0, Random(seed())
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
