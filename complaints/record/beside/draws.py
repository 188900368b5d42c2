"""The draws of call-backs in the house chain: the digest of a month's seed before the month, and after it the seed and
every case of the sample. Whoever takes a case out of a sample past the portal, or puts one in, is named."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from complaints.models import CallBack, CallBackMonth
from complaints.record import house
from complaints.record.findings import Finding

SEALED, DRAWN = "call_backs_sealed", "call_backs_drawn"
#: Columns of a month that the entry of its draw says, beside the seed's digest.
_OF_THE_DRAW = ("seed", "population", "population_digest", "drawn")


def note_sealed(month: CallBackMonth, *, now: datetime) -> None:
    """In the transaction that writes the row."""
    house.write(SEALED, {"month": str(month.month), "commitment": month.commitment}, by="system", now=now)


def note_drawn(month: CallBackMonth, *, now: datetime) -> None:
    """The whole sample, in the transaction that shows the seed."""
    rows = CallBack.objects.filter(month=month).order_by("complaint__number")
    data: dict[str, Any] = {name: getattr(month, name) for name in ("commitment", *_OF_THE_DRAW)}
    data["cases"] = [list(row) for row in rows.values_list("complaint__number", "why", "share", "authority_id")]
    house.write(DRAWN, {"month": str(month.month)} | data, by="system", now=now)


def differences(number: str = "") -> Iterator[Finding]:
    """What is not as the draws went, of all or of one case: ``sample 2026-10`` of a case, or of the month itself. Codes
    ``column``, ``row_missing``, ``foreign``. Months from before there were entries are compared with nothing."""
    told: dict[str, dict[str, Any]] = {}
    entries = house.proven(SEALED, DRAWN)
    for entry in entries:
        # The first word on the digest of the seed stands.
        told[entry.data["month"]] = entry.data | told.get(entry.data["month"], {})
    if not told:
        return
    # A month that was sealed before there were entries has one of its draw alone.
    first = min((entry.data["month"] for entry in entries if entry.step == SEALED), default="~")
    months = {str(row.month): row for row in CallBackMonth.objects.filter(month__gte=date.fromisoformat(min(told)))}
    for month in sorted(told.keys() | months.keys()):
        said, row, name = told.get(month), months.get(month), f"sample {month[:7]}"
        if row is None:
            yield Finding("row_missing", row=name)
            continue
        if said is None:
            if month >= first:
                yield Finding("foreign", row=name)
            continue
        drawn = _OF_THE_DRAW if "cases" in said else ()
        for column in ("commitment", *drawn) if not number else ():
            if getattr(row, column) != said[column]:
                yield Finding("column", row=name, column=column)
        if drawn and not number and hashlib.sha256(bytes.fromhex(said["seed"])).hexdigest() != said["commitment"]:
            yield Finding("column", row=name, column="seed")
        if not drawn and row.drawn_at is not None and not number:
            yield Finding("column", row=name, column="drawn_at")
        if drawn:
            yield from _sample(row, said["cases"], number=number)


def _sample(month: CallBackMonth, cases: Collection[list[Any]], *, number: str) -> Iterator[Finding]:
    name = f"sample {month.month:%Y-%m}"
    rows = CallBack.objects.filter(month=month)
    if number:
        rows = rows.filter(complaint__number=number)
    columns = ("why", "share", "authority_id")
    there = {case: values for case, *values in rows.values_list("complaint__number", *columns)}
    said = {case: values for case, *values in cases if number in ("", case)}
    for case in sorted(said.keys() | there.keys()):
        if case not in there or case not in said:
            yield Finding("row_missing" if case in said else "foreign", case, row=name)
            continue
        for column, value, stands in zip(columns, said[case], there[case], strict=True):
            if value != stands:
                yield Finding("column", case, row=name, column=column)
