"""The people of the demo, each signed in as a person signs in, with what they are in the words of permissions.csv."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from html import unescape

from accounts.roles import Role, role_at
from demo.people import CAST, KINDS, PASSWORD, address_of
from tests.walls.attacking.browser import Browser
from tests.walls.world import Person

DEMO_SIGN_IN = "/account/sign-in/demo/"
_OFFERED = re.compile(r'<b>([^<]*)</b>\s*<span class="muted">([^<]*)</span>.*?name="person" value="(\d+)"', re.DOTALL)
_EVERYBODY = frozenset({"consumer"})
#: Of those who are not offered for one click: who signs in with the published password, if the demo has them.
BY_PASSWORD = {
    **{f"e{number:02}.manager": ("enterprise", "manager") for number in range(1, 5)},
    **{f"e{number:02}.reviewer": ("enterprise", "reviewer") for number in range(1, 3)},
    **{f"a{number:02}.head": ("authority", "approver") for number in (2, 9, 15)},
    **{f"a{number:02}.a": ("authority", "handler") for number in (1, 2, 9, 15)},
    "city.handler": ("authority", "handler"),
    "city.approver": ("authority", "approver"),
    "intake.a": ("authority", "intake"),
    "province.handler": ("authority", "handler"),
    "nation.head": ("authority", "approver"),
}


class NoDemo(Exception):
    """The portal offers nobody of a demo."""


@dataclass(eq=False)
class Somebody:
    """One person at a browser.

    ``person.name``: the position that OWNERS knows (tests/walls/things.py), where what is asked for is their own
    organisation's. ``organisation``: where they work, as the portal names it; empty for consumers.
    """

    name: str
    person: Person
    browser: Browser
    side: str = ""
    organisation: str = ""
    #: What the button of the sign-in page sends for this person; empty where there is none.
    key: str = ""
    #: What this person's own pages led to: name of the address → paths.
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def role(self) -> str:
        """The one at work; empty for consumers and strangers."""
        return next(iter(self.person.roles - {"consumer", "anyone"}), "")

    @property
    def is_out(self) -> bool:
        return self.person.is_out


def stranger(origin: str) -> Somebody:
    return Somebody("nobody", Person("nobody", frozenset({"anyone"}), is_out=True), Browser(origin))


def offered(origin: str) -> dict[str, tuple[str, str]]:
    """Who comes in with one click: name → (where they work, what the button sends)."""
    page = Browser(origin).get("/account/sign-in/").text
    return {name: (unescape(work), key) for name, work, key in _OFFERED.findall(page)}


def demo_people(origin: str) -> list[Somebody]:
    """Everybody who is offered for one click, and those who come in with the published password. Raises NoDemo."""
    buttons, people = offered(origin), []
    for member in CAST:
        if member.name not in buttons:
            continue
        work, key = buttons[member.name]
        browser = Browser(origin)
        if browser.post(DEMO_SIGN_IN, person=key).status != 302:
            raise NoDemo(f"{member.address} is offered for one click and cannot come in that way")
        side = (
            *(name for name in ("enterprise", "authority", "station") if getattr(member, name)),
            *(["platform"] if member.role in KINDS else []),
        )
        people.append(_somebody(member.address, side[0] if side else "", member.role, browser, work))
        people[-1].key = key
    if not people:
        raise NoDemo("the sign-in page offers nobody of a demo")
    for name, (side, post) in BY_PASSWORD.items():
        browser = Browser(origin)
        if browser.post("/account/sign-in/password/", email=address_of(name), password=PASSWORD).status == 302:
            people.append(_somebody(name, side, post, browser, _organisation(browser)))
    return people


def _somebody(name: str, side: str, post: str, browser: Browser, organisation: str) -> Somebody:
    if not side:
        return Somebody(name, Person("consumer", _EVERYBODY), browser)
    role = role_at(side, post or Role.STATION.post).known_as
    position = {
        "enterprise": f"{role} headquarters" if role == "manager" else f"{role} own",
        "authority": f"{role} at own",
        "station": "station clerk",
    }.get(side, name)
    # An administrator is that and nothing else.
    roles = frozenset({role}) if side == "platform" else _EVERYBODY | {role}
    return Somebody(name, Person(position, roles), browser, side, organisation)


def _organisation(browser: Browser) -> str:
    found = re.search(r'class="bar-org">([^<]*)<', browser.follow(browser.get("/account/sign-in/")).text)
    return unescape(found[1]).strip() if found else ""
