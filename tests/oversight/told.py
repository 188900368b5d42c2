"""Numbers in the counters as a fold would leave them, and the open data issued from them.

What is counted of an enterprise is counted of a region and of all that it lies in as well.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from authorities.models import Region
from enterprises.models import Enterprise, LeagueLine, LeagueSet
from oversight.models import DataSet, MonthEnterprise, MonthFacet
from oversight.open_data import issuing


def counted(code: str, month: date, facet: str = "", **numbers: int) -> None:
    """In a region and in all that it lies in."""
    region: Region | None = Region.objects.get(code=code)
    while region is not None:
        row, _ = MonthFacet.objects.get_or_create(region=region.pk, facet=facet, month=month)
        MonthFacet.objects.filter(region=region.pk, facet=facet, month=month).update(
            **{name: (getattr(row, name) or 0) + n for name, n in numbers.items()}
        )
        region = region.parent


def stages(enterprise: Enterprise, month: date, *, at: str = "350100", **numbers: int) -> None:
    """At an enterprise, in a region."""
    row, _ = MonthEnterprise.objects.get_or_create(enterprise=enterprise.pk, branch=0, month=month)
    MonthEnterprise.objects.filter(enterprise=enterprise.pk, branch=0, month=month).update(
        **{name: (getattr(row, name) or 0) + n for name, n in numbers.items()}
    )
    counted(at, month, **numbers)


def issued(*months: date, now: datetime) -> list[DataSet]:
    """A version of each month, the ones that would say the same again left out."""
    return [made for month in months if (made := issuing.issue(month, now=now)) is not None]


def a_line(enterprise: Enterprise, **numbers: int | None) -> LeagueLine:
    """What is published of an enterprise: its line of the newest four quarters."""
    last = date.today().replace(day=1) - timedelta(days=1)
    country = 1
    of, _ = LeagueSet.objects.get_or_create(
        first=(last - timedelta(days=360)).replace(day=1),
        last=last,
        version=1,
        defaults={"formula": 2, "made_at": timezone.now(), "country": country, "digest": "0" * 64},
    )
    shown: dict[str, Any] = {"n": 120, "settled": 86, "unconfirmed": 7, "promised": 40, "kept": 34}
    shown |= {"rated": None, "marks": None, "name": enterprise.name, "code": enterprise.code} | numbers
    for name in ("settled", "unconfirmed"):
        shown[f"{name}_least"] = shown[f"{name}_most"] = shown.pop(name)
    position = LeagueLine.objects.filter(of=of).count() + 1
    return LeagueLine.objects.create(of=of, region=country, position=position, enterprise=enterprise, **shown)
