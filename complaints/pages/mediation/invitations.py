"""/authority/mediation/<ref>/respondent/ and body/: the link of a respondent without account, and of a body (art. 19).

A link is sent or shown once and kept as a digest. What an officer writes down for a respondent is that one's own step.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import Right
from accounts.sign_in.contacts import parse_contact
from complaints import handling
from complaints.desks.authority_lists import respondent_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, officer_case_of, refuse_unless_open
from complaints.forms.fields import Choice, FreeText, StepForm
from complaints.handling import Move
from complaints.handling.steps import contact as answer_links
from complaints.links import answer_links as answering
from complaints.models import AnswerLink, Complaint, Matter, Obligation
from complaints.pages.authority.intake.on_behalf import RecordForm, write_down
from complaints.pages.links.answer import PAGES, RespondentCase
from complaints.pages.shared.step_pages import StepContext, refused
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading.case import AUTHORITY, ENTERPRISE, CaseAccess, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_settlement import obligations_of
from complaints.reading.case_steps import Around, open_steps
from complaints.reading.mediation_facts import mediation_case_url
from web.incoming import posted
from web.qr import qr_code


class LinkForm(StepForm):
    """How the link goes out, and the phone that codes are sent to."""

    channel = Choice(
        label=_("怎么送"), choices=[(AnswerLink.SMS, _("发短信")), (AnswerLink.LETTER, _("打印出来，寄送或者当面交"))]
    )
    phone = FreeText(
        label=_("被投诉人的手机"),
        rows=1,
        longest=40,
        required=False,
        help_text=_("作决定时向这个手机发验证码。信里没有手机的，只能看和说明，决定由您代为记录。"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        phone = cleaned.get("phone", "")
        contact = parse_contact(phone) if phone else None
        if phone and (contact is None or contact.channel != "sms"):
            self.add_error("phone", gettext("手机号码不对，请核对。"))
        elif cleaned.get("channel") == AnswerLink.SMS and not phone and "phone" not in self.errors:
            self.add_error("phone", gettext("发短信须填手机号码。"))
        return cleaned


class BodyLinkForm(LinkForm):
    """How the link goes out, and whose phone codes are sent to: nothing can be done by this link without a code."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        phone = self.fields["phone"]
        phone.required = True
        phone.label = _("承办人的手机")
        phone.help_text = _("约定调解会、提出方案、报告结果时，向这个手机发验证码。")


def _case_of_respondent(workspace: Workspace, request: HttpRequest, number: str) -> OfficerCase:
    """A case whose respondent has no account, for somebody who acts in its region."""
    officer_case = officer_case_of(workspace, number, request.GET)
    actor = officer_case.access.actor
    if actor is None or not actor.may(Right.WRITE_DOWN):
        raise Http404
    if officer_case.access.complaint.enterprise_id is not None:
        raise StepNotAllowed("has_account", gettext("被投诉人是在线和解企业，在自己的账号里办理。"))
    return officer_case


@officer_page("GET", "POST")
def respondent(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """The link, who has it and until when; POST makes a new one and shows it once."""
    officer_case = _case_of_respondent(workspace, request, number)
    case = officer_case.access.complaint
    given = (case.respondent_details or {}).get("phone", "")
    form = LinkForm(posted(request), initial={"phone": given})
    if form.is_bound and (sent := _give_out(request, officer_case, form, answering.RESPONDENT, respondent_of(case))):
        return sent
    link = _live_link(case, answering.RESPONDENT)
    steps = _open_steps(officer_case, _table(officer_case))
    context = _link_context(officer_case, form, link) | {
        "respondent": respondent_of(case),
        "pages": [
            (page, reverse("complaints:authority-respondent-step", args=[case.number, page.name]))
            for page in PAGES.values()
            if page.is_open(steps)
        ],
        "may_invite": "invite_respondent" in officer_case.may,
        "may_revoke": link is not None and "end_invitation" in officer_case.may,
    }
    return render(request, "authority/respondent.html", context, status=422 if form.is_bound else 200)


@officer_page("GET", "POST")
def body(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """The link, since when and until when; POST makes a new one and shows or sends it once."""
    officer_case = officer_case_of(workspace, number, request.GET)
    delegation = officer_case.around.matters.get("delegation")
    if delegation is None:
        raise Http404
    name = delegation.data.get("body", "")
    form = BodyLinkForm(posted(request))
    if form.is_bound and (sent := _give_out(request, officer_case, form, answering.BODY, name)):
        return sent
    link = _live_link(officer_case.access.complaint, answering.BODY)
    if link is not None and link.delegation_id != delegation.pk:
        # Of an earlier delegation: it opens nothing any more.
        link = None
    context = _link_context(officer_case, form, link) | {"body": name, "may_invite": "invite_body" in officer_case.may}
    return render(request, "authority/body_link.html", context, status=422 if form.is_bound else 200)


def _link_context(officer_case: OfficerCase, form: LinkForm, link: AnswerLink | None) -> dict[str, Any]:
    case, now = officer_case.access.complaint, officer_case.workspace.now
    contact = answering.phone_of(link) if link is not None else None
    return {
        "case": case,
        "page": page_of(officer_case.access, now=now),
        "form": form,
        "back": mediation_case_url(case),
        "link": link,
        "masked": contact.masked if contact else "",
        "is_over": link is not None and link.expires_at <= now,
    }


def _live_link(case: Complaint, access: str) -> AnswerLink | None:
    """The link that was not taken back: the respondent's, or the body's."""
    links = AnswerLink.objects.select_related("made_by__user")
    return links.filter(complaint=case, revoked_at=None, delegation__isnull=access != answering.BODY).first()


def _give_out(
    request: HttpRequest, officer_case: OfficerCase, form: LinkForm, access: str, to: str
) -> HttpResponseBase | None:
    """A new link for ``to``: sent as a text message, or shown once as a letter; None where the form has errors."""
    secret, case = answering.new_secret(access), officer_case.access.complaint
    kind = "body" if access == answering.BODY else "respondent"
    here = reverse(f"complaints:authority-{kind}", args=[case.number])

    def moves() -> list[Move] | None:
        refuse_unless_open([f"invite_{kind}"], officer_case)
        if not form.is_valid():
            return None
        return [handling.MOVES[f"invite_{kind}"](digest=secret.digest, **form.cleaned_data)]

    done = take_step(request, officer_case.access, moves, form=form, to=here, now=officer_case.workspace.now)
    if not done.address:
        return None
    if not done.is_new:
        return redirect(done.address)
    place = request.build_absolute_uri("/").rstrip("/")
    if form.cleaned_data["channel"] == AnswerLink.SMS:
        answering.send(secret, form.cleaned_data["phone"], place=place, now=officer_case.workspace.now)
        messages.success(request, gettext("链接已发到填写的手机。"), extra_tags="ok")
        return redirect(here)
    context = {
        "case": case,
        "address": f"{place}{secret.path}",
        "qr": qr_code(f"{place}{secret.path}"),
        "back": here,
        "to": to,
        "is_bodys": access == answering.BODY,
        "link": _live_link(case, access),
        "authority": case.handling_authority,
    }
    return render(request, "authority/respondent_letter.html", context)


@officer_page("POST")
def revoke(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """From now on the link leads nowhere."""
    officer_case = _case_of_respondent(workspace, request, number)
    here = reverse("complaints:authority-respondent", args=[number])

    def moves() -> list[Move]:
        refuse_unless_open(["end_invitation"], officer_case)
        return [answer_links.end_invitation()]

    done = take_step(request, officer_case.access, moves, form=None, to=here, now=workspace.now)
    if done.is_new:
        messages.success(request, gettext("链接已收回，从现在起打不开了。"), extra_tags="ok")
    return redirect(done.address)


def _table(officer_case: OfficerCase) -> RespondentCase:
    case = officer_case.access.complaint
    matters = {
        m.kind: m for m in Matter.objects.filter(complaint=case, state="open", audience="parties").order_by("pk")
    }
    rows = Obligation.objects.filter(complaint=case, engagement=None)
    owed = obligations_of(rows, (), side=ENTERPRISE, today=officer_case.workspace.today)
    return RespondentCase(matters=matters, obligations=owed)


def _respondent(officer_case: OfficerCase, recording: dict[str, str] | None = None) -> Actor:
    """The respondent as who acts, through this officer."""
    case = officer_case.access.complaint
    return actors.respondent(
        case,
        organisation=respondent_of(case),
        person_key=None,
        by=officer_case.access.actor,
        recording=recording,
        channel=recording["how"] if recording else "phone",
    )


def _open_steps(officer_case: OfficerCase, table: RespondentCase) -> set[str]:
    """What the respondent may do now, through this officer."""
    around = Around(
        complaint=officer_case.access.complaint,
        side=ENTERPRISE,
        engagement_id=None,
        now=officer_case.workspace.now,
        matters=dict(table.matters),
        offers=(),
        obligations=tuple(one.row for one in table.obligations),
    )
    return set(open_steps(_respondent(officer_case), around))


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, name: str) -> HttpResponseBase:
    """The respondent's own page in the officer's layout: words, read back where they decide something, written down."""
    page, officer_case = PAGES.get(name), _case_of_respondent(workspace, request, number)
    if page is None:
        raise Http404
    case, table = officer_case.access.complaint, _table(officer_case)
    shown = page_of(officer_case.access, now=workspace.now)
    record = RecordForm(posted(request))
    actor = _respondent(officer_case, record.recording)
    at = StepContext(
        request=request,
        # Files that come with it were sent by the officer.
        access=CaseAccess(complaint=case, side=AUTHORITY, viewer=officer_case.access.viewer, actor=actor),
        case=table,
        steps=_open_steps(officer_case, table),
        status=shown.next_action.status,
        now=workspace.now,
        home=reverse("complaints:authority-respondent", args=[number]),
        template="authority/respondent_step.html",
        shown=lambda page, form: {"case": case, "page": shown, "respondent": respondent_of(case), "record": record},
        closed=refused,
        to=lambda page: mediation_case_url(case),
        message=lambda page, form, moves: gettext("%(number)s：已代被投诉人记录。") % {"number": number},
    )
    return write_down(
        at,
        page,
        record,
        template="authority/respondent_read.html",
        label=gettext("已经读给被投诉人听，对方说对"),
        missing=gettext("请先读给被投诉人听，再勾选。"),
    )
