"""/enterprise/posters/, /authority/posters/ and the files of a poster: what to hang up and to send, how often its code
was opened, how many complaints came by it and how they ended.

A poster is of the own enterprise and its branches, or of the own station; a number is told to whoever
owns the poster, and to the authority of its own region.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.sign_in.limits import place_of
from complaints.desks import authority_workspace, enterprise_workspace
from complaints.desks.enterprise_workspace import workspace_page
from complaints.models import Complaint
from complaints.parties.conditions import Conditions
from complaints.stations import posters, publicity
from complaints.stations.posters import FORMS, Funnel, Poster
from enterprises.models import Branch, Enterprise, Station
from web.incoming import ID_DIGITS, whole
from web.languages import named
from web.small_numbers import share_text, shown_number

#: Complaints of so many days are counted.
COUNTED = timedelta(days=365)
#: Branches and owners that one page lists.
MOST = 200


def form_label(form: str) -> str:
    return {
        "": _("只有网址"),
        posters.A4: _("A4海报"),
        posters.A6: _("A6台卡"),
        posters.BOARD: _("公示栏"),
        posters.ARTICLE: _("公众号文章"),
        posters.MESSAGE: _("短信"),
    }[form]


def told(funnel: Funnel, *, hides_few: bool = False) -> str:
    """打开120次，投诉9件，办结7件，谈成5件. ``hides_few``: of the ends one to four are not told, to whoever may not see
    the cases."""
    ends = (shown_number(n) if hides_few else f"{n:,}" for n in (funnel.closed, funnel.settled))
    values = dict(zip(("closed", "settled"), ends, strict=True)) | {"opened": f"{funnel.opened:,}"}
    text = _("打开%(opened)s次，投诉%(filed)s件，其中办结%(closed)s件、谈成%(settled)s件")
    return text % (values | {"filed": f"{funnel.filed:,}"})


def texts(owner: str, name: str, request: HttpRequest) -> list[dict[str, Any]]:
    """What may be copied into an article and into a short message: {"form", "label", "text"}."""
    place = place_of(request)

    def text(form: str, words: str) -> dict[str, Any]:
        address = f"{place}{reverse('complaints:go', args=[Poster(owner, form).code])}"
        return {"form": form, "label": form_label(form), "text": words % {"name": name, "address": address}}

    return [
        text(
            posters.ARTICLE,
            _(
                "遇到消费纠纷，可以在网上直接和企业谈，不收费。\n"
                "怎么做：打开下面的网址，用自己的话写下是什么事、要什么。企业答复每一项要求，您同意才算数；没谈成，交市场监管局。\n"
                "%(name)s\n%(address)s"
            ),
        ),
        text(posters.MESSAGE, _("消费有纠纷，可以在网上直接和企业谈，不收费：%(address)s %(name)s")),
    ]


def trained(owner: str, *, on: date) -> dict[str, Any]:
    """How often somebody of this enterprise or station tried the quiz, and the share that passed. One statement."""
    tried, passed = publicity.tries([owner], since=on - COUNTED).get(owner, (0, 0))
    return {"tried": tried, "passed": share_text(passed, tried, digits=0), "days": COUNTED.days}


def file_of(
    poster: Poster, request: HttpRequest, *, name: str, lines: list[str], now: datetime, region_id: int | None = None
) -> HttpResponse:
    """The PDF, to be printed, with the numbers in force where it will hang."""
    made = posters.poster_pdf(
        poster, place=place_of(request), name=name, lines=lines, limits=Conditions.at(now).limits(region_id)
    )
    headers = {"Content-Disposition": f'attachment; filename="poster-{poster.code}.pdf"'}
    return HttpResponse(made, content_type="application/pdf", headers=headers)


def mine(workspace: enterprise_workspace.Workspace) -> tuple[Enterprise, list[Branch]]:
    """The enterprise of the first job, and the branches for which this person works there."""
    actor = workspace.actors[0]
    if actor.enterprise_id is None:
        raise Http404
    branches = Branch.objects.on(workspace.today).filter(enterprise_id=actor.enterprise_id).order_by("pk")
    if actor.branch_ids is not None:
        branches = branches.filter(pk__in=actor.branch_ids)
    return Enterprise.objects.get(pk=actor.enterprise_id), list(branches[:MOST])


@workspace_page("GET")
def enterprise(request: HttpRequest, workspace: enterprise_workspace.Workspace) -> HttpResponseBase:
    """Which posters there are, for all of it and for each branch, and what came by them."""
    enterprise, branches = mine(workspace)
    cases = Complaint.objects.visible_to(workspace.user, on=workspace.today)
    result = posters.brought(cases, since=workspace.now - COUNTED, owner=enterprise.code)
    places: dict[int | None, str] = {None: named(enterprise)} | {branch.pk: named(branch) for branch in branches}
    elsewhere = sum(one.filed for poster, one in result.items() if poster.form and poster.branch_id not in places)
    context = {
        "rows": [_row(enterprise.code, branch_id, name, result) for branch_id, name in places.items()],
        "total": sum(one.filed for one in result.values()),
        "opened": sum(one.opened for one in result.values()),
        "bare": result.get(Poster(enterprise.code), Funnel()).filed,
        "elsewhere": elsewhere,
        "texts": [
            text | {"told": told(result.get(Poster(enterprise.code, text["form"]), Funnel()))}
            for text in texts(enterprise.code, enterprise.name, request)
        ],
        "trained": trained(enterprise.code, on=workspace.today),
        "days": COUNTED.days,
        "address": f"{place_of(request)}{reverse('complaints:go', args=[enterprise.code])}",
    }
    return render(request, "posters/enterprise.html", context)


def _row(owner: str, branch_id: int | None, name: str, result: dict[Poster, Funnel]) -> dict[str, Any]:
    query = f"?branch={branch_id}" if branch_id else ""
    return {
        "name": name,
        "forms": [
            {
                "label": form_label(form),
                "n": result.get(Poster(owner, form, branch_id), Funnel()).filed,
                "told": told(result.get(Poster(owner, form, branch_id), Funnel())),
                "url": reverse("complaints:enterprise-poster", args=[form]) + query,
            }
            for form in FORMS
        ],
    }


@workspace_page("GET")
def enterprise_file(request: HttpRequest, workspace: enterprise_workspace.Workspace, kind: str) -> HttpResponseBase:
    """One of them as PDF; ``?branch=`` says for which branch."""
    enterprise, branches = mine(workspace)
    asked = request.GET.get("branch", "")
    branch = next((one for one in branches if str(one.pk) == asked), None)
    if kind not in FORMS or (asked and branch is None):
        raise Http404
    return file_of(
        Poster(enterprise.code, kind, branch.pk if branch else None),
        request,
        name=(branch or enterprise).name,
        lines=[enterprise.name] if branch else [],
        now=workspace.now,
        region_id=branch.place_id if branch else None,
    )


@authority_workspace.officer_page("GET")
def authority(request: HttpRequest, workspace: authority_workspace.Workspace) -> HttpResponseBase:
    """What came by posters in the own region: by owner, form and place, the most first; and whatever codes of its
    stations and of enterprises that enrolled there were opened, and quizzes tried."""
    today = workspace.today
    here = [actor.region for actor in workspace.actors if actor.region]
    of_station, of_enterprise = Q(pk=None), Q(pk=None)
    for first, last in here:
        of_station |= Q(authority__region_id__gte=first, authority__region_id__lte=last)
        of_enterprise |= Q(enrolled_by__region_id__gte=first, enrolled_by__region_id__lte=last)
    owners: tuple[QuerySet[Any], ...] = (
        Station.objects.on(today).filter(of_station),
        Enterprise.objects.filter(of_enterprise),
    )
    own = [owner.code for rows in owners for owner in rows.order_by("pk")[:MOST]]
    result = posters.brought(workspace.cases(), since=workspace.now - COUNTED, also=own)
    by_owner: dict[str, dict[Poster, Funnel]] = defaultdict(dict)
    for poster, n in result.items():
        by_owner[poster.owner][poster] = n
    tries = publicity.tries({*by_owner, *own}, since=today - COUNTED)
    sums = {owner: sum(by_owner[owner].values(), Funnel()) for owner in {*by_owner, *tries}}
    order = sorted(sums, key=lambda owner: (-sums[owner].filed, -sums[owner].opened, owner))[:MOST]
    names = _names(order)
    branch_ids = {poster.branch_id for owner in order for poster in by_owner[owner] if poster.branch_id}
    branches = {branch.pk: named(branch) for branch in Branch.objects.filter(pk__in=branch_ids)}
    by_form: dict[str, Funnel] = defaultdict(Funnel)
    for poster, one in result.items():
        by_form[poster.form] += one
    since, until = publicity.months_over(today)
    context = {
        "total": sum(one.filed for one in result.values()),
        "days": COUNTED.days,
        "forms": [{"label": form_label(form), "n": by_form[form]} for form in (*posters.PLACES, "") if form in by_form],
        "knowing": publicity.knowing(since=since, until=until),
        "rows": [
            {
                "name": names.get(owner, owner),
                "n": sums[owner].filed,
                "opened": sums[owner].opened,
                "tried": tries.get(owner, (0, 0))[0],
                "passed": share_text(*reversed(tries.get(owner, (0, 0))), digits=0),
                "parts": [
                    {"label": form_label(poster.form), "place": branches.get(poster.branch_id or 0, ""), "n": n.filed}
                    for poster, n in sorted(by_owner[owner].items(), key=lambda item: (-item[1].filed, item[0].code))
                ],
            }
            for owner in order
        ],
    }
    return render(request, "posters/authority.html", context)


def _names(codes: list[str]) -> dict[str, str]:
    """Names of stations and enterprises by their codes; two queries."""
    numbers = [number for code in codes if code[:1] == "e" and (number := whole(code[1:], ID_DIGITS)) is not None]
    return {row.code: named(row) for row in Station.objects.filter(code__in=codes)} | {
        row.code: named(row)
        for rows in (Enterprise.objects.filter(uscc__in=codes), Enterprise.objects.filter(pk__in=numbers, uscc=None))
        for row in rows
    }
