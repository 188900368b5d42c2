"""Filing in the browser: begin with a story or with the first screen, the eight screens, submit; and a side page for a
second and a third respondent.

Every screen is one form on its own address that works without a script; each submit saves what was typed before
anything is judged.
"""

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import KEY_FIELD
from accounts.models import User
from accounts.sign_in.codes import Use, asker_of, flow_of, send_code
from accounts.sign_in.contacts import Contact, may_sign_in_by_code, tell_proven
from accounts.sign_in.entering import enter
from accounts.sign_in.limits import TooManyTries
from accounts.views.sign_in import too_many_codes
from complaints import evidence
from complaints.filing import drafts, places, respondents, screens, steps, story
from complaints.filing.forms import LEFT_TO_AUTHORITY, NAMED, Step, read_pick
from complaints.filing.held import PURPOSE, HeldDraft, address_of, give_cookie, held_by, proven_contact, receipt_address
from complaints.filing.people import YouStep
from complaints.filing.proven import account_of
from complaints.filing.respondents import FurtherForm
from complaints.filing.story_forms import StoryForm
from complaints.handling.steps.filing import MOST_RESPONDENTS
from complaints.models.evidence import Evidence, FilingDraft
from complaints.pages.filing.filing_check import check, show
from complaints.pages.filing.story import address_on, begin_again, show_box, take_story
from enterprises.directory.finding import find
from web.headers import ALWAYS
from web.incoming import whole


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponseBase:
    """The box for the story, or the first screen for who knows the firm already or would not write; the draft is made
    when something is sent."""
    now = timezone.now()
    if request.method == "POST":
        told = StoryForm(request.POST) if "story" in request.POST else None
        if told is not None and not told.is_valid():
            return show_box(request, told, status=422)
        draft, key = drafts.begin(
            now=now, source=request.GET.get("source", ""), category=request.GET.get("object_category", "")
        )
        if told is not None:
            response = take_story(request, draft, told, now=now)
        else:
            response = _take_in(request, HeldDraft(draft, key), "enterprise", now=now)
        give_cookie(response, key, seconds=drafts.kept_for(now).total_seconds())
        return response
    held = held_by(request, now=now)
    unfinished = held.draft if held and held.draft.filed_at is None else None
    if unfinished is None and isinstance(request.user, User):
        unfinished = drafts.newest_of_owner(request.user.pk, now=now)
    if unfinished is not None and not {"new", "pick", "query", "lost"} & set(request.GET):
        return _resume(request, unfinished, now=now)
    more: dict[str, Any] = {
        "is_replacing": unfinished is not None and unfinished.owner_id is None,
        "unfinished_url": address_on(unfinished) if unfinished else "",
        "is_lost": "lost" in request.GET,
    }
    if not {"form", "pick", "query", "service_region"} & set(request.GET):
        return show_box(request, StoryForm(), **more)
    form = steps.STEP_BY_CODE["enterprise"](today=timezone.localdate(now), initial=_prefilled(request))
    return show(request, None, form, now=now, **more)


def _resume(request: HttpRequest, unfinished: FilingDraft, *, now: datetime) -> HttpResponseBase:
    """What lies there from before, and the way on."""
    picked = drafts.picked(unfinished, today=timezone.localdate(now))
    context = {
        "unfinished": unfinished,
        "unfinished_url": address_on(unfinished),
        "enterprise": picked.name if picked else drafts.first(unfinished, "enterprise", "named"),
        "number": steps.number_of(unfinished.step),
        "total": len(steps.STEPS),
        "is_saved": "saved" in request.GET,
        "category": request.GET.get("object_category", "")[:60],
    }
    return render(request, "consumer/filing/resume.html", context)


def _prefilled(request: HttpRequest) -> dict[str, str]:
    """What the search page or a poster's code hands over."""
    asked = request.GET
    initial = {name: asked[name][:100] for name in ("query", "service_region") if asked.get(name)}
    pick = asked.get("pick", "")
    if pick in (NAMED, LEFT_TO_AUTHORITY) or read_pick(pick):
        initial["respondent"] = pick
    if pick == NAMED:
        initial["named"] = initial.pop("query", "")
    return initial


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, draft_id: uuid.UUID, step: str) -> HttpResponseBase:
    if step not in steps.STEP_CODES:
        raise Http404
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None:
        return _lost(request, step, now=now)
    if held.draft.filed_at is not None:
        return redirect(receipt_address(held.draft))
    if step == "check":
        return check(request, held, now=now)
    if request.method == "POST":
        response = _shown(_take_in(request, held, step, now=now), step)
        if held.key:
            # The browser holds the draft as long as the draft is kept: both began anew with what was just saved.
            give_cookie(response, held.key, seconds=(held.draft.expires_at - now).total_seconds())
        return response
    form = drafts.form_of(held.draft, step, today=timezone.localdate(now), judged="check" in request.GET)
    return _shown(show(request, held.draft, form, now=now), step)


def _shown(response: HttpResponseBase, step: str) -> HttpResponseBase:
    """The screen on which one may speak is the only one that may use the microphone."""
    if step == "problem":
        policy = ALWAYS["Permissions-Policy"].replace("microphone=()", "microphone=(self)")
        response.headers["Permissions-Policy"] = policy
    return response


def _lost(request: HttpRequest, step: str, *, now: datetime) -> HttpResponseBase:
    """The draft is gone or lies elsewhere; what was just sent begins a new one."""
    if request.method != "POST" or step in ("evidence", "check"):
        return redirect(f"{reverse('complaints:file')}?lost=1")
    held = begin_again(request, now=now)
    _keep_typed(request, held.draft, step, now=now)
    response = redirect(address_of(held.draft, "enterprise"))
    give_cookie(response, held.key, seconds=drafts.kept_for(now).total_seconds())
    return response


def _keep_typed(request: HttpRequest, draft: FilingDraft, step: str, *, now: datetime) -> None:
    form = drafts.form_of(draft, step, today=timezone.localdate(now))
    names = [name for name in form.fields if (step, name) != (YouStep.step, "code")]
    drafts.save(draft, step=step, typed=drafts.typed_in(request.POST, names), now=now)


def _take_in(request: HttpRequest, held: HeldDraft, step: str, *, now: datetime) -> HttpResponseBase:
    """Save, then do what the pressed button says."""
    draft, posted = held.draft, request.POST
    _keep_typed(request, draft, step, now=now)
    here = address_of(draft, step) + (f"?{request.GET.urlencode()}" if request.GET.get("back") else "")
    if step == "problem" and _take_voice(request, draft, now=now):
        return redirect(f"{here}#voice")
    if step == "evidence":
        _take_files(request, draft, now=now)
        if "upload" in posted or "remove" in posted:
            return redirect(f"{here}#files")
    if "later" in posted:
        return redirect(f"{reverse('complaints:file')}?saved=1")
    if step == "enterprise" and "region" in posted:
        return redirect(reverse("complaints:file-region", args=[draft.pk]))
    if step == "enterprise" and ("search" in posted or _means_search(request, draft)):
        return redirect(f"{here}#found")
    if step == "you" and ("send_code" in posted or "send_email_code" in posted):
        return _send_code(request, held, now=now)
    data = drafts.values(draft, step)
    if step == "you":
        data.setlist("code", [posted.get("code", "")])
    form = drafts.form_of(draft, step, today=timezone.localdate(now), data=data)
    is_right = form.is_valid()
    proven: User | None = None
    if step == "you":
        proven = _prove(request, draft, form, now=now)
        is_right = not form.errors
    if not is_right:
        return show(request, draft, form, now=now, status=422)
    story.passed(draft, step, now=now)
    today = timezone.localdate(now)
    following = "check" if request.GET.get("back") == "check" else story.step_after(draft, step, today=today)
    response = redirect(address_of(draft, following))
    # The screen of a station is not the consumer's own.
    if proven is not None and may_sign_in_by_code(proven) and drafts.station_of(draft) is None:
        enter(request, proven, now=now, how="code")
    return response


def _means_search(request: HttpRequest, draft: FilingDraft) -> bool:
    """Enter in the search field, before anything was chosen."""
    return bool(request.POST.get("query", "").strip()) and not drafts.first(draft, "enterprise", "respondent")


def _take_voice(request: HttpRequest, draft: FilingDraft, *, now: datetime) -> bool:
    """The statement by voice; True when the page is to be shown again (taken away, kept alone, or refused)."""
    if "remove_voice" in request.POST:
        drafts.drop_voice(draft, now=now)
        return True
    upload = request.FILES.get("voice")
    if upload is not None:
        try:
            drafts.take_voice(draft, upload, uploaded_by=_uploader(request), now=now)
        except evidence.EvidenceRefused as refusal:
            messages.error(request, str(refusal), extra_tags="bad")
            return True
    return "keep_voice" in request.POST


def _uploader(request: HttpRequest) -> int | None:
    return request.user.pk if isinstance(request.user, User) else None


def _take_files(request: HttpRequest, draft: FilingDraft, *, now: datetime) -> None:
    if (removed := whole(request.POST.get("remove"), 18)) is not None:
        row = Evidence.objects.filter(draft=draft, pk=removed).first()
        if row is not None:
            evidence.remove(row)
            messages.info(request, _("已删除“%(file)s”") % {"file": row.name}, extra_tags="info")
        return
    kind, uploader = request.POST.get("kind", ""), _uploader(request)
    for upload in request.FILES.getlist("files"):
        try:
            evidence.receive(upload, draft=draft, kind=kind, uploaded_by=uploader, now=now)
        except evidence.EvidenceRefused as refusal:
            messages.error(request, str(refusal), extra_tags="bad")


def _send_code(request: HttpRequest, held: HeldDraft, *, now: datetime) -> HttpResponseBase:
    """A code to the phone (or mailbox) as typed; everything else stays as typed."""
    name = "email" if "send_email_code" in request.POST else "phone"
    form = drafts.form_of(held.draft, "you", today=timezone.localdate(now), judged=True)
    form.is_valid()
    address = form.cleaned_data.get(name, "")
    if not address:
        if name not in form.errors:
            form.add_error(name, _("请先填邮箱，再获取验证码"))
        form.only(name)
        return show(request, held.draft, form, now=now, status=422)
    contact = Contact("email" if name == "email" else "sms", address)
    language = get_language() or settings.LANGUAGE_CODE
    try:
        asker = asker_of(request, now=now)
        send_code(contact=contact, purpose=PURPOSE, language=language, asker=asker, now=now)
    except TooManyTries as wait:
        form.add_error(name, too_many_codes(wait))
        form.only(name)
        return show(request, held.draft, form, now=now, status=wait.refuse(request))
    target = reverse("complaints:file-step", args=[held.draft.pk, "you"])
    query = {"sent": name, **({"back": request.GET["back"]} if request.GET.get("back") else {})}
    return redirect(f"{target}?{urlencode(query)}#id_code")


def _prove(request: HttpRequest, draft: FilingDraft, form: Step, *, now: datetime) -> User | None:
    """The person who proved this phone (or mailbox) just now, once; adds the error of the code to the form."""
    cleaned = form.cleaned_data
    phone, email = cleaned.get("phone", ""), cleaned.get("email", "")
    if not phone or drafts.is_proven(draft, phone, email):
        return None
    if isinstance(request.user, User):
        # A session began with a code to this very address.
        own = {request.user.phone, request.user.second_phone, request.user.email}
        for address in (phone, email.lower()):
            if address and address in own:
                drafts.own(draft, user_id=request.user.pk, address=address, now=now)
                return None
    typed = cleaned.get("code", "").strip()
    if typed:
        form_key, flow = request.POST.get(KEY_FIELD, ""), flow_of(request)
        proven = proven_contact(phone=phone, email=email, code=typed, flow=flow, form_key=form_key, now=now)
        if proven is None:
            form.add_error("code", _("验证码不对或已过期，请重新获取；已填内容还在"))
            return None
        contact, use = proven
        user = account_of(request, draft, contact, name=cleaned.get("name", ""), now=now)
        drafts.own(draft, user_id=user.pk, address=contact.address, now=now)
        if drafts.station_of(draft) is None:
            tell_proven(request, user, contact, now=now)
        return user if use is Use.RIGHT and user != request.user else None
    if not cleaned.get("is_unverified"):
        form.add_error("code", _("请获取并填写验证码；收不到就勾选“收不到验证码，先提交”"))
    return None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def region(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Anywhere else: by name, or province and then city and county, in plain pages."""
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        return redirect(f"{reverse('complaints:file')}?lost=1")
    back = address_of(held.draft, "enterprise")
    if request.method == "POST":
        chosen = request.POST.get("region", "")
        if places.is_choosable(whole(chosen, 9) or 0):
            typed = dict(held.draft.data.get("enterprise", {}))
            typed["service_region"] = [chosen]
            drafts.save(held.draft, step="enterprise", typed=typed, now=now)
            return redirect(back)
    query, province = request.GET.get("q", "").strip()[:40], request.GET.get("province", "")
    province_id = whole(province, 9)
    chosen_province, groups = places.inside(province_id) if province_id is not None else (None, [])
    context = {
        "query": query,
        "places": places.search(query),
        "provinces": places.provinces(),
        "province": chosen_province,
        "groups": groups,
        "back_url": back,
        "is_unchosen": request.method == "POST",
        "has_errors": request.method == "POST",
    }
    return render(request, "consumer/filing/region.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def more(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        return redirect(f"{reverse('complaints:file')}?lost=1")
    draft, here = held.draft, reverse("complaints:file-respondents", args=[draft_id])
    rows = respondents.read(draft)
    form = FurtherForm(request.POST if request.method == "POST" and "add" in request.POST else None, draft=draft)
    if request.method == "POST" and "remove" in request.POST:
        place = request.POST["remove"]
        kept = [row for number, row in enumerate(rows) if str(number) != place]
        respondents.put(draft, kept, now=now)
        return redirect(here)
    if form.is_bound and form.is_valid():
        respondents.put(draft, [*rows, form.cleaned_data["further"]], now=now)
        return redirect(here)
    return _show(request, held, form)


def _show(request: HttpRequest, held: HeldDraft, form: FurtherForm) -> HttpResponseBase:
    draft, today = held.draft, timezone.localdate()
    query = request.GET.get("q", "").strip()[:100]
    region = drafts.first(draft, "enterprise", "service_region")
    region_id = whole(region, 9)
    hits = find(query, on=today, region_id=region_id, limit=screens.HITS_SHOWN) if query else []
    picked = drafts.picked(draft, today=today)
    first = respondents.first(draft)
    names = respondents.names(draft)
    errors = [
        {"target": f"id_{name}", "label": str(form.fields[name].label or ""), "text": str(text)}
        for name, result in form.errors.items()
        for text in result
    ]
    context = {
        "form": form,
        "errors": errors,
        "query": query,
        "is_full": 1 + len(names) >= MOST_RESPONDENTS,
        "first": picked.name if picked else first.named or _("由监管部门确定"),
        "names": names,
        "offered": [screens.choice_of(hit) for hit in hits],
        "back_url": address_of(draft, "check" if "consents" in draft.data else draft.step),
    }
    return render(request, "consumer/filing/respondents.html", context, status=422 if form.errors else 200)
