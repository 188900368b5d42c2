"""The four screens of a filing, and the parts of a draft that each asks for. The order stands here only; pages, links
and checks read it."""

from complaints.filing.demands import DemandsStep
from complaints.filing.forms import EnterpriseStep, ProblemStep, PurchaseStep, Step
from complaints.filing.people import ConsentsStep, YouStep

#: The parts, each judged by its own form.
PARTS: tuple[type[Step], ...] = (EnterpriseStep, PurchaseStep, ProblemStep, DemandsStep, YouStep, ConsentsStep)
STEP_CODES = tuple(part.step for part in PARTS)
STEP_BY_CODE = {part.step: part for part in PARTS}

SCREENS = ("story", "heard", "you", "check")
#: What the second screen asks for.
HEARD_PARTS = ("enterprise", "purchase", "problem", "demands")
_SCREEN_OF = dict.fromkeys(HEARD_PARTS, "heard") | {"evidence": "you", "consents": "check"}


def screen_of(code: str) -> str:
    """The screen on which a part is asked for; a screen is its own."""
    screen = _SCREEN_OF.get(code, code)
    return screen if screen in SCREENS else SCREENS[0]


def number_of(code: str) -> int:
    """From 1: which screen it is."""
    return SCREENS.index(screen_of(code)) + 1
