"""/enterprise/webhooks/: where the enterprise's programs are notified.

For managers of the whole enterprise only; to everybody else these pages do not exist.
"""

import json
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.sign_in.step_up import fresh_factor
from complaints import wording
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.fields import CHOOSE, FILL, FreeText, StepForm, labels_of, set_choices
from complaints.models import WebhookDelivery
from complaints.parties.actors import Actor
from complaints.procedure.refusals import WrongInput
from complaints.webhooks import deliveries, endpoints
from complaints.webhooks.endpoints import STEPS, checked_url, head_manager
from enterprises.models import WebhookEndpoint
from web.incoming import posted

SHOWN = 100
STATES: dict[str, tuple[Any, str]] = {
    "on": (gettext_lazy("正常"), "ok"),
    "broken": (gettext_lazy("暂停，稍后再试"), "bad"),
    "off": (gettext_lazy("已停用"), "neutral"),
}
DELIVERY_STATES: dict[str, tuple[Any, str]] = {
    "queued": (gettext_lazy("等待发送"), "info"),
    "leased": (gettext_lazy("正在发送"), "info"),
    "sent": (gettext_lazy("已送达"), "ok"),
    "dead": (gettext_lazy("没有送到"), "bad"),
}
TYPES: dict[str, Any] = {deliveries.TEST: gettext_lazy("测试"), deliveries.TRANSFERRED: gettext_lazy("案件已转走")}
ERRORS: dict[str, Any] = {
    "timeout": gettext_lazy("没有在10秒内答复"),
    "refused": gettext_lazy("对方拒绝连接"),
    "tls": gettext_lazy("证书不对"),
    "hung_up": gettext_lazy("对方中断了连接"),
    "unreachable": gettext_lazy("连接不上"),
    "no_such_name": gettext_lazy("没有这个域名"),
    "not_public": gettext_lazy("域名指向的不是公网地址"),
    "http_410": gettext_lazy("对方表示不再接收（410），已停用"),
}


@workspace_page("GET")
@fresh_factor
def webhooks(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    actor = manager_of(workspace)
    context = {"rows": [_shown(endpoint) for endpoint in endpoints.of(actor)], "now": workspace.now}
    return render(request, "enterprise/webhooks.html", context)


@workspace_page("GET", "POST")
@fresh_factor
def webhook_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    actor = manager_of(workspace)
    form = WebhookForm(posted(request))
    if request.method != "POST":
        return render(request, "enterprise/webhook_new.html", {"form": form})
    made: WebhookEndpoint | None = None
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            url, description, steps = (form.cleaned_data[name] for name in ("url", "description", "events"))
            try:
                made, secret = endpoints.make(
                    user=workspace.user, actor=actor, url=url, description=description, steps=steps, now=workspace.now
                )
                attempt.reference = _url(made)
            except WrongInput as wrong:
                form.add_error(wrong.field if wrong.field in form.fields else None, wrong.reason)
    if made is not None:
        return _secret(request, made, secret)
    if attempt.reference:
        return redirect(attempt.reference)
    return render(request, "enterprise/webhook_new.html", {"form": form}, status=422)


@workspace_page("GET", "POST")
@fresh_factor
def webhook(request: HttpRequest, workspace: Workspace, public_id: uuid.UUID) -> HttpResponseBase:
    """One endpoint: its deliveries; POST ``what``: test, rotate, off, on, replay (one ``message``, or all)."""
    actor = manager_of(workspace)
    endpoint = get_object_or_404(endpoints.of(actor), public_id=public_id)
    if request.method != "POST":
        return _show(request, workspace, endpoint)
    what, secret = request.POST.get("what", ""), ""
    if what not in ("test", "rotate", "off", "on", "replay"):
        raise Http404
    with once(request) as attempt:
        if not attempt.answered:
            with transaction.atomic():
                locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
                secret = _do(what, locked, workspace, actor, message=request.POST.get("message", ""))
            attempt.reference = _url(endpoint)
    if secret:
        return _secret(request, endpoint, secret)
    if not attempt.answered:
        messages.success(request, _("已办理。"), extra_tags="ok")
    return redirect(attempt.reference)


@workspace_page("GET")
@fresh_factor
def webhook_message(request: HttpRequest, workspace: Workspace, public_id: uuid.UUID, message: str) -> HttpResponseBase:
    """One message: what is sent, what was answered each time, and the button that sends it again."""
    endpoint = get_object_or_404(endpoints.of(manager_of(workspace)), public_id=public_id)
    sent = WebhookDelivery.objects.select_related("complaint", "endpoint")
    result = get_object_or_404(sent, endpoint=endpoint, webhook_id=message)
    context = {
        "endpoint": endpoint,
        "url": _url(endpoint),
        "one": _delivery(result),
        "body": json.dumps(json.loads(result.body), ensure_ascii=False, indent=2),
        "tries": [
            {"at": parse_datetime(at), "took": took, "is_taken": code.startswith("http_2"), "answer": _error(code)}
            for at, code, took in reversed(result.tries)
        ],
    }
    return render(request, "enterprise/webhook_message.html", context)


def _do(what: str, endpoint: WebhookEndpoint, workspace: Workspace, actor: Actor, *, message: str) -> str:
    if what == "test":
        endpoints.test(endpoint, now=workspace.now)
    elif what == "rotate":
        return endpoints.rotate(endpoint, user=workspace.user, actor=actor, now=workspace.now)
    elif what == "replay":
        endpoints.replay(endpoint, webhook_id=message, user=workspace.user, actor=actor, now=workspace.now)
    else:
        endpoints.switch(endpoint, on=what == "on", user=workspace.user, actor=actor, now=workspace.now)
    return ""


def _url(endpoint: WebhookEndpoint) -> str:
    return reverse("complaints:enterprise-webhook", args=[endpoint.public_id])


def _secret(request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponseBase:
    """The one page that shows a secret."""
    return render(request, "enterprise/webhook_secret.html", {"secret": secret, "url": _url(endpoint)})


def _show(request: HttpRequest, workspace: Workspace, endpoint: Any) -> HttpResponseBase:
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("complaint", "endpoint")
    # What needs somebody comes first, then the newest.
    results = [*rows.filter(state="dead").order_by("-pk")[:SHOWN], *rows.exclude(state="dead").order_by("-pk")[:SHOWN]]
    context = {
        "row": _shown(endpoint),
        "endpoint": endpoint,
        "deliveries": [_delivery(row) for row in results[:SHOWN]],
        "now": workspace.now,
        "events": [wording.label(step, kind="step") for step in endpoint.events],
    }
    return render(request, "enterprise/webhook.html", context)


def _shown(endpoint: Any) -> dict[str, Any]:
    text, tone = STATES[endpoint.state]
    return {
        "endpoint": endpoint,
        "url": _url(endpoint),
        "state": text,
        "tone": tone,
        "error": _error(endpoint.last_error),
        "name": endpoint.description or endpoint.url,
    }


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    text, tone = DELIVERY_STATES[row.state]
    return {
        "row": row,
        "url": reverse("complaints:enterprise-webhook-message", args=[row.endpoint.public_id, row.webhook_id]),
        "can_be_sent": row.state != "leased",
        "state": text,
        "tone": tone,
        "error": _error(row.last_error) if row.state != "sent" else "",
        "what": TYPES.get(row.type) or wording.label(row.type, kind="step"),
    }


def _error(code: str) -> str:
    if code.startswith("http_") and code not in ERRORS:
        return _("对方答复%(code)s") % {"code": code.removeprefix("http_")}
    return str(ERRORS.get(code, code))


class WebhookForm(StepForm):
    url = forms.CharField(
        label=gettext_lazy("网址"),
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text=gettext_lazy("https开头的公网网址，例如 https://crm.example.com/hook"),
        error_messages={"required": FILL},
    )
    description = FreeText(
        label=gettext_lazy("说明"),
        rows=1,
        longest=120,
        required=False,
        help_text=gettext_lazy("给同事看的，例如“客服系统”。"),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("只推送这些步骤"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("一项都不选，就推送所有步骤。案件转给其他单位时，总会推送一次。"),
        error_messages={"invalid_choice": CHOOSE},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["url"].widget.attrs.pop("maxlength", None)
        set_choices(self, "events", labels_of(STEPS, "step"))

    def clean_url(self) -> str:
        try:
            return checked_url(str(self.cleaned_data["url"]))
        except WrongInput as wrong:
            raise forms.ValidationError(wrong.reason) from None


def manager_of(workspace: Workspace) -> Actor:
    """The manager of the whole enterprise; Http404 for everybody else."""
    actor = head_manager(workspace.actors)
    if actor is None:
        raise Http404
    return actor
