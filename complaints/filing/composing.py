"""From a draft to what it says: one FilingRequest, or what is still wrong with it. Every step is judged again by its
own form, whatever was judged before; nothing is filed that a form would refuse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.utils import timezone

from complaints.filing import drafts, respondents
from complaints.filing.forms import EnterpriseStep, Step
from complaints.filing.people import ConsentsStep, representative_names
from complaints.filing.steps import STEP_CODES
from complaints.models.evidence import Evidence, FilingDraft
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
from database.prepared import PreparedValues
from enterprises.models import Station


@dataclass(frozen=True)
class Unfinished:
    """What keeps a draft from being filed: step -> the form with its errors."""

    forms: Mapping[str, Step] = field(default_factory=dict)

    def by_field(self) -> dict[str, dict[str, list[str]]]:
        return {
            step: {name: [str(text) for text in errors] for name, errors in form.errors.items()}
            for step, form in self.forms.items()
        }


_FILES = PreparedValues(lambda draft: Evidence.objects.filter(draft_id=draft).order_by("pk").values_list("pk"), UUID)


def judged_forms(draft: FilingDraft, *, today: date) -> dict[str, Step]:
    return {step: drafts.form_of(draft, step, today=today, judged=True) for step in STEP_CODES}


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
    against = (_respondent(cast(EnterpriseStep, forms["enterprise"])), *respondents.requests(draft))
    station_id, station_sees = _station(draft, against)
    bought = ("object_category", "item_name", "brand", "amount", "bought_on", "is_online", "order_no")
    happened = ("problem_category", "disputed_on", "place", "statement", "has_contacted", "contacted_on")
    voice = drafts.voice_of(draft)
    # Most fields of the forms are called as in the request.
    as_cleaned: dict[str, Any] = {name: purchase[name] for name in bought}
    as_cleaned |= {name: problem[name] for name in (*happened, "their_reference", "report")}
    as_cleaned |= {f"consumer_{name}": you[name] for name in ("name", "phone", "email", "address")}
    return FilingRequest(
        **as_cleaned,
        received_at=now,
        channel="station" if station_id else "web",
        station_id=station_id,
        station_sees=station_sees,
        language=language,
        source=draft.source,
        respondents=against,
        service_region_id=forms["enterprise"].cleaned_data["service_region"],
        object_kind=categories.object_kind(purchase["object_category"]),
        answers=answers_of(problem),
        learned_on=problem["noticed_on"],
        disputed_on_is_approximate=problem["is_approximate"],
        voice_id=voice.pk if voice else None,
        demands=_demands(forms["demands"].cleaned_data),
        demand_note=forms["demands"].cleaned_data["note"],
        evidence_ids=tuple(pk for (pk,) in _FILES(draft.pk)),
        consumer_id=draft.owner_id if is_verified else None,
        contact_verified=is_verified,
        reply_by=you["reply_by"],
        need_help=tuple(you["need_help"]),
        on_behalf=_on_behalf(you),
        consents={code: consents[code] for code in CONSENTS if consents.get(code) is not None},
        consent_version=ConsentsStep.version,
        tracking_digest=tracking_digest,
    )


def answers_of(problem: Mapping[str, Any]) -> dict[str, str]:
    """What the sectors' own questions got, by their codes; what was not answered is left out."""
    given = {question.code: problem[question.code] for question in QUESTIONS}
    return {code: value.isoformat() if isinstance(value, date) else value for code, value in given.items() if value}


def _station(draft: FilingDraft, against: Sequence[RespondentRequest]) -> tuple[int | None, bool]:
    """Where it is written down, and whether that station sees more of it: a respondent's own one by consent only."""
    kept = drafts.station_of(draft)
    station = Station.objects.filter(pk=kept[0]).first() if kept is not None else None
    if kept is None or station is None:
        return None, False
    is_respondents = station.enterprise_id is not None and station.enterprise_id in {
        one.enterprise_id for one in against
    }
    return station.pk, kept[2] or not is_respondents


def _respondent(form: EnterpriseStep) -> RespondentRequest:
    pick = form.picked()
    if pick is not None:
        return respondents.requested(pick)
    cleaned = form.cleaned_data
    if cleaned["respondent"] != "named":
        return RespondentRequest()
    return RespondentRequest(
        named=cleaned["named"], address=cleaned["address"], phone=cleaned["business_phone"], link=cleaned["link"]
    )


def _demands(cleaned: Mapping[str, Any]) -> tuple[DemandRequest, ...]:
    """One row a ticked box, in the order of the list."""
    return tuple(
        DemandRequest(
            kind=kind.code,
            amount=cast(Decimal, cleaned[f"amount_{kind.code}"]) if kind.asks_amount else None,
            note=cleaned["note"] if kind.code == "other" else "",
        )
        for kind in categories.DEMAND_KINDS
        if kind.code in cleaned["demand"]
    )


def _on_behalf(cleaned: Mapping[str, Any]) -> OnBehalf:
    kind, is_declared = cleaned["behalf"], cleaned["is_declared"]
    if kind == SELF:
        return OnBehalf()
    if kind == JOINT:
        representatives = representative_names(cleaned["representatives"])
        return OnBehalf(kind=kind, parties=cleaned["joint"], representatives=representatives, is_declared=is_declared)
    asked = ["principal_name", "principal_phone", "relation"]
    if kind == AGENT:
        asked += ["powers", "valid_until", "may_settle"]
    return OnBehalf(kind=kind, is_declared=is_declared, **{name: cleaned[name] for name in asked})
