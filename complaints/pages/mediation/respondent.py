"""/authority/mediation/<ref>/respondent/: the link of a respondent without account, and its words written down.

The link is shown or sent once and kept as a digest; what an officer writes down is the respondent's own
step, with how that officer knew who spoke, read back first where it decides something.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right
from accounts.sign_in.contacts import parse_contact
from complaints.desks.authority_lists import respondent_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, refuse_unless_open, setting_of
from complaints.forms.fields import Choice, StepForm, Words
from complaints.handling import Move
from complaints.handling.steps import contact as answer_links
from complaints.links import answer_links as answering
from complaints.models import AnswerLink, Complaint, Matter, Obligation
from complaints.pages.authority.intake.writing_down import RecordForm, write_down
from complaints.pages.links.answer_pages import PAGES, Table
from complaints.pages.shared.step_pages import StepContext, refused
from complaints.parties import actors
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading.case import AUTHORITY, ENTERPRISE, CaseAccess, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_steps import Around, open_steps
from complaints.reading.mediation_facts import desk_url
from web.qr import qr_code


class LinkForm(StepForm):
    """How the link goes out, and the phone that codes are sent to."""

    channel = Choice(
        label=gettext_lazy("怎么送"),
        choices=[
            (AnswerLink.SMS, gettext_lazy("发短信")),
            (AnswerLink.LETTER, gettext_lazy("打印出来，寄送或者当面交")),
        ],
    )
    phone = Words(
        label=gettext_lazy("被投诉人的手机"),
        rows=1,
        longest=40,
        required=False,
        help_text=gettext_lazy("作决定时向这个手机发验证码。信里没有手机的，只能看和说明，决定由您代为记录。"),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        phone = said.get("phone", "")
        contact = parse_contact(phone) if phone else None
        if phone and (contact is None or contact.channel != "sms"):
            self.add_error("phone", _("手机号码不对，请核对。"))
        elif said.get("channel") == AnswerLink.SMS and not phone and "phone" not in self.errors:
            self.add_error("phone", _("发短信须填手机号码。"))
        return said


def _case(workspace: Workspace, request: HttpRequest, number: str) -> OfficerCase:
    """A case whose respondent has no account, for somebody who acts in its region."""
    officer_case = setting_of(workspace, number, request.GET)
    actor = officer_case.found.actor
    if actor is None or not actor.may(Right.WRITE_DOWN):
        raise Http404
    if officer_case.found.complaint.enterprise_id is not None:
        raise StepNotAllowed("has_account", _("被投诉人是在线和解企业，在自己的账号里办理。"))
    return officer_case


@officer_page("GET", "POST")
def respondent(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """The link, who has it and until when; POST makes a new one and shows it once."""
    officer_case = _case(workspace, request, number)
    case = officer_case.found.complaint
    given = (case.respondent_details or {}).get("phone", "")
    form = LinkForm(request.POST if request.method == "POST" else None, initial={"phone": given})
    if request.method != "POST":
        return _show(request, officer_case, form)
    return given_out(
        request,
        officer_case,
        form,
        step="invite_respondent",
        verb=answer_links.invite_respondent,
        access=answering.RESPONDENT,
        here=reverse("complaints:authority-respondent", args=[number]),
        to=respondent_of(case),
        show=lambda: _show(request, officer_case, form, status=422),
    )


def given_out(
    request: HttpRequest,
    officer_case: OfficerCase,
    form: LinkForm,
    *,
    step: str,
    verb: Callable[..., Move],
    access: str,
    here: str,
    to: str,
    show: Callable[[], HttpResponseBase],
) -> HttpResponseBase:
    """A new link for ``to``: sent as a text message, or shown once as a letter. ``show``: the page with what is
    wrong."""
    secret, case = answering.new_secret(access), officer_case.found.complaint

    def moves() -> list[Move] | None:
        refuse_unless_open([step], officer_case)
        if not form.is_valid():
            return None
        return [verb(digest=secret.digest, channel=form.cleaned_data["channel"], phone=form.cleaned_data["phone"])]

    done = take_step(request, officer_case.found, moves, form=form, to=here, now=officer_case.workspace.now)
    if not done.address:
        return show()
    if not done.is_new:
        return redirect(done.address)
    place = request.build_absolute_uri("/").rstrip("/")
    if form.cleaned_data["channel"] == AnswerLink.SMS:
        answering.send(secret, form.cleaned_data["phone"], place=place, now=officer_case.workspace.now)
        messages.success(request, _("链接已发到填写的手机。"), extra_tags="ok")
        return redirect(here)
    return render(
        request,
        "authority/respondent_letter.html",
        {
            "case": case,
            "address": f"{place}{secret.path}",
            "qr": qr_code(f"{place}{secret.path}"),
            "back": here,
            "to": to,
            "is_bodys": access == answering.BODY,
            "link": live_link(case, is_bodys=access == answering.BODY),
            "authority": case.handling_authority,
        },
    )


@officer_page("POST")
def revoke(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """From now on the link leads nowhere."""
    officer_case = _case(workspace, request, number)
    here = reverse("complaints:authority-respondent", args=[number])

    def moves() -> list[Move]:
        refuse_unless_open(["end_invitation"], officer_case)
        return [answer_links.end_invitation()]

    done = take_step(request, officer_case.found, moves, form=None, to=here, now=workspace.now)
    if done.is_new:
        messages.success(request, _("链接已收回，从现在起打不开了。"), extra_tags="ok")
    return redirect(done.address)


def live_link(case: Complaint, *, is_bodys: bool = False) -> AnswerLink | None:
    """The link that was not taken back: the respondent's, or the body's."""
    return (
        AnswerLink.objects.select_related("made_by__user")
        .filter(complaint=case, revoked_at=None, delegation__isnull=not is_bodys)
        .first()
    )


def _show(request: HttpRequest, officer_case: OfficerCase, form: LinkForm, *, status: int = 200) -> HttpResponseBase:
    case, now = officer_case.found.complaint, officer_case.workspace.now
    link = live_link(case)
    contact = answering.phone_of(link) if link is not None else None
    steps = _open_steps(officer_case, _table(officer_case))
    open_pages = [
        (page, reverse("complaints:authority-respondent-step", args=[case.number, page.name]))
        for page in PAGES.values()
        if page.is_open(steps)
    ]
    return render(
        request,
        "authority/respondent.html",
        {
            "case": case,
            "page": page_of(officer_case.found, now=now),
            "form": form,
            "back": desk_url(case),
            "link": link,
            "masked": contact.masked if contact else "",
            "is_over": link is not None and link.expires_at <= now,
            "respondent": respondent_of(case),
            "pages": open_pages,
            "may_invite": "invite_respondent" in officer_case.may,
            "may_revoke": link is not None and "end_invitation" in officer_case.may,
        },
        status=status,
    )


def _table(officer_case: OfficerCase) -> Table:
    case = officer_case.found.complaint
    matters = {
        m.kind: m for m in Matter.objects.filter(complaint=case, state="open", audience="parties").order_by("pk")
    }
    return Table(matters=matters, obligations=list(Obligation.objects.filter(complaint=case, engagement=None)))


def _open_steps(officer_case: OfficerCase, table: Table) -> set[str]:
    """What the respondent may do now, through this officer."""
    case = officer_case.found.complaint
    actor = actors.respondent(
        case, organisation=respondent_of(case), person_key=None, channel="phone", by=officer_case.found.actor
    )
    around = Around(
        complaint=case,
        side=ENTERPRISE,
        engagement_id=None,
        now=officer_case.workspace.now,
        matters=dict(table.matters),
        offers=(),
        obligations=tuple(table.obligations),
    )
    return set(open_steps(actor, around))


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, name: str) -> HttpResponseBase:
    """The respondent's own page in the officer's frame: words, read back where they decide something, written down."""
    page, officer_case = PAGES.get(name), _case(workspace, request, number)
    if page is None:
        raise Http404
    case, table = officer_case.found.complaint, _table(officer_case)
    shown, record = (
        page_of(officer_case.found, now=workspace.now),
        RecordForm(request.POST if request.method == "POST" else None),
    )
    actor = actors.respondent(
        case,
        organisation=respondent_of(case),
        person_key=None,
        by=officer_case.found.actor,
        recording=record.recording,
        channel=record.recording["how"] if record.recording else "phone",
    )
    at = StepContext(
        request=request,
        # Files that come with it were sent by the officer.
        found=CaseAccess(complaint=case, side=AUTHORITY, viewer=officer_case.found.viewer, actor=actor),
        case=table,
        steps=_open_steps(officer_case, table),
        status=shown.duty.status,
        now=workspace.now,
        home=reverse("complaints:authority-respondent", args=[number]),
        template="authority/respondent_step.html",
        shown=lambda page, form: {"case": case, "page": shown, "respondent": respondent_of(case), "record": record},
        closed=refused,
        to=lambda page: desk_url(case),
        told=lambda page, form, moves: _("%(number)s：已代被投诉人记录。") % {"number": number},
    )
    return write_down(
        at,
        page,
        record,
        template="authority/respondent_read.html",
        label=_("已经读给被投诉人听，对方说对"),
        missing=_("请先读给被投诉人听，再勾选。"),
    )
