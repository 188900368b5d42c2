"""Verifies the house chain, and takes from it what may be gone: erased, or moved to the archive."""

import json
from typing import Any

from django.db import DatabaseError

from accounts.keys import tags
from complaints.record import house
from complaints.record.findings import Finding, Report
from complaints.record.record import TAG_KIND, chained
from complaints.record.walking import fetched, hashed_stamp

Said = dict[int, dict[str, Any]]

_HOUSE = "select sequence, step, at::text, previous_hash, hash, tag, body from complaints_houseentry order by sequence"


def said_by(report: Report, *steps: str) -> dict[str, Said]:
    """Checks the house chain; what its entries of these steps say by their sequence, as far as nothing is wrong with
    them."""
    told: dict[str, Said] = {step: {} for step in steps}
    sequence, previous = 0, b""
    try:
        rows = fetched(_HOUSE)
    except (DatabaseError, UnicodeDecodeError) as error:
        report.add(Finding("unreadable", house.NAME, row="chain", detail=type(error).__name__))
        return told
    for nth, step, at, before, digest, tag, body in rows:
        report.missing(house.NAME, house.NAME, sequence + 1, nth)
        before, digest = bytes(before), bytes(digest)
        wrong = [
            code
            for code, is_wrong in (
                ("not_in_order", before != previous if nth == sequence + 1 else nth <= sequence),
                ("hash", chained(before, body) != digest),
                ("tag", not tags.is_tagged(TAG_KIND, digest, bytes(tag))),
            )
            if is_wrong
        ]
        said = _house_said(body)
        if said is None:
            wrong.append("unreadable")
        for code in wrong:
            report.add(Finding(code, house.NAME, house.NAME, nth, "entry"))
        if said is not None:
            for column, value in (("sequence", nth), ("step", step), ("written", hashed_stamp(at))):
                if said[column] != value:
                    report.add(Finding("column", house.NAME, house.NAME, nth, "entry", column))
            if not set(wrong) - {"not_in_order"} and said["step"] in told:
                told[said["step"]][nth] = said["data"]
        sequence, previous = nth, digest
    return told


def _house_said(body: str) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
        fits = isinstance(said["data"], dict) and said["case"] == said["audience"] == house.NAME
        return said if fits and isinstance(said["step"], str) and isinstance(said["written"], str) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
