"""To whom a mediation may be handed (art. 19), and its eight ends (art. 23), with what a case shows for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from authorities.policies import measured
from complaints import wording
from complaints.models import Complaint, Deadline, HandlingStep, Matter
from complaints.procedure.categories import TERMINATION_GROUNDS
from complaints.procedure.workflow import Audience
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Enterprise, MediationBody
from web.dates import written


def bodies_for(complaint: Complaint, *, on: date) -> QuerySet[MediationBody]:
    """Bodies of the handling authority and of those above it, in whose region the case is handled."""
    place = complaint.handling_region_id
    here = MediationBody.objects.on(on).filter(region_id__lte=place, region__last__gte=place)
    rows = here.filter(authority__region_id__lte=place, authority__region__last__gte=place)
    return rows.select_related("authority", "enterprise").order_by("kind", "name", "pk")


def why_not_to_body(complaint: Complaint, body: MediationBody) -> str:
    """Why this body may not mediate here; empty where it may."""
    respondents = {complaint.enterprise_id, complaint.picked_enterprise_id} - {None}
    if body.enterprise_id in respondents:
        return _("这个组织由被投诉企业开办或者主导，不能调解这件投诉。")
    names = [complaint.respondent_named, *Enterprise.objects.filter(pk__in=respondents).values_list("name", flat=True)]
    if any(name and name in body.name for name in names):
        return _("这个组织的名称里有被投诉人，不能调解这件投诉。")
    return ""


#: What of the record bears on a ground.
_TELLING = (
    *("agree_to_mediation", "decline_mediation", "schedule_session", "record_session", "answer_suggestion"),
    *("order_appraisal", "end_appraisal", "record_party_gone", "report_mediation"),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """``facts``: what the case shows, a sentence each. ``why_not``: what is missing; empty where the ground is open."""

    code: str
    facts: list[str] = field(default_factory=list)
    why_not: str = ""

    @property
    def is_open(self) -> bool:
        return not self.why_not

    @property
    def label(self) -> str:
        return wording.label(self.code, kind="termination_ground")


def grounds(case: Complaint, *, matters: Sequence[Matter], sixty: Deadline | None, now: datetime) -> dict[str, Ground]:
    """Ground → what the case shows. One query. ``matters``: the open ones; ``sixty``: the mediation's live clock."""
    steps = list(
        HandlingStep.objects.filter(complaint=case, audience=Audience.PARTIES, step__in=_TELLING).order_by("sequence")
    )
    by_kind = {m.kind: m for m in matters if m.state == "open"}
    made = (
        _settled(by_kind.get("settled_elsewhere")),
        _absent(case, steps, by_kind.get("session"), now),
        _no_agreement(steps),
        _cost(steps),
        _sixty(sixty),
        Ground("art_16_or_42", [_("由经办人员写明受理后发现的情形和依据。")]),
        _gone(steps),
        Ground("other_law", [_("由经办人员写明法律、法规、规章的名称和条款。")]),
    )
    result = {ground.code: ground for ground in made}
    return {code: result[code] for code in TERMINATION_GROUNDS}


def _shown(code: str, results: list[str], otherwise: str) -> Ground:
    """Open where the case shows something; ``otherwise``: what is missing."""
    return Ground(code, results, "" if results else otherwise)


def _of(step: HandlingStep, **slots: str) -> dict[str, str]:
    """The day of a step, and who is meant."""
    return {"day": _day(step.happened_at)} | {name: wording.label(side, kind="side") for name, side in slots.items()}


def _settled(claim: Matter | None) -> Ground:
    results = []
    if claim is not None:
        side = wording.label(claim.opened_by, kind="side")
        results = [_("%(side)s%(day)s称已经另行和解") % {"side": side, "day": _day(claim.opened_at)}]
    otherwise = _("没有一方称已经自行和解的记录。消费者要撤回的，代消费者记录“撤回投诉”，案件就此终止。")
    return _shown("withdrawn_or_settled", results, otherwise)


def _absent(case: Complaint, steps: Iterable[HandlingStep], planned: Matter | None, now: datetime) -> Ground:
    sides = ("consumer", "enterprise")
    results = [
        _("%(side)s不同意调解") % {"side": wording.label(side, kind="side")}
        for side in sides
        if case.consents.get(f"mediation_{side}") is False
    ]
    results += [
        _("%(day)s的调解，%(side)s没有到场") % _of(step, side=side)
        for step in steps
        for side in sides
        if step.step == "record_session" and side not in step.data.get("present", ())
    ]
    if planned is not None and (day := datetime.fromisoformat(planned.subject)) <= now:
        results.append(_("原定%(day)s的调解没有记录") % {"day": _day(day)})
    return _shown("party_absent", results, _("没有一方缺席或者拒绝调解的记录。"))


def _no_agreement(steps: Iterable[HandlingStep]) -> Ground:
    held, declined, failed = [], [], []
    for step in steps:
        if step.step == "record_session":
            held.append(_("%(day)s组织过调解") % _of(step))
        elif step.step == "answer_suggestion" and not step.data.get("agrees"):
            declined.append(_("%(side)s不同意调解方案（%(day)s）") % _of(step, side=step.data.get("side", "")))
        elif step.step == "report_mediation" and step.data.get("result") == "failed":
            failed.append(_("%(day)s%(body)s报告调解不成") % (_of(step) | {"body": step.organisation}))
    otherwise = _("还没有调解过：没有调解记录，也没有一方不同意调解方案。")
    return _shown("no_agreement_possible", [*held, *declined, *failed], otherwise)


def _cost(steps: Sequence[HandlingStep]) -> Ground:
    code, ordered = "no_agreement_on_cost", [step for step in steps if step.step == "order_appraisal"]
    if ordered and (cost := ordered[-1].data.get("cost", "")) != "later":
        agreed = _("鉴定、检测的费用已经商定：%(cost)s。") % {"cost": wording.label(cost, kind="cost_bearer")}
        return Ground(code, why_not=agreed)
    if not ordered and not any(step.step == "record_session" for step in steps):
        return Ground(code, why_not=_("还没有就鉴定、检测商谈过的记录。"))
    return Ground(code, [_("没有商定鉴定、检测费用的记录")])


def _sixty(sixty: Deadline | None) -> Ground:
    if sixty is None or sixty.lapsed_at is None:
        is_known = sixty is not None and sixty.state != "paused"
        last = _("最后一天是%(day)s。") % {"day": _day(sixty.last_day)} if sixty is not None and is_known else ""
        return Ground("sixty_days", why_not=_("调解期限还没有届满。") + last)
    over = {"length": measured(sixty.length, sixty.unit), "day": _day(sixty.last_day)}
    return Ground("sixty_days", [_("调解期限（%(length)s）已于%(day)s届满") % over])


def _gone(steps: Iterable[HandlingStep]) -> Ground:
    gone = (step for step in steps if step.step == "record_party_gone")
    results = [_("%(day)s记录：%(side)s死亡或者终止") % _of(step, side=step.data.get("party", "")) for step in gone]
    return _shown("party_gone", results, _("没有当事人死亡或者终止的记录，请先记录。"))


def _day(when: date | datetime) -> str:
    """Always with its year: it goes into a decision."""
    day = when.astimezone(SHANGHAI).date() if isinstance(when, datetime) else when
    return written(day, year=True)
