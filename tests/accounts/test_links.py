"""A link with a key in its address: looking uses nothing up, the button opens it once, then a code is asked for."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from accounts.models import BrowserSession, OpenedLink, OutgoingMessage
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from tests import at_once, given
from tests.cast import World
from tests.complaints.parties.test_parties import JOINT, SOON, ZHAO, links
from tests.following import follow


@pytest.fixture
def link(world: World) -> Iterator[str]:
    with time_machine.travel(SOON, tick=False):
        case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=JOINT)
        yield f"/cases/join/{links(case)[ZHAO]}/"


def code() -> str:
    return re.findall(r"\d{6}", OutgoingMessage.objects.order_by("-pk")[0].body)[0]


def test_whoever_only_looks_at_a_link_writes_nothing(link: str) -> None:
    for client in (Client(), Client(HTTP_USER_AGENT="preview")):
        for method in (client.get, client.head):
            assert method(link).status_code == 200
        assert client.get("/cases/join/").status_code == 404
    assert (BrowserSession.objects.count(), OpenedLink.objects.count()) == (0, 0)


def test_the_button_opens_it_once_also_pressed_twice_and_afterwards_a_code_does(link: str) -> None:
    first = Client()
    for _ in range(2):
        assert follow(first, link)["Location"] == "/cases/join/"
    assert first.get("/cases/join/").status_code == 200
    # Somebody who read the address in a history or a log of a proxy, and its reader at another device.
    second = Client()
    again = follow(second, link, form="another-page-of-it")["Location"]
    assert second.get("/cases/join/").status_code == 404
    page = second.get(again).content.decode()
    assert ("已经打开过" in page, "199****0012" in page) == (True, True)
    form = {"again": "1", "idempotency_key": "a-third-form-000"}
    assert second.post(link, form | {"send": "1"}).status_code == 302
    assert second.post(link, form | {"code": "000000"}).status_code == 422
    assert second.post(link, form | {"code": code()})["Location"] == "/cases/join/"
    assert second.get("/cases/join/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_is_in(world: World, link: str) -> None:
    assert Complaint.objects.count() == 1
    results = at_once(*(lambda n=n: follow(Client(), link, form=f"the-form-of-{n:05}")["Location"] for n in range(4)))
    assert sorted(results) == ["/cases/join/", *[f"{link}?again=1"] * 3]
