"""A row of a foreign source becomes one filing request, or says which of its cells are bad.

Every cell of the row is judged before anything is given up, so that one pass over the errors file corrects the row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from complaints.procedure import categories
from complaints.procedure.filing_request import DemandRequest, FilingRequest, OnBehalf, RespondentRequest
from complaints.tables.importing.converting import Cells, Converter
from complaints.tables.importing.directory import BuiltDirectory
from complaints.tables.importing.mapping import AMOUNTS, DAYS, FLAGS, OWN_QUESTIONS, TEXTS, Mapping
from complaints.tables.importing.reading import BadCell, BadRow, BadRows, records
from enterprises.directory.spelling import fold_name

LONGEST_RESPONDENT = 200
MOST_SHOWN = 5
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A good row. ``by_number``: the respondent was found by the source's own number."""

    number: int
    request: FilingRequest
    by_number: bool


@dataclass(slots=True)
class DoubtfulRows:
    """Good rows that contradict themselves, by what is wrong: how many, and the first of them."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, number: int) -> None:
        self.count += 1
        if len(self.first) < MOST_SHOWN:
            self.first.append(number)


class RowReader:
    """Reads a file by its mapping, against the directory that was built from it."""

    def __init__(self, mapping: Mapping, built: BuiltDirectory) -> None:
        self.mapping = mapping
        self.built = built
        self.doubted: dict[str, DoubtfulRows] = {}

    def read(
        self, path: Path, *, now: datetime, bad: BadRows, limit: int | None = None
    ) -> Iterator[ImportedRow | None]:
        """Each row of the file: good, or None after its bad cells were told."""
        first_seen: dict[str, int] = {}
        for count, record in enumerate(records(path, self.mapping.shape, needed=self.mapping.columns)):
            if limit is not None and count >= limit:
                return
            if record.problem is not None:
                bad.add(BadRow.of(record.number, record.problem))
                yield None
                continue
            row, problems = self.row(record.number, record.cells, now=now)
            if row is not None:
                earlier = first_seen.setdefault(row.request.external_id, record.number)
                if earlier != record.number:
                    problems = [
                        BadCell(
                            self.mapping.values["external_id"].column,
                            row.request.external_id,
                            _("与第 %(row)s 行编号相同") % {"row": earlier},
                        )
                    ]
            for problem in problems:
                bad.add(BadRow.of(record.number, problem))
            if not problems:
                self._doubt(record.number, record.cells)
            yield None if problems else row

    def row(self, number: int, cells: Cells, *, now: datetime) -> tuple[ImportedRow | None, list[BadCell]]:
        """The request of one row, or all its bad cells."""
        mapping, problems = self.mapping, list[BadCell]()

        def tried(make: Callable[[], Value], otherwise: Value) -> Value:
            try:
                return make()
            except BadCell as problem:
                problems.append(problem)
                return otherwise

        values: dict[str, Any] = {
            name: tried(partial(self._value, name, converter, cells, now), None)
            for name, converter in mapping.values.items()
        }
        respondent, by_number = tried(partial(self._respondent, cells), (RespondentRequest(), False))
        region_id = tried(partial(self.built.places.of_row, mapping, cells), 0)
        nothing: tuple[DemandRequest, ...] = ()
        demands = tried(partial(self._demands, cells), nothing)
        consents = {name: tried(partial(c.flag, cells), None) for name, c in mapping.consents.items()}
        behalf = tried(partial(mapping.on_behalf.text, cells), "") if mapping.on_behalf else ""
        if problems:
            return None, problems
        values.setdefault("channel", "import")
        if not values.get("object_kind"):
            values["object_kind"] = categories.object_kind(values.get("object_category", ""))
        if values.get("disputed_on_is_approximate") is None:
            values.pop("disputed_on_is_approximate", None)
        answers = {code: values.pop(code) for code in OWN_QUESTIONS & values.keys()}
        request = FilingRequest(
            **values,
            answers={code: text for code, text in answers.items() if text},
            language=mapping.language,
            source=mapping.title,
            currency=mapping.currency,
            respondents=(respondent,),
            service_region_id=region_id,
            demands=demands,
            consents={name: given for name, given in consents.items() if given is not None},
            on_behalf=OnBehalf(kind=behalf or "self"),
            external_source=mapping.source,
            # What the source has as a rule, but not in this row.
            absent=mapping.absent if values.get("statement") else tuple(dict.fromkeys([*mapping.absent, "statement"])),
        )
        return ImportedRow(number, request, by_number), []

    def _value(self, name: str, converter: Converter, cells: Cells, now: datetime) -> Any:
        if name in TEXTS:
            return converter.text(cells, longest=TEXTS[name])
        if name in AMOUNTS:
            return converter.amount(cells)
        if name in DAYS:
            return converter.day(cells)
        if name in FLAGS:
            return converter.flag(cells)
        return converter.moment(cells, self.mapping.zone, now=now)

    def _doubt(self, number: int, cells: Cells) -> None:
        """A row that contradicts itself goes in as it stands, and is told."""
        for doubt in self.mapping.doubts:
            try:
                earlier, later = doubt.earlier.day(cells), doubt.later.day(cells)
            except BadCell as problem:
                self.doubted.setdefault(f"{problem.column} is no date", DoubtfulRows()).add(number)
                continue
            if earlier is not None and later is not None and later < earlier:
                what = f"{doubt.later.column} lies before {doubt.earlier.column}"
                self.doubted.setdefault(what, DoubtfulRows()).add(number)

    def _respondent(self, cells: Cells) -> tuple[RespondentRequest, bool]:
        """As the row names it. The source's number decides where the name leads nowhere or to several."""
        mapping, built = self.mapping, self.built
        named = mapping.name.text(cells, longest=LONGEST_RESPONDENT)
        if built.splitter.is_nobody(named):
            named = ""
        address = mapping.address.text(cells) if mapping.address else ""
        bearers = built.bearers.get(fold_name(named), set()) if named else set()
        by_number = built.by_id.get(cells[mapping.source_id]) if mapping.source_id else None
        enterprise_id = by_number if by_number is not None and len(bearers) != 1 else None
        respondent = RespondentRequest(
            enterprise_id=enterprise_id, named=named, address=address if named or enterprise_id else ""
        )
        return respondent, enterprise_id is not None

    def _demands(self, cells: Cells) -> tuple[DemandRequest, ...]:
        return tuple(
            DemandRequest(
                kind=one.kind.text(cells),
                amount=one.amount.amount(cells) if one.amount else None,
                note=one.note.text(cells, longest=400) if one.note else "",
            )
            for one in self.mapping.demands
        )
