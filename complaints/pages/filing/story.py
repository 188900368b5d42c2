"""A filing begins with a story: the box, what was understood of it, and what has to be known before it goes on."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from complaints.filing import drafts, story
from complaints.filing.held import HeldDraft, address_of, give_cookie, held_by, receipt_address
from complaints.filing.story_forms import HeardForm, SplitForm, StoryForm, bodies_of
from complaints.models.evidence import FilingDraft
from web.templatetags.portal import control_id


def address(draft: FilingDraft, page: str) -> str:
    """Of one of the three pages: story, heard, guide."""
    return reverse(f"complaints:file-{page}", args=[draft.pk])


def address_on(draft: FilingDraft) -> str:
    """Where an unfinished draft goes on."""
    return address(draft, "heard") if story.is_unanswered(draft) else address_of(draft, draft.step)


def begin_again(request: HttpRequest, *, now: datetime) -> HeldDraft:
    """A new draft for what was just sent to one that is gone or lies elsewhere."""
    messages.warning(
        request, _("上一份草稿已经过期，或者不在这台设备上。您刚才填的这一页已经保存在新的草稿里。"), extra_tags="warn"
    )
    return HeldDraft(*drafts.begin(now=now))


def show_box(
    request: HttpRequest, form: StoryForm, *, draft: FilingDraft | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    """The first screen: one box and one button."""
    context = {
        "form": form,
        "draft": draft,
        "errors": errors_of(form),
        "back_url": address(draft, "heard") if draft else "/",
        **more,
    }
    return render(request, "consumer/filing/story.html", context, status=status)


def take_story(request: HttpRequest, draft: FilingDraft, form: StoryForm, *, now: datetime) -> HttpResponseBase:
    """Keeps a story that was sent and says what was understood."""
    text, today = form.cleaned_data["story"], timezone.localdate(now)
    if text != story.text_of(draft):
        story.keep(draft, text, now=now, today=today)
    return redirect(address(draft, "heard"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """The box of a draft that stands: the story told again. Sent to a draft that is lost, it begins a new one."""
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is not None and held.draft.filed_at is not None:
        return _away(held)
    if held is None and "story" not in request.POST:
        return _away(held)
    if held is not None and request.method != "POST":
        return show_box(request, StoryForm(initial={"story": story.text_of(held.draft)}), draft=held.draft)
    form = StoryForm(request.POST)
    if not form.is_valid():
        return show_box(request, form, draft=held.draft if held else None, status=422)
    if held is not None:
        return take_story(request, held.draft, form, now=now)
    held = begin_again(request, now=now)
    response = take_story(request, held.draft, form, now=now)
    give_cookie(response, held.key, seconds=drafts.kept_for(now).total_seconds())
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def understood(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """What was heard, line by line, and the four questions."""
    now = timezone.now()
    today = timezone.localdate(now)
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        return _away(held)
    draft = held.draft
    if story.HEARD not in draft.data:
        return redirect(address_of(draft, draft.step))
    what = story.understood(draft)
    if request.method == "POST" and request.POST.get("mark", story.mark(draft)) != story.mark(draft):
        messages.warning(request, _("您在别处重新写过了，下面是照新写的理解的。"), extra_tags="warn")
        return redirect(address(draft, "heard"))
    said = drafts.values(draft, story.SAID)
    form = HeardForm(request.POST if request.method == "POST" else said or None, what=what)
    if request.method == "POST" and form.is_valid():
        kept = drafts.typed_in(request.POST, list(form.fields))
        story.take(draft, form.cleaned_data, said=kept, now=now, today=today)
        if story.guides(draft) or story.is_split(draft):
            return redirect(address(draft, "guide"))
        return redirect(address_of(draft, story.first_step(draft, today=today)))
    context = {
        "form": form,
        "draft": draft,
        "what": what,
        "text": story.text_of(draft),
        "mark": story.mark(draft),
        "errors": errors_of(form) if request.method == "POST" else [],
        "back_url": address(draft, "story"),
    }
    return render(request, "consumer/filing/heard.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Who else takes it, and a report that was split off. Nothing here bars filing."""
    now = timezone.now()
    today = timezone.localdate(now)
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        return _away(held)
    draft = held.draft
    if story.OUTCOME not in draft.data:
        return redirect(address_of(draft, draft.step))
    is_split = story.is_split(draft)
    names = ("statement", "report")
    form = SplitForm(request.POST if request.method == "POST" else None, initial=drafts.values(draft, "problem").dict())
    if request.method == "POST" and is_split:
        draft.data.setdefault("problem", {}).update(drafts.typed_in(request.POST, names))
        drafts.touch(draft, now=now, fields=["data"])
    if request.method == "POST" and (not is_split or form.is_valid()):
        return redirect(address_of(draft, story.first_step(draft, today=today)))
    context = {
        "form": form if is_split else None,
        "draft": draft,
        "guides": [{"duty": duty, "bodies": bodies_of(duty.bodies)} for duty in story.guides(draft)],
        "errors": errors_of(form) if is_split and request.method == "POST" else [],
        "back_url": address(draft, "heard"),
    }
    return render(request, "consumer/filing/guide.html", context, status=422 if request.method == "POST" else 200)


def _away(held: HeldDraft | None) -> HttpResponseBase:
    """Where a draft leads that is lost, or filed already."""
    return redirect(f"{reverse('complaints:file')}?lost=1" if held is None else receipt_address(held.draft))


def errors_of(form: forms.Form) -> list[dict[str, str]]:
    """The summary on top."""
    if not form.is_bound:
        return []
    return [
        {"target": control_id(form[name]), "label": str(form[name].label).rstrip("？?"), "text": str(text)}
        for name, errors in form.errors.items()
        for text in errors
    ]
