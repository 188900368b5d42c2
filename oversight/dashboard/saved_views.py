"""/oversight/views/: a page of oversight with its conditions, kept under a name for all who work at the same authority.

A saved view is an address and nothing more; whoever opens it sees the own region, never that of its
maker.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from complaints.desks.authority_workspace import Workspace, officer_page
from oversight.models import OversightView
from oversight.presenting.choosing import FIELDS
from oversight.presenting.looking import PAGES

#: So many an authority.
MOST = 30
#: What an address of these pages may say; everything else is left out.
KNOWN = (*FIELDS, "sort", "against", "other_first", "other_last", "with_region")
TITLES = dict(PAGES)


class ViewForm(forms.Form):
    """The name under which colleagues find it."""

    name = forms.CharField(
        label=gettext_lazy("视图的名称"),
        max_length=40,
        error_messages={
            "required": gettext_lazy("请写一个名称，例如“鼓楼区本月”。"),
            "max_length": gettext_lazy("名称最多40个字。"),
        },
    )


def tidy(query: str) -> str:
    """The conditions of an address in one order, each once and no longer than a condition is."""
    asked = dict(parse_qsl(query[:3000]))
    return urlencode({name: asked[name][:60] for name in KNOWN if asked.get(name)})[:600]


def of(workspace: Workspace) -> list[OversightView]:
    """Those of the authorities where this officer works."""
    return list(
        OversightView.objects.filter(authority_id__in=[actor.authority_id for actor in workspace.actors])[: MOST * 4]
    )


@officer_page("GET", "POST")
def views(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The list; POST keeps one more or takes one away."""
    if request.method != "POST":
        return _show(request, workspace, None, request.GET.get("page", ""), tidy(request.GET.get("query", "")))
    page, query = request.POST.get("page", ""), tidy(request.POST.get("query", ""))
    is_removing = "remove" in request.POST
    form = ViewForm(None if is_removing else request.POST, label_suffix="")
    with once(request) as attempt:
        if not attempt.answered and is_removing:
            _take_away(workspace, request.POST["remove"])
            attempt.reference = reverse("oversight:views")
            messages.success(request, _("已删除这个视图。"), extra_tags="ok")
        elif not attempt.answered and page in TITLES and form.is_valid():
            kept = _keep(workspace, form, page, query)
            if kept is not None:
                attempt.reference = reverse("oversight:views")
                messages.success(
                    request,
                    _("已保存。同事可以用这个地址打开：%(url)s") % {"url": request.build_absolute_uri(_address(kept))},
                    extra_tags="ok",
                )
    return (
        redirect(attempt.reference) if attempt.reference else _show(request, workspace, form, page, query, status=422)
    )


def _here(workspace: Workspace) -> int:
    """The authority for which it is kept: the first office."""
    return next(actor.authority_id for actor in workspace.actors if actor.authority_id is not None)


def _keep(workspace: Workspace, form: ViewForm, page: str, query: str) -> OversightView | None:
    """A name that the authority has already gets the new conditions, and keeps its address."""
    authority_id, name = _here(workspace), form.cleaned_data["name"]
    known = OversightView.objects.filter(authority_id=authority_id, name=name).first()
    if known is None and OversightView.objects.filter(authority_id=authority_id).count() >= MOST:
        form.add_error("name", _("最多保存%(n)s个视图，请先删除不用的。") % {"n": MOST})
        return None
    view = known or OversightView(key=uuid.uuid4(), authority_id=authority_id, name=name)
    view.made_by, view.made_at, view.page, view.query = workspace.user, workspace.now, page, query
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        form.add_error("name", _("刚有同事用了这个名称，请换一个。"))
        return None
    return view


def _take_away(workspace: Workspace, key: str) -> None:
    try:
        found = uuid.UUID(key)
    except ValueError:
        raise Http404 from None
    if not OversightView.objects.filter(
        authority_id__in=[actor.authority_id for actor in workspace.actors], key=found
    ).delete()[0]:
        raise Http404


def _address(view: OversightView) -> str:
    return reverse("oversight:view", args=[view.key])


def _show(
    request: HttpRequest, workspace: Workspace, form: ViewForm | None, page: str, query: str, *, status: int = 200
) -> HttpResponseBase:
    own = of(workspace)
    return render(
        request,
        "oversight/views.html",
        {
            "rows": [
                {"view": one, "url": _address(one), "title": TITLES.get(one.page, one.page), "query": one.query}
                for one in own
            ],
            "form": form or ViewForm(label_suffix=""),
            "page": page if page in TITLES else "",
            "page_title": TITLES.get(page, ""),
            "query": query,
            "back_url": (
                reverse(f"oversight:{page}" if page in TITLES else "oversight:dashboard")
                + (f"?{query}" if query else "")
            ),
        },
        status=status,
    )


@officer_page("GET")
def view(request: HttpRequest, workspace: Workspace, key: uuid.UUID) -> HttpResponseBase:
    """/oversight/views/<key>/: on to the page; for whoever works at the authority that keeps it."""
    found: Any = OversightView.objects.filter(
        key=key, authority_id__in=[actor.authority_id for actor in workspace.actors]
    ).first()
    if found is None or found.page not in TITLES:
        raise Http404
    return redirect(reverse(f"oversight:{found.page}") + (f"?{found.query}" if found.query else ""))
