"""/authority/cases/<ref>/on-behalf/: what a consumer said on the telephone or at the counter becomes the consumer's
step.

The one rule: it is the consumer's own form, judged as the consumer's own step. Who wrote it down, how they knew who
spoke and what proves it stand in the record; what decides something is read back first; and the consumer is told at
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from accounts.masking import masked_name
from complaints import wording as labels
from complaints.desks.authority_desk import Desk, officer_page
from complaints.forms.fields import Choice, Words, lines_of, set_choices
from complaints.forms.fields import StepForm as PlainForm
from complaints.forms.file_forms import upload_address
from complaints.handling import Move
from complaints.models import Complaint, Participant
from complaints.pages.consumer.forms import StepForm
from complaints.pages.consumer.pages import FORMS
from complaints.pages.consumer.settlement_forms import OfferForm
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.refusals import not_now
from complaints.procedure.workflow import AUTHORITY_ROLES
from complaints.reading.case import AUTHORITY, CONSUMER, CasePage, Found, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import MASKED, names_of_consumers
from web.listing import told

#: What only adds words: everything else decides something, and is read back before it is written down.
NOT_DECIDING = frozenset({"statement", "material", "correct", "recusal", "objection", "rate", "did"})
#: How an officer knows who speaks.
HOW = ("phone", "counter")
#: Whoever filed; the others have the number of a participant.
FILER = 0


class RecordForm(PlainForm):
    """How the officer knows who speaks, and what proves what was said. Names begin with by_: the step's own form stands
    beside it."""

    by_how = Choice(label=gettext_lazy("怎么确认是本人"))
    by_proof = Words(
        label=gettext_lazy("录音编号或者签字单编号"),
        rows=1,
        longest=40,
        help_text=gettext_lazy("打电话的写录音编号，到场的写签字单编号。不写姓名和号码。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "by_how", lines_of(HOW, "recording"))

    def clean_by_proof(self) -> str:
        proof = str(self.cleaned_data["by_proof"])
        if not any(letter.isdigit() for letter in proof):
            raise forms.ValidationError(_("编号里要有数字，例如 LY-2026-0815。"))
        return proof

    @property
    def recording(self) -> dict[str, str]:
        return {"how": self.cleaned_data["by_how"], "proof": self.cleaned_data["by_proof"]}


class ReadForm(PlainForm):
    """Said back to the consumer, word for word."""

    by_read = forms.BooleanField(
        label=gettext_lazy("已经读给消费者听，消费者说对"),
        error_messages={"required": gettext_lazy("请先读给消费者听，再勾选。")},
    )


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody on the consumer's side: in whose name something may be written down."""

    number: int
    name: str
    role: str
    row: Participant | None = None


@officer_page("GET")
def choose(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """Who speaks, and what that person may do now."""
    found = _found(desk, number)
    case = found.complaint
    speakers = _speakers(case, desk)
    speaker = _speaker(request.GET.get("for", ""), speakers)
    page = _page(found, speaker, desk, recording=None) if speaker is not None else None
    return render(
        request,
        "authority/on_behalf.html",
        {
            "case": case,
            "page": page_of(found, now=desk.now),
            "back": case_url(case, AUTHORITY),
            "speakers": speakers,
            "speaker": speaker,
            "steps": _open_forms(page, speaker) if page is not None and speaker is not None else [],
        },
    )


@officer_page("GET", "POST")
def step(request: HttpRequest, desk: Desk, number: str, name: str) -> HttpResponseBase:
    """The consumer's own step page in the officer's frame: words, read back where they decide something, written
    down."""
    kind = FORMS.get(name)
    if kind is None:
        raise Http404
    found = _found(desk, number)
    speaker = _speaker(request.POST.get("for", "") or request.GET.get("for", ""), _speakers(found.complaint, desk))
    if speaker is None:
        raise not_now(labels.label(found.complaint.status, kind="status"))
    record = RecordForm(request.POST if request.method == "POST" else None)
    recording = record.recording if record.is_bound and record.is_valid() else None
    page = _page(found, speaker, desk, recording=recording)
    more: dict[str, Any] = {}
    if kind is OfferForm:
        if not page.offers:
            raise not_now(page.duty.status)
        more["offer"] = page.open_offer or page.offers[0]
    may = any(page.may(one) for one in kind.steps) and (kind is not OfferForm or page.open_offer is not None)
    if request.method != "POST":
        if not may:
            raise not_now(page.duty.status)
        return _show(request, desk, found, speaker, record, kind(page=page, **more), more)
    form = kind(request.POST, request.FILES, page=page, **more)
    is_right = may and form.is_valid() and recording is not None
    read = ReadForm(request.POST if "by_stage" in request.POST else None)
    if is_right and name not in NOT_DECIDING and not read.is_valid():
        return _read_back(request, desk, found, speaker, record, form, read)

    def moves() -> list[Move] | None:
        if not may:
            # Sent twice, it was answered before this is asked.
            raise not_now(page.duty.status)
        return form.moves() if is_right else None

    actor = page.actor
    here = replace(found, side=CONSUMER, actor=actor)
    done = take_step(request, here, moves, form=form, to=case_url(found.complaint, AUTHORITY), now=desk.now)
    if not done.address:
        return _show(request, desk, found, speaker, record, form, more, status=422)
    if done.is_new:
        messages.success(
            request, _("%(number)s：已代消费者记录，消费者会收到通知。") % {"number": number}, extra_tags="ok"
        )
    return redirect(done.address)


def _found(desk: Desk, number: str) -> Found:
    """The case, for somebody who acts in its region; who only reads finds no such page."""
    found = desk.find(number)
    if found.actor is None or not found.actor.has(AUTHORITY_ROLES):
        raise Http404
    return found


def _speakers(case: Complaint, desk: Desk) -> list[Speaker]:
    """Whoever filed, unless their power is over; fellow complainants who came, and the principal even before that."""
    found = []
    if case.represented_until is None or case.represented_until >= desk.today:
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


def _page(found: Found, speaker: Speaker, desk: Desk, *, recording: dict[str, str] | None) -> CasePage:
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
    return page_of(Found(complaint=case, side=CONSUMER, viewer=viewer, actor=actor), now=desk.now, sight=MASKED)


def _open_forms(page: CasePage, speaker: Speaker) -> list[tuple[str, str]]:
    """Address and words of each step page that stands open."""
    found = []
    for name, kind in FORMS.items():
        if not any(page.may(one) for one in kind.steps) or (kind is OfferForm and page.open_offer is None):
            continue
        url = reverse("complaints:authority-on-behalf-step", args=[page.complaint.number, name])
        found.append((f"{url}?for={speaker.number}", str(kind.title)))
    return found


def _show(
    request: HttpRequest,
    desk: Desk,
    found: Found,
    speaker: Speaker,
    record: RecordForm,
    form: StepForm,
    more: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponseBase:
    return render(
        request,
        "authority/on_behalf_step.html",
        {
            **_frame(desk, found, speaker, form),
            "record": record,
            "offer": more.get("offer"),
            "upload_address": upload_address(found.complaint),
        },
        status=status,
    )


def _read_back(
    request: HttpRequest, desk: Desk, found: Found, speaker: Speaker, record: RecordForm, form: StepForm, read: ReadForm
) -> HttpResponseBase:
    """What will be written down, to be read out; nothing has happened yet."""
    kept = [(name, value) for name in (*form.fields, *record.fields) for value in form.data.getlist(name)]  # type: ignore[attr-defined]
    return render(
        request,
        "authority/on_behalf_read.html",
        {
            **_frame(desk, found, speaker, form),
            "kept": kept,
            "lines": list(_said(form)),
            "how": labels.label(record.recording["how"], kind="recording"),
            "proof": record.recording["proof"],
            # What is accepted is read out line by line.
            "offer": form.offer if isinstance(form, OfferForm) and form.cleaned_data["answer"] == "accept" else None,
            "read": read,
        },
        status=422 if read.is_bound else 200,
    )


def _frame(desk: Desk, found: Found, speaker: Speaker, form: StepForm) -> dict[str, Any]:
    case = found.complaint
    return {
        "case": case,
        "page": page_of(found, now=desk.now),
        "form": form,
        "speaker": speaker,
        "effects": form.effects(),
        "back": f"{reverse('complaints:authority-on-behalf', args=[case.number])}?for={speaker.number}",
    }


def _said(form: StepForm) -> Iterable[tuple[str, str]]:
    """Each question that was answered, in the words of the answer."""
    for field in form:
        value = form.cleaned_data.get(field.name)
        if value in (None, "", [], False) or field.is_hidden:
            continue
        words = dict(getattr(field.field, "choices", ()))
        said = [str(words.get(one, one)) for one in (value if isinstance(value, list) else [value])]
        yield str(field.label), _("是") if value is True else told(said)


def may_write_down(actor: Actor | None) -> bool:
    """Whether the case page offers it."""
    return actor is not None and actor.has(AUTHORITY_ROLES)
