"""One case in front of an officer: which steps stand open, and what a step page is made of.

Nothing is added to what the table offers; a step is only left out when there is nothing it could act on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.roles import Right, posts_of
from authorities.models import Authority, Officer
from authorities.policies import Policies
from complaints import handling, wording
from complaints.acceptance import review_facts
from complaints.desks.authority_workspace import Workspace
from complaints.handling.transition import two_persons
from complaints.procedure.filing_request import AGENT
from complaints.procedure.refusals import StepNotAllowed, not_now, not_yours
from complaints.procedure.workflow import ENTERPRISE_SIDE, TABLE, Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import AUTHORITY, CaseAccess
from complaints.reading.case_rows import CaseRows, of_case
from complaints.reading.case_steps import Around, open_steps
from web.languages import named
from web.listing import listed

#: Names of those who may approve; more than these nobody reads.
MOST_SIGNERS = 10


@dataclass(frozen=True, kw_only=True)
class OfficerCase:
    """One case in front of an officer: what a page needs to draw its form and judge it."""

    workspace: Workspace
    access: CaseAccess
    around: Around
    rows: CaseRows
    query: QueryDict = field(default_factory=lambda: QueryDict())

    @cached_property
    def may(self) -> tuple[str, ...]:
        """The steps that stand open; judged once, as a page asks for each of its buttons."""
        return shown_steps(self.access, self.around)

    @cached_property
    def filed(self) -> review_facts.FiledFacts:
        """What the file says about acceptance; only cases that this officer sees stand among the earlier ones."""
        return review_facts.known_from(
            self.access.complaint,
            steps=self.rows.steps,
            texts=self.rows.texts,
            files=self.rows.files,
            demands=len(self.rows.demands),
            among=self.workspace.cases(),
        )


def officer_case_of(
    workspace: Workspace, number: str, query: QueryDict, *, read: Callable[[int], CaseRows] = of_case[AUTHORITY]
) -> OfficerCase:
    """The case and what hangs on it: one query after the case itself. ``read``: how much of that a page needs."""
    result = workspace.find(number)
    case = result.complaint
    # Of several instructions the one to this officer's authority counts here, whoever got another one after it.
    ours = result.actor.authority_ids if result.actor is not None else frozenset()
    rows = read(case.pk)
    result = replace(result, rows=rows)
    matters = {
        m.kind: m
        for m in sorted(rows.matters, key=lambda m: (m.to_authority_id in ours, m.pk))
        if m.audience in ("parties", AUTHORITY)
    }
    around = Around(
        complaint=case,
        side=AUTHORITY,
        engagement_id=None,
        now=workspace.now,
        matters=matters,
        offers=(),
        obligations=(),
    )
    return OfficerCase(workspace=workspace, access=result, around=around, rows=rows, query=query)


def shown_steps(result: CaseAccess, around: Around) -> tuple[str, ...]:
    """What the table offers, less what has nothing to act on or waits for a second person; an analyst only reads."""
    if result.actor is None or not result.actor.roles:
        return ()
    hidden = {step for step, is_there in _NEEDS.items() if not is_there(result, around)}
    hidden |= {
        m.subject
        for m in (result.rows.matters if result.rows is not None else ())
        if m.kind == "proposal" and m.audience == AUTHORITY
    }
    return tuple(step for step in open_steps(result.actor, around) if step not in hidden)


def _is_agreed(result: CaseAccess, around: Around) -> bool:
    consents = result.complaint.consents
    return bool(consents.get("mediation_consumer") and consents.get("mediation_enterprise"))


def _answers(result: CaseAccess, around: Around) -> bool:
    urge = around.matters.get("urge")
    return "office_question" in around.matters or (
        urge is not None and result.actor is not None and urge.to_authority_id in result.actor.authority_ids
    )


def _is_elsewhere(result: CaseAccess, around: Around) -> bool:
    return result.actor is not None and result.complaint.handling_authority_id not in result.actor.authority_ids


def _is_superior(result: CaseAccess) -> bool:
    """From above, or where the case lies because it was returned twice."""
    actor, case = result.actor, result.complaint
    if actor is None or actor.region is None:
        return False
    here = case.handling_authority
    if here.pk in actor.authority_ids:
        return case.status == Status.TRIAGE and here.pk == actor.authority_id
    return actor.region[0] <= here.region_id <= actor.region[1]


def _has_power_to_check(result: CaseAccess, around: Around) -> bool:
    """As long as a representative acts whom the principal has not confirmed; a better paper may come any day."""
    case = result.complaint
    return (
        case.on_behalf_kind == AGENT
        and not case.facts.get("power_confirmed")
        and case.represented_until is not None
        and case.represented_until >= around.now.astimezone(SHANGHAI).date()
    )


def _is_checked(result: CaseAccess, around: Around) -> bool:
    return bool({"report", "lead"} & around.matters.keys())


#: Not before both sides agreed (art. 18).
_BOTH_AGREE = frozenset(
    {"schedule_session", "record_session", "record_agreement", "suggest_settlement", "delegate_mediation"}
)
#: Nobody below them could be designated.
_LOWEST = (Authority.Level.COUNTY, Authority.Level.OFFICE)
_NEEDS: dict[str, Callable[[CaseAccess, Around], bool]] = {
    "schedule_session": lambda f, a: _is_agreed(f, a) and "recusal" not in a.matters,
    "record_session": _is_agreed,
    "record_agreement": lambda f, a: _is_agreed(f, a) and "recusal" not in a.matters,
    "suggest_settlement": lambda f, a: _is_agreed(f, a) and "recusal" not in a.matters,
    "end_appraisal": lambda f, a: "appraisal" in a.matters,
    "delegate_mediation": lambda f, a: (
        _is_agreed(f, a) and f.complaint.consents.get("delegated_mediation") is True and "delegation" not in a.matters
    ),
    "recall_mediation": lambda f, a: "delegation" in a.matters,
    "invite_body": lambda f, a: "delegation" in a.matters,
    "take_up": lambda f, a: _is_elsewhere(f, a) or f.complaint.handling_authority.level not in _LOWEST,
    "urge": lambda f, a: f.complaint.status in ENTERPRISE_SIDE or _is_elsewhere(f, a),
    "reveal_contact": lambda f, a: not _is_elsewhere(f, a),
    "answer_instruction": _answers,
    "explain_overdue": lambda f, a: f.complaint.is_overdue and not _is_elsewhere(f, a),
    "approve": lambda f, a: "proposal" in a.matters,
    "send_back": lambda f, a: "proposal" in a.matters,
    "dispute_jurisdiction": lambda f, a: "jurisdiction" not in a.matters,
    "verify_contact": lambda f, a: not f.complaint.contact_verified and not _is_elsewhere(f, a),
    "write_down_statement": lambda f, a: bool(f.complaint.facts.get("voice")) and not _is_elsewhere(f, a),
    "publish": lambda f, a: f.complaint.publication_consent and f.complaint.facts.get("published") is not True,
    "withhold": lambda f, a: f.complaint.publication_consent and f.complaint.facts.get("published") is not False,
    "record_platform_number": lambda f, a: f.complaint.authority_received_at is not None and not _is_elsewhere(f, a),
    "change_contact": lambda f, a: not _is_elsewhere(f, a),
    "designate_authority": lambda f, a: "jurisdiction" in a.matters and _is_superior(f),
    "separate_case": lambda f, a: f.complaint.linked_group is not None,
    "ask_consent": lambda f, a: "consent" not in a.matters,
    "extend_lead": lambda f, a: _is_checked(f, a) and f.actor is not None and f.actor.may(Right.LEAD_AUTHORITY),
    "close_lead": lambda f, a: _is_checked(f, a),
    "confirm_power": _has_power_to_check,
    "refuse_power": _has_power_to_check,
}


def needs_two(result: CaseAccess, step: str, workspace: Workspace) -> bool:
    """Whether this step is proposed here, for somebody else to approve."""
    return step in two_persons.GUARDED and two_persons.needed(
        Policies.load(workspace.today), step, result.complaint.handling_region_id
    )


def who_signs(officer_case: OfficerCase, rule: str) -> str:
    """Who may approve under ``rule``: by name, the heads first; or that nobody can yet. One query and their keys."""
    case, workspace = officer_case.access.complaint, officer_case.workspace
    here = case.handling_authority
    acting = Q(authority=here) | Q(authority__parent=here, authority__level=Authority.Level.OFFICE)
    if here.level == Authority.Level.OFFICE:
        acting |= Q(authority=here.parent_id)
    needs_head = (
        two_persons.signatures(Policies.load(workspace.today), rule, case.handling_region_id)[0] == two_persons.HEAD
    )
    roles = Right.LEAD_AUTHORITY.posts if needs_head else posts_of(TABLE["approve"].by, "authority")
    rows = list(
        Officer.objects.on(workspace.today)
        .filter(acting, role__in=roles)
        .exclude(user=workspace.user)
        .select_related("user")
        .order_by("role", "pk")[:MOST_SIGNERS]
    )
    sealed_fields.load_for(row.user for row in rows)
    names = listed(dict.fromkeys(row.user.name for row in rows))
    if names:
        return _("可以批准的人：%(names)s。") % {"names": names}
    return (
        _("%(unit)s现在没有另一名负责人，还不能批准。")
        if needs_head
        else _("%(unit)s现在没有另一名经办人或者负责人，还不能批准。")
    ) % {"unit": named(here)}


def refuse_unless_open(steps: Sequence[str], officer_case: OfficerCase) -> None:
    """A page whose step the table does not offer now says why, like the step itself would."""
    if not any(name in officer_case.may for name in steps):
        raise refusal_of(steps, officer_case)


def refusal_of(steps: Sequence[str], officer_case: OfficerCase) -> StepNotAllowed:
    case, actor = officer_case.access.complaint, officer_case.access.actor
    allowed = () if actor is None else handling.allowed_steps(case, actor)
    if any(name in allowed and name in _BOTH_AGREE for name in steps):
        said = {side: case.consents.get(f"mediation_{side}") for side in ("consumer", "enterprise")}
        missing = [wording.label(side, kind="side") for side, agrees in said.items() if not agrees]
        if missing:
            return StepNotAllowed(
                "no_consent",
                _("%(who)s还没有同意调解（第十八条）。请先在调解页上记录意见，再办这一步。") % {"who": listed(missing)},
            )
    if any(name in allowed for name in steps) or not any(case.status in TABLE[name].at for name in steps):
        return not_now(wording.label(case.status, kind="status"))
    return not_yours()
