"""A filing begins with a story: the box, in which one may also speak."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.display import chosen_display
from complaints import evidence
from complaints.evidence import examining
from complaints.filing import bills, drafts, steps, story
from complaints.filing.held import HeldDraft, address_of, begun_again, give_cookie, held_by, receipt_address
from complaints.filing.story_forms import StoryForm
from complaints.models.evidence import EvidenceKind, FilingDraft
from complaints.pages.filing.files import keep_refused, refused_in, take_files, uploader
from complaints.reading.file_view import files_of_draft
from web.headers import ALWAYS
from web.templatetags.portal import control_id


def lost(held: HeldDraft | None) -> HttpResponseBase:
    """Where a draft leads that is lost, or filed already."""
    return redirect(f"{reverse('complaints:file')}?lost=1" if held is None else receipt_address(held.draft))


def held_or_begun_again(
    request: HttpRequest, draft_id: uuid.UUID, *, now: datetime, to_file: bool = False
) -> HeldDraft | None:
    """The draft of this browser or person; one that is gone begins anew with what was sent."""
    held = held_by(request, now=now, draft_id=draft_id, to_file=to_file)
    if held is not None or request.method != "POST":
        return held
    held = begun_again(request, now=now)
    if held is not None:
        say_begun_again(request)
    return held


def say_begun_again(request: HttpRequest) -> None:
    messages.warning(
        request,
        _("上一份草稿已经过期，或者不在这台设备上。您填的都保存在新的草稿里了；材料要重新上传。"),
        extra_tags="warn",
    )


def keep_cookie(response: HttpResponseBase, held: HeldDraft, *, now: datetime) -> HttpResponseBase:
    """The browser holds the draft as long as the draft is kept: both began anew with what was just saved."""
    if held.key:
        give_cookie(response, held.key, seconds=(held.draft.expires_at - now).total_seconds())
    return response


def is_one_by_one(request: HttpRequest) -> bool:
    """The elder display: one question a page, in large letters, read aloud where the browser can."""
    return chosen_display(request) == "elder"


def marks(screen: str) -> dict[str, Any]:
    """Where one stands among the screens."""
    number = steps.number_of(screen)
    return {
        # What is filled in comes first: the links of the foot are folded away.
        "folds_menu": True,
        "number": number,
        "total": len(steps.SCREENS),
        "marks": [place <= number for place in range(1, len(steps.SCREENS) + 1)],
    }


def show_box(
    request: HttpRequest, form: StoryForm, *, draft: FilingDraft | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    """The first screen: one box and one button. The only one that may use the microphone."""
    voice = drafts.voice_of(draft) if draft else None
    context = {
        "form": form,
        "draft": draft,
        "voice": voice,
        "files": [file for file in files_of_draft(draft) if voice is None or file.pk != voice.pk] if draft else [],
        "refused": refused_in(draft),
        "can_read": examining.reads_text(),
        "is_read": draft is not None and bills.is_read(draft),
        "errors": errors_of(form),
        "back_url": "/",
        "is_one_by_one": is_one_by_one(request),
        "is_at_station": draft is not None and drafts.station_of(draft) is not None,
        **marks("story"),
        **more,
    }
    response = render(request, "consumer/filing/story.html", context, status=status)
    response.headers["Permissions-Policy"] = ALWAYS["Permissions-Policy"].replace("microphone=()", "microphone=(self)")
    return response


def take_story(request: HttpRequest, draft: FilingDraft, *, now: datetime) -> HttpResponseBase:
    """Keeps what was told, spoken or photographed, and says what was understood."""
    here = reverse("complaints:file-story", args=[draft.pk])
    texts = _take_voice(request, draft, now=now)
    photo = request.FILES.getlist("bill")
    kept = take_files(request, draft, photo, kind=EvidenceKind.RECEIPT, now=now)
    texts += refused_in(draft)
    keep_refused(draft, texts, now=now)
    text = drafts.typed_in(request.POST, ["story"]).get("story", [""])[0]
    is_needed = drafts.voice_of(draft) is None and not bills.is_read(draft)
    is_asked = bool(kept) and is_needed and not text.strip()
    if is_asked:
        messages.info(request, _("照片已存好。请再写几句：发生了什么，想要什么结果。"), extra_tags="info")
    if texts or is_asked or _STAYS & set(request.POST):
        if text != story.text_of(draft):
            draft.data[story.STORY] = {"text": [text]}
            # It is heard when the box is sent.
            draft.data.pop(story.HEARD, None)
            drafts.touch(draft, now=now, fields=["data"])
        return redirect(f"{here}#{'bill' if photo or {'keep_bill', 'remove'} & set(request.POST) else 'voice'}")
    form = StoryForm(request.POST, is_needed=is_needed)
    if not form.is_valid():
        return show_box(request, form, draft=draft, status=422)
    text = form.cleaned_data["story"]
    if text != story.text_of(draft) or story.HEARD not in draft.data:
        story.keep(draft, text, now=now, today=timezone.localdate(now))
    return redirect(address_of(draft, "heard"))


#: Buttons of the box that lead back to it.
_STAYS = {"keep_voice", "remove_voice", "keep_bill", "remove"}


def _take_voice(request: HttpRequest, draft: FilingDraft, *, now: datetime) -> list[str]:
    """Keeps the statement by voice, or takes it away. Returns why it was not taken."""
    if "remove_voice" in request.POST:
        drafts.drop_voice(draft, now=now)
        return []
    upload = request.FILES.get("voice")
    if upload is not None:
        try:
            drafts.take_voice(draft, upload, uploaded_by=uploader(request), now=now)
        except evidence.EvidenceRefused as refusal:
            return [str(refusal)]
    return []


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """The box of a draft that stands: the story told again. Sent to a draft that is lost, it begins a new one."""
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is not None and held.draft.filed_at is not None:
        return lost(held)
    if held is None and not request.POST.get("story", "").strip() and not request.FILES:
        return lost(held)
    if held is not None and request.method != "POST":
        # A draft of former screens has a statement, and no story yet.
        text = story.text_of(held.draft) or drafts.first(held.draft, "problem", "statement")
        return show_box(request, StoryForm(initial={"story": text}), draft=held.draft)
    if held is None:
        held = HeldDraft(*drafts.begin(now=now))
        say_begun_again(request)
    return keep_cookie(take_story(request, held.draft, now=now), held, now=now)


def errors_of(form: StoryForm) -> list[dict[str, str]]:
    """The summary on top."""
    if not form.is_bound:
        return []
    return [
        {"target": control_id(form[name]), "label": "", "text": str(text)}
        for name, errors in form.errors.items()
        for text in errors
    ]
