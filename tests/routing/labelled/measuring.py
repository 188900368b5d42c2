"""Routes the labelled rows of the public registers and compares with what was read by eye.

The directory is built without the labelled rows, so that a name is known only when
some other row bears it; labels say which enterprise is meant, never what the router did.
"""

import csv
import gzip
import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from complaints.models import Complaint
from complaints.tables.importing.batches import Batches, SourceConditions
from complaints.tables.importing.directory import BuiltDirectory, build_directory
from complaints.tables.importing.mapping import Mapping as SourceMapping
from complaints.tables.importing.mapping import read_mapping
from complaints.tables.importing.reading import BadRows
from complaints.tables.importing.rows import RowReader
from enterprises.directory.spelling import fold_name, grams_of
from enterprises.models import Enterprise, SearchName
from routing.forwarding.forwarding import sweep_filed
from tests import ROOT

HERE = Path(__file__).parent
SHARED = ROOT.parent / "shared" / "data"
MAPPINGS = Path("complaints/tables/importing/mappings")
#: The file that a directory is built from, its mapping, and the column that numbers a row.
SOURCES = {
    "wa_ag": ("wa_ag/cases_all.csv.gz", "business_name", "complaint_id"),
    "cfpb": ("cfpb/cfpb_sample_merged.csv", "Company", ""),
}
ALIKE = 0.75
Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Label:
    """A row and the enterprise that it means; ``meant`` is empty where nobody can tell."""

    file: str
    row: str
    stratum: str
    meant: str
    place: str
    also: tuple[str, ...]

    @property
    def source(self) -> str:
        return self.file.partition("/")[0]

    @property
    def is_for_writing(self) -> bool:
        """Rules are written on this half; figures are told of the other."""
        return hashlib.sha256(f"{self.file}:{self.row}".encode()).digest()[0] % 2 == 0

    @property
    def names(self) -> frozenset[str]:
        return frozenset(fold_name(name) for name in (self.meant, *self.also) if name)


def labels() -> list[Label]:
    with (HERE / "labels.csv").open(encoding="utf-8", newline="") as file:
        return [
            Label(r["file"], r["row"], r["stratum"], r["meant"], r["place"], tuple(filter(None, r["also"].split("|"))))
            for r in csv.DictReader(file)
        ]


@dataclass(slots=True)
class Score:
    """``kept``: a person decides, though the enterprise stands in the directory; ``absent``: a person decides, as the
    enterprise is in no other row; ``nobody``: as nobody can tell.
    """

    counts: Counter[str] = field(default_factory=Counter)
    slips: list[str] = field(default_factory=list)

    def __getitem__(self, verdict: str) -> int:
        return self.counts[verdict]

    @property
    def precision(self) -> float:
        return self["right"] / max(self["right"] + self["wrong"], 1)

    @property
    def recall(self) -> float:
        """Of the rows whose enterprise stands in the directory."""
        return self["right"] / max(self["right"] + self["kept"] + self["missed"], 1)


def measure(source: str, wanted: Sequence[Label], folder: Path, *, now: datetime, near_only: bool) -> dict[bool, Score]:
    """File and forward the labelled rows of a source, and judge where each of them went.

    Twice: by the name alone, and with the source's own number where it has one.
    """
    mapping = read_mapping(MAPPINGS / f"{source}.toml")
    every = _rows(source)
    rows = _labelled(every, [label for label in wanted if label.source == source])
    file = _written(rows.values(), folder / "labelled.csv")
    built = build_directory(_others(source, every, rows, folder, near_only=near_only), mapping)
    numbers = dict(built.by_id)
    scores = {}
    for by_number in (False, True) if numbers else (False,):
        built.by_id.clear()
        built.by_id.update(numbers if by_number else {})
        with transaction.atomic():
            scores[by_number] = _filed(file, rows, mapping, built, now=now)
            transaction.set_rollback(True)
    return scores


def _filed(
    file: Path, rows: Collection[Label], mapping: SourceMapping, built: BuiltDirectory, *, now: datetime
) -> Score:
    with BadRows(None) as bad:
        results = list(RowReader(mapping, built).read(file, now=now, bad=bad))
        assert bad.rows == 0, bad.first
        Batches(
            source=mapping.source,
            forward=sweep_filed,
            bad=bad,
            clock=lambda: now,
            is_stopped=lambda: False,
            progress=lambda tally: None,
            conditions=SourceConditions(country=mapping.country, zone=mapping.zone, dated=False),
        ).run(results)
    cases = {
        case.external_id: case
        for case in Complaint.objects.filter(external_source=mapping.source).select_related("enterprise__domicile")
    }
    score = Score()
    for label, row in zip(rows, results, strict=True):
        _judge(label, cases[row.request.external_id], score)
    return score


def _labelled(every: Sequence[tuple[str, Cells]], wanted: Collection[Label]) -> dict[Label, Cells]:
    by_row = {label.row: label for label in wanted}
    return {by_row[key]: cells for key, cells in every if key in by_row}


def _rows(source: str) -> list[tuple[str, Cells]]:
    name, _column, key = SOURCES[source]
    opened = gzip.open if name.endswith(".gz") else open
    with opened(SHARED / name, "rt", encoding="utf-8", newline="") as file:
        return [(cells[key] if key else str(number), cells) for number, cells in enumerate(csv.DictReader(file), 1)]


def _others(
    source: str, every: Sequence[tuple[str, Cells]], labelled: Mapping[Label, Cells], folder: Path, *, near_only: bool
) -> Path:
    """Every other row; ``near_only``: one for each name that is like a labelled one, or shares its number."""
    _name, column, _key = SOURCES[source]
    taken = {label.row for label in labelled}
    rows = [cells for key, cells in every if key not in taken]
    if near_only:
        one_each = {tuple(cells.get(c) for c in (column, "business_id", "business_city")): cells for cells in rows}
        numbers = {cells["business_id"] for cells in labelled.values() if "business_id" in cells}
        near = _near({cells[column] for cells in labelled.values()}, {cells[column] for cells in one_each.values()})
        rows = [c for c in one_each.values() if c[column] in near or c.get("business_id") in numbers]
    return _written(rows, folder / "others.csv")


def _near(names: Collection[str], others: Collection[str]) -> set[str]:
    wanted = [set(grams_of(folded)) for name in names if (folded := fold_name(name))]
    holding: dict[str, list[int]] = defaultdict(list)
    for place, grams in enumerate(wanted):
        for gram in grams:
            if len(gram) == 2:
                holding[gram].append(place)
    results = set()
    for other in others:
        grams = {gram for gram in grams_of(fold_name(other)) if len(gram) == 2}
        shared = Counter(place for gram in grams for place in holding.get(gram, ()))
        if any(count >= ALIKE * min(len(grams), len(wanted[place])) for place, count in shared.most_common(1)):
            results.add(other)
    return results


def _written(rows: Collection[Cells], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(next(iter(rows))))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _judge(label: Label, case: Complaint, score: Score) -> None:
    is_known = any(
        _is_meant(label, enterprise)
        for enterprise in Enterprise.objects.select_related("domicile").filter(
            pk__in=SearchName.objects.filter(folded__in=label.names).values("enterprise_id")
        )
    )
    if case.enterprise is None:
        verdict = "kept" if is_known else "absent" if label.meant else "nobody"
    elif _is_meant(label, case.enterprise):
        verdict = "right"
    else:
        verdict = "wrong"
        score.counts["missed"] += is_known
    score.counts[verdict] += 1
    if verdict in ("wrong", "kept"):
        where = case.enterprise or case.reason
        path = f"{verdict}: {label.file}:{label.row} “{case.respondent_named}” → {where}; meant {label.meant or '?'}"
        score.slips.append(path)


def _is_meant(label: Label, enterprise: Enterprise) -> bool:
    if not label.names & set(
        SearchName.objects.filter(enterprise=enterprise, kind__in=("legal", "former", "alias")).values_list(
            "folded", flat=True
        )
    ):
        return False
    return (
        not label.place or enterprise.domicile is None or fold_name(enterprise.domicile.name) == fold_name(label.place)
    )
