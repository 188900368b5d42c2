"""Every address, called by those whose page it is, in the third language; and what of an answer people read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from django.conf import settings

from access.permissions import is_public
from tests.language import pseudo
from tests.language.reading import texts_of
from tests.walls.addresses import Address, Place, addresses, places
from tests.walls.calling import Answer, Caller
from tests.walls.cases import STATUSES
from tests.walls.sweeping import DATA
from tests.walls.verdicts import is_closed, verdict
from tests.walls.world import Person, World, undone

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
_MAY = frozenset({"allow", "steps"})
_keys = count()


@dataclass(frozen=True)
class Shown:
    """One answer and how it was asked for."""

    name: str
    who: str
    asked: str
    answer: Answer

    def texts(self) -> Iterator[tuple[str, str]]:
        """(where it stands, text) of a page or of a table; nothing of what only programs read."""
        kind = self.answer.headers.get("Content-Type", "")
        if kind.startswith("text/html"):
            yield from texts_of(self.answer.text)[1]
        elif kind.startswith("text/csv"):
            for row in csv.reader(io.StringIO(self.answer.text.removeprefix("\ufeff"))):
                yield from (("cell", cell) for cell in row)


class Walk:
    """All addresses once for each side."""

    def __init__(self, world: World, side: str) -> None:
        self.world = world
        self.people = [world.person(name) for name in SIDES[side]]
        self.callers = {person.name: Caller(person, world) for person in self.people}
        for caller in self.callers.values():
            caller.cookies |= {
                settings.LANGUAGE_COOKIE_NAME: pseudo.CODE,
                **(LOOKS if side in IN_ELDER_DISPLAY else {}),
            }

    def __iter__(self) -> Iterator[Shown]:
        for address in addresses():
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

    def _call(self, person: Person, place: Place, method: str, status: str) -> Shown:
        data = {"idempotency_key": f"walk-{next(_keys):08d}", **DATA.get(place.address.name, {})}
        with undone():
            answer = self.callers[person.name].call(method, place.path, data if method == "POST" else None)
        return Shown(place.address.name, person.name, f"{method} {place.path} ({status})", answer)
