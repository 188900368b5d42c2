"""Take one wall away: lists, pages of a case and searches still show nobody a stranger's case."""

from typing import Any

import pytest

from accounts.models import User
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_desk import signed_in
from tests.walls.conftest import ask, seeing_as

pytestmark = pytest.mark.django_db

CANARY = "金丝雀宽带"
ONE_WALL = pytest.mark.parametrize("wall", ["first_wall_off", "second_wall_off"])
#: Who, what the person asks for; {number} is a case that belongs to others.
LISTS = {
    "otto": ["/cases/", "/cases/?q={number}"],
    "hua": [
        "/enterprise/queue/",
        "/enterprise/queue/?view=all",
        "/enterprise/queue/?q={number}",
        f"/enterprise/queue/?q={CANARY}",
        "/enterprise/queue/?view=closed",
    ],
    "far": [
        "/authority/",
        "/authority/cases/",
        "/authority/cases/?q={number}",
        f"/authority/cases/?q={CANARY}",
        "/authority/cases/?state=closed",
        "/authority/notices/",
        "/oversight/",
    ],
}
PAGES = {
    "otto": ["/cases/{number}/", "/cases/{number}/receipt/"],
    "hua": ["/enterprise/cases/{number}/", "/enterprise/cases/{number}/accept/", "/cases/{number}/"],
    "far": ["/authority/cases/{number}/", "/cases/{number}/", "/cases/{number}/why/negotiation/"],
}


def person(world: World, name: str) -> User:
    user = world.far_officer.user if name == "far" else getattr(world, name)
    assert isinstance(user, User)
    return user


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    """Chen's, with China Mobile and the authority in Gulou: nobody of the three strangers has to do with them."""
    wanted = (Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.REVIEW)
    return [given.a_complaint(world, status=status, item_name=CANARY) for status in wanted]


@ONE_WALL
def test_T04_lists_and_searches_show_no_strangers_case(
    world: World, cases: list[Complaint], request: Any, wall: str
) -> None:
    request.getfixturevalue(wall)
    results = []
    for who, paths in LISTS.items():
        client = signed_in(person(world, who))
        for path in paths:
            response = client.get(path.format(number=cases[0].number))
            assert response.status_code == 200, path
            page = response.content.decode()
            results += [(who, path, case.number) for case in cases if f"/{case.number}/" in page]
            results += [(who, path, CANARY)] if "q=" not in path and CANARY in page else []
    assert results == []


@ONE_WALL
def test_T04_pages_of_a_strangers_case_do_not_exist(
    world: World, cases: list[Complaint], request: Any, wall: str
) -> None:
    request.getfixturevalue(wall)
    answers = {
        (who, path): client.get(path.format(number=case.number)).status_code
        for who, paths in PAGES.items()
        for client in [signed_in(person(world, who))]
        for path in paths
        for case in cases
    }
    assert {key: status for key, status in answers.items() if status != 404} == {}


@ONE_WALL
def test_T04_with_one_wall_people_still_see_their_own(
    world: World, cases: list[Complaint], request: Any, wall: str
) -> None:
    """Else the tests above would pass with an empty portal."""
    request.getfixturevalue(wall)
    number = cases[1].number
    for who, path in (
        (world.chen, "/cases/{}/"),
        (world.ming, "/enterprise/cases/{}/"),
        (world.rui, "/authority/cases/{}/"),
    ):
        assert signed_in(who).get(path.format(number)).status_code == 200
    for who, path in ((world.chen, "/cases/"), (world.ming, "/enterprise/queue/"), (world.rui, "/authority/cases/")):
        assert number in signed_in(who).get(path).content.decode()


def test_T04_with_no_wall_a_stranger_does_see(
    world: World, cases: list[Complaint], first_wall_off: None, second_wall_off: None
) -> None:
    """The switches switch: what the tests above find is found because of the wall that stood."""
    case = cases[1]
    assert case.number in signed_in(world.hua).get("/enterprise/queue/").content.decode()
    far = signed_in(world.far_officer.user)
    assert case.number in far.get("/authority/cases/").content.decode()
    assert far.get(f"/authority/cases/{case.number}/").status_code == 200


def test_T04_every_table_of_a_case_is_empty_for_strangers(world: World, cases: list[Complaint]) -> None:
    tables = [name for (name,) in ask("select relname from pg_class where relrowsecurity order by 1")]
    assert len(tables) > 20
    there = {name for name in tables if ask(f'select 1 from "{name}" limit 1')}
    assert {
        "complaints_complaint",
        "complaints_engagement",
        "complaints_handlingstep",
        "complaints_personaltext",
        "complaints_deadline",
        "complaints_notice",
        "complaints_demand",
    } <= there
    for name in ("otto", "hua", "far"):
        with seeing_as(person(world, name)):
            assert [table for table in there if ask(f'select 1 from "{table}" limit 1')] == [], name
    with seeing_as(None):
        assert [table for table in there if ask(f'select 1 from "{table}" limit 1')] == []
