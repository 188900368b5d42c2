"""The second screen: what was understood of the story, whatever else has to be known, and what is told before the
filing goes on."""

import uuid
from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from complaints.filing import drafts, heard_screen, known, screens, story, windows
from complaints.filing.heard_screen import Block
from complaints.filing.held import address_of, going_along
from complaints.filing.steps import HEARD_PARTS
from complaints.filing.story_forms import HeardForm, SplitForm, bodies_of
from complaints.models.evidence import FilingDraft
from complaints.pages.filing.story import held_or_begun_again, is_one_by_one, keep_cookie, lost, marks
from web.templatetags.portal import control_id


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def understood(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """What was heard, line by line, the four questions, and what is missing. In the elder display one block at a
    time: ``?q=`` names it."""
    now = timezone.now()
    held = held_or_begun_again(request, draft_id, now=now)
    if held is None or held.draft.filed_at is not None:
        return lost(held)
    draft = held.draft
    if story.HEARD not in draft.data:
        return redirect(address_of(draft, "story"))
    if request.method != "POST":
        _offer_region(request, draft)
        return _show(request, draft, today=timezone.localdate(now), judged="check" in request.GET)
    return keep_cookie(_take_in(request, draft, now=now), held, now=now)


def _offer_region(request: HttpRequest, draft: FilingDraft) -> None:
    """Where this person's last complaint was about: stands in the list, to be changed; unless the story says where."""
    is_said = bool(story.understood(draft).of("region"))
    if isinstance(request.user, User) and not is_said and "service_region" not in draft.data.get("enterprise", {}):
        region = known.region_of(request.user.pk)
        if region is not None and drafts.station_of(draft) is None:
            draft.data.setdefault("enterprise", {})["service_region"] = [str(region)]


def _take_in(request: HttpRequest, draft: FilingDraft, *, now: datetime) -> HttpResponseBase:
    """Saves all that was sent, right or wrong; then does what the pressed button says."""
    posted, today = request.POST, timezone.localdate(now)
    if posted.get("mark", story.mark(draft)) != story.mark(draft):
        messages.warning(request, _("您在别处重新写过了，下面是照新写的理解的。"), extra_tags="warn")
        return redirect(address_of(draft, "heard"))
    what, before = story.understood(draft), windows.held(draft, HEARD_PARTS)
    searched = drafts.first(draft, "enterprise", "query")
    heard_screen.keep_typed(draft, posted, what)
    said = heard_screen.said_in(draft, posted, HeardForm(what=what))
    form = HeardForm(MultiValueDict(said), what=what)
    form.is_valid()
    draft.step = "heard"
    story.take(draft, form.cleaned_data, said=said, now=now, today=today)
    drafts.touch(draft, now=now, fields=["data", "step"])
    here = request.get_full_path()
    if "later" in posted:
        return redirect(f"{reverse('complaints:file')}?saved=1")
    if "region" in posted:
        return redirect(reverse("complaints:file-region", args=[draft.pk]))
    query = posted.get("query", "").strip()
    is_meant = query and query != searched and not drafts.first(draft, "enterprise", "respondent")
    if "search" in posted or is_meant:
        return redirect(f"{here}#found")
    category = heard_screen.category_of(draft, what)
    parts = heard_screen.parts_of(draft, category=category, today=today, judged=True)
    text = windows.replaced(before, draft, parts, asked=heard_screen.ASKED)
    if text and posted.get("seen", windows.mark_of(before)) != windows.mark_of(before):
        messages.warning(request, text, extra_tags="warn")
    is_right = heard_screen.judge(form, parts)
    blocks = heard_screen.blocks(form, parts, category=category, is_folded_shown=not is_one_by_one(request))
    if is_one_by_one(request):
        block = _current(request, blocks)
        if list(heard_screen.errors_of(block, form, parts)):
            return _show(request, draft, today=today, judged=True, status=422)
        if block is not blocks[-1]:
            return redirect(_address(draft, blocks[blocks.index(block) + 1]))
    if not is_right:
        wrong = next((one for one in blocks if list(heard_screen.errors_of(one, form, parts))), None)
        if wrong is None and story.is_only_report(draft):
            return redirect(reverse("complaints:file-guide", args=[draft.pk]))
        if wrong is None:
            # Nothing to complain about is left: without the words of a report, or in another edition of the forms.
            text = _("除了举报的话，没有写要投诉什么。请再写几句发生了什么。")
            messages.warning(request, text, extra_tags="warn")
            return redirect(address_of(draft, "story"))
        if is_one_by_one(request):
            return redirect(f"{_address(draft, wrong)}&check=1")
        return _show(request, draft, today=today, judged=True, status=422)
    if story.guides(draft, today=today) or (story.is_split(draft) and request.GET.get("back") != "check"):
        return redirect(reverse("complaints:file-guide", args=[draft.pk]))
    return redirect(address_of(draft, "check" if request.GET.get("back") == "check" else "you"))


def _current(request: HttpRequest, blocks: list[Block]) -> Block:
    return next((block for block in blocks if block.code == request.GET.get("q")), blocks[0])


def _address(draft: FilingDraft, block: Block) -> str:
    return f"{address_of(draft, 'heard')}?q={block.code}"


def _show(
    request: HttpRequest, draft: FilingDraft, *, today: date, judged: bool, status: int = 200
) -> HttpResponseBase:
    what = story.understood(draft)
    said = drafts.values(draft, story.SAID)
    if judged:
        form = HeardForm(said, what=what)
    else:
        initial = {name: said.getlist(name) if name == "ask" else said.get(name) for name in said}
        form = HeardForm(what=what, initial=initial)
    category = heard_screen.category_of(draft, what)
    parts = heard_screen.parts_of(draft, category=category, today=today, judged=judged)
    if judged:
        heard_screen.judge(form, parts)
    one_by_one = is_one_by_one(request)
    every = heard_screen.blocks(form, parts, category=category, is_folded_shown=not one_by_one)
    shown = [_current(request, every)] if one_by_one else every
    place = every.index(shown[0])
    back = _address(draft, every[place - 1]) if one_by_one and place else address_of(draft, "story")
    errors = [
        {"target": _target(bound.name) or control_id(bound), "label": str(bound.label).rstrip("？?"), "text": text}
        for block in shown
        for bound, text in (heard_screen.errors_of(block, form, parts) if judged else ())
    ]
    context = {
        "form": form,
        "draft": draft,
        "what": what,
        "blocks": [block.code for block in shown],
        "wrong": {block.code for block in shown if judged and list(heard_screen.errors_of(block, form, parts))},
        "is_one_by_one": one_by_one,
        "text": story.text_of(draft),
        "mark": story.mark(draft),
        "along": going_along(draft),
        "seen": windows.mark_of(windows.held(draft, HEARD_PARTS)),
        "errors": errors,
        "back_url": address_of(draft, "check") if request.GET.get("back") == "check" else back,
        "story_url": address_of(draft, "story"),
        "kept_until": draft.expires_at,
        "whys": screens.whys(parts[part][name] for block in shown for part, name in block.typed),
        **marks("heard"),
        **heard_screen.context(form, parts, category=category, today=today, is_one_by_one=one_by_one),
    }
    return render(request, "consumer/filing/heard.html", context, status=status)


def _target(name: str) -> str:
    """Controls with ids of their own."""
    return {"demand": "h-demands", "named": "id_query"}.get(name, "")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Who else takes it, when somebody noticed what is over three years old, and a report that was split off. Nothing
    here bars filing."""
    now = timezone.now()
    today, is_sent = timezone.localdate(now), request.method == "POST"
    held = held_or_begun_again(request, draft_id, now=now)
    if held is None or held.draft.filed_at is not None:
        return lost(held)
    draft = held.draft
    if story.OUTCOME not in draft.data:
        return redirect(address_of(draft, draft.step))
    is_split = story.is_split(draft)
    if is_sent:
        names = ["noticed_on", *(("statement", "report") if is_split else ())]
        draft.data.setdefault("problem", {}).update(drafts.typed_in(request.POST, names))
        drafts.touch(draft, now=now, fields=["data"])
    form = SplitForm(request.POST if is_sent else None, initial=drafts.values(draft, "problem").dict())
    dates = story.dates_of(draft, today=today)
    noticed = dates["noticed_on"] if dates.began_long_ago else None
    is_right = (not is_split or form.is_valid()) and not (noticed and noticed.errors)
    if is_sent and is_right:
        return keep_cookie(redirect(address_of(draft, "you")), held, now=now)
    wrong = [form[name] for name in (form.errors if is_split and is_sent else ())]
    wrong += [noticed] if noticed and noticed.errors else []
    context = {
        "form": form if is_split else None,
        "noticed": noticed,
        "draft": draft,
        "folds_menu": True,
        "is_one_by_one": is_one_by_one(request),
        "along": going_along(draft),
        "guides": [{"duty": duty, "bodies": bodies_of(duty.bodies)} for duty in story.guides(draft, today=today)],
        "errors": [
            {"target": control_id(bound), "label": str(bound.label), "text": str(text)}
            for bound in wrong
            for text in bound.errors
        ],
        "back_url": address_of(draft, "heard"),
    }
    return render(request, "consumer/filing/guide.html", context, status=422 if is_sent else 200)
