"""/enterprise/tokens/: what the enterprise's programs come in with, who made it, when it was used last.

A manager makes tokens that act as himself, so nobody's name stands under what a program
did that he did not let it do; to everybody but managers of the whole enterprise these pages do not exist.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security_log
from accounts.idempotency import once
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.fields import CHOOSE, FILL, StepForm, Words
from complaints.parties.actors import Actor
from complaints.webhooks.endpoints import head_manager
from enterprises.models.programs import ApiToken
from enterprises.programs.tokens import MOST_ADDRESSES, SCOPES, IssuedToken, issue, network_of, revoke

DAYS = (("30", gettext_lazy("30天")), ("90", gettext_lazy("90天")), ("365", gettext_lazy("365天")))
SHOWN = 100


class TokenForm(StepForm):
    """What it is for, what it may, how long, and from where."""

    name = Words(label=gettext_lazy("用途"), rows=1, longest=80, help_text=gettext_lazy("给同事看的，例如“客服系统”。"))
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("可以做什么"),
        widget=forms.CheckboxSelectMultiple,
        choices=list(SCOPES.items()),
        help_text=gettext_lazy("只选用得到的。"),
        error_messages={"required": FILL, "invalid_choice": CHOOSE},
    )
    days = forms.ChoiceField(
        label=gettext_lazy("有效期"),
        choices=DAYS,
        initial="90",
        widget=forms.RadioSelect,
        error_messages={"required": FILL, "invalid_choice": CHOOSE},
    )
    addresses = Words(
        label=gettext_lazy("只能从这些网络地址使用"),
        rows=2,
        longest=1000,
        required=False,
        help_text=gettext_lazy("每行一个，例如 203.0.113.7 或 203.0.113.0/24。不填就不限。"),
    )

    def clean_addresses(self) -> list[str]:
        """Each line a network."""
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
    actor = _manager(workspace)
    rows = list(_of(actor).select_related("user").order_by("-pk")[:SHOWN])
    rows.sort(key=lambda token: _state(token, workspace)[0] != "on")
    return render(
        request,
        "enterprise/tokens.html",
        {"rows": [{"token": token, "state": _state(token, workspace), "url": _url(token)} for token in rows]},
    )


@workspace_page("GET", "POST")
@fresh_factor
def token_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Makes one; the answer to the form is the only page that shows it."""
    actor = _manager(workspace)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "enterprise/token_new.html", {"form": form})
    issued: IssuedToken | None = None
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            said = form.cleaned_data
            issued = issue(
                workspace.user,
                name=said["name"],
                scopes=said["scopes"],
                now=workspace.now,
                expires_at=workspace.now + timedelta(days=int(said["days"])),
                enterprise_id=actor.enterprise_id,
                addresses=said["addresses"],
                by=workspace.user,
            )
            _note("token_made", issued.token, request, workspace, actor)
            attempt.reference = _url(issued.token)
    if issued is not None:
        return render(request, "enterprise/token_secret.html", {"secret": issued.secret, "url": _url(issued.token)})
    if attempt.reference:
        return redirect(attempt.reference)
    return render(request, "enterprise/token_new.html", {"form": form}, status=422)


@workspace_page("GET", "POST")
@fresh_factor
def token(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One token; POST takes it away at once."""
    actor = _manager(workspace)
    row = _of(actor).select_related("user", "created_by").filter(pk=pk).first()
    if row is None:
        raise Http404
    if request.method != "POST":
        return render(
            request,
            "enterprise/token.html",
            {"token": row, "state": _state(row, workspace), "scopes": [SCOPES[scope] for scope in row.scopes]},
        )
    with once(request) as attempt:
        if not attempt.answered:
            revoke(row, now=workspace.now)
            _note("token_revoked", row, request, workspace, actor)
            attempt.reference = _url(row)
            messages.success(request, _("已作废。用它的系统从现在起进不来了。"), extra_tags="ok")
    return redirect(attempt.reference)


def _manager(workspace: Workspace) -> Actor:
    actor = head_manager(workspace.actors)
    if actor is None:
        raise Http404
    return actor


def _of(actor: Actor) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(enterprise_id=actor.enterprise_id or 0)


def _url(row: ApiToken) -> str:
    return reverse("complaints:enterprise-token", args=[row.pk])


def _state(row: ApiToken, workspace: Workspace) -> tuple[str, Any, str]:
    """(code, words, tone)"""
    if row.revoked_at is not None:
        return "revoked", _("已作废"), "neutral"
    if row.expires_at <= workspace.now:
        return "expired", _("已到期"), "neutral"
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
