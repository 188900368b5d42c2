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
    return (
        MediationBody.objects.on(on)
        .filter(
            region_id__lte=place,
            region__last__gte=place,
            authority__region_id__lte=place,
            authority__region__last__gte=place,
        )
        .select_related("authority", "enterprise")
        .order_by("kind", "name", "pk")
    )


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
    "agree_to_mediation",
    "decline_mediation",
    "schedule_session",
    "record_session",
    "answer_suggestion",
    "order_appraisal",
    "end_appraisal",
    "record_party_gone",
    "report_mediation",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """``found``: what the case shows, a sentence each. ``why_not``: what is missing; empty where the ground is open."""

    code: str
    found: list[str] = field(default_factory=list)
    why_not: str = ""

    @property
    def is_open(self) -> bool:
        return not self.why_not

    @property
    def words(self) -> str:
        return wording.label(self.code, kind="termination_ground")


def grounds(case: Complaint, *, matters: Sequence[Matter], sixty: Deadline | None, now: datetime) -> dict[str, Ground]:
    """Ground → what the case shows. One query. ``matters``: the open ones; ``sixty``: the live clock of the
    mediation."""
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
        Ground(code="art_16_or_42", found=[_("由经办人员写明受理后发现的情形和依据。")]),
        _gone(steps),
        Ground(code="other_law", found=[_("由经办人员写明法律、法规、规章的名称和条款。")]),
    )
    found = {ground.code: ground for ground in made}
    return {code: found[code] for code in TERMINATION_GROUNDS}


def _settled(claim: Matter | None) -> Ground:
    if claim is None:
        return Ground(
            code="withdrawn_or_settled",
            why_not=_("没有一方称已经自行和解的记录。消费者要撤回的，代消费者记录“撤回投诉”，案件就此终止。"),
        )
    side = wording.label(claim.opened_by, kind="side")
    return Ground(
        code="withdrawn_or_settled",
        found=[_("%(side)s%(day)s称已经另行和解") % {"side": side, "day": _day(claim.opened_at)}],
    )


def _absent(case: Complaint, steps: Iterable[HandlingStep], planned: Matter | None, now: datetime) -> Ground:
    found = [
        _("%(side)s不同意调解") % {"side": wording.label(side, kind="side")}
        for side in ("consumer", "enterprise")
        if case.consents.get(f"mediation_{side}") is False
    ]
    for step in steps:
        if step.step != "record_session":
            continue
        found += [
            _("%(day)s的调解，%(side)s没有到场")
            % {"day": _day(step.happened_at), "side": wording.label(side, kind="side")}
            for side in ("consumer", "enterprise")
            if side not in step.data.get("present", ())
        ]
    if planned is not None and datetime.fromisoformat(planned.subject) <= now:
        found.append(_("原定%(day)s的调解没有记录") % {"day": _day(datetime.fromisoformat(planned.subject))})
    return Ground(code="party_absent", found=found, why_not="" if found else _("没有一方缺席或者拒绝调解的记录。"))


def _no_agreement(steps: Iterable[HandlingStep]) -> Ground:
    found = [
        _("%(day)s组织过调解") % {"day": _day(step.happened_at)} for step in steps if step.step == "record_session"
    ]
    found += [
        _("%(side)s不同意调解方案（%(day)s）")
        % {"side": wording.label(step.data.get("side", ""), kind="side"), "day": _day(step.happened_at)}
        for step in steps
        if step.step == "answer_suggestion" and not step.data.get("agrees")
    ]
    found += [
        _("%(day)s%(body)s报告调解不成") % {"day": _day(step.happened_at), "body": step.organisation}
        for step in steps
        if step.step == "report_mediation" and step.data.get("result") == "failed"
    ]
    return Ground(
        code="no_agreement_possible",
        found=found,
        why_not="" if found else _("还没有调解过：没有调解记录，也没有一方不同意调解方案。"),
    )


def _cost(steps: Sequence[HandlingStep]) -> Ground:
    ordered = [step for step in steps if step.step == "order_appraisal"]
    if ordered and ordered[-1].data.get("cost") != "later":
        return Ground(
            code="no_agreement_on_cost",
            why_not=_("鉴定、检测的费用已经商定：%(cost)s。")
            % {"cost": wording.label(ordered[-1].data.get("cost", ""), kind="cost_bearer")},
        )
    if not ordered and not any(step.step == "record_session" for step in steps):
        return Ground(code="no_agreement_on_cost", why_not=_("还没有就鉴定、检测商谈过的记录。"))
    return Ground(code="no_agreement_on_cost", found=[_("没有商定鉴定、检测费用的记录")])


def _sixty(sixty: Deadline | None) -> Ground:
    if sixty is None or sixty.lapsed_at is None:
        last = (
            "" if sixty is None or sixty.state == "paused" else _("最后一天是%(day)s。") % {"day": _day(sixty.last_day)}
        )
        return Ground(code="sixty_days", why_not=_("调解期限还没有届满。") + last)
    over = {"length": measured(sixty.length, sixty.unit), "day": _day(sixty.last_day)}
    return Ground(code="sixty_days", found=[_("调解期限（%(length)s）已于%(day)s届满") % over])


def _gone(steps: Iterable[HandlingStep]) -> Ground:
    found = [
        _("%(day)s记录：%(side)s死亡或者终止")
        % {"day": _day(step.happened_at), "side": wording.label(step.data.get("party", ""), kind="side")}
        for step in steps
        if step.step == "record_party_gone"
    ]
    return Ground(
        code="party_gone", found=found, why_not="" if found else _("没有当事人死亡或者终止的记录，请先记录。")
    )


def _day(when: date | datetime) -> str:
    """Always with its year: it goes into a decision."""
    day = when.astimezone(SHANGHAI).date() if isinstance(when, datetime) else when
    return written(day, year=True)
