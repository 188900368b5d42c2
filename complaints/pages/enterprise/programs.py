"""/enterprise/webhooks/ and /enterprise/tokens/: where the enterprise's programs are notified; what they come in with.

For managers of the whole enterprise only; to everybody else these pages do not exist. A manager makes tokens that act
as himself, so nobody's name stands under what a program did that he did not let it do.
"""

import json
import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security_log
from accounts.idempotency import once
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from complaints import wording
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.fields import CHOOSE, FILL, FreeText, StepForm, labels_of, set_choices
from complaints.models import WebhookDelivery
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.webhooks import deliveries, endpoints
from complaints.webhooks.endpoints import STEPS, checked_url, head_manager
from enterprises.models import WebhookEndpoint
from enterprises.models.programs import ApiToken
from enterprises.programs.tokens import (
    MOST_ADDRESSES,
    SCOPES,
    WITH_A_SECOND,
    IssuedToken,
    agree,
    issue,
    network_of,
    revoke,
)
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


DAYS = (("30", gettext_lazy("30天")), ("90", gettext_lazy("90天")), ("365", gettext_lazy("365天")))
SHOWN_TOKENS = 100


class TokenForm(StepForm):
    name = FreeText(
        label=gettext_lazy("用途"), rows=1, longest=80, help_text=gettext_lazy("给同事看的，例如“客服系统”。")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("可以做什么"),
        widget=forms.CheckboxSelectMultiple,
        choices=list(SCOPES.items()),
        help_text=gettext_lazy("只选用得到的。联系方式要另一位管理员同意后才能查看。"),
        error_messages={"required": FILL, "invalid_choice": CHOOSE},
    )
    days = forms.ChoiceField(
        label=gettext_lazy("有效期"),
        choices=DAYS,
        initial="90",
        widget=forms.RadioSelect,
        error_messages={"required": FILL, "invalid_choice": CHOOSE},
    )
    addresses = FreeText(
        label=gettext_lazy("只能从这些网络地址使用"),
        rows=2,
        longest=1000,
        required=False,
        help_text=gettext_lazy("每行一个，例如 203.0.113.7 或 203.0.113.0/24。不填就不限。"),
    )

    def clean_scopes(self) -> list[str]:
        scopes: list[str] = self.cleaned_data["scopes"]
        if WITH_A_SECOND.issuperset(scopes):
            raise forms.ValidationError(_("联系方式在案件里：请同时选“查看案件和记录”。"))
        return scopes

    def clean_addresses(self) -> list[str]:
        lines = self.cleaned_data["addresses"].replace(",", "\n").replace("，", "\n").split()
        if len(lines) > MOST_ADDRESSES:
            raise forms.ValidationError(_("最多%(n)s个网络地址。") % {"n": MOST_ADDRESSES})
        try:
            return [network_of(line) for line in lines]
        except ValueError:
            raise forms.ValidationError(_("网络地址请写成 203.0.113.7 或 203.0.113.0/24 这样。")) from None


@workspace_page("GET")
@fresh_factor
def tokens(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The list; those that no longer open stand last."""
    actor = manager_of(workspace)
    rows = list(_of(actor).select_related("user").order_by("-pk")[:SHOWN_TOKENS])
    rows.sort(key=lambda token: _token_state(token, workspace)[0] != "on")
    context = {
        "rows": [{"token": token, "state": _token_state(token, workspace), "url": _token_url(token)} for token in rows]
    }
    return render(request, "enterprise/tokens.html", context)


@workspace_page("GET", "POST")
@fresh_factor
def token_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Makes one; the answer to the form is the only page that shows it."""
    actor = manager_of(workspace)
    form = TokenForm(posted(request))
    if request.method != "POST":
        return render(request, "enterprise/token_new.html", {"form": form})
    issued: IssuedToken | None = None
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            issued = issue(
                workspace.user,
                **{name: form.cleaned_data[name] for name in ("name", "scopes", "addresses")},
                now=workspace.now,
                expires_at=workspace.now + timedelta(days=int(form.cleaned_data["days"])),
                enterprise_id=actor.enterprise_id,
                by=workspace.user,
            )
            _note("token_made", issued.token, request, workspace, actor)
            attempt.reference = _token_url(issued.token)
    if issued is not None:
        context = {"secret": issued.secret, "url": _token_url(issued.token)}
        return render(request, "enterprise/token_secret.html", context)
    if attempt.reference:
        return redirect(attempt.reference)
    return render(request, "enterprise/token_new.html", {"form": form}, status=422)


@workspace_page("GET", "POST")
@fresh_factor
def token(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One token; POST takes it away at once, or agrees as a second manager to what waits."""
    actor = manager_of(workspace)
    row = get_object_or_404(_of(actor).select_related("user", "created_by"), pk=pk)
    if request.method != "POST":
        context = {
            "token": row,
            "state": _token_state(row, workspace),
            "scopes": [SCOPES[scope] for scope in row.scopes],
            "waiting": [SCOPES[scope] for scope in row.waiting_scopes],
            "may_agree": workspace.user.pk not in (row.user_id, row.created_by_id),
        }
        return render(request, "enterprise/token.html", context)
    if "agree" in request.POST:
        return _agree(request, workspace, row, actor)
    with once(request) as attempt:
        if not attempt.answered:
            revoke(row, now=workspace.now)
            _note("token_revoked", row, request, workspace, actor)
            attempt.reference = _token_url(row)
            messages.success(request, _("已作废。用它的系统从现在起进不来了。"), extra_tags="ok")
    return redirect(attempt.reference)


def _agree(request: HttpRequest, workspace: Workspace, row: ApiToken, actor: Actor) -> HttpResponseBase:
    with once(request) as attempt:
        if not attempt.answered:
            if not agree(row, by=workspace.user):
                raise StepNotAllowed("second_person", _("建令牌的人不能自己同意。请另一位管理员来同意。"))
            row.refresh_from_db()
            _note("token_agreed", row, request, workspace, actor)
            attempt.reference = _token_url(row)
            messages.success(request, _("已同意。这个令牌现在可以查看联系方式。"), extra_tags="ok")
    return redirect(attempt.reference)


def manager_of(workspace: Workspace) -> Actor:
    """The manager of the whole enterprise; Http404 for everybody else."""
    actor = head_manager(workspace.actors)
    if actor is None:
        raise Http404
    return actor


def _of(actor: Actor) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(enterprise_id=actor.enterprise_id or 0)


def _token_url(row: ApiToken) -> str:
    return reverse("complaints:enterprise-token", args=[row.pk])


def _token_state(row: ApiToken, workspace: Workspace) -> tuple[str, Any, str]:
    if row.revoked_at is not None:
        return "revoked", _("已作废"), "neutral"
    if row.expires_at <= workspace.now:
        return "expired", _("已到期"), "neutral"
    if row.waiting_scopes:
        return "on", _("有效，联系方式待同意"), "warn"
    return "on", _("有效"), "ok"


def _note(kind: str, row: ApiToken, request: HttpRequest, workspace: Workspace, actor: Actor) -> None:
    security_log.note(
        kind,
        now=workspace.now,
        user=workspace.user,
        organisation=actor.organisation,
        subject=row.shown,
        reason=",".join(row.scopes)[:120],
        address=client_address(request),
    )
