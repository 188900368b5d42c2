"""A page that is not there leads on: people at work to their own desk, everybody else to their complaints."""

import pytest
from django.test import Client

from tests.cast import World


def ways_on(client: Client) -> set[str]:
    page = client.get("/nowhere/").content.decode().partition("<main")[2].partition("</main>")[0]
    return {
        address
        for address in ("/authority/", "/enterprise/queue/", "/cases/", "/track/", "/")
        if f'href="{address}"' in page
    }


@pytest.mark.parametrize(
    ("who", "workspace"), [("rui", "/authority/"), ("su", "/authority/"), ("ming", "/enterprise/queue/")]
)
def test_people_at_work_are_led_to_their_own_desk(world: World, who: str, workspace: str) -> None:
    client = Client()
    client.force_login(getattr(world, who))
    assert ways_on(client) == {workspace, "/"}


def test_everybody_else_is_led_to_the_own_complaints(world: World) -> None:
    client = Client()
    assert ways_on(client) == {"/cases/", "/track/", "/"}
    client.force_login(world.chen)
    assert ways_on(client) == {"/cases/", "/track/", "/"}
