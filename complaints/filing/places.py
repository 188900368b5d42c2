"""Where it happened: the choices a person sees for the region, without a script. The towns nearby are one list;
anywhere else is reached by name or by two plain pages (province, then city and county)."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from authorities.models import Region
from database.prepared import PreparedQuery

SHOWN = 40
#: Cities of their own, with districts right below: whoever types their name means one of those.
MUNICIPALITIES = ("110000", "120000", "310000", "500000")
CHOOSABLE = (Region.Level.CITY, Region.Level.COUNTY, Region.Level.TOWNSHIP)


_REGION = PreparedQuery(lambda pk: Region.objects.filter(pk=pk), int)
#: A city and its counties. What lies in it is asked by the city's id: by a join all regions would be read.
_CITY = PreparedQuery(
    lambda code: Region.objects.filter(
        Q(code=code) | Q(parent_id=Region.objects.filter(code=code).values("pk")[:1], level=Region.Level.COUNTY)
    ).order_by("id"),
    str,
)


@dataclass(frozen=True)
class Place:
    """One line of a list of regions; `has_more` when smaller ones lie in it."""

    id: int
    name: str
    within: str = ""
    has_more: bool = False


def local_code() -> str:
    """The code of the city that this installation serves first."""
    return str(getattr(settings, "LOCAL_CITY_CODE", "350100"))


def local_city() -> Region | None:
    return Region.objects.filter(code=local_code()).first()


def nearby() -> tuple[str, list[Place]]:
    """(name of the city, its counties and the city as a whole); one query."""
    code = local_code()
    rows = _CITY(code)
    city = next((row for row in rows if row.code == code), None)
    if city is None:
        return "", []
    return str(city), [*(Place(row.pk, str(row)) for row in rows if row is not city), Place(city.pk, str(city))]


def of_code(code: str) -> Region | None:
    return Region.objects.filter(code=code).first()


def is_choosable(region_id: int) -> bool:
    """A known city, county or township; also a place with nothing smaller in it."""
    region = _REGION.first(region_id)
    if region is None:
        return False
    return region.level in CHOOSABLE or not region.children.exists()


def full_name(region_id: int | None) -> str:
    """「福建省福州市鼓楼区」, the country left out."""
    if region_id is None:
        return ""
    above = Region.objects.filter(pk__lte=region_id, last__gte=region_id).order_by("id", "-last")
    names = [str(row) for row in above if row.level != Region.Level.COUNTRY]
    separator = "" if all(ord(name[0]) > 0x2E80 for name in names if name) else ", "
    return separator.join(names if not separator else reversed(names))


def provinces() -> list[Place]:
    rows = Region.objects.filter(country="CN", level=Region.Level.PROVINCE).order_by("id")
    return [Place(row.pk, str(row), has_more=True) for row in rows]


def inside(region_id: int) -> tuple[Region | None, list[tuple[str, list[Place]]]]:
    """A province with its cities as groups of counties (municipalities: one group)."""
    province = Region.objects.filter(pk=region_id, level=Region.Level.PROVINCE).first()
    if province is None:
        return None, []
    below = Region.objects.filter(pk__gt=province.pk, pk__lte=province.last)
    rows = below.filter(level__in=[Region.Level.CITY, Region.Level.COUNTY]).order_by("id")
    groups: dict[int, tuple[str, list[Place]]] = {}
    for row in rows:
        if row.level == Region.Level.CITY:
            groups[row.pk] = (str(row), [])
        else:
            group = groups.setdefault(row.parent_id or province.pk, (str(province), []))
            group[1].append(Place(row.pk, str(row)))
    for city_id, (city_name, places) in groups.items():
        if city_id != province.pk:
            places.append(Place(city_id, city_name))
    return province, list(groups.values())


def search(typed: str) -> list[Place]:
    """Cities and counties whose name contains this, the exact ones first; of a municipality its districts."""
    wanted = typed.strip()[:40]
    if not wanted:
        return []
    lies_in = Q(parent__name__contains=wanted) | Q(parent__name_en__icontains=wanted)
    named = Q(name__contains=wanted) | Q(name_en__icontains=wanted) | (Q(parent__code__in=MUNICIPALITIES) & lies_in)
    regions = Region.objects.filter(named, country="CN", level__in=[Region.Level.CITY, Region.Level.COUNTY])

    def distance(row: Region) -> tuple[bool, int, int]:
        begins = row.name.startswith(wanted) or row.name_en.lower().startswith(wanted.lower())
        return not begins, len(str(row)), row.pk

    rows = sorted(regions.select_related("parent__parent").order_by("id")[:200], key=distance)
    return [Place(row.pk, str(row), within=_within(row)) for row in rows[:SHOWN]]


def _within(row: Region) -> str:
    names = []
    above = row.parent
    while above is not None and above.level != Region.Level.COUNTRY:
        names.append(str(above))
        above = above.parent
    return " · ".join(reversed(names))
