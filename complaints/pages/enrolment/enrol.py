"""/enterprise/enrol/: an enterprise applies to become an ODR enterprise.

Who proves the mailbox by a code holds the application; every step saves what was typed before anything is judged.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import KEY_FIELD, once
from accounts.sign_in.codes import Use, asker_of, flow_of, send_code
from accounts.sign_in.contacts import Contact, parse_contact
from accounts.sign_in.limits import TooManyTries
from accounts.views.sign_in import too_many_codes
from authorities.policies import Limits, Policies
from complaints.evidence import EvidenceRefused, beside_cases, licences
from complaints.filing import held
from complaints.filing.drafts import typed_in
from complaints.forms import enrol_forms
from complaints.forms.fields import PlainForm
from enterprises.enrolment import enrolling
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import EnrolmentApplication, EnrolmentEntry
from enterprises.models.enrolment import RefusalGround
from web.incoming import posted

HELD = "enrolment"
State, Kind = EnrolmentApplication.State, EnrolmentEntry.Kind
#: What the applicant reads of the history; opinions and invitations are for the authority.
SHOWN_KINDS = (Kind.SUBMITTED, Kind.ASKED_BACK, Kind.REFUSED, Kind.ENROLLED)
PAPERS = {"application": "enrol/paper_application.html", "pledge": "enrol/paper_pledge.html"}
TONES = {
    State.DRAFT: "neutral",
    State.SUBMITTED: "info",
    State.ASKED_BACK: "warn",
    State.GRANTED: "ok",
    State.REFUSED: "bad",
}
View = Callable[..., HttpResponseBase]


class StartForm(PlainForm):
    email = forms.CharField(
        label=gettext_lazy("单位的电子邮箱"),
        max_length=254,
        help_text=gettext_lazy("申请的进展和决定都发到这里；以后也用它接着填"),
        widget=forms.EmailInput(attrs={"class": "w-24", "autocomplete": "email"}),
        error_messages={"required": gettext_lazy("请填像 name@example.org 这样的邮箱")},
    )
    code = forms.CharField(
        label=gettext_lazy("验证码"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"class": "w-10", "inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_email(self) -> Contact:
        contact = parse_contact(self.cleaned_data["email"])
        if contact is None or contact.channel != "email":
            raise forms.ValidationError(_("请填像 name@example.org 这样的邮箱"))
        return contact


class TruthForm(PlainForm):
    is_true = forms.BooleanField(
        label=gettext_lazy("以上内容真实，我有权代表本企业提出申请"),
        error_messages={"required": gettext_lazy("请确认内容真实")},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponseBase:
    """/enterprise/enrol/: what it takes, and the mailbox by which the application is held."""
    now = timezone.now()
    if "leave" in request.POST:
        request.session.pop(HELD, None)
        messages.success(request, _("这台设备上的申请已关上。用同一个邮箱随时可以再打开。"), extra_tags="ok")
        return redirect("complaints:enrol")
    form, language = StartForm(posted(request)), get_language() or settings.LANGUAGE_CODE
    is_sent, status = False, 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        contact: Contact = form.cleaned_data["email"]
        if "send" in request.POST:
            try:
                asker = asker_of(request, now=now)
                send_code(contact=contact, purpose=held.PURPOSE, language=language, asker=asker, now=now)
                is_sent, status = True, 200
            except TooManyTries as wait:
                form.add_error("email", too_many_codes(wait))
                status = wait.refuse(request)
        elif proven := held.proven_contact(
            phone="",
            email=contact.address,
            code=form.cleaned_data["code"],
            flow=flow_of(request),
            form_key=request.POST.get(KEY_FIELD, ""),
            now=now,
        ):
            if proven[1] is Use.RIGHT:
                application = enrolling.begin(contact.address, language=language, now=now)
                request.session.cycle_key()
                request.session[HELD] = str(application.pk)
            return redirect("complaints:enrol-application")
        else:
            form.add_error("code", _("验证码不对或已过期，请重新获取；已填内容还在"))
            is_sent = True
    context = {"form": form, "is_sent": is_sent, "held": _of_session(request), "steps": enrol_forms.STEPS}
    return render(request, "enrol/start.html", context, status=status)


def _of_session(request: HttpRequest) -> EnrolmentApplication | None:
    """The application that this browser proved to hold."""
    try:
        held = UUID(str(request.session.get(HELD, "")))
    except ValueError:
        return None
    return EnrolmentApplication.objects.select_related("authority", "enterprise", "licence").filter(pk=held).first()


def holder_page(*methods: str) -> Callable[[View], View]:
    """The view gets the application of this browser; without one, a page that leads to the beginning (404)."""

    def wrap(view: View) -> View:
        @never_cache
        @require_http_methods(["HEAD", *methods])
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            held = _of_session(request)
            if held is None:
                return render(request, "enrol/over.html", status=404)
            return view(request, held, *args, **kwargs)

        return inner

    return wrap


@holder_page("GET", "POST")
def application(request: HttpRequest, held: EnrolmentApplication) -> HttpResponseBase:
    """/enterprise/enrol/application/: the list of tasks, handing in, and the county's answer."""
    now = timezone.now()
    steps = enrol_forms.judged_steps(held, today=timezone.localdate(now))
    form = TruthForm(posted(request))
    status = 200
    if request.method == "POST":
        status, wanted = 422, enrol_forms.wanted_of(steps)
        if wanted is None and held.is_open:
            form.add_error(None, _("还有没填好的步骤，见下面的清单"))
        elif form.is_valid():
            try:
                with once(request, actor=f"enrolment:{held.pk}") as attempt:
                    if not attempt.answered:
                        if wanted is None:
                            raise EnrolmentRefusal("not_open", _("申请已经提交，现在不能修改。"))
                        enrolling.submit(held, wanted, now=now)
                        attempt.reference = request.path
                        messages.success(request, _("申请已经提交。有了结果，会发邮件告诉您。"), extra_tags="ok")
                return redirect(attempt.reference)
            except EnrolmentRefusal as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
    context = {
        "form": form,
        "held": held,
        "tone": TONES[State(held.state)],
        "entries": history_of(held),
        "tasks": [_task(held, code, step) for code, step in steps.items()],
        "sections": [] if held.is_open else sections(steps),
        "kept_until": held.saved_at + enrolling.KEPT_FOR,
    }
    return render(request, "enrol/application.html", context, status=status)


def _task(held: EnrolmentApplication, code: str, step: enrol_forms.Step) -> dict[str, Any]:
    is_done, is_begun = step.is_valid(), enrol_forms.begun(held, code)
    if code == "customers" and not is_begun:
        state, tone = _("选填"), "neutral"
    elif is_done:
        state, tone = _("已填好"), "ok"
    else:
        state, tone = (_("有遗漏"), "warn") if is_begun else (_("没有填"), "neutral")
    address = reverse("complaints:enrol-step", args=[code])
    url = f"{address}?check=1" if is_begun and not is_done else address
    return {"title": step.title, "state": state, "tone": tone, "url": url}


def sections(steps: dict[str, enrol_forms.Step]) -> list[dict[str, Any]]:
    return [{"title": step.title, "rows": enrol_forms.rows_of(step)} for step in steps.values()]


def history_of(held: EnrolmentApplication) -> list[dict[str, Any]]:
    """The history as the applicant reads it: without names of officers."""
    rows = held.entries.filter(kind__in=SHOWN_KINDS).select_related("authority")
    return [entry_line(row, row.authority if row.kind != Kind.SUBMITTED else _("申请人")) for row in rows]


def entry_line(row: EnrolmentEntry, who: Any) -> dict[str, Any]:
    ground = RefusalGround(row.ground).label if row.ground else ""
    return {"at": row.at, "what": Kind(row.kind).label, "text": row.text, "ground": ground, "who": who}


@holder_page("GET", "POST")
def step(request: HttpRequest, held: EnrolmentApplication, step: str) -> HttpResponseBase:
    """/enterprise/enrol/application/<step>/: one screen; each submit saves first."""
    if step not in enrol_forms.BY_CODE:
        raise Http404
    if not held.is_open:
        return redirect("complaints:enrol-application")
    now, codes = timezone.now(), list(enrol_forms.BY_CODE)
    number, today, refused = codes.index(step) + 1, timezone.localdate(now), ""
    if request.method == "POST":
        try:
            names = [name for name in enrol_forms.BY_CODE[step].base_fields if name != "licence"]
            enrolling.save(held, step=step, typed=typed_in(request.POST, names), now=now)
            upload = request.FILES.get("licence")
            if step == "papers" and upload is not None:
                held.licence = licences.receive(upload, application=held, now=now)
        except EnrolmentRefusal as refusal:
            messages.warning(request, str(refusal), extra_tags="warn")
            return redirect("complaints:enrol-application")
        except EvidenceRefused as refusal:
            refused = str(refusal)
        if "later" in request.POST and not refused:
            messages.success(request, _("已经保存。用同一个邮箱随时可以接着填。"), extra_tags="ok")
            return redirect("complaints:enrol-application")
    is_judged = request.method == "POST" or "check" in request.GET
    form = enrol_forms.form_of(step, held, today=today, judged=is_judged)
    if refused:
        form.errors.pop("licence", None)
        form.add_error("licence", refused)
    if request.method == "POST" and form.is_valid():
        following = codes[number : number + 1]
        return redirect("complaints:enrol-step", *following) if following else redirect("complaints:enrol-application")
    context = {
        "form": form,
        "number": number,
        "total": len(codes),
        "marks": [n < number for n in range(len(codes))],
        "is_papers": step == "papers",
        "is_last": number == len(codes),
        "licence": getattr(held, "licence", None) if step == "papers" else None,
    }
    return render(request, "enrol/step.html", context, status=422 if request.method == "POST" else 200)


@holder_page("GET")
def paper(request: HttpRequest, held: EnrolmentApplication, kind: str) -> HttpResponseBase:
    """/enterprise/enrol/papers/<kind>/: 申请书 or 承诺书 with what was typed, to be read, confirmed and printed."""
    if kind not in PAPERS:
        raise Http404
    return render(request, PAPERS[kind], paper_of(held, now=timezone.now()))


def paper_of(held: EnrolmentApplication, *, now: datetime) -> dict[str, Any]:
    """What the two papers say of this enterprise; the same for whoever reads them."""
    steps = enrol_forms.judged_steps(held, today=timezone.localdate(now))
    values: dict[str, Any] = {}
    for one in steps.values():
        names = [name for name in one.fields if name != "licence"]
        values |= {name: row["value"] for name, row in zip(names, enrol_forms.rows_of(one), strict=True)}
    on_day = held.submitted_at or now
    region_id = held.authority.region_id if held.authority else None
    limits = Limits(Policies.load(timezone.localdate(on_day)), region_id)
    return {"held": held, "values": values, "on_day": on_day, "limits": limits}


@holder_page("GET")
def licence(request: HttpRequest, held: EnrolmentApplication) -> HttpResponseBase:
    """/enterprise/enrol/licence/: the own scan."""
    return licence_of(held, is_sender=True)


def licence_of(held: EnrolmentApplication, *, is_sender: bool) -> HttpResponseBase:
    """The file as an attachment; Http404 where there is none, or the scanner has not passed it."""
    row = getattr(held, "licence", None)
    file = None
    with suppress(FileNotFoundError):
        file = beside_cases.handed_out(row, is_sender=is_sender) if row is not None else None
    if file is None:
        raise Http404
    response = FileResponse(file.stream)
    # After the fact: FileResponse would put words of its own in their place.
    for name, value in file.headers.items():
        response.headers[name] = value
    return response
