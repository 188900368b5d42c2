"""The verbs: everything that may happen to a case, and take(), which carries them out.

A page or the API builds a move with a verb and calls ``take`` once. ``MOVES`` gives the verb of a step by its name, for
pages and calls that hear the name from outside.
"""

from collections.abc import Callable, Mapping
from typing import Any

from complaints.handling.steps import (
    authority,
    both,
    casework,
    consumer,
    contact,
    documents,
    enterprise,
    jurisdiction,
    keeping,
    mediation,
    offers,
    older_offers,
    parties,
    platform,
    proposals,
    supervision,
    violations,
)
from complaints.handling.steps.filing import file
from complaints.handling.transition import contact_access, undoing
from complaints.handling.transition.effect import Effect, Move
from complaints.handling.transition.take import BATCH, StepResult, allowed_steps, one, sweep_clocks, take, take_each
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import STEPS
from complaints.settlement.offer_terms import Answer, Promise

_MODULES = (
    *(authority, both, casework, consumer, contact, documents, enterprise, jurisdiction, keeping, mediation, offers),
    older_offers,
    *(parties, platform, proposals, supervision, violations, contact_access, undoing),
)


def _verbs() -> dict[str, Callable[..., Move]]:
    names = {step: step for step in STEPS} | {"object": "object_to_decision"}
    result: dict[str, Callable[..., Move]] = {}
    for step, name in names.items():
        for module in _MODULES:
            if callable(getattr(module, name, None)) and getattr(module, name).__module__ == module.__name__:
                result[step] = getattr(module, name)
    return result


MOVES: dict[str, Callable[..., Move]] = _verbs()


def built(step: str, values: Mapping[str, Any]) -> Move:
    """The move of ``step`` from words in JSON primitives, as a program or a proposal keeps them."""
    labels = dict(values)
    for name, kind in (("answers", Answer), ("promises", Promise)):
        # What was said to a call-back's questions is called answers too: words by name, no rows.
        if isinstance(labels.get(name), (list, tuple)):
            labels[name] = tuple(one if isinstance(one, kind) else kind(**one) for one in labels[name])
    return MOVES[step](**labels)


__all__ = [
    "BATCH",
    "MOVES",
    "Answer",
    "Effect",
    "Move",
    "Promise",
    "StepNotAllowed",
    "StepResult",
    "WrongInput",
    "allowed_steps",
    "built",
    "file",
    "one",
    "sweep_clocks",
    "take",
    "take_each",
]
