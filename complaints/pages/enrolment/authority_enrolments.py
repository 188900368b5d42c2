"""/authority/enrolments/: applications of enterprises that want to be ODR enterprises, and the decision.

The applications of one's own authority are seen and nobody else's; who opened the page before somebody else decided is
told who did, and what was typed stays. Whatever goes against an enterprise names a ground and the facts, in words that
the enterprise will read.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.roles import Right
from accounts.sign_in.limits import client_address, place_of
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Officer
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms import enrol_forms
from complaints.forms.enrol_forms import FILL
from complaints.forms.fields import PlainForm
from complaints.pages.enrolment import enrol
from complaints.procedure.typed_values import Choice, FreeText
from enterprises.enrolment import enrolling
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import EnrolmentApplication
from enterprises.models.enrolment import RefusalGround
from enterprises.team.team import TeamRefusal
from web.incoming import posted

CHOOSE = gettext_lazy("请选择一项")
CHOSEN = {"required": CHOOSE, "invalid_choice": CHOOSE}
FILLED = {"required": FILL}
READ_BY_ENTERPRISE = gettext_lazy("企业会读到这段话；不要写个人信息")


class OneChoice(PlainForm):
    """A form whose choice `do` decides what else must be filled in."""

    #: choice → fields that it needs; for the other choices they may stay empty.
    needs: dict[str, tuple[str, ...]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        options["label_suffix"] = ""
        super().__init__(*args, **options)

    def full_clean(self) -> None:
        chosen = self.needs.get(str(self.data.get(self.add_prefix("do"), "")), ())
        conditional = {name for names in self.needs.values() for name in names} & self.fields.keys()
        for name in conditional:
            self.fields[name].required = name in chosen
        super().full_clean()
        for name in conditional:
            # Not marked as optional on the page: whoever chooses that must fill it in.
            self.fields[name].required = True


class DecideForm(OneChoice):
    """An application: who is no head proposes or asks back."""

    needs = {"recommend": ("text",), "ask_back": ("text",), "refuse": ("ground", "text")}

    do = Choice(
        label=gettext_lazy("决定"),
        widget=forms.RadioSelect,
        choices=[
            ("grant", gettext_lazy("批准入驻：今天起是在线和解企业，管理员收到邀请")),
            ("ask_back", gettext_lazy("要求补正：申请人可以修改后再提交")),
            ("refuse", gettext_lazy("不予入驻：写明理由，申请人会读到")),
            ("recommend", gettext_lazy("只写初审意见，由负责人决定")),
        ],
        error_messages=CHOSEN,
    )
    ground = Choice(
        label=gettext_lazy("不予入驻的理由"),
        choices=[("", gettext_lazy("请选择")), *RefusalGround.choices],
        error_messages=CHOSEN,
    )
    text = FreeText(
        label=gettext_lazy("说明"),
        most=1000,
        lines=4,
        error_messages=FILLED,
        help_text=gettext_lazy(
            "不予入驻和补正必须写：缺什么、依据什么事实。初审意见只有本机关看到，其余的申请人会读到"
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=30_000)

    def __init__(self, *args: Any, is_head: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        allowed = {"grant", "ask_back", "refuse"} if is_head else {"ask_back", "recommend"}
        field: Any = self.fields["do"]
        field.choices = [entry for entry in field.choices if entry[0] in allowed]
        if not is_head:
            del self.fields["ground"]


State = EnrolmentApplication.State
#: The tabs of the list: what waits for us, what waits for the enterprise, what is decided.
TABS = {"waiting": (State.SUBMITTED,), "with_firm": (State.ASKED_BACK,), "decided": (State.GRANTED, State.REFUSED)}
OLDEST = keyset.Order("submitted_at")
NEWEST = keyset.Order("submitted_at", falling=True)


def _offices(workspace: Workspace, right: Right | None = None) -> list[int]:
    rows = Officer.objects.on(workspace.today).filter(user=workspace.user)
    return sorted(set((rows.filter(role__in=right.posts) if right else rows).values_list("authority_id", flat=True)))


def _of(workspace: Workspace, application_id: UUID) -> EnrolmentApplication:
    rows = EnrolmentApplication.objects.select_related("authority", "domicile", "enterprise", "licence")
    rows = rows.filter(authority_id__in=_offices(workspace)).exclude(state=State.DRAFT)
    return get_object_or_404(rows, pk=application_id)


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
    context = {
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
            for code, label in (("waiting", _("等待审核")), ("with_firm", _("等企业补正")), ("decided", _("已决定")))
        ],
        "tab": tab,
        **keyset.neighbours(page, f"{request.path}?view={tab}"),
    }
    return render(request, "enrol/enrolments.html", context)


@officer_page("GET")
def enrolment(request: HttpRequest, workspace: Workspace, application_id: UUID) -> HttpResponseBase:
    application = _of(workspace, application_id)
    entries = list(application.entries.select_related("by", "authority"))
    sealed_fields.load_for(row.by for row in entries if row.by is not None)
    context = {
        "held": application,
        "tone": enrol.TONES[State(application.state)],
        "sections": enrol.sections(enrol_forms.judged_steps(application, today=workspace.today)),
        "licence": getattr(application, "licence", None),
        "entries": [
            enrol.entry_line(row, row.by.name if row.by else _("申请人")) | {"digest": row.digest} for row in entries
        ],
        "may_answer": application.state == State.SUBMITTED and bool(_offices(workspace, Right.ANSWER_ENROLMENT)),
        "known": _known(application),
    }
    return render(request, "enrol/enrolment.html", context)


def _known(application: EnrolmentApplication) -> str:
    """What the directory already says of this code: for whoever compares."""
    try:
        enrolling.refuse_the_enrolled(application.uscc)
    except EnrolmentRefusal as refusal:
        return "" if application.state == State.GRANTED else str(refusal)
    return ""


@officer_page("GET", "POST")
@fresh_factor
def decide(request: HttpRequest, workspace: Workspace, application_id: UUID) -> HttpResponseBase:
    """One decision; it gives an account, so the second factor is fresh."""
    application = _of(workspace, application_id)
    if application.authority_id not in _offices(workspace, Right.ANSWER_ENROLMENT):
        raise Http404
    is_head = application.authority_id in _offices(workspace, Right.DECIDE_ENROLMENT)
    form = DecideForm(posted(request), is_head=is_head, initial={"version": application.version})
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    _apply_decision(request, workspace, application, form.cleaned_data)
                    attempt.reference = reverse("complaints:authority-enrolment", args=[application.pk])
                    is_opinion = form.cleaned_data["do"] == "recommend"
                    done = _("已记下您的意见。") if is_opinion else _("已办理，申请人会收到邮件。")
                    messages.success(request, done, extra_tags="ok")
            return redirect(attempt.reference)
        except (EnrolmentRefusal, TeamRefusal) as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    context = {
        "form": form,
        "held": application,
        "is_head": is_head,
        "is_over": application.state != State.SUBMITTED,
        "back": reverse("complaints:authority-enrolment", args=[application.pk]),
    }
    return render(request, "enrol/decide.html", context, status=status)


def _apply_decision(
    request: HttpRequest, workspace: Workspace, application: EnrolmentApplication, cleaned: dict[str, Any]
) -> None:
    text, pk, place = cleaned["text"], application.pk, place_of(request)
    common: dict[str, Any] = {"by": workspace.user, "version": cleaned["version"], "now": workspace.now}
    match cleaned["do"]:
        case "recommend":
            enrolling.recommend(pk, text=text, **common)
        case "ask_back":
            enrolling.ask_back(pk, text=text, place=place + reverse("complaints:enrol"), **common)
        case "refuse":
            enrolling.refuse(pk, ground=cleaned["ground"], text=text, **common)
        case _:
            wanted = enrol_forms.wanted_of(enrol_forms.judged_steps(application, today=workspace.today))
            if wanted is None:
                raise EnrolmentRefusal("incomplete", _("申请里有不能用的内容（见申请页），请先要求补正。"))
            place += reverse("enterprises:invitation")
            enrolling.grant(pk, wanted, place=place, address=client_address(request), **common)


@officer_page("GET")
def licence(request: HttpRequest, workspace: Workspace, application_id: UUID) -> HttpResponseBase:
    return enrol.licence_of(_of(workspace, application_id), is_sender=False)


@officer_page("GET")
def paper(request: HttpRequest, workspace: Workspace, application_id: UUID, kind: str) -> HttpResponseBase:
    """申请书 or 承诺书, as the applicant confirmed it."""
    application = _of(workspace, application_id)
    if kind not in enrol.PAPERS:
        raise Http404
    return render(request, enrol.PAPERS[kind], enrol.paper_of(application, now=workspace.now))
