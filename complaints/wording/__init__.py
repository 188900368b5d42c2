"""Words for codes, in the active language. One code of one kind, one word, everywhere.

The words stand beside this file as dicts code → lazy text, whose context for translators is the kind. A code may belong
to several kinds (``review`` is a status and a clock): an enum member says its kind itself, a plain string is looked for
in the order of ``KINDS`` unless ``kind`` is given.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import get_language

from accounts.roles import LABELS, Role
from complaints.procedure.categories import BODY_BY_CODE, CAUSE_LABELS, DEMAND_KINDS
from complaints.procedure.workflow import Clock, Outcome, Status
from complaints.wording import case, reasons, settlement, steps
from complaints.wording.case import STATUS_TONES, TONES
from web.templatetags.portal import TONE_ICONS

__all__ = ["KINDS", "TONES", "TONE_ICONS", "action", "capitals", "icon", "label", "reason", "sentence", "tone"]

#: Every vocabulary, in the order in which a plain code is looked up.
KINDS: dict[str, Mapping[str, str | Promise]] = {
    "status": case.STATUSES,
    "outcome": case.OUTCOMES,
    "step": steps.STEPS,
    "role": LABELS,
    "reason": reasons.REASONS,
    "refusal_ground": reasons.REFUSAL_GROUNDS,
    "ground_name": reasons.GROUND_NAMES,
    "termination_ground": reasons.TERMINATION_GROUNDS,
    "failure_reason": reasons.FAILURE_REASONS,
    "decline_reason": reasons.DECLINE_REASONS,
    "withdraw_reason": reasons.WITHDRAW_REASONS,
    "return_reason": reasons.RETURN_REASONS,
    "override_reason": reasons.OVERRIDE_REASONS,
    "redirected_matter": reasons.REDIRECTED_MATTERS,
    "seen": reasons.SEEN,
    "lead_result": reasons.LEAD_RESULTS,
    "reopening_ground": reasons.REOPENING_GROUNDS,
    "look_reason": reasons.LOOK_REASONS,
    "recording": reasons.RECORDINGS,
    "root_cause": CAUSE_LABELS,
    "overdue_reason": reasons.OVERDUE_REASONS,
    "call_back_question": reasons.CALL_BACK_QUESTIONS,
    "call_back_answer": reasons.CALL_BACK_ANSWERS,
    "call_back_why": reasons.CALL_BACK_WHY,
    "call_back_finding": reasons.CALL_BACK_FINDINGS,
    "call_back_state": reasons.CALL_BACK_STATES,
    "route": reasons.ROUTES,
    "body": {code: body.name for code, body in BODY_BY_CODE.items()},
    "offer_state": settlement.OFFER_STATES,
    "verdict": settlement.VERDICTS,
    "offer_finding": settlement.OFFER_FINDINGS,
    "obligation_state": settlement.OBLIGATION_STATES,
    "obligation_kind": settlement.OBLIGATION_KINDS,
    "obligation_proof": settlement.OBLIGATION_PROOFS,
    "demand_kind": {kind.code: kind.label for kind in DEMAND_KINDS},
    "contact_channel": settlement.CONTACT_CHANNELS,
    "channel": settlement.CHANNELS,
    "service_channel": settlement.SERVICE_CHANNELS,
    "receiver": settlement.RECEIVERS,
    "session_mode": settlement.SESSION_MODES,
    "cost_bearer": settlement.COST_BEARERS,
    "recusal_decision": settlement.RECUSAL_DECISIONS,
    "delegated_result": settlement.DELEGATED_RESULTS,
    "rest": settlement.REST_OF_DEMANDS,
    "clock": case.CLOCKS,
    "clock_state": case.CLOCK_STATES,
    "odr_result": case.ODR_RESULTS,
    "side": case.SIDES,
    "audience": case.AUDIENCES,
    "matter_kind": case.MATTER_KINDS,
    "matter_state": case.MATTER_STATES,
}

_KIND_OF: dict[type, str] = {Status: "status", Outcome: "outcome", Clock: "clock", Role: "role"}
#: Where the reason of an entry is looked for, nearest first.
_REASON_KINDS = {
    Outcome.REFUSED: ("refusal_ground", "reason"),
    Outcome.MEDIATION_TERMINATED: ("termination_ground", "reason"),
}
_ANY_REASON = (
    *("reason", "failure_reason", "refusal_ground", "termination_ground", "redirected_matter"),
    *("reopening_ground", "look_reason", "overdue_reason"),
)


#: Where an English sentence begins; a Chinese one ends in "。" and begins as its words do.
_BEGINNING = re.compile(r"(?:^|(?<=\. ))[a-z]")


def label(code: str, *, kind: str = "") -> str:
    """The word for a code; an unknown code is shown as it is, never hidden."""
    return _label(code, kind or _KIND_OF.get(type(code), ""), get_language())


@lru_cache(maxsize=8192)
def _label(code: str, kind: str, _language: str | None) -> str:
    """Looked up once a language: a list has hundreds of them."""
    vocabularies = (KINDS[kind],) if kind else KINDS.values()
    for vocabulary in vocabularies:
        if code in vocabulary:
            return str(vocabulary[code])
    return str(code)


def action(step: str) -> str:
    """The words on the button of a step; what only the system does has none but its label."""
    text = steps.ACTIONS.get(step)
    return str(text) if text else label(step, kind="step")


def reason(code: str, outcome: str = "") -> str:
    """The words for why: a ground of the law where the outcome has some, else a reason."""
    for kind in (*_REASON_KINDS.get(outcome, ()), *_ANY_REASON):  # type: ignore[call-overload]
        if code in KINDS[kind]:
            return label(code, kind=kind)
    return str(code)


def sentence(text: str | Promise, **slots: object) -> str:
    """A sentence with its slots filled; it begins with a capital, whatever word was put there."""
    return capitals(str(text).format(**slots))


def capitals(text: str) -> str:
    return text if "。" in text else _BEGINNING.sub(lambda match: match.group().upper(), text)


def tone(status: str, outcome: str = "") -> str:
    """One of ``TONES`` for a status, or for the outcome of a closed case."""
    if status == Status.CLOSED and outcome:
        return case.OUTCOME_TONES.get(outcome, "neutral")
    return STATUS_TONES.get(status, "neutral")


def icon(status: str, outcome: str = "") -> str:
    """The heroicons name beside the word: colour never speaks alone."""
    if status == Status.MEDIATION_SUSPENDED:
        return "pause-circle"
    return TONE_ICONS[tone(status, outcome)]
