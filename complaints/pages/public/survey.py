"""/survey/: whether people know the way, as one question to everybody. Counts of a day, nothing of who answered."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.idempotency import once
from complaints.forms.fields import PlainForm
from complaints.procedure.typed_values import Choice
from complaints.stations import publicity
from complaints.stations.publicity import What
from web.headers import is_somebodys
from web.incoming import posted

_ANSWERS = ((What.USED, _("知道，用过")), (What.HEARD_OF, _("知道，没用过")), (What.UNKNOWN, _("现在才知道")))
_WHERE = (
    ("poster", _("海报、台卡")),
    ("board", _("公示栏")),
    ("article", _("公众号文章")),
    ("message", _("短信")),
    ("people", _("听人说的")),
    ("other", _("别的地方")),
)


class SurveyForm(PlainForm):
    knows = Choice(
        label=_("遇到消费纠纷，可以在网上直接和企业谈。您以前知道吗？"),
        choices=_ANSWERS,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项"), "invalid_choice": _("请选一项")},
    )
    where = Choice(
        label=_("从哪里知道的"),
        choices=_WHERE,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": _("请选一项，或者不选")},
    )


@never_cache
@csrf_exempt  # Without a cookie there is no token to compare; an answer from elsewhere counts as any other.
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest) -> HttpResponseBase:
    if not is_somebodys(request, HttpResponse()):
        # The page of everybody: its head has no form, so it sets no cookie.
        request.is_shared = True  # type: ignore[attr-defined]
    form, today = SurveyForm(posted(request)), timezone.localdate()
    if form.is_bound and form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        with once(request, actor="survey") as attempt:
            if not attempt.answered:
                attempt.reference = f"{request.path}?thanks"
                publicity.note(given["knows"], given["where"] or "", on=today)
        return redirect(attempt.reference)
    since, until = publicity.months_over(today)
    context = {
        "form": form,
        "is_thanked": "thanks" in request.GET,
        "knowing": publicity.knowing(since=since, until=until),
    }
    return render(request, "open/survey.html", context, status=422 if form.is_bound else 200)
