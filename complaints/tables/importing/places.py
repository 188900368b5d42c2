"""Finds the place of a row in its country's tree, and grows the tree by the cities of a file.

A state must stand in the country's own table; a city is added under its state as
the file writes it. What cannot be placed is said, never moved somewhere else.
"""

import csv
import hashlib
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from authorities import loading
from authorities.models import Region
from authorities.tables import rows_of
from complaints.tables.importing.converting import Cells
from complaints.tables.importing.mapping import Mapping
from complaints.tables.importing.reading import BadCell
from enterprises.directory.spelling import fold_name

LONGEST_CODE = 24
LONGEST_NAME = 80
_HEADING = ("code", "name", "name_en", "level", "parent_code")


class Places:
    """The regions of one country by code; states also by name."""

    def __init__(self, country: str) -> None:
        self.country = country
        self.ids: dict[str, int] = {}
        self._states: dict[str, str] = {}
        self.read()

    def read(self) -> None:
        rows = Region.objects.filter(country=self.country).values_list("code", "id", "name", "name_en", "level")
        for code, region_id, name, name_en, level in rows:
            self.ids[code] = region_id
            if level == Region.Level.PROVINCE:
                for known in (code, code.removeprefix(f"{self.country}-"), name, name_en):
                    self._states[known.casefold()] = code
        self._states.pop("", None)

    def state(self, text: str) -> str:
        """The code of a state written by code or name; empty when there is none."""
        return self._states.get(text.strip().casefold(), "")

    def enterprise_place(self, state: str, city: str) -> int | None:
        """The most exact known place of an enterprise, or nothing."""
        state_code = self.state(state)
        return self.ids.get(city_code(state_code, city) or state_code)

    def of_row(self, mapping: Mapping, cells: Cells) -> int:
        """The region of a complaint; BadCell when the row names a place that does not exist."""
        if mapping.region_code:
            return self.ids[mapping.region_code]
        state = mapping.region_state.text(cells) if mapping.region_state else ""
        code = self.state(state)
        if not code:
            if mapping.region_otherwise:
                return self.ids[mapping.region_otherwise]
            column = mapping.region_state.column if mapping.region_state else ""
            raise BadCell(column, state, _("没有这个地区"))
        city = mapping.region_city.text(cells) if mapping.region_city else ""
        return self.ids.get(city_code(code, city)) or self.ids[code]


def city_code(state_code: str, city: str) -> str:
    """The code of a city in its state; empty for what is no name of a place."""
    folded = fold_name(city)
    if not state_code or len(city) > LONGEST_NAME or not any(c.isalpha() for c in folded):
        return ""
    if set(folded) <= {"x"}:
        return ""
    plain = unicodedata.normalize("NFKD", folded).upper()
    plain = "".join(c for c in plain if c.isalnum())
    code = f"{state_code}-{plain}"
    if len(code) <= LONGEST_CODE and plain:
        return code
    mark = hashlib.sha256(folded.encode()).hexdigest()[:6].upper()
    return f"{code[: LONGEST_CODE - 7]}-{mark}"


def load_country(mapping: Mapping, cities: Iterable[tuple[str, str]]) -> tuple[Places, int]:
    """The country's table, its authorities and the cities of a file; says how many are new.

    Everything that stands there already goes through the loader again with the new, so that the
    intervals of both are shared out together.
    """
    wanted: dict[str, tuple[str, str, str, str, str]] = {}
    known = Region.objects.filter(country=mapping.country).select_related("parent").order_by("id")
    for row in known:
        if row.parent is not None:
            parent = "" if row.parent.level == Region.Level.COUNTRY else row.parent.code
            wanted[row.code] = (row.code, row.name, row.name_en, row.level, parent)
    if mapping.regions is not None:
        for _line, cells in rows_of(
            mapping.regions, required=("code", "name", "level", "parent_code"), optional=("name_en",)
        ):
            wanted.setdefault(
                cells["code"], (cells["code"], cells["name"], cells["name_en"], cells["level"], cells["parent_code"])
            )
    before = len(wanted)
    states = {
        spelling.casefold(): code
        for code, name, name_en, level, _parent in wanted.values()
        if level == Region.Level.PROVINCE
        for spelling in (code, code.removeprefix(f"{mapping.country}-"), name, name_en)
        if spelling
    }
    for state, city in cities:
        state_code = states.get(state.strip().casefold(), "")
        code = city_code(state_code, city)
        if code:
            wanted.setdefault(code, (code, city.strip(), city.strip(), Region.Level.CITY, state_code))
    if len(wanted) > known.filter(parent__isnull=False).count():
        _load(wanted.values(), mapping.country)
    if mapping.authorities is not None:
        loading.load_authorities(mapping.authorities)
    return Places(mapping.country), len(wanted) - before


def _load(rows: Iterable[tuple[str, str, str, str, str]], country: str) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADING)
        writer.writerows(rows)
        file.flush()
        loading.load_regions(Path(file.name), country=country)
