"""No page tells a number of old: all policies were changed, and every page is read by whom it is for."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from django.conf import settings

from access.permissions import is_public
from tests.numbers.reading import Numbers, shown, told
from tests.walls.addresses import PAGES, STEPS, Place, addresses
from tests.walls.cases import STATUSES
from tests.walls.sweeping import Sweep
from tests.walls.verdicts import PROGRAMS, is_closed, verdict
from tests.walls.world import Person, World

#: One person of each audience reads for all.
READERS = (
    "nobody",
    "holder of the draft",
    "holder of the token",
    "consumer",
    "manager headquarters",
    "handler own",
    "intake at own",
    "authority_handler at own",
    "approver at own",
    "analyst at own",
    "station clerk",
    "system administrator",
    "security administrator",
    "audit administrator",
)
#: Each day is told with its place in the row; that the row itself is right is tested with the words of a date.
DAY_BY_DAY = ("complaints:case-why", "complaints:tracked-why")
#: The period of the figures, which the reader chose, and the classes by age: counted, not told as anybody's time.
COUNTED = re.compile(
    r"前7天|the 7 days before|7天以内|31–60天|60天以上|up to 7 days|31–60 days|over 60 days", re.IGNORECASE
)
LEAST = 300
#: Where two of an audience find nothing to do, the others are not asked.
MOST_REFUSED = 2


@pytest.mark.parametrize("language", ["zh-hans", pytest.param("en", marks=pytest.mark.full)])
def test_no_page_tells_a_number_that_is_not_in_force(world: World, numbers: Numbers, language: str) -> None:
    read, in_language, wrong = 0, 0, {}
    of_cases = {
        status: numbers.strange_to(case.deadlines.values_list("unit", "length"))
        for status, case in world.target.cases.items()
    }
    for person, place, status, page in pages(world, language):
        read += 1
        in_language += f'<html lang="{"en" if language == "en" else "zh-Hans"}"' in page
        strange = of_cases[status] if place.address.is_of_a_case else numbers.old
        for length in told(COUNTED.sub("…", shown(page))):
            if length.is_one_of(strange):
                wrong.setdefault(length.around, f"{person.name}: {place.path} ({status})")
    given = "\n".join(f"{where}: {text}" for text, where in wrong.items())
    assert not wrong, f"{len(wrong)} wrong on {read} pages:\n{given}"
    assert in_language > LEAST


def pages(world: World, language: str) -> Iterator[tuple[Person, Place, str, str]]:
    """Every page as one of each audience reads it; of a case in every status in Chinese, in one in English."""
    sweep, people = Sweep(world, every_status=True), [world.person(name) for name in READERS]
    for person in people:
        sweep.callers[person.name].cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for address in addresses():
        if address.name.startswith(PROGRAMS) or address.name in DAY_BY_DAY:
            continue
        # A step says the same in every status.
        is_a_step = address.name in STEPS or any((address.name, name) in PAGES for name in address.parameters)
        is_once, done, refused = is_a_step or language == "en", set(), Counter[tuple[str, str, str]]()
        for status in STATUSES if address.is_of_a_case else STATUSES[:1]:
            for place in filter(lambda place: place.is_there, sweep.places(address, status)):
                which = place.path.replace(world.target.case(status).number, "") if is_once else place.path
                for person in people:
                    # A page that everybody reads is read once.
                    side = "" if is_public(address.name, "GET") else person.key or person.relation or person.name
                    if (
                        (which, side) in done
                        or refused[which, side, status] >= MOST_REFUSED
                        or (person.only and address.is_of_a_case and person.only != status)
                        or verdict(address, "GET", person, status) not in {"allow", "steps"}
                        or is_closed(place, person, status)
                    ):
                        continue
                    answer, _tables = sweep.call(person, "GET", place.path, {})
                    if answer.status != 200:
                        refused[which, side, status] += 1
                        continue
                    done.add((which, side))
                    if answer.headers.get("Content-Type", "").startswith("text/html"):
                        yield person, place, status, answer.text
