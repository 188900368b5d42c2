"""Pages that all three sides have of a case: why a date is that day; files handed out, and sent in parts.

Who may not see it gets the same 404 as for what does not exist. A browser sends a file to addresses that begin, take a
part, tell the state, finish and cancel; each may be repeated, for the answer may have been lost, and without JavaScript
nobody comes there.
"""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, cast
from urllib.parse import unquote

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import security_log
from accounts.models import User
from accounts.sign_in.entering import is_here
from accounts.sign_in.limits import client_address
from complaints import evidence, wording
from complaints.desks.staff_access import View
from complaints.evidence import EvidenceRefused, uploads
from complaints.evidence.uploads import Holder, WrongPlace
from complaints.filing import bills
from complaints.filing.held import held_by
from complaints.models import Complaint, Deadline, Evidence, Offer, Upload
from complaints.models.settlement import OPEN_REFUSAL
from complaints.notices import digests
from complaints.parties.conditions import current_calendar
from complaints.procedure.derivation import day_by_day, explain
from complaints.procedure.workflow import Clock, Status
from complaints.procedure.working_calendar import Calendar
from complaints.reading import case
from complaints.reading.file_view import is_sender, state_label
from complaints.wording.clock import clock_facts
from complaints.wording.next_action import what_if_missed
from web.dates import working_days
from web.errors import busy
from web.incoming import whole

#: A longer period is listed, not drawn.
_MOST_WEEKS = 14


def signed_in_page(*methods: str) -> Callable[[View], View]:
    """A page for whoever is signed in, never kept by a browser; ``methods`` beside HEAD."""

    def wrap(view: View) -> View:
        return never_cache(login_required(require_http_methods(["HEAD", *methods])(view)))

    return wrap


def meet(request: HttpRequest, number: str) -> case.CaseAccess:
    """The case for whoever asks, the own case first; Http404 for a stranger."""
    now = timezone.now()
    for side in (case.CONSUMER, case.AUTHORITY, case.ENTERPRISE):
        try:
            return case.find_case(request.user, number, side=side, now=now)
        except Http404:
            continue
    raise Http404


def to_own_page(request: HttpRequest, number: str) -> HttpResponse:
    """/cases/<ref>/ is also what a notice to staff says: they are sent on to their page."""
    result = meet(request, number)
    address = case.case_url(result.complaint, result.side)
    if result.side == case.CONSUMER or not is_here(address):
        raise Http404
    return redirect(address)


@signed_in_page("GET")
def short_link(request: HttpRequest, code: str) -> HttpResponse:
    """/c/20261118-7K3Q, as short messages say it: on to the page of that case of whoever is signed in. Where two of the
    person's cases begin so, to the list."""
    if len(code) != digests.CODE:
        raise Http404
    user = cast(User, request.user)
    day, letters = code.upper()[:9], code.upper()[9:]
    # Older numbers have no province between the two.
    begins = Q(number__startswith=f"{day}{settings.PROVINCE}-{letters}") | Q(number__startswith=f"{day}{letters}")
    numbers = Complaint.objects.visible_to(user).filter(begins).exclude(status=Status.DRAFT)
    found = list(numbers.order_by("number").values_list("number", flat=True)[:2])
    if not found:
        raise Http404
    if len(found) > 1:
        return redirect("complaints:cases")
    result = meet(request, found[0])
    return redirect(case.case_url(result.complaint, result.side))


@signed_in_page("GET")
def why(request: HttpRequest, number: str, clock: str) -> HttpResponse:
    """Rule and version, the event day, every day counted or not, pauses, roll."""
    result = meet(request, number)
    if result.actor is None:
        raise Http404
    back, is_staff = case.case_url(result.complaint, result.side), result.side != case.CONSUMER
    return derived(request, result.complaint, result.side, clock, back=back, is_staff=is_staff)


def derived(
    request: HttpRequest, complaint: Complaint, side: str, clock: str, *, back: str, is_staff: bool
) -> HttpResponse:
    """The page of one date, for whoever was found to have the case on this side."""
    named = [c for c in case.visible_clocks(complaint, side) if case.clock_name(c) == clock]
    if not named:
        raise Http404
    row = next((c for c in reversed(named) if c.ended_at is None), named[-1])
    now = timezone.now()
    calendar = current_calendar()
    days = day_by_day(row.derivation)
    today = calendar.local_day(now)
    facts = clock_facts(deadline=row, now=now, calendar=calendar, status=complaint.status)
    context = {
        "cites": f"clock:{row.clock}",
        "case": complaint,
        "back": back,
        "clock": row,
        "facts": facts,
        "name": wording.label(row.clock, kind="clock"),
        "lines": explain(row.derivation),
        "days": days,
        "today": today,
        "weeks": _weeks(row, days, calendar, today),
        "length": _length(row),
        "state": wording.label(row.state, kind="clock_state"),
        "if_missed": what_if_missed(complaint, row, is_refused=_is_refused(complaint, row)),
        "calendar_source": row.derivation.get("calendar_source", ""),
        "body_class": "staff" if is_staff else "",
    }
    return render(request, "consumer/why.html", context)


def _is_refused(complaint: Complaint, row: Deadline) -> bool:
    """The clock asks for an answer to an offer that grants nothing."""
    if row.clock != Clock.CONFIRMATION or row.obligation_id is not None:
        return False
    return Offer.objects.filter(OPEN_REFUSAL, complaint=complaint).exists()


def _length(row: Deadline) -> str:
    if not row.length:
        return ""
    if row.unit == "WD":
        return working_days(row.length)
    return ngettext("%(n)s个自然日", "%(n)s个自然日", row.length) % {"n": row.length} if row.unit == "CD" else ""


def _weeks(row: Deadline, days: list[Any], calendar: Calendar, today: date) -> list[list[dict[str, Any]]]:
    """Whole weeks from the start to the last day, Monday first; ``kind`` of a day is its CSS class."""
    if not days:
        return []
    counted = {d.day: d for d in days}
    first, last = days[0].day, max(days[-1].day, row.last_day)
    start = first - timedelta(days=first.weekday())
    length = (last - start).days + 7 - last.weekday()
    if length > _MOST_WEEKS * 7:
        return []
    cells = []
    for day in (start + timedelta(days=n) for n in range(length)):
        is_new_month = day.day == 1 and day != start
        kind, note = _kind_of(day, counted.get(day), row, calendar, first)
        number = f"{day.month}/{day.day}" if is_new_month else str(day.day)
        cells.append({"day": day, "number": number, "kind": kind, "note": note, "is_today": day == today})
    return [cells[i : i + 7] for i in range(0, len(cells), 7)]


def _kind_of(day: date, counted: Any, row: Deadline, calendar: Calendar, first: date) -> tuple[str, str]:
    number = _("第%(n)s天") % {"n": counted.number} if counted and counted.number else ""
    if day == first:
        return "is-start", _("起点")
    if day == row.last_day:
        return "is-last", number or _("最后")
    if number:
        return "is-count", number
    if not calendar.is_working(day):
        return "is-off", _("休")
    return ("is-off", _("停")) if counted else ("", "")


FILE, ORIGINAL, THUMBNAIL = "file", "original", "thumbnail"
_OPENING = {FILE: evidence.download, ORIGINAL: evidence.original, THUMBNAIL: evidence.thumbnail}


@signed_in_page("GET")
def file_of_case(request: HttpRequest, number: str, pk: int, form: str = FILE) -> HttpResponseBase:
    """/cases/<ref>/files/<pk>/[original|thumbnail]/; a former enterprise gets none."""
    result = meet(request, number)
    row = Evidence.objects.known_to(result.side).filter(pk=pk, complaint=result.complaint).first()
    if result.actor is None or row is None:
        raise Http404
    is_theirs = is_sender(row, result.complaint, side=result.side, user_id=result.viewer.user_id)
    if not evidence.shows_content(row, is_sender=is_theirs):
        raise Http404
    if form == ORIGINAL and not is_theirs:
        if result.side != case.AUTHORITY:
            raise Http404
        # It may say where and when a picture was taken.
        security_log.note(
            "reveal",
            now=timezone.now(),
            user=cast(User, request.user),
            organisation=result.viewer.organisation,
            subject=f"{result.complaint.number} file {row.pk}",
            reason="original",
            address=client_address(request),
        )
    return handed_out(request, row, form)


@never_cache
@require_safe
def file_of_draft(request: HttpRequest, draft_id: uuid.UUID, evidence_id: int, form: str = FILE) -> HttpResponseBase:
    """A file of a draft, for whoever holds the draft."""
    held = held_by(request, now=timezone.now(), draft_id=draft_id)
    row = Evidence.objects.filter(draft=held.draft, pk=evidence_id).first() if held else None
    if row is None or not evidence.shows_content(row, is_sender=True):
        raise Http404
    return handed_out(request, row, form)


def handed_out(request: HttpRequest, row: Evidence, form: str) -> HttpResponseBase:
    try:
        result = _OPENING[form](row)
    except FileNotFoundError:
        raise Http404 from None
    except OSError:
        # The bucket does not answer: later again.
        return busy(request)
    response = FileResponse(result.stream)
    # After the fact: FileResponse would put words of its own in their place.
    for name, value in result.headers.items():
        response.headers[name] = value
    return response


PART, FINISH, CANCEL = "part", "finish", "cancel"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload_of_draft(request: HttpRequest, draft_id: uuid.UUID, upload_id: uuid.UUID, action: str = "") -> JsonResponse:
    """/file/<draft>/uploads/<upload>/[part|finish|cancel]/ for whoever holds the draft."""
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        raise Http404
    user = request.user.pk if isinstance(request.user, User) else None
    return _upload(request, upload_id, Holder(draft=held.draft, user_id=user), action, now=now)


@signed_in_page("GET", "POST")
def upload_of_case(request: HttpRequest, number: str, upload_id: uuid.UUID, action: str = "") -> JsonResponse:
    """/cases/<ref>/uploads/<upload>/[part|finish|cancel]/ for the sides of the case."""
    result = meet(request, number)
    if result.actor is None:
        raise Http404
    holder = Holder(complaint=result.complaint, user_id=result.viewer.user_id)
    return _upload(request, upload_id, holder, action, now=timezone.now())


def _upload(request: HttpRequest, upload_id: uuid.UUID, holder: Holder, action: str, *, now: datetime) -> JsonResponse:
    """The state as JSON: 200; 409 when the sender must look again; 422 with the sentence for the person."""
    is_new = request.method == "POST" and not action
    upload = None if is_new else uploads.find(upload_id, holder, now=now)
    if upload is None and not is_new:
        raise Http404
    try:
        if upload is None:
            upload = _begin(request, upload_id, holder, now=now)
        elif request.method == "POST" and action == PART:
            upload = uploads.put_part(
                upload,
                request.body,
                at=whole(request.GET.get("at", ""), 15) or 0,
                sha256=request.GET.get("sha256", ""),
                name=unquote(request.headers.get("File-Name", "")),
                now=now,
            )
        elif request.method == "POST" and action == FINISH:
            name, kind, digest = (request.POST.get(field, "") for field in ("name", "kind", "sha256"))
            is_new = upload.evidence_id is None
            upload = uploads.finish(upload, holder, name=name, kind=kind, whole=digest, now=now)
            if is_new and holder.draft is not None and upload.evidence is not None:
                bills.look_at(holder.draft, upload.evidence, now=now, today=timezone.localdate(now))
        elif request.method == "POST":
            uploads.cancel(upload)
            upload = None
    except EvidenceRefused as refusal:
        return JsonResponse({"text": str(refusal)}, status=422)
    except WrongPlace:
        if upload is not None:
            upload.refresh_from_db()
        return JsonResponse(_state(upload), status=409)
    return JsonResponse(_state(upload))


def _begin(request: HttpRequest, upload_id: uuid.UUID, holder: Holder, *, now: datetime) -> Upload:
    size, name = whole(request.POST.get("size", ""), 15) or 0, request.POST.get("name", "")
    try:
        return uploads.begin(upload_id, holder, size=size, name=name, now=now)
    except ValueError:
        raise Http404 from None


def _state(upload: Upload | None) -> dict[str, Any]:
    if upload is None:
        return {"received": 0, "is_done": False}
    row, is_done = upload.evidence, upload.kept is not None or upload.evidence_id is not None
    result: dict[str, Any] = {"received": upload.received, "size": upload.size, "is_done": is_done}
    if is_done:
        # The words that the page shows for the file after it was loaded anew.
        is_open = row is None or evidence.shows_content(row, is_sender=True)
        result["state"] = (
            _("已存好") if row is None else state_label(row, is_open=is_open, is_theirs=True, is_staff=False)
        )
    return result
