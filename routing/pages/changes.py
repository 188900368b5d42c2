"""/authority/changes/: what enterprises wish to change of their entry, and the decision of whoever enrolled them.

Officers of the authority that enrolled the enterprise read; its head decides, after seeing what the
change would move. A draft is the enterprise's own until it is filed.
"""

from collections.abc import Callable, Sequence

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once, redirect_once
from accounts.roles import Right
from accounts.sign_in.step_up import fresh_factor
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from enterprises.directory import changing
from enterprises.directory.change_kinds import ChangeRefused
from enterprises.models import DirectoryChange
from routing.directory_changes.change_forms import DecisionForm, RowNames, facts, lines, preview
from web.languages import named

BY_FILING, BY_DECISION = keyset.Order("filed_at"), keyset.Order("decided_at", falling=True)
State = DirectoryChange.State
DECIDED = (State.APPROVED, State.REFUSED, State.RECORDED)


def change_url(change: DirectoryChange) -> str:
    return reverse("routing:authority-change", args=[change.pk])


def _filed(workspace: Workspace) -> QuerySet[DirectoryChange]:
    own = [actor.authority_id for actor in workspace.actors if actor.authority_id is not None]
    return changing.filed_with(own)


def _headed(workspace: Workspace) -> set[int]:
    return {
        actor.authority_id
        for actor in workspace.actors
        if actor.may(Right.DECIDE_DIRECTORY_CHANGE) and actor.authority_id is not None
    }


def redirect_or_explain(
    request: HttpRequest, form: forms.Form, act: Callable[[], tuple[str, str]], *, raised: Sequence[str] = ()
) -> HttpResponseBase | None:
    """Carry out ``act`` at most once and go on to the address that it returns, with what to tell of it.

    Where a rule refuses it, the reason stands beside its field and the answer is None; codes in ``raised`` are raised.
    """
    with once(request) as attempt:
        if not attempt.answered:
            try:
                attempt.reference, text = act()
            except ChangeRefused as refused:
                if refused.code in raised:
                    raise
                form.add_error(refused.field if refused.field in form.fields else None, str(refused))
            else:
                if text:
                    messages.success(request, text, extra_tags="ok")
    return redirect(attempt.reference) if attempt.reference else None


@officer_page("GET")
def changes(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """What waits, the oldest first; ``view=decided``: what was decided, the newest first."""
    is_past = request.GET.get("view") == "decided"
    rows = _filed(workspace).filter(state__in=DECIDED if is_past else [State.WAITING])
    page = keyset.page_of(rows, request.GET, BY_DECISION if is_past else BY_FILING, related=("made_by", "enterprise"))
    context = {"rows": lines(page.rows, url=change_url), "now": workspace.now, "is_past": is_past}
    context |= keyset.neighbours(page, "?view=decided" if is_past else "")
    return render(request, "profile/changes.html", context)


@officer_page("GET")
def change(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One change: what is wished, what it would move, and who decides."""
    return _show(request, workspace, _change_or_404(workspace, pk), DecisionForm())


@officer_page("POST")
@fresh_factor
def decide(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """POST of the head: approve or refuse; count anew."""
    row = _change_or_404(workspace, pk)
    if row.enterprise.enrolled_by_id not in _headed(workspace):
        raise Http404
    form = DecisionForm(request.POST)
    if request.POST.get("do") == "count":

        def counted() -> tuple[str, str]:
            changing.count_again(row, now=workspace.now)
            return change_url(row), ""

        return redirect_once(request, counted)

    def decided() -> tuple[str, str]:
        changing.decide(
            row,
            agrees=form.cleaned_data["decision"] == "agree",
            reason=form.cleaned_data["reason"],
            authority_ids=_headed(workspace),
            by=workspace.user,
            now=workspace.now,
            today=workspace.today,
        )
        return change_url(row), _("已记录您的决定，并告知提出的人。")

    # What cannot be written any more is told beside the form, which may still refuse it.
    raised = ("decided", "not_waiting", "not_yours")
    if form.is_valid() and (answer := redirect_or_explain(request, form, decided, raised=raised)):
        return answer
    return _show(request, workspace, row, form, status=422)


def _change_or_404(workspace: Workspace, pk: int) -> DirectoryChange:
    return get_object_or_404(_filed(workspace).select_related("enterprise", "made_by", "decided_by"), pk=pk)


def _show(
    request: HttpRequest, workspace: Workspace, row: DirectoryChange, form: DecisionForm, *, status: int = 200
) -> HttpResponseBase:
    names = RowNames.of_changes([row])
    context = {
        "change": row,
        "line": lines([row], url=change_url)[0],
        "now": workspace.now,
        "side": "authority",
        "form": form,
        "facts": [{"key": _("企业"), "value": named(row.enterprise)}, *facts(row, names)],
        "preview": preview(row, names, user=workspace.user, side="authority", today=workspace.today),
        "impossible": changing.impossible(row, today=workspace.today),
        "back": reverse("routing:authority-changes"),
        "back_text": _("企业变更"),
        "may_decide": (
            row.state == State.WAITING
            and row.enterprise.enrolled_by_id in _headed(workspace)
            and row.made_by_id != workspace.user.pk
        ),
        "decided_by": row.decided_by.name if row.decided_by else "",
        "decide_url": reverse("routing:authority-change-decide", args=[row.pk]),
    }
    return render(request, "profile/change.html", context, status=status)
