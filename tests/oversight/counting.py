"""Numbers in the counters as a fold would leave them, rows of the tally, and the open data issued from them.

What is counted of an enterprise is counted of a region and of all that it lies in as well. A row of the tally is what
one received complaint counts for; tests that need the case itself file it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.db.models import Max
from django.utils import timezone

from authorities.models import Region
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Enterprise, LeagueLine, LeagueSet
from oversight.models import DataSet, MonthEnterprise, MonthFacet, Tally
from oversight.open_data import issuing
from tests.cast import World

DAY = timedelta(days=1)
#: A Thursday.
TODAY, NOW = date(2026, 11, 26), datetime(2026, 11, 26, 14, 0, tzinfo=SHANGHAI)
CHARGE, REPAIR = "telecom.fees.unexplained_charge", "telecom.broadband.repair"


def _add(model: Any, numbers: Mapping[str, int], **key: Any) -> None:
    row, _ = model.objects.get_or_create(**key)
    sums = {name: (getattr(row, name) or 0) + n for name, n in numbers.items()}
    model.objects.filter(**key).update(**sums)


def counted(code: str, month: date, facet: str = "", **numbers: int) -> None:
    """In a region and in all that it lies in."""
    region: Region | None = Region.objects.get(code=code)
    while region is not None:
        _add(MonthFacet, numbers, region=region.pk, facet=facet, month=month)
        region = region.parent


def stages(enterprise: Enterprise, month: date, *, at: str = "350100", **numbers: int) -> None:
    """At an enterprise, in a region."""
    _add(MonthEnterprise, numbers, enterprise=enterprise.pk, branch=0, month=month)
    counted(at, month, **numbers)


def a_shop(world: World, name: str = "测试商场") -> Enterprise:
    """Enrolled, with the domicile of Mobile."""
    by: Any = {"domicile": world.mobile.domicile, "enrolment": "enrolled", "enrolled_by": world.gulou}
    return Enterprise.objects.create(name=name, **by)


def issued(*months: date, now: datetime) -> list[DataSet]:
    """A version of each month, the ones that would say the same again left out."""
    return [made for month in months if (made := issuing.issue(month, now=now)) is not None]


def a_line(enterprise: Enterprise, **numbers: int | None) -> LeagueLine:
    """What is published of an enterprise: its line of the newest four quarters."""
    last, country = date.today().replace(day=1) - DAY, 1
    made = {"formula": 2, "made_at": timezone.now(), "country": country, "digest": "0" * 64}
    first = (last - 360 * DAY).replace(day=1)
    of, _ = LeagueSet.objects.get_or_create(first=first, last=last, version=1, defaults=made)
    shown: dict[str, Any] = {"n": 120, "settled": 86, "unconfirmed": 7, "promised": 40, "kept": 34}
    shown |= {"rated": None, "marks": None, "name": enterprise.name, "code": enterprise.code} | numbers
    for name in ("settled", "unconfirmed"):
        shown[f"{name}_least"] = shown[f"{name}_most"] = shown.pop(name)
    position = LeagueLine.objects.filter(of=of).count() + 1
    return LeagueLine.objects.create(of=of, region=country, position=position, enterprise=enterprise, **shown)


def received(
    counts: Mapping[date, int], *, region: int, enterprise: int | None = None, problem: str = "", thing: str = ""
) -> None:
    """So many complaints on each day."""
    numbers = count((Tally.objects.aggregate(most=Max("complaint_id"))["most"] or 10_000_000) + 1)
    same = {"kind": "received", "ref": 0, "received": 1, "region": region, "enterprise": enterprise}
    same |= {"problem": problem, "object": thing}
    days = [day for day, n in counts.items() for _ in range(n)]
    Tally.objects.bulk_create((Tally(complaint_id=next(numbers), day=day, **same) for day in days), batch_size=5000)


def weeks(last: date, counts: list[int]) -> dict[date, int]:
    """So many complaints in each seven days, the last of which end with ``last``: spread evenly over their days."""
    result: dict[date, int] = {}
    for back, n in enumerate(reversed(counts)):
        for at in range(7):
            result[last - (7 * back + at) * DAY] = n // 7 + (at < n % 7)
    return result
