"""Posters and counter cards: what their code leads to, and how many complaints each of them brought.

Whose poster it is, which form it has and where it hangs stand in the code itself, so the complaint keeps
all of it as its source; a code that says something else is an ordinary one of the same owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from complaints.models import Complaint
from complaints.procedure.workflow import Status
from database.row_security import working_as_steps

#: The sheet for a wall, and the card for a counter.
A4, A6 = "a4", "a6"
FORMS = (A4, A6)
#: What a source begins with that came from a code.
SOURCE = "go-"
_MARK = re.compile(r"(a4|a6)(?:b([1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True)
class Poster:
    """``owner``: the code of an enterprise or station; ``form`` is empty for the bare code; ``branch_id``: where it
    hangs.
    """

    owner: str
    form: str = ""
    branch_id: int | None = None

    @property
    def code(self) -> str:
        """As it stands in the address /go/<code>/."""
        mark = f".{self.form}" if self.form else ""
        return f"{self.owner}{mark}{f'b{self.branch_id}' if self.form and self.branch_id else ''}"

    @property
    def source(self) -> str:
        return f"{SOURCE}{self.code}"


def read(code: str) -> Poster:
    """What a code says; an unknown mark is left out."""
    owner, _dot, mark = code.partition(".")
    said = _MARK.fullmatch(mark.lower())
    return Poster(owner, said[1], int(said[2]) if said[2] else None) if said else Poster(owner)


def of_source(source: str) -> Poster | None:
    return read(source.removeprefix(SOURCE)) if source.startswith(SOURCE) else None


def brought(cases: QuerySet[Complaint], *, since: datetime, owner: str = "") -> dict[Poster, int]:
    """Complaints by poster, of one owner or of all, as far as ``cases`` reach. One statement over an index of
    sources."""
    # "." and what follows it sort between the code and the code with "/" behind it.
    first, last = (f"{SOURCE}{owner}", f"{SOURCE}{owner}/") if owner else (SOURCE, "go.")
    rows = (
        cases.filter(source__gte=first, source__lt=last, received_at__gte=since)
        .exclude(source="")
        .exclude(status=Status.DRAFT)
        .order_by()
        .values_list("source")
        .annotate(n=Count("pk", distinct=True))
    )
    found: dict[Poster, int] = {}
    for source, n in rows:
        if (poster := of_source(source)) is not None:
            found[poster] = found.get(poster, 0) + n
    return found


def brought_by_station(owner: str, *, since: datetime) -> dict[Poster, int]:
    """Numbers alone: the station that put a poster up may not see the cases that came by it."""
    with working_as_steps():
        return brought(Complaint.objects.all(), since=since, owner=owner)
