"""Every address, called by those whose page it is, in the third language; and what of an answer people read."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count

from django.conf import settings
from django.test import Client
from django.urls import resolve

from access.permissions import is_public
from tests import by_commit, undone
from tests.language import pseudo
from tests.language.reading import Known, texts_of
from tests.walls.addresses import Address, Place, addresses, places
from tests.walls.calling import Answer, Caller
from tests.walls.cases import STATUSES
from tests.walls.forms import forms_of
from tests.walls.offered import Offered
from tests.walls.sweeping import DATA
from tests.walls.verdicts import is_closed, verdict
from tests.walls.world import Person, World

#: Who walks: of those on one side, the first who is shown a page reads it for all of them.
SIDES = {
    "public": ("nobody", "holder of the draft", "holder of the token"),
    "consumer": ("consumer",),
    "enterprise": ("manager headquarters", "handler own", "reviewer own", "station clerk"),
    "authority": ("authority_handler at own", "approver at own", "intake at own", "analyst at own"),
    "administration": ("system administrator", "security administrator", "audit administrator"),
}
#: These read large letters on a dark page, so that the frame is seen with both.
IN_ELDER_DISPLAY = frozenset({"consumer", "authority"})
LOOKS = {"display": "elder", "theme": "dark"}
#: The page of a case says something else in every status, and to everybody.
OF_EVERY_STATUS = frozenset({"complaints:case", "complaints:enterprise-case", "complaints:authority-case"})
#: So often an address may lead on, or have nothing there, before it is left.
PATIENCE = 2
#: Of a calendar file, what people read.
EVENT = ("SUMMARY", "DESCRIPTION", "LOCATION")
_MAY = frozenset({"allow", "steps"})
_keys = count()


@dataclass(frozen=True)
class Shown:
    """One answer and how it was asked for."""

    name: str
    who: str
    asked: str
    answer: Answer

    @cached_property
    def page(self) -> tuple[str, list[tuple[str, str]]]:
        """The language that it says it is in, and (where it stands, text); of a file, what people read of it."""
        kind, text = self.answer.headers.get("Content-Type", "").partition(";")[0], self.answer.text
        if kind == "text/html":
            return texts_of(text)
        results: list[tuple[str, str]] = []
        if kind == "text/csv":
            rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
            results = [("cell", cell) for row in rows for cell in row]
        elif kind == "text/calendar":
            results = [("event", line.partition(":")[2]) for line in text.splitlines() if line.startswith(EVENT)]
        return pseudo.CODE, results

    def left(self, names: Known) -> set[str]:
        """What is neither in the third language nor may stay."""
        language, texts = self.page
        wrong = names.left((f"{self.name}, {where}", text) for where, text in texts)
        if language not in (pseudo.CODE, ""):
            wrong.add(f"{self.name} says that it is in another language: {self.asked}")
        return wrong


def reader(person: Person, world: World, **looks: str) -> Caller:
    """This person at a browser that is set to the third language."""
    result = Caller(person, world)
    result.cookies |= {settings.LANGUAGE_COOKIE_NAME: pseudo.CODE, **looks}
    return result


def browsing(**cookies: str) -> Client:
    """A browser that is set to the third language."""
    client = Client(raise_request_exception=False)
    client.cookies.load({settings.LANGUAGE_COOKIE_NAME: pseudo.CODE, **cookies})
    return client


def looked(browser: Client, path: str, typed: dict[str, str] | None = None, *, name: str = "") -> Shown:
    """The page to which this address, or this form, leads in the end."""
    if typed is None:
        answer = browser.get(path, follow=True)
    else:
        answer = browser.post(path, typed | {"idempotency_key": f"walk-{next(_keys):08d}"}, follow=True)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    result = Answer(answer.status_code, dict(answer.items()), body, answer.request["PATH_INFO"])
    return Shown(name or path, "", path, result)


def filled_in(browser: Client, shown: Shown, done: set[tuple[str, ...]]) -> Iterator[Shown]:
    """Each form of the page as a browser fills it in, unless it is ``done``, and the page to which that leads."""
    for form in forms_of(shown.answer.text):
        path = form.action.partition("?")[0] or shown.answer.path
        kind = (resolve(path).view_name, *sorted(form.values))
        if form.method == "post" and kind not in done:
            done.add(kind)
            # One form may set another language, or sign out.
            alike = browsing(**{name: morsel.value for name, morsel in browser.cookies.items()})
            with undone():
                sent = looked(alike, path, form.values, name=f"{shown.name} sent")
            yield sent


class Walk:
    """All addresses once for each side, or those that the commit chooses: half of them."""

    def __init__(self, world: World, side: str, *, half: bool = False) -> None:
        self.world, self.addresses = world, list(addresses())
        if half:
            self.addresses = by_commit().sample(self.addresses, len(self.addresses) // 2)
        self.people = [world.person(name) for name in SIDES[side]]
        self._sent: set[tuple[str, ...]] = set()
        looks = LOOKS if side in IN_ELDER_DISPLAY else {}
        self.callers = {person.name: reader(person, world, **looks) for person in self.people}
        self._offered = Offered(world, self._text)

    def __iter__(self) -> Iterator[Shown]:
        for address in self.addresses:
            shown: set[int] = set()
            for person in self.people:
                if not self._is_said_already(address, person):
                    yield from self._by(person, address, shown)

    def _is_said_already(self, address: Address, person: Person) -> bool:
        return person.name != "nobody" and not person.key and is_public(address.name, "GET")

    def _by(self, person: Person, address: Address, shown: set[int]) -> Iterator[Shown]:
        """Each page behind this address once; that of a case in every status."""
        tries: dict[int, int] = {}
        every = address.name in OF_EVERY_STATUS
        for status in STATUSES if address.is_of_a_case else STATUSES[:1]:
            if address.is_of_a_case and person.only not in ("", status):
                continue
            for number, place in enumerate(places(address, self.world, status)):
                methods = [one for one in ("GET", "POST") if verdict(address, one, person, status) in _MAY]
                if (number in shown and not every) or not place.is_there or not methods:
                    continue
                if tries.get(number, 0) >= PATIENCE or is_closed(place, person, status):
                    continue
                if not self._offered.is_worth_a_look(place, person, status):
                    continue
                for method in methods:
                    asked = self._call(person, place, method, status)
                    yield asked
                    got = asked.answer.status
                    if got == 200 and method == methods[0]:
                        shown.add(number)
                    if got in (302, 404):
                        tries[number] = tries.get(number, 0) + 1
                    if method == "GET" and got != 200:
                        break
                    if method == "GET" and "<form" in asked.answer.text:
                        browser = browsing(**self.callers[person.name].cookies)
                        yield from filled_in(browser, asked, self._sent)

    def _text(self, person: Person, path: str) -> str:
        with undone():
            return self.callers[person.name].call("GET", path).text

    def _call(self, person: Person, place: Place, method: str, status: str) -> Shown:
        data = {"idempotency_key": f"walk-{next(_keys):08d}", **DATA.get(place.address.name, {})}
        with undone():
            answer = self.callers[person.name].call(method, place.path, data if method == "POST" else None)
        return Shown(place.address.name, person.name, f"{method} {place.path} ({status})", answer)
