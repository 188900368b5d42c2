"""The directory in the house chain: what authorities, enterprises, branches and brands are called, and by which credit
code an enterprise is known. A case is proved to concern the row of an id (columns.py); this says whose row that is.

A step ``directory`` says ``kind``, ``rows``, each an id and the values of ``COLUMNS`` (ids and credit codes as they
are, of names the SHA-256), and ``whole`` where these are all rows of the kind. The last word on a row wins. Whoever
writes such a row sends a signal; a change past the portal has no entry and is named."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from authorities.models import Authority
from complaints.models import Complaint, Engagement, HouseEntry
from complaints.record import house
from complaints.record.findings import Finding
from enterprises.models import Branch, Brand, Enterprise

STEP = "directory"
COLUMNS: dict[str, tuple[type[Model], tuple[str, ...]]] = {
    "authority": (Authority, ("region_id", "name", "name_en")),
    "enterprise": (Enterprise, ("uscc", "name", "name_en")),
    "branch": (Branch, ("enterprise_id", "name", "name_en")),
    "brand": (Brand, ("name", "name_en")),
}
#: Codes of the register, said as they are.
_PLAIN = frozenset({"uscc"})
#: Rows of one entry.
_PIECE = 500
Values = list[Any]


@dataclass(slots=True)
class Told:
    """What the house chain says: by kind, the values of each row by its id; and of which kinds it names every row."""

    rows: dict[str, dict[int, Values]] = field(default_factory=lambda: {kind: {} for kind in COLUMNS})
    whole: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, entries: Iterable[HouseEntry]) -> Told:
        told = cls()
        for entry in entries:
            kind = entry.data["kind"]
            told.rows[kind] |= {pk: values for pk, *values in entry.data["rows"]}
            if entry.data.get("whole"):
                told.whole.add(kind)
        return told


def told() -> Told:
    return Told.of(house.proven(STEP))


def note(ids: Mapping[str, Collection[int]], *, columns: Collection[str], now: datetime) -> None:
    """Entries about these rows (by kind), in the transaction that wrote them. Of a row that the chain knows only
    ``columns`` are taken as they stand: whoever changed another one past the portal is named all the same."""
    known = told()
    for kind, wanted in ids.items():
        there, before = _standing(kind, wanted), known.rows[kind]
        names = COLUMNS[kind][1]
        news = {
            pk: [new if name in columns else old for name, new, old in zip(names, values, before[pk], strict=True)]
            if pk in before
            else values
            for pk, values in there.items()
        }
        changed = [[pk, *values] for pk, values in news.items() if before.get(pk) != values]
        # The first rows of a kind are all of them where the portal began with this.
        begins = not before and COLUMNS[kind][0]._default_manager.count() == len(changed)
        _write(kind, changed, whole=begins, now=now)


def take_over(*, now: datetime) -> int:
    """Entries about every row that the chain does not know yet, as it stands; how many. From then on a row of which no
    entry speaks is named."""
    known, taken = told(), 0
    for kind in COLUMNS:
        if kind not in known.whole:
            rows = [[pk, *values] for pk, values in _standing(kind).items() if pk not in known.rows[kind]]
            taken += len(rows)
            _write(kind, rows, whole=True, now=now)
    return taken


def _write(kind: str, rows: list[list[Any]], *, whole: bool, now: datetime) -> None:
    for start in range(0, len(rows), _PIECE):
        is_last = start + _PIECE >= len(rows)
        data = {"kind": kind, "rows": rows[start : start + _PIECE]} | ({"whole": True} if whole and is_last else {})
        house.write(STEP, data, by="directory", now=now)


def _standing(kind: str, ids: Collection[int] | None = None) -> dict[int, Values]:
    model, names = COLUMNS[kind]
    rows = model._default_manager.order_by("pk")
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return {
        pk: [_said(name, value) for name, value in zip(names, values, strict=True)]
        for pk, *values in rows.values_list("pk", *names)
    }


def _said(name: str, value: Any) -> Any:
    if name in _PLAIN or not isinstance(value, str) or not value:
        return value or ""
    return hashlib.sha256(value.encode()).hexdigest()


def differences(case_id: int | None = None) -> Iterator[Finding]:
    """Rows that are not as the house chain says; of one case, those that it names. Codes ``column``, ``row_missing``,
    ``foreign``; the row is ``enterprise/<id>``."""
    known, asked = told(), None if case_id is None else _named_by(case_id)
    for kind, (_model, names) in COLUMNS.items():
        ids = None if asked is None else asked[kind]
        said = {pk: values for pk, values in known.rows[kind].items() if ids is None or pk in ids}
        there = _standing(kind, ids)
        for pk in sorted(said.keys() | there.keys()):
            row = f"{kind}/{pk}"
            if pk not in there:
                yield Finding("row_missing", row=row)
            elif pk not in said:
                if kind in known.whole:
                    yield Finding("foreign", row=row)
            else:
                for name, value, stands in zip(names, said[pk], there[pk], strict=True):
                    if value != stands:
                        yield Finding("column", row=row, column=name)


def _named_by(case_id: int) -> dict[str, set[int]]:
    case = Complaint.objects.get(pk=case_id)
    times = Engagement.objects.filter(complaint=case).values_list("enterprise_id", "branch_id")
    enterprises = {case.enterprise_id, case.picked_enterprise_id, *(one for one, _ in times)}
    branches = {case.branch_id, case.picked_branch_id, *(one for _, one in times)}
    found: dict[str, set[int | None]] = {
        "authority": {case.handling_authority_id},
        "enterprise": enterprises,
        "branch": branches,
        "brand": {case.picked_brand_id},
    }
    return {kind: {pk for pk in ids if pk is not None} for kind, ids in found.items()}


def names_written(*, ids: Collection[int], columns: Collection[str], **_signal: Any) -> None:
    """Receives what ``write_names`` sends (enterprises/directory/naming.py)."""
    brands = Brand.objects.filter(holdings__enterprise_id__in=ids).distinct()
    rows = {
        "enterprise": ids,
        "branch": list(Branch.objects.filter(enterprise_id__in=ids).values_list("pk", flat=True)),
        "brand": list(brands.values_list("pk", flat=True)),
    }
    note(rows, columns=columns, now=_now())


def authorities_loaded(*, ids: Collection[int], **_signal: Any) -> None:
    """Receives what ``load_authorities`` sends (authorities/loading.py)."""
    note({"authority": ids}, columns=(), now=_now())


def _now() -> datetime:
    """By the database: a signal says no time."""
    with connection.cursor() as cursor:
        cursor.execute("select statement_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at
