"""/authority/enrolments/: applications of enterprises that want to be ODR enterprises, and the decision.

The applications of one's own authority are seen and nobody else's; who opened the page before somebody
else decided is told who did, and what was typed stays.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.roles import Right
from accounts.sign_in.limits import client_address, place_of
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Officer
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms import enrol_forms
from complaints.pages.enrolment import enrol
from complaints.pages.enrolment.enrolment_forms import DecideForm
from enterprises.enrolment import enrolling
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import EnrolmentApplication, EnrolmentEntry
from enterprises.models.enrolment import RefusalGround
from enterprises.team.team import TeamRefusal

State = EnrolmentApplication.State
#: The tabs of the list: what waits for us, what waits for the enterprise, what is decided.
TABS = {"waiting": (State.SUBMITTED,), "with_firm": (State.ASKED_BACK,), "decided": (State.GRANTED, State.REFUSED)}
OLDEST = keyset.Order("submitted_at")
NEWEST = keyset.Order("submitted_at", falling=True)


def _offices(workspace: Workspace, right: Right | None = None) -> list[int]:
    rows = Officer.objects.on(workspace.today).filter(user=workspace.user)
    return sorted(set((rows.filter(role__in=right.posts) if right else rows).values_list("authority_id", flat=True)))


def _of(workspace: Workspace, application_id: UUID) -> EnrolmentApplication:
    found = (
        EnrolmentApplication.objects.select_related("authority", "domicile", "enterprise", "licence")
        .filter(pk=application_id, authority_id__in=_offices(workspace))
        .exclude(state=State.DRAFT)
        .first()
    )
    if found is None:
        raise Http404
    return found


@officer_page("GET")
def enrolments(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The list, what waits longest first."""
    tab = request.GET.get("view", "")
    tab = tab if tab in TABS else "waiting"
    offices = _offices(workspace)
    rows = EnrolmentApplication.objects.filter(authority_id__in=offices)
    page = keyset.page_of(
        rows.filter(state__in=TABS[tab]), request.GET, NEWEST if tab == "decided" else OLDEST, related=("domicile",)
    )
    address = f"{request.path}?view={tab}&"
    return render(
        request,
        "enrol/enrolments.html",
        {
            "rows": [
                {
                    "row": row,
                    "tone": enrol.TONES[State(row.state)],
                    "url": reverse("complaints:authority-enrolment", args=[row.pk]),
                }
                for row in page.rows
            ],
            "tabs": [
                {"label": label, "url": f"{request.path}?view={code}", "is_current": code == tab}
                for code, label in (
                    ("waiting", _("等待审核")),
                    ("with_firm", _("等企业补正")),
                    ("decided", _("已决定")),
                )
            ],
            "tab": tab,
            "previous_url": f"{address}before={page.before}" if page.before else "",
            "next_url": f"{address}after={page.after}" if page.after else "",
        },
    )


@officer_page("GET")
def enrolment(request: HttpRequest, workspace: Workspace, application_id: UUID) -> HttpResponseBase:
    """One application, all that was said, and its history."""
    found = _of(workspace, application_id)
    entries = list(found.entries.select_related("by", "authority"))
    sealed_fields.load_for(row.by for row in entries if row.by is not None)
    return render(
        request,
        "enrol/enrolment.html",
        {
            "held": found,
            "tone": enrol.TONES[State(found.state)],
            "sections": enrol.sections(enrol_forms.judged_steps(found, today=workspace.today)),
            "licence": getattr(found, "licence", None),
            "entries": [_entry(row) for row in entries],
            "may_answer": found.state == State.SUBMITTED and bool(_offices(workspace, Right.ANSWER_ENROLMENT)),
            "known": _known(found),
        },
    )


def _entry(row: EnrolmentEntry) -> dict[str, Any]:
    return {
        "at": row.at,
        "what": EnrolmentEntry.Kind(row.kind).label,
        "text": row.text,
        "ground": RefusalGround(row.ground).label if row.ground else "",
        "digest": row.digest,
        "who": row.by.name if row.by else _("申请人"),
    }


def _known(found: EnrolmentApplication) -> str:
    """What the directory already says of this code: for whoever compares."""
    try:
        enrolling.refuse_the_enrolled(found.uscc)
    except EnrolmentRefusal as refusal:
        return "" if found.state == State.GRANTED else str(refusal)
    return ""


@officer_page("GET", "POST")
def decide(request: HttpRequest, workspace: Workspace, application_id: UUID) -> HttpResponseBase:
    """One decision; it gives an account, so the second factor is fresh."""
    return fresh_factor(_decide)(request, workspace, application_id)


def _decide(request: HttpRequest, workspace: Workspace, application_id: UUID) -> HttpResponseBase:
    found = _of(workspace, application_id)
    if found.authority_id not in _offices(workspace, Right.ANSWER_ENROLMENT):
        raise Http404
    is_head = found.authority_id in _offices(workspace, Right.DECIDE_ENROLMENT)
    form = DecideForm(
        request.POST if request.method == "POST" else None, is_head=is_head, initial={"version": found.version}
    )
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    _carry_out(request, workspace, found, form)
                    attempt.reference = reverse("complaints:authority-enrolment", args=[found.pk])
                    messages.success(
                        request,
                        _("已办理，申请人会收到邮件。")
                        if form.cleaned_data["do"] != "recommend"
                        else _("已记下您的意见。"),
                        extra_tags="ok",
                    )
            return redirect(attempt.reference)
        except (EnrolmentRefusal, TeamRefusal) as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    return render(
        request,
        "enrol/decide.html",
        {
            "form": form,
            "held": found,
            "is_head": is_head,
            "is_over": found.state != State.SUBMITTED,
            "back": reverse("complaints:authority-enrolment", args=[found.pk]),
        },
        status=status,
    )


def _carry_out(request: HttpRequest, workspace: Workspace, found: EnrolmentApplication, form: DecideForm) -> None:
    said = form.cleaned_data
    told: dict[str, Any] = {"by": workspace.user, "version": said["version"], "now": workspace.now}
    match said["do"]:
        case "recommend":
            enrolling.recommend(found.pk, text=said["text"], **told)
        case "ask_back":
            enrolling.ask_back(
                found.pk, text=said["text"], place=place_of(request) + reverse("complaints:enrol"), **told
            )
        case "refuse":
            enrolling.refuse(found.pk, ground=said["ground"], text=said["text"], **told)
        case _:
            wanted = enrol_forms.wanted_of(enrol_forms.judged_steps(found, today=workspace.today))
            if wanted is None:
                raise EnrolmentRefusal("incomplete", _("申请里有不能用的内容（见申请页），请先要求补正。"))
            enrolling.grant(
                found.pk,
                wanted,
                place=place_of(request) + reverse("enterprises:invitation"),
                address=client_address(request),
                **told,
            )


@officer_page("GET")
def licence(request: HttpRequest, workspace: Workspace, application_id: UUID) -> HttpResponseBase:
    """The scan of the licence."""
    return enrol.licence_of(_of(workspace, application_id), is_sender=False)


@officer_page("GET")
def paper(request: HttpRequest, workspace: Workspace, application_id: UUID, kind: str) -> HttpResponseBase:
    """申请书 or 承诺书, as the applicant confirmed it."""
    found = _of(workspace, application_id)
    if kind not in enrol.PAPERS:
        raise Http404
    return render(request, enrol.PAPERS[kind], enrol.paper_of(found, now=workspace.now))
