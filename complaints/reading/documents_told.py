"""Official documents as people read them: what, under which number, and how it reached whom.

A side reads what is addressed to it and nothing of the others' service; an authority reads it all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.documents import kinds
from complaints.documents.kinds import KINDS
from complaints.models import Complaint, Notice, OfficialDocument
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Role
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, CONSUMER, ENTERPRISE
from complaints.reading.case_rows import BY_LETTER
from complaints.reading.documents_visibility import may_print
from complaints.reading.notices_told import CHANNELS, STATES
from database.prepared import PreparedQuery

#: A notice in one of these states reached somebody, or still may.
ON_ITS_WAY = ("queued", "leased", "sent", "told", "in_portal")
SERVED_WITHIN = timedelta(days=90)
WHO = {CONSUMER: gettext_lazy("消费者"), ENTERPRISE: gettext_lazy("企业")}


@dataclass(frozen=True, slots=True)
class Service:
    """How one addressee came to know of a document."""

    to: str
    who: str
    words: str
    tone: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document of a list."""

    document: OfficialDocument
    title: str
    case: str
    url: str
    pdf_url: str
    versions: int
    services: list[Service] = field(default_factory=list)

    @property
    def is_void(self) -> bool:
        return self.document.state == OfficialDocument.VOID


_TOLD = PreparedQuery(
    lambda cases, sequences: Notice.objects.filter(
        complaint_id__any_of=cases, audience="parties", sequence__any_of=sequences, addressee__in=(CONSUMER, ENTERPRISE)
    ).order_by("pk"),
    list,
    list,
)


def title_of(form: int) -> str:
    return str(KINDS[form].title)


def readable_by(complaint: Complaint, side: str, viewer: Actor) -> list[OfficialDocument]:
    """The documents of a case that this side may read, newest first, with ``latest``; one query."""
    if side != AUTHORITY and complaint.authority_received_at is None:
        # No authority has had it, so none has written; the many cases of the desks pay nothing for it.
        return []
    if side == AUTHORITY:
        return case_rows.documents(complaint.pk)
    if side == CONSUMER:
        return case_rows.documents_to_consumer(complaint.pk)
    if viewer.role == Role.RESPONDENT:
        return case_rows.documents_by_letter(complaint.pk)
    if viewer.branch_ids is None:
        return case_rows.documents_to_enterprise(complaint.pk, viewer.enterprise_id or 0)
    return case_rows.documents_to_branches(complaint.pk, viewer.enterprise_id or 0, sorted(viewer.branch_ids))


def of_case(
    complaint: Complaint, side: str, viewer: Actor, documents: Sequence[OfficialDocument] | None = None
) -> list[Row]:
    """For the page of a case; a query more for officers. ``documents``: those that this reader may read, where they
    were read.
    """
    return rows_of(
        readable_by(complaint, side, viewer) if documents is None else documents,
        side,
        {complaint.pk: complaint.number},
        prints=may_print(side, viewer),
    )


def court_of(rows: Sequence[Row], number: str) -> str:
    """The number of a case that has an agreement for a court; empty for others."""
    return number if any(row.document.form == kinds.AGREEMENT and not row.is_void for row in rows) else ""


def rows_of(
    documents: Sequence[OfficialDocument], side: str, cases: dict[int, str], *, prints: bool = True
) -> list[Row]:
    """``cases``: id → number of those that the reader may see; of others only the number of the document is shown.
    ``prints``: off for whoever only reads cases (documents_visibility.py)."""
    services = services_of(documents) if side == AUTHORITY else {}
    return [
        Row(
            document=row,
            title=title_of(row.form),
            case=cases.get(row.complaint_id, ""),
            versions=getattr(row, "latest", 1),
            services=services.get(row.pk, []),
            url=(
                reverse("complaints:authority-document", args=[row.pk])
                if side == AUTHORITY and row.complaint_id in cases
                else ""
            ),
            pdf_url=(
                pdf_url(row, cases[row.complaint_id])
                if prints and row.complaint_id in cases and (side != AUTHORITY or row.form not in kinds.WITH_CONTACT)
                else ""
            ),
        )
        for row in documents
    ]


def pdf_url(document: OfficialDocument, number: str) -> str:
    return reverse("complaints:case-document", args=[number, document.pk])


def addressees(document: OfficialDocument) -> list[str]:
    """Who is to have it. A business without an account is served by letter or in person."""
    if document.audience != "parties":
        return []
    to_enterprise = document.to_enterprise or document.form in BY_LETTER
    return [side for side, is_to in ((CONSUMER, document.to_consumer), (ENTERPRISE, to_enterprise)) if is_to]


def services_of(documents: Sequence[OfficialDocument]) -> dict[int, list[Service]]:
    """One query for a page: the notices that told of them."""
    notices: dict[tuple[int, int, str], Notice] = {}
    found = _TOLD([d.complaint_id for d in documents], [d.sequence for d in documents]) if documents else []
    for notice in found:
        notices[notice.complaint_id, notice.sequence, notice.addressee] = notice
    return {
        document.pk: [
            _service(document, side, notices.get((document.complaint_id, document.sequence, side)))
            for side in addressees(document)
        ]
        for document in documents
    }


def _service(document: OfficialDocument, side: str, notice: Notice | None) -> Service:
    who, served = str(WHO[side]), getattr(document, f"served_{side}_at")
    if served is not None:
        return Service(side, who, _("已送达"), "ok", served)
    if notice is None:
        return Service(side, who, _("待送达"), "warn")
    words, tone = STATES[notice.state]
    way: Any = CHANNELS.get(notice.channel, notice.channel) if notice.channel else ""
    return Service(side, who, f"{way} · {words}" if way else str(words), tone, notice.sent_at)


def to_be_served(now: datetime) -> Q:
    """What somebody must still bring to an addressee: nothing served, and no notice that arrived or may arrive.

    Of the last days only: most documents reach their addressee by notice, so no index tells the others apart.
    """

    def told(side: str) -> Exists:
        return Exists(
            Notice.objects.filter(
                complaint=OuterRef("complaint"),
                audience="parties",
                sequence=OuterRef("sequence"),
                addressee=side,
                state__in=ON_ITS_WAY,
            )
        )

    consumer = Q(to_consumer=True, served_consumer_at=None) & ~Q(told(CONSUMER))
    enterprise = (
        (Q(to_enterprise=True) | Q(form__in=BY_LETTER, audience="parties"))
        & Q(served_enterprise_at=None)
        & ~Q(told(ENTERPRISE))
    )
    return Q(state=OfficialDocument.ISSUED, issued_at__gt=now - SERVED_WITHIN) & (consumer | enterprise)
