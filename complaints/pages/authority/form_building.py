"""How forms of the authority's step pages are built from the case and from who asks, and the moves that they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.utils.translation import gettext as _

from accounts.roles import Right
from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority, Officer
from complaints import handling
from complaints.acceptance import mediation as delegating
from complaints.acceptance import mediation as termination
from complaints.desks.officer_case import OfficerCase
from complaints.forms.supervision_forms import TakeUpForm
from complaints.handling import Move
from complaints.handling.steps import authority, casework, mediation, parties, platform, supervision
from complaints.pages.authority.forms import BodyForm, OfficerForm, TerminationForm
from complaints.pages.authority.triage.targets import because_of, first_of, ranking
from complaints.pages.authority.triage.triage_forms import AuthorityForm
from complaints.pages.shared.step_pages import Data
from complaints.parties import powers
from complaints.parties.conditions import Conditions
from complaints.reading.case_people import by_name
from complaints.reading.mediation_facts import mediation_clock


def officers(officer_case: OfficerCase) -> list[Officer]:
    """Who may handle the case, in the order of their names."""
    return by_name(
        Officer.objects.on(officer_case.workspace.today)
        .select_related("user")
        .filter(
            authority_id=officer_case.found.complaint.handling_authority_id,
            user__is_active=True,
            role__in=Right.DECIDE_CASE.posts,
        )
        .exclude(user__in=powers.recused(officer_case.found.complaint))
        .order_by("pk")
    )


def body_form(officer_case: OfficerCase, data: Data) -> Form:
    case = officer_case.found.complaint
    rows = list(delegating.bodies_for(case, on=officer_case.workspace.today))
    return BodyForm(data, bodies=[row for row in rows if not delegating.why_not_to_body(case, row)])


def termination_form(officer_case: OfficerCase, data: Data) -> Form:
    clock = mediation_clock(officer_case.found.complaint)
    live = clock if clock is not None and clock.ended_at is None else None
    return TerminationForm(
        data,
        grounds=list(
            termination.grounds(
                officer_case.found.complaint,
                matters=list(officer_case.around.matters.values()),
                sixty=live,
                now=officer_case.workspace.now,
            ).values()
        ),
    )


def officer_form(officer_case: OfficerCase, data: Data) -> Form:
    people, actor = officers(officer_case), officer_case.found.actor
    offices = {p.pk for p in people if actor is not None and p.user_id == actor.user_id}
    return OfficerForm(
        data, people=people, chosen=officer_case.found.complaint.officer_id or min(offices, default=None)
    )


def authority_form(officer_case: OfficerCase, data: Data) -> Form:
    actor, case = officer_case.found.actor, officer_case.found.complaint
    first, last = actor.region if actor is not None and actor.region else (0, 0)
    rows = [
        a
        for a in Jurisdiction.load().authorities
        if first <= a.region_id <= last and (a.has_power or a.level == Authority.Level.OFFICE)
    ]
    rows.sort(key=lambda a: (not a.region.covers(case.handling_region_id), a.region_id))
    asked = officer_case.query.get("authority", "")
    chosen = next((a.pk for a in rows if str(a.pk) == asked), None) or next(
        (a.pk for a in rows if a.region.covers(case.handling_region_id) and a.has_power), None
    )
    ranked = ranking(case, officer_case.workspace, conditions=Conditions.at(officer_case.workspace.now))
    return AuthorityForm(data, authorities=rows, chosen=chosen, first=first_of(ranked))


def designation_form(officer_case: OfficerCase, data: Data) -> Form:
    actor, case = officer_case.found.actor, officer_case.found.complaint
    first, last = actor.region if actor is not None and actor.region else (0, 0)
    rows = [
        row
        for row in Jurisdiction.load().authorities
        if row.has_power
        and first <= row.region_id <= last
        and row.pk != (actor.authority_id if actor is not None else None)
    ]
    rows.sort(key=lambda row: (not row.region.covers(case.handling_region_id), row.region_id))
    form = AuthorityForm(data, authorities=rows)
    form.fields["text"].required = True
    form.fields["text"].label = _("为什么指定这个机关")
    return form


def take_up_form(officer_case: OfficerCase, data: Data) -> Form:
    """Below whoever takes it up: authorities of the place of the case, and their neighbours."""
    actor, case = officer_case.found.actor, officer_case.found.complaint
    own, jurisdiction = (actor.authority_id if actor is not None else None) or 0, Jurisdiction.load()
    below = jurisdiction.below(own)
    rows = [a for a in jurisdiction.authorities if a.has_power and a.pk in below]
    near = {a.parent_id for a in rows if a.region.covers(case.handling_region_id)}
    rows = [a for a in rows if a.parent_id in near and a.pk != case.handling_authority_id]
    rows.sort(key=lambda a: (not a.region.covers(case.handling_region_id), a.region_id))
    return TakeUpForm(data, authorities=rows, may_keep=case.handling_authority_id != own)


def either(grant: str, refuse: str, *names: str) -> Callable[[Form], Move]:
    """``grant`` with its named fields, or ``refuse`` with why."""

    def build(form: Form) -> Move:
        said = form.cleaned_data
        if said["decision"] == "refuse":
            return handling.MOVES[refuse](text=said["text"])
        return handling.MOVES[grant](**{name: said[name] for name in names})

    return build


def authority_move(form: Any) -> Move:
    said, because = form.cleaned_data, None
    if form.first:
        because = because_of(f"a{said['authority']}", form.first, note=said["note"], why=said["why"])
    return authority.assign_authority(authority_id=int(said["authority"]), text=said["text"], because=because)


def take_up_move(form: Form) -> Move:
    chosen = form.cleaned_data["authority"]
    return supervision.take_up(text=form.cleaned_data["text"], authority_id=int(chosen) if chosen else None)


def service_move(form: Form) -> Move:
    given = form.cleaned_data
    return casework.serve_notice(
        document=given["document"], channel=given["channel"], is_served=given["arrived"] == "yes", text=given["text"]
    )


def power_move(form: Form) -> Move:
    said = form.cleaned_data
    if said["decision"] == "refuse":
        return parties.refuse_power(text=said["text"])
    return parties.confirm_power(
        seen=said["seen"],
        may_settle=said["may_settle"] == "yes",
        valid_until=said["valid_until"].isoformat(),
        text=said["text"],
    )


def publication_move(form: Form) -> Move:
    if form.cleaned_data["decision"] == "withhold":
        return casework.withhold(text=form.cleaned_data["text"])
    return casework.publish()


def refusal_move(form: Form) -> Move:
    said = form.cleaned_data
    return authority.refuse(
        ground=said["ground"], facts=said["facts"], body=said["body"], earlier=said.get("earlier", "")
    )


def platform_move(form: Form) -> Move:
    said = form.cleaned_data
    return platform.record_platform_number(
        platform_number=said["platform_number"],
        received_at=said["received_at"],
        state=said["state"],
        text=said.get("text", ""),
    )


def minutes_move(form: Any) -> Move:
    said = form.cleaned_data
    return mediation.record_session(minutes=said["minutes"], present=list(said["present"]), files=form.digests)
