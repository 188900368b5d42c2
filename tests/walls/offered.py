"""Which step pages a case offers to whom: what the pages of the case lead to."""

import re
from collections.abc import Callable
from functools import cache

from tests.walls.addresses import PAGES, Place, addresses, places
from tests.walls.verdicts import PROGRAMS, verdict
from tests.walls.world import Person, World

#: The pages that offer steps of a case; that each open step is offered there is tested with every step
#: (tests/complaints/pages/test_every_step.py).
HOMES = frozenset(
    f"complaints:{name}"
    for name in (
        *("case", "tracked", "enterprise-case"),
        *("authority-case", "authority-on-behalf", "authority-document", "authority-respondent"),
    )
)
_LINK = re.compile(r'(?:href|action)="([^"?#]+)')


class Offered:
    """``calls(person, path)`` is the text of a page, or nothing where it is not shown."""

    def __init__(self, world: World, calls: Callable[[Person, str], str]) -> None:
        self.world = world
        self._calls = calls
        self._tried: set[str] = set()
        self._links = cache(self._links_of)

    def is_worth_a_look(self, place: Place, person: Person, status: str) -> bool:
        """A step page is looked at where the case offers it, and once where it may not: it says the same everywhere."""
        if place.address.name.startswith(PROGRAMS) or not any(
            (place.address.name, name) in PAGES for name in place.address.parameters
        ):
            return True
        page = place.path.replace(self.world.target.case(status).number, "")
        if page not in self._tried:
            self._tried.add(page)
            return True
        return place.path in self._links(person, status)

    def _links_of(self, person: Person, status: str) -> frozenset[str]:
        return frozenset(
            link
            for address in addresses()
            if address.name in HOMES and verdict(address, "GET", person, status) in {"allow", "steps"}
            for place in places(address, self.world, status)
            for link in _LINK.findall(self._calls(person, place.path))
        )
