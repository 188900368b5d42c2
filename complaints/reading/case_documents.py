"""Official documents as people read them: what, under which number, how it reached whom, and how much of a person.

A side reads what is addressed to it and nothing of the others' service. An officer reads a document with the consumer
masked, or all of it for a while after saying why (handling/transition/contact_access.py).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from accounts.masking import masked_address, masked_name, masked_phone, masked_text
from accounts.roles import Right
from complaints.documents import kinds
from complaints.documents.kinds import KINDS
from complaints.documents.wording import Paper
from complaints.handling.transition import contact_access
from complaints.models import Complaint, HandlingStep, Notice, OfficialDocument, Participant, PersonalText
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, not_yours
from complaints.procedure.workflow import LOOK, Audience, Role
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, CONSUMER, ENTERPRISE, CaseAccess
from complaints.reading.case_rows import BY_LETTER
from complaints.reading.sent_notices import CHANNELS, STATES
from database.prepared import CombinedQuery, PreparedQuery

_MASKS: dict[str, Callable[[str], str]] = {
    "投诉人": masked_name,
    "举报人": masked_name,
    "联系电话": masked_phone,
    "联系地址": masked_address,
}


def is_shown(complaint: Complaint, result: CaseAccess, *, now: datetime) -> bool:
    """Whether this officer has said a moment ago why the contact data of the case is needed."""
    steps: Iterable[HandlingStep] = (
        HandlingStep.objects.filter(complaint=complaint, step=LOOK).select_related("name")
        if result.rows is None
        else result.rows.steps
    )
    return result.actor is not None and contact_access.shown_until(steps, result.actor, now=now) is not None


def may_print(side: str, viewer: Actor | None) -> bool:
    """Whether a paper is offered to this reader: whoever only reads cases at an authority gets none."""
    return side != AUTHORITY or (viewer is not None and viewer.may(Right.PRINT_DOCUMENT))


def refuse_print(form: int, complaint: Complaint, result: CaseAccess, *, now: datetime) -> None:
    """Raise unless this reader may take the paper away: whoever only reads cases may not, and where to reach the
    consumer is printed for those who said why."""
    if not may_print(result.side, result.actor):
        raise not_yours()
    if result.side == AUTHORITY and form in kinds.WITH_CONTACT and not is_shown(complaint, result, now=now):
        raise StepNotAllowed("masked", _("这份文书印有联系方式：请先在案件页说明理由、查看联系方式，再下载。"))


def masked(paper: Paper) -> Paper:
    """The same document with the consumer's name, phone and address masked, and numbers of persons anywhere."""
    names = {value for block in paper["blocks"] for key, value in block.get("facts", ()) if key in ("投诉人", "举报人")}
    if kinds.KINDS[paper["form"]].to_consumer and paper["addressee"]:
        names.add(paper["addressee"].split("、")[0])
    result: Paper = _without(names, {**paper, "blocks": [_block(block) for block in paper["blocks"]]})
    return result


def maskers(cases: Iterable[Complaint]) -> dict[int, Callable[[str], str]]:
    """By case, what hides the names and numbers of its consumer and of who complains with them in words about it: a
    message that is still to be sent, what an officer wrote. One query, however many cases, beside keys that are not
    held yet."""
    ids = sorted({case.pk for case in cases})
    return hiding(ids, *_NAMES(ids))


#: By the ids of cases: what their consumers are called and rung by, and who complains with them.
NAMES = (
    PreparedQuery(
        lambda cases: PersonalText.objects.filter(
            audience=Audience.PARTIES, kind__in=("consumer_name", "consumer_phone"), complaint_id__any_of=cases
        ),
        list,
    ),
    PreparedQuery(lambda cases: Participant.objects.filter(complaint_id__any_of=cases), list),
)
_NAMES = CombinedQuery(*NAMES)


def hiding(
    ids: Iterable[int], texts: Sequence[PersonalText], others: Sequence[Participant]
) -> dict[int, Callable[[str], str]]:
    """``maskers`` of rows that were read with something else."""
    sealed_fields.load_for([*texts, *others])
    names: dict[int, set[str]] = defaultdict(set)
    phones: dict[int, set[str]] = defaultdict(set)
    for text in texts:
        (names if text.kind == "consumer_name" else phones)[text.complaint_id].add(text.text)
    for other in others:
        names[other.complaint_id].add(other.name)
        phones[other.complaint_id].add(other.phone)

    def hide(case: int, line: str) -> str:
        text: str = _without(names[case], line)
        for phone in {phone.removeprefix("+86") for phone in phones[case] if phone}:
            text = text.replace(phone, masked_phone(phone))
        return text

    return {case: partial(hide, case) for case in ids}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    if "facts" not in block:
        return block
    return {**block, "facts": [[key, _MASKS[key](value) if key in _MASKS else value] for key, value in block["facts"]]}


def _without(names: set[str], value: Any) -> Any:
    if isinstance(value, str):
        for name in names:
            value = value.replace(name, masked_name(name)) if len(name) > 1 else value
        return masked_text(value)
    if isinstance(value, dict):
        return {key: part if key in ("officers", "authority") else _without(names, part) for key, part in value.items()}
    return [_without(names, part) for part in value] if isinstance(value, list) else value


#: A notice in one of these states reached somebody, or still may.
ON_ITS_WAY = ("queued", "leased", "sent", "told", "in_portal")
SERVED_WITHIN = timedelta(days=90)
WHO = {CONSUMER: gettext_lazy("消费者"), ENTERPRISE: gettext_lazy("企业")}


@dataclass(frozen=True, slots=True)
class Service:
    """How one addressee came to know of a document."""

    to: str
    who: str
    text: str
    tone: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
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


_NOTICES = PreparedQuery(
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
        # No authority has had it, so none has written; the many cases of the workspaces pay nothing for it.
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
) -> list[DocumentRow]:
    """For the page of a case; a query more for officers. ``documents``: those that may be read, where they were."""
    return rows_of(
        readable_by(complaint, side, viewer) if documents is None else documents,
        side,
        {complaint.pk: complaint.number},
        prints=may_print(side, viewer),
    )


def court_of(rows: Sequence[DocumentRow], number: str) -> str:
    """The number of a case that has an agreement for a court; empty for others."""
    return number if any(row.document.form == kinds.AGREEMENT and not row.is_void for row in rows) else ""


def rows_of(
    documents: Sequence[OfficialDocument], side: str, cases: dict[int, str], *, prints: bool = True
) -> list[DocumentRow]:
    """``cases``: id → number of those that the reader may see; of others only the number of the document is shown.
    ``prints``: off for whoever only reads cases."""
    services = services_of(documents) if side == AUTHORITY else {}
    return [
        DocumentRow(
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
    result = _NOTICES([d.complaint_id for d in documents], [d.sequence for d in documents]) if documents else []
    for notice in result:
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
    text, tone = STATES[notice.state]
    way: Any = CHANNELS.get(notice.channel, notice.channel) if notice.channel else ""
    return Service(side, who, f"{way} · {text}" if way else str(text), tone, notice.sent_at)


def to_be_served(now: datetime) -> Q:
    """What somebody must still bring to an addressee: nothing served, and no notice that arrived or may arrive. Of the
    last days only: most documents reach their addressee by notice, so no index tells the others apart."""

    def has_notice(side: str) -> Exists:
        return Exists(
            Notice.objects.filter(
                complaint=OuterRef("complaint"),
                audience="parties",
                sequence=OuterRef("sequence"),
                addressee=side,
                state__in=ON_ITS_WAY,
            )
        )

    consumer = Q(to_consumer=True, served_consumer_at=None) & ~Q(has_notice(CONSUMER))
    enterprise = (
        (Q(to_enterprise=True) | Q(form__in=BY_LETTER, audience="parties"))
        & Q(served_enterprise_at=None)
        & ~Q(has_notice(ENTERPRISE))
    )
    return Q(state=OfficialDocument.ISSUED, issued_at__gt=now - SERVED_WITHIN) & (consumer | enterprise)
