"""How the forms of the review desk and of the register of violations are built for one case.

A form is built from what the file shows, so that what cannot be chosen is not offered.
"""

from __future__ import annotations

from datetime import date

from django.forms import Form
from django.utils.translation import gettext_lazy, override

from accounts.roles import Right
from authorities.models import Officer
from complaints.acceptance import review_advice, review_facts, review_grounds
from complaints.desks.officer_case import OfficerCase
from complaints.handling import Move
from complaints.handling.steps import violations
from complaints.handling.transition.settling import KINDS
from complaints.models import Deadline, Matter
from complaints.pages.authority.review.review_forms import LeadForm, LeadResultForm, MaterialForm, RefusalForm
from complaints.pages.shared.step_pages import Data
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Clock
from complaints.reading.case_people import by_name


def known_of(officer_case: OfficerCase) -> review_facts.Known:
    """Only cases that this desk sees stand among the earlier ones."""
    return review_facts.known_of(officer_case.found.complaint, among=officer_case.workspace.cases())


def refusal_form(officer_case: OfficerCase, data: Data) -> RefusalForm:
    known = known_of(officer_case)
    earlier = (
        review_facts.earlier_cases(officer_case.found.complaint, among=officer_case.workspace.cases())
        if known.earlier
        else []
    )
    return RefusalForm(data, known=known, earlier=earlier)


def latest_material_day(officer_case: OfficerCase) -> date | None:
    """One working day before the last day of the review; None where that is over or no review runs."""
    review = Deadline.objects.filter(
        complaint=officer_case.found.complaint, clock=Clock.REVIEW, state="running"
    ).first()
    if review is None:
        return None
    latest = current_calendar().before(review.last_day, 1)
    return latest if latest >= officer_case.workspace.today else None


def material_form(officer_case: OfficerCase, data: Data) -> Form:
    # The consumer reads it, so it begins in the consumer's language.
    with override(officer_case.found.complaint.language):
        what = review_advice.wanted(review_grounds.lacking(known_of(officer_case)))
    return MaterialForm(data, today=officer_case.workspace.today, latest=latest_material_day(officer_case), what=what)


def registered(officer_case: OfficerCase) -> list[Matter]:
    """What of the case is being checked."""
    return list(
        Matter.objects.filter(complaint=officer_case.found.complaint, kind__in=KINDS, state="open").order_by("pk")
    )


def lead_form(officer_case: OfficerCase, data: Data) -> Form:
    return LeadForm(
        data,
        matters=registered(officer_case),
        chosen=officer_case.query.get("matter", ""),
        label=gettext_lazy("为什么延长"),
    )


def lead_result_form(officer_case: OfficerCase, data: Data) -> Form:
    people = by_name(
        Officer.objects.on(officer_case.workspace.today)
        .select_related("user")
        .filter(
            authority_id=officer_case.found.complaint.handling_authority_id,
            user__is_active=True,
            role__in=Right.HOLD_CASE.posts,
        )
        .exclude(user=officer_case.workspace.user)
        .order_by("pk")
    )
    return LeadResultForm(
        data, matters=registered(officer_case), chosen=officer_case.query.get("matter", ""), people=people
    )


def lead_extended(form: Form) -> Move:
    return violations.extend_lead(matter_id=int(form.cleaned_data["matter"]), text=form.cleaned_data["text"])


def lead_closed(form: Form) -> Move:
    said = form.cleaned_data
    return violations.close_lead(
        matter_id=int(said["matter"]),
        result=said["result"],
        second_officer_id=int(said["second_officer"]),
        text=said["text"],
        told=said.get("told", ""),
    )
