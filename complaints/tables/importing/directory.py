"""Builds the directory of enterprises out of the names in a source's own file.

Names are one enterprise when the source gives them one number, or when they are the same (legal form apart) at the same
place. What stands in the directory already is only added to, so that an authority's later decision outlives an import.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority
from complaints.tables.importing.mapping import Mapping, MappingError, NameRules
from complaints.tables.importing.places import Places, load_country
from complaints.tables.importing.reading import BadCell, records
from enterprises.directory.naming import write_names
from enterprises.directory.spelling import LONGEST, fold_name
from enterprises.models import Alias, Enterprise, SearchName

#: A slash between single letters or figures (c/o, 24/7) does not part two names.
_SLASH = r"(?<!\b\w){0}(?!\w\b)(?!\d)"
Item = TypeVar("Item")
_EDGES = " \t,;:/-–.\"'"


@dataclass(frozen=True, slots=True)
class WrittenName:
    head: str
    former: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()


@dataclass(slots=True)
class Mention:
    """How often a source's number stands beside each name and place."""

    names: Counter[str] = field(default_factory=Counter)
    places: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class NamedEnterprise:
    """What will be one enterprise. ``place``: (state, city) as the source writes it."""

    legal: str
    former: tuple[str, ...]
    alias: tuple[str, ...]
    place: tuple[str, str]
    ids: tuple[str, ...]

    @property
    def folded(self) -> set[str]:
        return {fold_name(name) for name in (self.legal, *self.former, *self.alias)}


class Splitter:
    def __init__(self, naming: NameRules) -> None:
        self.naming = naming
        marks = sorted((*naming.former, *naming.alias), key=len, reverse=True)
        alternatives = "|".join(re.escape(mark) for mark in marks)
        self._marks = re.compile(rf"[\s(/]+({alternatives})[.:]?\s+", re.IGNORECASE) if marks else None
        self._former = {mark.casefold() for mark in naming.former}
        self._split = re.compile(_SLASH.format(re.escape(naming.split))) if naming.split else None
        forms = "|".join(re.escape(form) for form in sorted(naming.legal_forms, key=len, reverse=True))
        self._forms = re.compile(rf"[\s,]+(?:{forms})\.?$", re.IGNORECASE) if forms else None

    def is_nobody(self, text: str) -> bool:
        """Blank, or one of the words by which the source says that it does not know."""
        plain = text.strip().casefold()
        return not fold_name(plain) or any(
            plain == word or (word.endswith("*") and plain.startswith(word[:-1])) for word in self.naming.nobody
        )

    def core(self, name: str) -> str:
        """The folded name without its legal form."""
        while self._forms is not None and (shorter := self._forms.sub("", name)) not in ("", name):
            name = shorter
        return fold_name(name)

    def names(self, text: str) -> WrittenName:
        pieces = self._marks.split(text) if self._marks else [text]
        heads = self._parts(pieces[0])
        former: list[str] = []
        alias = list(heads[1:])
        for mark, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            (former if mark.casefold() in self._former else alias).extend(self._parts(piece))
        head = heads[0] if heads else text
        if fold_name(head) != fold_name(text):
            # As it is written in the source, so that it is found as it is written.
            alias.append(text)
        return WrittenName(head, tuple(former), tuple(alias))

    def _parts(self, text: str) -> list[str]:
        parts = [part.strip(_EDGES) for part in self._split.split(text)] if self._split else [text]
        parts = [part for part in parts if part]
        if any(len(fold_name(part)) < 3 for part in parts):
            parts = [text.strip(_EDGES)]
        closed = (part[:-1] if part.endswith(")") and "(" not in part else part for part in parts)
        return [part for part in closed if not self.is_nobody(part)]


def enterprises(
    mentions: MappingType[str, Mention], nameless: Iterable[tuple[str, str, str, int]], splitter: Splitter
) -> list[NamedEnterprise]:
    """Every enterprise of a source, by name; ``nameless``: names without a number, as (name, state, city, rows)."""
    merged: dict[tuple[str, tuple[str, str]], tuple[Mention, list[str]]] = {}

    def join(mention: Mention, source_id: str) -> None:
        place = _most(mention.places) or ("", "")
        legal = _sorted_out(mention.names, splitter)[0]
        key = (splitter.core(legal), (place[0].casefold(), fold_name(place[1])))
        known, ids = merged.setdefault(key, (Mention(), []))
        known.names.update(mention.names)
        known.places.update(mention.places)
        if source_id:
            ids.append(source_id)

    for source_id, mention in sorted(mentions.items()):
        if mention.names:
            join(mention, source_id)
    by_name: dict[tuple[str, str, str], Mention] = defaultdict(Mention)
    for name, state, city, rows in nameless:
        one = by_name[splitter.core(splitter.names(name).head), state.casefold(), fold_name(city)]
        one.names[name] += rows
        one.places[state, city] += rows
    for mention in by_name.values():
        join(mention, "")
    results = []
    for mention, ids in merged.values():
        legal, former, alias = _sorted_out(mention.names, splitter)
        results.append(NamedEnterprise(legal, former, alias, _most(mention.places) or ("", ""), tuple(ids)))
    return sorted(results, key=lambda enterprise: (fold_name(enterprise.legal), enterprise.place))


def _sorted_out(names: Counter[str], splitter: Splitter) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """(legal, former, other): the commonest first name that is nobody's former or other name."""
    heads: Counter[str] = Counter()
    former: dict[str, str] = {}
    alias: dict[str, str] = {}
    for text, rows in sorted(names.items()):
        parts = splitter.names(text)
        heads[parts.head] += rows
        former |= {fold_name(name): name for name in parts.former}
        alias |= {fold_name(name): name for name in parts.alias}
    free = Counter({head: rows for head, rows in heads.items() if fold_name(head) not in former | alias})
    legal = _most(free) or _most(heads) or ""
    taken = {fold_name(legal), ""}
    for head in sorted(heads):
        if fold_name(head) not in taken | former.keys():
            alias.setdefault(fold_name(head), head)
    kept_former = {key: name for key, name in former.items() if key not in taken and len(name) <= LONGEST}
    kept_alias = {
        key: name for key, name in alias.items() if key not in taken | kept_former.keys() and len(name) <= LONGEST
    }
    return legal, tuple(sorted(kept_former.values())), tuple(sorted(kept_alias.values()))


def _most(counted: Counter[Item]) -> Item | None:
    """The commonest; of equals the first in order, so that every run agrees."""
    return min(counted, key=lambda one: (-counted[one], str(one)), default=None)


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
class BuiltDirectory:
    """What came of it, and what filing needs: who bears which number and name."""

    places: Places
    splitter: Splitter
    rows: int = 0
    cities: int = 0
    named: int = 0
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


def build_directory(path: Path, mapping: Mapping) -> BuiltDirectory:
    """Read the whole file once, then write regions, authorities, enterprises and names: all or nothing."""
    splitter = Splitter(mapping.naming)
    seen = _read(path, mapping, splitter)
    with transaction.atomic():
        places, cities = load_country(mapping, seen.cities)
        for key, code in (("region.code", mapping.region_code), ("region.otherwise", mapping.region_otherwise)):
            if code and code not in places.ids:
                raise MappingError(f"{mapping.path.name}: {key}: no region {code!r}")
        built = BuiltDirectory(places, splitter, rows=seen.rows, cities=cities)
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


def _write(results: Sequence[NamedEnterprise], mapping: Mapping, built: BuiltDirectory) -> None:
    known = _known(results)
    domiciles = Enterprise.objects.in_bulk({pk for bearers in known.values() for pk, _legal in bearers})
    enrol = _Enrolment(mapping)
    new: list[Enterprise] = []
    pairs: list[tuple[NamedEnterprise, Enterprise]] = []
    claimed: set[int] = set()
    for enterprise in results:
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
    built.named, built.enterprises = len(pairs), len(new)
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


def _known(results: Sequence[NamedEnterprise]) -> dict[str, list[tuple[int, bool]]]:
    """Who bears these names already: (enterprise, is it the legal name), by folded name."""
    known: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for name, enterprise_id, kind in _search_names({name for enterprise in results for name in enterprise.folded}):
        known[name].append((enterprise_id, kind == SearchName.Kind.LEGAL))
    return known


def _same(
    enterprise: NamedEnterprise,
    place: int | None,
    known: dict[str, list[tuple[int, bool]]],
    rows: dict[int, Enterprise],
    claimed: set[int],
) -> Enterprise | None:
    """The enterprise that is meant: of this legal name here, else of a former name here."""
    for name in (enterprise.legal, *enterprise.former):
        for enterprise_id, is_legal in known.get(fold_name(name), ()):
            row = rows[enterprise_id]
            if is_legal and row.domicile_id == place and row.pk not in claimed:
                return row
    for enterprise_id, _is_legal in known.get(fold_name(enterprise.legal), ()):
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
    if fold_name(enterprise.legal) != fold_name(row.name):
        wanted.append((enterprise.legal, Alias.Kind.ALIAS.value))
    return [(name, kind) for name, kind in wanted if fold_name(name) != fold_name(row.name)]


def _write_aliases(pairs: Sequence[tuple[NamedEnterprise, Enterprise]]) -> list[int]:
    """Add the names that are missing; the enterprise of each new one."""
    there = {
        (enterprise_id, fold_name(name))
        for enterprise_id, name in Alias.objects.filter(enterprise__in=[row for _enterprise, row in pairs]).values_list(
            "enterprise_id", "name"
        )
    }
    new = []
    for enterprise, row in pairs:
        for name, kind in _wanted_aliases(enterprise, row):
            if (row.pk, fold_name(name)) not in there:
                there.add((row.pk, fold_name(name)))
                new.append(Alias(enterprise=row, name=name, kind=kind))
    Alias.objects.bulk_create(new, batch_size=BATCH)
    return [alias.enterprise_id for alias in new]
