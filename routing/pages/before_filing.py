"""The doors before filing: “is this the right place?”, and a letter to the enterprise.

Nothing is kept and nothing is barred; the answers stand in the address, and each page ends
with a way to file all the same.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from complaints.filing.held import held_by
from routing.right_place.letter import LetterForm, from_draft, written
from routing.right_place.right_place import QUESTIONS, Verdict, walk
from web.languages import reads_chinese

#: The name under which a page says which question it was: to tell “not yet asked” from “left open”.
ASKED = "asked"


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """One question, or what came of them; 422 when the question was sent without an answer."""
    path = walk({question.code: request.GET.get(question.code, "") for question in QUESTIONS})
    answers = list(path.asked.items())
    here = reverse("routing:check")
    context: dict[str, Any] = {"path": path, "answers": answers, "total": len(QUESTIONS)}
    if path.question is None:
        carried = {"object_category": path.category} if path.category else {}
        context |= {
            "is_yes": path.verdict is Verdict.YES,
            "is_but": path.verdict is Verdict.BUT,
            "said": [
                {
                    "key": question.text,
                    "value": answer.label,
                    "change_url": f"{here}?{urlencode(answers[:place])}" if place else here,
                }
                for place, (question, answer) in enumerate(path.given)
            ],
            "file_url": f"{reverse('complaints:file')}?{urlencode(carried)}" if carried else reverse("complaints:file"),
        }
        return render(request, "public/check_result.html", context)
    number = len(answers) + 1
    is_left_open = request.GET.get(ASKED, "") == path.question.code
    before = answers[:-1]
    context |= {
        "question": path.question,
        "number": number,
        "marks": [place <= number for place in range(1, len(QUESTIONS) + 1)],
        "back_url": (f"{here}?{urlencode(before)}" if before else here) if answers else "/",
        "has_errors": is_left_open,
    }
    return render(request, "public/check.html", context, status=422 if is_left_open else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest) -> HttpResponse:
    """A letter to the enterprise from a few fields, or from the draft in this browser; nothing is kept."""
    now = timezone.now()
    today = timezone.localdate(now)
    if request.method != "POST":
        held = held_by(request, now=now)
        form = LetterForm(today=today, initial=from_draft(held.draft) if held and held.draft.filed_at is None else {})
        return render(request, "public/letter.html", {"form": form})
    form = LetterForm(request.POST, today=today)
    if not form.is_valid():
        return render(request, "public/letter.html", {"form": form}, status=422)
    # The enterprise reads Chinese; who wrote in another language sees beside it what it says.
    with override("zh-hans"):
        text = written(form.cleaned_data, today=today)
    meaning = "" if reads_chinese() else written(form.cleaned_data, today=today)
    return render(request, "public/letter.html", {"form": form, "letter": text, "meaning": meaning})
