"""Every page of the list of addresses, opened by those whose page it is: axe, keyboard, 320 px, paper, colour, motion.

Pages come from the URLconf and from permissions.csv, so that a new page is walked without anybody asking.
WALK=part of an address walks only those.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from access.permissions import actions_for, is_public
from accounts.models import User
from complaints.filing import steps
from enterprises.models import Station, StationStaff
from tests.browser import hands
from tests.browser.conftest import Visitor
from tests.cast import load_directory
from tests.walls.addresses import Address, addresses, places
from tests.walls.calling import Caller
from tests.walls.cases import STATUSES
from tests.walls.world import Person, World, build

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

#: Whose page it is, the first of these who may read it.
WHO = (
    "nobody",
    "holder of the draft",
    "holder of the token",
    "consumer",
    "station clerk",
    "manager headquarters",
    "approver at own",
    "intake at own",
    "authority_handler at own",
    "clerk",
    "system administrator",
    "security administrator",
    "audit administrator",
)
#: A page of a case looks different in every status.
OF_EVERY_STATUS = frozenset({"complaints:case", "complaints:enterprise-case", "complaints:authority-case"})
#: The readers of interface descriptions, for programmers, are pages of their library.
LEFT_OUT = frozenset({"api:docs", "open-api-docs"})


@pytest.fixture
def everybody(directory: None, settings: Any, tmp_path: Path) -> World:
    settings.EVIDENCE_ROOT = str(tmp_path)
    settings.API_CALLS_PER_MINUTE = 10**9
    load_directory()
    with transaction.atomic():
        world = build(now=timezone.now(), evidence_root=tmp_path)
        # At a station nobody of that world works.
        user = User.objects.create_user("clerk@example.com", name="站试")
        station = Station.objects.create(
            code="SD-01", name="东街口消费维权服务站", kind="mall", authority=world.target.county
        )
        StationStaff.objects.create(user=user, station=station)
        world.people.append(Person("clerk", frozenset({"consumer", "station"}), "", user))
        return world


def pages(world: World) -> Iterator[tuple[Person, str]]:
    """(who opens it, its path), each page once; pages of a case by everybody whose side reads them, in every status."""
    people = [world.person(name) for name in WHO]
    callers = {person.name: Caller(person, world) for person in people}
    wish = os.environ.get("WALK", "")
    for address in addresses():
        if address.name in LEFT_OUT or wish not in address.name:
            continue
        for person in people:
            results = list(_of(address, person, world, callers[person.name]))
            yield from ((person, path) for path in results)
            if results and address.name not in {"accounts:account", "complaints:case-why"}:
                break


def _of(address: Address, person: Person, world: World, caller: Caller) -> Iterator[str]:
    is_open = is_public(address.name, "GET") or "GET" in actions_for(address.name, person.roles)
    if not is_open or (person.name != "nobody" and is_public(address.name, "GET") and not person.key):
        return
    done: set[tuple[tuple[str, ...], str]] = set()
    for status in STATUSES if address.is_of_a_case else STATUSES[:1]:
        for place in places(address, world, status):
            kind = (place.steps, status if address.name in OF_EVERY_STATUS else "")
            is_there = place.is_there or (person.name == "clerk" and not address.parameters)
            if not is_there or (kind in done and place.steps):
                continue
            if not place.steps and address.name not in OF_EVERY_STATUS and done:
                continue
            answer = caller.call("GET", place.path)
            # What has no title is a piece of a page.
            if answer.status == 200 and b"<title>" in answer.body:
                done.add(kind)
                yield place.path
            if address.name == "complaints:file-step":
                paths = [place.path.replace("/enterprise/", f"/{screen}/") for screen in steps.SCREENS]
                yield from (path for path in paths if caller.call("GET", path).status == 200)


def walk(visitor: Visitor, path: str) -> list[str]:
    page = visitor.go(path)
    wrong = []
    try:
        visitor.look()
    except AssertionError as error:
        wrong.append(str(error)[:600])
    for look in (hands.by_keyboard, hands.to_the_eye, hands.on_paper, hands.on_a_narrow_screen):
        wrong += [f"{path}: {line}" for line in look(page)]
    return wrong


@pytest.mark.parametrize(
    ("width", "language", "display"), [(360, "zh-hans", ""), (1280, "en", ""), (360, "zh-hans", "elder")]
)
def test_every_page(everybody: World, visit: Callable[..., Visitor], width: int, language: str, display: str) -> None:
    wrong: list[str] = []
    visitors: dict[str, Visitor] = {}
    walked = 0
    for person, path in pages(everybody):
        if person.name not in visitors:
            visitor = visitors[person.name] = visit(width=width, language=language, display=display)
            cookies = Caller(person, everybody).cookies
            visitor.context.add_cookies(
                [{"name": name, "value": value, "url": visitor.origin} for name, value in cookies.items()]
            )
        wrong += walk(visitors[person.name], path)
        walked += 1
    assert not wrong, f"{len(wrong)} on {walked} pages:\n" + "\n".join(wrong)
    assert walked > (0 if os.environ.get("WALK") else 120), f"only {walked} pages"
    sys.stdout.write(f"{walked} pages\n")


def test_the_hands_find_mistakes(visit: Callable[..., Visitor], db: None) -> None:
    page = visit().go("/help/")
    assert not [
        line
        for look in (hands.by_keyboard, hands.to_the_eye, hands.on_paper, hands.on_a_narrow_screen)
        for line in look(page)
    ]
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(".mark:focus-visible { outline: 0 !important } h1 { width: 900px; transition: opacity 1s }");
      document.adoptedStyleSheets = [sheet];
      document.querySelector("footer a").tabIndex = 3;
      const chip = document.createElement("span");
      chip.className = "chip";
      chip.textContent = "!";
      // Paper hides every button and link that looks like one; this kind nobody has thought of.
      const press = document.createElement("input");
      press.type = "submit";
      document.querySelector("main").append(chip, press);
    }""")
    given = "\n".join(
        hands.by_keyboard(page) + hands.to_the_eye(page) + hands.on_paper(page) + hands.on_a_narrow_screen(page)
    )
    for word in ("no ring", "order of its own", "colour alone", "moves", "to be pressed", "beyond the edge"):
        assert word in given, word
