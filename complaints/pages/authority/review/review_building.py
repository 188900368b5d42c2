"""How the forms of the review desk and of the register of violations are built for one case.

The one rule: a form is built from what the file shows, so that what cannot be chosen is not offered.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import override

from authorities.models import Officer
from complaints.acceptance import review_advice, review_facts, review_grounds
from complaints.desks.authority_setting import Data, Payload, Setting
from complaints.forms.fields import StepForm
from complaints.handling.transition.registering import KINDS
from complaints.models import Deadline, Matter
from complaints.pages.authority.review.review_forms import LeadForm, LeadResultForm, MaterialForm, RefusalForm
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Clock
from complaints.reading.case_people import by_name


def known_of(setting: Setting) -> review_facts.Known:
    """Only cases that this desk sees stand among the earlier ones."""
    return review_facts.known_of(setting.found.complaint, among=setting.desk.cases())


def refusal_form(setting: Setting, data: Data) -> RefusalForm:
    known = known_of(setting)
    earlier = review_facts.earlier_cases(setting.found.complaint, among=setting.desk.cases()) if known.earlier else []
    return RefusalForm(data, known=known, earlier=earlier)


def refusal_payload(form: StepForm) -> Payload:
    said = form.cleaned_data
    return {"ground": said["ground"], "facts": said["facts"], "body": said["body"], "earlier": said.get("earlier", "")}


def latest_material_day(setting: Setting) -> date | None:
    """One working day before the last day of the review; None where that is over or no review runs."""
    review = Deadline.objects.filter(complaint=setting.found.complaint, clock=Clock.REVIEW, state="running").first()
    if review is None:
        return None
    latest = current_calendar().before(review.last_day, 1)
    return latest if latest >= setting.desk.today else None


def material_form(setting: Setting, data: Data) -> StepForm:
    # The consumer reads it, so it begins in the consumer's language.
    with override(setting.found.complaint.language):
        what = review_advice.wanted(review_grounds.lacking(known_of(setting)))
    return MaterialForm(data, today=setting.desk.today, latest=latest_material_day(setting), what=what)


def registered(setting: Setting) -> list[Matter]:
    """What of the case is being checked."""
    return list(Matter.objects.filter(complaint=setting.found.complaint, kind__in=KINDS, state="open").order_by("pk"))


def lead_form(label: Any) -> Any:
    return lambda setting, data: LeadForm(
        data, matters=registered(setting), chosen=setting.query.get("matter", ""), label=label
    )


def lead_result_form(setting: Setting, data: Data) -> StepForm:
    people = by_name(
        Officer.objects.on(setting.desk.today)
        .select_related("user")
        .filter(authority_id=setting.found.complaint.handling_authority_id, user__is_active=True)
        .exclude(role=Officer.Role.ANALYST)
        .exclude(user=setting.desk.user)
        .order_by("pk")
    )
    return LeadResultForm(data, matters=registered(setting), chosen=setting.query.get("matter", ""), people=people)


def lead_payload(form: StepForm) -> Payload:
    said = form.cleaned_data
    found: Payload = {"matter_id": int(said["matter"]), "text": said["text"]}
    if "result" in said:
        found |= {
            "result": said["result"],
            "second_officer_id": int(said["second_officer"]),
            "told": said.get("told", ""),
        }
    return found
