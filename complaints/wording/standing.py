"""Where a case stands, in one word: how it ended, else its status. The same word in every list and on every page."""

from dataclasses import dataclass

from complaints import wording
from complaints.models import Complaint
from complaints.procedure.workflow import Outcome, Status
from complaints.wording.case import REFUSAL_WAITS, REFUSED_IN_FULL


@dataclass(frozen=True, slots=True)
class Standing:
    """``why`` is empty while the case is open."""

    text: str
    tone: str
    icon: str
    why: str = ""


def standing(case: Complaint, *, is_refused: bool = False) -> Standing:
    """A case that ended with nothing granted and was not pursued is called so, whatever outcome its record gives it.
    ``is_refused``: the open offer grants nothing."""
    status = Status(case.status)
    if is_refused and status == Status.AWAITING_CONSUMER:
        return Standing(str(REFUSAL_WAITS), wording.tone(status), wording.icon(status))
    if case.was_refused_in_full:
        tone, icon = wording.tone(status, Outcome.WITHDRAWN), wording.icon(status, Outcome.WITHDRAWN)
        return Standing(str(REFUSED_IN_FULL), tone, icon, wording.reason("refusal_let_rest"))
    outcome = case.outcome
    text = wording.label(outcome, kind="outcome") if outcome else wording.label(status, kind="status")
    why = wording.reason(case.reason, outcome) if outcome and case.reason else ""
    return Standing(text, wording.tone(status, outcome), wording.icon(status, outcome), why)
