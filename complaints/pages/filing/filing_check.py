"""The last screen of a filing: everything once more, what is agreed to, then the one rule call.

Whatever a double click sends, one complaint comes of it and both submits end at the same receipt.
"""

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.display import chosen_display
from accounts.idempotency import once
from accounts.models import User
from accounts.sign_in.codes import MoreWork
from accounts.sign_in.limits import place_of
from complaints.filing import composing, drafts, heard_counts, screens, steps, story, unproven, windows
from complaints.filing.composing import Unfinished
from complaints.filing.drafts import Picked
from complaints.filing.forms import ProblemStep, Step
from complaints.filing.held import HeldDraft, address_of, give_cookie, going_along, receipt_address
from complaints.filing.outlook import duplicates, outlook
from complaints.filing.people import OPTIONAL
from complaints.links.joining import file_draft
from complaints.models.evidence import FilingDraft
from complaints.pages.filing.story import is_one_by_one, marks
from complaints.parties.actors import Actor, consumer
from complaints.procedure.filing_request import CONSENTS, FilingRequest
from complaints.procedure.workflow import Role
from enterprises.directory.expectations import Expectation, expected
from web.templatetags.portal import control_id


def check(request: HttpRequest, held: HeldDraft, *, now: datetime) -> HttpResponseBase:
    """The last screen: what was said, what is agreed to, what comes next; then the one rule call."""
    draft, today = held.draft, timezone.localdate(now)
    language = get_language() or settings.LANGUAGE_CODE
    token = drafts.tracking_token(draft, held.key or str(draft.pk))
    is_sent, one_by_one = request.method == "POST", is_one_by_one(request)
    if is_sent:
        names = list(drafts.form_of(draft, "consents", today=today).fields)
        sent = drafts.typed_in(request.POST, names)
        draft.data["consents"], draft.step = (draft.data.get("consents", {}) if one_by_one else {}) | sent, "check"
        if "later" in request.POST:
            _keep(draft, now=now)
            return redirect(f"{reverse('complaints:file')}?saved=1")
    forms = composing.judged_forms(draft, today=today)
    composed = composing.to_request(
        draft, now=now, language=language, tracking_digest=drafts.tracking_digest(token), forms=forms
    )
    status, wait_text = 422 if is_sent else 200, ""
    seen = windows.mark_of(windows.held(draft, (*steps.HEARD_PARTS, "you")))
    is_changed = request.POST.get("seen", seen) != seen
    if is_changed:
        wait_text = _("您在别的窗口里改过这件投诉，下面是现在的样子。请再看一遍，再提交。")
    if is_sent and one_by_one and "file" not in request.POST and "consents" in draft.data:
        _keep(draft, now=now)
        return redirect(address_of(draft, "check"))
    if is_sent and not is_changed and not isinstance(composed, Unfinished):
        try:
            return _file(request, held, composed, now=now)
        except MoreWork as more:
            status = more.refuse(request)
            wait_text = _("这里的网络一小时内提交得多。您填的都在：请再点一次提交，浏览器要先算几秒。")
    if is_sent:
        _keep(draft, now=now)
    picked = drafts.picked(draft, today=today)
    answers = picked.name if picked and picked.is_enrolled else ""
    wrong = composed.forms if isinstance(composed, Unfinished) else {}
    # Nobody has answered the consents of a page that is just opened.
    consents = forms["consents"] if is_sent else drafts.form_of(draft, "consents", today=today)
    unfinished = list(dict.fromkeys(steps.screen_of(code) for code in wrong if code != "consents"))
    without = {code: form for code, form in forms.items() if code != "consents"}
    needed = [consents[name] for name in consents.fields if name not in OPTIONAL]
    missing = [bound for bound in needed if not bound.value()] if one_by_one and not unfinished else []
    # The consents stand on this very page: all else can be composed without them.
    whole = composed if not isinstance(composed, Unfinished) else None
    if whole is None and not unfinished:
        agreed = drafts.form_of(draft, "consents", today=today, data=_AGREED)
        judged = composing.to_request(draft, now=now, forms=without | {"consents": agreed})
        whole = judged if not isinstance(judged, Unfinished) else None
    return show(
        request,
        draft,
        consents,
        "check",
        now=now,
        status=status,
        errors=[{"target": "main", "label": "", "text": wait_text}] if wait_text else errors_of(consents),
        is_unproven=draft.owner_id is None,
        code_url=address_of(draft, "you") if wait_text and not is_changed else "",
        seen=seen,
        unfinished_steps=[
            {"text": _SCREENS[code], "url": f"{address_of(draft, code)}?back=check&check=1"} for code in unfinished
        ],
        said=screens.said(draft, forms, picked=picked),
        links={code: f"{address_of(draft, code)}?back=check" for code in ("heard", "you")}
        | {"respondents": reverse("complaints:file-respondents", args=[draft.pk]), "story": address_of(draft, "story")},
        needed=(missing[:1] if one_by_one else needed),
        is_asking=bool(missing),
        is_one_by_one=one_by_one,
        optional=[consents[name] for name in consents.fields if name in OPTIONAL],
        duplicates=duplicates(whole, now=now) if whole else [],
        outlook=outlook(whole, is_enrolled=bool(answers), now=now) if whole else None,
        answers=answers,
        expectation=_expectation(picked, whole, today=today),
        is_unasked=getattr(forms["problem"], "cleaned_data", {}).get("has_contacted") is False,
        is_old=isinstance(forms["problem"], ProblemStep) and forms["problem"].is_old,
    )


def _keep(draft: FilingDraft, *, now: datetime) -> None:
    """Unless another click has filed it meanwhile."""
    with transaction.atomic():
        if FilingDraft.objects.select_for_update().filter(pk=draft.pk, filed_at=None).exists():
            drafts.touch(draft, now=now, fields=["data", "step"])


#: What a screen asks, in words, for who left something out.
_SCREENS = {"heard": gettext_lazy("投诉谁、什么事、想怎么解决"), "you": gettext_lazy("您的姓名和联系方式")}
#: Any answers: to judge all else before these are given.
_AGREED = MultiValueDict({code: ["no"] for code in CONSENTS})


def _expectation(picked: Picked | None, composed: FilingRequest | None, *, today: date) -> Expectation | None:
    """Of the enterprise that will answer, for this kind of problem if there were enough of it."""
    if picked is None or not picked.is_enrolled or composed is None:
        return None
    enterprise = picked.enterprise.pk
    return expected([enterprise], on=today, category=composed.problem_category).get(enterprise)


def _file(request: HttpRequest, held: HeldDraft, filing: FilingRequest, *, now: datetime) -> HttpResponseBase:
    """Files once, whatever a double click sends: the draft is locked, and a second submit finds the receipt."""
    draft = held.draft
    with transaction.atomic(), once(request, actor=f"draft:{draft.pk}", savepoint=False) as attempt:
        if not attempt.answered:
            if draft.owner_id is None:
                unproven.count_one(request, now=now)
            heard = story.counted(draft) if filing.contact_verified else []
            heard_counts.note(heard, version=story.understood(draft).version, now=now)
            if drafts.station_of(draft) is None:
                # Who writes for somebody else reads in the own display.
                filing = replace(filing, display=chosen_display(request))
            file_draft(draft, filing, actor=_actor(filing, draft), place=place_of(request), now=now)
            attempt.reference = receipt_address(draft)
            if filing.report:
                # Said here and once: neither the case nor its record shows that there is one (arts 9, 37).
                text = _("您举报的内容已经另行登记，由监管部门单独处理；不写进这件投诉，企业看不到。")
                messages.info(request, text, extra_tags="info")
    response = HttpResponseRedirect(attempt.reference)
    if held.key:
        give_cookie(response, held.key, seconds=drafts.RECEIPT_FOR.total_seconds())
    return response


def _actor(filing: FilingRequest, draft: FilingDraft) -> Actor:
    """The proven person; else somebody of that name whom nobody has rung yet."""
    if draft.owner is not None and draft.owner.pk == filing.consumer_id:
        return replace(consumer(draft.owner), name=filing.consumer_name, recorded_by=_clerk(draft))
    roles = frozenset({Role.CONSUMER})
    return Actor(role=Role.CONSUMER, roles=roles, name=filing.consumer_name, person_key=uuid.uuid4())


def _clerk(draft: FilingDraft) -> Actor | None:
    """Who wrote it down at a station, where the consumer's own code proved that this was the consumer's word."""
    kept = drafts.station_of(draft)
    user = User.objects.filter(pk=kept[1]).first() if kept else None
    return replace(consumer(user), channel="station") if user is not None else None


def errors_of(form: Step) -> list[dict[str, str]]:
    """The summary on top."""
    return [
        {"target": control_id(form[name]), "label": str(form[name].label).rstrip("？?。"), "text": str(text)}
        for name, texts in (form.errors.items() if form.is_bound else ())
        for text in texts
    ]


def show(
    request: HttpRequest, draft: FilingDraft, form: Step, screen: str, *, now: datetime, status: int, **more: Any
) -> HttpResponse:
    """The third or the last screen around its form."""
    back_to_check = request.GET.get("back") == "check"
    before = "check" if back_to_check else steps.SCREENS[steps.number_of(screen) - 2]
    context = {
        "form": form,
        "draft": draft,
        "along": going_along(draft),
        "errors": errors_of(form),
        "back_url": address_of(draft, before),
        "back_to_check": back_to_check,
        "kept_until": draft.expires_at,
        "is_ending": draft.expires_at - now < drafts.WARNED_BEFORE,
        "is_at_station": drafts.station_of(draft) is not None,
        **marks(screen),
        **more,
    }
    return render(request, f"consumer/filing/{screen}.html", context, status=status)
