"""An officer sees the region of the office and what lies in it, and nothing beside or above.

What lies in what is asked of the parents of a region, never of the numbers that the portal compares.
"""

from random import Random

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints.models import Complaint
from complaints.parties.actors import offices_of
from tests.cast import World
from tests.given import a_complaint
from tests.walls.sweeping import seed


def within(region: Region, other: Region, parents: dict[int, int | None]) -> bool:
    """Whether ``region`` is ``other`` or lies in it, by its parents."""
    here: int | None = region.pk
    while here is not None:
        if here == other.pk:
            return True
        here = parents[here]
    return False


@pytest.fixture
def pairs() -> list[tuple[Region, Region]]:
    """Offices and cases at all levels: half of them near each other, or nearly all pairs would be strangers."""
    random, regions = Random(seed()), {region.pk: region for region in Region.objects.filter(country="CN")}
    results = []
    for _ in range(14):
        case = random.choice(list(regions.values()))
        office = random.choice(list(regions.values()))
        if random.random() < 0.7:
            around = [case, *(r for r in regions.values() if r.parent_id in (case.pk, case.parent_id))]
            around += [regions[case.parent_id]] if case.parent_id else []
            office = random.choice(around)
        results.append((office, case))
    # Whatever the commit draws, one pair is near.
    return [*results, (case, case)]


def test_T10_a_case_is_seen_from_its_region_and_those_around_it_only(
    world: World, pairs: list[tuple[Region, Region]]
) -> None:
    case = a_complaint(world, now=timezone.now())
    parents = dict(Region.objects.values_list("pk", "parent_id"))
    authority = Authority.objects.create(
        name="随处可设的局", region=world.region, parent=world.city, level=Authority.Level.OFFICE
    )
    world.rui.offices.all().delete()
    Officer.objects.create(user=world.rui, authority=authority, role=Role.OFFICER.post)
    client, seen = Client(), set()
    client.force_login(world.rui)
    for office, place in pairs:
        Authority.objects.filter(pk=authority.pk).update(region=office)
        Complaint.objects.filter(pk=case.pk).update(handling_region=place)
        lies_there = within(place, office, parents)
        seen.add(lies_there)
        text = f"{office.code} looks at {place.code}"
        assert Complaint.objects.visible_to(world.rui).filter(pk=case.pk).exists() is lies_there, text
        assert (
            Complaint.objects.of_offices(offices_of(world.rui, on=timezone.localdate())).filter(pk=case.pk).exists()
            is lies_there
        )
        page = client.get(f"/authority/cases/{case.number}/")
        assert page.status_code == (200 if lies_there else 404), text
    assert seen == {True, False}
