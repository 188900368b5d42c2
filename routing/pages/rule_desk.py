"""Who may see, draft and decide which routing rules.

A rule is seen where it may apply (in the own region, around it, or in the whole country); drafted by who
works on cases, and decided by who heads an authority, each only for what lies within the own region. An analyst reads.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.roles import Right
from complaints.desks.authority_workspace import Workspace
from complaints.parties.actors import Actor
from routing.models import Lesson, RoutingRule, RuleChange
from routing.rule_desk.rule_changing import Reach
from routing.rules.facts import Rule


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
    row = changes_seen(workspace).filter(pk=pk).select_related("region", "made_by", "decided_by").first()
    if row is None:
        raise Http404
    return row
