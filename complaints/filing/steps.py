"""The eight screens in their order. The order stands here only; pages, links and checks read it."""

from complaints.filing.demands import DemandsStep
from complaints.filing.forms import EnterpriseStep, EvidenceStep, ProblemStep, PurchaseStep, Step
from complaints.filing.people import CheckStep, ConsentsStep, YouStep

STEPS: tuple[type[Step], ...] = (
    EnterpriseStep,
    PurchaseStep,
    ProblemStep,
    DemandsStep,
    EvidenceStep,
    YouStep,
    ConsentsStep,
    CheckStep,
)
STEP_CODES = tuple(screen.step for screen in STEPS)
STEP_BY_CODE = {screen.step: screen for screen in STEPS}


def number_of(code: str) -> int:
    return STEP_CODES.index(code) + 1


def after(code: str) -> str:
    return STEP_CODES[min(number_of(code), len(STEP_CODES) - 1)]


def before(code: str) -> str | None:
    place = STEP_CODES.index(code)
    return STEP_CODES[place - 1] if place else None
