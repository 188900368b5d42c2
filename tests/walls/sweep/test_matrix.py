"""Everybody calls every address: what permissions.csv allows, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from access import permissions
from access.permissions import actions_for
from odr_portal.site import views
from tests.walls.addresses import addresses, without_example
from tests.walls.sweeping import Sweep, Tally
from tests.walls.world import CANARY, World

#: Everybody who may call something that is not public.
ROLES = permissions.SESSION_ROLES | {"token_holder", "draft_holder"}
#: Pieces of the whole, so that both cores share it; so often the long run asks in all of them.
PARTS, LEAST = 6, 30_000


#: What the people of a case read on its page: the talk, and what only the enterprise or only the authority may know.
WORDS = {"Astatement", "Amessage", "Aoffer", "Anote", "Areport", "Aconcern", "Bstatement", "Breport", "Bconcern"}


def report(tally: Tally) -> str:
    return f"{len(tally.wrong)} wrong of {tally.said()}\n" + "\n".join(tally.wrong[:40])


def test_every_parameter_of_an_address_has_an_example() -> None:
    assert not [text for address in addresses() if (text := without_example(address))]


@pytest.mark.parametrize("part", range(PARTS))
def test_T01_T08_T09_T16_T29_everybody_gets_what_the_matrix_says(world: World, part: int) -> None:
    """At each address and method half of those who stand for each role and each relation; the commit chooses whom,
    their status and place. Also: T08 no whole number of a phone or an identity card, T16 kept nowhere, T29 never
    framed."""
    tally = Sweep(world, every_status=False).run(list(addresses())[part::PARTS])
    print(tally.said())
    assert not tally.wrong, report(tally)
    assert tally.checks > 1600 / PARTS, tally.said()


def test_the_whole_matrix_asks_thirty_thousand_times(world: World) -> None:
    """What the long run asks is counted here without asking it (it counts for itself as well), and that nobody and
    no page is left out of it: addresses × methods × people × statuses."""
    asked = list(Sweep(world, every_status=True).asked())
    print(f"{len(asked)} questions of the whole matrix")
    assert len(asked) >= LEAST
    assert {place.address.name for place, *_ in asked} == {address.name for address in addresses()}
    assert {person.name for _, _, person, _ in asked} == {person.name for person in world.people}


def test_every_role_is_shown_a_page(world: World) -> None:
    """Or else the sweep would only show that nobody sees anything."""
    sweep = Sweep(world, every_status=False)
    for role in sorted(ROLES):
        people = [person for person in world.people if role in person.roles]
        for address in addresses():
            if not sweep.tally.shown[role] and "GET" in actions_for(address.name, frozenset({role})):
                sweep.run([address], people)
    assert not [role for role in ROLES if not sweep.tally.shown[role]]


def looked_for_words(world: World) -> Tally:
    """Who handles cases looks at all of his own: which words a sample meets depends on the commit, these do not."""
    sweep = Sweep(world, every_status=True)
    for name, who in (("enterprise-case", "handler own"), ("authority-case", "authority_handler at own")):
        sweep.run([a for a in addresses() if a.name == f"complaints:{name}"], [world.person(who)])
    number = world.families["B"].case("negotiating").number
    for who, place in (
        ("consumer of another case", "cases"),
        ("manager of another enterprise", "enterprise/cases"),
        ("authority_handler at sibling", "authority/cases"),
    ):
        sweep.look(world.person(who), f"/{place}/{number}/")
    return sweep.tally


def test_the_words_that_are_looked_for_are_met_by_whom_they_are_for(world: World) -> None:
    """Or else nobody could show that a stranger reads none of them."""
    tally = looked_for_words(world)
    assert not tally.wrong, report(tally)
    assert set(tally.met) >= WORDS


def test_T08_the_sweep_finds_a_number_that_is_not_masked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is as it is, but a page at work shows the person in full."""
    monkeypatch.setattr("complaints.reading.case.MASKED", "full")
    for name, who in (("enterprise-case", "handler own"), ("authority-case", "authority_handler at own")):
        pages = [a for a in addresses() if a.name == f"complaints:{name}"]
        wrong = Sweep(world, every_status=True).run(pages, [world.person(who)]).wrong
        assert any("reads the number" in line and line.endswith("13900007770") for line in wrong), wrong


@pytest.fixture
def some(world: World) -> Callable[[], list[str]]:
    """What is wrong when a few strangers call the pages of a case."""
    people = [world.person(name) for name in ("manager of another enterprise", "analyst at sibling", "handler sibling")]
    names = ("complaints:case", "complaints:enterprise-case", "complaints:authority-case", "complaints:authority-cases")
    wanted = [address for address in addresses() if address.name in names]
    assert not Sweep(world, every_status=False).run(wanted, people).wrong
    return lambda: Sweep(world, every_status=False).run(wanted, people).wrong


def test_the_sweep_finds_that_both_walls_are_down(
    some: Callable[[], list[str]], first_wall_off: None, second_wall_off: None
) -> None:
    result = some()
    assert any("authority-cases" in line and "reads item of family A" in line for line in result), result
    assert any("authority-case " in line and ": 200" in line for line in result), result


@pytest.mark.parametrize("wall", ["first_wall_off", "second_wall_off"])
def test_T04_one_wall_is_enough_for_pages_lists_searches_and_exports(
    world: World, request: pytest.FixtureRequest, wall: str
) -> None:
    request.getfixturevalue(wall)
    names = (
        "consumer of another case",
        "manager of another enterprise",
        "handler of the former enterprise",
        "approver at sibling",
        "analyst at cousin",
        "intake at office",
    )
    people = [world.person(name) for name in names]
    parts = ("case", "cases", "queue", "export", "notices", "triage", "approvals", "dashboard", "record", "events")
    wanted = [a for a in addresses() if a.name.split("-")[-1].split(":")[-1] in parts]
    sweep = Sweep(world, every_status=False)
    wrong = sweep.run(wanted, people).wrong
    number = world.target.case("negotiating").number
    for person in people:
        for path in ("/cases/", "/enterprise/queue/", "/enterprise/exports/new/", "/authority/cases/", "/oversight/"):
            for query in (number, "canaryAstatementx", "宽带"):
                answer, _tables = sweep.call(person, "GET", f"{path}?q={query}&view=all", {})
                met = {
                    family + what for family, what in CANARY.findall(answer.text) if query != f"canary{family}{what}x"
                }
                wrong += [
                    f"{person.name}: {path}?q={query}: {word}" for word in met if not person.may_meet(word[0], word[1:])
                ]
    # A wall that is down may show in another refusal, never in a word or a page of somebody else's.
    assert not [line for line in wrong if "reads" in line or ": 200" in line or "?q=" in line], wrong


def test_the_sweep_finds_a_page_that_the_gate_lets_pass(
    some: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access.middleware.actions_for", lambda resource, roles: frozenset({"GET", "POST"}))
    assert some()


def test_the_sweep_finds_an_answer_that_differs_by_one_blank(
    some: Callable[[], list[str]], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger who is told something else for what is there knows that it is there."""
    honest, numbers = views.answer, [case.number for case in world.target.cases.values()]

    def telling(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = honest(request, *args, **kwargs)
        if any(number in request.path for number in numbers):
            response.content += b" "
        return response

    monkeypatch.setattr(views, "answer", telling)
    assert any("can tell" in line for line in some())
