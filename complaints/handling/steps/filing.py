"""Filing: what was said becomes cases, their demands and the first entry of the record. One request with n respondents
gives n linked cases, all or none; what a source does not know stays absent, it is never invented."""

import uuid
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps.platform import SOURCE
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect
from complaints.handling.transition.settling import register
from complaints.handling.transition.take import take_new
from complaints.listening.hearing import urgent_in
from complaints.models import Complaint, Demand, Evidence, Participant
from complaints.parties.actors import SYSTEM, Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import QUESTIONS, URGENT_PROBLEMS
from complaints.procedure.filing_request import AGENT, JOINT, FilingRequest, RespondentRequest
from complaints.procedure.numbering import new_number
from complaints.procedure.refusals import WrongInput
from complaints.procedure.urgency import causes
from complaints.procedure.workflow import Audience, Status
from complaints.record import bulk
from database.prepared import PreparedQuery
from database.row_security import working_as_steps
from enterprises.models import Branch, Enterprise
from web import cells

LONGEST_STATEMENT = 1200
#: A foreign source has its own limits; what it took is not cut here.
LONGEST_FOREIGN = 20_000
MOST_RESPONDENTS = 3
#: What a case keeps under the same name as it was filed.
_AS_FILED = (
    *("consumer_id", "contact_verified", "language", "service_region_id", "object_kind", "object_category"),
    *("problem_category", "currency", "bought_on", "is_online", "disputed_on", "disputed_on_is_approximate"),
    *("learned_on", "consent_version", "station_id", "station_sees", "channel", "source", "external_source"),
    *("external_id", "tracking_digest", "received_at"),
)


def file(
    requests: Sequence[FilingRequest],
    *,
    actor: Actor | Sequence[Actor],
    now: datetime,
    conditions: Conditions | None = None,
) -> list[Complaint]:
    """File complaints at ``now``; raises WrongInput before anything is written.

    ``actor`` is the consumer (its person key is taken when it has one), or one for each request; for an import or the
    counter ``actor.recorded_by`` says who wrote it down."""
    actors = [actor] * len(requests) if isinstance(actor, Actor) else actor
    conditions = conditions or Conditions.at(now)
    places = _places(requests)
    cases = []
    evidence: list[tuple[Complaint, Sequence[int]]] = []
    for request, filer in zip(requests, actors, strict=True):
        respondents = request.respondents or (RespondentRequest(),)
        if len(respondents) > MOST_RESPONDENTS:
            raise WrongInput("too_many", _("一次最多投诉3个对象。"), field="respondents")
        group = uuid.uuid4() if len(respondents) > 1 else None
        for place, respondent in enumerate(respondents):
            opened, who, effect = _open(request, respondent, group, places, filer, now, conditions)
            cases.append((opened, who, effect))
            evidence.append((opened.complaint, request.evidence_ids))
            if request.report and not place:
                # One report, however many respondents the complaint has.
                _split(opened, request.report)
    # What is refused was refused above, so nothing needs to be taken back to here.
    with working_as_steps(), transaction.atomic(savepoint=False):
        filed = take_new(cases)
        _attach(evidence)
        return filed


def _places(requests: Sequence[FilingRequest]) -> dict[str, dict[int, Any]]:
    """Branches and enterprises that were picked, read once for the whole batch."""
    picks = [r for request in requests for r in request.respondents]
    branches = {row.pk: row for row in _asked(_BRANCHES, {p.branch_id for p in picks})}
    enterprises = {row.enterprise_id: row.enterprise for row in branches.values()}
    others = {p.enterprise_id for p in picks} - enterprises.keys()
    return {"branch": branches, "enterprise": enterprises | {row.pk: row for row in _asked(_ENTERPRISES, others)}}


_BRANCHES = PreparedQuery(lambda ids: Branch.objects.filter(pk__any_of=ids).select_related("enterprise"), list)
_ENTERPRISES = PreparedQuery(lambda ids: Enterprise.objects.filter(pk__any_of=ids), list)


def _asked(query: PreparedQuery[Any], ids: set[int | None]) -> list[Any]:
    wanted = [pk for pk in ids if pk]
    return query(wanted) if wanted else []


def _open(
    request: FilingRequest,
    respondent: RespondentRequest,
    group: uuid.UUID | None,
    places: dict[str, dict[int, Any]],
    actor: Actor,
    now: datetime,
    conditions: Conditions,
) -> tuple[CaseFile, Actor, Effect]:
    branch = places["branch"].get(respondent.branch_id or 0)
    enterprise = places["enterprise"].get(respondent.enterprise_id or 0)
    if respondent.enterprise_id and enterprise is None:
        raise WrongInput("bad_choice", _("没有找到这家企业，请重新选择。"), field="enterprise")
    region = (
        request.service_region_id
        or (branch.place_id if branch else None)
        or (enterprise.domicile_id if enterprise else None)
    )
    if region is None:
        raise WrongInput("missing", _("请选择使用或购买所在的地区。"), field="service_region")
    if province := cells.of_place(region):
        text = _("这个地区的投诉由那个省的平台受理：%(address)s。")
        raise WrongInput("other_province", text % {"address": settings.CELLS[province]}, field="service_region")
    until = request.on_behalf.valid_until
    if request.on_behalf.kind == AGENT and until is not None and until < conditions.calendar.local_day(now):
        raise WrongInput("power_over", _("委托已经到期，请核对日期，或重新取得委托"), field="valid_until")
    statement = saying.text(
        request.statement,
        "statement",
        longest=_longest(request),
        needed="statement" not in request.absent and request.voice_id is None,
    )
    if not request.demands and "demands" not in request.absent:
        raise WrongInput("missing", _("请至少选一项要求"), field="demands")
    key = actor.person_key or uuid.uuid4()
    from_platform = request.external_source == SOURCE
    to_authority = (
        from_platform
        or request.is_at_authority
        or respondent.is_left_to_authority
        or request.consents.get("share_with_enterprise") is False
    )
    complaint = Complaint(
        **{name: getattr(request, name) for name in _AS_FILED},
        number=new_number(conditions.calendar.local_day(now)),
        status=Status.DRAFT,
        status_since=now,
        consumer_key=key,
        picked_enterprise=enterprise,
        picked_branch=branch,
        picked_brand_id=respondent.brand_id,
        respondent_named=respondent.named[:200],
        respondent_details={
            k: v
            for k, v in (("address", respondent.address), ("phone", respondent.phone), ("link", respondent.link))
            if v
        },
        handling_region_id=region,
        handling_authority=conditions.jurisdiction.intake(region),
        authority_received_at=request.received_at if to_authority else None,
        item_name=request.item_name[:200],
        brand_named=request.brand[:120],
        amount=saying.money(request.amount, "amount"),
        facts=_facts(request),
        consents={**request.consents, "named_entity": enterprise.pk if enterprise else None},
        on_behalf_kind=request.on_behalf.kind,
        represented_until=request.on_behalf.valid_until if request.on_behalf.kind == AGENT else None,
        publication_consent=request.consents_to("publish_masked"),
        absent=list(request.absent),
        platform_number=request.external_id if from_platform else "",
        platform_received_at=request.received_at if from_platform else None,
        platform_state="registered" if from_platform else "",
        linked_group=group,
        filed_at=now,
        last_event_at=now,
    )
    opened = CaseFile(complaint=complaint, now=now, conditions=conditions)
    if request.evidence_ids:
        opened.files = list(Evidence.objects.filter(pk__in=request.evidence_ids).order_by("pk"))
    for person in _participants(request, opened):
        opened.add(person)
    if request.on_behalf.kind == AGENT:
        # Somebody must look at the power of attorney, unless the principal says so first.
        opened.open_matter("power", by="consumer", audience="authority")
    for ordinal, demand in enumerate(request.demands, start=1):
        opened.add(
            Demand(
                complaint=complaint,
                ordinal=ordinal,
                kind=demand.kind,
                amount=saying.money(demand.amount, f"demand-{ordinal}"),
                note=saying.text(demand.note, f"demand-{ordinal}", needed=False, longest=400),
            )
        )
    who = actor if actor.person_key else replace(actor, person_key=key)
    if request.consumer_name and not who.name:
        who = replace(who, name=request.consumer_name)
    return (
        opened,
        who,
        Effect(
            to=Status.FILED,
            texts=_texts(request, statement),
            files=tuple(row.sha256 for row in opened.files),
            data={
                "channel": request.channel,
                "demands": [
                    {"kind": d.kind, "amount": None if d.amount is None else str(d.amount)} for d in request.demands
                ],
                "received_at": request.received_at.isoformat(),
                "absent": list(request.absent),
                "consents": dict(request.consents),
            },
        ),
    )


def _facts(request: FilingRequest) -> dict[str, Any]:
    """What the form knows and no rule asks for, without personal text."""
    facts = {
        "has_contacted": request.has_contacted,
        "contacted_on": request.contacted_on.isoformat() if request.contacted_on else None,
        "reply_by": request.reply_by,
        "need_help": list(request.need_help),
        "display": request.display,
        "urgent": why_urgent(request),
        # Which file is the statement by voice, and whether nothing was written beside it.
        "voice": "".join(_digests([request.voice_id])) if request.voice_id else "",
        "voice_only": True if request.voice_id and not request.statement else None,
        **{question.code: request.answers.get(question.code) for question in QUESTIONS if not question.is_text},
        "may_settle": request.on_behalf.may_settle,
    }
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


def why_urgent(request: FilingRequest) -> list[str]:
    """Why this complaint is urgent: what was ticked, the kind of problem, the words."""
    care = ["care"] if request.need_help else []
    kind = URGENT_PROBLEMS.get(request.problem_category, "")
    return causes([*care, kind, *urgent_in(f"{request.statement}\n{request.demand_note}")])


def _participants(request: FilingRequest, opened: CaseFile) -> list[Participant]:
    """The others, as the filer named them; each is asked by a link of the own (joining.py)."""
    behalf = request.on_behalf
    if behalf.kind == AGENT:
        return [
            Participant(
                complaint=opened.complaint,
                ordinal=1,
                kind=Participant.PRINCIPAL,
                name=behalf.principal_name,
                phone=behalf.principal_phone,
            )
        ]
    if behalf.kind != JOINT:
        return []
    return [
        Participant(
            complaint=opened.complaint,
            ordinal=place,
            kind=Participant.JOINT,
            name=party.name,
            phone=party.phone,
            is_representative=party.name in behalf.representatives,
        )
        for place, party in enumerate(behalf.parties, start=1)
    ]


def _texts(request: FilingRequest, statement: str) -> dict[str, str]:
    behalf = request.on_behalf
    until = behalf.valid_until.isoformat() if behalf.valid_until else ""
    power = (behalf.principal_name, behalf.principal_phone, behalf.relation, behalf.powers, until)
    texts = {
        "consumer_name": request.consumer_name,
        "consumer_phone": request.consumer_phone,
        "consumer_email": request.consumer_email,
        "consumer_address": request.consumer_address,
        "consumer_statement": statement,
        "consumer_demand_note": request.demand_note,
        "consumer_place": request.place,
        "consumer_order_no": request.order_no,
        **{question.text_kind: request.answers.get(question.code, "") for question in QUESTIONS if question.is_text},
        "consumer_their_reference": request.their_reference,
        "consumer_principal": " ".join(part for part in power if part),
        "consumer_parties": "；".join(f"{p.name} {p.phone}".strip() for p in behalf.parties),
        "consumer_representatives": "；".join(behalf.representatives),
    }
    return {
        kind: saying.text(text, kind, needed=False, longest=max(saying.LONGEST, _longest(request)))
        for kind, text in texts.items()
        if text
    }


def _longest(request: FilingRequest) -> int:
    return LONGEST_FOREIGN if request.external_source else LONGEST_STATEMENT


def _digests(ids: Sequence[int]) -> tuple[str, ...]:
    if not ids:
        return ()
    return tuple(Evidence.objects.filter(pk__in=ids).order_by("pk").values_list("sha256", flat=True))


def _split(opened: CaseFile, report: str) -> None:
    """A report mixed in goes to the authority's own chain; the parties' shows nothing (art. 9)."""
    matter = register(opened, "report", by="consumer")
    texts = [("report", saying.text(report, "report"), opened.complaint.consumer_key)]
    filed = {"from_status": Status.FILED, "to_status": Status.FILED}
    opened.enter("split_report", SYSTEM, Audience.AUTHORITY, {"register": matter.subject}, texts=texts, **filed)


def _attach(evidence: Sequence[tuple[Complaint, Sequence[int]]]) -> None:
    """Files of a draft move to its case; a linked case gets rows of its own. ``evidence``: (case, ids of its files)."""
    wanted = {pk for _complaint, ids in evidence for pk in ids}
    rows = Evidence.objects.in_bulk(wanted) if wanted else {}
    moved, copied = [], []
    for complaint, row in ((complaint, rows[pk]) for complaint, ids in evidence for pk in ids if pk in rows):
        name = str(row.name)
        if row.complaint_id is None:
            moved.append(row)
        else:
            row = copy(row)
            row.pk = None
            copied.append(row)
        row.complaint, row.draft = complaint, None
        # From now on its name lies under the consumer's key.
        row.name = name
    bulk.update(moved, ["complaint", "draft", "name"])
    Evidence.objects.bulk_create(copied)
