"""The world of the walls under other numbers: every policy is a prime that stands nowhere else.

The whole country has other numbers than the county that handles the cases, so a page about a case that tells
a number of the country is found as well as one that tells a number of old.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from authorities.models import Policy, Region
from complaints.models import LawChange
from tests.numbers.reading import Numbers, policy_file
from tests.walls.world import COUNTIES, World, standing

#: A working day without a holiday near, so that what is left of a clock is about its length.
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def primes() -> Iterator[int]:
    """13, 17, 19 …: none of them is a number of old."""
    number = 13
    while True:
        if all(number % one for one in range(2, number)):
            yield number
        number += 2


def change_all(numbers: Numbers) -> None:
    """Every number of the file, in the county of family A and in the country."""
    fresh, county = primes(), Region.objects.get(code=COUNTIES["A"])
    for place in ("county", "country"):
        for name, old, unit in policy_file():
            number = next(fresh)
            numbers.old[unit].add(old)
            getattr(numbers, place)[unit].add(number)
            if place == "county":
                Policy.objects.create(name=name, region=county, number=number, unit=unit, legal_basis="本地规定")
            else:
                Policy.objects.filter(name=name, region=None).update(number=number, legal_basis="平台规则")


@pytest.fixture(scope="package")
def numbers() -> Numbers:
    return Numbers()


@pytest.fixture(scope="package")
def world(
    directory: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, numbers: Numbers
) -> Iterator[World]:
    root = tmp_path_factory.mktemp("evidence")
    with (
        time_machine.travel(NOW, tick=False),
        standing(django_db_blocker, root, first=lambda: change_all(numbers)) as result,
    ):
        # The change of a number that somebody drafted is told with the number that he typed.
        drafted = LawChange.objects.get(mark=result.things["law change"])
        LawChange.objects.filter(pk=drafted.pk).update(change=drafted.change | {"number": 11})
        yield result
