"""/authority/cases/<ref>/on-behalf/: what a consumer said on the telephone or at the counter becomes the consumer's
step.

It is the consumer's own form, judged as the consumer's own step; the consumer is told at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.masking import masked_name
from accounts.roles import Right
from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.models import Complaint, Participant
from complaints.pages.authority.intake.writing_down import RecordForm, write_down
from complaints.pages.consumer.pages import OFFER
from complaints.pages.consumer.pages import PAGES as CONSUMERS
from complaints.pages.shared.step_pages import StepContext, refused
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.refusals import not_now
from complaints.reading.case import AUTHORITY, CONSUMER, CaseAccess, CasePage, case_url, page_of
from complaints.reading.case_people import MASKED, names_of_consumers

#: Every step of the consumer may be written down.
PAGES = CONSUMERS
#: Whoever filed; the others have the number of a participant.
FILER = 0


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody on the consumer's side: in whose name something may be written down."""

    number: int
    name: str
    role: str
    row: Participant | None = None


@officer_page("GET")
def choose(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """Who speaks, and what that person may do now."""
    found = _found(workspace, number)
    case = found.complaint
    speakers = _speakers(case, workspace)
    speaker = _speaker(request.GET.get("for", ""), speakers)
    page = _page(found, speaker, workspace, recording=None) if speaker is not None else None
    return render(
        request,
        "authority/on_behalf.html",
        {
            "case": case,
            "page": page_of(found, now=workspace.now),
            "back": case_url(case, AUTHORITY),
            "speakers": speakers,
            "speaker": speaker,
            "steps": _open_pages(page, speaker) if page is not None and speaker is not None else [],
        },
    )


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, name: str) -> HttpResponseBase:
    """The consumer's own step page in the officer's frame: words, read back where they decide something, written
    down."""
    asked = PAGES.get(name)
    if asked is None:
        raise Http404
    found = _found(workspace, number)
    case = found.complaint
    speaker = _speaker(request.POST.get("for", "") or request.GET.get("for", ""), _speakers(case, workspace))
    if speaker is None:
        raise not_now(wording.label(case.status, kind="status"))
    record = RecordForm(request.POST if request.method == "POST" else None)
    page = _page(found, speaker, workspace, recording=record.recording)
    if name == OFFER and not page.offers:
        raise not_now(page.duty.status)
    at = StepContext(
        request=request,
        found=replace(found, side=CONSUMER, actor=page.actor),
        case=page,
        steps=page.steps if name != OFFER or page.open_offer is not None else (),
        status=page.duty.status,
        now=workspace.now,
        home=f"{reverse('complaints:authority-on-behalf', args=[number])}?for={speaker.number}",
        template="authority/on_behalf_step.html",
        shown=lambda asked, form: {
            "case": case,
            "page": page_of(found, now=workspace.now),
            "speaker": speaker,
            "record": record,
        },
        closed=refused,
        to=lambda asked: case_url(case, AUTHORITY),
        told=lambda asked, form, moves: _("%(number)s：已代消费者记录，消费者会收到通知。") % {"number": number},
    )
    return write_down(
        at,
        asked,
        record,
        template="authority/on_behalf_read.html",
        label=_("已经读给消费者听，消费者说对"),
        missing=_("请先读给消费者听，再勾选。"),
    )


def _found(workspace: Workspace, number: str) -> CaseAccess:
    """The case, for somebody who acts in its region; who only reads finds no such page."""
    found = workspace.find(number)
    if found.actor is None or not found.actor.may(Right.WRITE_DOWN):
        raise Http404
    return found


def _speakers(case: Complaint, workspace: Workspace) -> list[Speaker]:
    """Whoever filed, unless their power is over; fellow complainants who came, and the principal even before that."""
    found = []
    if case.represented_until is None or case.represented_until >= workspace.today:
        role = _("代理人") if case.on_behalf_kind == AGENT else _("投诉人")
        found.append(Speaker(FILER, masked_name(names_of_consumers([case.pk]).get(case.pk, "")), role))
    if case.on_behalf_kind not in (JOINT, AGENT):
        return found
    rows = [
        row
        for row in Participant.objects.filter(complaint=case).order_by("ordinal")
        if row.state == Participant.JOINED or (row.kind == Participant.PRINCIPAL and row.state == Participant.ASKED)
    ]
    sealed_fields.load_for(rows)
    words = {True: _("委托人"), False: _("其中一名投诉人")}
    return [
        *found,
        *(Speaker(row.ordinal, masked_name(row.name), words[row.kind == Participant.PRINCIPAL], row) for row in rows),
    ]


def _speaker(typed: str, speakers: list[Speaker]) -> Speaker | None:
    """The one named in the address; the only one needs no naming."""
    if not typed and len(speakers) == 1:
        return speakers[0]
    return next((one for one in speakers if str(one.number) == typed), None)


def _page(found: CaseAccess, speaker: Speaker, workspace: Workspace, *, recording: dict[str, str] | None) -> CasePage:
    """The case as this person would see it, with the officer's mask over who that is."""
    case, officer = found.complaint, found.actor
    if officer is None:
        raise Http404
    channel = recording["how"] if recording else "phone"
    if speaker.row is not None:
        actor = actors.on_behalf_of_participant(speaker.row, by=officer, channel=channel, recording=recording)
    else:
        actor = actors.on_behalf_of(
            case.consumer_id,
            names_of_consumers([case.pk]).get(case.pk, ""),
            case.consumer_key,
            by=officer,
            channel=channel,
            recording=recording,
        )
    # Files that come with it were sent by the officer.
    viewer = replace(actor, user_id=officer.user_id)
    return page_of(
        CaseAccess(complaint=case, side=CONSUMER, viewer=viewer, actor=actor), now=workspace.now, visibility=MASKED
    )


def _open_pages(page: CasePage, speaker: Speaker) -> list[tuple[str, str]]:
    """Address and words of each step page that stands open."""
    found = []
    for name, asked in PAGES.items():
        if not asked.is_open(page.steps) or (name == OFFER and page.open_offer is None):
            continue
        url = reverse("complaints:authority-on-behalf-step", args=[page.complaint.number, name])
        found.append((f"{url}?for={speaker.number}", str(asked.title)))
    return found


def may_write_down(actor: Actor | None) -> bool:
    """Whether the case page offers it."""
    return actor is not None and actor.may(Right.WRITE_DOWN)
