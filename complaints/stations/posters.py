"""Posters and other publicity of a station or an enterprise: where the code of each leads, how often it was opened, how
many complaints it brought and how they ended, and their print as PDF."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import override

from authorities.policies import Limits
from complaints.documents import printing
from complaints.documents.printing import readable
from complaints.models import Complaint
from complaints.procedure.workflow import Outcome, Status
from complaints.stations import publicity
from database.row_security import working_as_steps
from web.qr import qr_code

#: The sheet for a wall, the card for a counter, and the page for a notice board (公示栏): these are printed.
A4, A6, BOARD = "a4", "a6", "nb"
FORMS = (A4, A6, BOARD)
#: An article (as on WeChat) and a short message carry the address alone.
ARTICLE, MESSAGE = "wx", "sm"
PLACES = (*FORMS, ARTICLE, MESSAGE)
#: What a source begins with that came from a code.
SOURCE = "go-"
_MARK = re.compile(r"(a4|a6|nb|wx|sm)(?:b([1-9][0-9]{0,17}))?")


@dataclass(frozen=True, slots=True)
class Poster:
    """``owner``: code of an enterprise or station; ``form``: empty for the bare code; ``branch_id``: where it hangs."""

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
    given = _MARK.fullmatch(mark.lower())
    return Poster(owner, given[1], int(given[2]) if given[2] else None) if given else Poster(owner)


def of_source(source: str) -> Poster | None:
    return read(source.removeprefix(SOURCE)) if source.startswith(SOURCE) else None


@dataclass(frozen=True, slots=True)
class Funnel:
    """How often a code was opened, how many complaints came by it, how many of these are closed, and settled."""

    opened: int = 0
    filed: int = 0
    closed: int = 0
    settled: int = 0

    def __add__(self, other: "Funnel") -> "Funnel":
        return Funnel(
            self.opened + other.opened,
            self.filed + other.filed,
            self.closed + other.closed,
            self.settled + other.settled,
        )


def brought(
    cases: QuerySet[Complaint], *, since: datetime, owner: str = "", also: Iterable[str] = ()
) -> dict[Poster, Funnel]:
    """By poster, of one owner, or of all that brought one of these ``cases`` and ``also`` these: complaints as far as
    ``cases`` reach, and how often codes were opened anywhere. Two statements, the first over an index of sources.
    """
    # "." and what follows it sort between the code and the code with "/" behind it.
    first, last = (f"{SOURCE}{owner}", f"{SOURCE}{owner}/") if owner else (SOURCE, "go.")
    rows = (
        cases.filter(source__gte=first, source__lt=last, received_at__gte=since)
        .exclude(source="")
        .exclude(status=Status.DRAFT)
        .order_by()
        .values_list("source")
        .annotate(
            n=Count("pk", distinct=True),
            closed=Count("pk", distinct=True, filter=Q(status=Status.CLOSED)),
            settled=Count("pk", distinct=True, filter=Q(outcome=Outcome.SETTLED)),
        )
    )
    result: dict[Poster, Funnel] = {}
    for source, n, closed, settled in rows:
        if (poster := of_source(source)) is not None:
            result[poster] = result.get(poster, Funnel()) + Funnel(0, n, closed, settled)
    owners = {owner} if owner else {poster.owner for poster in result}.union(also)
    for code, n in publicity.opened(owners, since=localdate(since)).items():
        poster = read(code)
        result[poster] = result.get(poster, Funnel()) + Funnel(n)
    return result


def brought_by_station(owner: str, *, since: datetime) -> dict[Poster, Funnel]:
    """Numbers alone: the station that put a poster up may not see the cases that came by it, nor how few ended."""
    with working_as_steps():
        return brought(Complaint.objects.all(), since=since, owner=owner)


TEMPLATE = Path(__file__).with_name("poster.typ")
#: A poster names no day, so its file does not either.
_DATED = datetime(2026, 1, 1, tzinfo=UTC)


def poster_pdf(poster: Poster, *, place: str, name: str, lines: list[str], limits: Limits) -> bytes:
    """``place``: where the portal stands, https://host. ``lines``: under the name (address, whose hall it is).
    ``limits``: those in force where it will hang."""
    address = f"{place}/go/{poster.code}/"
    code = qr_code(address)
    return printing.typeset(
        readable(
            {
                "paper": A6 if poster.form == A6 else A4,
                "is_board": poster.form == BOARD,
                "name": name,
                "lines": [line for line in lines if line],
                "negotiation": {code: _in(language, limits) for code, language in (("zh", "zh-hans"), ("en", "en"))},
                "address": address.split("//", 1)[-1],
                "qr": (
                    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {code.size} {code.size}">'
                    f'<path fill="#fff" d="M0 0h{code.size}v{code.size}H0z"/><path d="{code.path}"/></svg>'
                ),
            }
        ),
        at=_DATED,
        template=TEMPLATE,
    )


def _in(language: str, limits: Limits) -> str:
    """How long both sides have to settle, in this language: a poster has two."""
    with override(language):
        return limits["negotiation"]
