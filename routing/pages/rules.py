"""/authority/routing/: the rules that hold on a day, how they fare, what corrections taught; who may do what.

A rule is seen where it may apply; drafted by who works on cases, and decided by who heads an authority, each only for
what lies within the own region. Drafting from a lesson opens the form filled in, and nothing else is done by itself.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.keys import sealed_fields
from accounts.roles import Right
from authorities.models import Authority, Region
from authorities.periods import holds_on
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import Day, StepForm
from complaints.models import Complaint, Engagement, ForwardingDecision
from complaints.models.complaint import lies_in
from complaints.parties.actors import Actor
from complaints.reading.case import AUTHORITY, case_url
from routing.models import Lesson, RoutingRule, RuleChange, RuleUse
from routing.rule_desk import learning, rule_changing, rule_texts
from routing.rule_desk.learning import DAYS, FEWEST, OFFICER, SHARE
from routing.rule_desk.rule_changing import Reach
from routing.rule_desk.rule_forms import DismissForm
from routing.rules import conflicts, directory
from routing.rules.facts import Rule
from web.incoming import ID_DIGITS, whole
from web.small_numbers import share_text, too_few


def authors(workspace: Workspace) -> Reach:
    """Where this person may draft."""
    return _reach(actor for actor in workspace.actors if actor.may(Right.DRAFT_ROUTING_RULE))


def heads(workspace: Workspace) -> Reach:
    """Where this person may decide."""
    return _reach(actor for actor in workspace.actors if actor.may(Right.DECIDE_ROUTING_RULE))


def reach_of(workspace: Workspace) -> Reach:
    return _reach(workspace.actors)


def _reach(actors: Iterable[Actor]) -> Reach:
    return Reach(tuple(actor.region for actor in actors if actor.region is not None))


def rules_seen(workspace: Workspace) -> QuerySet[RoutingRule]:
    """All versions of the rules that may apply in these regions."""
    seen = Q(region=None)
    for first, last in reach_of(workspace).spans:
        seen |= Q(region_id__lte=last, region__last__gte=first)
    return RoutingRule.objects.filter(seen)


def is_seen(rule: Rule, workspace: Workspace) -> bool:
    """The same of a rule as matching reads it."""
    return rule.first is None or any(
        rule.first <= last and (rule.last or 0) >= first for first, last in reach_of(workspace).spans
    )


def changes_seen(workspace: Workspace) -> QuerySet[RuleChange]:
    """Changes of rules within these regions."""
    seen = Q(pk__in=[])
    reach = reach_of(workspace)
    for first, last in reach.spans:
        seen |= Q(region_id__gte=first, region__last__lte=last)
    return RuleChange.objects.filter(seen | Q(region=None) if reach.covers(None) else seen)


def lessons_seen(workspace: Workspace) -> QuerySet[Lesson]:
    """What the cases of these regions taught and nobody has decided on."""
    seen = Q(pk__in=[])
    for first, last in reach_of(workspace).spans:
        seen |= Q(region_id__gte=first, region__last__lte=last)
    return Lesson.objects.filter(seen, state=Lesson.State.OPEN)


def change_of(workspace: Workspace, pk: int) -> RuleChange:
    """Http404 for one of another region."""
    return get_object_or_404(changes_seen(workspace).select_related("region", "made_by", "decided_by"), pk=pk)


PAGE = 25
#: Contradictions that are shown; cases that came back.
MOST_CLASHES, MOST_CASES = 12, 10
_ROWS = ("region", "brand", "enterprise", "target_enterprise", "target_branch", "target_authority")


class OnDay(StepForm):
    """The day on which rules are to hold."""

    on = Day(label=gettext_lazy("哪一天生效的"), required=False)


@officer_page("GET")
def rules(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The rules that hold on a day (today), in the order in which they are tried."""
    form = OnDay(request.GET or None, initial={"on": workspace.today})
    day: date = (form.cleaned_data.get("on") if form.is_bound and form.is_valid() else None) or workspace.today
    rows, before, after = _page(rules_seen(workspace).filter(holds_on(day), is_taken_back=False), request)
    result = conflicts.findings([rule for rule in directory.rules() if is_seen(rule, workspace)], on=day)
    here = Q(pk__in=[])
    for region in regions_of(workspace):
        here |= lies_in(region, "complaint__")
    lately = Q(until_at__gt=workspace.now - timedelta(days=DAYS), until_at__lte=workspace.now)
    figures = learning.counted(Engagement.objects.filter(here, lately), now=workspace.now)
    kept = f"on={day.isoformat()}&" if day != workspace.today else ""
    return render(
        request,
        "routing/rules.html",
        {
            "rows": rule_texts.rule_lines(rows, day=day),
            "form": form,
            "day": day,
            "now": workspace.now,
            "is_today": day == workspace.today,
            "clashes": rule_texts.clashes(result[:MOST_CLASHES]),
            "more_clashes": max(0, len(result) - MOST_CLASHES),
            "may_draft": bool(authors(workspace).spans),
            "figures": figures,
            "days": DAYS,
            "version": learning.VERSION,
            "rate": share_text(figures.misrouted, figures.ended),
            "why_no_rate": too_few(figures.ended),
            "in_time_rate": share_text(figures.in_time, figures.judged),
            "why_no_in_time_rate": too_few(figures.judged),
            "officers": RuleUse.objects.filter(code=OFFICER).first(),
            "tabs": tabs(workspace, "rules"),
            "previous_url": f"?{kept}before={before}" if before else "",
            "next_url": f"?{kept}after={after}" if after else "",
        },
    )


def tabs(workspace: Workspace, current: str) -> dict[str, Any]:
    """Where else, and how much waits there."""
    counts = keyset.counts(
        {"waiting": changes_seen(workspace).filter(state=RuleChange.State.WAITING), "learned": lessons_seen(workspace)}
    )
    return {"current": current, **{name: (n, keyset.count_text(n)) for name, n in counts.items()}}


def regions_of(workspace: Workspace) -> list[Region]:
    held = {actor.authority_id for actor in workspace.actors}
    return [row.region for row in Authority.objects.filter(pk__in=held).select_related("region__parent")]


def _page(rows: QuerySet[RoutingRule], request: HttpRequest) -> tuple[list[RoutingRule], str, str]:
    """A page by (priority, id) with the keys of the pages before and after it; an odd key shows the first."""
    asked, backwards = request.GET.get("after", ""), False
    if request.GET.get("before"):
        asked, backwards = request.GET["before"], True
    priority, pk = (whole(part, ID_DIGITS) for part in asked.partition(".")[::2])
    is_key = priority is not None and pk is not None
    if is_key:
        way = "lt" if backwards else "gt"
        rows = rows.filter(Q(**{f"priority__{way}": priority}) | Q(priority=priority, **{f"pk__{way}": pk}))
    backwards = backwards and is_key
    order = ("-priority", "-pk") if backwards else ("priority", "pk")
    results = list(rows.select_related(*_ROWS).order_by(*order)[: PAGE + 1])
    has_more = len(results) > PAGE
    results = results[:PAGE]
    if backwards:
        results.reverse()
    has_before, has_after = (has_more, True) if backwards else (is_key, has_more)
    return (
        results,
        _key(results[0]) if results and has_before else "",
        _key(results[-1]) if results and has_after else "",
    )


def _key(rule: RoutingRule) -> str:
    return f"{rule.priority}.{rule.pk}"


@officer_page("GET")
def rule(request: HttpRequest, workspace: Workspace, code: str) -> HttpResponseBase:
    """All its versions, who made them and why, how it fared, and which cases came back."""
    seen = rules_seen(workspace).filter(code=code)
    if not seen.exists():
        raise Http404
    versions = list(RoutingRule.objects.filter(code=code).select_related(*_ROWS).order_by("-version"))
    made = RuleChange.objects.select_related("made_by", "decided_by")
    changes = list(made.filter(code=code).exclude(state__in=["draft", "withdrawn"]).order_by("-pk")[:50])
    changes += list(made.filter(rule__code=code, code=""))
    sealed_fields.load_for(
        [person for change in changes for person in (change.made_by, change.decided_by) if person is not None]
    )
    lines = rule_texts.rule_lines(versions, day=workspace.today)
    current = next((version for version in versions if not version.is_taken_back), None)
    is_over = current is None or (current.ends_on is not None and current.ends_on < workspace.today)
    reach = authors(workspace)
    return render(
        request,
        "routing/rule.html",
        {
            "code": code,
            "now": workspace.now,
            "use": lines[0].use,
            "rate": lines[0].rate,
            "days": DAYS,
            "versions": [(line, rule_texts.reason_of(line.rule)) for line in lines],
            "changes": [
                (line, line.change.decided_by.name if line.change.decided_by else "")
                for line in rule_texts.change_lines(changes)
            ],
            "may_draft": current is not None and reach.covers(current.region),
            "is_over": is_over,
            "returned": [(case.number, case_url(case, AUTHORITY)) for case in _returned(workspace, code)],
            "tabs": tabs(workspace, "rules"),
        },
    )


def _returned(workspace: Workspace, code: str) -> list[Complaint]:
    """Cases of late that this rule sent to the wrong one, as far as they may be seen."""
    rows = ForwardingDecision.objects.filter(rule=code, verdict="forward", at__gt=workspace.now - timedelta(days=DAYS))
    wrong = rows.filter(learning.WAS_MISROUTED, complaint__in=workspace.cases())
    ids = wrong.order_by("-at").values_list("complaint_id", flat=True)
    return list(workspace.cases().filter(pk__in=list(ids[:MOST_CASES])).only("number"))


BY_COUNT = keyset.Order("counted_at", falling=True)


@officer_page("GET")
def learned(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    return _show(request, workspace)


@officer_page("POST")
def dismiss(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """POST: it is not to become a rule, for a reason."""
    row = Lesson.objects.select_related("region").filter(pk=pk).first()
    if row is None or not authors(workspace).covers(row.region):
        raise Http404
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _show(request, workspace, form=form, of=pk, status=422)

    def dismissed() -> tuple[str, str]:
        reason, reach = form.cleaned_data["reason"], authors(workspace)
        rule_changing.dismiss(row, reason=reason, by=workspace.user, reach=reach, now=workspace.now)
        return reverse("routing:authority-routing-learned"), _("已记录，不再提示这一条。")

    return redirect_once(request, dismissed)


def _show(
    request: HttpRequest, workspace: Workspace, *, form: DismissForm | None = None, of: int = 0, status: int = 200
) -> HttpResponseBase:
    page = keyset.page_of(lessons_seen(workspace), request.GET, BY_COUNT, related=("region",))
    reach = authors(workspace)
    lines = rule_texts.lesson_lines(page.rows, user=workspace.user, today=workspace.today)
    return render(
        request,
        "routing/learned.html",
        {
            "lines": [
                (
                    line,
                    (
                        form
                        if form is not None and line.lesson.pk == of
                        else DismissForm(auto_id=f"id_{line.lesson.pk}_%s")
                    ),
                    reach.covers(line.lesson.region),
                )
                for line in lines
            ],
            "form": form,
            "of": of,
            "now": workspace.now,
            "days": DAYS,
            "fewest": FEWEST,
            "share": round(100 * SHARE),
            "tabs": tabs(workspace, "learned"),
            **keyset.neighbours(page, ""),
        },
        status=status,
    )
