"""Two bursts of a public register of complaints are found on their day, and not the day before."""

import csv
import gzip
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Enterprise
from oversight.hot_spots import hotspots
from oversight.models import HotSpot, Tally
from tests import ROOT
from tests.cast import World
from tests.oversight.cells import DAY

REGISTER = ROOT.parent / "shared" / "data" / "wa_ag" / "cases_all.csv.gz"
BUNGIE = "Bungie"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not REGISTER.exists(), reason="the folder shared/data with the public registers is not there"),
]


def counted(world: World, enterprise: Enterprise, last: date) -> None:
    """The tally of the nine weeks that end with ``last``, as if all of it lay in one county."""
    first = last - timedelta(days=62)
    numbers: Counter[str] = Counter()
    rows = []
    with gzip.open(REGISTER, "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            day = date.fromisoformat(row["opened_date"][:10])
            if not first <= day <= last:
                continue
            name = row["business_name"]
            numbers.setdefault(name, len(numbers))
            rows.append(
                Tally(
                    complaint_id=number + 1,
                    kind="received",
                    ref=0,
                    day=day,
                    region=world.region.pk,
                    received=1,
                    enterprise=enterprise.pk if name == BUNGIE else 10**9 + numbers[name] if name else None,
                    problem=row["practice_codes"][:20],
                )
            )
    Tally.objects.bulk_create(rows, batch_size=5000)


@pytest.mark.parametrize(("day", "is_one_enterprise"), [(date(2017, 12, 11), True), (date(2020, 4, 9), False)])
def test_a_known_burst_is_found_on_its_day(world: World, day: date, is_one_enterprise: bool) -> None:
    enterprise = Enterprise.objects.create(name=BUNGIE, uscc="91350102MA88888889", domicile=world.region)
    counted(world, enterprise, day)
    cell = {
        "kind": "day",
        "facet": "",
        "enterprise": enterprise if is_one_enterprise else None,
        "region": None if is_one_enterprise else world.region,
    }
    hotspots.look(day - DAY, now=datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))
    assert not HotSpot.objects.filter(**cell, last=day - DAY).exists()
    hotspots.look(day, now=datetime(day.year, day.month, day.day, 23, tzinfo=SHANGHAI))
    result = HotSpot.objects.get(**cell, last=day)
    assert result.observed == (103 if is_one_enterprise else 282)
    assert result.observed > 3 * result.expected
