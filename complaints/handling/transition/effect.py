"""What a step does to one case, as a value; and a step ready to be taken.

A move is built by a verb, checked against its own words there, and carried
out by ``take`` alone, after the case is locked and judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec

from complaints.casefile.case_file import CaseFile
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Audience, Outcome, Status


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step does: where the case goes, and what the entry says.

    ``texts``: kind → text of the actor (kept as PersonalText, digest in the entry);
    ``data``: plain facts without personal text; ``files``: SHA-256 of files put forward;
    ``keeps_clocks``: the step set the clocks itself (undo).
    """

    to: Status | None = None
    outcome: Outcome | None = None
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    happened_at: datetime | None = None
    tells: str | None = None
    keeps_clocks: bool = False
    audience: Audience | None = None


Carry = Callable[[CaseFile, Actor], Effect]


@dataclass(frozen=True, slots=True)
class Move:
    """A step with what it needs. ``carry`` refuses before it changes anything.

    ``said``: what the verb was called with, where the step may be proposed to a second person.
    """

    step: str
    carry: Carry
    said: Mapping[str, Any] = field(default_factory=dict)


Words = ParamSpec("Words")


def proposable(verb: Callable[Words, Move]) -> Callable[Words, Move]:
    """A verb whose moves can be kept and built again when somebody else approves them (two_persons.py)."""

    @wraps(verb)
    def build(*args: Words.args, **said: Words.kwargs) -> Move:
        return replace(verb(*args, **said), said=said)

    return build
