"""Filing in the browser: where it begins, and the third screen (who complains, with what proofs).

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
from accounts.masking import masked_phone
from accounts.models import User
from accounts.sign_in.codes import Use, asker_of, flow_of, send_code
from accounts.sign_in.contacts import Contact, may_sign_in_by_code, tell_proven
from accounts.sign_in.entering import enter
from accounts.sign_in.limits import TooManyTries
from accounts.views.sign_in import too_many_codes
from complaints.evidence import limits
from complaints.filing import drafts, handing_over, known, screens, steps, story, windows
from complaints.filing.forms import LEFT_TO_AUTHORITY, NAMED, Step, read_pick
from complaints.filing.held import COOKIE, PURPOSE, HeldDraft, address_of, held_by, normal_phone, proven_contact
from complaints.filing.people import YouStep
from complaints.filing.proven import account_of
from complaints.filing.story_forms import StoryForm
from complaints.models.evidence import EvidenceKind, FilingDraft
from complaints.pages.filing.files import answer_bill, bill_lines, refused_in, take_files
from complaints.pages.filing.filing_check import check, show
from complaints.pages.filing.story import held_or_begun_again, is_one_by_one, keep_cookie, lost, show_box, take_story
from complaints.procedure.filing_request import SELF
from complaints.reading.file_view import files_of_draft


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponseBase:
    """The box for the story; the draft is made when something is sent. What a search or a poster's code hands over goes
    along in the address."""
    now = timezone.now()
    if request.method == "POST":
        form = StoryForm(request.POST, is_needed=not {"voice", "bill"} & set(request.FILES))
        if not form.is_valid():
            return show_box(request, form, status=422)
        category = request.GET.get("object_category", "")
        draft, key = drafts.begin(now=now, source=request.GET.get("source", ""), category=category)
        if handed := _handed_over(request):
            draft.data["enterprise"] = {name: [value] for name, value in handed.items()}
        return keep_cookie(take_story(request, draft, now=now), HeldDraft(draft, key), now=now)
    held = held_by(request, now=now)
    unfinished = held.draft if held and held.draft.filed_at is None else None
    if unfinished is None and isinstance(request.user, User):
        unfinished = next(iter(drafts.open_ones_of(request.user.pk, now=now)), None)
    if unfinished is not None and not {"new", "pick", "query", "lost"} & set(request.GET):
        return _resume(request, unfinished, now=now)
    more: dict[str, Any] = {
        "is_replacing": unfinished is not None and unfinished.owner_id is None,
        "unfinished_url": address_of(unfinished, unfinished.step) if unfinished else "",
        "is_lost": "lost" in request.GET,
        "handed": _handed_name(request, now=now),
    }
    return show_box(request, StoryForm(), **more)


def _resume(request: HttpRequest, unfinished: FilingDraft, *, now: datetime) -> HttpResponseBase:
    """What lies there from before, and the way on."""
    picked = drafts.picked(unfinished, today=timezone.localdate(now))
    context = {
        "unfinished": unfinished,
        "unfinished_url": address_of(unfinished, unfinished.step),
        "enterprise": picked.name if picked else drafts.first(unfinished, "enterprise", "named"),
        "number": steps.number_of(unfinished.step),
        "total": len(steps.SCREENS),
        "is_saved": "saved" in request.GET,
        "category": request.GET.get("object_category", "")[:60],
    }
    return render(request, "consumer/filing/resume.html", context)


def _handed_over(request: HttpRequest) -> dict[str, str]:
    """What the search page or a poster's code hands over."""
    asked = request.GET
    initial = {name: asked[name][:100] for name in ("query", "service_region") if asked.get(name)}
    pick = asked.get("pick", "")
    if pick in (NAMED, LEFT_TO_AUTHORITY) or read_pick(pick):
        initial["respondent"] = pick
    if pick == NAMED:
        initial["named"] = initial.pop("query", "")
    return initial


def _handed_name(request: HttpRequest, *, now: datetime) -> str:
    """Whom the complaint is against by what was handed over."""
    handed = _handed_over(request)
    pick = read_pick(handed.get("respondent", ""))
    if pick is None:
        return handed.get("named", "")
    draft = FilingDraft(data={"enterprise": {"respondent": [f"{pick.enterprise_id}-{pick.branch_id or ''}-"]}})
    picked = drafts.picked(draft, today=timezone.localdate(now))
    return picked.name if picked else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, draft_id: uuid.UUID, step: str) -> HttpResponseBase:
    """The third and the last screen; the address of a part leads to its screen."""
    if step not in ("you", "check", "evidence", *steps.STEP_CODES):
        raise Http404
    now = timezone.now()
    held = held_or_begun_again(request, draft_id, now=now, to_file=step == "check" and request.method == "POST")
    if held is None or held.draft.filed_at is not None:
        return lost(held)
    if handing_over.province_of(held.draft) and step in ("you", "check"):
        return redirect("complaints:file-elsewhere", held.draft.pk)
    if step not in ("you", "check"):
        if request.method == "POST":
            _keep_of_a_former_screen(request, held.draft, step, now=now)
        return redirect(address_of(held.draft, steps.screen_of(step)))
    if step == "check":
        response = check(request, held, now=now)
        return response if COOKIE in response.cookies else keep_cookie(response, held, now=now)
    if request.method == "POST":
        return keep_cookie(_take_in(request, held, now=now), held, now=now)
    return _show_you(request, held.draft, _you_form(request, held.draft, now=now), now=now)


def _keep_of_a_former_screen(request: HttpRequest, draft: FilingDraft, part: str, *, now: datetime) -> None:
    """Sent from a page that was open when each part had a screen of its own: nothing of it is lost."""
    if part == "evidence":
        take_files(request, draft, request.FILES.getlist("files"), kind=request.POST.get("kind", ""), now=now)
    else:
        names = drafts.form_of(draft, part, today=timezone.localdate(now)).fields
        draft.data.setdefault(part, {}).update(drafts.typed_in(request.POST, list(names)))
        drafts.touch(draft, now=now, fields=["data"])
    messages.info(request, _("填写的页面换了新的；您刚才填的已经存下。"), extra_tags="info")


#: Of the third screen, in the order in which the elder display asks one after the other.
_BLOCKS: dict[str, tuple[str, ...]] = {
    "phone": ("phone", "is_unverified", "code"),
    "name": ("name",),
    "address": ("address",),
    "others": YouStep.OF_OTHERS,
    "files": (),
}


def _blocks(request: HttpRequest, draft: FilingDraft) -> tuple[list[str], list[str]]:
    """(every block of this draft, those on this page)."""
    every = [code for code in _BLOCKS if code != "others" or story.is_for_another(draft)]
    asked = request.GET.get("q", every[0])
    return every, [asked if asked in every else every[0]] if is_one_by_one(request) else every


def _you_form(request: HttpRequest, draft: FilingDraft, *, now: datetime) -> Step:
    """As it was typed; before that, what is known of who is signed in."""
    form = drafts.form_of(draft, "you", today=timezone.localdate(now), judged="check" in request.GET)
    if not form.is_bound and isinstance(request.user, User) and drafts.station_of(draft) is None:
        form.initial = known.contact_of(request.user) | {name: text for name, text in form.initial.items() if text}
    return form


def _keep_typed(request: HttpRequest, draft: FilingDraft, shown: list[str], *, now: datetime) -> None:
    """What was on the page as it was typed; what was not there stays."""
    names = [name for name in YouStep.base_fields if name != "code"]
    if is_one_by_one(request):
        names = [name for code in shown for name in _BLOCKS[code] if name != "code"]
    kept = {name: value for name, value in draft.data.get("you", {}).items() if name not in names}
    typed = kept | drafts.typed_in(request.POST, names)
    if not story.is_for_another(draft):
        typed = {name: typed[name] for name in typed if name not in YouStep.OF_OTHERS} | {"behalf": [SELF]}
    drafts.save(draft, step="you", typed=typed, now=now)


def _take_in(request: HttpRequest, held: HeldDraft, *, now: datetime) -> HttpResponseBase:
    """Save, then do what the pressed button says."""
    draft, posted, today = held.draft, request.POST, timezone.localdate(now)
    every, shown = _blocks(request, draft)
    before = windows.held(draft, ["you"])
    _keep_typed(request, draft, shown, now=now)
    uploads = request.FILES.getlist("files")
    take_files(request, draft, uploads, kind=posted.get("kind", ""), now=now)
    if "upload" in posted or "remove" in posted or refused_in(draft):
        return redirect(f"{request.get_full_path()}#files")
    to_change = answer_bill(request, draft, now=now)
    if "later" in posted:
        return redirect(f"{reverse('complaints:file')}?saved=1")
    if "send_code" in posted or "send_email_code" in posted:
        return _send_code(request, held, now=now)
    if to_change:
        return redirect(f"{address_of(draft, 'heard')}?q={to_change}")
    data = drafts.values(draft, "you")
    data.setlist("code", [posted.get("code", "")])
    form = drafts.form_of(draft, "you", today=today, data=data)
    form.is_valid()
    text = windows.replaced(before, draft, {"you": form}, asked=posted)
    if text and posted.get("seen", windows.mark_of(before)) != windows.mark_of(before):
        messages.warning(request, text, extra_tags="warn")
    proven = _prove(request, draft, form, now=now) if "phone" in shown or shown[-1] == every[-1] else None
    wrong = next((code for code in every if set(_BLOCKS[code]) & set(form.errors)), "")
    if shown != every:
        form.only(*_BLOCKS[shown[0]])
    if form.errors:
        return _show_you(request, draft, form, now=now, status=422)
    if shown[-1] != every[-1]:
        response = redirect(f"{address_of(draft, 'you')}?q={every[every.index(shown[0]) + 1]}")
    elif wrong:
        return redirect(f"{address_of(draft, 'you')}?q={wrong}&check=1")
    else:
        response = redirect(address_of(draft, "check"))
    # The screen of a station is not the consumer's own.
    if proven is not None and may_sign_in_by_code(proven) and drafts.station_of(draft) is None:
        enter(request, proven, now=now, how="code")
    return response


def _show_you(
    request: HttpRequest, draft: FilingDraft, form: Step, *, now: datetime, status: int = 200
) -> HttpResponseBase:
    screens.set_whys_apart(form)
    phone = screens.value_of(form, "phone")
    user = request.user
    own = {user.phone, user.second_phone, user.email} - {None, ""} if isinstance(user, User) else set()
    is_proven = drafts.is_proven(draft, normal_phone(phone), screens.value_of(form, "email"))
    every, shown = _blocks(request, draft)
    more: dict[str, Any] = {}
    if shown != every and shown[0] != every[0]:
        more["back_url"] = f"{address_of(draft, 'you')}?q={every[every.index(shown[0]) - 1]}"
    return show(
        request,
        draft,
        form,
        "you",
        now=now,
        status=status,
        files=files_of_draft(draft),
        bill_lines=bill_lines(draft),
        refused=refused_in(draft),
        upload_address=reverse("complaints:file-upload", args=[draft.pk, uuid.UUID(int=0)]),
        kinds=EvidenceKind.choices,
        most=limits.files_at_filing(),
        help_text=limits.help_text(),
        accepted=limits.ACCEPTED,
        is_for_another=story.is_for_another(draft),
        is_proven=is_proven or (normal_phone(phone) in own and drafts.station_of(draft) is None),
        whys=screens.whys(form),
        sent=request.GET.get("sent", ""),
        sent_to=masked_phone(phone),
        blocks=shown,
        seen=windows.mark_of(windows.held(draft, ["you"])),
        is_one_by_one=shown != every,
        **more,
    )


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
        return _show_you(request, held.draft, form, now=now, status=422)
    contact = Contact("email" if name == "email" else "sms", address)
    language = get_language() or settings.LANGUAGE_CODE
    try:
        asker = asker_of(request, now=now)
        send_code(contact=contact, purpose=PURPOSE, language=language, asker=asker, now=now)
    except TooManyTries as wait:
        form.add_error(name, too_many_codes(wait))
        form.only(name)
        return _show_you(request, held.draft, form, now=now, status=wait.refuse(request))
    target = reverse("complaints:file-step", args=[held.draft.pk, "you"])
    query = {"sent": name} | {key: request.GET[key] for key in ("back", "q") if request.GET.get(key)}
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
