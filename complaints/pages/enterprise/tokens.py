"""/enterprise/tokens/: what the enterprise's programs come in with.

For managers of the whole enterprise only; to everybody else these pages do not exist. A manager makes tokens that act
as himself, so nobody's name stands under what a program did that he did not let it do.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security_log
from accounts.idempotency import once
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.fields import CHOOSE, FILL, FreeText, StepForm
from complaints.pages.enterprise.webhooks import manager_of
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
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
                raise StepNotAllowed("nothing_open", _("没有等待批准的这一事项。"))
            row.refresh_from_db()
            _note("token_agreed", row, request, workspace, actor)
            attempt.reference = _token_url(row)
            messages.success(request, _("已同意。这个令牌现在可以查看联系方式。"), extra_tags="ok")
    return redirect(attempt.reference)


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
