"""Builds the directory of enterprises out of the names in a source's own file.

What stands in the directory already is only added to, never changed, so that an
authority's later decision (a suspension, a corrected name) outlives every import.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority
from complaints.tables.importing.bad import BadCell
from complaints.tables.importing.mapping import Mapping, MappingError
from complaints.tables.importing.names import Mention, NamedEnterprise, Splitter, enterprises
from complaints.tables.importing.places import Places, load_country
from complaints.tables.importing.reading import records
from enterprises.directory.naming import write_names
from enterprises.directory.spelling import LONGEST, fold
from enterprises.models import Alias, Enterprise, SearchName

BATCH = 2000
_BEARING = (
    SearchName.Kind.LEGAL,
    SearchName.Kind.ALIAS,
    SearchName.Kind.FORMER,
    SearchName.Kind.BRAND,
    SearchName.Kind.BRANCH,
    SearchName.Kind.CODE,
)


@dataclass(slots=True)
class Built:
    """What came of it, and what filing needs: who bears which number and name."""

    places: Places
    splitter: Splitter
    rows: int = 0
    cities: int = 0
    found: int = 0
    enterprises: int = 0
    names: int = 0
    too_long: int = 0
    unplaced: Counter[str] = field(default_factory=Counter)
    by_id: dict[str, int] = field(default_factory=dict)
    bearers: dict[str, set[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Seen:
    mentions: dict[str, Mention] = field(default_factory=lambda: defaultdict(Mention))
    nameless: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cities: dict[tuple[str, str], None] = field(default_factory=dict)
    rows: int = 0


def build_directory(path: Path, mapping: Mapping) -> Built:
    """Read the whole file once, then write regions, authorities, enterprises and names: all or nothing."""
    splitter = Splitter(mapping.naming)
    seen = _read(path, mapping, splitter)
    with transaction.atomic():
        places, cities = load_country(mapping, seen.cities)
        _check(mapping, places)
        built = Built(places, splitter, rows=seen.rows, cities=cities)
        nameless = [(name, state, city, rows) for (name, state, city), rows in seen.nameless.items()]
        _write(enterprises(seen.mentions, nameless, splitter), mapping, built)
    return built


def _read(path: Path, mapping: Mapping, splitter: Splitter) -> _Seen:
    seen = _Seen()
    for record in records(path, mapping.shape, needed=mapping.columns):
        seen.rows += 1
        if record.problem is not None:
            continue
        cells = record.cells
        try:
            name = mapping.name.text(cells)
            state = mapping.enterprise_state.text(cells) if mapping.enterprise_state else ""
            city = mapping.enterprise_city.text(cells) if mapping.enterprise_city else ""
            if mapping.region_state is not None and mapping.region_city is not None:
                seen.cities[mapping.region_state.text(cells), mapping.region_city.text(cells)] = None
        except BadCell:
            continue  # named when the row itself is taken
        source_id = cells[mapping.source_id] if mapping.source_id else ""
        if state and city:
            seen.cities[state, city] = None
        if splitter.is_nobody(name):
            continue
        if source_id:
            seen.mentions[source_id].names[name] += 1
            if state or city:
                seen.mentions[source_id].places[state, city] += 1
        else:
            seen.nameless[name, state, city] += 1
    return seen


def _check(mapping: Mapping, places: Places) -> None:
    for key, code in (("region.code", mapping.region_code), ("region.otherwise", mapping.region_otherwise)):
        if code and code not in places.ids:
            raise MappingError(f"{mapping.path.name}: {key}: no region {code!r}")


def _write(found: Sequence[NamedEnterprise], mapping: Mapping, built: Built) -> None:
    known = _known(found)
    domiciles = _domiciles({enterprise for enterprises in known.values() for enterprise in enterprises})
    enrol = _Enrolment(mapping)
    new: list[Enterprise] = []
    pairs: list[tuple[NamedEnterprise, Enterprise]] = []
    claimed: set[int] = set()
    for enterprise in found:
        if len(enterprise.legal) > LONGEST:
            built.too_long += 1
            continue
        place = built.places.enterprise_place(*enterprise.place)
        if enterprise.place[0] and not built.places.state(enterprise.place[0]):
            built.unplaced[enterprise.place[0]] += 1
        row = _same(enterprise, place, known, domiciles, claimed)
        if row is None:
            row = Enterprise(name=enterprise.legal, domicile_id=place, **enrol.of(place))
            new.append(row)
        else:
            claimed.add(row.pk)
        pairs.append((enterprise, row))
    Enterprise.objects.bulk_create(new, batch_size=BATCH)
    built.found, built.enterprises = len(pairs), len(new)
    grown = _write_aliases(pairs)
    built.names = len(grown)
    write_names({row.pk for row in new} | set(grown))
    for enterprise, row in pairs:
        built.by_id |= dict.fromkeys(enterprise.ids, row.pk)
    folded = {name for enterprise, _row in pairs for name in enterprise.folded}
    built.bearers = defaultdict(set)
    for name, enterprise_id, _kind in _search_names(folded):
        built.bearers[name].add(enterprise_id)


def _search_names(folded: set[str]) -> list[tuple[str, int, str]]:
    rows = SearchName.objects.filter(folded__in=folded, kind__in=_BEARING)
    return list(rows.values_list("folded", "enterprise_id", "kind"))


def _known(found: Sequence[NamedEnterprise]) -> dict[str, list[tuple[int, bool]]]:
    """Who bears these names already: (enterprise, is it the legal name), by folded name."""
    known: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for name, enterprise_id, kind in _search_names({name for enterprise in found for name in enterprise.folded}):
        known[name].append((enterprise_id, kind == SearchName.Kind.LEGAL))
    return known


def _domiciles(bearers: set[tuple[int, bool]]) -> dict[int, Enterprise]:
    return Enterprise.objects.in_bulk({enterprise_id for enterprise_id, _legal in bearers})


def _same(
    enterprise: NamedEnterprise,
    place: int | None,
    known: dict[str, list[tuple[int, bool]]],
    rows: dict[int, Enterprise],
    claimed: set[int],
) -> Enterprise | None:
    """The enterprise that is meant: of this legal name here, else of a former name here."""
    for name in (enterprise.legal, *enterprise.former):
        for enterprise_id, is_legal in known.get(fold(name), ()):
            row = rows[enterprise_id]
            if is_legal and row.domicile_id == place and row.pk not in claimed:
                return row
    for enterprise_id, _is_legal in known.get(fold(enterprise.legal), ()):
        row = rows[enterprise_id]
        if row.domicile_id == place and row.pk not in claimed:
            return row
    return None


class _Enrolment:
    """Enrolled by the authority that the mapping names, else by the one of the place."""

    def __init__(self, mapping: Mapping) -> None:
        self.is_wanted = mapping.enrols
        self.by: Authority | None = None
        self.jurisdiction = Jurisdiction.load()
        if mapping.enrolled_by:
            self.by = Authority.objects.filter(Q(name=mapping.enrolled_by) | Q(name_en=mapping.enrolled_by)).first()
            if self.by is None:
                raise MappingError(f"{mapping.path.name}: directory.enrolled_by: no authority {mapping.enrolled_by!r}")
        elif mapping.enrols and (mapping.enterprise_state is None):
            raise MappingError(f"{mapping.path.name}: directory.enrolled_by: is missing, as firms have no place")

    def of(self, place: int | None) -> dict[str, object]:
        by = self.by or (self.jurisdiction.with_power(place) if place is not None else None)
        if not self.is_wanted or by is None:
            return {"enrolment": Enterprise.Enrolment.NOT_ENROLLED}
        return {"enrolment": Enterprise.Enrolment.ENROLLED, "enrolled_by": by}


def _wanted_aliases(enterprise: NamedEnterprise, row: Enterprise) -> list[tuple[str, str]]:
    wanted = [(name, Alias.Kind.FORMER.value) for name in enterprise.former]
    wanted += [(name, Alias.Kind.ALIAS.value) for name in enterprise.alias]
    if fold(enterprise.legal) != fold(row.name):
        wanted.append((enterprise.legal, Alias.Kind.ALIAS.value))
    return [(name, kind) for name, kind in wanted if fold(name) != fold(row.name)]


def _write_aliases(pairs: Sequence[tuple[NamedEnterprise, Enterprise]]) -> list[int]:
    """Add the names that are missing; the enterprise of each new one."""
    there = {
        (enterprise_id, fold(name))
        for enterprise_id, name in Alias.objects.filter(enterprise__in=[row for _enterprise, row in pairs]).values_list(
            "enterprise_id", "name"
        )
    }
    new = []
    for enterprise, row in pairs:
        for name, kind in _wanted_aliases(enterprise, row):
            if (row.pk, fold(name)) not in there:
                there.add((row.pk, fold(name)))
                new.append(Alias(enterprise=row, name=name, kind=kind))
    Alias.objects.bulk_create(new, batch_size=BATCH)
    return [alias.enterprise_id for alias in new]
