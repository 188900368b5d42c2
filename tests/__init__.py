"""The tests, in the folders of the code that they are about."""

from collections.abc import Container
from pathlib import Path
from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)
#: The project's folder.
ROOT = Path(__file__).resolve().parent.parent
#: Seconds that a test waits for something to happen: only what never happens uses them up, not a busy machine.
PATIENCE = 300
#: The packages that the portal is made of.
APPS = (
    "access",
    "accounts",
    "api",
    "authorities",
    "complaints",
    "database",
    "demo",
    "enterprises",
    "odr_portal",
    "oversight",
    "routing",
    "web",
)


def reloaded(row: Row) -> Row:
    """The row as it stands in the database now."""
    row.refresh_from_db()
    return row


def missing_in(where: Container[Any], *parts: Any) -> list[Any]:
    return [part for part in parts if part not in where]


def found_in(where: Container[Any], *parts: Any) -> list[Any]:
    return [part for part in parts if part in where]
