"""Violations that came to light in a complaint: reports split off, leads, their check within its time, the police.

All of it stands in the authority's own chain, in matters and under a clock that no party can read, so that theirs has
no gap (arts 9, 27, 37, 42). A number of its own tells nothing of the case or of how many there are.
"""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _

from accounts.roles import Right
from complaints.casefile.case_file import CaseFile
from complaints.documents import kinds
from complaints.handling.steps import documents
from complaints.handling.steps.authority import officers_here
from complaints.handling.transition import clocks, saying, two_persons
from complaints.handling.transition.effect import Effect, verb
from complaints.handling.transition.settling import KINDS, register
from complaints.models import Matter
from complaints.parties.actors import Actor
from complaints.procedure import deadlines
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock

RESULTS = ("no_violation", "case_opened", "corrected", "handed_over")


@verb(text=saying.text)
def split_report(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """A report of a violation becomes an authority-only record of its own (art. 9)."""
    matter = register(file, "report", by="authority", actor=actor)
    return Effect(texts={"report": text}, data={"form": 2, "register": matter.subject})


@verb(text=saying.text)
def open_lead(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """A violation lead found in a mediation (art. 27)."""
    matter = register(file, "lead", by="authority", actor=actor)
    return Effect(texts={"lead": text}, data={"register": matter.subject})


def _open(file: CaseFile, matter_id: int) -> Matter:
    result = next((m for m in file.matters if m.kind in KINDS and m.state == "open" and m.pk == matter_id), None)
    if result is None:
        raise WrongInput("bad_choice", _("请选一件正在核查的举报或者线索。"), field="matter")
    return result


@verb(text=saying.text)
def extend_lead(file: CaseFile, actor: Actor, *, matter_id: int, text: str) -> Effect:
    """Fifteen working days more, once, by the head (art. 27)."""
    matter = _open(file, matter_id)
    if not actor.may(Right.LEAD_AUTHORITY):
        raise StepNotAllowed("not_head", _("按规定须由负责人批准。"))
    running = clocks.live(file, Clock.LEAD, matter=matter)
    if running is None or running.derivation.get("extended") or running.lapsed_at is not None:
        raise StepNotAllowed("extended_once", _("只能在期限内延长一次。"))
    days = file.number("lead_extension")
    due = deadlines.working_days(running.last_day, days, file.conditions.calendar, rule="lead")
    file.change(running, due_at=due.due_at, last_day=due.last_day, derivation={**due.derivation, "extended": True})
    clocks.chase_again(file, running, file.now)
    return Effect(texts={"lead": text}, data={"register": matter.subject, "extended_to": due.last_day.isoformat()})


@verb(result=partial(saying.choice, allowed=RESULTS), text=saying.text, told=partial(saying.text, needed=False))
def close_lead(
    file: CaseFile, actor: Actor, *, matter_id: int, result: str, second_officer_id: int, text: str, told: str = ""
) -> Effect:
    """What the check brought, in the names of two officers in office today. Whoever reported it is owed the result
    (art. 36): form 10 says it with ``told``, never with ``text``, which is the authority's own."""
    matter = _open(file, matter_id)
    second = officers_here(file).filter(pk=second_officer_id).exclude(user_id=actor.user_id or 0).first()
    if second is None:
        raise WrongInput("bad_choice", _("请选本机关在岗的另一名人员。"), field="second_officer")
    if told and matter.kind != "report":
        raise WrongInput("nobody_reported", _("线索没有举报人，不用告知。"), field="told")
    is_owed = matter.kind == "report" and documents.owes_result(file)
    if told and not is_owed:
        raise WrongInput("already_there", _("这件举报的处理结果告知书已经制作。"), field="told")
    officers = [*([actor.officer_id] if actor.officer_id is not None else []), second.pk]
    file.change(matter, data={**matter.data, "result": result, "officers": officers})
    file.end_matter(matter)
    clocks.end_live(file, Clock.LEAD, matter=matter)
    return Effect(
        texts={"lead": text, "result": told},
        data={
            "register": matter.subject,
            "result": result,
            "officers": officers,
            **({"form": kinds.REPORT_RESULT} if is_owed else {}),
        },
    )


@verb(text=saying.text)
def refer_to_police(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """Two names and the head (two_persons.signatures); closes nothing by itself (art. 42)."""
    return Effect(texts={"message": text}, data={"officers": two_persons.names_of(file, "refer_to_police", actor)})
