"""What a step does to one case, as a value; and a step ready to be taken. A move is built by a verb, checked against
its own words there, and carried out by ``take`` alone, after the case is locked and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec

from complaints.casefile.case_file import CaseFile
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Audience, Outcome, Status


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step does: where the case goes, and what the entry says.

    ``texts``: kind → text of the actor (kept as PersonalText, digest in the entry); ``data``: plain facts without
    personal text; ``files``: SHA-256 of files put forward; ``keeps_clocks``: the step set the clocks itself (undo)."""

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
    """A step with what it needs. ``carry`` refuses before it changes anything. ``arguments``: what the verb was called
    with, where the step may be proposed to a second person."""

    step: str
    carry: Carry
    arguments: Mapping[str, Any] = field(default_factory=dict)


Arguments = ParamSpec("Arguments")


def verb(
    step: str = "", **checks: Callable[..., Any]
) -> Callable[[Callable[Concatenate[CaseFile, Actor, Arguments], Effect]], Callable[Arguments, Move]]:
    """A step as a verb: called with the arguments of the step, it checks them and gives the move.

    ``checks``: argument → what tidies it (saying.text, …), or refuses it before any case is locked; called with the
    value and ``field``, the name of the argument. ``step``: its code, where the function has another name."""

    def decorate(carry: Callable[Concatenate[CaseFile, Actor, Arguments], Effect]) -> Callable[Arguments, Move]:
        arguments = signature(carry)

        @wraps(carry)
        def build(*args: Arguments.args, **keywords: Arguments.kwargs) -> Move:
            given = arguments.bind(None, None, *args, **keywords).kwargs
            checked = given | {name: check(given[name], field=name) for name, check in checks.items() if name in given}
            return Move(step or carry.__name__, lambda file, actor: carry(file, actor, *args, **checked), given)

        # Programs and the API's schema read what a verb wants: the arguments without the file and the actor.
        build.__signature__ = arguments.replace(parameters=[*arguments.parameters.values()][2:])  # type: ignore[attr-defined]
        return build

    return decorate


def proposable(build: Callable[Arguments, Move]) -> Callable[Arguments, Move]:
    """A verb whose moves can be kept and built again when somebody else approves them (two_persons.py)."""

    @wraps(build)
    def keep(*args: Arguments.args, **keywords: Arguments.kwargs) -> Move:
        return replace(build(*args, **keywords), arguments=keywords)

    return keep
