"""One submitted step of a case page: taken once, refused with the reason, nothing typed lost.

What overdue clocks did while the step was judged stays done, even when the step
itself is refused; of several moves in one form either all are taken or none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest

from accounts.idempotency import once
from complaints import handling
from complaints.forms.file_forms import TakesFiles
from complaints.handling import Move, StepNotAllowed, WrongInput
from complaints.parties.actors import Actor
from complaints.reading.case import Found


@dataclass(frozen=True, slots=True)
class Taken:
    """``address`` is where the result is shown; empty means that the form has errors.

    ``is_new`` is false when the same form was sent before: this is the first result again.
    """

    address: str = ""
    is_new: bool = False


def take_step(
    request: HttpRequest,
    found: Found,
    moves: Callable[[], Sequence[Move] | None],
    *,
    form: Form | None,
    to: str,
    now: datetime,
) -> Taken:
    """Take the moves that ``moves()`` builds; None from it means that the form has errors.

    A WrongInput becomes an error of ``form`` (at its field where the form has one). Any other
    refusal is raised for the 409 page. ``to`` is the address that shows the result. Files that come
    with a form that takes any are looked into first, and given back when the step does not take effect.
    """
    files = form if isinstance(form, TakesFiles) else None
    try:
        if files is not None and found.actor is not None and files.is_valid():
            # Before any lock: it takes a moment.
            files.look_into(found.complaint, uploaded_by=found.viewer.user_id, now=now)
        taken = _taken(request, found, moves, form=form, to=to, now=now)
    except Exception:
        if files is not None:
            files.give_back()
        raise
    if files is not None and not taken.is_new:
        files.give_back()
    return taken


def _taken(
    request: HttpRequest,
    found: Found,
    moves: Callable[[], Sequence[Move] | None],
    *,
    form: Form | None,
    to: str,
    now: datetime,
) -> Taken:
    actor = found.actor
    if actor is None:
        raise Http404
    refusal: StepNotAllowed | None = None
    with once(request) as attempt:
        if attempt.answered:
            return Taken(attempt.reference)
        try:
            wanted = moves()
            if (
                wanted is not None
                and isinstance(form, TakesFiles)
                and not form.put(found.complaint, uploaded_by=found.viewer.user_id, now=now)
            ):
                wanted = None
            if wanted is not None:
                _take(found.complaint.pk, wanted, actor=actor, now=now)
                attempt.reference = to
        except StepNotAllowed as caught:
            refusal = caught
    if refusal is None:
        return Taken(attempt.reference, is_new=bool(attempt.reference))
    if isinstance(refusal, WrongInput) and form is not None:
        form.add_error(_field(form, refusal.field), refusal.reason)
        return Taken()
    raise refusal


def _take(case: int, moves: Sequence[Move], *, actor: Actor, now: datetime) -> None:
    if len(moves) == 1:
        handling.take(moves[0], [case], actor=actor, now=now)
        return
    with transaction.atomic():
        for result in handling.take_each([(case, move, actor) for move in moves], now=now):
            if result.refusal is not None:
                raise result.refusal


def _field(form: Form, name: str) -> str | None:
    """The form's field for a field of the verb; None for the top of the form."""
    return name if name in form.fields else None
