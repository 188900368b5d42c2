"""From a draft to what it says: one FilingRequest, or what is still wrong with it.

Every step is judged again by its own form, whatever was judged
before; nothing is filed that a form would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django.utils import timezone

from complaints.filing import drafts, respondents
from complaints.filing.forms import EnterpriseStep, Step
from complaints.filing.people import ConsentsStep, representative_names
from complaints.filing.steps import STEP_CODES
from complaints.models.evidence import FilingDraft
from complaints.procedure import categories
from complaints.procedure.categories import QUESTIONS
from complaints.procedure.filing_request import (
    AGENT,
    CONSENTS,
    JOINT,
    SELF,
    DemandRequest,
    FilingRequest,
    OnBehalf,
    RespondentRequest,
)
from enterprises.models import Station

JUDGED = tuple(code for code in STEP_CODES if code not in ("evidence", "check"))


@dataclass(frozen=True)
class Unfinished:
    """What keeps a draft from being filed: step -> the form with its errors."""

    forms: Mapping[str, Step] = field(default_factory=dict)

    def by_field(self) -> dict[str, dict[str, list[str]]]:
        return {
            step: {name: [str(text) for text in errors] for name, errors in form.errors.items()}
            for step, form in self.forms.items()
        }


def judged_forms(draft: FilingDraft, *, today: date) -> dict[str, Step]:
    """Each step's form, bound to what the draft holds."""
    return {step: drafts.form_of(draft, step, today=today, judged=True) for step in JUDGED}


def to_request(
    draft: FilingDraft,
    *,
    now: datetime,
    language: str = "zh-hans",
    tracking_digest: str = "",
    forms: Mapping[str, Step] | None = None,
) -> FilingRequest | Unfinished:
    """What the verb `file` takes, or the steps that must be mended first."""
    forms = forms or judged_forms(draft, today=timezone.localdate(now))
    wrong = {step: form for step, form in forms.items() if not form.is_valid()}
    if wrong:
        return Unfinished(wrong)
    purchase, problem = forms["purchase"].cleaned_data, forms["problem"].cleaned_data
    you, consents = forms["you"].cleaned_data, forms["consents"].cleaned_data
    is_verified = drafts.is_proven(draft, you["phone"], you["email"])
    respondents_told = (_respondent(cast(EnterpriseStep, forms["enterprise"])), *respondents.requests(draft))
    station_id, station_sees = _station(draft, respondents_told)
    return FilingRequest(
        received_at=now,
        channel="station" if station_id else "web",
        station_id=station_id,
        station_sees=station_sees,
        language=language,
        source=draft.source,
        respondents=respondents_told,
        service_region_id=forms["enterprise"].cleaned_data["service_region"],
        object_kind=categories.object_kind(purchase["object_category"]),
        object_category=purchase["object_category"],
        item_name=purchase["item_name"],
        brand=purchase["brand"],
        amount=purchase["amount"],
        bought_on=purchase["bought_on"],
        is_online=purchase["is_online"],
        order_no=purchase["order_no"],
        answers=answers_of(problem),
        learned_on=problem["noticed_on"],
        problem_category=problem["problem_category"],
        disputed_on=problem["disputed_on"],
        disputed_on_is_approximate=problem["is_approximate"],
        place=problem["place"],
        statement=problem["statement"],
        voice_id=voice.pk if (voice := drafts.voice_of(draft)) else None,
        has_contacted=problem["has_contacted"],
        contacted_on=problem["contacted_on"],
        their_reference=problem["their_reference"],
        report=problem["report"],
        demands=_demands(forms["demands"].cleaned_data),
        demand_note=forms["demands"].cleaned_data["note"],
        evidence_ids=tuple(draft.evidence.order_by("pk").values_list("pk", flat=True)),
        consumer_id=draft.owner_id if is_verified else None,
        consumer_name=you["name"],
        consumer_phone=you["phone"],
        consumer_email=you["email"],
        consumer_address=you["address"],
        contact_verified=is_verified,
        reply_by=you["reply_by"],
        need_help=tuple(you["need_help"]),
        on_behalf=_on_behalf(you),
        consents={code: consents[code] for code in CONSENTS if code in consents},
        consent_version=ConsentsStep.version,
        tracking_digest=tracking_digest,
    )


def answers_of(problem: Mapping[str, Any]) -> dict[str, str]:
    """What the sectors' own questions got, by their codes; what was not answered is left out."""
    said = {question.code: problem[question.code] for question in QUESTIONS}
    return {code: value.isoformat() if isinstance(value, date) else value for code, value in said.items() if value}


def _station(draft: FilingDraft, told: Sequence[RespondentRequest]) -> tuple[int | None, bool]:
    """Where it is written down, and whether that station sees more of it: a respondent's own one by consent only."""
    kept = drafts.station_of(draft)
    if kept is None:
        return None, False
    station = Station.objects.filter(pk=kept[0]).first()
    if station is None:
        return None, False
    is_respondents = station.enterprise_id is not None and station.enterprise_id in {one.enterprise_id for one in told}
    return station.pk, kept[2] or not is_respondents


def _respondent(form: EnterpriseStep) -> RespondentRequest:
    pick = form.picked()
    if pick is not None:
        return RespondentRequest(enterprise_id=pick.enterprise_id, branch_id=pick.branch_id, brand_id=pick.brand_id)
    said = form.cleaned_data
    if said["respondent"] != "named":
        return RespondentRequest()
    return RespondentRequest(
        named=said["named"], address=said["address"], phone=said["business_phone"], link=said["link"]
    )


def _demands(said: Mapping[str, Any]) -> tuple[DemandRequest, ...]:
    """One row a ticked box, in the order of the list."""
    ticked = set(said["demand"])
    return tuple(
        DemandRequest(
            kind=kind.code,
            amount=cast(Decimal, said[f"amount_{kind.code}"]) if kind.asks_amount else None,
            note=said["note"] if kind.code == "other" else "",
        )
        for kind in categories.DEMAND_KINDS
        if kind.code in ticked
    )


def _on_behalf(said: Mapping[str, Any]) -> OnBehalf:
    kind = said["behalf"]
    if kind == SELF:
        return OnBehalf()
    if kind == JOINT:
        return OnBehalf(
            kind=kind,
            parties=said["joint"],
            representatives=representative_names(said["representatives"]),
            is_declared=said["is_declared"],
        )
    return OnBehalf(
        kind=kind,
        principal_name=said["principal_name"],
        principal_phone=said["principal_phone"],
        relation=said["relation"],
        powers=said["powers"] if kind == AGENT else "",
        valid_until=said["valid_until"] if kind == AGENT else None,
        may_settle=said["may_settle"] if kind == AGENT else None,
        is_declared=said["is_declared"],
    )
