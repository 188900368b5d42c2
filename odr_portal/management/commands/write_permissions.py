"""Write docs/permissions.md from accounts/roles.py and permissions.csv, so that the page cannot say anything else.

Every cell is read from there; an empty cell is what the permission middleware refuses.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.permissions import RELATIONS, SESSION_ROLES, STATUSES, Permission, rows_of
from accounts.roles import GIVES, Right, Role
from odr_portal.checks import routes

PAGE = "docs/permissions.md"
_INTRO = """\
# Who may do what

Generated from `accounts/roles.py` and `access/permissions.csv` by `manage.py write_permissions`; a test fails when they
differ.
The permission middleware (`access/middleware.py`) reads the same file before every page: an address without a line is
shut for everybody,
and `manage.py check` names it. `tests/walls/` sweeps every address with every role, relation and status against it.

An empty cell is a refusal: sign-in without a session; with one, the answer for an address that does not exist, byte for
byte. `public` needs no session. Other cells say how the person must stand to what the address names; `(step)`: the
table of steps ([lifecycle.md](lifecycle.md)) says who takes the step and whether it is open; `409`: the page says why
not.
Everybody with an account but an administrator is a consumer too, at home.
Programs (`api:`) act as the person to whom their token was issued. Who left or was switched off is nobody.
"""
#: Heading, role that stands for the column, short name.
_COLUMNS = (
    ("anyone", "no session"),
    ("draft_holder", "key of a draft"),
    ("token_holder", "tracking token"),
    *((role.known_as, str(role)) for role in Role if role.known_as in SESSION_ROLES),
)
_ORDER = ("public", "own", "any", "party", "former", "jurisdiction")


class Command(BaseCommand):
    help = "Write docs/permissions.md from access/permissions.csv."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only say whether the page is up to date.")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        page, text = path(), permissions_page()
        if check:
            if not page.exists() or page.read_text(encoding="utf-8") != text:
                raise CommandError(f"{PAGE} is not what permissions.csv says: run manage.py write_permissions")
            return
        page.write_text(text, encoding="utf-8")
        self.stdout.write(f"{PAGE} written")


def path() -> Path:
    return Path(settings.ROOT) / PAGE


def permissions_page() -> str:
    """The whole page."""
    lines = [_INTRO, "## Roles", "", "| role | works at | given by |", "|---|---|---|"]
    lines += [f"| {role} | {role.side} | {_givers(role)} |" for role in Role if role.post]
    lines += ["", "## What only some may do, beside steps", "", "| right | who |", "|---|---|"]
    lines += [f"| {right} | {', '.join(role for role in Role if role in right.roles)} |" for right in Right]
    lines += ["", "## Addresses", "", "| relation | the person, or the person's organisation, |", "|---|---|"]
    lines += [f"| {word} | {meaning} |" for word, meaning in RELATIONS.items()]
    lines += ["", "| address | | " + " | ".join(name for _role, name in _COLUMNS) + " |"]
    lines += ["|---" * (len(_COLUMNS) + 2) + "|"]
    same: dict[tuple[str, ...], list[str]] = {}
    for address, action, cells in _lines():
        same.setdefault((action, *cells), []).append(address)
    for (action, *cells), names in same.items():
        lines.append(f"| {', '.join(names)} | {action} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _givers(role: Role) -> str:
    """Who gives this role, and where."""
    where: dict[Role, list[str]] = {}
    for (giver, place), given in GIVES.items():
        if role in given:
            where.setdefault(giver, []).append(place)
    return "; ".join(f"{giver} ({', '.join(places)})" for giver, places in where.items())


def _lines() -> Iterator[tuple[str, str, list[str]]]:
    for name, pattern, _view in routes():
        rows = rows_of(name)
        by_action = {
            action: [_cell(rows, role, action) for role, _name in _COLUMNS]
            for action in ("GET", "POST", "PUT", "PATCH", "DELETE")
        }
        by_action = {action: cells for action, cells in by_action.items() if any(cells)}
        if len(by_action) == 2 and by_action.get("GET") == by_action.get("POST"):
            by_action = {"GET POST": by_action["GET"]}
        for action, cells in by_action.items():
            yield f"`{pattern}`", action, cells


def _cell(rows: tuple[Permission, ...], role: str, action: str) -> str:
    values: dict[str, list[str]] = {}
    for row in rows:
        if role not in row.roles or action not in row.actions:
            continue
        more = {"steps": " (step)", "409": " 409", "404": " 404"}.get(row.verdict, "")
        if row.statuses != STATUSES:
            more += " at " + ", ".join(sorted(row.statuses))
        texts = ["public"] if row.verdict == "public" else sorted(row.relations, key=_ORDER.index)
        values.setdefault(more, []).extend(texts)
    return "; ".join(", ".join(dict.fromkeys(texts)) + more for more, texts in values.items())
