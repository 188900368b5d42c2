"""/authority/cases/<ref>/on-behalf/: what somebody said on the telephone or at the counter becomes that person's step.

It is judged as the person's own step; how the officer knew who spoke and what proves it stand in the record. Below, the
same of a whole complaint (intake.py): how it reached us, and when.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.keys import sealed_fields
from accounts.masking import masked_name
from accounts.roles import Right
from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import Choice, Day, FreeText, StepForm, labels_of, lines_of, set_choices
from complaints.handling import Move
from complaints.models import Complaint, Participant
from complaints.pages.consumer.pages import OFFER
from complaints.pages.consumer.pages import PAGES as CONSUMERS
from complaints.pages.shared.step_pages import (
    StepContext,
    StepPage,
    draw,
    judged_moves,
    refused,
    sent,
    show_or_take,
    table,
    take,
    verb,
)
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.refusals import not_now
from complaints.reading.case import AUTHORITY, CONSUMER, CaseAccess, CasePage, case_url, page_of
from complaints.reading.case_people import MASKED, names_of_consumers
from enterprises.models import Station
from web.incoming import posted
from web.listing import joined


def _proof(number: str) -> str:
    """The number of a recording or of a signed sheet."""
    if not any(letter.isdigit() for letter in number):
        raise forms.ValidationError(gettext("编号里要有数字，例如 LY-2026-0815。"))
    return number


class RecordForm(StepForm):
    """How the officer knows who speaks, and what proves it. Named by_, as the step's own form stands beside it."""

    by_how = Choice(label=_("怎么确认是本人"), choices=lambda: lines_of(("phone", "counter"), "recording"))
    by_proof = FreeText(
        label=_("录音编号或者签字单编号"),
        rows=1,
        longest=40,
        help_text=_("打电话的写录音编号，到场的写签字单编号。不写姓名和号码。"),
    )

    def clean_by_proof(self) -> str:
        return _proof(self.cleaned_data["by_proof"])

    @property
    def recording(self) -> dict[str, str] | None:
        """For the record; None as long as it is not said."""
        if not (self.is_bound and self.is_valid()):
            return None
        return {"how": self.cleaned_data["by_how"], "proof": self.cleaned_data["by_proof"]}


class ReadForm(StepForm):
    def __init__(self, data: Any, *, label: Any, missing: Any) -> None:
        super().__init__(data)
        self.fields["by_read"] = forms.BooleanField(label=label, error_messages={"required": missing})


def write_down(
    at: StepContext[Any], page: StepPage[Any], record: RecordForm, *, template: str, label: Any, missing: Any
) -> HttpResponseBase:
    """The page in the officer's layout; ``template`` reads back what will be written down, which ``label`` confirms."""
    if at.request.method != "POST":
        return show_or_take(at, page)
    form, typed = sent(at, page), at.request.POST
    read = ReadForm(typed if "by_stage" in typed else None, label=label, missing=missing)
    if page.is_open(at.steps) and form.is_valid() and record.recording and page.decides and not read.is_valid():
        # Nothing has happened yet.
        return draw(
            at,
            page,
            form,
            template=template,
            kept=[(name, value) for name in (*form.fields, *record.fields) for value in typed.getlist(name)],
            lines=list(_answers(form)),
            how=wording.label(record.cleaned_data["by_how"], kind="recording"),
            proof=record.cleaned_data["by_proof"],
            read=read,
            status=422 if read.is_bound else 200,
        )

    def moves(at: StepContext[Any], page: StepPage[Any], form: Any) -> Sequence[Move] | None:
        """Both have to be right: what was said, and how it is known."""
        moves = judged_moves(at, page, form)
        return moves if record.recording is not None else None

    return take(replace(at, moves=moves), page, form)


def _answers(form: Any) -> Iterator[tuple[str, str]]:
    """Each question that was answered, in the words of the answer."""
    for field in form:
        value = form.cleaned_data.get(field.name)
        if value in (None, "", [], False) or field.is_hidden or isinstance(field.field, forms.FileField):
            continue
        labels = dict(getattr(field.field, "choices", ()))
        answers = [str(labels.get(one, one)) for one in (value if isinstance(value, list) else [value])]
        yield str(field.label), gettext("是") if value is True else joined(answers)


#: What the consumer may do, and what an officer does who knows that a case is somebody's: it finds their account.
PAGES: dict[str, StepPage[CasePage]] = CONSUMERS | table(
    StepPage(
        name="prove",
        steps=("prove_contact",),
        title=_("归入消费者的账户"),
        explain=_("按投诉里的号码归入消费者的账户，没有账户就新建一个。先打通这个号码，或者当面看过本人。"),
        build=verb("prove_contact"),
    )
)
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
    result = _find(workspace, number)
    case = result.complaint
    speakers = _speakers(case, workspace)
    speaker = _speaker(request.GET.get("for", ""), speakers)
    steps: list[tuple[str, str]] = []
    if speaker is not None:
        page = _page(result, speaker, workspace, recording=None)
        # Address and title of each step page that stands open.
        for name, asked in PAGES.items():
            if asked.is_open(page.steps) and (name != OFFER or page.open_offer is not None):
                url = reverse("complaints:authority-on-behalf-step", args=[number, name])
                steps.append((f"{url}?for={speaker.number}", str(asked.heading(page, page.steps))))
    context = {
        "case": case,
        "page": page_of(result, now=workspace.now),
        "back": case_url(case, AUTHORITY),
        "speakers": speakers,
        "speaker": speaker,
        "steps": steps,
    }
    return render(request, "authority/on_behalf.html", context)


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, name: str) -> HttpResponseBase:
    """The consumer's own step page in the officer's layout, read back where it decides something."""
    asked = PAGES.get(name)
    if asked is None:
        raise Http404
    result = _find(workspace, number)
    case = result.complaint
    speaker = _speaker(request.POST.get("for", "") or request.GET.get("for", ""), _speakers(case, workspace))
    if speaker is None:
        raise not_now(wording.label(case.status, kind="status"))
    record = RecordForm(posted(request))
    page = _page(result, speaker, workspace, recording=record.recording)
    if name == OFFER and not page.offers:
        raise not_now(page.next_action.status)
    at = StepContext(
        request=request,
        access=replace(result, side=CONSUMER, actor=page.actor),
        case=page,
        steps=page.steps if name != OFFER or page.open_offer is not None else (),
        status=page.next_action.status,
        now=workspace.now,
        home=f"{reverse('complaints:authority-on-behalf', args=[number])}?for={speaker.number}",
        template="authority/on_behalf_step.html",
        shown=lambda asked, form: {
            "case": case,
            "page": page_of(result, now=workspace.now),
            "speaker": speaker,
            "record": record,
        },
        closed=refused,
        to=lambda asked: case_url(case, AUTHORITY),
        message=lambda asked, form, moves: (
            gettext("%(number)s：已代消费者记录，消费者会收到通知。") % {"number": number}
        ),
    )
    return write_down(
        at,
        asked,
        record,
        template="authority/on_behalf_read.html",
        label=gettext("已经读给消费者听，消费者说对"),
        missing=gettext("请先读给消费者听，再勾选。"),
    )


def may_write_down(actor: Actor | None) -> bool:
    return actor is not None and actor.may(Right.WRITE_DOWN)


def _find(workspace: Workspace, number: str) -> CaseAccess:
    """The case, for somebody who acts in its region; who only reads finds no such page."""
    result = workspace.find(number)
    if not may_write_down(result.actor):
        raise Http404
    return result


def _speakers(case: Complaint, workspace: Workspace) -> list[Speaker]:
    """Whoever filed, unless their power is over; fellow complainants who came, and the principal even before that."""
    speakers = []
    if case.represented_until is None or case.represented_until >= workspace.today:
        role = gettext("代理人") if case.on_behalf_kind == AGENT else gettext("投诉人")
        speakers.append(Speaker(FILER, masked_name(names_of_consumers([case.pk]).get(case.pk, "")), role))
    if case.on_behalf_kind not in (JOINT, AGENT):
        return speakers
    rows = [
        row
        for row in Participant.objects.filter(complaint=case).order_by("ordinal")
        if row.state == Participant.JOINED or (row.kind == Participant.PRINCIPAL and row.state == Participant.ASKED)
    ]
    sealed_fields.load_for(rows)
    for row in rows:
        role = gettext("委托人") if row.kind == Participant.PRINCIPAL else gettext("其中一名投诉人")
        speakers.append(Speaker(row.ordinal, masked_name(row.name), role, row))
    return speakers


def _speaker(typed: str, speakers: list[Speaker]) -> Speaker | None:
    """The one named in the address; the only one needs no naming."""
    if not typed and len(speakers) == 1:
        return speakers[0]
    return next((one for one in speakers if str(one.number) == typed), None)


def _page(result: CaseAccess, speaker: Speaker, workspace: Workspace, *, recording: dict[str, str] | None) -> CasePage:
    """The case as this person would see it, with the officer's mask over who that is."""
    case, officer = result.complaint, result.actor
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


CALL, COUNTER, POST, HOTLINE = "phone", "counter", "post", "hotline"
#: A number of 12345 is taken once under this name and the code of the city: each city's hotline numbers by itself.
SOURCE = "12345"
#: Channel → how the officer knows who spoke.
HOW = {CALL: "call", COUNTER: "counter", POST: "post", HOTLINE: "hotline"}


class CameForm(StepForm):
    channel = Choice(label=_("怎么来的"), choices=lambda: labels_of(tuple(HOW), "channel"))
    received_on = Day(
        label=_("收到的日期"),
        required=False,
        help_text=_("来信填签收的那一天，审查期限从这一天起算；来电、来访不填就是今天。"),
    )
    handed_over = forms.CharField(
        label=_("12345工单号"), required=False, max_length=60, help_text=_("12345转来的必填。")
    )
    proof = forms.CharField(
        label=_("录音编号、签字单编号或者来信编号"),
        max_length=40,
        help_text=_("不写姓名和号码。"),
        error_messages={"required": _("请写编号，以后才核得到。")},
    )
    is_own_number = forms.BooleanField(
        label=_("来电号码就是投诉人的电话，或者已经回拨核实"),
        required=False,
        help_text=_("来访的也要当面打通这个号码才勾选。"),
    )
    station = forms.ChoiceField(
        label=_("在哪个服务站"),
        required=False,
        widget=forms.Select(attrs={"class": "w-24"}),
        help_text=_("由服务站转来的才选。"),
    )

    def __init__(
        self, data: Any = None, *, today: date, stations: list[Station], source: str = "", **options: Any
    ) -> None:
        """``source``: under which name a number of 12345 is taken (see SOURCE); not needed where nothing is judged."""
        super().__init__(data, prefix="came", **options)
        self.today, self.source = today, source
        set_choices(self, "station", [("", str(_("不经服务站"))), *((str(row.pk), str(row)) for row in stations)])

    def clean_received_on(self) -> date | None:
        day: date | None = self.cleaned_data["received_on"]
        if day is not None and day > self.today:
            raise forms.ValidationError(_("收到的日期不能晚于今天。"))
        if day is not None and (self.today - day).days > 366:
            raise forms.ValidationError(_("这一天太早了，请核对。"))
        return day

    def clean_proof(self) -> str:
        return _proof(" ".join(str(self.cleaned_data["proof"]).split()))

    def clean_handed_over(self) -> str:
        return "".join(str(self.cleaned_data["handed_over"]).split()).upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        channel, order = cleaned.get("channel"), cleaned.get("handed_over")
        if channel == POST and not cleaned.get("received_on") and "received_on" not in self.errors:
            self.add_error("received_on", _("来信请填签收的日期。"))
        if channel == HOTLINE and not order:
            self.add_error("handed_over", _("请填12345的工单号。"))
        if channel != HOTLINE:
            cleaned["handed_over"] = ""
        elif order:
            there = Complaint.objects.filter(external_source=self.source, external_id=order).first()
            if there is not None:
                self.add_error("handed_over", _("这个工单已经登记：%(number)s。") % {"number": there.number})
        return cleaned

    def refuse_number(self) -> None:
        """The number of 12345 is that of a case which this officer does not see."""
        self.add_error("handed_over", _("这个工单已经登记，案件不在您的辖区。请核对工单号。"))

    @property
    def is_verified(self) -> bool:
        """Whether the call came from this number, or it was rung; at the counter anybody can name one."""
        return bool(self.cleaned_data["channel"] in (CALL, COUNTER) and self.cleaned_data["is_own_number"])

    @property
    def recording(self) -> dict[str, str]:
        return {"how": HOW[self.cleaned_data["channel"]], "proof": self.cleaned_data["proof"]}


class ReadBackForm(StepForm):
    """Said back, word for word; a letter says itself."""

    read = forms.BooleanField(
        label=_("已经读给消费者听，消费者说对（来信和转来的：已经与原文核对）"),
        error_messages={"required": _("请先读给消费者听，再勾选。")},
    )

    def __init__(self, data: Any = None, *, is_same: bool = True) -> None:
        """``is_same``: what will be filed is what stood there when it was read."""
        super().__init__(data)
        self.is_same = is_same

    def clean_read(self) -> bool:
        if not self.is_same:
            raise forms.ValidationError(_("内容改过了，请照下面再念一遍，再勾选。"))
        return bool(self.cleaned_data["read"])
