"""Headline figures and all others of a place, of an enterprise, a category and a channel in it; the table by
enterprise."""

from collections.abc import Mapping
from typing import Any

from oversight.counters import figures as from_counters
from oversight.figures.definitions import Period
from oversight.figures.figures import Figure, Measure
from oversight.presenting import flow, leagues, overview
from oversight.presenting.places import Places
from tests.audit import Pair, Pairs
from tests.audit.compare import Audit, paired
from tests.audit.core import counting, naming, ranking
from tests.audit.core.rows import Case

#: The units of each length.
LENGTHS = {"first_response": ("minutes", "wd"), "acceptance": ("minutes",), "handling_time": ("wd", "cd")}


def compared(audit: Audit) -> Pairs:
    places = audit.some(audit.rows.of_regions())
    for name, period in audit.periods.items():
        for place in places:
            yield from _of_place(audit, name, period, place)
        yield from _of_kinds(audit, name, period)
        yield from _by_enterprise(audit, name, period)
        yield from _overview(audit, name, period)


def told(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """The same as the portal says it."""
    success, on_time, kept = figures["settled"], figures["on_time"], figures["kept"]
    mediated, reviews, mended = figures["mediated"], figures["review_on_time"], figures["mended"]
    lengths = {
        f"{code}.{name}": figures[code].spread.get(name)
        for code, units in LENGTHS.items()
        for name in (f"{unit}_{what}" for unit in units for what in ("median", "p90"))
    }
    means = {f"handling_time.{unit}_mean": figures["handling_time"].spread.get(f"{unit}_mean") for unit in ("wd", "cd")}
    return {
        "received": figures["received"].n,
        "closed": figures["closed"].n,
        **{f"settled.{name}": success.beside[name] for name in (*counting.RESULTS, "let_rest", "in_part")},
        "settled.upper": success.upper,
        "settled.whole": success.denominator,
        "on_time.in_time": on_time.numerator,
        **{f"on_time.{name}": on_time.beside[name] for name in ("reported", "apart", "open_overdue")},
        "on_time.late": on_time.beside["ended_late"],
        "on_time.whole": on_time.denominator,
        "first_response": figures["first_response"].n,
        "acceptance": figures["acceptance"].n,
        "handling_time": figures["handling_time"].n,
        "kept.due": kept.denominator,
        "kept.kept": kept.numerator,
        **{f"kept.{name}": kept.beside[name] for name in ("late", "silent", "broken", "waiting")},
        "mediated.mediated": mediated.numerator,
        **{f"mediated.{name}": mediated.beside[name] for name in ("not_kept", "terminated")},
        "review_on_time.met": reviews.numerator,
        "review_on_time.late": reviews.beside["late"],
        "misrouted.whole": figures["misrouted"].denominator,
        "misrouted": figures["misrouted"].numerator,
        "mended.in_time": mended.numerator,
        **{f"mended.{name}": mended.beside[name] for name in ("late", "waiting")},
        "recovered": {currency: dict(sums) for currency, sums in figures["recovered"].money.items()},
        **lengths,
        **means,
    }


def _of_scope(measure: Measure, world: counting.World, scope: str, period: str) -> Pairs:
    yield from paired(told(from_counters.flow_of(measure)), naming.figures(world), scope, period)
    yield from paired(leagues.open_now(measure), world.open_now(), scope, period)
    if shown := flow.counted(measure):
        portal = {"rating": shown["rating"].n, "rating.marks": shown["rating"].beside["marks"]}
        for name in ("first_settled", "withdrawn", "again", "last_day", "last_offer"):
            portal |= {f"{name}.part": shown[name].numerator, f"{name}.whole": shown[name].denominator}
        yield from paired(portal, naming.further(world), scope, period)


def _of_place(audit: Audit, name: str, period: Period, place: int) -> Pairs:
    region = audit.regions[place]
    measure = audit.measure(period, regions=(region,))
    yield from _of_scope(measure, _world(audit, period, place), f"region {region.code}", name)


def _world(audit: Audit, period: Period, place: int | None = None, **of: Any) -> counting.World:
    cases = None if place is None else audit.rows.of_regions()[place]
    return counting.World(audit.book, period.first, period.last, audit.now, cases, **of)


def _of_kinds(audit: Audit, name: str, period: Period) -> Pairs:
    """Each category and channel of the country with most cases, and each enterprise in it."""
    country = _country(audit)
    if country is None:
        return
    cases = [case.row for case in audit.rows.of_regions()[country]]
    kinds = {("category", row.problem_category) for row in cases} | {("category", row.object_category) for row in cases}
    kinds |= {("channel", row.channel) for row in cases}
    for kind, value in audit.some([one for one in kinds if one[1]]):
        measure = audit.measure(period, regions=(audit.regions[country],), **{kind: value})
        yield from _of_scope(measure, _world(audit, period, country, **{kind: value}), f"{kind} {value}", name)
    firms = _firms(audit, country)
    for firm in audit.some(firms):
        measure = audit.measure(period, regions=(audit.regions[country],), enterprise_id=firm)
        yield from _of_scope(measure, _of_firm(audit, period, firms[firm], firm), f"enterprise {firm}", name)


def _firms(audit: Audit, country: int) -> dict[int, list[Case]]:
    """The cases of each enterprise in this country."""
    low, high = country, audit.rows.regions[country].last
    here = {
        firm: [case for case in cases if low <= case.row.handling_region_id <= high]
        for firm, cases in audit.of_firms.items()
    }
    return {firm: cases for firm, cases in here.items() if cases}


def _of_firm(audit: Audit, period: Period, cases: list[Case], firm: int) -> counting.World:
    return counting.World(audit.book, period.first, period.last, audit.now, cases, enterprise=firm)


def _country(audit: Audit) -> int | None:
    of_regions = audit.rows.of_regions()
    countries = [place for place in of_regions if audit.rows.regions[place].level == "country"]
    return max(countries, key=lambda place: len(of_regions[place]), default=None)


def _by_enterprise(audit: Audit, name: str, period: Period) -> Pairs:
    """Every line of the table of the country, and the places in it."""
    country = _country(audit)
    if country is None:
        return
    portal = {
        line.enterprise_id: line for line in leagues.counted(audit.measure(period, regions=(audit.regions[country],)))
    }
    results: dict[int, dict[str, Any]] = {}
    for firm, cases in _firms(audit, country).items():
        world = _of_firm(audit, period, cases, firm)
        result = naming.headlines(world) | {"first_response": len(world.first_responses())}
        # What only authorities know of is theirs and no firm's.
        for theirs in ("overdue", "late_inside", "late_twice", "late_when_closed"):
            del result[theirs]
        results[firm] = result
    places = ranking.places({firm: (one["settled"], one["settled.whole"]) for firm, one in results.items()})
    for firm, one in results.items():
        one["place"] = places.get(firm)
        line = portal.get(firm) or leagues.EnterpriseLine(enterprise_id=firm)
        shown = {
            "open": line.open,
            "late_outside": line.overdue,
            "due_soon": line.due_soon,
            "received": line.received,
            "settled": line.success.numerator or 0,
            "settled.upper": line.success.upper or 0,
            "settled.whole": line.success.n,
            "in_time": line.punctual.numerator or 0,
            "on_time.whole": line.punctual.n,
            "first_response": line.responses,
            "place": line.place,
        }
        yield from paired(shown, one, f"table of {audit.regions[country].code}: enterprise {firm}", name)
    for firm in portal.keys() - results.keys():
        yield Pair("line", f"table of {audit.regions[country].code}: enterprise {firm}", name, True, False)


def _overview(audit: Audit, name: str, period: Period) -> Pairs:
    """The first page of each place that has parts: the place and each of them."""
    for region, parts in audit.with_parts():
        measure = audit.measure(period, regions=(region,))
        seen = overview.read(
            measure.scope, Places((region,), None, parts, None), [period, period, period], measure=measure
        )
        for one, open_now, figures in (
            (region.pk, seen.whole.open_now, seen.whole.periods[0]),
            *((part.pk, seen.parts[part.pk].open_now, seen.parts[part.pk].now) for part in parts),
        ):
            world = _world(audit, period, one)
            scope = f"first page of {region.code}: {audit.regions[one].code}"
            success, punctual = figures["settled"], figures["on_time"]
            portal = {
                **open_now,
                "received": figures["received"].n,
                "closed": figures["closed"].n,
                "settled": success.numerator,
                "settled.upper": success.upper,
                "settled.whole": success.denominator,
                "in_time": punctual.numerator,
                "on_time.whole": punctual.denominator,
            }
            yield from paired(portal, naming.headlines(world) | {"closed": len(world.closed())}, scope, name)
