"""The lists of the sectors' files as tables: what a case may be about, ask for and come from."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models

from complaints.procedure.sector_files import Kind, Sector, sectors
from database.code_lists import ListedCode, fill


class OfSector(ListedCode):
    """``sector``: whose file has it, the code of complaints/procedure/sectors/; empty where no file has it any more."""

    sector = models.CharField(max_length=30, blank=True, default="", db_default="")

    class Meta(ListedCode.Meta):
        abstract = True


class Category(OfSector):
    """What was bought or used. The empty code: not said."""


class ProblemKind(OfSector):
    """What went wrong. The empty code: not said, or any."""


class DemandKind(OfSector):
    """What the consumer asks for."""


class CauseKind(OfSector):
    """Why it came to a complaint, in the enterprise's own eyes."""


#: Name of the model → its lines in the file of a sector.
LISTS: dict[str, Callable[[Sector], Iterable[Kind]]] = {
    "Category": lambda sector: sector.categories,
    "ProblemKind": lambda sector: sector.problem_kinds,
    "DemandKind": lambda sector: sector.demands,
    "CauseKind": lambda sector: sector.causes,
}
#: The lists that have the empty code: a case need not say what it is about.
MAY_BE_EMPTY = ("Category", "ProblemKind")


def rows(name: str) -> list[dict[str, Any]]:
    """What the table of this model holds by the files of the sectors."""
    nothing = [{"code": "", "sector": "", "is_active": False}] if name in MAY_BE_EMPTY else []
    return nothing + [
        {"code": kind.code, "sector": sector.code, "is_active": kind.is_active}
        for sector in sectors()
        for kind in LISTS[name](sector)
    ]


def fill_lists(apps: Any, *, using: str) -> None:
    """Fills each table; `apps`: the models as they are, or as they were at a migration."""
    for name in LISTS:
        fill(apps.get_model("complaints", name), rows(name), using=using)
