"""/enterprise/views/: filters of the queue that a person keeps under a name, as tabs beside those that everybody has.

They are that person's alone; a view holds the conditions as they stand in the address and nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from complaints.desks import keyset
from complaints.desks.enterprise_workspace import MOST_VIEWS, Workspace, workspace_page
from complaints.desks.queue_lists import PAST, VIEWS, QueueFilter, Rows, asked_for, narrowed, view_of
from complaints.forms.fields import FreeText, StepForm
from complaints.models import SavedView
from web.incoming import ID_DIGITS, whole

LONGEST_NAME = 20


class SaveForm(StepForm):
    name = FreeText(
        label=gettext_lazy("视图的名称"),
        rows=1,
        longest=LONGEST_NAME,
        help_text=gettext_lazy("例如：资费专班。不要写消费者的姓名。"),
    )


def lists(own: Sequence[SavedView], ours: Rows, workspace: Workspace) -> dict[str, Rows]:
    """What each of them holds, for its count. What is searched for by words is not counted: a count must stay cheap."""
    lists = {}
    for one in own:
        asked = dict(parse_qsl(one.query))
        if asked.get("q") or asked.get("view") == PAST.code:
            continue
        view = VIEWS.get(asked.get("view", ""), VIEWS["all"])
        # As it was saved: whom it names need not be asked for again.
        people, branches = ([(asked.get(name, ""), "")] for name in ("handler", "branch"))
        form = QueueFilter(asked, people=people, branches=branches)
        lists[_key(one)] = narrowed(view.of(ours, workspace), form, workspace)
    return lists


def tab(one: SavedView, counts: Mapping[str, int], query: str) -> dict[str, Any]:
    """As the queue shows it; ``query`` is what it shows now."""
    count = counts.get(_key(one))
    return {
        "title": one.name,
        "url": _url(one),
        "count": "" if count is None else keyset.count_text(count),
        "value": count,
        "tone": "neutral",
        "is_current": one.query == query,
    }


@workspace_page("GET", "POST")
def views(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/enterprise/views/: the list of one's own; POST saves one more or takes one away."""
    if request.method != "POST":
        wanted = request.GET.get("query", "")
        return _show(request, workspace, None, tidy(workspace, wanted) if wanted else "")
    query = tidy(workspace, request.POST.get("query", ""))
    form = SaveForm(request.POST if "remove" not in request.POST else None)
    with once(request) as attempt:
        if not attempt.answered and "remove" in request.POST:
            _take_away(workspace, request.POST["remove"])
            attempt.reference = reverse("complaints:enterprise-views")
            messages.success(request, _("已删除这个视图。"), extra_tags="ok")
        elif not attempt.answered and form.is_valid() and _keep(workspace, form, query):
            attempt.reference = f"{reverse('complaints:enterprise-queue')}?{query}"
            text = _("已保存视图“%(name)s”。") % {"name": form.cleaned_data["name"]}
            messages.success(request, text, extra_tags="ok")
    return redirect(attempt.reference) if attempt.reference else _show(request, workspace, form, query, status=422)


def tidy(workspace: Workspace, query: str) -> str:
    """The conditions of this address that can be read, in one order."""
    asked = dict(parse_qsl(query[:3000]))
    return urlencode({"view": view_of(asked.get("view", "")).code} | asked_for(workspace, asked).conditions)


def _keep(workspace: Workspace, form: SaveForm, query: str) -> bool:
    own, name = workspace.choices.views, form.cleaned_data["name"]
    known = next((one for one in own if one.name == name), None)
    if known is None and len(own) >= MOST_VIEWS:
        form.add_error("name", _("最多保存%(n)s个视图，请先删除不用的。") % {"n": MOST_VIEWS})
        return False
    view = known or SavedView(user=workspace.user, made_at=workspace.now, name=name)
    view.query = query
    view.save()
    return True


def _take_away(workspace: Workspace, pk: str) -> None:
    if not SavedView.objects.filter(user=workspace.user, pk=whole(pk, ID_DIGITS) or 0).delete()[0]:
        raise Http404


def _show(
    request: HttpRequest, workspace: Workspace, form: SaveForm | None, query: str, *, status: int = 200
) -> HttpResponseBase:
    own = workspace.choices.views
    context = {
        "rows": [{"view": one, "url": _url(one), "conditions": conditions(workspace, one.query)} for one in own],
        "form": form or SaveForm(),
        "query": query,
        "conditions": conditions(workspace, query),
        "is_full": len(own) >= MOST_VIEWS,
    }
    return render(request, "enterprise/views.html", context, status=status)


def conditions(workspace: Workspace, query: str) -> list[str]:
    asked = dict(parse_qsl(query))
    form = asked_for(workspace, asked)
    return [str(view_of(asked.get("view", "")).title), *(form.condition_text(name) for name in form.conditions)]


def _key(one: SavedView) -> str:
    return f"own {one.pk}"


def _url(one: SavedView) -> str:
    return f"{reverse('complaints:enterprise-queue')}?{one.query}"
