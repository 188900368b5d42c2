"""Write docs/permissions.md from permissions.csv, so that the page cannot say anything else.

The one rule: every cell is read from the file; an empty cell is what the gate refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.permissions import RELATIONS, STATUSES, Permission, rows_of
from odr_portal.checks import routes

PAGE = "docs/permissions.md"
_INTRO = """\
# Who may do what

Generated from `access/permissions.csv` by `manage.py write_permissions`; a test fails when the two differ.
The gate (`access/gate.py`) reads the same file before every page: an address without a line is shut for everybody,
and `manage.py check` names it. `tests/walls/` sweeps every address with every role, relation and status against it.

An empty cell is a refusal: sign-in without a session; with one, the answer for an address that does not exist, byte for
byte. `public` needs no session. Other cells say how the person must stand to what the address names; `(step)`: the
table of steps ([lifecycle.md](lifecycle.md)) says whether it is open, `409` the page says why not.
Everybody with an account but an administrator is a consumer too, at home.
Programs (`api:`) act as the person to whom their token was issued. Who left or was switched off is nobody.
"""
#: Heading, role that stands for the column, short name.
_COLUMNS = (
    ("anyone", "no session"),
    ("draft_holder", "key of a draft"),
    ("token_holder", "tracking token"),
    ("consumer", "consumer"),
    ("station", "station"),
    ("handler", "handler"),
    ("reviewer", "reviewer"),
    ("manager", "manager"),
    ("intake", "intake"),
    ("authority_handler", "officer"),
    ("approver", "approver"),
    ("analyst", "analyst"),
    ("system_admin", "system"),
    ("security_admin", "security"),
    ("audit_admin", "audit"),
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
    lines = [_INTRO, "| relation | the person, or the person's organisation, |", "|---|---|"]
    lines += [f"| {word} | {meaning} |" for word, meaning in RELATIONS.items()]
    lines += ["", "| address | | " + " | ".join(name for _role, name in _COLUMNS) + " |"]
    lines += ["|---" * (len(_COLUMNS) + 2) + "|"]
    for (action, *cells), names in _grouped().items():
        lines.append(f"| {', '.join(names)} | {action} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _grouped() -> dict[tuple[str, ...], list[str]]:
    """Addresses with the same cells stand in one line."""
    found: dict[tuple[str, ...], list[str]] = {}
    for address, action, cells in _lines():
        found.setdefault((action, *cells), []).append(address)
    return found


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
    said: dict[str, list[str]] = {}
    for row in rows:
        if role not in row.roles or action not in row.actions:
            continue
        more = {"steps": " (step)", "409": " 409", "404": " 404"}.get(row.verdict, "")
        if row.statuses != STATUSES:
            more += " at " + ", ".join(sorted(row.statuses))
        words = ["public"] if row.verdict == "public" else sorted(row.relations, key=_ORDER.index)
        said.setdefault(more, []).extend(words)
    return "; ".join(", ".join(dict.fromkeys(words)) + more for more, words in said.items())
