"""An enterprise whose charges rise in one week beside one that stays as it was, and what is found of it."""

import pytest

from oversight.hot_spots import hotspots
from oversight.models import HotSpot
from tests.cast import World
from tests.oversight.counting import CHARGE, NOW, TODAY, received, weeks


@pytest.fixture
def risen(world: World) -> World:
    """Mobile's unexplained charges: ten a week for long, forty in this one; another enterprise stays as it was."""
    for enterprise, counts in ((world.mobile, [10] * 34 + [40]), (world.telecom, [10] * 35)):
        cell = {"enterprise": enterprise.pk, "problem": CHARGE, "thing": "service.telecom"}
        received(weeks(TODAY, counts), region=world.region.pk, **cell)
    return world


@pytest.fixture
def spot(risen: World) -> HotSpot:
    hotspots.look(TODAY, now=NOW)
    return HotSpot.objects.get(kind="week", region=risen.region, facet=f"p:{CHARGE}")
