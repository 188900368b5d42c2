"""One screen around a form of the filing; and the last one: everything once more, then the one rule call.

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
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.masking import masked_phone
from accounts.models import User
from accounts.sign_in.codes import MoreWork
from accounts.sign_in.limits import place_of
from complaints.filing import composing, drafts, screens, steps, story, unproven
from complaints.filing.composing import Unfinished
from complaints.filing.drafts import Picked
from complaints.filing.forms import ProblemStep, Step
from complaints.filing.held import HeldDraft, address_of, give_cookie, normal_phone, receipt_address
from complaints.filing.outlook import duplicates, outlook
from complaints.links.joining import file_draft
from complaints.models.evidence import FilingDraft
from complaints.parties.actors import Actor, consumer
from complaints.procedure.filing_request import FilingRequest
from complaints.procedure.workflow import Role
from complaints.reading.file_view import files_of_draft
from enterprises.directory.expectations import Expectation, expected
from web.incoming import posted
from web.templatetags.portal import control_id


def check(request: HttpRequest, held: HeldDraft, *, now: datetime) -> HttpResponseBase:
    """The last screen: everything once more, then the one rule call."""
    draft, today = held.draft, timezone.localdate(now)
    language = get_language() or settings.LANGUAGE_CODE
    token = drafts.tracking_token(draft, held.key or str(draft.pk))
    form = steps.STEP_BY_CODE["check"](posted(request), today=today)
    if request.method == "POST" and "later" in request.POST:
        return redirect(f"{reverse('complaints:file')}?saved=1")
    forms = composing.judged_forms(draft, today=today)
    composed = composing.to_request(
        draft, now=now, language=language, tracking_digest=drafts.tracking_digest(token), forms=forms
    )
    status, asks_code = 422 if request.method == "POST" else 200, False
    if request.method == "POST" and form.is_valid() and not isinstance(composed, Unfinished):
        try:
            return _file(request, held, composed, now=now)
        except MoreWork as more:
            status, asks_code = more.refuse(request), True
            text = _("这里的网络一小时内提交得多。您填的都在：请再点一次提交，浏览器要先算几秒。")
            form.add_error(None, text)
    problem, picked = forms["problem"], drafts.picked(draft, today=today)
    answers = picked.name if picked and picked.is_enrolled else ""
    links = {code: f"{address_of(draft, code)}?back=check" for code in steps.STEP_CODES}
    links["respondents"] = reverse("complaints:file-respondents", args=[draft.pk])
    unfinished = [
        {"text": str(steps.STEP_BY_CODE[code].question), "url": f"{links[code]}&check=1"}
        for code in (composed.forms if isinstance(composed, Unfinished) else ())
    ]
    return show(
        request,
        draft,
        form,
        now=now,
        status=status,
        is_unproven=draft.owner_id is None,
        code_url=links["you"] if asks_code else "",
        sections=screens.summary(draft, forms, picked=picked, addresses=links),
        unfinished_steps=unfinished,
        duplicates=[] if isinstance(composed, Unfinished) else duplicates(composed, now=now),
        outlook=None if isinstance(composed, Unfinished) else outlook(composed, is_enrolled=bool(answers), now=now),
        answers=answers,
        expectation=_expectation(picked, composed, today=today),
        is_unasked=getattr(problem, "cleaned_data", {}).get("has_contacted") is False,
        is_old=isinstance(problem, ProblemStep) and problem.is_old,
    )


def _expectation(picked: Picked | None, composed: FilingRequest | Unfinished, *, today: date) -> Expectation | None:
    """Of the enterprise that will answer, for this kind of problem if there were enough of it."""
    if picked is None or not picked.is_enrolled or isinstance(composed, Unfinished):
        return None
    enterprise = picked.enterprise.pk
    return expected([enterprise], on=today, category=composed.problem_category).get(enterprise)


def _file(request: HttpRequest, held: HeldDraft, filing: FilingRequest, *, now: datetime) -> HttpResponseBase:
    """Files once, whatever a double click sends; a second submit finds the receipt."""
    with transaction.atomic():
        draft = FilingDraft.objects.select_for_update().get(pk=held.draft.pk)
        if draft.filed_at is not None:
            return redirect(receipt_address(draft))
        with once(request, actor=f"draft:{draft.pk}", savepoint=False) as attempt:
            if not attempt.answered:
                if draft.owner_id is None:
                    unproven.count_one(request, now=now)
                file_draft(draft, filing, actor=_actor(filing, held.draft), place=place_of(request), now=now)
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
    """The summary on top; the demand rows have ids of their own."""
    results = []
    for name, errors in form.errors.items():
        bound = form[name] if name in form.fields else None
        target = "main" if bound is None else control_id(bound)
        if form.step == "demands" and name == "demand":
            target = "demand-refund"
        label = str(bound.label).rstrip("？?。") if bound is not None and name != "demand" else ""
        results += [{"target": target, "label": label, "text": str(text)} for text in errors]
    return results


def _files(draft: FilingDraft) -> dict[str, Any]:
    address = reverse("complaints:file-upload", args=[draft.pk, uuid.UUID(int=0)])
    return {"files": files_of_draft(draft), "upload_address": address}


def show(
    request: HttpRequest, draft: FilingDraft | None, form: Step, *, now: datetime, status: int = 200, **more: Any
) -> HttpResponse:
    code = form.step
    before = steps.before(code)
    back_to_check = request.GET.get("back") == "check"
    back_url = "/"
    if draft is not None and (back_to_check or before):
        back_url = address_of(draft, "check" if back_to_check else before or "")
    action = ""
    if draft is not None:
        action = address_of(draft, code) + ("?back=check" if back_to_check else "")
    context = {
        "form": form,
        "action": action,
        "draft": draft,
        "errors": errors_of(form) if form.is_bound else [],
        "number": steps.number_of(code),
        "total": len(steps.STEPS),
        "marks": [place <= steps.number_of(code) for place in range(1, len(steps.STEPS) + 1)],
        "back_url": back_url,
        "back_to_check": back_to_check,
        "kept_until": draft.expires_at if draft is not None else None,
        "is_ending": draft is not None and draft.expires_at - now < drafts.WARNED_BEFORE,
        "is_at_station": draft is not None and drafts.station_of(draft) is not None,
        "is_from_story": draft is not None and story.is_filled(draft, code),
        **screens.of_step(draft, form, today=timezone.localdate(now)),
        **(_files(draft) if code == "evidence" and draft is not None else {}),
        **more,
    }
    if code == "you" and draft is not None:
        if story.is_for_another(draft):
            context["others_open"] = context["others_open"] or "both"
        phone = screens.value_of(form, "phone")
        context["is_proven"] = drafts.is_proven(draft, normal_phone(phone), screens.value_of(form, "email"))
        context["sent"] = request.GET.get("sent", "")
        context["sent_to"] = masked_phone(phone)
    return render(request, f"consumer/filing/{code}.html", context, status=status)
