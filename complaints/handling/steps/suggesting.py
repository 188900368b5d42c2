"""What a mediator suggests, and what each side says to it (art. 18: nobody is made to agree).

A suggestion binds nobody. Two times yes only lay the words ready for the agreement, which both sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps import mediation
from complaints.handling.steps.offers import mediated_promises
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move
from complaints.models import Matter
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
from complaints.settlement.offer_terms import Promise

SIDES = ("consumer", "enterprise")


def suggest_settlement(*, text: str, promises: Sequence[Promise] = ()) -> Move:
    """Both sides read it and answer for themselves; a new one takes the place of the one before."""
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        mediation.both_agreed(file)
        mediation.no_recusal(file)
        # The same checks as when it becomes an agreement; the rows themselves are not kept.
        rows = mediated_promises(file, promises)
        before = file.matter("suggestion")
        if before is not None:
            file.end_matter(before, "fallen")
        file.open_matter(
            "suggestion",
            by="authority",
            key=actor.person_key,
            text=said,
            promises=[_plain(promise) for promise in promises],
            answers={},
        )
        return Effect(texts={"suggestion": said}, data={"promises": len(rows), "replaces": before is not None})

    return Move("suggest_settlement", carry)


def answer_suggestion(*, agrees: bool, text: str = "", matter_id: int | None = None) -> Move:
    """Each side for itself, until the agreement is recorded; who thinks better of it answers again. ``matter_id``:
    which suggestion was read; another one that took its place is not answered by that."""
    said = saying.text(text, "text", needed=False, longest=1000)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        suggestion = saying.open_matter(file, "suggestion")
        if matter_id not in (None, suggestion.pk):
            raise changed()
        side = saying.debtor_side(actor)
        answers = answers_of(suggestion)
        if answers.get(side) is agrees:
            raise StepNotAllowed("already_answered", _("您已经这样答复过了。"))
        file.change(suggestion, data={**suggestion.data, "answers": {**answers, side: agrees}})
        return Effect(data={"side": side, "agrees": agrees}, texts={"message": said})

    return Move("answer_suggestion", carry)


def changed() -> StepNotAllowed:
    return StepNotAllowed("suggestion_changed", _("工作人员刚刚换了调解方案。您写的内容已保留，请看过新方案再答复。"))


def answers_of(suggestion: Matter) -> dict[str, bool]:
    """Side → yes or no; who has not answered is missing."""
    found: dict[str, bool] = suggestion.data.get("answers", {})
    return found


def is_agreed(suggestion: Matter) -> bool:
    """Both sides said yes."""
    return all(answers_of(suggestion).get(side) for side in SIDES)


def promises_of(suggestion: Matter) -> list[Promise]:
    """What both would have to do, as the agreement wants it."""
    return [Promise(**row) for row in suggestion.data.get("promises", ())]


def _plain(promise: Promise) -> Mapping[str, Any]:
    """In JSON primitives: days and amounts as text."""
    return {
        name: value if value is None or isinstance(value, int | bool | str) else str(value)
        for name, value in asdict(promise).items()
    }
