"""Who looked at how many: for managers of the whole enterprise and heads of an authority, and for nobody else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from complaints.handling.transition import contact_access
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from tests import given
from tests.access.test_reveal import look
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import signed_in

ENTERPRISE, AUTHORITY = "/enterprise/looks/", "/authority/looks/"


@pytest.fixture
def wednesday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WEDNESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    return [given.a_complaint(world, status=S.NEGOTIATING) for _ in range(3)]


def lines(client: Client, address: str) -> list[list[tuple[Any, ...]]]:
    """(who, by a program, today, 7 days, 30 days), list after list."""
    page = client.get(address)
    assert page.status_code == 200
    shown = page.context["lists"]
    return [[(who, looks.is_program, *looks.counts) for who, _where, looks, _cells in rows] for _title, rows in shown]


def test_each_is_counted_by_cases_days_and_ways(
    world: World, wednesday: time_machine.Traveller, cases: list[Complaint]
) -> None:
    for case in (cases[0], cases[0], cases[1]):
        look(world, case)
    program = contact_access.reveal_contact(reason=contact_access.PROGRAM)
    given.step(cases[2], program, world.manager, WEDNESDAY + timedelta(hours=1))
    look(world, cases[0], "officer")
    wednesday.shift(timedelta(hours=2))
    lead, head = signed_in(world.lead), signed_in(world.head_officer.user)
    assert lines(lead, ENTERPRISE) == [[("明试", False, 2, 2, 2), ("主管", True, 1, 1, 1)]]
    firm = world.mobile.name
    assert lines(head, AUTHORITY) == [[(firm, False, 2, 2, 2), (firm, True, 1, 1, 1)], [("瑞试", False, 1, 1, 1)]]
    for days, counts in ((3, (0, 2, 2)), (10, (0, 0, 2))):
        wednesday.move_to(WEDNESDAY + timedelta(days=days))
        assert lines(signed_in(world.lead), ENTERPRISE)[0][0] == ("明试", False, *counts)
    wednesday.move_to(WEDNESDAY + timedelta(days=40))
    assert lines(signed_in(world.lead), ENTERPRISE) == [[]]


def test_who_does_not_answer_for_it_finds_no_such_page(world: World, cases: list[Complaint]) -> None:
    look(world, cases[0])
    for user in (world.ming, world.hua, world.chen, world.rui):
        assert signed_in(user).get(ENTERPRISE).status_code == 404, user.name
    for user in (world.rui, world.lead, world.chen):
        assert signed_in(user).get(AUTHORITY).status_code == 404, user.name
    team = signed_in(world.ming).get("/enterprise/team/").content.decode()
    assert ENTERPRISE not in team
    assert ENTERPRISE in signed_in(world.lead).get("/enterprise/team/").content.decode()
    assert AUTHORITY in signed_in(world.head_officer.user).get("/authority/team/").content.decode()
