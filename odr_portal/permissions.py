"""Reads permissions.csv: who may do what to what.

The one rule: the file is the list; a page that is not in it is a mistake, not a default.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("permissions.csv")
COLUMNS = ("resource", "action", "role", "relation", "status", "verdict")
ACTIONS = {"GET", "POST", "*"}
ROLES = {
    "anyone",
    "consumer",
    "enterprise",
    "officer",
    "intake",
    "handler",
    "approver",
    "analyst",
    "manager",
    "reviewer",
}
VERDICTS = {"public", "allow", "404", "409"}


class OddPermissions(Exception):
    """permissions.csv has a line that cannot be read."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One line: `resource` is the name of an address, `verdict` what this role gets."""

    resource: str
    action: str
    role: str
    relation: str
    status: str
    verdict: str


@lru_cache(maxsize=1)
def permission_rows() -> tuple[Permission, ...]:
    """All lines of the file, checked."""
    with FILE.open(encoding="utf-8", newline="") as handle:
        lines = [(number, line) for number, line in enumerate(handle, start=1)]
    numbers = [number for number, line in lines if line.strip() and not line.startswith("#")]
    reader = csv.DictReader(line for _, line in lines if line.strip() and not line.startswith("#"))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise OddPermissions(f"permissions.csv must have the columns {', '.join(COLUMNS)}.")
    rows = []
    for number, cells in zip(numbers[1:], reader, strict=False):
        if None in cells or None in cells.values():
            raise OddPermissions(f"permissions.csv line {number}: {len(COLUMNS)} cells are needed.")
        row = Permission(**{name: cells[name].strip() for name in COLUMNS})
        for value, allowed in ((row.action, ACTIONS), (row.role, ROLES), (row.verdict, VERDICTS)):
            if value not in allowed:
                raise OddPermissions(
                    f"permissions.csv line {number}: {value!r} is none of {', '.join(sorted(allowed))}."
                )
        rows.append(row)
    return tuple(rows)


def is_public(resource: str, action: str) -> bool:
    """True if a stranger without a session may call this address."""
    return any(
        row.resource == resource and row.action in {action, "*"} and row.verdict == "public"
        for row in permission_rows()
    )
