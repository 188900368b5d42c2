"""To whom a case may go: what routing suggested, who has the power there, and what an officer looks up.

A suggestion is read as it was stored; only whether the enterprise can receive and the consumer agreed is asked anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from authorities.jurisdiction import NoAuthority
from authorities.models import Authority
from complaints.desks.authority_workspace import Workspace
from complaints.handling.steps.authority import consented
from complaints.models import Complaint, ForwardingDecision
from complaints.parties.conditions import Conditions
from database.prepared import CombinedQuery, PreparedQuery
from enterprises.directory import reasons
from enterprises.directory.finding import find
from enterprises.models import Branch, Enterprise, Succession
from web.languages import named

MOST = 5
DECISIONS = PreparedQuery(
    lambda cases: (
        ForwardingDecision.objects.filter(complaint_id__any_of=cases)
        .exclude(rule="officer")
        .order_by("complaint_id", "-pk")
        .distinct("complaint_id")
    ),
    list,
)
"""By the ids of cases: what routing decided last about each. What an officer chose suggests nothing."""
#: Of an enterprise, whoever answers for it now: its successors, and theirs.
_SUCCESSIONS = """
    with recursive after as (
        select id, successor_id from enterprises_succession where predecessor_id = any(%s::bigint[])
        union select s.id, s.successor_id from enterprises_succession s
            join after on s.predecessor_id = after.successor_id)
    select id from after"""
#: From this score on a suggestion is called likely, below the second unlikely.
LIKELY, POSSIBLE = 80, 50
SURE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One enterprise (and branch), or one authority, with why and what stands in the way."""

    rank: int
    value: str
    name: str
    entity: str
    is_enrolled: bool
    is_agreed: bool
    likelihood: str = ""
    tone: str = "neutral"
    #: How sure: 3 high, 2 middling, 1 low, 0 nobody said.
    sure: int = 0
    why: list[str] = field(default_factory=list)
    authority_id: int | None = None
    #: Only the words of the complaint name it.
    is_mentioned: bool = False

    @property
    def is_ready(self) -> bool:
        return self.is_enrolled and self.is_agreed

    @property
    def may_go_with_others(self) -> bool:
        """Only what is most likely and can be sent at once goes in a batch."""
        return self.sure == SURE and (self.authority_id is not None or self.is_ready)

    @property
    def label(self) -> str:
        facts = [self.name, *([self.entity] if self.entity != self.name else [])]
        if not self.is_enrolled:
            facts.append(_("未入驻或已暂停"))
        facts.append(_("消费者已同意") if self.is_agreed else _("消费者还没有同意"))
        return " · ".join(facts)


def latest_decision(complaint: Complaint) -> ForwardingDecision | None:
    return latest_decisions([complaint]).get(complaint.pk)


def latest_decisions(cases: Sequence[Complaint]) -> dict[int, ForwardingDecision]:
    """What routing decided last about each of these cases; one query."""
    return {row.complaint_id: row for row in DECISIONS([case.pk for case in cases])}


def reason_texts(decision: ForwardingDecision | None) -> list[str]:
    """Why routing decided so, or could not; what several rules say is said once."""
    return list(dict.fromkeys(reasons.say_all(decision.explanation.get("why", [])))) if decision is not None else []


def suggested(complaint: Complaint, decision: ForwardingDecision | None, *, conditions: Conditions) -> list[Target]:
    """The ranked enterprises of the decision, at most five; one query."""
    return suggested_each({complaint.pk: decision}, [complaint], conditions=conditions)[complaint.pk]


def suggested_each(
    decisions: Mapping[int, ForwardingDecision | None], cases: Sequence[Complaint], *, conditions: Conditions
) -> dict[int, list[Target]]:
    """The same for many cases, as many queries as for one."""
    candidates = candidates_of(decision for decision in decisions.values() if decision is not None)
    named = named_by(cases)
    enterprises, branches, successions = _directory(*wanted_of(candidates), named)
    conditions.know_successors(named, successions)
    return suggested_among(cases, candidates, enterprises, branches, conditions=conditions)


def candidates_of(decisions: Iterable[ForwardingDecision]) -> dict[int, list[dict[str, Any]]]:
    """Case → the best of what routing found for it."""
    return {decision.complaint_id: decision.explanation.get("candidates", [])[:MOST] for decision in decisions}


def wanted_of(candidates: Mapping[int, list[dict[str, Any]]]) -> tuple[list[int], list[int]]:
    """The ids of the enterprises and of the branches among them."""
    every = [row for rows in candidates.values() for row in rows]
    return (
        sorted({row["enterprise_id"] for row in every}),
        sorted({row["branch_id"] for row in every if row.get("branch_id")}),
    )


def named_by(cases: Iterable[Complaint]) -> list[int]:
    """The enterprises to which these consumers agreed by name."""
    return sorted({pk for case in cases if (pk := case.consents.get("named_entity"))})


def enterprises_at(place: int) -> PreparedQuery[Enterprise]:
    """Enterprises by the list of ids in this place of the values."""
    return PreparedQuery(lambda *lists: Enterprise.objects.filter(pk__any_of=lists[place]), *[list] * (place + 1))


def branches_at(place: int) -> PreparedQuery[Branch]:
    return PreparedQuery(lambda *lists: Branch.objects.filter(pk__any_of=lists[place]), *[list] * (place + 1))


def successions_at(place: int) -> PreparedQuery[Succession]:
    """What followed these enterprises, and what followed that."""
    return PreparedQuery(
        lambda *lists: Succession.objects.filter(pk__in=RawSQL(_SUCCESSIONS, [lists[place]])).order_by(),  # noqa: S611
        *[list] * (place + 1),
    )


_directory = CombinedQuery(enterprises_at(0), branches_at(1), successions_at(2))


def suggested_among(
    cases: Sequence[Complaint],
    candidates: Mapping[int, list[dict[str, Any]]],
    enterprises: Iterable[Enterprise],
    branches: Iterable[Branch],
    *,
    conditions: Conditions,
) -> dict[int, list[Target]]:
    """The candidates of each case as targets, of these rows of the directory."""
    enterprise_of, branch_of = {row.pk: row for row in enterprises}, {row.pk: row for row in branches}
    targets: dict[int, list[Target]] = {case.pk: [] for case in cases}
    for case in cases:
        for row in candidates.get(case.pk, ()):
            enterprise, branch = enterprise_of.get(row["enterprise_id"]), branch_of.get(row.get("branch_id") or 0)
            if enterprise is not None:
                rank, score = len(targets[case.pk]) + 1, int(row.get("score") or 0)
                why = reasons.say_all(row.get("why", []))
                target = _target(case, enterprise, branch, conditions, rank=rank, score=score, why=why)
                first = [reason.get("code") for reason in row.get("why", ())[:1]]
                is_mentioned = not case.returns and first == ["mentioned"]
                targets[case.pk].append(replace(target, is_mentioned=is_mentioned))
    return targets


def ranked(
    complaint: Complaint, enterprises: list[Target], workspace: Workspace, *, conditions: Conditions
) -> list[Target]:
    """In one order; the authority of the place comes first where no enterprise may or can have the case, or one is only
    mentioned."""
    offices = [
        Target(
            rank=0,
            value=f"a{office.pk}",
            name=named(office),
            entity="",
            is_enrolled=False,
            is_agreed=True,
            likelihood=_("把握中"),
            sure=2,
            why=[why],
            authority_id=office.pk,
        )
        for office, why in _competent(complaint, workspace, conditions)
    ]
    declined = complaint.consents.get("share_with_enterprise") is False
    able = [target for target in enterprises if target.is_enrolled]
    if offices and (declined or all(target.is_mentioned for target in able)):
        why = _("只有投诉的文字里提到企业") if able else _("没有可以接收的企业")
        why = _("消费者没有同意转给企业") if declined else why
        first = replace(offices[0], likelihood=_("把握高"), tone="ok", sure=SURE, why=[*offices[0].why, why])
        order = [first, *enterprises, *offices[1:]]
    else:
        order = [*enterprises, *offices]
    return [replace(target, rank=place) for place, target in enumerate(order, start=1)]


def _competent(complaint: Complaint, workspace: Workspace, conditions: Conditions) -> list[tuple[Authority, str]]:
    """The county that has the power for the place, and the offices that lie there, as far as the officer may assign."""
    place = complaint.handling_region_id
    try:
        county = conditions.jurisdiction.with_power(place)
    except NoAuthority:
        return []
    every = conditions.jurisdiction.authorities
    offices = [row for row in every if row.level == Authority.Level.OFFICE and row.region.covers(place)]
    regions = [actor.region for actor in workspace.actors if actor.region is not None]
    competent = [(county, _("经营地或使用地区在%(region)s，有处理权限") % {"region": named(county.region)})]
    competent += [(office, _("在%(office)s的辖区") % {"office": named(office)}) for office in offices]
    return [(row, why) for row, why in competent if any(first <= row.region_id <= last for first, last in regions)]


def looked_up(
    complaint: Complaint, query: str, workspace: Workspace, *, conditions: Conditions, besides: Iterable[Target] = ()
) -> list[Target]:
    """What the directory has under ``query``, without what is on the list already."""
    if not query.strip():
        return []
    known = {target.value for target in besides}
    hits = find(query, on=workspace.today, region_id=complaint.service_region_id or complaint.handling_region_id)
    targets = [
        _target(complaint, hit.enterprise, hit.branch, conditions, rank=0, score=0, why=[str(why) for why in hit.why])
        for hit in hits[: 2 * MOST]
    ]
    return [target for target in targets if target.value not in known]


def likelihood(score: int) -> tuple[str, str, int]:
    """A score of routing in words, their tone, and how sure that is."""
    if score >= LIKELY:
        return _("把握高"), "ok", SURE
    return (_("把握中"), "neutral", 2) if score >= POSSIBLE else (_("把握低"), "neutral", 1)


def _target(
    complaint: Complaint,
    enterprise: Enterprise,
    branch: Branch | None,
    conditions: Conditions,
    *,
    rank: int,
    score: int,
    why: list[str],
) -> Target:
    words, tone, sure = likelihood(score) if rank else ("", "neutral", 0)
    return Target(
        rank=rank,
        value=f"{enterprise.pk}-{branch.pk if branch else ''}",
        name=named(branch or enterprise),
        entity=named(enterprise),
        is_enrolled=enterprise.enrolment == Enterprise.Enrolment.ENROLLED,
        is_agreed=consented(complaint, enterprise.pk, conditions=conditions),
        likelihood=words,
        tone=tone,
        sure=sure,
        why=why,
    )


def first_of(targets: Iterable[Target]) -> str:
    """The value of the first suggestion, "" where there is none."""
    return next((target.value for target in targets if target.rank == 1), "")


def ranking(complaint: Complaint, workspace: Workspace, *, conditions: Conditions) -> list[Target]:
    enterprises = suggested(complaint, latest_decision(complaint), conditions=conditions)
    return ranked(complaint, enterprises, workspace, conditions=conditions)


def because_of(chosen: str, first: str, *, rank: int = 0, note: str = "", why: str = "") -> dict[str, Any]:
    """What is stored with an officer's choice: which rank it had; where it was not the first, instead of what and why.
    ``note`` is for the authority alone; the entry of the record has the code ``why``."""
    override = {"suggested": first, "chosen": chosen, "reason": why} if first and first != chosen else {}
    return {
        "rule": "officer",
        "version": None,
        "confidence": "",
        "is_match": True,
        "why": [],
        "candidates": [],
        "rank": 1 if first and first == chosen else rank,
        "note": note,
        "override": override,
    }
