"""THE TABLE: statuses, steps, who may take them, from where to where, and the clocks. Whatever may happen to a
complaint stands here and nowhere else; only ``handling.take`` acts on it. Source: procedure, sections 2 to 4."""

from dataclasses import dataclass
from enum import StrEnum

from accounts.roles import ACTING_OFFICERS, CASE_OFFICERS, CASE_STAFF, HEADS, INTAKE_OFFICERS, STAFF_APPROVERS
from accounts.roles import Role as Role


class Status(StrEnum):
    DRAFT = "draft"
    FILED = "filed"
    TRIAGE = "triage"
    WITH_ENTERPRISE = "with_enterprise"
    NEGOTIATING = "negotiating"
    AWAITING_CONSUMER = "awaiting_consumer"
    PERFORMING = "performing"
    REVIEW = "review"
    AWAITING_MATERIAL = "awaiting_material"
    MEDIATING = "mediating"
    MEDIATION_SUSPENDED = "mediation_suspended"
    CLOSED = "closed"


class Outcome(StrEnum):
    SETTLED = "settled"
    UNCONFIRMED = "unconfirmed"
    SETTLED_ELSEWHERE = "settled_elsewhere"
    NEGOTIATION_FAILED = "negotiation_failed"
    MEDIATED = "mediated"
    MEDIATION_TERMINATED = "mediation_terminated"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"


class Clock(StrEnum):
    """Ties between clocks that lapse at one instant are broken by this order."""

    FORWARDING = "forwarding"
    ACCEPTANCE = "acceptance"
    NEGOTIATION = "negotiation"
    CONFIRMATION = "confirmation"
    PERFORMANCE = "performance"
    PERFORMANCE_ANSWER = "performance_answer"
    REVIEW = "review"
    MATERIAL = "material"
    MEDIATION = "mediation"
    SUSPENSION = "suspension"
    NOTICE = "notice"
    JURISDICTION = "jurisdiction"
    LEAD = "lead"
    INSTRUCTION = "instruction"
    CONSENT = "consent"
    SETTLED_ELSEWHERE = "settled_elsewhere"
    ANSWER = "answer"
    RETURN = "return"
    OBJECTION = "objection"
    HEIRS = "heirs"


class Audience(StrEnum):
    """Who may read an entry. Each audience has a chain of its own, without gaps."""

    PARTIES = "parties"
    ENTERPRISE = "enterprise"
    AUTHORITY = "authority"


S, R = Status, Role

#: The step that changes nothing, is nobody's turn and takes back nothing: it only stands in the record.
LOOK = "reveal_contact"
ANY_E = frozenset({S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER})
OPEN = frozenset(S) - {S.DRAFT, S.CLOSED}
ENTERPRISE_SIDE = ANY_E | {S.PERFORMING}
#: An enterprise is a party, also while an authority has the case.
HAS_RESPONDENT = OPEN - {S.FILED, S.TRIAGE}
AT_AUTHORITY = frozenset({S.TRIAGE, S.REVIEW, S.AWAITING_MATERIAL, S.MEDIATING, S.MEDIATION_SUSPENDED})

Target = tuple[Status, Outcome | None]


@dataclass(frozen=True, slots=True)
class StepRule:
    """One line of the table.

    ``to`` lists every target the step may lead to; empty means it changes no status. ``closed_as`` narrows a step at
    ``closed`` to these outcomes. ``undo`` marks steps that the consumer may take back until 24:00 of the next working
    day. ``tells`` names who gets a notice. ``superior`` steps are open to every authority above the handling one."""

    step: str
    by: frozenset[Role]
    at: frozenset[Status]
    to: tuple[Target, ...] = ()
    closed_as: frozenset[Outcome] = frozenset()
    audience: Audience = Audience.PARTIES
    tells: str = ""
    undo: bool = False
    superior: bool = False


@dataclass(frozen=True, slots=True)
class ClockRule:
    """How one clock behaves. ``policy`` names the dated row with its length, ``urgent_policy`` that of urgent cases
    where it is another. A clock runs only in ``runs_while``, rests in ``paused_while``; leaving both ends it.
    ``basis``: an article of Order 121, or on what else it rests."""

    clock: Clock
    policy: str
    owed_by: str
    runs_while: frozenset[Status]
    basis: str = "policy"
    paused_while: frozenset[Status] = frozenset()
    urgent_policy: str = ""

    @property
    def policies(self) -> tuple[str, ...]:
        return (self.policy, self.urgent_policy) if self.urgent_policy else (self.policy,)

    def policy_for(self, *, is_urgent: bool) -> str:
        """The name of the policy by which a clock of such a case is counted."""
        return self.urgent_policy if is_urgent and self.urgent_policy else self.policy

    @property
    def on_lapse(self) -> str:
        """The step of the system when it runs out."""
        return f"lapse_{self.clock}"


def _at(*statuses: Status) -> frozenset[Status]:
    return frozenset(statuses)


def _to(*targets: Status | Target) -> tuple[Target, ...]:
    return tuple(t if isinstance(t, tuple) else (t, None) for t in targets)


def _closed(*outcomes: Outcome) -> tuple[Target, ...]:
    return tuple((S.CLOSED, outcome) for outcome in outcomes)


C, E, A = frozenset({R.CONSUMER}), CASE_STAFF, CASE_OFFICERS
I, X, O = INTAKE_OFFICERS, frozenset({R.SYSTEM}), Outcome  # noqa: E741
#: One of several complainants whom the others did not elect; and everybody on that side.
P = frozenset({R.PARTY})
#: Whom a mediation was handed to mediates; what ends it stays with the authority.
B = frozenset({R.MEDIATION_BODY})
CP, NOT_HERE = C | P, frozenset({R.RESPONDENT})
BOTH_SIDES = C | E | NOT_HERE
#: Reads →review from the enterprise's side; onward transfer declined → closed instead.
LEAVE = _to(S.REVIEW) + _closed(Outcome.NEGOTIATION_FAILED)
EN, AU = Audience.ENTERPRISE, Audience.AUTHORITY
#: Where promises may be in force: part of an offer was accepted, the rest goes on.
PROMISED = _at(S.PERFORMING, S.NEGOTIATING, S.AWAITING_CONSUMER, S.REVIEW)
MED = _at(S.MEDIATING)
#: The mediation goes on or rests.
MEDIATION = MED | {S.MEDIATION_SUSPENDED}
REVMED = _at(S.REVIEW, S.MEDIATING)
CLOSED = _at(S.CLOSED)
#: Whatever was filed, open or closed.
FILED = frozenset(S) - {S.DRAFT}
_END_OF_PERFORMING = _to(S.REVIEW) + _closed(Outcome.SETTLED, Outcome.UNCONFIRMED, Outcome.MEDIATED)

_ROWS = (
    # --- the consumer -------------------------------------------------------------------
    StepRule("file", C, _at(S.DRAFT), _to(S.FILED), tells="consumer"),
    StepRule("add_statement", CP | NOT_HERE, OPEN, tells="holder"),
    StepRule("correct_facts", C, OPEN, tells="holder"),
    StepRule(
        "accept_offer",
        C,
        _at(S.AWAITING_CONSUMER),
        _to(S.PERFORMING, S.NEGOTIATING) + LEAVE + _closed(Outcome.SETTLED, Outcome.UNCONFIRMED),
        undo=True,
        tells="both",
    ),
    # What was accepted of an earlier offer stays in force (→performing); else nothing was granted.
    StepRule(
        "let_rest", C, _at(S.AWAITING_CONSUMER), _to(S.PERFORMING) + _closed(Outcome.WITHDRAWN), undo=True, tells="both"
    ),
    StepRule("ask_about_offer", C, _at(S.AWAITING_CONSUMER), _to(S.NEGOTIATING), tells="enterprise"),
    StepRule("decline_offer", C, _at(S.AWAITING_CONSUMER), _to(S.NEGOTIATING) + LEAVE, undo=True, tells="both"),
    StepRule("stop_negotiating", C, ANY_E, LEAVE, undo=True, tells="both"),
    StepRule("confirm_performed", BOTH_SIDES, PROMISED, _END_OF_PERFORMING, undo=True, tells="both"),
    StepRule("dispute_performance", C, PROMISED, tells="enterprise"),
    StepRule("report_breach", C, _at(S.PERFORMING), LEAVE + _closed(Outcome.MEDIATED), tells="both"),
    StepRule("waive_obligation", C, PROMISED, _END_OF_PERFORMING, tells="both"),
    StepRule("resume_performance", BOTH_SIDES, _at(S.REVIEW), _to(S.PERFORMING), tells="both"),
    StepRule("supply_material", C, _at(S.AWAITING_MATERIAL), _to(S.REVIEW), tells="authority"),
    StepRule("claim_settled_elsewhere", BOTH_SIDES, OPEN, tells="both"),
    StepRule("confirm_settled_elsewhere", BOTH_SIDES, OPEN, _closed(Outcome.SETTLED_ELSEWHERE), tells="both"),
    StepRule("deny_settled_elsewhere", BOTH_SIDES, OPEN, tells="both"),
    StepRule(
        "withdraw",
        C,
        OPEN - {S.PERFORMING},
        _closed(Outcome.WITHDRAWN, Outcome.MEDIATION_TERMINATED),
        undo=True,
        tells="both",
    ),
    StepRule(
        "refer_to_regulator",
        C,
        CLOSED,
        _to(S.REVIEW),
        closed_as=frozenset({O.NEGOTIATION_FAILED, O.UNCONFIRMED, O.WITHDRAWN, O.SETTLED_ELSEWHERE, O.SETTLED}),
        tells="both",
    ),
    StepRule(
        "answer_late",
        C,
        CLOSED,
        _to(S.REVIEW, S.PERFORMING) + _closed(Outcome.SETTLED, Outcome.NEGOTIATION_FAILED),
        closed_as=frozenset({Outcome.UNCONFIRMED}),
        tells="both",
    ),
    StepRule("agree_to_mediation", BOTH_SIDES, REVMED, tells="authority"),
    StepRule("decline_mediation", BOTH_SIDES, REVMED, tells="authority"),
    StepRule("request_recusal", BOTH_SIDES, REVMED, tells="authority"),
    StepRule("answer_suggestion", BOTH_SIDES, MEDIATION, tells="authority"),
    StepRule(
        "object",
        C,
        CLOSED,
        closed_as=frozenset({Outcome.REFUSED, Outcome.MEDIATION_TERMINATED, Outcome.REDIRECTED}),
        tells="authority",
    ),
    # What officers are shown as unusual about the own case (section 9): for them alone, the enterprise learns nothing.
    StepRule("object_to_signs", C, OPEN, audience=AU),
    # Whatever waited for the number alone goes on to be forwarded.
    StepRule("prove_contact", C, FILED, _to(S.FILED), tells="consumer"),
    StepRule("rate", C, CLOSED, tells=""),
    StepRule("give_publication_consent", C, FILED),
    StepRule("withdraw_publication_consent", C, FILED),
    StepRule("withdraw_consent", C, OPEN, tells="holder"),
    StepRule("join_case", P, OPEN, tells="both"),
    StepRule("decline_to_join", P, OPEN, tells="both"),
    StepRule("answer_as_party", CP, _at(S.AWAITING_CONSUMER, S.PERFORMING), tells="consumer"),
    StepRule("withdraw_party", CP, OPEN, tells="both"),
    StepRule("end_power", C, OPEN, tells="both"),
    StepRule("give_consent", C, _at(S.TRIAGE), tells="authority"),
    StepRule("decline_consent", C, _at(S.TRIAGE), _to(S.REVIEW), tells="authority"),
    StepRule("undo", C, FILED, _to(*(status for status in Status if status in OPEN)), tells="both"),
    # --- the enterprise -----------------------------------------------------------------
    StepRule("accept_case", E, _at(S.WITH_ENTERPRISE), _to(S.NEGOTIATING), tells="consumer"),
    StepRule("assign", E | X, ENTERPRISE_SIDE, audience=EN),
    StepRule("log_contact", E, ENTERPRISE_SIDE),
    StepRule("ask_consumer", E, ENTERPRISE_SIDE, tells="consumer"),
    StepRule("send_message", E, ENTERPRISE_SIDE, tells="consumer"),
    StepRule("add_internal_note", E, ENTERPRISE_SIDE, audience=EN),
    StepRule("answer_question", E, _at(S.NEGOTIATING), _to(S.AWAITING_CONSUMER), tells="consumer"),
    StepRule("make_offer", E, _at(S.NEGOTIATING), _to(S.AWAITING_CONSUMER), tells="consumer"),
    StepRule("replace_offer", E, _at(S.AWAITING_CONSUMER), tells="consumer"),
    StepRule("ask_for_promise", X, _at(S.AWAITING_CONSUMER, S.PERFORMING) | CLOSED, tells="enterprise"),
    StepRule("add_promise", E, _at(S.AWAITING_CONSUMER, S.PERFORMING) | CLOSED, _to(S.PERFORMING), tells="consumer"),
    StepRule("report_failure", E, _at(S.NEGOTIATING), LEAVE, tells="both"),
    StepRule("return_case", E, _at(S.WITH_ENTERPRISE), _to(S.FILED, S.TRIAGE), tells="both"),
    StepRule("request_return", E, _at(S.NEGOTIATING), tells="authority"),
    StepRule("report_performed", BOTH_SIDES, PROMISED, tells="consumer"),
    StepRule("show_payment", E, PROMISED, tells="consumer"),
    StepRule("request_extension", E, _at(S.WITH_ENTERPRISE, S.NEGOTIATING), tells="consumer"),
    StepRule("agree_to_extension", C, _at(S.WITH_ENTERPRISE, S.NEGOTIATING), tells="enterprise"),
    StepRule("flag_concern", E, OPEN, audience=AU),
    StepRule("ask_authority", E, OPEN, tells="authority"),
    StepRule("answer_instruction", E | ACTING_OFFICERS, OPEN, tells="authority"),
    StepRule("reply_publicly", E, FILED),
    StepRule("tag_cause", E, AT_AUTHORITY - {S.TRIAGE} | CLOSED, audience=EN),
    # --- either side of the office looks ------------------------------------------------
    StepRule(LOOK, E | ACTING_OFFICERS, FILED),
    # --- two persons --------------------------------------------------------------------
    StepRule("propose", E | ACTING_OFFICERS, OPEN | CLOSED, audience=AU),
    StepRule("approve", STAFF_APPROVERS | A, OPEN | CLOSED, audience=AU),
    StepRule("send_back", STAFF_APPROVERS | A | X, OPEN | CLOSED, audience=AU),
    # --- the authority ------------------------------------------------------------------
    StepRule("forward", I | A | X, _at(S.FILED, S.TRIAGE, S.REVIEW), _to(S.WITH_ENTERPRISE), tells="both"),
    StepRule("refer_to_triage", X, _at(S.FILED), _to(S.TRIAGE), tells="authority"),
    StepRule("ask_consent", I, _at(S.TRIAGE), tells="consumer"),
    StepRule("assign_authority", I | X, _at(S.FILED, S.TRIAGE), _to(S.REVIEW), tells="consumer"),
    StepRule("assign_officer", A | I | X, OPEN - {S.FILED}),
    StepRule("return_to_intake", A, _at(S.REVIEW), _to(S.TRIAGE), tells="authority"),
    StepRule("recall", I | A, ANY_E, _to(S.REVIEW), tells="both", superior=True),
    StepRule("request_material", A, _at(S.REVIEW), _to(S.AWAITING_MATERIAL), tells="consumer"),
    StepRule("accept", A, _at(S.REVIEW), _to(S.MEDIATING), tells="both"),
    StepRule("refuse", A, _at(S.REVIEW, S.AWAITING_MATERIAL), _closed(Outcome.REFUSED), tells="both"),
    StepRule("redirect", A | I, _at(S.TRIAGE, S.REVIEW), _closed(Outcome.REDIRECTED), tells="both"),
    StepRule("schedule_session", A | B, MED, tells="both"),
    StepRule("record_session", A | B, MED),
    StepRule("suggest_settlement", A | B, MED, tells="both"),
    StepRule("invite_respondent", A, MEDIATION | {S.PERFORMING}),
    StepRule("end_invitation", A, MEDIATION | {S.PERFORMING}),
    StepRule("delegate_mediation", A, MED, tells="both"),
    StepRule("recall_mediation", A, MED, tells="both"),
    StepRule("invite_body", A, MED),
    StepRule("report_mediation", B, MED, tells="authority"),
    StepRule("decide_recusal", A, MEDIATION | {S.REVIEW}, _to(S.MEDIATION_SUSPENDED, S.MEDIATING), tells="both"),
    StepRule("order_appraisal", A, MED, _to(S.MEDIATION_SUSPENDED), tells="both"),
    StepRule("end_appraisal", A, _at(S.MEDIATION_SUSPENDED), _to(S.MEDIATING), tells="both"),
    StepRule("record_agreement", A, MED, _to(S.PERFORMING) + _closed(Outcome.MEDIATED), tells="both"),
    StepRule("terminate", A, MEDIATION, _closed(Outcome.MEDIATION_TERMINATED), tells="both"),
    StepRule("serve_notice", A | I, FILED),
    StepRule("urge", A | I, OPEN, tells="enterprise", superior=True),
    StepRule("take_up", A, AT_AUTHORITY, tells="both", superior=True),
    StepRule("grant_extension", A, _at(S.WITH_ENTERPRISE, S.NEGOTIATING), tells="both"),
    StepRule("refuse_extension", A, _at(S.WITH_ENTERPRISE, S.NEGOTIATING), tells="enterprise"),
    StepRule("grant_return", I, _at(S.NEGOTIATING), _to(S.TRIAGE), tells="both"),
    StepRule("refuse_return", I, _at(S.NEGOTIATING), tells="enterprise"),
    StepRule("explain_overdue", A | I, FILED, audience=AU),
    StepRule("verify_contact", A | I, OPEN, _to(S.FILED)),
    StepRule("change_contact", A | I, OPEN, _to(S.FILED), tells="consumer"),
    StepRule("write_down_statement", A | I, OPEN, tells="consumer"),
    StepRule("confirm_power", A | I, OPEN, tells="consumer"),
    StepRule("refuse_power", A | I, OPEN, tells="consumer"),
    StepRule("split_report", A | I, OPEN, audience=AU),
    StepRule("refer_to_police", A, AT_AUTHORITY, audience=AU),
    StepRule("link_cases", A | I, OPEN, audience=AU),
    StepRule("join_cases", A | I, OPEN, tells="both"),
    StepRule("separate_case", A | I, OPEN, tells="both"),
    StepRule("record_party_gone", A | I, OPEN),
    # After closing too: what was misprinted is mostly a decision, and a decision ends the case.
    StepRule("correct_clerical_error", A, OPEN | CLOSED, tells="both"),
    StepRule("draw_up_document", A | I, OPEN | CLOSED),
    StepRule("void_document", HEADS, OPEN | CLOSED),
    StepRule("dispute_jurisdiction", A, _at(S.REVIEW, S.TRIAGE), audience=AU),
    StepRule("designate_authority", A | I, _at(S.REVIEW, S.TRIAGE), _to(S.REVIEW), tells="both", superior=True),
    StepRule("open_lead", A, OPEN | CLOSED, audience=AU),
    StepRule("extend_lead", A, OPEN | CLOSED, audience=AU),
    StepRule("close_lead", A, OPEN | CLOSED, audience=AU),
    StepRule("answer_objection", A, CLOSED, tells="consumer"),
    # The consumer reads the answer on the own page of the signs (triage/own_signs.py); the enterprise learns nothing.
    StepRule("answer_signs", A | I, OPEN, audience=AU),
    StepRule("call_back", A, CLOSED, audience=AU, superior=True),
    StepRule("reopen", A, CLOSED, _to(S.REVIEW), tells="both"),
    StepRule("publish", A, CLOSED),
    StepRule("withhold", A, CLOSED),
    StepRule("record_platform_number", A | I, frozenset(S) - {S.DRAFT, S.FILED}, audience=AU),
    # --- the system ---------------------------------------------------------------------
    StepRule("pass_to_successor", X, OPEN, tells="both"),
    StepRule("keep_print", X, OPEN | CLOSED, audience=AU),
    StepRule("keep_state", X, FILED, audience=AU),
    StepRule("hold_back_file", X, FILED),
    StepRule("remind", X, FILED),
    StepRule("recompute_clock", X, OPEN, tells="both"),
    StepRule("escalate", X, FILED, tells="authority"),
    StepRule("lapse_forwarding", X, _at(S.FILED, S.TRIAGE), _to(S.TRIAGE), tells="authority"),
    StepRule("lapse_acceptance", X, _at(S.WITH_ENTERPRISE), tells="both"),
    StepRule("lapse_negotiation", X, ANY_E | {S.FILED, S.TRIAGE}, LEAVE, tells="both"),
    StepRule("lapse_confirmation", X, _at(S.AWAITING_CONSUMER), LEAVE + _closed(Outcome.UNCONFIRMED), tells="both"),
    StepRule("fall_silent", X, OPEN, _END_OF_PERFORMING, tells="both"),
    StepRule("lapse_performance", X, OPEN, tells="both"),
    StepRule("lapse_performance_answer", X, OPEN, LEAVE + _closed(Outcome.MEDIATED), tells="both"),
    StepRule("lapse_review", X, _at(S.REVIEW, S.AWAITING_MATERIAL, S.TRIAGE), tells="authority"),
    StepRule("lapse_material", X, _at(S.AWAITING_MATERIAL), _to(S.REVIEW), tells="both"),
    StepRule("lapse_mediation", X, MEDIATION, tells="authority"),
    StepRule("lapse_suspension", X, MEDIATION, tells="authority"),
    StepRule("lapse_notice", X, FILED, tells="authority"),
    StepRule("lapse_jurisdiction", X, OPEN, audience=AU),
    StepRule("lapse_lead", X, FILED, audience=AU),
    StepRule("lapse_instruction", X, OPEN, tells="authority"),
    StepRule("lapse_consent", X, _at(S.TRIAGE), _to(S.REVIEW), tells="consumer"),
    StepRule("lapse_settled_elsewhere", X, OPEN, _closed(Outcome.SETTLED_ELSEWHERE), tells="both"),
    StepRule("lapse_answer", X, OPEN, _to(S.AWAITING_CONSUMER) + LEAVE, tells="both"),
    StepRule("lapse_return", X, OPEN, tells="authority"),
    StepRule("lapse_objection", X, CLOSED, tells="authority"),
    StepRule("lapse_heirs", X, OPEN, _closed(Outcome.WITHDRAWN, Outcome.MEDIATION_TERMINATED), tells="both"),
)

TABLE: dict[str, StepRule] = {row.step: row for row in _ROWS}
STEPS: tuple[str, ...] = tuple(TABLE)

#: Clocks in the order in which ties lapse.
CLOCKS: dict[Clock, ClockRule] = {
    rule.clock: rule
    for rule in (
        ClockRule(Clock.FORWARDING, "forwarding", "authority", _at(S.FILED, S.TRIAGE), "art. 41"),
        ClockRule(
            Clock.ACCEPTANCE, "acceptance", "enterprise", _at(S.WITH_ENTERPRISE), urgent_policy="acceptance_urgent"
        ),
        ClockRule(
            Clock.NEGOTIATION,
            "negotiation",
            "enterprise",
            _at(S.WITH_ENTERPRISE, S.NEGOTIATING),
            "ODR",
            paused_while=_at(S.AWAITING_CONSUMER, S.FILED, S.TRIAGE),
        ),
        ClockRule(Clock.CONFIRMATION, "confirmation", "consumer", _at(S.AWAITING_CONSUMER)),
        ClockRule(Clock.PERFORMANCE, "performance", "enterprise", OPEN, "settlement"),
        ClockRule(Clock.PERFORMANCE_ANSWER, "performance_answer", "enterprise", OPEN),
        ClockRule(
            Clock.REVIEW,
            "review",
            "authority",
            _at(S.REVIEW, S.AWAITING_MATERIAL),
            "art. 15",
            paused_while=ENTERPRISE_SIDE | {S.TRIAGE},
        ),
        ClockRule(Clock.MATERIAL, "material", "consumer", _at(S.AWAITING_MATERIAL), "art. 10"),
        ClockRule(Clock.MEDIATION, "mediation", "authority", MEDIATION, "arts 22, 23"),
        # From the request on, whether or not somebody suspends the mediation for it.
        ClockRule(Clock.SUSPENSION, "recusal", "authority", MEDIATION, "local"),
        ClockRule(Clock.NOTICE, "termination_notice", "authority", FILED, "arts 15, 23"),
        ClockRule(Clock.JURISDICTION, "jurisdiction", "authority", _at(S.TRIAGE, S.REVIEW), "art. 33"),
        ClockRule(Clock.LEAD, "lead", "authority", FILED, "art. 27"),
        ClockRule(Clock.INSTRUCTION, "instruction", "enterprise", OPEN, "督办"),
        ClockRule(Clock.CONSENT, "consent", "consumer", _at(S.TRIAGE)),
        ClockRule(Clock.SETTLED_ELSEWHERE, "settled_elsewhere", "other", OPEN),
        ClockRule(Clock.ANSWER, "consumer_question_answer", "enterprise", _at(S.NEGOTIATING)),
        ClockRule(Clock.RETURN, "return_answer", "authority", _at(S.NEGOTIATING)),
        ClockRule(Clock.OBJECTION, "objection", "authority", CLOSED),
        ClockRule(Clock.HEIRS, "heirs_answer", "consumer", OPEN),
    )
}

#: What is not for the parties: neither these clocks nor their reminders show anywhere else.
HIDDEN_CLOCKS = frozenset({Clock.LEAD, Clock.JURISDICTION})

#: Who must act in each status (procedure, section 2).
MUST_ACT: dict[Status, str] = {
    S.DRAFT: "consumer",
    S.FILED: "authority",
    S.TRIAGE: "authority",
    S.WITH_ENTERPRISE: "enterprise",
    S.NEGOTIATING: "enterprise",
    S.AWAITING_CONSUMER: "consumer",
    S.PERFORMING: "enterprise",
    S.REVIEW: "authority",
    S.AWAITING_MATERIAL: "consumer",
    S.MEDIATING: "authority",
    S.MEDIATION_SUSPENDED: "authority",
    S.CLOSED: "",
}
