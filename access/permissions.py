"""Reads permissions.csv: who may do what to what.

The file is the list; what does not stand in it is refused (access/middleware.py), and
docs/permissions.md and the sweep of tests/walls are made from it.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from accounts.roles import Right, Role, roles_at
from complaints.procedure.workflow import TABLE, Status

FILE = Path(__file__).with_name("permissions.csv")
COLUMNS = ("resource", "action", "role", "relation", "status", "verdict")
ACTIONS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
#: `*`: what a page takes.
PAGE_ACTIONS = frozenset({"GET", "POST"})


def names_of(roles: Iterable[Role]) -> frozenset[str]:
    return frozenset(role.known_as for role in roles)


ENTERPRISE_ROLES, OFFICER_ROLES = names_of(roles_at("enterprise")), names_of(roles_at("authority"))
ADMINISTRATOR_ROLES = names_of(roles_at("platform"))
#: Somebody without a session who shows a key; which case it opens is known to the page alone.
KEY_ROLES = frozenset({"draft_holder", "token_holder"})
#: What a session stands for. A consumer is anybody with an account who is no administrator.
SESSION_ROLES = names_of(role for role in Role if role.post) | {"consumer"}
GROUPS: dict[str, frozenset[str]] = {
    "signed_in": SESSION_ROLES,
    "enterprise": ENTERPRISE_ROLES,
    "officer": OFFICER_ROLES,
    "administrator": ADMINISTRATOR_ROLES,
}
ROLES = frozenset({"anyone"}) | KEY_ROLES | SESSION_ROLES

#: How a person stands to what the address names, and which places of the world this covers.
RELATIONS: dict[str, str] = {
    "any": "the address names nothing that belongs to somebody",
    "own": "filed it, or it is about oneself, one's organisation or one's office",
    "party": "the enterprise has the case now, in this branch or one below it; headquarters: in any branch",
    "former": "the enterprise had the case and has it no longer",
    "jurisdiction": "the case is handled in the region of the office or in one below it",
}
STATUSES = frozenset(str(status) for status in Status)
#: public: no session needed. allow: yes. steps: yes, and complaints/procedure/workflow.py says whether the step
#: stands open (else 409, or back to the case). 409: known, but not this person's to do. 404: as if it were not there.
VERDICTS = frozenset({"public", "allow", "steps", "409", "404"})
_BRACES = re.compile(r"^(.*)\{([^{}]+)\}(.*)$")


class OddPermissions(Exception):
    """permissions.csv has a line that cannot be read."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One line for one address: `resource` is its name, `verdict` what these roles get there."""

    resource: str
    actions: frozenset[str]
    roles: frozenset[str]
    relations: frozenset[str]
    statuses: frozenset[str]
    verdict: str
    line: int

    @property
    def is_refusal(self) -> bool:
        return self.verdict in {"409", "404"}


@lru_cache(maxsize=1)
def permission_rows() -> tuple[Permission, ...]:
    """All lines of the file, checked, one for each address that they name."""
    with FILE.open(encoding="utf-8", newline="") as handle:
        lines = [(number, line) for number, line in enumerate(handle, start=1)]
    wanted = [(number, line) for number, line in lines if line.strip() and not line.startswith("#")]
    reader = csv.DictReader(line for _, line in wanted)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise OddPermissions(f"permissions.csv must have the columns {', '.join(COLUMNS)}.")
    rows: list[Permission] = []
    for (number, _), cells in zip(wanted[1:], reader, strict=True):
        if None in cells or None in cells.values():
            raise OddPermissions(f"permissions.csv line {number}: {len(COLUMNS)} cells are needed.")
        rows += _read({name: cells[name].strip() for name in COLUMNS}, number)
    return tuple(rows)


def _read(cells: dict[str, str], line: int) -> list[Permission]:
    actions = PAGE_ACTIONS if cells["action"] == "*" else _codes(cells["action"], ACTIONS, line)
    named = _codes(cells["role"], (*ROLES, *GROUPS, *Right, *TABLE), line)
    roles = frozenset[str]().union(*map(_roles, named))
    relations = _codes(cells["relation"], RELATIONS.keys(), line)
    statuses = STATUSES if cells["status"] == "any" else _codes(cells["status"], STATUSES, line)
    (verdict,) = _codes(cells["verdict"], VERDICTS, line, only_one=True)
    if (verdict == "public") != ("anyone" in roles):
        raise OddPermissions(f"permissions.csv line {line}: `anyone` and `public` go together.")
    if (roles & ENTERPRISE_ROLES and "jurisdiction" in relations) or (
        roles & OFFICER_ROLES and relations & {"party", "former"}
    ):
        raise OddPermissions(
            f"permissions.csv line {line}: enterprises are party or former, officers have jurisdiction; "
            "the officer who handles cases is called authority_handler."
        )
    return [
        Permission(resource, actions, roles, relations, statuses, verdict, line)
        for resource in _resources(cells["resource"])
    ]


def _roles(word: str) -> frozenset[str]:
    """The roles that this word of the file stands for: itself, those of a group, of a right, of a step of the table."""
    if word in ROLES:
        return frozenset({word})
    if word in GROUPS:
        return GROUPS[word]
    return names_of(TABLE[word].by if word in TABLE else Right(word).roles) & SESSION_ROLES


def _codes(cell: str, allowed: Iterable[str], line: int, *, only_one: bool = False) -> frozenset[str]:
    text = frozenset(cell.split("|"))
    if not text <= frozenset(allowed) or (only_one and len(text) != 1):
        raise OddPermissions(f"permissions.csv line {line}: {cell!r} is none of {', '.join(sorted(allowed))}.")
    return text


def _resources(cell: str) -> list[str]:
    """`a:b-{c|d}` is short for a:b-c and a:b-d; every name is still written down."""
    result = _BRACES.match(cell)
    if result is None:
        return [cell]
    before, inner, after = result.groups()
    return [f"{before}{word}{after}" for word in inner.split("|")]


@lru_cache(maxsize=512)
def rows_of(resource: str) -> tuple[Permission, ...]:
    """What the file says of one address; nothing for one that it does not know."""
    return tuple(row for row in permission_rows() if row.resource == resource)


def is_public(resource: str, action: str) -> bool:
    """True if a stranger without a session may call this address."""
    return any(row.verdict == "public" and action in row.actions for row in rows_of(resource))


def is_held_by_key(resource: str, action: str) -> bool:
    """True if the page itself looks for a key that stands for a session."""
    return any(row.roles & KEY_ROLES and action in row.actions for row in rows_of(resource))


def actions_for(resource: str, roles: frozenset[str]) -> frozenset[str]:
    """What somebody with these roles may at all call here: of some case, in some status.

    Includes what is answered with 409: that is the business of the page, which says why.
    """
    return frozenset[str]().union(
        *(
            row.actions
            for row in rows_of(resource)
            if row.verdict != "404" and (row.verdict == "public" or row.roles & roles)
        )
    )


def allows(resource: str, action: str, roles: frozenset[str]) -> bool:
    """Whether these roles get past the permission middleware; which case it is, the page asks `visible_to`."""
    return action in actions_for(resource, roles)
