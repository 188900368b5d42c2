"""What a person sees before the last click: the first dates, and what looks like it. Nothing here bars filing; it
informs, and the person decides."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from authorities.policies import PolicyMissing
from complaints.filing.same_firm import Against, firms_behind, names_of
from complaints.handling.steps.filing import why_urgent
from complaints.models import Complaint, Engagement, PersonalText
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import QUESTIONS
from complaints.procedure.deadlines import Due, calendar_days, working_days
from complaints.procedure.filing_request import PASS_TO_REGULATOR, SHARE_WITH_ENTERPRISE, FilingRequest
from complaints.procedure.urgency import urgent_of
from complaints.procedure.workflow import CLOCKS, Clock, Outcome, Status
from complaints.record.person_digests import bare, same_text
from web.languages import named

COMPARED = 50
_NUMBERS = [question for question in QUESTIONS if question.is_identifier]
COMPARED_TEXTS = ("consumer_statement", "consumer_order_no", *(question.text_kind for question in _NUMBERS))


@dataclass(frozen=True)
class Outlook:
    """The first date and, where an enterprise answers, the last one."""

    first: Due
    last: Due | None


def outlook(filing: FilingRequest, *, is_enrolled: bool, now: datetime) -> Outlook | None:
    """Counted as if handed over today; None when the directory has no policies."""
    given, region = Conditions.at(now), filing.service_region_id
    calendar, policies = given.calendar, given.policies
    try:
        clocks = (Clock.ACCEPTANCE, Clock.NEGOTIATION) if is_enrolled else (Clock.FORWARDING,)
        is_urgent = bool(why_urgent(filing))
        numbers = [(policies.number(CLOCKS[clock].policy_for(is_urgent=is_urgent), region), clock) for clock in clocks]
        dues = [working_days(now, policy.number, calendar, rule=clock) for policy, clock in numbers]
    except PolicyMissing:
        return None
    return Outlook(first=dues[0], last=dues[1] if len(dues) > 1 else None)


@dataclass(frozen=True)
class Ahead:
    """One of the next things: what happens, and the first instant that is too late for it."""

    what: str
    due_at: datetime


def ahead(case: Complaint, *, phone: str, now: datetime) -> list[Ahead]:
    """The next three things with their dates, counted from the filing; none once the case has gone on. ``phone``: the
    number to be rung, masked. None either when the directory has no policies."""
    if case.status not in (Status.FILED, Status.TRIAGE):
        return []
    conditions, region = Conditions.at(now), case.handling_region_id

    accepted = CLOCKS[Clock.ACCEPTANCE].policy_for(is_urgent=bool(urgent_of(case.facts)))

    def counted(rule: str) -> Due:
        days = conditions.policies.number(rule, region).number
        return working_days(case.filed_at, days, conditions.calendar, rule=rule)

    try:
        forwarding, review = counted("forwarding"), counted("review")
        reviewed = Ahead(_("监管部门告诉您是否受理"), review.due_at)
        enterprise = case.picked_branch or case.picked_enterprise
        if not case.contact_verified:
            ring = Ahead(_("工作人员打%(phone)s，核实是您提交的") % {"phone": phone}, forwarding.due_at)
            return [ring, Ahead(_("确定由谁处理，并告诉您"), forwarding.due_at), reviewed]
        if enterprise is not None and case.consents.get(SHARE_WITH_ENTERPRISE) is True:
            name = {"enterprise": named(enterprise)}
            result = _("%(enterprise)s给出结果；没有结果，您可以交市场监管局")
            if case.consents.get(PASS_TO_REGULATOR) is True:
                result = _("%(enterprise)s给出结果；没有结果就自动交市场监管局")
            return [
                Ahead(_("把投诉转给%(enterprise)s") % name, forwarding.due_at),
                Ahead(_("%(enterprise)s受理，指定专人与您联系") % name, counted(accepted).due_at),
                Ahead(result % name, counted("negotiation").due_at),
            ]
        days = conditions.policies.number("mediation", region).number
        sixty = calendar_days(review.last_day, days, conditions.calendar, rule="mediation")
        return [
            Ahead(_("确定由谁处理，并告诉您"), forwarding.due_at),
            reviewed,
            Ahead(_("受理的，最迟在这一天结束调解"), sixty.due_at),
        ]
    except PolicyMissing:
        return []


@dataclass(frozen=True)
class Duplicate:
    """An earlier case of the same person that may be the same matter, and why: against the same firm, with the same
    order or number, in nearly the same words."""

    complaint: Complaint
    same_firm: bool
    same_order: bool
    same_text: bool


def duplicates(filing: FilingRequest, *, now: datetime) -> list[Duplicate]:
    """The person's own cases of the days that are compared (policy ``duplicate_days``) against the same firm, in any
    words, or near-identical in text; the likest first. An unproven phone sees nothing: it may be somebody else's."""
    if filing.consumer_id is None or not filing.contact_verified:
        return []
    try:
        days = Conditions.at(now).policies.number("duplicate_days", filing.service_region_id).number
    except PolicyMissing:
        return []
    own = Complaint.objects.filter(consumer_id=filing.consumer_id, filed_at__gte=now - timedelta(days=days))
    # Who let a refusal rest may still want it back; what was withdrawn is gone.
    gone = Q(outcome=Outcome.WITHDRAWN) & ~Q(reason="refusal_let_rest")
    earlier = list(own.exclude(gone).order_by("-filed_at")[:COMPARED])
    if not earlier:
        return []
    texts: dict[int, dict[str, str]] = defaultdict(dict)
    rows = list(PersonalText.objects.filter(complaint__in=earlier, kind__in=COMPARED_TEXTS, audience="parties"))
    sealed_fields.load_for(rows)
    for row in rows:
        texts[row.complaint_id].setdefault(row.kind, row.text)
    here, *before = firms_behind([_asked(filing), *_against(earlier)], on=timezone.localdate(now))
    results = []
    for case, firms in zip(earlier, before, strict=True):
        is_same_text = same_text(texts[case.pk].get("consumer_statement", ""), filing.statement)
        is_same_firm = bool(here & firms)
        is_same_order = is_same_firm and _same_order(texts[case.pk], filing)
        results.append(Duplicate(case, is_same_firm, is_same_order, is_same_text))
    results = [one for one in results if one.same_firm or one.same_text]
    return sorted(results, key=lambda one: -(one.same_order + one.same_text))


def _asked(filing: FilingRequest) -> Against:
    """Against whom it will be."""
    to = filing.respondents
    return Against(
        entities=frozenset(one.enterprise_id for one in to if one.enterprise_id is not None),
        brands=frozenset(one.brand_id for one in to if one.brand_id is not None),
        names=names_of(one.named for one in to if one.enterprise_id is None),
    )


def _against(cases: Sequence[Complaint]) -> list[Against]:
    """Whom each case was against: as it was filed, and whoever has had it."""
    had: dict[int, set[int]] = defaultdict(set)
    for case, enterprise in Engagement.objects.filter(complaint__in=cases).values_list("complaint_id", "enterprise_id"):
        had[case].add(enterprise)
    return [
        Against(
            entities=frozenset(pk for pk in (*had[case.pk], case.picked_enterprise_id, case.enterprise_id) if pk),
            brands=frozenset(pk for pk in (case.picked_brand_id,) if pk),
            names=names_of([case.respondent_named]),
        )
        for case in cases
    ]


def _same_order(texts: Mapping[str, str], filing: FilingRequest) -> bool:
    here = {bare(filing.order_no), *(bare(filing.answers.get(question.code, "")) for question in _NUMBERS)} - {""}
    return bool(here & {bare(text) for kind, text in texts.items() if kind != "consumer_statement"})
