"""A month of the whole country in the counters, every county with its own mix of problems, goods and channels; and the
same of one city as a table of its own."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import date
from random import Random
from typing import Any

#: A twelfth of ten million.
A_MONTH = 833_000
#: How closed cases ended, in shares.
_ENDED = {
    "closed_settled": 0.45,
    "closed_unconfirmed": 0.1,
    "closed_settled_elsewhere": 0.05,
    "closed_negotiation_failed": 0.1,
    "closed_mediated": 0.1,
    "closed_mediation_terminated": 0.08,
    "closed_refused": 0.04,
    "closed_redirected": 0.03,
    "closed_withdrawn": 0.05,
}
_CHANNELS = {"web": 0.6, "phone": 0.2, "wechat": 0.15, "visit": 0.05}


def fill(month: date, *, cases: int = A_MONTH, province: str = "", seed: int = 7) -> int:
    """Rows of the counters for each county and all that it lies in; how many.

    ``province``: with what the codes of the only counties begin.
    """
    from django.db import connection

    from authorities.models import Region
    from oversight.models import MonthFacet

    places = Region.objects.filter(country="CN").exclude(level=Region.Level.TOWNSHIP).in_bulk()
    sums: dict[int, Counter[tuple[str, str]]] = {}
    for pk, counts in _counties(places, cases, province, Random(seed)):
        at: int | None = pk
        while at is not None:
            sums.setdefault(at, Counter()).update(counts)
            at = places[at].parent_id
    columns = sorted({column for counts in sums.values() for _facet, column in counts})
    lines, out = 0, io.StringIO()
    for pk, counts in sums.items():
        for facet in {facet for facet, _column in counts}:
            out.write("\t".join(map(str, (pk, facet, month, *(counts[facet, column] for column in columns)))) + "\n")
            lines += 1
    out.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_from(out, MonthFacet._meta.db_table, columns=("region", "facet", "month", *columns))
    return lines


def _counties(
    places: Mapping[int, Any], cases: int, province: str, dice: Random
) -> Iterator[tuple[int, Counter[tuple[str, str]]]]:
    """Counts of each county by facet and column: some have a case or two, the largest thousands."""
    from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS

    counties = sorted(pk for pk, place in places.items() if place.level == "county" and place.code.startswith(province))
    weights = [dice.paretovariate(1.2) for _ in counties]
    whole = sum(weights)
    ways = {"p": list(PROBLEM_LABELS), "o": [code for code in OBJECT_LABELS if "." in code]}
    common = {letter: [dice.gammavariate(0.7, 1) for _ in codes] for letter, codes in ways.items()}
    for pk, weight in zip(counties, weights, strict=True):
        n = round(cases * weight / whole)
        counts: Counter[tuple[str, str]] = Counter({("", "received"): n}) if n else Counter()
        for letter, codes in ways.items():
            own = [one * dice.gammavariate(2, 0.5) for one in common[letter]]
            counts.update((f"{letter}:{code}", "received") for code in dice.choices(codes, own, k=n))
        counts.update((f"c:{code}", "received") for code in dice.choices(list(_CHANNELS), [*_CHANNELS.values()], k=n))
        ended = dice.choices(list(_ENDED), [*_ENDED.values()], k=round(n * 0.9))
        counts.update(("", column) for column in ended)
        late = sum(dice.random() < 0.05 for _ in range(n))
        counts.update({("", "review_late"): late, ("", "review_met"): n - late, ("", "recovered_n"): n // 3})
        yield pk, Counter({key: n for key, n in counts.items() if n})


def of_city(month: date, code: str) -> tuple[Any, Mapping[int, Any]]:
    """What the counters say of a city alone, as if it were the country: ``cells_from`` takes both."""
    from authorities.models import Region
    from oversight.open_data import cells

    city = Region.objects.get(code=code)
    top = copy(city)
    top.parent_id = None
    places = {city.pk: top} | {one.pk: one for one in Region.objects.filter(parent=city)}
    return cells._read(month, places), places
